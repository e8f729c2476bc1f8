-- name: start_shadow
INSERT INTO shadow (tenant, version, author, owner, reason, tolerance, started_at, ends_at, up_to)
VALUES (:tenant, :version, :author, :owner, :reason, :tolerance, :now, :ends_at,
    (SELECT coalesce(max(sequence), 0) FROM decision))

-- name: newest_shadow
SELECT shadow, version, author, owner, reason, tolerance, started_at, ends_at, ended_at, ended_by, end_reason, up_to
FROM shadow WHERE tenant = ?1 AND shadow >= 0 ORDER BY shadow DESC LIMIT 1

-- name: shadows_open
SELECT s.tenant, s.version, s.author, s.owner, s.reason, s.tolerance, s.started_at, s.ends_at, s.ended_at,
    s.ended_by, s.end_reason, s.up_to, v.canonical
FROM shadow s LEFT JOIN policy_version v ON v.tenant = s.tenant AND v.version = s.version
WHERE s.ended_at IS NULL ORDER BY s.tenant

-- name: end_shadow
UPDATE shadow SET ended_at = :now, ended_by = :by, end_reason = :reason
WHERE shadow = :shadow AND ended_at IS NULL

-- name: move_shadow
UPDATE shadow SET up_to = :up_to WHERE shadow = :shadow AND ended_at IS NULL AND up_to = :was

-- name: decided_up_to
SELECT coalesce(max(sequence), ?1) AS up_to, count(*) AS decisions
FROM (SELECT sequence FROM decision WHERE sequence > ?1 ORDER BY sequence LIMIT ?2)

-- name: decided
-- In the order of saving, however few of them are this tenant's: there is a bounded number.
SELECT sequence, order_id, record, inputs, looked FROM decision
WHERE sequence > :after AND sequence <= :up_to AND +tenant = :tenant ORDER BY sequence

-- name: count_line
INSERT INTO shadow_tally (tenant, against, day, outcome, severity, triage, lines)
VALUES (:tenant, :against, :day, :outcome, :severity, :triage, 1)
ON CONFLICT (tenant, against, day, outcome, severity, triage) DO UPDATE SET lines = lines + 1

-- name: uncount_line
UPDATE shadow_tally SET lines = lines - 1
WHERE tenant = :tenant AND against = :against AND day = :day AND outcome = :outcome AND severity = :severity
    AND triage = :triage AND lines > 0

-- name: tally
SELECT day, against, outcome, severity, triage, lines FROM shadow_tally
WHERE day BETWEEN :first AND :last AND tenant = :tenant
ORDER BY day, against, outcome, severity, triage

-- name: shown
SELECT outcome, severity, triage, sum(lines) AS lines FROM shadow_tally
WHERE tenant = :tenant AND against = :against AND day >= :from GROUP BY outcome, severity, triage

-- name: diffs_of_day
SELECT count(*) AS diffs FROM shadow_diff WHERE tenant = ?1 AND day = ?2

-- name: keep_diff
INSERT INTO shadow_diff (tenant, against, day, found_at, order_name, line, decision, sku, class, severity, rule, words,
    here, there)
VALUES (:tenant, :against, :day, :now, :order, :line, :decision, :sku, :class, :severity, :rule, :words, :here, :there)

-- name: diff_of_line
SELECT diff, day, class, severity, triage FROM shadow_diff
WHERE tenant = :tenant AND against = :against AND order_name = :order AND line = :line AND decision = :decision

-- name: forget_diff
DELETE FROM shadow_diff WHERE diff = ?1

-- name: diff
SELECT diff, against, day, found_at, class, severity, rule, triage FROM shadow_diff WHERE diff = ?1 AND +tenant = ?2

-- name: diffs_alike
SELECT diff, day, class, severity, triage FROM shadow_diff
WHERE tenant = :tenant AND against = :against AND class = :class AND rule IS :rule AND triage = 'open'
ORDER BY diff LIMIT :rows

-- name: critical_open
SELECT 1 FROM shadow_diff
WHERE tenant = ?1 AND against = ?2 AND class = ?3 AND severity = 'critical' AND triage = 'open' LIMIT 1

-- name: triage_diff
UPDATE shadow_diff SET triage = :triage, triaged_by = :by, triaged_at = :now, triage_reason = :reason
WHERE diff = :diff

-- name: diffs
SELECT diff, against, found_at, order_name, line, decision, sku, class, severity, rule, words, here, there, triage,
    triaged_by, triaged_at, triage_reason
FROM shadow_diff
WHERE tenant = :tenant AND diff < :below AND (:day IS NULL OR day = :day)
    AND (:against IS NULL OR against = :against) AND (:class IS NULL OR class = :class)
    AND (:severity IS NULL OR severity = :severity) AND (:triage IS NULL OR triage = :triage)
ORDER BY diff DESC LIMIT :rows

-- name: top_skus
SELECT sku AS name, count(*) AS lines FROM shadow_diff
WHERE tenant = :tenant AND day = :day AND against = :against AND sku IS NOT NULL
GROUP BY sku ORDER BY lines DESC, name LIMIT :rows

-- name: top_rules
SELECT rule AS name, count(*) AS lines FROM shadow_diff
WHERE tenant = :tenant AND day = :day AND against = :against AND rule IS NOT NULL
GROUP BY rule ORDER BY lines DESC, name LIMIT :rows

-- name: top_nodes
SELECT name, count(*) AS lines FROM (
    SELECT h.key AS name FROM shadow_diff d, json_each(d.here, '$.nodes') h
    WHERE d.tenant = :tenant AND d.day = :day AND d.against = :against
        AND NOT EXISTS (SELECT 1 FROM json_each(d.there, '$.nodes') t WHERE t.key = h.key)
    UNION ALL
    SELECT t.key FROM shadow_diff d, json_each(d.there, '$.nodes') t
    WHERE d.tenant = :tenant AND d.day = :day AND d.against = :against
        AND NOT EXISTS (SELECT 1 FROM json_each(d.here, '$.nodes') h WHERE h.key = t.key))
GROUP BY name ORDER BY lines DESC, name LIMIT :rows

-- name: drop_diffs
DELETE FROM shadow_diff WHERE diff IN (SELECT diff FROM shadow_diff WHERE day < :before LIMIT :rows)

-- name: drop_tally
DELETE FROM shadow_tally WHERE day < ?1
