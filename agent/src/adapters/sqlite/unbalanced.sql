SELECT item.sku FROM item LEFT JOIN rights USING (sku) LEFT JOIN (
    SELECT sku, sum(units) AS units, sum(rights) AS rights FROM (
        SELECT sku, units, rights FROM baseline
        UNION ALL
        SELECT f.sku, json_extract(f.text, '$.d'), coalesce(json_extract(f.text, '$.r'), 0)
        FROM fact f LEFT JOIN document d USING (document)
        WHERE f.sku IS NOT NULL AND d.sealed_at IS NULL)
    GROUP BY sku) AS told ON told.sku = item.sku
WHERE item.on_hand <> coalesce(told.units, 0) OR coalesce(rights.units, 0) <> coalesce(told.rights, 0) LIMIT ?1
