-- name: forget_accounts
DELETE FROM carrier_account WHERE tenant NOT IN (SELECT value FROM json_each(:kept))

-- name: put_account
INSERT INTO carrier_account (tenant, name, services) VALUES (:tenant, :name, :services)
ON CONFLICT (tenant) DO UPDATE SET name = excluded.name, services = excluded.services

-- name: account
SELECT name, services FROM carrier_account WHERE tenant = ?1

-- name: begin_parcel
INSERT INTO parcel (tenant, task, order_id, store, number, carrier, next_at)
SELECT :tenant, :task, :order, :store,
    coalesce((SELECT max(p.number) FROM parcel p WHERE p.tenant = :tenant AND p.order_id = :order), 0) + 1,
    :carrier, :now
ON CONFLICT (tenant, task) DO NOTHING

-- name: stands
SELECT left_at FROM parcel WHERE tenant = ?1 AND task = ?2

-- name: wake
UPDATE parcel SET changes = changes + 1, next_at = min(coalesce(next_at, :now), :now)
WHERE tenant = :tenant AND task = :task

-- name: due
SELECT tenant, task FROM (
    SELECT tenant, task FROM parcel WHERE carrier = :carrier AND next_at <= :now
    ORDER BY next_at LIMIT :rows)
UNION ALL
SELECT tenant, task FROM (
    SELECT tenant, task FROM parcel WHERE carrier = :carrier AND next_at > :beyond LIMIT :rows)

-- name: head
SELECT p.order_id, p.number, p.carrier, p.changes, coalesce(o.root_key, o.order_id) AS root, o.trace,
    t.state AS task_state,
    coalesce(
        (SELECT f.next_service FROM label_failure f
            WHERE f.tenant = p.tenant AND f.task = p.task AND f.outcome = 'another_service'
            ORDER BY f.settled_at DESC LIMIT 1),
        (SELECT s.service FROM parcel_plan s WHERE s.tenant = p.tenant AND s.task = p.task)) AS service,
    (SELECT a.services FROM carrier_account a WHERE a.tenant = p.tenant) AS services
FROM parcel p
    JOIN orders o ON o.tenant = p.tenant AND o.order_id = p.order_id
    JOIN task t ON t.tenant = p.tenant AND t.task = p.task
WHERE p.tenant = ?1 AND p.task = ?2

-- name: of_order
SELECT task FROM parcel WHERE tenant = ?1 AND order_id = ?2 ORDER BY number

-- name: arrived
SELECT task FROM parcel WHERE tenant = ?1 AND order_id = ?2 AND state = 'delivered'

-- name: last_arrival
SELECT max(arrived_at) AS arrived_at FROM parcel WHERE tenant = ?1 AND order_id = ?2

-- name: books
SELECT task, state, left_at, arrived_at FROM parcel WHERE tenant = :tenant AND order_id = :order ORDER BY number

-- name: facts
SELECT sequence, ask, run, source, at, said FROM parcel_fact WHERE tenant = ?1 AND task = ?2 ORDER BY sequence

-- name: say
INSERT INTO parcel_fact (tenant, task, sequence, ask, run, source, at, said)
VALUES (:tenant, :task, :sequence, :ask, :run, :source, :at, :said)

-- name: stand
UPDATE parcel SET facts = :facts, state = :state, label = :label, labelled_at = :labelled_at, left_at = :left_at,
    arrived_at = :arrived_at, asked_at = :asked_at, next_at = :next_at
WHERE tenant = :tenant AND task = :task AND facts = :after

-- name: keep_label
INSERT INTO parcel_label (tenant, carrier, tracking_number, task, run, made_at)
VALUES (:tenant, :carrier, :tracking_number, :task, :run, :made_at)
ON CONFLICT (tenant, carrier, tracking_number, task, run) DO NOTHING

-- name: rest
UPDATE parcel SET next_at = :next_at
WHERE tenant = :tenant AND task = :task AND facts = :after AND changes = :changes

-- name: at_store
SELECT task, label, labelled_at FROM parcel
WHERE tenant = :tenant AND store = :store AND state = 'labelled' ORDER BY task LIMIT :rows

-- name: of_number
SELECT task, run FROM parcel_label WHERE tenant = :tenant AND carrier = :carrier AND tracking_number = :tracking_number
ORDER BY made_at DESC LIMIT 1

-- name: take_in
INSERT INTO tracking_notice (tenant, carrier, event, notice, at, next_at, number)
VALUES (:tenant, :carrier, :event, :notice, :at, :at, :number)
ON CONFLICT (tenant, carrier, event) DO NOTHING

-- name: waiting_notices
SELECT tenant, carrier, notice, at, next_at, outcome, number FROM (
    SELECT tenant, carrier, notice, at, next_at, outcome, number FROM tracking_notice
    WHERE outcome IS NULL AND next_at <= :now ORDER BY next_at, number LIMIT :rows)
UNION ALL
SELECT tenant, carrier, notice, at, next_at, outcome, number FROM (
    SELECT tenant, carrier, notice, at, next_at, outcome, number FROM tracking_notice
    WHERE outcome IS NULL AND next_at > :beyond LIMIT :rows)

-- name: scans_put_off
SELECT count(*) AS waiting FROM (
    SELECT 1 FROM tracking_notice
    WHERE outcome IS NULL AND tenant = :tenant AND carrier = :carrier AND next_at > :now LIMIT :counted)

-- name: label_asked_by
SELECT 1 FROM parcel
WHERE tenant = :tenant AND carrier = :carrier AND asked_at <= :at AND asked_at IS NOT NULL AND next_at IS NOT NULL LIMIT 1

-- name: put_off_notice
-- Whoever made the label of a strange one meanwhile has said that it is read now.
UPDATE tracking_notice SET next_at = :next_at
WHERE tenant = :tenant AND carrier = :carrier AND event = :event AND outcome IS NULL
    AND (NOT :strange OR NOT EXISTS (SELECT 1 FROM parcel_label l WHERE l.tenant = :tenant AND l.carrier = :carrier
        AND l.tracking_number = tracking_notice.tracking_number))

-- name: settle_notice
UPDATE tracking_notice SET outcome = :outcome, settled_at = :now
WHERE tenant = :tenant AND carrier = :carrier AND event = :event AND outcome IS NULL

-- name: settle_strange
UPDATE tracking_notice SET outcome = 'not_ours', settled_at = :now
WHERE tenant = :tenant AND carrier = :carrier AND event = :event AND outcome IS NULL AND NOT EXISTS (
    SELECT 1 FROM parcel_label l WHERE l.tenant = :tenant AND l.carrier = :carrier
        AND l.tracking_number = tracking_notice.tracking_number)

-- name: read_strange_again
UPDATE tracking_notice SET outcome = NULL, settled_at = NULL, next_at = :now
WHERE tenant = :tenant AND carrier = :carrier AND tracking_number = :tracking_number
    AND (outcome IS NULL OR outcome = 'not_ours')

-- name: notices
SELECT tenant, carrier, notice, at, next_at, outcome, number FROM tracking_notice
WHERE tenant = :tenant AND number < :below ORDER BY number DESC LIMIT :rows

-- name: drop_notices
DELETE FROM tracking_notice WHERE (tenant, carrier, event) IN (
    SELECT tenant, carrier, event FROM tracking_notice WHERE settled_at < :before LIMIT :rows)
