-- name: planned_service
SELECT service FROM parcel_plan WHERE tenant = ?1 AND task = ?2 AND service IS NOT NULL

-- name: report
INSERT INTO label_failure (tenant, task, service, reason, reported_by, reported_at)
VALUES (:tenant, :task, :service, :reason, :by, :now)
ON CONFLICT (tenant, task, service) DO NOTHING

-- name: of_task
SELECT tenant, task, service, reason, reported_at, outcome, next_service, words
FROM label_failure WHERE tenant = ?1 AND task = ?2 ORDER BY service

-- name: waiting
SELECT tenant, task, service, reason, reported_at, outcome, next_service, words
FROM label_failure WHERE outcome IS NULL ORDER BY reported_at LIMIT :rows

-- name: settle
UPDATE label_failure SET outcome = :outcome, next_service = :next_service, words = :words, settled_at = :now
WHERE tenant = :tenant AND task = :task AND service = :service AND outcome IS NULL

-- name: plan_anew
INSERT INTO parcel_plan (tenant, task, service, hand_over_by, arrives_by)
VALUES (:tenant, :task, :service, :hand_over_by, :arrives_by)
ON CONFLICT (tenant, task) DO UPDATE SET
    service = excluded.service, hand_over_by = excluded.hand_over_by, arrives_by = excluded.arrives_by
