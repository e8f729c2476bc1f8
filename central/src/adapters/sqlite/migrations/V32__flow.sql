-- Which way each order went: every change of its state, written with the change and never altered. `source` is
-- what kind of node had its units then: a store, a distribution centre, several, or none.
CREATE TABLE order_step (
    entry    INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant   TEXT NOT NULL,
    order_id TEXT NOT NULL,
    was      TEXT,
    state    TEXT NOT NULL,
    source   TEXT NOT NULL,
    at       INTEGER NOT NULL,
    -- Since when it stood in `was`; absent of what was placed before this was kept.
    since    INTEGER
) STRICT;
CREATE INDEX order_step_of_order ON order_step (tenant, order_id, entry);
CREATE INDEX order_step_by_age ON order_step (at);

-- Orders of before stand where they stand; how they came there is not on record.
INSERT INTO order_step (tenant, order_id, was, state, source, at)
SELECT tenant, order_id, state, state, 'none', changed_at FROM orders ORDER BY sequence;

-- The same, summed by day in UTC for whoever asks how orders flow. Follows from `order_step` and `orders` alone, and
-- may be made anew from them at any time.
CREATE TABLE flow_day (
    tenant  TEXT NOT NULL,
    day     INTEGER NOT NULL,
    channel TEXT NOT NULL,
    kind    TEXT NOT NULL,
    source  TEXT NOT NULL,
    was     TEXT NOT NULL,
    state   TEXT NOT NULL,
    -- How long it stood in `was`, in steps of an eighth to a quarter.
    bucket  INTEGER NOT NULL CHECK (bucket BETWEEN 0 AND 255),
    orders  INTEGER NOT NULL CHECK (orders > 0),
    ms      INTEGER NOT NULL CHECK (ms >= 0),
    PRIMARY KEY (tenant, day, channel, kind, source, was, state, bucket)
) STRICT, WITHOUT ROWID;
CREATE INDEX flow_day_by_age ON flow_day (day);

-- Up to which entry of `order_step` the sums go.
CREATE TABLE flow_read (
    only  INTEGER PRIMARY KEY CHECK (only = 1),
    up_to INTEGER NOT NULL
) STRICT;
INSERT INTO flow_read (only, up_to) VALUES (1, 0);

-- Through what an order came.
ALTER TABLE orders ADD COLUMN channel TEXT GENERATED ALWAYS AS (json_extract(request, '$.channel')) VIRTUAL;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('order_step', 'order_step_of_order', '6000000 3000000 6 1'),
    ('order_step', 'order_step_by_age', '6000000 1'),
    ('flow_day', 'flow_day', '2000000 1000000 5000 500 250 100 20 10 1'),
    ('flow_day', 'flow_day_by_age', '2000000 5000');
ANALYZE sqlite_schema;
