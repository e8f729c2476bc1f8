-- name: begin
INSERT INTO drill (tenant, reason, author, began_at, until)
VALUES (:tenant, :reason, :author, :now, :until)
RETURNING sequence

-- name: take_store
INSERT INTO drill_store (drill, tenant, store) VALUES (:drill, :tenant, :store)

-- name: running_at
SELECT drill FROM drill_store WHERE tenant = ?1 AND store = ?2 AND live = 1

-- name: drill
SELECT sequence, reason, author, began_at, until, ended_at, ended_by FROM drill
WHERE tenant = :tenant AND sequence = :drill

-- name: stores_of
SELECT store, stayed FROM drill_store WHERE drill = ?1 ORDER BY store

-- name: newest_drills
SELECT sequence, reason, author, began_at, until, ended_at, ended_by FROM drill
WHERE tenant = :tenant AND sequence < :below ORDER BY sequence DESC LIMIT :rows

-- name: over
SELECT tenant, sequence FROM drill WHERE ended_at IS NULL AND until <= ?1 ORDER BY until

-- name: end
UPDATE drill SET ended_at = :now, ended_by = :by WHERE sequence = :drill AND ended_at IS NULL

-- name: leave_store
UPDATE drill_store SET live = 0, stayed = :stayed WHERE drill = :drill AND store = :store

-- name: open_again
DELETE FROM closure WHERE tenant = :tenant AND store = :store AND from_store = 0
    AND json_extract(closure, '$.cause') = 'drill'
