-- name: gathering
-- Of the order itself, or of the one that its goods travel for.
SELECT order_id, child, store, began_at, due_at, arrives_by, ended_at, ended_by FROM gathering
WHERE tenant = ?1 AND order_id = ?2
UNION ALL
SELECT order_id, child, store, began_at, due_at, arrives_by, ended_at, ended_by FROM gathering
WHERE tenant = ?1 AND child = ?2

-- name: gathered_units
SELECT sku, wanted, arrived FROM gathering_units WHERE tenant = ?1 AND order_id = ?2 ORDER BY sku

-- name: begin
INSERT INTO gathering (tenant, order_id, child, store, began_at, due_at, arrives_by)
VALUES (:tenant, :order, :child, :store, :now, :due_at, :arrives_by)

-- name: await_units
INSERT INTO gathering_units (tenant, order_id, sku, wanted) VALUES (:tenant, :order, :sku, :wanted)

-- name: set_order_waiting
UPDATE orders SET backordered_at = NULL, hold_until = NULL, held_at = NULL, changed_at = :now
WHERE tenant = :tenant AND order_id = :order

-- name: set_lines_waiting
UPDATE order_line SET backordered = 0 WHERE tenant = :tenant AND order_id = :order AND open > 0

-- name: is_open
SELECT 1 FROM gathering WHERE tenant = ?1 AND order_id = ?2 AND ended_at IS NULL

-- name: fed_store
SELECT store FROM gathering WHERE tenant = ?1 AND child = ?2

-- name: waiting_for
-- Whose goods these may be. Those that are over are asked last: they only want to know that it came.
SELECT g.order_id, g.ended_at IS NULL AS open, u.wanted - u.arrived AS lacking
FROM gathering g JOIN gathering_units u ON u.tenant = g.tenant AND u.order_id = g.order_id AND u.sku = :sku
WHERE g.tenant = :tenant AND g.store = :store AND g.began_at >= :since AND u.arrived < u.wanted
    AND EXISTS (
        SELECT 1 FROM task t WHERE t.tenant = g.tenant AND t.order_id = g.child AND t.store = :sender)
ORDER BY instr(:note, g.child) = 0, g.ended_at IS NOT NULL, g.began_at

-- name: arrive
UPDATE gathering_units SET arrived = arrived + :units
WHERE tenant = :tenant AND order_id = :order AND sku = :sku

-- name: on_the_way
SELECT
    (SELECT coalesce(sum(u.wanted), 0) FROM gathering_units u
        WHERE u.tenant = g.tenant AND u.order_id = g.order_id) AS wanted,
    (SELECT coalesce(sum(u.arrived), 0) FROM gathering_units u
        WHERE u.tenant = g.tenant AND u.order_id = g.order_id) AS arrived,
    (SELECT coalesce(sum(l.finished), 0) FROM order_line l
        WHERE l.tenant = g.tenant AND l.order_id = g.child) AS left_feeder,
    (SELECT coalesce(sum(l.open), 0) FROM order_line l
        WHERE l.tenant = g.tenant AND l.order_id = g.child AND l.backordered = 0) AS open,
    EXISTS (SELECT 1 FROM task t
        WHERE t.tenant = g.tenant AND t.order_id = g.child AND t.ended_at IS NULL) AS in_work
FROM gathering g WHERE g.tenant = ?1 AND g.order_id = ?2

-- name: perhaps_over
SELECT g.tenant, g.order_id FROM gathering g
WHERE g.ended_at IS NULL
    AND (g.due_at <= :now OR g.due_at > :beyond OR g.began_at > :ahead
        OR (NOT EXISTS (SELECT 1 FROM order_line l
                WHERE l.tenant = g.tenant AND l.order_id = g.child AND l.open > 0 AND l.backordered = 0)
            AND NOT EXISTS (SELECT 1 FROM task t
                WHERE t.tenant = g.tenant AND t.order_id = g.child AND t.ended_at IS NULL)
            AND (SELECT coalesce(sum(l.finished), 0) FROM order_line l
                    WHERE l.tenant = g.tenant AND l.order_id = g.child)
                <= (SELECT coalesce(sum(u.arrived), 0) FROM gathering_units u
                    WHERE u.tenant = g.tenant AND u.order_id = g.order_id)))
ORDER BY g.due_at LIMIT :rows

-- name: end_gathering
UPDATE gathering SET ended_at = :now, ended_by = :by
WHERE tenant = :tenant AND order_id = :order AND ended_at IS NULL
RETURNING child, store

-- name: keep_cart
-- Until its order has been routed with what came.
UPDATE cart_promise SET expires_at = :expires_at
WHERE tenant = :tenant AND order_id = :order AND ended_at IS NULL

-- name: gathering_stores
SELECT DISTINCT tenant, store FROM gathering WHERE ended_at IS NULL

-- name: gathered_at
SELECT g.order_id FROM gathering g JOIN orders o ON o.tenant = g.tenant AND o.order_id = g.order_id
WHERE g.tenant = :tenant AND g.store = :store AND g.began_at >= :since AND g.ended_at IS NULL
    AND o.kind <> 'pickup'
ORDER BY g.began_at LIMIT :rows

-- name: orphans
-- Known from stores alone, and by the name that only such orders have.
SELECT o.order_id FROM orders o
WHERE o.tenant = ?1 AND o.adopted = 1 AND o.cancel_requested = 0 AND o.order_id GLOB '?*-g'
    AND NOT EXISTS (SELECT 1 FROM gathering g WHERE g.tenant = o.tenant AND g.child = o.order_id)
