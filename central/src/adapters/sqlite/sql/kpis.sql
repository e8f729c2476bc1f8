-- name: count_routing
INSERT INTO routing_day (tenant, of_nodes, day, channel, kind, policy, region, node, assigned, best, split, parcels,
    unplaced, units, best_units, fulfilled_units, fulfilled_best_units, rerouted, moved, declined, cancelled,
    short_units, withheld_units, promises, promises_kept, reserved, reserve_ms, accepted, accept_ms)
VALUES (:tenant, :of_nodes, :day, :channel, :kind, :policy, :region, :node, :assigned, :best, :split, :parcels,
    :unplaced, :units, :best_units, :fulfilled_units, :fulfilled_best_units, :rerouted, :moved, :declined, :cancelled,
    :short_units, :withheld_units, :promises, :promises_kept, :reserved, :reserve_ms, :accepted, :accept_ms)
ON CONFLICT (tenant, of_nodes, day, channel, kind, policy, region, node) DO UPDATE SET
    assigned = assigned + excluded.assigned, best = best + excluded.best, split = split + excluded.split,
    parcels = parcels + excluded.parcels, unplaced = unplaced + excluded.unplaced,
    units = units + excluded.units, best_units = best_units + excluded.best_units,
    fulfilled_units = fulfilled_units + excluded.fulfilled_units,
    fulfilled_best_units = fulfilled_best_units + excluded.fulfilled_best_units,
    rerouted = rerouted + excluded.rerouted, moved = moved + excluded.moved,
    declined = declined + excluded.declined, cancelled = cancelled + excluded.cancelled,
    short_units = short_units + excluded.short_units, withheld_units = withheld_units + excluded.withheld_units,
    promises = promises + excluded.promises, promises_kept = promises_kept + excluded.promises_kept,
    reserved = reserved + excluded.reserved, reserve_ms = reserve_ms + excluded.reserve_ms,
    accepted = accepted + excluded.accepted, accept_ms = accept_ms + excluded.accept_ms

-- name: routing_slices
SELECT CASE :by WHEN 'channel' THEN channel WHEN 'kind' THEN kind WHEN 'policy' THEN policy
        WHEN 'region' THEN region ELSE node END AS name,
    sum(assigned) AS assigned, sum(best) AS best, sum(split) AS split, sum(parcels) AS parcels,
    sum(unplaced) AS unplaced, sum(units) AS units, sum(best_units) AS best_units,
    sum(fulfilled_units) AS fulfilled_units, sum(fulfilled_best_units) AS fulfilled_best_units,
    sum(rerouted) AS rerouted, sum(moved) AS moved, sum(declined) AS declined, sum(cancelled) AS cancelled,
    sum(short_units) AS short_units, sum(withheld_units) AS withheld_units, sum(promises) AS promises,
    sum(promises_kept) AS promises_kept, sum(reserved) AS reserved, sum(reserve_ms) AS reserve_ms,
    sum(accepted) AS accepted, sum(accept_ms) AS accept_ms
FROM routing_day
WHERE tenant = :tenant AND of_nodes = :of_nodes AND day BETWEEN :first AND :last
GROUP BY 1 ORDER BY sum(units) DESC, 1 LIMIT :rows

-- name: routing_days
SELECT day,
    sum(assigned) AS assigned, sum(best) AS best, sum(split) AS split, sum(parcels) AS parcels,
    sum(unplaced) AS unplaced, sum(units) AS units, sum(best_units) AS best_units,
    sum(fulfilled_units) AS fulfilled_units, sum(fulfilled_best_units) AS fulfilled_best_units,
    sum(rerouted) AS rerouted, sum(moved) AS moved, sum(declined) AS declined, sum(cancelled) AS cancelled,
    sum(short_units) AS short_units, sum(withheld_units) AS withheld_units, sum(promises) AS promises,
    sum(promises_kept) AS promises_kept, sum(reserved) AS reserved, sum(reserve_ms) AS reserve_ms,
    sum(accepted) AS accepted, sum(accept_ms) AS accept_ms
FROM routing_day
WHERE tenant = :tenant AND of_nodes = 0 AND day BETWEEN :first AND :last
GROUP BY day ORDER BY day

-- name: about_order
SELECT o.kind, coalesce(json_extract(o.request, '$.channel'), '') AS channel,
    (SELECT json_extract(s.description, '$.region') FROM store s WHERE s.tenant = :tenant AND s.store = :store) AS region
FROM orders o WHERE o.tenant = :tenant AND o.order_id = :order

-- name: routed_task
SELECT routed_by, coalesce(routed_best, 0) AS routed_best FROM task WHERE tenant = ?1 AND task = ?2

-- name: route_task
UPDATE task SET routed_by = :policy, routed_best = :best WHERE tenant = :tenant AND task = :task

-- name: was_lost
SELECT 1 FROM task
WHERE tenant = ?1 AND order_id = ?2 AND (recalled = 1 OR phase IN ('declined', 'put_back')) LIMIT 1

-- name: policy_of_order
SELECT json_extract(record, '$.policy') AS policy FROM decision
WHERE tenant = ?1 AND order_id = ?2 ORDER BY sequence DESC LIMIT 1

-- name: drop_routing_days
DELETE FROM routing_day WHERE (tenant, of_nodes, day, channel, kind, policy, region, node) IN (
    SELECT tenant, of_nodes, day, channel, kind, policy, region, node FROM routing_day
    WHERE day < :before LIMIT :rows)
