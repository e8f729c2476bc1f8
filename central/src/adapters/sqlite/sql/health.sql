-- name: changed_stores
SELECT n.sequence, s.tenant, s.description,
    (SELECT count(*) FROM replica r WHERE r.tenant = s.tenant AND r.store = s.store) AS enrolled_replicas,
    (SELECT count(*) FROM task t WHERE t.tenant = s.tenant AND t.store = s.store AND t.ended_at IS NULL) AS open_tasks,
    (SELECT max(p.heard_at) FROM replica_progress p WHERE p.tenant = s.tenant AND p.store = s.store) AS synced_at,
    (SELECT json_group_array(json(c.closure)) FROM closure c WHERE c.tenant = s.tenant AND c.store = s.store) AS closures,
    (SELECT a.arranged FROM arrangement a WHERE a.tenant = s.tenant AND a.store = s.store) AS arranged,
    (SELECT json_group_array(json_array(h.hour, h.given, h.accepted, h.accept_ms, h.declined, h.picked_units,
        h.short_units)) FROM work_hour h WHERE h.tenant = s.tenant AND h.store = s.store) AS work,
    EXISTS (SELECT 1 FROM recovery_replica v
        WHERE v.tenant = s.tenant AND v.store = s.store AND v.replayed_at IS NULL) AS recovering
FROM store_change n JOIN store s ON s.tenant = n.tenant AND s.store = n.store
WHERE n.sequence > ?1 ORDER BY n.sequence

-- name: arrange
INSERT INTO arrangement (tenant, store, arranged) VALUES (:tenant, :store, :arranged)
ON CONFLICT (tenant, store) DO UPDATE SET arranged = excluded.arranged

-- name: count_work
INSERT INTO work_hour (tenant, store, hour, given, accepted, accept_ms, declined, picked_units, short_units)
VALUES (:tenant, :store, :hour, :given, :accepted, :accept_ms, :declined, :picked_units, :short_units)
ON CONFLICT (tenant, store, hour) DO UPDATE SET
    given = given + excluded.given,
    accepted = accepted + excluded.accepted,
    accept_ms = accept_ms + excluded.accept_ms,
    declined = declined + excluded.declined,
    picked_units = picked_units + excluded.picked_units,
    short_units = short_units + excluded.short_units
RETURNING given + accepted + declined + picked_units + short_units AS summed

-- name: drop_work
DELETE FROM work_hour
WHERE tenant = :tenant AND store = :store AND (hour < :before OR hour > :beyond)

-- name: say_frozen
INSERT INTO observer (replica, frozen, said_at) VALUES (:replica, :frozen, :said_at)
ON CONFLICT (replica) DO UPDATE SET frozen = excluded.frozen, said_at = excluded.said_at

-- name: peers
SELECT replica, frozen, said_at FROM observer WHERE replica <> ?1 ORDER BY replica
