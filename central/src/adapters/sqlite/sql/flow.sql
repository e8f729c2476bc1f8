-- name: step
INSERT INTO order_step (tenant, order_id, was, state, source, at, since)
VALUES (:tenant, :order, :was, :state,
    CASE
        WHEN :nodes = 0 THEN 'none'
        WHEN :nodes > 1 THEN 'several'
        ELSE coalesce((SELECT json_extract(s.description, '$.kind') FROM store s
            WHERE s.tenant = :tenant AND s.store = :node), 'none')
    END,
    :at,
    (SELECT at FROM order_step WHERE tenant = :tenant AND order_id = :order ORDER BY entry DESC LIMIT 1))

-- name: unread
SELECT s.entry, s.tenant, s.was, s.state, s.source, s.at, s.since, o.kind, coalesce(o.channel, '') AS channel,
    o.placed_at,
    EXISTS (SELECT 1 FROM order_step b WHERE b.tenant = s.tenant AND b.order_id = s.order_id AND b.entry < s.entry
        AND b.state IN ('allocated', 'accepted', 'picking', 'ready', 'shipped', 'collected')) AS had_node,
    EXISTS (SELECT 1 FROM order_step b WHERE b.tenant = s.tenant AND b.order_id = s.order_id AND b.entry < s.entry
        AND b.state IN ('accepted', 'picking', 'ready', 'shipped', 'collected')) AS had_answer,
    EXISTS (SELECT 1 FROM order_step b WHERE b.tenant = s.tenant AND b.order_id = s.order_id AND b.entry < s.entry
        AND b.state IN ('shipped', 'collected')) AS had_left,
    EXISTS (SELECT 1 FROM order_step b WHERE b.tenant = s.tenant AND b.order_id = s.order_id AND b.entry < s.entry
        AND b.state IN ('cancelled', 'rejected')) AS had_ended,
    EXISTS (SELECT 1 FROM gathering g
        WHERE g.tenant = s.tenant AND g.order_id = s.order_id AND g.began_at <= s.at) AS gathered
FROM order_step s JOIN orders o ON o.tenant = s.tenant AND o.order_id = s.order_id
WHERE s.entry > (SELECT up_to FROM flow_read) ORDER BY s.entry LIMIT :rows

-- name: sum
INSERT INTO flow_day (tenant, day, channel, kind, source, was, state, bucket, orders, ms)
VALUES (:tenant, :day, :channel, :kind, :source, :was, :state, :bucket, :orders, :ms)
ON CONFLICT (tenant, day, channel, kind, source, was, state, bucket) DO UPDATE SET
    orders = orders + excluded.orders, ms = ms + excluded.ms

-- name: read_up_to
UPDATE flow_read SET up_to = :entry WHERE only = 1

-- name: forget_sums
DELETE FROM flow_day

-- name: sums
SELECT CASE :by WHEN 'channel' THEN channel WHEN 'kind' THEN kind ELSE source END AS name,
    was, state, bucket, sum(orders) AS orders, sum(ms) AS ms
FROM flow_day WHERE tenant = :tenant AND day BETWEEN :first AND :last
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4

-- name: now
SELECT o.state, count(*) AS orders,
    min(coalesce((SELECT s.at FROM order_step s WHERE s.tenant = o.tenant AND s.order_id = o.order_id
        ORDER BY s.entry DESC LIMIT 1), o.placed_at)) AS since,
    sum(o.placed_at <= :placed_before) AS late
FROM orders o WHERE o.tenant = :tenant AND o.state IN (SELECT value FROM json_each(:states))
GROUP BY o.state ORDER BY o.state

-- name: drop_steps
DELETE FROM order_step WHERE entry IN (
    SELECT s.entry FROM order_step s
    WHERE s.at < :before AND s.entry <= (SELECT up_to FROM flow_read) LIMIT :rows)

-- name: drop_sums
DELETE FROM flow_day WHERE (tenant, day, channel, kind, source, was, state, bucket) IN (
    SELECT tenant, day, channel, kind, source, was, state, bucket FROM flow_day
    WHERE day < :before LIMIT :rows)
