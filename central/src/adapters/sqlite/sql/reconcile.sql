-- name: marks
SELECT
    (SELECT mark FROM reconcile_mark WHERE name = 'orders') AS orders,
    (SELECT mark FROM reconcile_mark WHERE name = 'positions') AS positions,
    (SELECT mark FROM reconcile_mark WHERE name = 'stores') AS stores

-- name: pass
UPDATE reconcile_mark SET mark = max(mark, :mark) WHERE name = :name

-- name: changed_orders
SELECT entry, tenant, order_id FROM order_event WHERE entry > :after ORDER BY entry LIMIT :rows

-- name: changed_positions
SELECT sequence, tenant, key FROM outbox WHERE sequence > :after AND kind = 'InventoryAdjusted'
ORDER BY sequence LIMIT :rows

-- name: back_again
-- Stores that serve again: what they told is here.
SELECT sequence, tenant, store FROM eligibility_change
WHERE sequence > :after AND json_extract(eligibility, '$.standing') = 'eligible' ORDER BY sequence LIMIT :rows

-- name: sweep_orders
SELECT sequence, tenant, order_id FROM orders
WHERE sequence > :after AND (:tenant IS NULL OR tenant = :tenant) ORDER BY sequence LIMIT :rows

-- name: sweep_positions
SELECT tenant, sku, store, reserved, rights_held,
    (SELECT coalesce(sum(h.quantity), 0) FROM hold h
        WHERE h.tenant = p.tenant AND h.sku = p.sku AND h.store = p.store AND h.quantity > 0)
    + (SELECT coalesce(sum(c.quantity), 0) FROM cart_hold c
        WHERE c.tenant = p.tenant AND c.sku = p.sku AND c.store = p.store AND c.quantity > 0) AS held,
    (SELECT coalesce(sum(h.quantity * h.ceded), 0) FROM hold h
        WHERE h.tenant = p.tenant AND h.sku = p.sku AND h.store = p.store AND h.quantity > 0)
    + (SELECT coalesce(sum(c.quantity * c.ceded), 0) FROM cart_hold c
        WHERE c.tenant = p.tenant AND c.sku = p.sku AND c.store = p.store AND c.quantity > 0) AS held_of_rights
FROM position p
WHERE (p.tenant, p.sku, p.store) > (:tenant_after, :sku_after, :store_after)
    AND (:tenant IS NULL OR p.tenant = :tenant)
ORDER BY p.tenant, p.sku, p.store LIMIT :rows

-- name: position
SELECT tenant, sku, store, reserved, rights_held,
    (SELECT coalesce(sum(h.quantity), 0) FROM hold h
        WHERE h.tenant = p.tenant AND h.sku = p.sku AND h.store = p.store AND h.quantity > 0)
    + (SELECT coalesce(sum(c.quantity), 0) FROM cart_hold c
        WHERE c.tenant = p.tenant AND c.sku = p.sku AND c.store = p.store AND c.quantity > 0) AS held,
    (SELECT coalesce(sum(h.quantity * h.ceded), 0) FROM hold h
        WHERE h.tenant = p.tenant AND h.sku = p.sku AND h.store = p.store AND h.quantity > 0)
    + (SELECT coalesce(sum(c.quantity * c.ceded), 0) FROM cart_hold c
        WHERE c.tenant = p.tenant AND c.sku = p.sku AND c.store = p.store AND c.quantity > 0) AS held_of_rights
FROM position p WHERE p.tenant = :tenant AND p.sku = :sku AND p.store = :store

-- name: sweep_stores
SELECT tenant, store FROM replication
WHERE (tenant, store) > (:tenant_after, :store_after) AND (:tenant IS NULL OR tenant = :tenant)
ORDER BY tenant, store LIMIT :rows

-- name: orders_at
SELECT DISTINCT order_id FROM task WHERE tenant = :tenant AND store = :store AND ended_at IS NULL
ORDER BY order_id LIMIT :rows

