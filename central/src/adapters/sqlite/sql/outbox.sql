-- name: count_key
INSERT INTO event_key (tenant, key, last) VALUES (:tenant, :key, 1)
ON CONFLICT (tenant, key) DO UPDATE SET last = last + 1
RETURNING last

-- name: append
INSERT INTO outbox (tenant, kind, key, key_sequence, event_id, class, at, root_key, body, trace, cause)
VALUES (:tenant, :kind, :key, :key_sequence, :id, :class, :at,
    (SELECT o.root_key FROM orders o WHERE o.tenant = :tenant AND o.order_id = :order), :body,
    (SELECT o.trace FROM orders o WHERE o.tenant = :tenant AND o.order_id = :about),
    (SELECT max(e.sequence) FROM order_event e WHERE e.tenant = :tenant AND e.order_id = :about))

-- name: unpublished
SELECT sequence, event_id, tenant, kind, key, key_sequence, class, at, root_key, trace, body FROM outbox
WHERE published_at IS NULL ORDER BY sequence LIMIT ?1

-- name: published
UPDATE outbox SET published_at = :now WHERE published_at IS NULL AND sequence <= :up_to

-- name: recent
SELECT sequence, event_id, tenant, kind, key, key_sequence, class, at, root_key, trace, body FROM outbox
WHERE tenant = :tenant ORDER BY sequence DESC LIMIT :rows

-- name: after
SELECT sequence, event_id, tenant, kind, key, key_sequence, class, at, root_key, trace, body FROM outbox
WHERE tenant = :tenant AND sequence > :after ORDER BY sequence LIMIT :rows

-- name: event
SELECT sequence, event_id, tenant, kind, key, key_sequence, class, at, root_key, trace, body FROM outbox
WHERE tenant = :tenant AND sequence = :sequence

-- name: outline
SELECT (SELECT sequence FROM outbox WHERE tenant = ?1 AND sequence > 0 ORDER BY sequence LIMIT 1) AS first,
    (SELECT sequence FROM outbox WHERE tenant = ?1 AND sequence > 0 ORDER BY sequence DESC LIMIT 1) AS newest

-- name: since
SELECT sequence FROM outbox WHERE tenant = :tenant AND at >= :at ORDER BY at, sequence LIMIT 1

-- name: oldest
SELECT min(sequence) AS oldest FROM outbox

-- name: drop_passed
-- Of events that were published long ago, those that everybody has passed.
DELETE FROM outbox WHERE sequence IN (
    SELECT sequence FROM outbox WHERE published_at < :before AND sequence < :floor ORDER BY published_at LIMIT :rows)

-- name: held_long_enough
-- Below it nothing is kept for anybody.
SELECT max(sequence) + 1 AS floor FROM outbox WHERE published_at < ?1

-- name: lost_by
-- Who has not been sent what is dropped.
SELECT c.tenant, c.consumer FROM consumer c WHERE c.state <> 'ended' AND EXISTS (
    SELECT 1 FROM outbox o WHERE o.tenant = c.tenant AND o.sequence > c.position AND o.sequence < :floor)
UNION
SELECT tenant, consumer FROM event_waiting WHERE sequence < :floor

-- name: forget_lost
DELETE FROM event_waiting WHERE sequence < ?1
