SELECT f.seq, f.id, f.text, i.name FROM fact f LEFT JOIN item i ON i.sku = f.sku
WHERE f.seq < :before AND f.seq > (SELECT coalesce(max(seq), 0) FROM fact) - :facts
    AND f.recorded_at >= :since AND f.text GLOB '{"k":"brought_back",*'
    AND (:order IS NULL OR json_extract(f.text, '$.of.order') = :order
        OR json_extract(f.text, '$.of.return') GLOB :order || '-r[0-9]*')
    AND sound(f.sum, f.id, f.text, f.sku, f.task, f.recorded_at)
ORDER BY f.seq DESC LIMIT :rows
