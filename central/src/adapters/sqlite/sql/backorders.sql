-- name: drop_expected
DELETE FROM expected_stock WHERE tenant = ?1 AND sku = ?2

-- name: add_expected
INSERT INTO expected_stock (tenant, sku, store, expected_at, units, said_at, said_by)
VALUES (:tenant, :sku, :store, :expected_at, :units, :now, :by)

-- name: expected
SELECT store, units, expected_at FROM expected_stock
WHERE tenant = :tenant AND sku = :sku AND expected_at > :now AND units > 0 ORDER BY expected_at, store

-- name: expected_at_store
SELECT expected_at, units FROM expected_stock
WHERE tenant = :tenant AND sku = :sku AND store = :store AND units > 0 ORDER BY expected_at

-- name: came
UPDATE expected_stock SET units = units - :units
WHERE tenant = :tenant AND sku = :sku AND store = :store AND expected_at = :expected_at

-- name: drop_passed
DELETE FROM expected_stock WHERE (tenant, sku, store, expected_at) IN (
    SELECT tenant, sku, store, expected_at FROM expected_stock WHERE expected_at <= :before
    ORDER BY expected_at LIMIT :rows)

-- name: skus_to_date
SELECT tenant, sku FROM (
    SELECT DISTINCT e.tenant, e.sku FROM expected_stock e
    WHERE EXISTS (SELECT 1 FROM order_line l WHERE l.tenant = e.tenant AND l.sku = e.sku AND l.backordered = 1)
    UNION
    SELECT tenant, sku FROM order_line WHERE expected_at IS NOT NULL)
WHERE :tenant IS NULL OR (tenant, sku) > (:tenant, :sku)
ORDER BY tenant, sku LIMIT :rows

-- name: queue
SELECT l.order_id, l.line, l.open, l.expected_at, json_extract(o.request, '$.pickup_store') AS bound_to
FROM order_line l JOIN orders o ON o.tenant = l.tenant AND o.order_id = l.order_id
WHERE l.tenant = :tenant AND l.sku = :sku AND l.backordered = 1 AND l.open > 0
ORDER BY o.priority DESC, o.placed_at, o.sequence, l.line LIMIT :rows

-- name: dated_in_vain
SELECT 1 FROM order_line
WHERE tenant = ?1 AND sku = ?2 AND expected_at IS NOT NULL AND (backordered = 0 OR open = 0) LIMIT 1

-- name: forget_dates
UPDATE order_line SET expected_at = NULL
WHERE tenant = ?1 AND sku = ?2 AND expected_at IS NOT NULL AND (backordered = 0 OR open = 0)

-- name: date_line
UPDATE order_line SET expected_at = :expected_at
WHERE tenant = :tenant AND order_id = :order AND line = :line AND sku = :sku AND backordered = 1
    AND expected_at IS NOT :expected_at
RETURNING open

-- name: awaited
SELECT line, sku, open, expected_at FROM order_line
WHERE tenant = ?1 AND order_id = ?2 AND backordered = 1 AND open > 0 ORDER BY line

-- name: standings
SELECT l.line, count(*) AS place, sum(e.open) - l.open AS units_ahead
FROM order_line l JOIN orders o ON o.tenant = l.tenant AND o.order_id = l.order_id
    CROSS JOIN order_line e ON e.tenant = l.tenant AND e.sku = l.sku AND e.backordered = 1 AND e.open > 0
    CROSS JOIN orders p ON p.tenant = e.tenant AND p.order_id = e.order_id
WHERE l.tenant = ?1 AND l.order_id = ?2 AND l.backordered = 1 AND l.open > 0
    AND (-p.priority, p.placed_at, p.sequence, e.line) <= (-o.priority, o.placed_at, o.sequence, l.line)
GROUP BY l.line ORDER BY l.line

-- name: backorders_page
SELECT priority, placed_at, sequence, order_id, line, sku, open, place, units_ahead, expected_at, request, kind
FROM (
    SELECT o.priority, o.placed_at, o.sequence, l.order_id, l.line, l.sku, l.open, l.expected_at, o.request, o.kind,
        row_number() OVER next_first AS place,
        coalesce(sum(l.open) OVER (next_first ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)
            AS units_ahead
    FROM order_line l JOIN orders o ON o.tenant = l.tenant AND o.order_id = l.order_id
    WHERE l.tenant = :tenant AND l.backordered = 1 AND l.open > 0
    WINDOW next_first AS (PARTITION BY l.sku ORDER BY o.priority DESC, o.placed_at, o.sequence, l.line))
WHERE (-priority, placed_at, sequence, line) > (-:priority, :placed_at, :sequence, :line)
ORDER BY priority DESC, placed_at, sequence, line LIMIT :rows
