-- Rights are what sealed documents add up to, and every fact that is in none of them.
INSERT INTO rights (sku, units)
SELECT sku, sum(units) FROM (
    SELECT sku, rights AS units FROM baseline WHERE rights <> 0
    UNION ALL
    SELECT f.sku, json_extract(f.text, '$.r') FROM fact f LEFT JOIN document d USING (document)
    WHERE f.sku IS NOT NULL AND d.sealed_at IS NULL AND json_extract(f.text, '$.r') IS NOT NULL)
GROUP BY sku
