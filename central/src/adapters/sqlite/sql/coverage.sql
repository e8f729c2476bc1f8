-- name: classes_of_order
SELECT DISTINCT coalesce(c.class, 'default') AS class FROM order_line l
LEFT JOIN catalogue c ON c.tenant = l.tenant AND c.sku = l.sku
WHERE l.tenant = ?1 AND l.order_id = ?2

-- name: count_uses
INSERT INTO policy_use (day, tenant, policy, part, name, decided, refused)
SELECT :day, :tenant, :policy, u.value ->> 'part', u.value ->> 'name', u.value ->> 'decided', u.value ->> 'refused'
FROM json_each(:uses) u WHERE true
ON CONFLICT (day, tenant, policy, part, name) DO UPDATE SET
    decided = decided + excluded.decided, refused = refused + excluded.refused

-- name: uses
SELECT part, name, sum(decided) AS decided, sum(refused) AS refused, max(day) AS last_day FROM policy_use
WHERE day >= :from AND tenant = :tenant AND policy = :policy
GROUP BY part, name ORDER BY part, name LIMIT :rows

-- name: drop_uses
DELETE FROM policy_use WHERE day < :before

-- name: sign_off
INSERT INTO policy_sign_off (tenant, version, role, name, actor, note, at)
VALUES (:tenant, :version, :role, :name, :actor, :note, :now)

-- name: sign_offs
SELECT role, name, actor, note, at FROM policy_sign_off WHERE tenant = ?1 AND version = ?2 ORDER BY sequence