-- name: order
SELECT o.kind, o.state, o.changed_at, o.request,
    (SELECT p.standing FROM payment p WHERE p.tenant = o.tenant AND p.order_id = o.order_id) AS payment,
    o.hold_until IS NOT NULL OR o.adopted = 1 OR EXISTS (
        SELECT 1 FROM gathering g WHERE g.tenant = o.tenant AND g.order_id = o.order_id AND g.ended_at IS NULL)
    OR EXISTS (
        SELECT 1 FROM substitution s
        WHERE s.tenant = o.tenant AND s.order_id = o.order_id AND s.state = 'waiting') AS waits,
    EXISTS (
        SELECT 1 FROM exception e
        WHERE e.tenant = o.tenant AND e.order_id = o.order_id AND e.resolved_at IS NULL
            AND e.key NOT LIKE 'reconcile/%') AS in_queue
FROM orders o WHERE o.tenant = :tenant AND o.order_id = :order

-- name: lines
SELECT line, sku, quantity, open, backordered, finished, cancelled, came_back, replaced, unit_price, expected_at, amounts,
    surplus
FROM order_line WHERE tenant = :tenant AND order_id = :order ORDER BY line

-- name: tasks
SELECT t.task, t.order_id, t.store, t.fence, t.phase, t.released_to, t.recalled, t.cancelling,
    t.ended_at IS NOT NULL AS ended, t.cancel_asked_at, t.state, coalesce(r.level, 0) AS level
FROM task t LEFT JOIN replication r ON r.tenant = t.tenant AND r.store = t.store
WHERE t.tenant = :tenant AND t.order_id = :order ORDER BY t.fence

-- name: holds
SELECT line, store, sku, taken, quantity FROM hold WHERE tenant = :tenant AND task = :task ORDER BY line

-- name: store
SELECT r.level_at, (SELECT count(DISTINCT h.sku) FROM task t JOIN hold h ON h.tenant = t.tenant AND h.task = t.task
    WHERE t.tenant = r.tenant AND t.store = r.store AND t.ended_at IS NULL AND h.quantity > 0) AS held_skus
FROM replication r WHERE r.tenant = :tenant AND r.store = :store

-- name: unequal
-- Positions of one store that are not the sum of the baseline and of the facts that are not sealed.
SELECT p.sku, p.on_hand, coalesce(s.units, 0) AS told, p.rights, coalesce(s.rights, 0) AS rights_told
FROM position p LEFT JOIN (
    SELECT sku, sum(units) AS units, sum(rights) AS rights FROM (
        SELECT sku, units, rights FROM baseline WHERE tenant = :tenant AND store = :store
        UNION ALL
        SELECT json_extract(f.text, '$.s'), json_extract(f.text, '$.d'), coalesce(json_extract(f.text, '$.r'), 0)
        FROM document d JOIN fact f ON f.tenant = d.tenant AND f.document = d.document
        WHERE d.tenant = :tenant AND d.store = :store AND d.document LIKE 'stock/%')
    GROUP BY sku) s ON s.sku = p.sku
WHERE p.tenant = :tenant AND p.store = :store
    AND (p.on_hand <> coalesce(s.units, 0) OR p.rights <> coalesce(s.rights, 0))
ORDER BY p.sku LIMIT :rows

-- name: known
SELECT * FROM finding WHERE tenant = :tenant AND scope = :scope AND ended_at IS NULL ORDER BY finding LIMIT :rows

-- name: open
INSERT INTO finding (tenant, kind, scope, subject, order_id, task, store, sku, expected, found, words, decide_by,
    state, found_at, seen_at)
VALUES (:tenant, :kind, :scope, :subject, :order, :task, :store, :sku, :expected, :found, :words, :decide_by,
    'found', :now, :now)
ON CONFLICT (tenant, kind, subject) WHERE ended_at IS NULL DO UPDATE SET
    expected = excluded.expected, found = excluded.found, words = excluded.words, decide_by = excluded.decide_by,
    state = 'found', found_at = excluded.found_at, seen_at = excluded.seen_at, looks = looks + 1

-- name: forget
DELETE FROM finding WHERE tenant = :tenant AND finding = :finding

-- name: see
UPDATE finding SET expected = :expected, found = :found, words = :words, seen_at = :now, looks = looks + 1
WHERE tenant = :tenant AND finding = :finding

