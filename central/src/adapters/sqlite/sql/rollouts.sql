-- name: start_rollout
INSERT INTO rollout (tenant, version, state, percent, plan, started_at, changed_at, decisions_from)
VALUES (:tenant, :version, 'running', :percent, :plan, :now, :now, (SELECT coalesce(max(sequence), 0) FROM decision))

-- name: newest_rollout
SELECT rollout, version, state, percent, plan, started_at, changed_at, decisions_from
FROM rollout WHERE tenant = ?1 AND rollout >= 0 ORDER BY rollout DESC LIMIT 1

-- name: rollouts
SELECT rollout, version, state, percent, plan, started_at, changed_at, decisions_from
FROM rollout WHERE tenant = :tenant AND rollout < :below ORDER BY rollout DESC LIMIT :rows

-- name: rollout_by_number
SELECT rollout, version, state, percent, plan, started_at, changed_at, decisions_from
FROM rollout WHERE tenant = ?1 AND rollout = ?2

-- name: step_rollout
UPDATE rollout SET state = :state, percent = :percent, changed_at = :now
WHERE rollout = :rollout AND state = :was

-- name: end_rollout
UPDATE rollout SET state = 'rolled_back', changed_at = :now
WHERE tenant = :tenant AND state IN ('running', 'paused')

-- name: was_tried
SELECT 1 FROM rollout WHERE tenant = ?1 AND version = ?2 AND state = 'finished'

-- name: rollouts_running
SELECT r.tenant, r.version, r.state, r.percent, r.plan, r.started_at, r.changed_at, r.decisions_from, v.canonical
FROM rollout r JOIN policy_version v ON v.tenant = r.tenant AND v.version = r.version
WHERE r.state = 'running' ORDER BY r.tenant

-- name: open_orders
SELECT o.order_id, o.request,
    (SELECT json_group_array(DISTINCT c.class) FROM order_line l
        LEFT JOIN catalogue c ON c.tenant = l.tenant AND c.sku = l.sku
        WHERE l.tenant = o.tenant AND l.order_id = o.order_id) AS classes,
    NOT EXISTS (SELECT 1 FROM order_line l
        WHERE l.tenant = o.tenant AND l.order_id = o.order_id AND l.open > 0
            AND NOT EXISTS (SELECT 1 FROM position p
                WHERE p.tenant = l.tenant AND p.sku = l.sku AND p.on_hand - p.reserved >= l.open)) AS in_stock,
    o.kind = 'ship' AND NOT EXISTS (SELECT 1 FROM order_line l
        JOIN catalogue c ON c.tenant = l.tenant AND c.sku = l.sku
        WHERE l.tenant = o.tenant AND l.order_id = o.order_id AND c.needs <> '[]') AS simple_shipping
FROM (SELECT DISTINCT tenant, order_id FROM order_line WHERE tenant = ?1 AND open > 0) w
JOIN orders o ON o.tenant = w.tenant AND o.order_id = w.order_id
WHERE o.adopted <> 1 ORDER BY o.sequence LIMIT ?2

-- name: measure_rollout
WITH decided AS MATERIALIZED (
    SELECT order_id, min(unixepoch(json_extract(record, '$.at'), 'subsec') * 1000) AS decided_at FROM decision
    -- Of a long trial the newest decisions: what was a month ago pauses nothing today.
    WHERE sequence > max(:from, (SELECT coalesce(max(sequence), 0) FROM decision) - :most)
        AND tenant = :tenant AND json_extract(record, '$.policy') = :policy
    GROUP BY order_id)
SELECT count(*) AS orders,
    coalesce(sum(EXISTS (SELECT 1 FROM order_line l
        WHERE l.tenant = :tenant AND l.order_id = d.order_id AND l.backordered = 1)), 0) AS errors,
    CAST(coalesce(avg(max(0, d.decided_at - o.placed_at)), 0) AS INTEGER) AS latency_ms,
    coalesce(sum((SELECT count(*) FROM exception e WHERE e.tenant = :tenant AND e.order_id = d.order_id
        AND e.resolved_at IS NULL AND e.category <> 'backorder')), 0) AS open_exceptions,
    coalesce(sum(EXISTS (SELECT 1 FROM task t WHERE t.tenant = :tenant AND t.order_id = d.order_id
        AND (t.recalled = 1 OR t.phase = 'declined'))), 0) AS mismatched
FROM decided d JOIN orders o ON o.tenant = :tenant AND o.order_id = d.order_id
