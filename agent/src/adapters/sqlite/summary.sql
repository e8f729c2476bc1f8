-- Asked with every heartbeat: no part of it may grow with the catalogue or the ledger. Triggers keep
-- the counts. Facts are never deleted, so the greatest seq is their number.
SELECT
    items,
    items_moved,
    (SELECT coalesce(max(seq), 0) FROM fact),
    unsynced,
    (SELECT min(at) FROM (
        SELECT * FROM (SELECT recorded_at AS at FROM fact WHERE document IS NULL ORDER BY seq LIMIT 1)
        UNION ALL SELECT min(oldest_at) FROM document_change WHERE acked = 0)),
    (SELECT count(*) FROM task WHERE phase IN ('offered', 'accepted', 'picking', 'packed')),
    -- Not later than the clock stood when something was recorded last: what was noted while it was
    -- ahead does not stay fresh for ever.
    (SELECT max(moved_at) FROM item WHERE moved_at IS NOT NULL AND moved_at <= last.recorded_at + ?1),
    (SELECT max(counted_at) FROM item WHERE counted_at IS NOT NULL AND counted_at <= last.recorded_at + ?1)
FROM agent LEFT JOIN (SELECT recorded_at FROM fact ORDER BY seq DESC LIMIT 1) AS last
