-- Asked with every heartbeat: no part of it may grow with the catalogue or the ledger. Triggers keep
-- the counts. Numbers of facts are never given again: the greatest seq counts all that ever were.
SELECT
    items,
    items_moved,
    (SELECT coalesce(max(seq), 0) FROM fact),
    unsynced,
    (SELECT min(at) FROM (
        SELECT * FROM (SELECT recorded_at AS at FROM fact WHERE document IS NULL ORDER BY seq LIMIT 1)
        UNION ALL SELECT min(oldest_at) FROM document_change WHERE acked = 0)),
    (SELECT count(*) FROM task WHERE phase IN ('offered', 'accepted', 'picking', 'packed')),
    moved_at,
    counted_at
FROM agent
