-- name: decisions
SELECT record, looked FROM decision WHERE tenant = ?1 AND order_id = ?2 ORDER BY sequence

-- name: recorded
SELECT record, inputs, looked FROM decision WHERE tenant = ?1 AND order_id = ?2 ORDER BY sequence

-- name: record
INSERT INTO decision (tenant, order_id, record, looked, cause)
VALUES (:tenant, :order, :record, :looked,
    (SELECT max(e.sequence) FROM order_event e WHERE e.tenant = :tenant AND e.order_id = :order))
RETURNING sequence

-- name: replace
UPDATE decision SET record = :record, inputs = NULL, looked = :looked
WHERE sequence = (SELECT max(sequence) FROM decision WHERE tenant = :tenant AND order_id = :order)
RETURNING sequence

-- name: last
SELECT json_extract(record, '$.decision') AS decision, json_extract(record, '$.choice.choice') AS choice,
    json_extract(record, '$.gather') IS NOT NULL AS gathers
FROM decision WHERE tenant = ?1 AND order_id = ?2 ORDER BY sequence DESC LIMIT 1

-- name: see_node
INSERT INTO node_seen (tenant, node, said, used_by) VALUES (:tenant, :node, :said, :sequence)
ON CONFLICT (tenant, node) DO UPDATE SET used_by = excluded.used_by WHERE excluded.used_by > used_by + :give_or_take

-- name: node
SELECT said FROM node_seen WHERE tenant = ?1 AND node = ?2

-- name: drop_nodes
DELETE FROM node_seen WHERE (tenant, node) IN (
    SELECT tenant, node FROM node_seen
    WHERE used_by < (SELECT min(sequence) FROM decision) - :give_or_take LIMIT :rows)
