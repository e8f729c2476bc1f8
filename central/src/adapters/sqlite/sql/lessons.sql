-- name: lesson
-- Before the fact that teaches it: `heard_at` is the word before.
SELECT l.sold, l.as_of, l.since, l.counted_at, p.on_hand, p.as_of AS heard_at, c.class
FROM (SELECT 1)
LEFT JOIN position p ON p.tenant = ?1 AND p.sku = ?2 AND p.store = ?3
LEFT JOIN learned l ON l.tenant = ?1 AND l.sku = ?2 AND l.store = ?3
LEFT JOIN catalogue c ON c.tenant = ?1 AND c.sku = ?2

-- name: learn
INSERT INTO learned (tenant, sku, store, sold, as_of, since, counted_at)
VALUES (:tenant, :sku, :store, :sold, :as_of, :since, :counted_at)
ON CONFLICT (tenant, sku, store) DO UPDATE SET
    sold = excluded.sold, as_of = excluded.as_of, since = excluded.since, counted_at = excluded.counted_at

-- name: check_record
SELECT checks, wrong, missing_units, days, as_of FROM check_record
WHERE tenant = ?1 AND store = ?2 AND class = ?3

-- name: put_check_record
INSERT INTO check_record (tenant, store, class, checks, wrong, missing_units, days, as_of)
VALUES (:tenant, :store, :class, :checks, :wrong, :missing_units, :days, :as_of)
ON CONFLICT (tenant, store, class) DO UPDATE SET
    checks = excluded.checks, wrong = excluded.wrong, missing_units = excluded.missing_units,
    days = excluded.days, as_of = excluded.as_of

-- name: check_records
SELECT store, class, checks, wrong, missing_units, days, as_of FROM check_record
WHERE tenant = :tenant AND store BETWEEN :first AND :last

-- name: channel_of_task
SELECT json_extract(o.request, '$.channel') AS channel
FROM task t JOIN orders o ON o.tenant = t.tenant AND o.order_id = t.order_id
WHERE t.tenant = ?1 AND t.task = ?2

-- name: class_of
SELECT class FROM catalogue WHERE tenant = ?1 AND sku = ?2

-- name: miss
INSERT INTO stock_miss (day, tenant, store, class, channel, cause, units)
VALUES (:day, :tenant, :store, :class, :channel, :cause, :units)
ON CONFLICT (day, tenant, store, class, channel, cause) DO UPDATE SET units = units + excluded.units

-- name: withhold
INSERT INTO stock_withheld (tenant, order_id, line, store, cause, day, sku, class, channel, units)
VALUES (:tenant, :order, :line, :store, :cause, :day, :sku, :class, :channel, :units)
ON CONFLICT DO NOTHING

-- name: stock_report
SELECT store, class, channel, cause, sum(units) AS units FROM (
    SELECT store, class, channel, cause, units FROM stock_miss
    WHERE day BETWEEN :first AND :last AND tenant = :tenant
    UNION ALL
    SELECT store, class, channel, cause, units FROM stock_withheld
    WHERE day BETWEEN :first AND :last AND tenant = :tenant)
GROUP BY store, class, channel, cause HAVING sum(units) > 0
ORDER BY sum(units) DESC, store, class, channel, cause LIMIT :rows

-- name: drop_misses
DELETE FROM stock_miss WHERE day < :before

-- name: drop_withheld
DELETE FROM stock_withheld WHERE (tenant, order_id, line, store, cause) IN (
    SELECT tenant, order_id, line, store, cause FROM stock_withheld WHERE day < :before LIMIT :rows)

-- name: how_stores_stand
-- What is said of a store, whatever the SKU. `rights_stand` is as `reserve` judges it.
SELECT s.store, s.buffer_units, r.level_at,
    coalesce(r.rights_compared, 0) = 1 AND (
        SELECT count(*) = 1 AND max(coalesce(v.version, 0)) >= :escrow_since FROM replica b
        LEFT JOIN replica_progress v ON v.tenant = b.tenant AND v.store = b.store AND v.replica = b.replica
        WHERE b.tenant = s.tenant AND b.store = s.store) AS rights_stand,
    EXISTS (SELECT 1 FROM recovery_replica v
        WHERE v.tenant = s.tenant AND v.store = s.store AND v.replayed_at IS NULL) AS recovering
