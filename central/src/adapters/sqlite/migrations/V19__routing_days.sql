-- How routing does, by day in UTC: counts that are written with what they count. A row tells either what
-- orders are (channel, kind, policy), or where they went (region, node); the other names are empty.
CREATE TABLE routing_day (
    tenant               TEXT NOT NULL,
    of_nodes             INTEGER NOT NULL CHECK (of_nodes IN (0, 1)),
    day                  INTEGER NOT NULL,
    channel              TEXT NOT NULL,
    kind                 TEXT NOT NULL,
    policy               TEXT NOT NULL,
    region               TEXT NOT NULL,
    node                 TEXT NOT NULL,
    assigned             INTEGER NOT NULL,
    best                 INTEGER NOT NULL,
    split                INTEGER NOT NULL,
    parcels              INTEGER NOT NULL,
    unplaced             INTEGER NOT NULL,
    units                INTEGER NOT NULL,
    best_units           INTEGER NOT NULL,
    fulfilled_units      INTEGER NOT NULL,
    fulfilled_best_units INTEGER NOT NULL,
    rerouted             INTEGER NOT NULL,
    moved                INTEGER NOT NULL,
    declined             INTEGER NOT NULL,
    cancelled            INTEGER NOT NULL,
    short_units          INTEGER NOT NULL,
    withheld_units       INTEGER NOT NULL,
    promises             INTEGER NOT NULL,
    promises_kept        INTEGER NOT NULL,
    reserved             INTEGER NOT NULL,
    reserve_ms           INTEGER NOT NULL,
    accepted             INTEGER NOT NULL,
    accept_ms            INTEGER NOT NULL,
    CHECK (best <= assigned AND split <= assigned AND best_units <= units
        AND fulfilled_best_units <= fulfilled_units AND promises_kept <= promises),
    PRIMARY KEY (tenant, of_nodes, day, channel, kind, policy, region, node)
) STRICT, WITHOUT ROWID;
CREATE INDEX routing_day_by_age ON routing_day (day);

-- By which policy a task was given, and whether its units were the best node's, the first that was asked.
-- Absent of tasks of before it was kept.
ALTER TABLE task ADD COLUMN routed_by TEXT;
ALTER TABLE task ADD COLUMN routed_best INTEGER CHECK (routed_best IN (0, 1));

-- Orders of some days, to be replayed.
CREATE INDEX orders_by_placing ON orders (tenant, placed_at);

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('routing_day', 'routing_day', '2000000 1000000 500000 2500 2500 2500 2500 2000 1'),
    ('routing_day', 'routing_day_by_age', '2000000 5000'),
    ('orders', 'orders_by_placing', '1000000 500000 1');
ANALYZE sqlite_schema;
