-- name: append
INSERT INTO outbox (tenant, kind, key, class, at, body, root_key)
SELECT :tenant, :kind, :key, :class, :at, :body,
    (SELECT o.root_key FROM orders o WHERE o.tenant = :tenant AND o.order_id = :key)

-- name: unpublished
SELECT sequence, tenant, kind, key, class, at, body, root_key FROM outbox
WHERE published_at IS NULL ORDER BY sequence LIMIT ?1

-- name: published
UPDATE outbox SET published_at = :now WHERE published_at IS NULL AND sequence <= :up_to

-- name: recent
SELECT sequence, tenant, kind, key, class, at, body, root_key FROM outbox
WHERE tenant = :tenant ORDER BY sequence DESC LIMIT :rows
