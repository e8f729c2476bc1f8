-- name: on_hand
SELECT on_hand, rights FROM position WHERE tenant = ?1 AND sku = ?2 AND store = ?3

-- name: move_position
INSERT INTO position (tenant, sku, store, on_hand, reserved, as_of, rights)
VALUES (:tenant, :sku, :store, :on_hand, 0, :as_of, :rights)
ON CONFLICT (tenant, sku, store) DO UPDATE SET
    on_hand = on_hand + :on_hand,
    reserved = reserved - :freed,
    rights = rights + :rights,
    rights_held = rights_held - :freed_rights,
    as_of = max(as_of, :as_of)
RETURNING on_hand, reserved, rights

-- name: stock_grew
INSERT INTO stock_growth (tenant, sku, grew_at) VALUES (:tenant, :sku, :at)
ON CONFLICT (tenant, sku) DO UPDATE SET grew_at = max(grew_at, excluded.grew_at)

-- name: held
SELECT quantity, ceded FROM hold
WHERE tenant = :tenant AND task = :task AND line = :line AND store = :store AND sku = :sku

-- name: end_hold
UPDATE hold SET quantity = quantity - :units WHERE tenant = :tenant AND task = :task AND line = :line

-- name: holds_of_task
SELECT line, store, sku, quantity FROM hold WHERE tenant = ?1 AND task = ?2 AND quantity > 0

-- name: free
UPDATE position SET reserved = reserved - :freed, rights_held = rights_held - :freed_rights
WHERE tenant = :tenant AND sku = :sku AND store = :store

-- name: reserve
UPDATE position SET reserved = reserved + :quantity
WHERE tenant = :tenant AND sku = :sku AND store = :store
    AND (NOT :conditional
        OR on_hand - reserved - (SELECT buffer_units FROM store s WHERE s.tenant = :tenant AND s.store = :store)
            >= :quantity)
RETURNING on_hand - (reserved - :quantity)
    - (SELECT buffer_units FROM store s WHERE s.tenant = :tenant AND s.store = :store) AS available

-- name: reserve_gathered
-- Units that came here for one order alone are not the buffer's; beyond them it counts.
UPDATE position SET reserved = reserved + :quantity
WHERE tenant = :tenant AND sku = :sku AND store = :store AND on_hand - reserved >= :quantity
    AND (:quantity <= :gathered
        OR on_hand - reserved - (SELECT buffer_units FROM store s WHERE s.tenant = :tenant AND s.store = :store)
            >= :quantity - :gathered)
RETURNING on_hand - (reserved - :quantity) AS available

-- name: reserve_whatever
-- What happens without the condition; only the simulator ever asks for it.
UPDATE position SET reserved = reserved + :quantity
WHERE tenant = :tenant AND sku = :sku AND store = :store
RETURNING on_hand - (reserved - :quantity)
    - (SELECT buffer_units FROM store s WHERE s.tenant = :tenant AND s.store = :store) AS available

-- name: reserve_ceded
-- Of a SKU in escrow: only what the store has ceded and no order holds. The buffer is in what it kept.
UPDATE position SET reserved = reserved + :quantity, rights_held = rights_held + :quantity
WHERE tenant = :tenant AND sku = :sku AND store = :store
    AND (NOT :conditional OR on_hand - reserved >= :quantity)
    AND (NOT :floor OR rights - rights_held >= :quantity)
RETURNING min(on_hand - (reserved - :quantity), rights - (rights_held - :quantity)) AS available

-- name: hold
INSERT INTO hold (tenant, task, line, store, sku, taken, available, quantity, ceded)
VALUES (:tenant, :task, :line, :store, :sku, :quantity, :available, :quantity, :ceded)

-- name: hold_again
UPDATE hold SET quantity = min(taken, quantity + :units)
WHERE tenant = :tenant AND task = :task AND line = :line AND store = :store AND sku = :sku
RETURNING quantity
