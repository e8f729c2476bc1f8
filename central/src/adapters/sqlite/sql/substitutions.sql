-- name: drop_substitutes
DELETE FROM substitute WHERE tenant = ?1 AND sku = ?2

-- name: add_substitute
INSERT INTO substitute (tenant, sku, place, instead, unit_price)
VALUES (:tenant, :sku, :place, :instead, :unit_price)

-- name: substitutes
SELECT instead, unit_price FROM substitute WHERE tenant = ?1 AND sku = ?2 ORDER BY place

-- name: request_of
SELECT request FROM orders WHERE tenant = ?1 AND order_id = ?2

-- name: lines_asked_about
SELECT DISTINCT line FROM substitution WHERE tenant = ?1 AND order_id = ?2 AND state <> 'made'

-- name: lines_that_wait
SELECT line FROM substitution WHERE tenant = ?1 AND order_id = ?2 AND state = 'waiting'

-- name: short_of
-- Stores that lost nothing of it, and of which lines they did not find all.
SELECT t.store, json_extract(j.value, '$.line') AS line FROM task t, json_each(t.state, '$.lines') j
WHERE t.tenant = ?1 AND t.order_id = ?2 AND json_extract(j.value, '$.short') > 0
    AND NOT EXISTS (
        SELECT 1 FROM task u WHERE u.tenant = t.tenant AND u.order_id = t.order_id AND u.store = t.store
            AND (u.recalled = 1 OR u.phase IN ('declined', 'put_back')))

-- name: next_number
SELECT coalesce(max(number), 0) + 1 AS number FROM substitution WHERE tenant = ?1 AND order_id = ?2

-- name: line_numbers
SELECT line FROM order_line WHERE tenant = ?1 AND order_id = ?2

-- name: propose
INSERT INTO substitution (tenant, order_id, number, line, sku, instead, quantity, unit_price, state, proposed_at,
    answer_by, promise, words, passed)
VALUES (:tenant, :order, :number, :line, :sku, :instead, :quantity, :unit_price, 'waiting', :now, :answer_by,
    :promise, :words, :passed)

-- name: substitution
SELECT number, line, sku, instead, quantity, unit_price, state, proposed_at, answer_by, ended_at, ended_by,
    new_line, promise, words, passed
FROM substitution WHERE tenant = :tenant AND order_id = :order AND number = :number

-- name: of_order
SELECT number, line, sku, instead, quantity, unit_price, state, proposed_at, answer_by, ended_at, ended_by,
    new_line, promise, words, passed
FROM substitution WHERE tenant = ?1 AND order_id = ?2 ORDER BY number

-- name: end
UPDATE substitution SET state = :state, ended_at = :now, ended_by = :by, new_line = :new_line, quantity = :quantity
WHERE tenant = :tenant AND order_id = :order AND number = :number AND state = 'waiting'

-- name: due_substitutions
-- Also those whose end lies farther away than any may, and those that were asked later than now: only a clock that
-- was put back since gave it.
SELECT tenant, order_id, number FROM substitution
WHERE state = 'waiting' AND (answer_by <= :now OR answer_by > :beyond OR proposed_at > :ahead)
ORDER BY answer_by LIMIT :rows

-- name: leave_line
UPDATE order_line SET open = open - :quantity, cancelled = cancelled + :quantity, replaced = replaced + :quantity,
    backordered = CASE WHEN open > :quantity THEN backordered ELSE 0 END
WHERE tenant = :tenant AND order_id = :order AND line = :line AND open >= :quantity

-- name: stand_in
INSERT INTO order_line (tenant, order_id, line, sku, quantity, open, unit_price, amounts)
VALUES (:tenant, :order, :line, :sku, :quantity, :quantity, :unit_price, :amounts)

-- name: made_as
SELECT 1 FROM substitution WHERE tenant = :tenant AND order_id = :order AND state = 'made' AND new_line = :line