-- name: set_state
UPDATE finding SET state = :state WHERE tenant = :tenant AND finding = :finding AND ended_at IS NULL

-- name: attempt
UPDATE finding SET state = 'repairing', attempts = attempts + 1, acted_at = :now
WHERE tenant = :tenant AND finding = :finding AND ended_at IS NULL

-- name: settle_anew
UPDATE finding SET state = 'found', found_at = :now WHERE tenant = :tenant AND finding = :finding AND ended_at IS NULL

-- name: end
UPDATE finding SET state = CASE WHEN state = 'accepted' THEN state ELSE 'repaired' END, ended_at = :now,
    how = coalesce(how || '; ', '') || :how
WHERE tenant = :tenant AND finding = :finding AND ended_at IS NULL

-- name: accept
UPDATE finding SET state = 'accepted', how = :how
WHERE tenant = :tenant AND finding = :finding AND ended_at IS NULL
RETURNING kind, subject

-- name: accept_told
UPDATE finding SET state = 'accepted', how = :how
WHERE tenant = :tenant AND kind = :kind AND subject = :subject AND ended_at IS NULL

-- name: due
SELECT tenant, scope, min(seen_at) AS seen_at FROM (
    SELECT tenant, scope, seen_at FROM finding WHERE ended_at IS NULL AND seen_at < :seen_before
    ORDER BY seen_at LIMIT :rows)
GROUP BY tenant, scope ORDER BY 3

-- name: page
SELECT * FROM finding
WHERE tenant = :tenant AND finding < :below AND (:all OR ended_at IS NULL)
    AND (:states = '[]' OR state IN (SELECT value FROM json_each(:states)))
    AND (:kind IS NULL OR kind = :kind)
    AND (:order IS NULL OR order_id = :order)
    AND (:store IS NULL OR store = :store)
ORDER BY finding DESC LIMIT :rows

-- name: count_findings
SELECT tenant, kind, state, CASE WHEN kind = 'stuck_order' THEN found END AS from_state,
    CASE WHEN kind = 'stuck_order' THEN expected END AS to_state, count(*) AS open
FROM finding WHERE ended_at IS NULL GROUP BY 1, 2, 3, 4, 5

-- name: of_day
SELECT * FROM finding
WHERE tenant = :tenant AND found_at < :ends AND (ended_at IS NULL OR ended_at >= :begins)
ORDER BY finding DESC LIMIT :rows

-- name: unresolved
SELECT * FROM exception_told
WHERE tenant = :tenant AND raised_at < :ends AND (resolved_at IS NULL OR resolved_at >= :ends)
ORDER BY sequence DESC LIMIT :rows

-- name: at_risk
SELECT order_id, quantity - finished - cancelled AS units, unit_price FROM order_line
WHERE tenant = :tenant AND order_id IN (SELECT value FROM json_each(:orders)) AND quantity > finished + cancelled

-- name: drop_findings
DELETE FROM finding WHERE finding IN (
    SELECT finding FROM finding WHERE ended_at IS NOT NULL AND ended_at < :before ORDER BY ended_at LIMIT :rows)

-- name: sum_holds
UPDATE position AS p SET
    reserved = (SELECT coalesce(sum(h.quantity), 0) FROM hold h
            WHERE h.tenant = p.tenant AND h.sku = p.sku AND h.store = p.store AND h.quantity > 0)
        + (SELECT coalesce(sum(c.quantity), 0) FROM cart_hold c
            WHERE c.tenant = p.tenant AND c.sku = p.sku AND c.store = p.store AND c.quantity > 0),
    rights_held = (SELECT coalesce(sum(h.quantity * h.ceded), 0) FROM hold h
            WHERE h.tenant = p.tenant AND h.sku = p.sku AND h.store = p.store AND h.quantity > 0)
        + (SELECT coalesce(sum(c.quantity * c.ceded), 0) FROM cart_hold c
            WHERE c.tenant = p.tenant AND c.sku = p.sku AND c.store = p.store AND c.quantity > 0)
WHERE p.tenant = :tenant AND p.sku = :sku AND p.store = :store
