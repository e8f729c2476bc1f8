-- name: in_flight
SELECT o.state, o.policy, count(*) AS orders, sum(o.released) AS released, sum(o.open) AS open
FROM (SELECT w.state,
        (SELECT json_extract(d.record, '$.policy') FROM decision d
            WHERE d.tenant = w.tenant AND d.order_id = w.order_id ORDER BY d.sequence DESC LIMIT 1) AS policy,
        EXISTS (SELECT 1 FROM task t
            WHERE t.tenant = w.tenant AND t.order_id = w.order_id AND t.ended_at IS NULL
                AND t.released_to IS NOT NULL) AS released,
        EXISTS (SELECT 1 FROM order_line l
            WHERE l.tenant = w.tenant AND l.order_id = w.order_id AND l.open > 0) AS open
    FROM orders w
    WHERE w.tenant = :tenant
        AND w.state IN ('placed', 'backordered', 'allocated', 'accepted', 'picking', 'ready', 'exception')
    LIMIT :rows) o
GROUP BY o.state, o.policy ORDER BY o.state, o.policy

-- name: decided_by
-- Of the newest decisions; the newest order first.
SELECT order_id, count(*) OVER () AS orders,
    sum(EXISTS (SELECT 1 FROM orders o WHERE o.tenant = :tenant AND o.order_id = d.order_id
        AND o.state IN ('shipped', 'collected', 'delivered', 'returned', 'refunded'))) OVER () AS gone
FROM (SELECT order_id, max(sequence) AS newest FROM decision
    WHERE sequence > (SELECT coalesce(max(sequence), 0) FROM decision) - :most
        AND tenant = :tenant AND json_extract(record, '$.policy') = :policy
    GROUP BY order_id) d
ORDER BY newest DESC LIMIT :rows

-- name: order_facts
SELECT o.order_id, o.state, o.request,
    (SELECT coalesce(sum(h.quantity), 0) FROM task t JOIN hold h ON h.tenant = t.tenant AND h.task = t.task
        WHERE t.tenant = o.tenant AND t.order_id = o.order_id AND t.ended_at IS NOT NULL) AS orphaned,
    (SELECT count(*) FROM task t JOIN hold h ON h.tenant = t.tenant AND h.task = t.task
        WHERE t.tenant = o.tenant AND t.order_id = o.order_id AND t.ended_at IS NULL AND t.recalled = 0
            AND t.phase IN ('offered', 'accepted') AND h.quantity = 0) AS unheld
FROM orders o WHERE o.tenant = ?1 AND o.order_id = ?2

-- name: record_rollback
INSERT INTO policy_rollback (tenant, from_version, from_policy, to_version, to_policy, actor, reason, at, decisions_from)
VALUES (:tenant, :from_version, :from_policy, :to_version, :to_policy, :actor, :reason, :now,
    (SELECT coalesce(max(sequence), 0) FROM decision))

-- name: newest_rollback
SELECT from_version, from_policy, to_version, to_policy, actor, reason, at, decisions_from
FROM policy_rollback WHERE tenant = ?1 AND sequence >= 0 ORDER BY sequence DESC LIMIT 1

-- name: decisions_since
SELECT json_extract(record, '$.policy') AS policy, count(*) AS decisions FROM decision
WHERE sequence > max(:from, (SELECT coalesce(max(sequence), 0) FROM decision) - :most) AND tenant = :tenant
GROUP BY 1 ORDER BY 1

-- name: channels_seen
SELECT json_extract(o.request, '$.channel') AS channel, e.actor, count(*) AS orders, max(o.placed_at) AS last_at
FROM (SELECT tenant, order_id, request, placed_at FROM orders
    WHERE tenant = :tenant AND sequence >= 0 AND adopted = 0 ORDER BY sequence DESC LIMIT :rows) o
JOIN order_event e ON e.tenant = o.tenant AND e.order_id = o.order_id AND e.sequence = 1
GROUP BY 1, 2 ORDER BY 1, 2

-- name: note_key_use
INSERT INTO api_key_use (tenant, key, used_at)
SELECT tenant, key, :now FROM api_key WHERE tenant = :tenant AND key = :key
ON CONFLICT (tenant, key) DO UPDATE SET used_at = max(used_at, excluded.used_at)

-- name: key_uses
SELECT key, used_at FROM api_key_use WHERE tenant = ?1

-- name: store_boxes
SELECT s.store, b.boxes, coalesce(p.level, 0) AS level, b.version
FROM store s
JOIN (SELECT r.tenant, r.store, count(*) AS boxes, min(coalesce(g.version, 0)) AS version FROM replica r
        LEFT JOIN replica_progress g ON g.tenant = r.tenant AND g.store = r.store AND g.replica = r.replica
        WHERE r.tenant = ?1 GROUP BY r.tenant, r.store
    UNION ALL
    SELECT n.tenant, n.store, 0, 0 FROM store n
        WHERE n.tenant = ?1
            AND NOT EXISTS (SELECT 1 FROM replica r WHERE r.tenant = n.tenant AND r.store = n.store)) b
    ON b.tenant = s.tenant AND b.store = s.store
LEFT JOIN replication p ON p.tenant = s.tenant AND p.store = s.store
WHERE s.tenant = ?1 ORDER BY s.store

-- name: orders_since
WITH told AS MATERIALIZED (
    SELECT key, kind FROM outbox
    WHERE tenant = :tenant AND sequence >= 0 AND at >= :since AND kind GLOB 'Order*'
    ORDER BY sequence DESC LIMIT :events),
due AS MATERIALIZED (
    SELECT order_id FROM exception
    WHERE tenant = :tenant AND sequence >= 0 AND raised_at >= :since AND category = 'return_due'
    ORDER BY sequence DESC LIMIT :events)
SELECT o.order_id, o.state, o.cancel_requested,
    (SELECT json_group_array(DISTINCT e.kind) FROM told e WHERE e.key = o.order_id) AS told,
    EXISTS (SELECT 1 FROM task t WHERE t.tenant = o.tenant AND t.order_id = o.order_id) AS has_task,
    EXISTS (SELECT 1 FROM task t WHERE t.tenant = o.tenant AND t.order_id = o.order_id
        AND t.cancelling = 1 AND t.phase = 'handed_over') AS left_anyway,
    EXISTS (SELECT 1 FROM task t WHERE t.tenant = o.tenant AND t.order_id = o.order_id
        AND t.cancelling = 1 AND t.ended_at IS NULL) AS unanswered,
    EXISTS (SELECT 1 FROM order_line l WHERE l.tenant = o.tenant AND l.order_id = o.order_id
        AND l.cancelled > 0) AS cancelled,
    EXISTS (SELECT 1 FROM due r WHERE r.order_id = o.order_id) AS return_due
FROM orders o
WHERE o.tenant = :tenant AND o.sequence >= 0 AND o.placed_at >= :since AND o.adopted = 0
ORDER BY o.sequence DESC LIMIT :rows

-- name: raised_since
SELECT category, count(*) AS raised, sum(resolved_at IS NULL) AS open,
    min(CASE WHEN resolved_at IS NULL THEN raised_at END) AS open_since
FROM (SELECT category, resolved_at, raised_at FROM exception
    WHERE tenant = :tenant AND sequence >= 0 AND raised_at >= :since ORDER BY sequence DESC LIMIT :rows)
GROUP BY category ORDER BY category

-- name: open_exceptions_of
SELECT count(*) AS open FROM (
    SELECT 1 FROM exception WHERE tenant = :tenant AND resolved_at IS NULL
        AND (:category IS NULL OR category = :category) LIMIT :rows)
