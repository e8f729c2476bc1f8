-- name: how_many_consumers
SELECT count(*) AS count FROM consumer WHERE tenant = ?1 AND consumer >= ''

-- name: make_consumer
INSERT INTO consumer (tenant, consumer, terms, position, backfill_until, made_at)
VALUES (:tenant, :consumer, :terms, :position, :backfill_until, :now)

-- name: change_consumer
UPDATE consumer SET terms = :terms, version = version + 1 WHERE tenant = :tenant AND consumer = :consumer

-- name: set_state
UPDATE consumer SET state = :state, state_why = :why, version = version + 1
WHERE tenant = :tenant AND consumer = :consumer

-- name: remove_consumer
DELETE FROM consumer WHERE tenant = ?1 AND consumer = ?2

-- name: consumer
SELECT tenant, consumer, terms, state, state_why, position, backfill_until, backfill_rate_per_s, made_at, delivered_at,
    version
FROM consumer WHERE tenant = ?1 AND consumer = ?2

-- name: consumers_of
SELECT tenant, consumer, terms, state, state_why, position, backfill_until, backfill_rate_per_s, made_at, delivered_at,
    version
FROM consumer WHERE tenant = ?1 AND consumer >= '' ORDER BY consumer

-- name: all_consumers
SELECT tenant, consumer, terms, state, state_why, position, backfill_until, backfill_rate_per_s, made_at, delivered_at,
    version
FROM consumer ORDER BY tenant, consumer

-- name: consumer_stands
SELECT
    (SELECT count(*) FROM (SELECT 1 FROM outbox o WHERE o.tenant = :tenant AND o.sequence > :position LIMIT :counted))
        AS behind,
    (SELECT o.at FROM outbox o WHERE o.tenant = :tenant AND o.sequence > :position ORDER BY o.sequence LIMIT 1)
        AS behind_since,
    (SELECT count(*) FROM event_waiting w WHERE w.tenant = :tenant AND w.consumer = :consumer AND w.sequence > 0)
        AS waiting,
    (SELECT count(*) FROM event_waiting w WHERE w.tenant = :tenant AND w.consumer = :consumer
        AND w.parked_at IS NOT NULL AND w.sequence > 0) AS parked

-- name: replay_from
UPDATE consumer SET position = :position, backfill_until = max(backfill_until, :until), backfill_rate_per_s = :rate,
    version = version + 1
WHERE tenant = :tenant AND consumer = :consumer

-- name: forget_waiting
-- They are read again.
DELETE FROM event_waiting WHERE tenant = :tenant AND consumer = :consumer AND sequence > :position

-- name: come_to
UPDATE consumer SET position = max(position, :position), delivered_at = coalesce(:delivered_at, delivered_at)
WHERE tenant = :tenant AND consumer = :consumer AND version = :version

-- name: due
SELECT key, sequence, tries, refusals, first_at FROM event_waiting
WHERE tenant = :tenant AND consumer = :consumer AND due_at <= :now ORDER BY due_at LIMIT :rows

-- name: next_due
SELECT min(due_at) AS due_at FROM event_waiting
WHERE tenant = ?1 AND consumer = ?2 AND due_at IS NOT NULL

-- name: keys_waiting
SELECT DISTINCT key FROM event_waiting WHERE tenant = ?1 AND consumer = ?2 AND key >= ''

-- name: wait
INSERT INTO event_waiting (tenant, consumer, key, sequence, tries, refusals, first_at, due_at, parked_at, why)
VALUES (:tenant, :consumer, :key, :sequence, :tries, :refusals, :first_at, :due_at, :parked_at, :why)
ON CONFLICT (tenant, consumer, key, sequence) DO UPDATE SET
    tries = excluded.tries, refusals = excluded.refusals, first_at = excluded.first_at, due_at = excluded.due_at,
    parked_at = excluded.parked_at, why = excluded.why

-- name: waits_no_more
DELETE FROM event_waiting
WHERE tenant = :tenant AND consumer = :consumer AND key = :key AND sequence = :sequence

-- name: next_of_key
-- The first of those that wait behind is tried now, unless it has a time of its own.
UPDATE event_waiting SET due_at = :now
WHERE tenant = :tenant AND consumer = :consumer AND key = :key AND due_at IS NULL AND parked_at IS NULL
    AND sequence = (SELECT min(f.sequence) FROM event_waiting f
        WHERE f.tenant = :tenant AND f.consumer = :consumer AND f.key = :key)

