-- name: given
SELECT
    (SELECT value FROM counter WHERE name = 'incarnation') AS incarnation,
    (SELECT value FROM counter WHERE name = 'fence') AS fence,
    (SELECT value FROM counter WHERE name = 'fact') AS fact,
    (SELECT coalesce(max(sequence), 0) FROM orders) AS orders

-- name: begin
INSERT INTO recovery (incarnation, before, began_at, cause, orders_up_to, known_fence, known_fact,
    given_fence, given_fact, given_orders)
VALUES (:incarnation, :before, :now, :cause, :orders_up_to, :known_fence, :known_fact,
    :given_fence, :given_fact, :given_orders)

-- name: forget_seen
DELETE FROM recovery_seen

-- name: wait_for_all
INSERT INTO recovery_replica (tenant, store, replica) SELECT tenant, store, replica FROM replica WHERE true
ON CONFLICT (tenant, store, replica) DO UPDATE SET
    replayed_at = NULL, overridden_at = NULL, overridden_by = NULL, reason = NULL

-- name: all_were_sent
-- In what was lost each may have been in an answer to its store.
UPDATE task SET sent = 1 WHERE ended_at IS NULL AND sent = 0

-- name: tenants
SELECT DISTINCT tenant FROM replica ORDER BY tenant

-- name: newest
SELECT incarnation, before, began_at, cause, orders_up_to, known_fence, known_fact,
    given_fence, given_fact, given_orders
FROM recovery ORDER BY incarnation DESC LIMIT 1

-- name: replaying
SELECT 1 FROM recovery_replica
WHERE tenant = :tenant AND store = :store AND replica = :replica AND replayed_at IS NULL

-- name: store_recovers
SELECT 1 FROM recovery_replica WHERE tenant = ?1 AND store = ?2 AND replayed_at IS NULL LIMIT 1

-- name: replayed
UPDATE recovery_replica SET replayed_at = :now
WHERE tenant = :tenant AND store = :store AND replica = :replica AND replayed_at IS NULL

-- name: waits
SELECT 1 FROM recovery_replica
WHERE tenant = ?1 AND replayed_at IS NULL AND overridden_at IS NULL LIMIT 1

-- name: held
SELECT 1 FROM orders o
WHERE o.tenant = ?1 AND o.order_id = ?2
    AND (o.adopted <> 0
        OR o.sequence <= (SELECT orders_up_to FROM recovery ORDER BY incarnation DESC LIMIT 1))
    AND EXISTS (
        SELECT 1 FROM recovery_replica r
        WHERE r.tenant = o.tenant AND r.replayed_at IS NULL AND r.overridden_at IS NULL)

-- name: count_held
SELECT count(*) AS orders FROM orders o
WHERE o.tenant = ?1 AND o.state NOT IN ('shipped', 'collected', 'delivered', 'cancelled', 'rejected', 'returned', 'refunded')
    AND (o.adopted <> 0
        OR o.sequence <= (SELECT orders_up_to FROM recovery ORDER BY incarnation DESC LIMIT 1))

-- name: replicas
SELECT store, replica, replayed_at, overridden_at, overridden_by, reason
FROM recovery_replica WHERE tenant = ?1 ORDER BY store, replica

-- name: override
UPDATE recovery_replica SET overridden_at = :now, overridden_by = :actor, reason = :reason
WHERE tenant = :tenant AND store = :store AND replayed_at IS NULL AND overridden_at IS NULL

-- name: tell_held
INSERT INTO order_event (tenant, order_id, sequence, kind, at, actor, store, task, words)
SELECT o.tenant, o.order_id,
    (SELECT coalesce(max(e.sequence), 0) + 1 FROM order_event e
        WHERE e.tenant = o.tenant AND e.order_id = o.order_id),
    'recovery_overridden', :now, :actor, :store, NULL, :words
FROM orders o
WHERE o.tenant = :tenant AND o.state NOT IN ('shipped', 'collected', 'delivered', 'cancelled', 'rejected', 'returned', 'refunded')
    AND (o.adopted <> 0
        OR o.sequence <= (SELECT orders_up_to FROM recovery ORDER BY incarnation DESC LIMIT 1))

-- name: cancels_that_waited
SELECT DISTINCT o.order_id FROM orders o
JOIN order_line l ON l.tenant = o.tenant AND l.order_id = o.order_id
WHERE o.tenant = ?1 AND o.cancel_requested = 1 AND l.open > 0

-- name: shared
-- What stays of before the restore and is, or was, with several stores.
SELECT DISTINCT t.order_id FROM task t JOIN orders o ON o.tenant = t.tenant AND o.order_id = t.order_id
WHERE t.tenant = ?1 AND t.ended_at IS NULL
    AND (o.adopted <> 0
        OR o.sequence <= (SELECT orders_up_to FROM recovery ORDER BY incarnation DESC LIMIT 1))
    AND EXISTS (
        SELECT 1 FROM task u WHERE u.tenant = t.tenant AND u.order_id = t.order_id AND u.task <> t.task)

