-- name: labels_of_store
SELECT f.task, f.service, f.reason, f.reported_at, f.outcome, f.next_service, f.words
FROM task t CROSS JOIN label_failure f ON f.tenant = t.tenant AND f.task = t.task
WHERE t.tenant = :tenant AND t.store = :store AND t.ended_at IS NULL
ORDER BY f.reported_at, f.task, f.service LIMIT :rows

-- name: gatherings_at
-- Those that are over too, as long as some of it may be on its way.
SELECT g.order_id, g.child, g.store, g.began_at, g.due_at, g.arrives_by, g.ended_at, g.ended_by
FROM gathering g
WHERE g.tenant = :tenant AND g.store = :store AND g.began_at >= :since
    AND (g.ended_at IS NULL OR EXISTS (SELECT 1 FROM gathering_units u
        WHERE u.tenant = g.tenant AND u.order_id = g.order_id AND u.arrived < u.wanted))
ORDER BY g.began_at LIMIT :rows

-- name: gatherings_open
SELECT order_id, child, store, began_at, due_at, arrives_by, ended_at, ended_by FROM gathering
WHERE tenant = :tenant AND ended_at IS NULL ORDER BY due_at LIMIT :rows

-- name: tasks_of_order
SELECT state FROM task WHERE tenant = ?1 AND order_id = ?2
