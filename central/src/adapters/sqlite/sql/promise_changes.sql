-- name: told
SELECT promised_by, new_by, why, told_at, times FROM promise_change WHERE tenant = ?1 AND order_id = ?2

-- name: tell
INSERT INTO promise_change (tenant, order_id, promised_by, new_by, why, told_at)
VALUES (:tenant, :order, :promised_by, :new_by, :why, :now)
ON CONFLICT (tenant, order_id) DO UPDATE SET
    new_by = excluded.new_by, why = excluded.why, told_at = excluded.told_at, times = times + 1

-- name: last_planned
-- Of the parcels that are still on their way.
SELECT max(p.arrives_by) AS arrives_by FROM task t
JOIN parcel_plan p ON p.tenant = t.tenant AND p.task = t.task
WHERE t.tenant = ?1 AND t.order_id = ?2 AND t.recalled = 0 AND t.phase NOT IN ('declined', 'put_back')
