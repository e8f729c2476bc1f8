-- name: seal
SELECT store, sequence, heads, facts FROM seal WHERE tenant = ?1 AND document = ?2

-- name: add_seal
INSERT INTO seal (tenant, document, store, sequence, heads, digest, facts, sealed_at)
VALUES (:tenant, :document, :store, :sequence, :heads, :digest, :facts, :at)

-- name: drop_seal
DELETE FROM seal WHERE tenant = ?1 AND document = ?2

-- name: seals_above
SELECT document, sequence, heads, facts FROM seal
WHERE tenant = :tenant AND store = :store AND sequence > :above ORDER BY sequence LIMIT :rows

-- name: archive
SELECT changes FROM archive WHERE tenant = ?1 AND document = ?2

-- name: add_archive
INSERT INTO archive (tenant, document, sealed_at, changes) VALUES (:tenant, :document, :at, :changes)

-- name: drop_archive
DELETE FROM archive WHERE tenant = ?1 AND document = ?2

-- name: drop_changes
DELETE FROM document_change WHERE tenant = ?1 AND document = ?2

-- name: drop_document
DELETE FROM document WHERE tenant = ?1 AND document = ?2

-- name: sealed_root
SELECT sealed_root FROM replication WHERE tenant = ?1 AND store = ?2

-- name: set_sealed_root
UPDATE replication SET sealed_root = :root WHERE tenant = :tenant AND store = :store

-- name: facts_move_on
-- Facts that stand in an open document too count there.
UPDATE fact SET document = (
    SELECT a.document FROM fact_again a JOIN document d ON d.tenant = a.tenant AND d.document = a.document
    WHERE a.tenant = fact.tenant AND a.store = fact.store AND a.fact = fact.fact AND a.document <> ?2 LIMIT 1)
WHERE tenant = ?1 AND document = ?2 AND EXISTS (
    SELECT 1 FROM fact_again a JOIN document d ON d.tenant = a.tenant AND d.document = a.document
    WHERE a.tenant = fact.tenant AND a.store = fact.store AND a.fact = fact.fact AND a.document <> ?2)

-- name: forget_again
DELETE FROM fact_again WHERE tenant = ?1 AND document = ?2

-- name: add_again
INSERT INTO fact_again (tenant, store, fact, document) VALUES (:tenant, :store, :fact, :document)
ON CONFLICT DO NOTHING

-- name: stands_in
SELECT f.document, EXISTS (SELECT 1 FROM seal s WHERE s.tenant = f.tenant AND s.document = f.document) AS sealed,
    json_extract(f.text, '$.s') AS sku, json_extract(f.text, '$.d') AS units,
    coalesce(json_extract(f.text, '$.r'), 0) AS rights
FROM fact f WHERE f.tenant = :tenant AND f.store = :store AND f.fact = :fact

-- name: move_fact
UPDATE fact SET document = :document WHERE tenant = :tenant AND store = :store AND fact = :fact

-- name: add_to_baseline
INSERT INTO baseline (tenant, store, sku, units, rights) VALUES (:tenant, :store, :sku, :units, :rights)
ON CONFLICT (tenant, store, sku) DO UPDATE SET units = units + excluded.units, rights = rights + excluded.rights

-- name: move_baseline
INSERT INTO baseline (tenant, store, sku, units, rights)
SELECT tenant, store, json_extract(text, '$.s'), sum(json_extract(text, '$.d')),
    coalesce(sum(json_extract(text, '$.r')), 0) FROM fact
WHERE tenant = ?1 AND document = ?2 AND task IS NULL GROUP BY 1, 2, 3
ON CONFLICT (tenant, store, sku) DO UPDATE SET units = units + excluded.units, rights = rights + excluded.rights

-- name: baseline_after
SELECT sku, units, rights FROM baseline
WHERE tenant = :tenant AND store = :store AND sku > :after ORDER BY sku LIMIT :rows

-- name: progress
INSERT INTO replica_progress (tenant, store, replica, cursor, version, heard_at)
VALUES (:tenant, :store, :replica, :cursor, :version, :at)
ON CONFLICT (tenant, store, replica)
DO UPDATE SET cursor = excluded.cursor, version = excluded.version, heard_at = excluded.heard_at

