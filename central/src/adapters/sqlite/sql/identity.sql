-- name: boots
SELECT boot, number, standing, stamp, challenge, challenge_after, copy FROM replica_boot
WHERE tenant = :tenant AND store = :store AND replica = :replica

-- name: put_boot
INSERT INTO replica_boot (tenant, store, replica, boot, n, number, standing, box_name, address, stamp, cursor,
    copy, first_heard_at, heard_at)
VALUES (:tenant, :store, :replica, :boot,
    (SELECT coalesce(max(n), 0) + 1 FROM replica_boot
        WHERE tenant = :tenant AND store = :store AND replica = :replica),
    :number, :standing, :box_name, :address, :stamp, :cursor, :copy, :now, :now)
ON CONFLICT (tenant, store, replica, boot) DO UPDATE SET
    standing = excluded.standing, copy = excluded.copy, box_name = coalesce(excluded.box_name, box_name),
    address = coalesce(excluded.address, address), cursor = max(cursor, excluded.cursor), heard_at = max(heard_at, excluded.heard_at), stamp = excluded.stamp

-- name: make_way
UPDATE replica_boot SET standing = 'followed', challenge = NULL, challenge_after = NULL
WHERE tenant = :tenant AND store = :store AND replica = :replica AND standing = 'current'

-- name: set_challenge
UPDATE replica_boot SET challenge = :challenge, challenge_after = :after
WHERE tenant = :tenant AND store = :store AND replica = :replica AND boot = :boot

-- name: set_behind
UPDATE replica_boot SET behind = :behind
WHERE tenant = :tenant AND store = :store AND replica = :replica AND boot = :boot

-- name: behind
SELECT behind FROM replica_boot
WHERE tenant = :tenant AND store = :store AND replica = :replica AND boot = :boot

-- name: forget_boots
DELETE FROM replica_boot
WHERE tenant = :tenant AND store = :store AND replica = :replica AND standing IN ('followed', 'unproven')
    AND n <= (SELECT max(n) FROM replica_boot
        WHERE tenant = :tenant AND store = :store AND replica = :replica) - :kept

-- name: own_documents
SELECT document, heads FROM document
WHERE tenant = :tenant AND store = :store AND document GLOB :own

-- name: has_change
SELECT 1 FROM document_change WHERE tenant = :tenant AND document = :document AND hash = :hash

-- name: put_apart
UPDATE replica_boot SET standing = 'quarantined', copy = :copy, challenge = NULL, challenge_after = NULL, behind = 0
WHERE tenant = :tenant AND store = :store AND replica = :replica AND boot = :boot

-- name: let_go
UPDATE replica_boot SET standing = 'followed', copy = NULL
WHERE tenant = :tenant AND store = :store AND replica = :replica AND copy = :copy

-- name: stand_for
UPDATE replica_boot SET standing = 'current', copy = NULL, behind = 1, challenge = NULL, challenge_after = NULL
WHERE tenant = :tenant AND store = :store AND replica = :replica AND boot = :boot

-- name: begin_quarantine
INSERT INTO quarantine (tenant, store, replica, copy, since, why)
VALUES (:tenant, :store, :replica, :copy, :now, :why)
ON CONFLICT (tenant, store, replica, copy) DO UPDATE SET since = excluded.since, why = excluded.why,
    decision = NULL, reason = NULL, decided_by = NULL, decided_at = NULL

-- name: quarantine
SELECT copy, since, why, decision, reason, decided_by, decided_at FROM quarantine
WHERE tenant = :tenant AND store = :store AND replica = :replica AND copy = :copy

-- name: decide
UPDATE quarantine SET decision = :decision, reason = :reason, decided_by = :decided_by, decided_at = :now
WHERE tenant = :tenant AND store = :store AND replica = :replica AND copy = :copy

-- name: branch_size
SELECT count(*) AS changes, coalesce(sum(length(bytes)), 0) AS bytes FROM quarantine_change
WHERE tenant = :tenant AND store = :store AND replica = :replica AND copy = :copy

