-- Facts are never deleted, so the greatest seq is their number.
SELECT
    (SELECT count(*) FROM item),
    (SELECT count(*) FROM item WHERE moved_at IS NOT NULL),
    (SELECT coalesce(max(seq), 0) FROM fact),
    (SELECT count(*) FROM fact WHERE document IS NULL)
        + (SELECT coalesce(sum(facts), 0) FROM document_change WHERE acked = 0),
    (SELECT min(at) FROM (
        SELECT min(recorded_at) AS at FROM fact WHERE document IS NULL
        UNION ALL SELECT min(oldest_at) FROM document_change WHERE acked = 0)),
    (SELECT count(*) FROM task WHERE phase IN ('offered', 'accepted', 'picking', 'packed')),
    (SELECT max(moved_at) FROM item WHERE moved_at IS NOT NULL),
    (SELECT max(counted_at) FROM item WHERE counted_at IS NOT NULL)
