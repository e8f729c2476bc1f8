-- name: legacy_by_id
SELECT body FROM legacy_decision WHERE tenant = ?1 AND id = ?2

-- name: legacy_was_compared
SELECT 1 FROM legacy_decision WHERE tenant = ?1 AND order_name = ?2 AND line = ?3 AND look_at IS NULL LIMIT 1

-- name: take_legacy
INSERT INTO legacy_decision (tenant, id, order_name, line, body, heard_at, look_at)
VALUES (:tenant, :id, :order, :line, :body, :now, :look_at)

-- name: feed_heard
INSERT INTO legacy_feed (tenant, first_at, last_at, waiting, up_to)
VALUES (:tenant, :now, :now, :waiting, (SELECT coalesce(max(sequence), 0) FROM decision))
ON CONFLICT (tenant) DO UPDATE SET last_at = max(last_at, excluded.last_at), waiting = waiting + excluded.waiting

-- name: feed_of
SELECT tenant, first_at, last_at, waiting, up_to FROM legacy_feed WHERE tenant = ?1

-- name: feeds
SELECT tenant, first_at, last_at, waiting, up_to FROM legacy_feed ORDER BY tenant

-- name: feed_moves
UPDATE legacy_feed SET up_to = :up_to WHERE tenant = :tenant AND up_to = :was

-- name: feed_waits_less
UPDATE legacy_feed SET waiting = max(0, waiting - :lines) WHERE tenant = :tenant

-- name: legacy_due
SELECT DISTINCT tenant, order_name, line
FROM (SELECT tenant, order_name, line FROM legacy_decision WHERE look_at <= ?1 ORDER BY look_at LIMIT ?2)

-- name: legacy_line
SELECT body, heard_at FROM legacy_decision WHERE tenant = ?1 AND order_name = ?2 AND line = ?3 ORDER BY heard_at, id

-- name: legacy_compared
UPDATE legacy_decision SET look_at = NULL
WHERE tenant = ?1 AND order_name = ?2 AND line = ?3 AND look_at IS NOT NULL

-- name: put_off_legacy
UPDATE legacy_decision SET look_at = ?4
WHERE tenant = ?1 AND order_name = ?2 AND line = ?3 AND look_at IS NOT NULL

-- name: orders_by_reference
SELECT order_id FROM orders WHERE tenant = ?1 AND json_extract(request, '$.reference') = ?2 LIMIT ?3

-- name: legacy_spoke_of
SELECT 1 FROM orders o
JOIN legacy_decision l ON l.tenant = o.tenant AND l.line = :line
    AND l.order_name IN (o.order_id, json_extract(o.request, '$.reference'))
WHERE o.tenant = :tenant AND o.order_id = :order LIMIT 1

-- name: drop_legacy
DELETE FROM legacy_decision WHERE (tenant, id) IN (
    SELECT tenant, id FROM legacy_decision WHERE heard_at < :before AND look_at IS NULL LIMIT :rows)