-- name: tasks_to_seal
-- Open documents are few; of their tasks, those that are over. Every replica that still speaks has
-- fetched all of it.
SELECT d.tenant, d.document, d.store FROM document d
JOIN task t ON t.tenant = d.tenant AND t.task = substr(d.document, 6)
WHERE d.document LIKE 'task/%' AND t.ended_at < :ended_before
    AND NOT EXISTS (SELECT 1 FROM hold h WHERE h.tenant = t.tenant AND h.task = t.task AND h.quantity > 0)
    AND NOT EXISTS (
        SELECT 1 FROM replica_progress p JOIN document_change c ON c.tenant = p.tenant AND c.document = d.document
        WHERE p.tenant = d.tenant AND p.store = d.store AND p.heard_at >= :heard_since
            AND (c.sequence > p.cursor OR p.version < :version))
LIMIT :rows

-- name: archives_over
DELETE FROM archive WHERE rowid IN (
    SELECT rowid FROM archive WHERE sealed_at < :before ORDER BY sealed_at LIMIT :rows)

-- name: seals_with_old_facts
SELECT s.tenant, s.document FROM seal s
WHERE s.facts_kept = 1 AND s.sealed_at < :before
    AND NOT EXISTS (SELECT 1 FROM archive a WHERE a.tenant = s.tenant AND a.document = s.document)
ORDER BY s.sealed_at LIMIT :rows

-- name: drop_again_of_facts
DELETE FROM fact_again WHERE (tenant, store, fact) IN (
    SELECT tenant, store, fact FROM fact WHERE tenant = ?1 AND document = ?2)

-- name: drop_facts
DELETE FROM fact WHERE tenant = ?1 AND document = ?2

-- name: facts_dropped
UPDATE seal SET facts_kept = 0 WHERE tenant = ?1 AND document = ?2

-- name: drop_keys
DELETE FROM idempotency WHERE (tenant, key) IN (
    SELECT i.tenant, i.key FROM idempotency i JOIN orders o ON o.tenant = i.tenant AND o.order_id = i.order_id
    WHERE i.at < :before AND o.changed_at < :before
        AND o.state IN ('shipped', 'collected', 'delivered', 'cancelled', 'rejected', 'returned', 'refunded')
    ORDER BY i.at LIMIT :rows)

-- name: drop_eligibility
-- The newest of each store stays: it is what holds now.
DELETE FROM eligibility_change WHERE sequence IN (
    SELECT sequence FROM eligibility_change c WHERE c.at < :before AND c.sequence < (
        SELECT max(n.sequence) FROM eligibility_change n WHERE n.tenant = c.tenant AND n.store = c.store)
    LIMIT :rows)

-- name: drop_decisions
-- Oldest first, and only of orders that are over.
DELETE FROM decision WHERE sequence IN (
    SELECT d.sequence FROM (SELECT sequence, tenant, order_id FROM decision ORDER BY sequence LIMIT :rows) d
    JOIN orders o ON o.tenant = d.tenant AND o.order_id = d.order_id
    WHERE o.changed_at < :before AND o.state IN ('shipped', 'collected', 'delivered', 'cancelled', 'rejected', 'returned', 'refunded'))

-- name: unbalanced
-- Positions that are not the sum of the baseline and of the facts that are not sealed.
SELECT count(*) AS positions FROM position p LEFT JOIN (
    SELECT tenant, store, sku, sum(units) AS units, sum(rights) AS rights FROM (
        SELECT tenant, store, sku, units, rights FROM baseline WHERE :tenant IS NULL OR tenant = :tenant
        UNION ALL
        SELECT f.tenant, f.store, json_extract(f.text, '$.s'), json_extract(f.text, '$.d'),
            coalesce(json_extract(f.text, '$.r'), 0)
        FROM document d JOIN fact f ON f.tenant = d.tenant AND f.document = d.document
        WHERE d.document LIKE 'stock/%' AND (:tenant IS NULL OR d.tenant = :tenant))
    GROUP BY tenant, store, sku) s ON s.tenant = p.tenant AND s.store = p.store AND s.sku = p.sku
WHERE (:tenant IS NULL OR p.tenant = :tenant) 
    AND (p.on_hand <> coalesce(s.units, 0) OR p.rights <> coalesce(s.rights, 0))
