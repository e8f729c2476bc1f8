-- name: orders_placed
SELECT order_id FROM orders
WHERE tenant = :tenant AND placed_at >= :from AND placed_at < :until
ORDER BY placed_at, sequence LIMIT :rows

-- name: decision_times
SELECT d.sequence, d.order_id, json_extract(d.record, '$.at') AS at
FROM json_each(:orders) j CROSS JOIN decision d ON d.tenant = :tenant AND d.order_id = j.value

-- name: known_orders
SELECT o.order_id FROM json_each(:orders) j CROSS JOIN orders o ON o.tenant = :tenant AND o.order_id = j.value

-- name: past_decision
SELECT record, inputs, looked FROM decision WHERE sequence = :sequence AND tenant = :tenant

-- name: tasks_of_orders
SELECT t.state FROM json_each(:orders) j CROSS JOIN task t ON t.tenant = :tenant AND t.order_id = j.value