FROM store s LEFT JOIN replication r ON r.tenant = s.tenant AND r.store = s.store
WHERE s.tenant = :tenant

-- name: known_of_sku
SELECT p.store, p.on_hand, p.reserved, p.rights, p.rights_held, p.as_of,
    l.sold, l.as_of AS learned_as_of, l.since, l.counted_at, e.sku IS NOT NULL AS in_escrow
FROM position p
LEFT JOIN learned l ON l.tenant = p.tenant AND l.sku = p.sku AND l.store = p.store
LEFT JOIN escrow e ON e.tenant = p.tenant AND e.store = p.store AND e.sku = p.sku
WHERE p.tenant = :tenant AND p.sku = :sku ORDER BY p.store

-- name: sku_at_nodes
SELECT s.store, :sku AS sku, p.on_hand, p.reserved, p.rights, p.rights_held, s.buffer_units, p.as_of,
    r.level_at,
    -- As `reserve` judges it; null of a SKU that is not in escrow.
    CASE WHEN e.sku IS NOT NULL THEN coalesce(r.rights_compared, 0) = 1 AND (
        SELECT count(*) = 1 AND max(coalesce(v.version, 0)) >= :escrow_since FROM replica b
        LEFT JOIN replica_progress v ON v.tenant = b.tenant AND v.store = b.store AND v.replica = b.replica
        WHERE b.tenant = s.tenant AND b.store = s.store) END AS rights_stand,
    l.sold, l.as_of AS learned_as_of, l.since, l.counted_at, c.class,
    EXISTS (SELECT 1 FROM recovery_replica v
        WHERE v.tenant = s.tenant AND v.store = s.store AND v.replayed_at IS NULL) AS recovering
FROM store s
LEFT JOIN position p ON p.tenant = s.tenant AND p.sku = :sku AND p.store = s.store
LEFT JOIN replication r ON r.tenant = s.tenant AND r.store = s.store
LEFT JOIN learned l ON l.tenant = s.tenant AND l.sku = :sku AND l.store = s.store
LEFT JOIN catalogue c ON c.tenant = s.tenant AND c.sku = :sku
LEFT JOIN escrow e ON e.tenant = s.tenant AND e.store = s.store AND e.sku = :sku
WHERE s.tenant = :tenant AND s.store > :after ORDER BY s.store LIMIT :rows

-- name: known_of_store
SELECT p.store, p.sku, p.on_hand, p.reserved, p.rights, p.rights_held, s.buffer_units, p.as_of,
    r.level_at,
    -- As `reserve` judges it; null of a SKU that is not in escrow.
    CASE WHEN e.sku IS NOT NULL THEN coalesce(r.rights_compared, 0) = 1 AND (
        SELECT count(*) = 1 AND max(coalesce(v.version, 0)) >= :escrow_since FROM replica b
        LEFT JOIN replica_progress v ON v.tenant = b.tenant AND v.store = b.store AND v.replica = b.replica
        WHERE b.tenant = p.tenant AND b.store = p.store) END AS rights_stand,
    l.sold, l.as_of AS learned_as_of, l.since, l.counted_at, c.class,
    EXISTS (SELECT 1 FROM recovery_replica v
        WHERE v.tenant = p.tenant AND v.store = p.store AND v.replayed_at IS NULL) AS recovering
FROM position p
JOIN store s ON s.tenant = p.tenant AND s.store = p.store
LEFT JOIN replication r ON r.tenant = p.tenant AND r.store = p.store
LEFT JOIN learned l ON l.tenant = p.tenant AND l.sku = p.sku AND l.store = p.store
LEFT JOIN catalogue c ON c.tenant = p.tenant AND c.sku = p.sku
LEFT JOIN escrow e ON e.tenant = p.tenant AND e.store = p.store AND e.sku = p.sku
WHERE p.tenant = :tenant AND p.store = :store AND p.sku > :after ORDER BY p.sku LIMIT :rows
