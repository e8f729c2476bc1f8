-- name: count
UPDATE counter SET value = value + 1 WHERE name = ?1 RETURNING value

-- name: counter
SELECT value FROM counter WHERE name = ?1

-- name: set_counter
UPDATE counter SET value = :value WHERE name = :name

-- name: clock
SELECT hlc FROM clock

-- name: set_clock
UPDATE clock SET hlc = ?1

-- name: document
SELECT store, heads FROM document WHERE tenant = ?1 AND document = ?2

-- name: is_there
-- Open or sealed.
SELECT 1 FROM document WHERE tenant = ?1 AND document = ?2
UNION ALL SELECT 1 FROM seal WHERE tenant = ?1 AND document = ?2 LIMIT 1

-- name: set_heads
INSERT INTO document (tenant, document, store, heads) VALUES (:tenant, :document, :store, :heads)
ON CONFLICT (tenant, document) DO UPDATE SET heads = excluded.heads

-- name: add_change
INSERT INTO document_change (tenant, store, sequence, document, author, writer, seq, hash, bytes)
VALUES (:tenant, :store, :sequence, :document, :author, :writer, :seq, :hash, :bytes)

-- name: changes_of
SELECT bytes FROM document_change WHERE tenant = ?1 AND document = ?2 ORDER BY sequence

-- name: changes_above
SELECT sequence, document, writer, seq, hash, bytes FROM document_change
WHERE tenant = :tenant AND store = :store AND sequence > :above AND (:own OR author <> :replica)
ORDER BY sequence LIMIT :rows

-- name: task_changes_above
SELECT sequence, document, writer, seq, hash, bytes FROM document_change
WHERE tenant = :tenant AND store = :store AND sequence > :above AND (:own OR author <> :replica)
    AND document LIKE 'task/%'
ORDER BY sequence LIMIT :rows

-- name: authored
SELECT 1 FROM document_change WHERE tenant = :tenant AND store = :store AND author = :replica
UNION ALL
SELECT 1 FROM seal
WHERE tenant = :tenant AND document > 'stock/' || :store || '/' || :replica || '/'
    AND document < 'stock/' || :store || '/' || :replica || '0'
LIMIT 1

-- name: digests
SELECT sequence, root, stock_digest FROM replication WHERE tenant = ?1 AND store = ?2

-- name: set_digests
UPDATE replication SET sequence = :sequence, root = :root, stock_digest = :stock_digest
WHERE tenant = :tenant AND store = :store

-- name: set_level
UPDATE replication SET level = :level, level_at = CASE WHEN :level THEN :now ELSE level_at END
WHERE tenant = :tenant AND store = :store

-- name: recent_digests
SELECT root, stock_digest, as_of FROM store_digest
WHERE tenant = ?1 AND store = ?2 ORDER BY sequence DESC

-- name: add_digest
INSERT INTO store_digest (tenant, store, root, stock_digest, as_of)
VALUES (:tenant, :store, :root, :stock_digest, :as_of)

-- name: drop_old_digests
DELETE FROM store_digest WHERE tenant = :tenant AND store = :store AND sequence <= (
    SELECT sequence FROM store_digest WHERE tenant = :tenant AND store = :store
    ORDER BY sequence DESC LIMIT 1 OFFSET :kept)

-- name: record_fact
INSERT INTO fact (tenant, store, fact, document, task, text)
VALUES (:tenant, :store, :fact, :document, :task, :text)
ON CONFLICT DO NOTHING

-- name: mark_fact
INSERT INTO fact_mark (tenant, store, fact, received_at, ahead_ms)
VALUES (:tenant, :store, :fact, :received_at, :ahead_ms)
ON CONFLICT DO NOTHING

-- name: fact_text
SELECT text FROM fact WHERE tenant = :tenant AND store = :store AND fact = :fact

-- name: record_conflict
INSERT INTO fact_conflict (tenant, store, fact, document, text)
VALUES (:tenant, :store, :fact, :document, :text)
ON CONFLICT DO NOTHING

-- name: facts_of_task
SELECT fact, text FROM fact WHERE tenant = ?1 AND task = ?2

-- name: facts_of_intent
-- Its own fact, or its parts: '/' is the character after '.'.
SELECT 1 FROM fact
WHERE tenant = :tenant AND store = :store
    AND (fact = :fact OR (fact > :fact || '.' AND fact < :fact || '/'))
LIMIT 1

-- name: replace_fact
UPDATE fact SET text = :text, document = :document, task = :task
WHERE tenant = :tenant AND store = :store AND fact = :fact
