-- name: by_key
SELECT request_hash, order_id, trace FROM idempotency WHERE tenant = ?1 AND key = ?2

-- name: place
INSERT INTO orders (tenant, order_id, kind, request, state, placed_at, changed_at, trace, root_key, priority)
VALUES (:tenant, :order, :kind, :request, :state, :now, :now, :trace, :root_key, :priority)

-- name: place_line
INSERT INTO order_line (tenant, order_id, line, sku, quantity, open, unit_price, amounts)
VALUES (:tenant, :order, :line, :sku, :quantity, :quantity, :unit_price, :amounts)

-- name: remember_key
INSERT INTO idempotency (tenant, key, request_hash, order_id, trace, at)
VALUES (:tenant, :key, :request_hash, :order, :trace, :now)

-- name: note
INSERT INTO order_event (tenant, order_id, sequence, kind, at, actor, store, task, words)
SELECT :tenant, :order, coalesce(max(sequence), 0) + 1, :kind, :at, :actor, :store, :task, :words
FROM order_event WHERE tenant = :tenant AND order_id = :order

-- name: note_doubt
UPDATE order_event SET said_at = :said_at, received_at = :received_at, ahead_ms = :ahead_ms
WHERE tenant = :tenant AND order_id = :order
    AND sequence = (SELECT max(sequence) FROM order_event WHERE tenant = :tenant AND order_id = :order)

-- name: order
SELECT sequence, tenant, order_id, request, state, placed_at, changed_at, trace, adopted, root_key, duplicate_of
FROM orders WHERE tenant = ?1 AND order_id = ?2

-- name: page
SELECT sequence, tenant, order_id, request, state, placed_at, changed_at, trace, adopted, root_key, duplicate_of
FROM orders
WHERE tenant = :tenant AND sequence < :below
    AND (:states = '[]' OR state IN (SELECT value FROM json_each(:states)))
ORDER BY sequence DESC LIMIT :rows

-- name: lines
SELECT line, sku, quantity, open, backordered, finished, cancelled, came_back, replaced, unit_price, expected_at, amounts
FROM order_line WHERE tenant = ?1 AND order_id = ?2 ORDER BY line

-- name: tasks
SELECT state FROM task WHERE tenant = ?1 AND order_id = ?2 ORDER BY fence

-- name: count
SELECT state, count(*) AS orders FROM orders WHERE tenant = ?1 GROUP BY state

-- name: timeline
SELECT sequence, kind, at, actor, store, task, words, said_at, received_at, ahead_ms
FROM order_event WHERE tenant = ?1 AND order_id = ?2 ORDER BY sequence

-- name: activity
SELECT entry, order_id, sequence, kind, at, actor, store, task, words, said_at, received_at, ahead_ms
FROM order_event WHERE tenant = :tenant ORDER BY entry DESC LIMIT :rows

-- name: state_of
SELECT state, request, trace, placed_at,
    (SELECT p.standing FROM payment p WHERE p.tenant = ?1 AND p.order_id = ?2) AS payment
FROM orders WHERE tenant = ?1 AND order_id = ?2

-- name: set_state
UPDATE orders SET state = :state, changed_at = :at WHERE tenant = :tenant AND order_id = :order

-- name: head
SELECT assignments, cancel_requested, trace FROM orders WHERE tenant = ?1 AND order_id = ?2

-- name: ask_to_cancel
UPDATE orders SET cancel_requested = 1, changed_at = :now WHERE tenant = :tenant AND order_id = :order

-- name: cancel_open_units
UPDATE order_line SET cancelled = cancelled + open, open = 0, backordered = 0
WHERE tenant = :tenant AND order_id = :order AND open > 0

-- name: open_units
SELECT coalesce(sum(open), 0) AS units FROM order_line WHERE tenant = ?1 AND order_id = ?2

-- name: take_open
UPDATE order_line SET open = open - :quantity, backordered = 0
WHERE tenant = :tenant AND order_id = :order AND line = :line AND sku = :sku AND open >= :quantity
RETURNING line, sku, quantity, open, backordered, finished, cancelled, came_back, replaced, unit_price, expected_at,
    amounts

-- name: line_units
SELECT quantity, open, finished, cancelled, surplus FROM order_line
WHERE tenant = ?1 AND order_id = ?2 AND line = ?3

-- name: set_line_units
UPDATE order_line SET open = :open, finished = :finished, cancelled = :cancelled, surplus = :surplus,
    backordered = CASE WHEN :open > 0 THEN backordered ELSE 0 END
WHERE tenant = :tenant AND order_id = :order AND line = :line

-- name: mark_backordered
UPDATE order_line SET backordered = 1
WHERE tenant = :tenant AND order_id = :order AND line = :line AND open > 0

-- name: first_backorder
UPDATE orders SET backordered_at = :at, changed_at = :now
WHERE tenant = :tenant AND order_id = :order AND backordered_at IS NULL

-- name: backordered_at
UPDATE orders SET backordered_at = :at, hold_until = NULL, held_at = NULL, changed_at = :now
WHERE tenant = :tenant AND order_id = :order

-- name: count_assignment
UPDATE orders SET assignments = assignments + 1, backordered_at = NULL, hold_until = NULL, held_at = NULL,
    changed_at = :now
WHERE tenant = :tenant AND order_id = :order AND assignments = :assignments AND cancel_requested = 0
    AND NOT EXISTS (
        SELECT 1 FROM gathering g WHERE g.tenant = :tenant AND g.order_id = :order AND g.ended_at IS NULL)
    AND NOT EXISTS (
        SELECT 1 FROM payment p WHERE p.tenant = :tenant AND p.order_id = :order AND p.covered = 0)
RETURNING state, request, trace, placed_at,
    (SELECT p.standing FROM payment p WHERE p.tenant = :tenant AND p.order_id = :order) AS payment

-- name: hold_order
UPDATE orders SET hold_until = :until, held_at = :at, changed_at = :now
WHERE tenant = :tenant AND order_id = :order AND assignments = :assignments AND cancel_requested = 0
    AND EXISTS (SELECT 1 FROM order_line l WHERE l.tenant = :tenant AND l.order_id = :order AND l.open > 0)

-- name: needs_of_order
SELECT l.sku, c.needs FROM order_line l JOIN catalogue c ON c.tenant = l.tenant AND c.sku = l.sku
WHERE l.tenant = ?1 AND l.order_id = ?2 AND l.open > 0 AND c.needs <> '[]'
