-- name: movable
-- What was recalled stays open until its store answers, and would hide the rest of a large one.
SELECT tenant, state FROM task
WHERE tenant = :tenant AND store = :store AND ended_at IS NULL AND recalled = 0
ORDER BY released_to IS NOT NULL, fence LIMIT :rows

-- name: lately
SELECT store, count(*) AS moves FROM task_move
WHERE tenant = :tenant AND moved_at > :since AND moved_at <= :now GROUP BY store

-- name: record
INSERT INTO task_move (tenant, task, order_id, store, phase, cause, words, moved_at, promise_by,
    promise_over, plan_b, drill)
VALUES (:tenant, :task, :order, :store, :phase, :cause, :words, :now, :promise_by, :promise_over, :plan_b,
    (SELECT drill FROM drill_store WHERE tenant = :tenant AND store = :store AND live = 1))

-- name: refuse_plan_b
UPDATE task_move SET plan_b_refused = :why
WHERE tenant = :tenant AND order_id = :order AND task = :task AND went_at IS NULL AND plan_b IS NOT NULL

-- name: nowhere_yet
SELECT sequence, task, order_id, store, phase, cause, words, moved_at, promise_by, plan_b, plan_b_refused,
    next_task, next_store, went_at, drill
FROM task_move WHERE tenant = ?1 AND order_id = ?2 AND went_at IS NULL ORDER BY sequence

-- name: went
UPDATE task_move SET next_task = :next_task, next_store = :next_store, went_at = :now WHERE sequence = :sequence

-- name: newest_moves
SELECT sequence, task, order_id, store, phase, cause, words, moved_at, promise_by, plan_b, plan_b_refused,
    next_task, next_store, went_at, drill
FROM task_move WHERE tenant = :tenant AND moved_at > :since ORDER BY moved_at DESC, sequence DESC LIMIT :rows

-- name: moves_of_drill
SELECT sequence, task, order_id, store, phase, cause, words, moved_at, promise_by, plan_b, plan_b_refused,
    next_task, next_store, went_at, drill
FROM task_move WHERE tenant = :tenant AND drill = :drill ORDER BY sequence DESC LIMIT :rows

-- name: drop_moves
DELETE FROM task_move WHERE sequence IN (
    SELECT sequence FROM task_move WHERE moved_at < :before ORDER BY moved_at LIMIT :rows)

-- name: head
SELECT request, assignments, placed_at FROM orders
WHERE tenant = ?1 AND order_id = ?2 AND cancel_requested = 0 AND adopted <> 1
