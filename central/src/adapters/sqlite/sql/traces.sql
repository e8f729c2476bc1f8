-- name: note_call
-- Beyond the limit nothing is kept: who asks hundreds of times about one order says nothing new.
INSERT INTO trace_call (tenant, subject, number, act, at, actor, trace, span, parent, sampled, state)
SELECT :tenant, :subject, coalesce(max(number), 0) + 1, :act, :at, :actor, :trace, :span, :parent, :sampled, :state
FROM trace_call WHERE tenant = :tenant AND subject = :subject
HAVING coalesce(max(number), 0) < :calls_max

-- name: calls
SELECT act, at, actor, trace, span, parent, sampled, state FROM trace_call
WHERE tenant = ?1 AND subject = ?2 ORDER BY number

-- name: decision_causes
SELECT cause FROM decision WHERE tenant = ?1 AND order_id = ?2 ORDER BY sequence

-- name: events_told
SELECT event_id, kind, at, cause, published_at FROM outbox
WHERE tenant = :tenant AND key = :key ORDER BY key_sequence LIMIT :rows

-- name: provider_asked
SELECT provider FROM payment WHERE tenant = ?1 AND order_id = ?2

-- name: money_causes
SELECT cause FROM saga_fact WHERE tenant = ?1 AND order_id = ?2 ORDER BY sequence

-- name: parcels_of
SELECT task, carrier FROM parcel WHERE tenant = ?1 AND order_id = ?2 ORDER BY number

-- name: exceptions_raised
SELECT 'x' || sequence AS exception, category, store, task, raised_at, resolved_at, cause FROM exception
WHERE tenant = :tenant AND order_id = :order ORDER BY sequence LIMIT :rows

-- name: brought_back
SELECT f.fact, f.text, g.store, g.at, g.number FROM return_receipt g
JOIN fact f ON f.tenant = g.tenant AND f.store = g.store AND f.fact = g.fact
WHERE g.tenant = :tenant AND g.order_id = :order
ORDER BY g.at, g.fact, g.number, g.line LIMIT :rows

-- name: told_up_to
SELECT up_to, (SELECT coalesce(max(entry), 0) FROM order_event) AS newest FROM trace_told WHERE only = 1

-- name: entries_after
SELECT entry, tenant, order_id FROM order_event WHERE entry > :after ORDER BY entry LIMIT :rows

-- name: tell_up_to
UPDATE trace_told SET up_to = max(up_to, :up_to) WHERE only = 1
