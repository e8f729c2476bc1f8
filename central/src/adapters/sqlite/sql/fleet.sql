-- name: put_store
INSERT INTO store (tenant, store, description, buffer_units, changed_at)
VALUES (:tenant, :store, :description, :buffer_units, :changed_at)
ON CONFLICT (tenant, store) DO UPDATE SET
    description = excluded.description,
    buffer_units = excluded.buffer_units,
    changed_at = excluded.changed_at

-- name: begin_replication
INSERT INTO replication (tenant, store, root, stock_digest)
VALUES (:tenant, :store, :nothing, :nothing)
ON CONFLICT DO NOTHING

-- name: store
SELECT s.tenant, s.description,
    (SELECT count(*) FROM replica r WHERE r.tenant = s.tenant AND r.store = s.store) AS enrolled_replicas,
    (SELECT count(*) FROM task t WHERE t.tenant = s.tenant AND t.store = s.store AND t.ended_at IS NULL) AS open_tasks,
    (SELECT max(p.heard_at) FROM replica_progress p WHERE p.tenant = s.tenant AND p.store = s.store) AS synced_at,
    (SELECT json_group_array(json(c.closure)) FROM closure c WHERE c.tenant = s.tenant AND c.store = s.store) AS closures,
    (SELECT a.arranged FROM arrangement a WHERE a.tenant = s.tenant AND a.store = s.store) AS arranged,
    (SELECT json_group_array(json_array(h.hour, h.given, h.accepted, h.accept_ms, h.declined, h.picked_units,
        h.short_units)) FROM work_hour h WHERE h.tenant = s.tenant AND h.store = s.store) AS work,
    EXISTS (SELECT 1 FROM recovery_replica v
        WHERE v.tenant = s.tenant AND v.store = s.store AND v.replayed_at IS NULL) AS recovering
FROM store s WHERE s.tenant = ?1 AND s.store = ?2

-- name: stores
SELECT s.tenant, s.description,
    (SELECT count(*) FROM replica r WHERE r.tenant = s.tenant AND r.store = s.store) AS enrolled_replicas,
    (SELECT count(*) FROM task t WHERE t.tenant = s.tenant AND t.store = s.store AND t.ended_at IS NULL) AS open_tasks,
    (SELECT max(p.heard_at) FROM replica_progress p WHERE p.tenant = s.tenant AND p.store = s.store) AS synced_at,
    (SELECT json_group_array(json(c.closure)) FROM closure c WHERE c.tenant = s.tenant AND c.store = s.store) AS closures,
    (SELECT a.arranged FROM arrangement a WHERE a.tenant = s.tenant AND a.store = s.store) AS arranged,
    (SELECT json_group_array(json_array(h.hour, h.given, h.accepted, h.accept_ms, h.declined, h.picked_units,
        h.short_units)) FROM work_hour h WHERE h.tenant = s.tenant AND h.store = s.store) AS work,
    EXISTS (SELECT 1 FROM recovery_replica v
        WHERE v.tenant = s.tenant AND v.store = s.store AND v.replayed_at IS NULL) AS recovering
FROM store s WHERE s.tenant = ?1 ORDER BY s.store

-- From one to the next by the index, past all the stores between them.
-- name: tenants_with_stores
WITH RECURSIVE each_one (tenant) AS (
    SELECT min(tenant) FROM store
    UNION ALL
    SELECT (SELECT min(s.tenant) FROM store s WHERE s.tenant > o.tenant) FROM each_one o WHERE o.tenant IS NOT NULL
)
SELECT tenant FROM each_one WHERE tenant IS NOT NULL

-- name: close
INSERT INTO closure (tenant, store, from_store, closure)
SELECT tenant, store, :from_store, :closure FROM store WHERE tenant = :tenant AND store = :store
ON CONFLICT (tenant, store, from_store) DO UPDATE SET closure = excluded.closure

-- name: grant_lease
INSERT INTO lease (tenant, store, granted_ms) VALUES (:tenant, :store, :granted_ms)
ON CONFLICT (tenant, store) DO UPDATE SET granted_ms = excluded.granted_ms

-- name: leases
SELECT tenant, store, granted_ms FROM lease

-- name: reopen
DELETE FROM closure WHERE tenant = :tenant AND store = :store AND from_store = :from_store

-- name: put_catalogue_item
INSERT INTO catalogue (tenant, sku, name, class, needs) VALUES (:tenant, :sku, :name, :class, :needs)
ON CONFLICT (tenant, sku) DO UPDATE SET name = excluded.name, class = excluded.class, needs = excluded.needs
WHERE name IS NOT excluded.name OR class IS NOT excluded.class OR needs IS NOT excluded.needs

-- name: catalogue_has
SELECT 1 FROM catalogue WHERE tenant = ?1 AND sku = ?2

-- name: positions_of_sku
SELECT p.store, p.sku, p.on_hand, p.reserved, s.buffer_units, p.as_of,
    -- Of a SKU in escrow what its store has ceded, and nothing while that is in doubt.
    CASE WHEN e.sku IS NOT NULL THEN (
        SELECT CASE WHEN r.rights_compared = 1 AND count(*) = 1 AND max(coalesce(v.version, 0)) >= ?3
            THEN p.rights - p.rights_held ELSE 0 END
        FROM replication r
        JOIN replica b ON b.tenant = r.tenant AND b.store = r.store
        LEFT JOIN replica_progress v ON v.tenant = b.tenant AND v.store = b.store AND v.replica = b.replica
        WHERE r.tenant = p.tenant AND r.store = p.store) END AS unheld
FROM position p JOIN store s ON s.tenant = p.tenant AND s.store = p.store
LEFT JOIN escrow e ON e.tenant = p.tenant AND e.store = p.store AND e.sku = p.sku
WHERE p.tenant = ?1 AND p.sku = ?2 ORDER BY p.store

-- name: record_eligibility
INSERT INTO eligibility_change (tenant, store, at, eligibility)
VALUES (:tenant, :store, :at, :eligibility)

-- name: node_grew
INSERT INTO node_growth (tenant, grew_at) VALUES (:tenant, :at)
ON CONFLICT (tenant) DO UPDATE SET grew_at = max(grew_at, excluded.grew_at)

-- name: eligibility_history
SELECT sequence, store, at, eligibility FROM eligibility_change
WHERE tenant = :tenant AND store = :store AND sequence < :below
ORDER BY sequence DESC LIMIT :rows
