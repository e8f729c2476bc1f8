SELECT item.sku FROM item LEFT JOIN (
    SELECT sku, sum(units) AS units FROM (
        SELECT sku, units FROM baseline
        UNION ALL
        SELECT f.sku, json_extract(f.text, '$.d') FROM fact f LEFT JOIN document d USING (document)
        WHERE f.sku IS NOT NULL AND d.sealed_at IS NULL)
    GROUP BY sku) AS told ON told.sku = item.sku
WHERE item.on_hand <> coalesce(told.units, 0) LIMIT ?1
