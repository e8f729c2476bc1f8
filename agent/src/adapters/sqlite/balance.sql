-- Stock is what sealed documents add up to, and every fact that is in none of them.
UPDATE item SET
    on_hand = coalesce(told.units, 0),
    moved_at = coalesce(item.moved_at, CASE WHEN told.sku IS NOT NULL THEN ?1 END)
FROM item AS all_items LEFT JOIN (
    SELECT sku, sum(units) AS units FROM (
        SELECT sku, units FROM baseline
        UNION ALL
        SELECT f.sku, json_extract(f.text, '$.d') FROM fact f LEFT JOIN document d USING (document)
        WHERE f.sku IS NOT NULL AND d.sealed_at IS NULL)
    GROUP BY sku) AS told ON told.sku = all_items.sku
WHERE item.item = all_items.item
    AND (item.on_hand <> coalesce(told.units, 0) OR (item.moved_at IS NULL AND told.sku IS NOT NULL))