-- name: dead_letters
SELECT w.sequence, w.key, w.tries, w.first_at, w.parked_at, w.why,
    (SELECT count(*) FROM event_waiting b WHERE b.tenant = w.tenant AND b.consumer = w.consumer AND b.key = w.key
        AND b.sequence > w.sequence) AS behind
FROM event_waiting w
WHERE w.tenant = :tenant AND w.consumer = :consumer AND w.parked_at IS NOT NULL AND w.sequence < :below
ORDER BY w.sequence DESC LIMIT :rows

-- name: dead_letter
SELECT key, tries FROM event_waiting
WHERE tenant = :tenant AND consumer = :consumer AND sequence = :sequence AND parked_at IS NOT NULL

-- name: try_again
UPDATE event_waiting SET parked_at = NULL, due_at = :now, tries = 0, refusals = 0, first_at = NULL
WHERE tenant = :tenant AND consumer = :consumer AND key = :key AND sequence = :sequence

-- name: note_delivery
INSERT INTO delivery (tenant, consumer, sequence, event_id, kind, key, try, outcome, at, took_ms, status, why, asked,
    answered, backfill, by_hand)
VALUES (:tenant, :consumer, :sequence, :event_id, :kind, :key, :try, :outcome, :at, :took_ms, :status, :why, :asked,
    :answered, :backfill, :by_hand)

-- name: deliveries
SELECT delivery, sequence, event_id, kind, key, try, outcome, at, took_ms, status, why, asked, answered, backfill,
    by_hand
FROM delivery
WHERE tenant = :tenant AND consumer = :consumer AND delivery < :below ORDER BY delivery DESC LIMIT :rows

-- name: deliveries_of_event
SELECT delivery, sequence, event_id, kind, key, try, outcome, at, took_ms, status, why, asked, answered, backfill,
    by_hand
FROM delivery
WHERE tenant = :tenant AND consumer = :consumer AND sequence = :sequence AND delivery < :below
ORDER BY delivery DESC LIMIT :rows

-- name: drop_deliveries
DELETE FROM delivery WHERE delivery IN (
    SELECT delivery FROM delivery WHERE tenant = :tenant AND consumer = :consumer AND delivery <= (
        SELECT delivery FROM delivery WHERE tenant = :tenant AND consumer = :consumer
        ORDER BY delivery DESC LIMIT 1 OFFSET :kept)
    ORDER BY delivery LIMIT :rows)

-- name: secrets_of
SELECT key_id, secret, made_at FROM consumer_secret WHERE tenant = ?1 AND consumer = ?2 ORDER BY made_at DESC, key_id

-- name: add_secret
INSERT INTO consumer_secret (tenant, consumer, key_id, secret, made_at)
VALUES (:tenant, :consumer, :key_id, :secret, :now)

-- name: drop_secret
DELETE FROM consumer_secret WHERE tenant = :tenant AND consumer = :consumer AND key_id = :key_id

-- name: lowest_needed
-- The first event that somebody still has to be sent.
SELECT min(needed) AS floor FROM (
    SELECT (SELECT o.sequence FROM outbox o WHERE o.tenant = c.tenant AND o.sequence > c.position
        ORDER BY o.sequence LIMIT 1) AS needed FROM consumer c WHERE c.state <> 'ended'
    UNION ALL
    SELECT (SELECT min(w.sequence) FROM event_waiting w WHERE w.tenant = c.tenant AND w.consumer = c.consumer
        AND w.sequence > 0) FROM consumer c)

-- name: how_many_wait
SELECT count(*) AS waiting FROM event_waiting WHERE tenant = ?1 AND consumer = ?2 AND sequence > 0

-- name: what_waits
SELECT waiting, keys, parked,
    coalesce((SELECT o.at FROM outbox o WHERE o.tenant = :tenant AND o.sequence = oldest), tried_at) AS since
FROM (
    SELECT count(*) AS waiting, count(DISTINCT key) AS keys, coalesce(sum(parked_at IS NOT NULL), 0) AS parked,
        min(sequence) AS oldest, min(first_at) AS tried_at
    FROM event_waiting WHERE tenant = :tenant AND consumer = :consumer AND sequence > 0)

-- name: put_aside
SELECT sequence FROM event_waiting
WHERE tenant = :tenant AND consumer = :consumer AND parked_at IS NOT NULL AND sequence > 0
ORDER BY sequence LIMIT :rows

-- name: try_now
UPDATE event_waiting SET due_at = :now
WHERE tenant = :tenant AND consumer = :consumer AND due_at > :now
