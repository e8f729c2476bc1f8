-- name: put
INSERT INTO escrow_class (tenant, store, class, target, changed_at, changed_by)
VALUES (:tenant, :store, :class, :target, :now, :actor)
ON CONFLICT (tenant, store, class) DO UPDATE SET
    target = excluded.target, changed_at = excluded.changed_at, changed_by = excluded.changed_by

-- name: end
DELETE FROM escrow_class WHERE tenant = :tenant AND store = :store AND class = :class

-- name: listed
SELECT k.class, k.target,
    (SELECT count(*) FROM escrow e WHERE e.tenant = k.tenant AND e.store = k.store AND e.of_class = k.class) AS skus,
    (SELECT count(*) FROM catalogue c WHERE c.tenant = k.tenant AND c.class = k.class AND NOT EXISTS (
        SELECT 1 FROM escrow e WHERE e.tenant = k.tenant AND e.store = k.store AND e.sku = c.sku)) AS left_out
FROM escrow_class k WHERE k.tenant = :tenant AND k.store = :store ORDER BY k.class

-- name: any
SELECT 1 FROM escrow_class WHERE tenant = ?1 LIMIT 1

-- name: count_with
-- SKUs that would be in escrow at the store, and classes.
SELECT (SELECT count(*) FROM escrow WHERE tenant = :tenant AND store = :store)
    + (SELECT count(*) FROM catalogue c WHERE c.tenant = :tenant AND c.class = :class AND NOT EXISTS (
        SELECT 1 FROM escrow e WHERE e.tenant = :tenant AND e.store = :store AND e.sku = c.sku)) AS skus

-- name: put_skus
-- What was said of a SKU alone stays.
INSERT INTO escrow (tenant, store, sku, target, changed_at, changed_by, of_class)
SELECT :tenant, :store, c.sku, :target, :now, :actor, c.class FROM catalogue c
WHERE c.tenant = :tenant AND c.class = :class
ON CONFLICT (tenant, store, sku) DO UPDATE SET
    target = excluded.target, changed_at = excluded.changed_at, changed_by = excluded.changed_by
WHERE of_class IS NOT NULL

-- name: end_skus
DELETE FROM escrow WHERE tenant = :tenant AND store = :store AND of_class = :class RETURNING sku

-- name: leaves
-- The SKU is of another class now, or of none.
DELETE FROM escrow WHERE tenant = :tenant AND sku = :sku AND of_class IS NOT NULL AND of_class IS NOT :class

-- name: joins
INSERT INTO escrow (tenant, store, sku, target, changed_at, changed_by, of_class)
SELECT k.tenant, k.store, :sku, k.target, k.changed_at, k.changed_by, k.class FROM escrow_class k
WHERE k.tenant = :tenant AND k.class = :class
    AND (SELECT count(*) FROM escrow e WHERE e.tenant = k.tenant AND e.store = k.store) < :most
ON CONFLICT (tenant, store, sku) DO NOTHING

-- name: joins_again
-- Nothing is said of the SKU alone any more.
INSERT INTO escrow (tenant, store, sku, target, changed_at, changed_by, of_class)
SELECT k.tenant, k.store, c.sku, k.target, k.changed_at, k.changed_by, k.class
FROM catalogue c JOIN escrow_class k ON k.tenant = c.tenant AND k.class = c.class AND k.store = :store
WHERE c.tenant = :tenant AND c.sku = :sku
ON CONFLICT (tenant, store, sku) DO NOTHING
