-- name: demands
-- What has changed since it was looked at, or is due: who waits for goods of which nothing is new is not read.
WITH due (tenant, order_id) AS (
    SELECT tenant, order_id FROM order_line WHERE open > 0 AND backordered = 0
    UNION
    SELECT tenant, order_id FROM orders WHERE state = 'backordered' AND backordered_at IS NULL
    UNION
    SELECT tenant, order_id FROM orders WHERE state = 'backordered' AND backordered_at < :retry_before
    UNION
    -- The clock was put back since: the times below cannot be compared with it.
    SELECT tenant, order_id FROM orders WHERE state = 'backordered' AND backordered_at > :now
    UNION
    SELECT b.tenant, b.order_id FROM node_growth n
    CROSS JOIN orders b ON b.state = 'backordered' AND b.backordered_at <= n.grew_at AND b.tenant = n.tenant
    WHERE n.grew_at >= :retry_before
    UNION
    SELECT l.tenant, l.order_id FROM stock_growth g
    CROSS JOIN order_line l ON l.tenant = g.tenant AND l.sku = g.sku AND l.backordered = 1
    WHERE g.grew_at >= :retry_before)
SELECT o.tenant, o.order_id, o.request, o.assignments, o.placed_at
FROM due w
CROSS JOIN orders o ON o.tenant = w.tenant AND o.order_id = w.order_id
WHERE o.cancel_requested = 0
    -- Waits for a node that opens, unless the clock was put back since, or a node came meanwhile.
    AND (o.hold_until IS NULL OR o.hold_until <= :now OR o.held_at > :now
        OR EXISTS (SELECT 1 FROM node_growth n WHERE n.tenant = o.tenant AND n.grew_at >= o.held_at))
    -- Comes together at one store first.
    AND NOT EXISTS (
        SELECT 1 FROM gathering g
        WHERE g.tenant = o.tenant AND g.order_id = o.order_id AND g.ended_at IS NULL)
    -- What it comes to is not set aside yet.
    AND NOT EXISTS (
        SELECT 1 FROM payment p WHERE p.tenant = o.tenant AND p.order_id = o.order_id AND p.covered = 0)
    -- Where an order of which only a store knew shall go, nobody knows.
    AND o.adopted <> 1
    -- What was open before a restore waits for what the stores did meanwhile.
    AND NOT (:held_wait
        AND (o.adopted <> 0
            OR o.sequence <= (SELECT orders_up_to FROM recovery ORDER BY incarnation DESC LIMIT 1))
        AND EXISTS (
            SELECT 1 FROM recovery_replica r
            WHERE r.tenant = o.tenant AND r.replayed_at IS NULL AND r.overridden_at IS NULL))
    AND EXISTS (
        SELECT 1 FROM order_line l
        WHERE l.tenant = o.tenant AND l.order_id = o.order_id AND l.open > 0
            -- The customer is asked whether other goods may come.
            AND NOT EXISTS (
                SELECT 1 FROM substitution s WHERE s.tenant = l.tenant AND s.order_id = l.order_id
                    AND s.line = l.line AND s.state = 'waiting')
            AND (l.backordered = 0
                OR o.backordered_at IS NULL
                OR o.backordered_at < :retry_before
                OR o.backordered_at > :now
                OR EXISTS (
                    SELECT 1 FROM stock_growth g
                    WHERE g.tenant = l.tenant AND g.sku = l.sku AND g.grew_at >= o.backordered_at)
                OR EXISTS (
                    SELECT 1 FROM node_growth n
                    WHERE n.tenant = l.tenant AND n.grew_at >= o.backordered_at)))
-- Of one priority who waits longest comes first, whoever else asks for the same.
ORDER BY o.priority DESC, o.placed_at, o.sequence LIMIT :rows

