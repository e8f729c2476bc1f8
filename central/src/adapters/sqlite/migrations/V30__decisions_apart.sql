-- Whom a decision looked at, with which verdict, and what it was made from, packed together. Where it is absent the
-- record itself names them, and `inputs` has the rest, as it was before.
ALTER TABLE decision ADD COLUMN looked BLOB;

-- What a node was when decisions looked at it, once for all of them. `used_by` is the newest decision that is known
-- to speak of it, give or take some thousands: the row goes when all up to there, and as many more, are gone.
CREATE TABLE node_seen (
    tenant  TEXT NOT NULL,
    node    BLOB NOT NULL CHECK (length(node) = 16),
    said    TEXT NOT NULL,
    used_by INTEGER NOT NULL,
    PRIMARY KEY (tenant, node)
) STRICT, WITHOUT ROWID;
CREATE INDEX node_seen_by_use ON node_seen (used_by);

-- Whoever adds a task counts the hour of its store's work in the same transaction, and that tells of the store.
DROP TRIGGER task_given;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('node_seen', 'node_seen', '100000 50000 1'),
    ('node_seen', 'node_seen_by_use', '100000 10');
ANALYZE sqlite_schema;
