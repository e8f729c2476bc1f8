-- name: mark
INSERT INTO later_kind (tenant, store, document, since) VALUES (:tenant, :store, :document, :since)
ON CONFLICT DO UPDATE SET since = max(since, excluded.since)

-- name: beyond
SELECT document FROM later_kind WHERE tenant = :tenant AND store = :store AND since > :version

-- name: spoken
SELECT version FROM replica_progress WHERE tenant = :tenant AND store = :store AND replica = :replica

-- name: any_before
-- A replica of which nothing was heard for long is told when it comes back.
SELECT 1 FROM replica_progress
WHERE tenant = :tenant AND store = :store AND version < :version AND heard_at >= :heard_since LIMIT 1

-- name: any_seal
SELECT 1 FROM seal WHERE tenant = :tenant AND store = :store AND document LIKE 'stock/%' LIMIT 1

-- name: wait
INSERT INTO seal_waits (tenant, document, store) VALUES (:tenant, :document, :store) ON CONFLICT DO NOTHING

-- name: waiting
SELECT w.tenant, w.document, w.store FROM seal_waits w WHERE NOT EXISTS (
    SELECT 1 FROM replica_progress p WHERE p.tenant = w.tenant AND p.store = w.store
        AND p.version < :version AND p.heard_at >= :heard_since)
LIMIT :rows

-- name: wait_no_more
DELETE FROM seal_waits WHERE tenant = ?1 AND document = ?2