-- name: tried
-- Those that lost it, gave it back, or did not find units that still have no node; not those that still have
-- a part.
SELECT store, max(phase = 'declined') AS declined FROM task
WHERE tenant = ?1 AND order_id = ?2
    AND (recalled = 1 OR phase IN ('declined', 'put_back')
        OR EXISTS (
            SELECT 1 FROM json_each(task.state, '$.lines') j
            JOIN order_line l ON l.tenant = task.tenant AND l.order_id = task.order_id
                AND l.line = json_extract(j.value, '$.line')
            WHERE json_extract(j.value, '$.short') > 0 AND l.open > 0))
GROUP BY store ORDER BY store

-- name: parts
-- Those that have something of it, or have sent it, also where some of it was not found.
SELECT DISTINCT store FROM task
WHERE tenant = ?1 AND order_id = ?2 AND recalled = 0 AND phase NOT IN ('declined', 'put_back')
    AND EXISTS (SELECT 1 FROM json_each(task.state, '$.lines') j
        WHERE json_extract(j.value, '$.quantity') > json_extract(j.value, '$.short'))
ORDER BY store

-- name: save_task
INSERT INTO task (tenant, task, order_id, store, fence, phase, released_to, recalled, cancelling,
    release_due, accept_by, ended_at, state, routed_by, routed_best)
VALUES (:tenant, :task, :order, :store, :fence, :phase, :released_to, :recalled, :cancelling,
    :release_due, :accept_by, :ended_at, :state, :routed_by, :routed_best)
-- How it was routed stays as it was when it was given.
ON CONFLICT (tenant, task) DO UPDATE SET
    fence = excluded.fence,
    phase = excluded.phase,
    released_to = excluded.released_to,
    recalled = excluded.recalled,
    cancelling = excluded.cancelling,
    release_due = excluded.release_due,
    accept_by = excluded.accept_by,
    ended_at = CASE WHEN excluded.ended_at IS NULL THEN NULL ELSE coalesce(ended_at, excluded.ended_at) END,
    state = excluded.state

-- name: task
SELECT state FROM task WHERE tenant = ?1 AND task = ?2

-- name: sent
SELECT sent FROM task WHERE tenant = ?1 AND task = ?2

-- name: mark_sent
UPDATE task SET sent = 1 WHERE tenant = :tenant AND task = :task AND sent = 0

-- name: may_readopt
UPDATE task SET may_readopt = :may WHERE tenant = :tenant AND task = :task

-- name: returning
SELECT state FROM task
WHERE tenant = ?1 AND store = ?2 AND may_readopt = 1 AND ended_at IS NULL AND recalled = 1 AND cancelling = 0
ORDER BY fence

-- name: another_box
SELECT 1 FROM replica_progress
WHERE tenant = :tenant AND store = :store AND replica <> :replica AND heard_at >= :heard_since LIMIT 1

-- name: cancel_asked
UPDATE task SET cancel_asked_at = coalesce(cancel_asked_at, :now) WHERE tenant = :tenant AND task = :task

-- name: unanswered_cancels
SELECT tenant, state FROM task
WHERE cancelling = 1 AND cancel_told = 0 AND ended_at IS NULL AND cancel_asked_at < :asked_before
ORDER BY cancel_asked_at LIMIT :rows

-- name: cancel_told
UPDATE task SET cancel_told = 1 WHERE tenant = :tenant AND task = :task

-- name: release_due
SELECT state FROM task WHERE tenant = ?1 AND store = ?2 AND release_due = 1

-- name: open_tasks
SELECT tenant, state FROM task
WHERE ended_at IS NULL AND (:tenant IS NULL OR tenant = :tenant) AND (:store IS NULL OR store = :store)
ORDER BY fence LIMIT :rows

-- name: gets_work
-- What is to be known of a store that is given work.
SELECT r.sequence, r.root, r.stock_digest, json_extract(s.description, '$.region') AS region,
    EXISTS (SELECT 1 FROM recovery_replica v
        WHERE v.tenant = :tenant AND v.store = :store AND v.replayed_at IS NULL) AS recovers
FROM replication r JOIN store s ON s.tenant = r.tenant AND s.store = r.store
WHERE r.tenant = :tenant AND r.store = :store

-- name: expired_offers
SELECT tenant, state FROM task
WHERE phase = 'offered' AND recalled = 0 AND released_to IS NULL
    AND (accept_by < :now OR accept_by > :beyond)
