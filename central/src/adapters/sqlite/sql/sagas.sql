-- name: begin
INSERT INTO payment (tenant, order_id, provider, root, currency, next_at, looked_at)
VALUES (:tenant, :order, :provider, :root, :currency, :now, :now)

-- name: due
SELECT tenant, order_id FROM (
    SELECT tenant, order_id FROM payment WHERE provider = :provider AND next_at <= :now
    ORDER BY next_at LIMIT :rows)
UNION ALL
SELECT tenant, order_id FROM (
    SELECT tenant, order_id FROM payment
    WHERE provider = :provider AND looked_at > :now AND next_at IS NOT NULL AND next_at > :now LIMIT :rows)

-- name: sagas_without
SELECT tenant, order_id FROM payment
WHERE next_at <= :now AND provider NOT IN (SELECT value FROM json_each(:known))
LIMIT :rows

-- name: head
SELECT p.provider, p.root, p.currency, p.changes, o.request, o.trace
FROM payment p JOIN orders o ON o.tenant = p.tenant AND o.order_id = p.order_id
WHERE p.tenant = ?1 AND p.order_id = ?2

-- name: standing
SELECT standing FROM payment WHERE tenant = ?1 AND order_id = ?2

-- name: facts
SELECT sequence, call, run, source, at, said FROM saga_fact
WHERE tenant = ?1 AND order_id = ?2 ORDER BY sequence

-- name: refunds
SELECT number, amount, currency, lines, reason, actor, at FROM refund
WHERE tenant = ?1 AND order_id = ?2 ORDER BY number

-- name: say
INSERT INTO saga_fact (tenant, order_id, sequence, call, run, source, at, said, cause)
VALUES (:tenant, :order, :sequence, :call, :run, :source, :at, :said,
    (SELECT max(e.sequence) FROM order_event e WHERE e.tenant = :tenant AND e.order_id = :order))

-- name: stand
UPDATE payment SET facts = :facts, authorized = :authorized, captured = :captured, voided = :voided,
    refunded = :refunded, standing = :standing, covered = :covered, next_at = :next_at,
    looked_at = :now
WHERE tenant = :tenant AND order_id = :order AND facts = :after

-- name: rest
UPDATE payment SET next_at = :next_at, looked_at = :now, covered = :covered, standing = :standing
WHERE tenant = :tenant AND order_id = :order AND facts = :after AND changes = :changes

-- name: wake
UPDATE payment SET changes = changes + 1, next_at = min(coalesce(next_at, :now), :now), looked_at = :now
WHERE tenant = :tenant AND order_id = :order

-- name: begin_refund
INSERT INTO refund (tenant, order_id, number, key, request_hash, amount, currency, lines, reason, actor, at)
VALUES (:tenant, :order, :number, :key, :request_hash, :amount, :currency, :lines, :reason, :actor, :at)

-- name: refund_by_key
SELECT order_id, request_hash, number FROM refund WHERE tenant = ?1 AND key = ?2

-- name: take_in
INSERT INTO payment_notice (tenant, provider, event, notice, at, number)
VALUES (:tenant, :provider, :event, :notice, :at, :number)
ON CONFLICT (tenant, provider, event) DO NOTHING

-- name: waiting_notices
SELECT tenant, provider, notice, at, outcome, number FROM payment_notice
WHERE outcome IS NULL ORDER BY number LIMIT :rows

-- name: settle_notice
UPDATE payment_notice SET outcome = :outcome, settled_at = :now
WHERE tenant = :tenant AND provider = :provider AND event = :event AND outcome IS NULL

-- name: notices
SELECT tenant, provider, notice, at, outcome, number FROM payment_notice
WHERE tenant = :tenant AND number < :below ORDER BY number DESC LIMIT :rows

-- name: drop_notices
DELETE FROM payment_notice WHERE (tenant, provider, event) IN (
    SELECT tenant, provider, event FROM payment_notice WHERE settled_at < :before LIMIT :rows)
