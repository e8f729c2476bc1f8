-- name: add_measure
INSERT INTO order_kpi_day (tenant, day, channel, source, measure, bucket, orders, ms)
VALUES (:tenant, :day, :channel, :source, :measure, :bucket, :orders, :ms)
ON CONFLICT (tenant, day, channel, source, measure, bucket) DO UPDATE SET
    orders = orders + excluded.orders, ms = ms + excluded.ms

-- name: forget_measures
DELETE FROM order_kpi_day

-- name: drop_measures
DELETE FROM order_kpi_day WHERE (tenant, day, channel, source, measure, bucket) IN (
    SELECT tenant, day, channel, source, measure, bucket FROM order_kpi_day WHERE day < :before LIMIT :rows)

-- name: measured
SELECT CASE :by WHEN 'channel' THEN channel ELSE source END AS name, measure, bucket,
    sum(orders) AS orders, sum(ms) AS ms
FROM order_kpi_day WHERE tenant = :tenant AND day BETWEEN :first AND :last
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3

-- name: tallied
SELECT CASE :by WHEN 'channel' THEN r.channel
        ELSE coalesce((SELECT json_extract(s.description, '$.kind') FROM store s
            WHERE s.tenant = r.tenant AND s.store = r.node), 'none') END AS name,
    sum(assigned) AS assigned, sum(best) AS best, sum(split) AS split, sum(parcels) AS parcels,
    sum(unplaced) AS unplaced, sum(units) AS units, sum(best_units) AS best_units,
    sum(fulfilled_units) AS fulfilled_units, sum(fulfilled_best_units) AS fulfilled_best_units,
    sum(rerouted) AS rerouted, sum(moved) AS moved, sum(declined) AS declined, sum(cancelled) AS cancelled,
    sum(short_units) AS short_units, sum(withheld_units) AS withheld_units, sum(promises) AS promises,
    sum(promises_kept) AS promises_kept, sum(reserved) AS reserved, sum(reserve_ms) AS reserve_ms,
    sum(accepted) AS accepted, sum(accept_ms) AS accept_ms
FROM routing_day r
WHERE r.tenant = :tenant AND r.of_nodes = :of_nodes AND r.day BETWEEN :first AND :last
GROUP BY 1 ORDER BY 1

-- name: mismatches
SELECT CASE :by WHEN 'channel' THEN coalesce(o.channel, '')
        ELSE coalesce(json_extract(s.description, '$.kind'), 'none') END AS name,
    count(*) AS mismatches
FROM finding f
LEFT JOIN orders o ON o.tenant = f.tenant AND o.order_id = f.order_id
LEFT JOIN store s ON s.tenant = f.tenant AND s.store = f.store
WHERE f.tenant = :tenant AND f.found_at >= :from AND f.found_at < :until AND f.state <> 'found'
GROUP BY 1 ORDER BY 1

-- name: manual
SELECT CASE :by WHEN 'channel' THEN coalesce(o.channel, '')
        ELSE coalesce(json_extract(s.description, '$.kind'), 'none') END AS name,
    count(*) AS exceptions, coalesce(sum(e.minutes), 0) AS minutes
FROM exception e
LEFT JOIN orders o ON o.tenant = e.tenant AND o.order_id = e.order_id
LEFT JOIN store s ON s.tenant = e.tenant AND s.store = e.store
WHERE e.tenant = :tenant AND e.resolved_at >= :from AND e.resolved_at < :until AND e.resolved_by IS NOT NULL
GROUP BY 1 ORDER BY 1

-- name: queue_of_routing
SELECT count(*) AS waiting, min(placed_at) AS since, 0 AS tries, 0 AS parked FROM orders
WHERE tenant = :tenant AND state IN ('placed', 'authorized', 'backordered')

-- name: queue_of_outbox
SELECT count(*) AS waiting, min(at) AS since, 0 AS tries, 0 AS parked
FROM outbox INDEXED BY outbox_unpublished WHERE published_at IS NULL AND tenant = :tenant

-- name: queue_of_payments
SELECT count(*) AS waiting, min(p.next_at) AS since, 0 AS parked,
    coalesce(max((SELECT max(json_extract(f.said, '$.attempt')) FROM saga_fact f
        WHERE f.tenant = p.tenant AND f.order_id = p.order_id)), 0) AS tries
FROM payment p INDEXED BY payment_due
WHERE p.next_at IS NOT NULL AND p.tenant = :tenant AND p.next_at <= :now

-- name: queue_of_notices
SELECT count(*) AS waiting, min(at) AS since, 0 AS tries, 0 AS parked
FROM payment_notice INDEXED BY payment_notice_waiting WHERE outcome IS NULL AND tenant = :tenant

-- name: queue_of_labels
-- Parcels of which a carrier should be asked something by now.
SELECT count(*) AS waiting, min(p.next_at) AS since, 0 AS parked,
    coalesce(max((SELECT max(json_extract(f.said, '$.attempt')) FROM parcel_fact f
        WHERE f.tenant = p.tenant AND f.task = p.task)), 0) AS tries
FROM carrier_account a
CROSS JOIN parcel p INDEXED BY parcel_due ON p.tenant = :tenant AND p.carrier = a.name AND p.next_at <= :now
WHERE a.tenant = :tenant AND p.next_at IS NOT NULL

-- name: queue_of_tracking
-- What carriers told and somebody should have read by now; a scan waits for its label until then.
SELECT count(*) AS waiting, min(max(n.at, n.next_at)) AS since, 0 AS tries, 0 AS parked
FROM carrier_account a
CROSS JOIN tracking_notice n INDEXED BY tracking_notice_of_account
    ON n.tenant = :tenant AND n.carrier = a.name AND n.next_at <= :now
WHERE a.tenant = :tenant AND n.outcome IS NULL

-- name: queue_of_exceptions
SELECT count(*) AS waiting, min(raised_at) AS since, coalesce(max(times), 0) AS tries, count(*) AS parked
FROM exception INDEXED BY exception_open WHERE tenant = :tenant AND resolved_at IS NULL

-- name: queues_of_consumers
SELECT 'consumer:' || consumer AS queue, count(*) AS waiting, min(first_at) AS since, max(tries) AS tries,
    sum(parked_at IS NOT NULL) AS parked
FROM event_waiting WHERE tenant = :tenant GROUP BY consumer ORDER BY consumer
