-- name: named
SELECT o.sequence, o.tenant, o.order_id, o.request, o.state, o.placed_at, o.changed_at, o.trace, o.adopted, o.root_key,
    o.duplicate_of
FROM orders o
WHERE o.tenant = :tenant AND o.order_id IN (
        SELECT r.order_id FROM orders r WHERE r.tenant = :tenant AND r.order_id = :word
        UNION SELECT r.order_id FROM orders r WHERE r.tenant = :tenant AND json_extract(r.request, '$.reference') = :name
        UNION SELECT * FROM (SELECT c.order_id FROM order_contacts c
            WHERE c.tenant = :tenant AND c.customer = :person ORDER BY c.placed_at DESC LIMIT :most)
        UNION SELECT * FROM (SELECT c.order_id FROM order_contacts c
            WHERE c.tenant = :tenant AND c.email = lower(:person) ORDER BY c.placed_at DESC LIMIT :most)
        UNION SELECT * FROM (SELECT t.order_id FROM task t
            WHERE t.tenant = :tenant AND t.store = :place ORDER BY t.fence DESC LIMIT :most))
    AND +o.placed_at >= :from AND (+o.placed_at, +o.sequence) < (:at, :below)
    AND (:states = '[]' OR +o.state IN (SELECT value FROM json_each(:states)))
    AND (:channel IS NULL OR o.channel = :channel)
    AND (:reference IS NULL OR json_extract(o.request, '$.reference') = :reference)
    AND (:promised_before IS NULL
        OR unixepoch(json_extract(o.request, '$.promise_by'), 'subsec') * 1000 < :promised_before)
    AND (:customer IS NULL OR EXISTS (SELECT 1 FROM order_contacts c WHERE c.tenant = o.tenant AND c.order_id = o.order_id
        AND (+c.customer = :customer OR +c.email = lower(:customer))))
    AND (:sku IS NULL OR EXISTS (SELECT 1 FROM order_line l
        WHERE l.tenant = o.tenant AND l.order_id = o.order_id AND +l.sku = :sku))
    AND (:store IS NULL OR EXISTS (SELECT 1 FROM task t
        WHERE t.tenant = o.tenant AND t.order_id = o.order_id AND +t.store = :store))
ORDER BY +o.placed_at DESC, +o.sequence DESC LIMIT :rows

-- name: few_in_states
SELECT count(*) AS orders FROM (SELECT 1 FROM orders
    WHERE tenant = :tenant AND state IN (SELECT value FROM json_each(:states)) LIMIT :few)

-- name: in_states
SELECT o.sequence, o.tenant, o.order_id, o.request, o.state, o.placed_at, o.changed_at, o.trace, o.adopted, o.root_key,
    o.duplicate_of
FROM orders o INDEXED BY orders_by_state
WHERE o.tenant = :tenant AND o.state IN (SELECT value FROM json_each(:states))
    AND +o.placed_at >= :from AND (+o.placed_at, +o.sequence) < (:at, :below)
    AND (:channel IS NULL OR o.channel = :channel)
    AND (:promised_before IS NULL
        OR unixepoch(json_extract(o.request, '$.promise_by'), 'subsec') * 1000 < :promised_before)
    AND (:sku IS NULL OR EXISTS (SELECT 1 FROM order_line l
        WHERE l.tenant = o.tenant AND l.order_id = o.order_id AND +l.sku = :sku))
ORDER BY +o.placed_at DESC, +o.sequence DESC LIMIT :rows

-- name: edge
-- The last that is looked at for this page.
SELECT placed_at, sequence FROM orders
WHERE tenant = :tenant AND placed_at >= :from AND (placed_at, sequence) < (:at, :below)
ORDER BY placed_at DESC, sequence DESC LIMIT 1 OFFSET :looked

-- name: walked
SELECT o.sequence, o.tenant, o.order_id, o.request, o.state, o.placed_at, o.changed_at, o.trace, o.adopted, o.root_key,
    o.duplicate_of
FROM orders o
WHERE o.tenant = :tenant AND o.placed_at >= :from AND (o.placed_at, o.sequence) < (:at, :below)
    AND (+o.placed_at, +o.sequence) >= (:edge_at, :edge)
    AND (:states = '[]' OR +o.state IN (SELECT value FROM json_each(:states)))
    AND (:channel IS NULL OR o.channel = :channel)
    AND (:promised_before IS NULL
        OR unixepoch(json_extract(o.request, '$.promise_by'), 'subsec') * 1000 < :promised_before)
    AND (:sku IS NULL OR EXISTS (SELECT 1 FROM order_line l
        WHERE l.tenant = o.tenant AND l.order_id = o.order_id AND +l.sku = :sku))
ORDER BY o.placed_at DESC, o.sequence DESC LIMIT :rows

-- name: works_on
SELECT 1 FROM task WHERE tenant = :tenant AND order_id = :order AND +store = :store LIMIT 1

-- name: exceptions_of_order
SELECT * FROM exception_told WHERE tenant = :tenant AND order_id = :order ORDER BY sequence DESC LIMIT :rows
