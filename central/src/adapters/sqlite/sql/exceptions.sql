-- name: raise
INSERT INTO exception (tenant, key, category, severity, order_id, task, store, detail, suggestion, raised_at)
VALUES (:tenant, :key, :category, :severity, :order, :task, :store, :detail, :suggestion, :now)
ON CONFLICT (tenant, key) WHERE resolved_at IS NULL
DO UPDATE SET times = times + 1, detail = excluded.detail, severity = excluded.severity

-- name: settle
UPDATE exception SET resolved_at = :now, resolution = :resolution
WHERE tenant = :tenant AND key = :key AND resolved_at IS NULL

-- name: resolve
UPDATE exception SET resolved_at = :now, resolution = :resolution
WHERE sequence = CAST(substr(:exception, 2) AS INTEGER) AND 'x' || sequence = :exception
    AND tenant = :tenant AND resolved_at IS NULL

-- name: page
SELECT sequence, 'x' || sequence AS exception, category, severity, order_id, task, store, detail,
    suggestion, times, raised_at, resolved_at, resolution
FROM exception
WHERE tenant = :tenant AND sequence < :below AND (NOT :open_only OR resolved_at IS NULL)
ORDER BY sequence DESC LIMIT :rows
