-- name: promise
SELECT request_hash, promise, kind, options, made_at, expires_at, order_id, ended_at, ended_by
FROM cart_promise WHERE tenant = ?1 AND promise = ?2

-- name: add_promise
INSERT INTO cart_promise (tenant, promise, request_hash, kind, options, made_at, expires_at)
VALUES (:tenant, :promise, :request_hash, :kind, :options, :made_at, :expires_at)

-- name: add_cart_hold
INSERT INTO cart_hold (tenant, promise, store, sku, taken, available, quantity, ceded)
VALUES (:tenant, :promise, :store, :sku, :quantity, :available, :quantity, :ceded)

-- name: set_aside
-- On top of what is set aside there already.
INSERT INTO cart_hold (tenant, promise, store, sku, taken, available, quantity, ceded, gathered)
VALUES (:tenant, :promise, :store, :sku, :quantity, :available, :quantity, :ceded, :gathered)
ON CONFLICT (tenant, promise, store, sku) DO UPDATE SET
    taken = quantity + excluded.taken,
    available = quantity + excluded.available,
    quantity = quantity + excluded.quantity,
    ceded = excluded.ceded,
    gathered = gathered + excluded.gathered

-- name: promise_to_order
-- An order has time enough to be routed; a promise that is over, or another order's, stays as it is.
UPDATE cart_promise SET order_id = :order, expires_at = max(expires_at, :expires_at)
WHERE tenant = :tenant AND promise = :promise AND ended_at IS NULL AND order_id IS NULL AND expires_at > :now

-- name: keep_longer
UPDATE cart_promise SET expires_at = max(expires_at, :expires_at)
WHERE tenant = :tenant AND promise = :promise AND ended_at IS NULL

-- name: promise_of_order
SELECT promise FROM cart_promise WHERE tenant = ?1 AND order_id = ?2 AND ended_at IS NULL

-- name: open_cart_holds
SELECT store, sku, quantity, ceded, gathered FROM cart_hold
WHERE tenant = ?1 AND promise = ?2 AND quantity > 0

-- name: cart_units
SELECT quantity, ceded, gathered FROM cart_hold
WHERE tenant = :tenant AND promise = :promise AND store = :store AND sku = :sku

-- name: empty_cart
UPDATE cart_hold SET quantity = 0, gathered = 0
WHERE tenant = :tenant AND promise = :promise AND store = :store AND sku = :sku

-- name: end_cart_holds
UPDATE cart_hold SET quantity = 0 WHERE tenant = :tenant AND promise = :promise AND quantity > 0

-- name: end_promise
UPDATE cart_promise SET ended_at = :now, ended_by = :by
WHERE tenant = :tenant AND promise = :promise AND ended_at IS NULL

-- name: carts_of_orders
SELECT p.order_id, h.store, h.sku, h.quantity, h.ceded, h.gathered FROM cart_promise p
JOIN cart_hold h ON h.tenant = p.tenant AND h.promise = p.promise
WHERE p.tenant = ?1 AND p.order_id IS NOT NULL AND p.ended_at IS NULL AND h.quantity > 0

-- name: due_promises
-- Also those whose end lies beyond what may be asked for: only a clock that was put back since gave it.
SELECT tenant, promise FROM cart_promise
-- While an order comes together its units wait for what is still on its way.
WHERE ended_at IS NULL AND (expires_at <= :now OR expires_at > :beyond)
    AND NOT EXISTS (
        SELECT 1 FROM gathering g
        WHERE g.tenant = cart_promise.tenant AND g.order_id = cart_promise.order_id AND g.ended_at IS NULL)
ORDER BY expires_at LIMIT :rows

-- name: old_promises
SELECT tenant, promise FROM cart_promise WHERE ended_at IS NOT NULL AND ended_at < :before
ORDER BY ended_at LIMIT :rows

-- name: drop_cart_holds
DELETE FROM cart_hold WHERE tenant = ?1 AND promise = ?2

-- name: drop_promise
DELETE FROM cart_promise WHERE tenant = ?1 AND promise = ?2

-- name: plan_parcel
INSERT INTO parcel_plan (tenant, task, service, hand_over_by, arrives_by)
VALUES (:tenant, :task, :service, :hand_over_by, :arrives_by)
ON CONFLICT (tenant, task) DO NOTHING

-- name: planned
SELECT hand_over_by, arrives_by FROM parcel_plan WHERE tenant = ?1 AND task = ?2

-- name: promise_came_out
-- What was known first counts: an order that is opened again later was late or in time all the same.
INSERT INTO promise_outcome (tenant, order_id, channel, source, promised_by, expected_at, known_at)
VALUES (:tenant, :order, :channel, :source, :promised_by, :expected_at, :now)
ON CONFLICT (tenant, order_id) DO NOTHING

-- name: promise_arrived
UPDATE promise_outcome SET expected_at = :arrived_at WHERE tenant = :tenant AND order_id = :order

-- name: count_outcomes
UPDATE promise_outcome SET counted = 1 WHERE (tenant, order_id) IN (
    SELECT tenant, order_id FROM promise_outcome WHERE counted = 0 ORDER BY known_at LIMIT :rows)
RETURNING tenant, channel, source, expected_at <= promised_by AS kept

-- name: accuracy
SELECT channel, source, count(*) AS promises, sum(expected_at <= promised_by) AS kept,
    CAST(coalesce(avg(CASE WHEN expected_at > promised_by THEN expected_at - promised_by END), 0) AS INTEGER) AS late_ms
FROM promise_outcome
WHERE tenant = :tenant AND known_at >= :from AND known_at < :to
GROUP BY channel, source ORDER BY channel, source

-- name: needs_of
SELECT needs FROM catalogue WHERE tenant = ?1 AND sku = ?2 AND needs <> '[]'