-- name: see
INSERT INTO recovery_seen (kind, incarnation, number) VALUES (:kind, :incarnation, :number)
ON CONFLICT DO NOTHING

-- name: seen
SELECT number FROM recovery_seen WHERE kind = :kind AND incarnation = :incarnation AND number > :above
ORDER BY number

-- name: count_adopted
SELECT count(*) AS orders FROM orders WHERE tenant = ?1 AND adopted = 1

-- name: count_reported
-- Lost by this restore: what an earlier one lost was offered in an earlier incarnation.
SELECT count(*) AS orders FROM orders o
WHERE o.adopted <> 0 AND o.sequence > :orders_up_to AND EXISTS (
    SELECT 1 FROM task t JOIN fact f ON f.tenant = t.tenant AND f.task = t.task
    WHERE t.tenant = o.tenant AND t.order_id = o.order_id AND f.fact GLOB :of_central
        AND CAST(substr(f.fact, length(:of_central)) AS INTEGER) > :known_fact)

-- name: adopt_order
INSERT INTO orders (tenant, order_id, kind, request, state, placed_at, changed_at, trace, adopted)
VALUES (:tenant, :order, :kind, :request, :state, :placed_at, :now, :trace, 1)

-- name: mark_adopted
UPDATE orders SET adopted = :adopted WHERE tenant = :tenant AND order_id = :order

-- name: adopted
SELECT adopted FROM orders WHERE tenant = ?1 AND order_id = ?2

-- name: adopt_line
INSERT INTO order_line (tenant, order_id, line, sku, quantity, open)
VALUES (:tenant, :order, :line, :sku, :quantity, 0)
ON CONFLICT DO NOTHING

-- name: grow_line
UPDATE order_line SET quantity = max(quantity, :quantity)
WHERE tenant = :tenant AND order_id = :order AND line = :line

-- name: complete_order
UPDATE orders SET kind = :kind, request = :request, changed_at = :now, adopted = 2, root_key = :root_key,
    priority = :priority
WHERE tenant = :tenant AND order_id = :order

-- name: price_line
-- What left beyond what stores were offered was ordered perhaps; what left beyond what was ordered was not.
UPDATE order_line SET unit_price = :unit_price, amounts = :amounts, quantity = :quantity,
    open = min(open, max(0, :quantity - finished - surplus)),
    cancelled = min(cancelled, max(0, :quantity - finished - surplus - open)),
    finished = min(:quantity, finished + surplus), surplus = max(0, finished + surplus - :quantity)
WHERE tenant = :tenant AND order_id = :order AND line = :line
RETURNING surplus

-- name: price_stand_in
UPDATE order_line SET unit_price = :unit_price, amounts = :amounts
WHERE tenant = :tenant AND order_id = :order AND line = :line

-- name: is_replaced
-- Of a line of which others are told to stand in for so many units.
UPDATE order_line SET replaced = :replaced, cancelled = :cancelled,
    open = min(open, quantity - finished - :cancelled)
WHERE tenant = :tenant AND order_id = :order AND line = :line

-- name: set_open
UPDATE order_line SET open = :open, cancelled = :cancelled, replaced = :replaced,
    backordered = CASE WHEN :open > 0 THEN backordered ELSE 0 END
WHERE tenant = :tenant AND order_id = :order AND line = :line

-- name: ended_early
INSERT INTO hold_ended_early (tenant, store, task, line, units)
VALUES (:tenant, :store, :task, :line, max(0, :units))
ON CONFLICT (tenant, store, task, line) DO UPDATE SET units = max(0, units + :units)

-- name: units_ended_early
SELECT units FROM hold_ended_early
WHERE tenant = :tenant AND store = :store AND task = :task AND line = :line

-- name: adopt_position
INSERT INTO position (tenant, sku, store, on_hand, reserved, as_of, rights_held)
VALUES (:tenant, :sku, :store, 0, :units, 0, :rights)
ON CONFLICT (tenant, sku, store) DO UPDATE SET
    reserved = reserved + :units, rights_held = rights_held + :rights

-- name: adopt_hold
INSERT INTO hold (tenant, task, line, store, sku, taken, available, quantity, ceded)
VALUES (:tenant, :task, :line, :store, :sku, :taken, :taken, :units, :ceded)
ON CONFLICT DO NOTHING

-- name: mark_repeated
-- Placed since the restore, and yet a store had it before: the request came again.
UPDATE orders SET adopted = 2
WHERE tenant = :tenant AND order_id = :order AND adopted = 0
    AND sequence > (SELECT orders_up_to FROM recovery ORDER BY incarnation DESC LIMIT 1)

-- name: count_assignment
UPDATE orders SET assignments = assignments + 1 WHERE tenant = :tenant AND order_id = :order
