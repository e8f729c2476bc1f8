-- name: append
INSERT INTO outbox (tenant, kind, key, class, at, body)
VALUES (:tenant, :kind, :key, :class, :at, :body)

-- name: unpublished
SELECT sequence, tenant, kind, key, class, at, body FROM outbox
WHERE published_at IS NULL ORDER BY sequence LIMIT ?1

-- name: published
UPDATE outbox SET published_at = :now WHERE published_at IS NULL AND sequence <= :up_to

-- name: recent
SELECT sequence, tenant, kind, key, class, at, body FROM outbox
WHERE tenant = :tenant ORDER BY sequence DESC LIMIT :rows
