-- name: target
SELECT target FROM escrow WHERE tenant = :tenant AND store = :store AND sku = :sku

-- name: targets
SELECT sku, target FROM escrow WHERE tenant = :tenant AND store = :store ORDER BY sku

-- name: count_targets
SELECT count(*) AS skus FROM escrow WHERE tenant = :tenant AND store = :store AND sku <> :sku

-- name: put_target
INSERT INTO escrow (tenant, store, sku, target, changed_at, changed_by)
VALUES (:tenant, :store, :sku, :target, :now, :actor)
ON CONFLICT (tenant, store, sku) DO UPDATE SET
    target = excluded.target, changed_at = excluded.changed_at, changed_by = excluded.changed_by, of_class = NULL

-- name: drop_target
DELETE FROM escrow WHERE tenant = :tenant AND store = :store AND sku = :sku AND of_class IS NULL

-- name: boxes
-- Those that were enrolled, and those of them that can cede and know what others ceded.
SELECT count(*) AS boxes, coalesce(sum(coalesce(p.version, 0) >= :version), 0) AS able
FROM replica r
LEFT JOIN replica_progress p ON p.tenant = r.tenant AND p.store = r.store AND p.replica = r.replica
WHERE r.tenant = :tenant AND r.store = :store

-- name: ceded
-- What a store has ceded, in escrow still or not.
SELECT p.sku, p.on_hand, p.rights, p.rights_held, coalesce(e.target, 0) AS target
FROM position p LEFT JOIN escrow e ON e.tenant = p.tenant AND e.store = p.store AND e.sku = p.sku
WHERE p.tenant = :tenant AND p.store = :store AND p.rights <> 0 ORDER BY p.sku

-- name: listed
SELECT e.sku, e.target, coalesce(p.on_hand, 0) AS on_hand, coalesce(p.rights, 0) AS rights,
    coalesce(p.rights_held, 0) AS rights_held
FROM escrow e LEFT JOIN position p ON p.tenant = e.tenant AND p.sku = e.sku AND p.store = e.store
WHERE e.tenant = :tenant AND e.store = :store ORDER BY e.sku

-- name: compared
SELECT rights_compared FROM replication WHERE tenant = :tenant AND store = :store

-- name: set_compared
UPDATE replication SET rights_compared = :compared
WHERE tenant = :tenant AND store = :store AND rights_compared <> :compared

-- name: none_is_compared
UPDATE replication SET rights_compared = 0

-- name: is_told
SELECT 1 FROM exception WHERE tenant = :tenant AND key = :key AND resolved_at IS NULL

-- name: any_escrow
SELECT 1 FROM escrow WHERE tenant = ?1 LIMIT 1