ORDER BY accept_by LIMIT :rows

-- name: tasks_of_store
SELECT fence, state FROM task
WHERE tenant = :tenant AND store = :store AND fence < :below
ORDER BY fence DESC LIMIT :rows

-- name: audit
WITH
    -- Counted from what the stores handed over, and from the order lines' own books.
    left_twice AS (
        SELECT l.tenant, l.order_id, l.line FROM order_line l JOIN (
            SELECT t.tenant, t.order_id, json_extract(j.value, '$.line') AS line,
                sum(json_extract(j.value, '$.picked')) AS units
            FROM task t, json_each(t.state, '$.lines') j
            WHERE t.phase = 'handed_over' AND (:tenant IS NULL OR t.tenant = :tenant)
            GROUP BY 1, 2, 3) h
            ON h.tenant = l.tenant AND h.order_id = l.order_id AND h.line = l.line
        WHERE h.units > l.quantity
        UNION
        SELECT tenant, order_id, line FROM order_line
        WHERE surplus > 0 AND (:tenant IS NULL OR tenant = :tenant)),
    -- A person answers for a line when the override of one of its tasks is on record.
    answered_for AS (
        SELECT e.tenant, e.order_id, json_extract(j.value, '$.line') AS line
        FROM exception e JOIN task t ON t.tenant = e.tenant AND t.task = e.task, json_each(t.state, '$.lines') j
        WHERE e.category = 'override')
SELECT
    (SELECT count(*) FROM (SELECT * FROM left_twice EXCEPT SELECT * FROM answered_for)) AS double_shipped,
    (SELECT count(*) FROM (SELECT * FROM left_twice INTERSECT SELECT * FROM answered_for)) AS overridden,
    (SELECT coalesce(sum(max(0, taken - available)), 0) FROM (
        SELECT tenant, taken, available FROM hold UNION ALL SELECT tenant, taken, available FROM cart_hold)
        WHERE :tenant IS NULL OR tenant = :tenant) AS oversold,
    (SELECT count(*) FROM position p WHERE (:tenant IS NULL OR p.tenant = :tenant)
        AND (p.reserved, p.rights_held) <> (
            SELECT coalesce(sum(u.quantity), 0), coalesce(sum(u.quantity * u.ceded), 0) FROM (
                SELECT h.quantity, h.ceded FROM hold h
                WHERE h.tenant = p.tenant AND h.sku = p.sku AND h.store = p.store AND h.quantity > 0
                UNION ALL
                SELECT c.quantity, c.ceded FROM cart_hold c
                WHERE c.tenant = p.tenant AND c.sku = p.sku AND c.store = p.store AND c.quantity > 0) u)) AS reserved_mismatch,
    -- While a store still has facts to send, the one that ends the hold may be among them.
    (SELECT count(*) FROM hold h
        JOIN task t ON t.tenant = h.tenant AND t.task = h.task
        JOIN replication r ON r.tenant = t.tenant AND r.store = t.store
        WHERE h.quantity > 0 AND t.ended_at IS NOT NULL AND r.level = 1
            AND (:tenant IS NULL OR h.tenant = :tenant))
        + (SELECT count(*) FROM cart_hold c
            JOIN cart_promise m ON m.tenant = c.tenant AND m.promise = c.promise
            WHERE c.quantity > 0 AND m.ended_at IS NOT NULL
                AND (:tenant IS NULL OR c.tenant = :tenant)) AS orphaned_holds,
    (SELECT count(*) FROM task
        WHERE json_extract(state, '$.recall') IS NOT NULL AND NOT json_extract(state, '$.recall.cancel')
            AND (:tenant IS NULL OR tenant = :tenant)) AS recalled_tasks,
    (SELECT count(*) FROM hold WHERE quantity > 0 AND (:tenant IS NULL OR tenant = :tenant)) AS open_holds,
    (SELECT count(*) FROM task WHERE ended_at IS NULL AND (:tenant IS NULL OR tenant = :tenant)) AS open_tasks
