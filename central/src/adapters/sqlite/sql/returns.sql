-- name: begin
INSERT INTO order_return (tenant, order_id, number, return_id, state, key, request_hash, entry, asked_at, changed_at, next_at)
VALUES (:tenant, :order, :number, :return, 'asked', :key, :request_hash, :entry, :now, :now, :now)

-- name: by_key
SELECT order_id, number, request_hash FROM order_return WHERE tenant = ?1 AND key = ?2

-- name: by_id
SELECT order_id FROM order_return WHERE tenant = ?1 AND return_id = ?2

-- name: of_order
SELECT number, return_id FROM order_return WHERE tenant = ?1 AND order_id = ?2 ORDER BY number

-- name: states_of_order
SELECT number, return_id, state FROM order_return WHERE tenant = ?1 AND order_id = ?2 ORDER BY number

-- name: facts
SELECT sequence, at, actor, said FROM return_fact
WHERE tenant = :tenant AND order_id = :order AND number = :number ORDER BY sequence

-- name: say
INSERT INTO return_fact (tenant, order_id, number, sequence, at, actor, said)
VALUES (:tenant, :order, :number, :sequence, :at, :actor, :said)

-- name: stand
UPDATE order_return SET state = :state, facts = :facts, changed_at = :now, next_at = :now
WHERE tenant = :tenant AND order_id = :order AND number = :number

-- name: rest
UPDATE order_return SET next_at = :next_at
WHERE tenant = :tenant AND order_id = :order AND number = :number

-- name: wake
UPDATE order_return SET next_at = min(coalesce(next_at, :now), :now)
WHERE tenant = :tenant AND order_id = :order
    AND state IN ('asked', 'approved', 'received', 'restocked', 'written_off', 'refunded')

-- name: due
SELECT tenant, return_id FROM (
    SELECT tenant, return_id FROM order_return WHERE next_at <= :now ORDER BY next_at LIMIT :rows)
UNION ALL
SELECT tenant, return_id FROM (
    SELECT tenant, return_id FROM order_return WHERE next_at > :beyond LIMIT :rows)

-- name: page
SELECT r.entry, r.order_id, r.number FROM order_return r
WHERE r.tenant = :tenant AND r.entry < :below AND (:state IS NULL OR r.state = :state)
    AND (:store IS NULL OR EXISTS (
        SELECT 1 FROM return_receipt g
        WHERE g.tenant = r.tenant AND g.order_id = r.order_id AND g.number = r.number AND g.store = :store))
ORDER BY r.entry DESC LIMIT :rows

-- name: announce
UPDATE order_line SET coming_back = coming_back + :units
WHERE tenant = :tenant AND order_id = :order AND line = :line
    AND finished - came_back - coming_back >= :units

-- name: count_line
UPDATE order_line SET coming_back = :coming_back, came_back = :came_back
WHERE tenant = :tenant AND order_id = :order AND line = :line
    AND (coming_back <> :coming_back OR came_back <> :came_back)

-- name: receive
INSERT INTO return_receipt (tenant, store, fact, order_id, number, line, sku, units, condition, at)
VALUES (:tenant, :store, :fact, :order, :number, :line, :sku, :units, :condition, :at)
ON CONFLICT DO NOTHING

-- name: receipts_of_fact
SELECT order_id, number FROM return_receipt WHERE tenant = ?1 AND store = ?2 AND fact = ?3

-- name: drop_receipts
DELETE FROM return_receipt WHERE tenant = ?1 AND store = ?2 AND fact = ?3

-- name: left_at
SELECT coalesce(
    (SELECT max(s.at) FROM order_step s WHERE s.tenant = ?1 AND s.order_id = ?2
        AND s.state IN ('shipped', 'collected', 'delivered')),
    (SELECT o.changed_at FROM orders o WHERE o.tenant = ?1 AND o.order_id = ?2)) AS at

-- name: paid
SELECT captured, refunded FROM payment WHERE tenant = ?1 AND order_id = ?2

-- name: books
-- What stores took in, straight from what they said, beside what returns count.
SELECT g.number, g.line, g.sku, g.store, g.fact, g.units, g.condition, g.at,
    json_extract(f.text, '$.d') AS delta, json_extract(f.text, '$.q') AS told
FROM return_receipt g
LEFT JOIN fact f ON f.tenant = g.tenant AND f.store = g.store AND f.fact = g.fact
WHERE g.tenant = :tenant AND g.order_id = :order
