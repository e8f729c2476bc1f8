-- name: raise
INSERT INTO exception (tenant, key, category, severity, order_id, task, store, detail, suggestion, raised_at, seen_at,
    cause)
VALUES (:tenant, :key, :category, :severity, :order, :task, :store, :detail, :suggestion, :now, :now,
    (SELECT max(e.sequence) FROM order_event e WHERE e.tenant = :tenant AND e.order_id = :order))
ON CONFLICT (tenant, key) WHERE resolved_at IS NULL
DO UPDATE SET times = times + 1, detail = excluded.detail, severity = excluded.severity, seen_at = excluded.seen_at
RETURNING 'x' || sequence AS exception, times

-- name: set_failure
UPDATE exception SET failure = :failure WHERE tenant = :tenant AND key = :key AND resolved_at IS NULL

-- name: settle
UPDATE exception SET resolved_at = :now, resolution = :resolution,
    paused_ms = paused_ms + max(0, :now - coalesce(waiting_since, :now))
WHERE tenant = :tenant AND key = :key AND resolved_at IS NULL
RETURNING 'x' || sequence AS exception

-- name: resolve
UPDATE exception SET resolved_at = :now, resolution = :resolution, resolved_by = :by, root_cause = :root_cause,
    minutes = :minutes, looked_at = coalesce(looked_at, :now),
    paused_ms = paused_ms + max(0, :now - coalesce(waiting_since, :now))
WHERE sequence = CAST(substr(:exception, 2) AS INTEGER) AND 'x' || sequence = :exception
    AND tenant = :tenant AND resolved_at IS NULL

-- name: queue
SELECT * FROM exception_told
WHERE tenant = :tenant AND sequence < :below
    AND (:states = '[]' OR state IN (SELECT value FROM json_each(:states)))
    AND (:categories = '[]' OR category IN (SELECT value FROM json_each(:categories)))
    AND (:severity IS NULL OR severity = :severity)
    AND (:root_cause IS NULL OR root_cause = :root_cause)
    AND (:taken_by IS NULL OR taken_by = :taken_by)
    AND (:order IS NULL OR order_id = :order)
    AND (:task IS NULL OR task = :task)
    AND (:store IS NULL OR store = :store)
    AND (:words IS NULL OR instr(lower(detail || ' ' || suggestion), lower(:words)) > 0)
ORDER BY sequence DESC LIMIT :rows

-- name: told
SELECT * FROM exception_told
WHERE sequence = CAST(substr(:exception, 2) AS INTEGER) AND exception = :exception AND tenant = :tenant

-- name: events
SELECT number, at, actor, kind, words FROM exception_event
WHERE tenant = :tenant AND exception = CAST(substr(:exception, 2) AS INTEGER) ORDER BY number

-- name: repairs
SELECT attempt, repair, actor, reason, began_at, outcome, words, ended_at FROM exception_repair
WHERE tenant = :tenant AND exception = CAST(substr(:exception, 2) AS INTEGER) ORDER BY attempt

-- name: note_event
INSERT INTO exception_event (tenant, exception, number, at, actor, kind, words)
SELECT :tenant, CAST(substr(:exception, 2) AS INTEGER), coalesce(max(number), 0) + 1, :now, :actor, :kind, :words
FROM exception_event WHERE tenant = :tenant AND exception = CAST(substr(:exception, 2) AS INTEGER)
RETURNING number

-- name: take
UPDATE exception SET taken_by = :actor, taken_at = :now, looked_at = coalesce(looked_at, :now)
WHERE sequence = CAST(substr(:exception, 2) AS INTEGER) AND tenant = :tenant AND resolved_at IS NULL

-- name: wait
UPDATE exception SET waiting_since = :now, waiting_for = :on, looked_at = coalesce(looked_at, :now)
WHERE sequence = CAST(substr(:exception, 2) AS INTEGER) AND tenant = :tenant AND resolved_at IS NULL
    AND waiting_since IS NULL

-- name: go_on
UPDATE exception SET paused_ms = paused_ms + max(0, :now - waiting_since), waiting_since = NULL, waiting_for = NULL
WHERE sequence = CAST(substr(:exception, 2) AS INTEGER) AND tenant = :tenant AND resolved_at IS NULL
    AND waiting_since IS NOT NULL

-- name: begin_repair
INSERT INTO exception_repair (tenant, exception, attempt, repair, actor, reason, began_at, outcome, words)
VALUES (:tenant, CAST(substr(:exception, 2) AS INTEGER), :attempt, :repair, :actor, :reason, :now, 'begun', '')

-- name: end_repair
UPDATE exception_repair SET outcome = :outcome, words = :words, ended_at = :now
WHERE tenant = :tenant AND exception = CAST(substr(:exception, 2) AS INTEGER) AND attempt = :attempt
    AND outcome = 'begun'
RETURNING repair, actor, reason

-- name: untold
SELECT * FROM exception_told
WHERE resolved_at IS NULL AND end_told = 0 AND waiting_since IS NULL AND sequence > :after
ORDER BY sequence LIMIT :rows

-- name: tell_look
UPDATE exception SET look_told = 1
WHERE sequence = CAST(substr(:exception, 2) AS INTEGER) AND tenant = :tenant AND look_told = 0 AND resolved_at IS NULL

-- name: tell_end
UPDATE exception SET end_told = 1, look_told = 1
WHERE sequence = CAST(substr(:exception, 2) AS INTEGER) AND tenant = :tenant AND end_told = 0 AND resolved_at IS NULL

-- name: count_open
SELECT tenant, category, severity, count(*) AS open, sum(end_told) AS late FROM exception
WHERE resolved_at IS NULL GROUP BY tenant, category, severity

-- name: open_by_kind
SELECT category, count(*) AS open FROM exception WHERE tenant = :tenant AND resolved_at IS NULL GROUP BY category

-- name: trend_raised
SELECT category, count(*) AS raised, sum(times - 1) AS again FROM (
    SELECT category, times FROM exception WHERE tenant = :tenant AND raised_at >= :from AND raised_at < :until
    ORDER BY raised_at DESC LIMIT :rows)
GROUP BY category

-- name: trend_resolved
SELECT category, root_cause, resolved_by IS NOT NULL AS by_person, coalesce(minutes, 0) AS minutes,
    max(0, resolved_at - raised_at) AS lasted_ms
FROM exception WHERE tenant = :tenant AND resolved_at >= :from AND resolved_at < :until
ORDER BY resolved_at DESC LIMIT :rows

-- name: route_again
UPDATE orders SET backordered_at = NULL, hold_until = NULL, held_at = NULL, changed_at = :now
WHERE tenant = :tenant AND order_id = :order AND cancel_requested = 0
    AND EXISTS (SELECT 1 FROM order_line l WHERE l.tenant = :tenant AND l.order_id = :order AND l.open > 0)

-- name: stuck_units
SELECT coalesce(sum(h.quantity), 0) AS units FROM task t JOIN hold h ON h.tenant = t.tenant AND h.task = t.task
WHERE t.tenant = :tenant AND t.task = :task AND t.ended_at IS NOT NULL AND h.quantity > 0

-- name: is_open
SELECT 1 FROM exception WHERE tenant = :tenant AND key = :key AND resolved_at IS NULL

-- name: key_of
SELECT key FROM exception WHERE tenant = ?1 AND sequence = CAST(substr(?2, 2) AS INTEGER)
