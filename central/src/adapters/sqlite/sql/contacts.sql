-- name: keep_contact
INSERT INTO order_contacts (tenant, order_id, customer, contact, cart, placed_at)
VALUES (:tenant, :order, :customer, :contact, :cart, :at)
ON CONFLICT (tenant, order_id) DO UPDATE SET customer = excluded.customer, contact = excluded.contact

-- name: contact
SELECT contact FROM order_contacts WHERE tenant = ?1 AND order_id = ?2

-- name: same_cart
SELECT order_id FROM order_contacts
WHERE tenant = :tenant AND customer = :customer AND placed_at >= :since AND cart = :cart AND order_id <> :order
ORDER BY placed_at DESC LIMIT 1

-- name: mark_duplicate
UPDATE orders SET duplicate_of = :of WHERE tenant = :tenant AND order_id = :order

-- name: known_of_customer
SELECT o.sequence, o.order_id, o.state, o.placed_at, c.contact, c.erase_asked_at
FROM order_contacts c JOIN orders o ON o.tenant = c.tenant AND o.order_id = c.order_id
WHERE c.tenant = :tenant AND c.customer = :customer AND o.sequence < :below
ORDER BY o.sequence DESC LIMIT :rows

-- name: orders_of_customer
SELECT order_id FROM order_contacts
WHERE tenant = :tenant AND customer = :customer ORDER BY placed_at LIMIT :rows

-- name: standing
SELECT o.state, c.erase_asked_at,
    c.order_id IS NOT NULL AS kept,
    (SELECT e.at FROM erasure e WHERE e.tenant = o.tenant AND e.order_id = o.order_id) AS erased_at
FROM orders o LEFT JOIN order_contacts c ON c.tenant = o.tenant AND c.order_id = o.order_id
WHERE o.tenant = ?1 AND o.order_id = ?2

-- name: ask_to_erase
UPDATE order_contacts
SET erase_asked_at = :now, erase_asked_by = :actor
WHERE tenant = :tenant AND order_id = :order AND erase_asked_at IS NULL

-- name: drop_contact
DELETE FROM order_contacts WHERE tenant = ?1 AND order_id = ?2

-- name: note_erasure
INSERT INTO erasure (tenant, order_id, at, actor, by_rule) VALUES (:tenant, :order, :now, :actor, :by_rule)
ON CONFLICT DO NOTHING

-- name: blur_destination
-- About ten kilometres: enough to tell which stores were near, too little to tell which house.
UPDATE orders SET request = json_set(request,
    '$.destination.latitude', round(json_extract(request, '$.destination.latitude'), 1),
    '$.destination.longitude', round(json_extract(request, '$.destination.longitude'), 1))
WHERE tenant = ?1 AND order_id = ?2

-- name: forget_inputs
UPDATE decision SET inputs = NULL WHERE tenant = ?1 AND order_id = ?2

-- name: erasures_due
SELECT c.tenant, c.order_id, c.erase_asked_by FROM order_contacts c
JOIN orders o ON o.tenant = c.tenant AND o.order_id = c.order_id
WHERE c.erase_asked_at IS NOT NULL AND o.state IN ('shipped', 'collected', 'delivered', 'cancelled', 'rejected', 'returned', 'refunded')
ORDER BY c.erase_asked_at LIMIT :rows

-- name: contacts_over
SELECT c.tenant, c.order_id FROM order_contacts c
JOIN orders o ON o.tenant = c.tenant AND o.order_id = c.order_id
WHERE c.placed_at < :before AND o.changed_at < :before AND o.state IN ('shipped', 'collected', 'delivered', 'cancelled', 'rejected', 'returned', 'refunded')
ORDER BY c.placed_at LIMIT :rows