-- name: branch_of
SELECT bytes FROM quarantine_change
WHERE tenant = :tenant AND store = :store AND replica = :replica AND copy = :copy AND document = :document
ORDER BY n

-- name: branch_documents
SELECT document FROM quarantine_change
WHERE tenant = :tenant AND store = :store AND replica = :replica AND copy = :copy
GROUP BY document ORDER BY min(n)

-- name: keep_change
INSERT INTO quarantine_change (tenant, store, replica, copy, n, document, hash, bytes)
VALUES (:tenant, :store, :replica, :copy,
    (SELECT coalesce(max(n), 0) + 1 FROM quarantine_change
        WHERE tenant = :tenant AND store = :store AND replica = :replica AND copy = :copy),
    :document, :hash, :bytes)
ON CONFLICT (tenant, store, replica, copy, document, hash) DO NOTHING

-- name: keep_fact
INSERT INTO quarantine_fact (tenant, store, replica, copy, fact, document, text, outcome, kept_at)
VALUES (:tenant, :store, :replica, :copy, :fact, :document, :text, :outcome, :now)
ON CONFLICT (tenant, store, replica, copy, fact, text) DO NOTHING

-- name: facts_kept
SELECT sequence, fact, text FROM quarantine_fact
WHERE tenant = :tenant AND store = :store AND replica = :replica AND copy = :copy AND outcome = 'kept'
ORDER BY sequence

-- name: set_outcome
UPDATE quarantine_fact SET outcome = :outcome WHERE sequence = :sequence

-- name: branch
SELECT sequence, fact, document, text, outcome, kept_at FROM quarantine_fact
WHERE tenant = :tenant AND store = :store AND replica = :replica AND copy = :copy AND sequence < :below
ORDER BY sequence DESC LIMIT :rows

-- name: replicas_shown
SELECT replica, box_name, enrolled_at FROM replica WHERE tenant = :tenant AND store = :store
ORDER BY enrolled_at, length(replica), replica

-- name: boots_shown
SELECT boot, number, standing, box_name, address, stamp, cursor, copy, first_heard_at, heard_at FROM replica_boot
WHERE tenant = :tenant AND store = :store AND replica = :replica ORDER BY n DESC

-- name: quarantines_shown
SELECT q.copy, q.since, q.why, q.decision, q.reason, q.decided_by, q.decided_at,
    (SELECT count(*) FROM quarantine_fact f WHERE f.tenant = q.tenant AND f.store = q.store
        AND f.replica = q.replica AND f.copy = q.copy) AS facts,
    (SELECT count(*) FROM quarantine_fact f WHERE f.tenant = q.tenant AND f.store = q.store
        AND f.replica = q.replica AND f.copy = q.copy AND f.outcome = 'kept') AS waiting
FROM quarantine q WHERE q.tenant = :tenant AND q.store = :store AND q.replica = :replica
ORDER BY q.since DESC, q.copy

-- name: apart
SELECT tenant, store, replica, boot FROM replica_boot WHERE standing = 'quarantined'

-- name: newest_of_copy
SELECT boot FROM replica_boot
WHERE tenant = :tenant AND store = :store AND replica = :replica AND copy = :copy ORDER BY n DESC LIMIT 1

-- name: copy_of
SELECT copy FROM replica_boot
WHERE tenant = :tenant AND store = :store AND replica = :replica AND boot = :boot AND standing = 'quarantined'

-- name: current
SELECT boot FROM replica_boot
WHERE tenant = :tenant AND store = :store AND replica = :replica AND standing = 'current'

-- name: shown
SELECT boot, number, box_name, address, heard_at FROM replica_boot
WHERE tenant = :tenant AND store = :store AND replica = :replica AND boot = :boot

-- name: central_documents
SELECT document FROM document WHERE tenant = :tenant AND store = :store AND document GLOB :own
ORDER BY length(document) DESC, document DESC LIMIT 1
