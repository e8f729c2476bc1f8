-- name: change_by_key
SELECT order_id, request_hash, answer FROM order_change WHERE tenant = ?1 AND key = ?2

-- name: next_change
SELECT coalesce(max(number), 0) + 1 AS number FROM order_change WHERE tenant = ?1 AND order_id = ?2

-- name: remember_change
INSERT INTO order_change (tenant, order_id, number, key, request_hash, at, actor, words, answer)
VALUES (:tenant, :order, :number, :key, :request_hash, :now, :actor, :words, :answer)

-- name: changes_of_order
SELECT number, at, actor, words, answer FROM order_change WHERE tenant = ?1 AND order_id = ?2 ORDER BY number

-- name: standing_of_order
SELECT request, state, trace, cancel_requested, adopted FROM orders WHERE tenant = ?1 AND order_id = ?2

-- name: cancel_units
UPDATE order_line SET cancelled = cancelled + :units, open = open - :units,
    backordered = CASE WHEN open > :units THEN backordered ELSE 0 END
WHERE tenant = :tenant AND order_id = :order AND line = :line AND open >= :units

-- name: add_line
INSERT INTO order_line (tenant, order_id, line, sku, quantity, open, unit_price, amounts)
VALUES (:tenant, :order, :line, :sku, :quantity, :quantity, :unit_price, :amounts)

-- name: set_amounts
UPDATE order_line SET amounts = :amounts WHERE tenant = :tenant AND order_id = :order AND line = :line

-- name: rewrite_order
UPDATE orders SET request = :request, changed_at = :now, backordered_at = NULL, hold_until = NULL, held_at = NULL,
    assignments = assignments + :decided_before
WHERE tenant = :tenant AND order_id = :order

-- name: drop_changes
DELETE FROM order_change WHERE (tenant, order_id, number) IN (
    SELECT c.tenant, c.order_id, c.number FROM order_change c
    JOIN orders o ON o.tenant = c.tenant AND o.order_id = c.order_id
    WHERE c.at < :before AND o.changed_at < :before AND o.state IN ('shipped', 'collected', 'delivered', 'cancelled', 'rejected', 'returned', 'refunded')
    ORDER BY c.at LIMIT :rows)
