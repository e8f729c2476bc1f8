-- Two more reasons why units are kept back: what the store did with their class is known too late, and its
-- tills are not seen. A check cannot be changed where it stands, so the table is made anew.
CREATE TABLE stock_withheld_with_doubts (
    tenant   TEXT NOT NULL,
    order_id TEXT NOT NULL,
    line     INTEGER NOT NULL,
    store    TEXT NOT NULL,
    cause    TEXT NOT NULL CHECK (cause IN
        ('stale', 'feed', 'unseen_pos', 'buffer', 'last_unit', 'allotment', 'confidence')),
    day      INTEGER NOT NULL,
    sku      TEXT NOT NULL,
    class    TEXT NOT NULL,
    channel  TEXT NOT NULL,
    units    INTEGER NOT NULL CHECK (units >= 1),
    PRIMARY KEY (tenant, order_id, line, store, cause),
    FOREIGN KEY (tenant, order_id) REFERENCES orders (tenant, order_id)
) STRICT, WITHOUT ROWID;
INSERT INTO stock_withheld_with_doubts (tenant, order_id, line, store, cause, day, sku, class, channel, units)
    SELECT tenant, order_id, line, store, cause, day, sku, class, channel, units FROM stock_withheld;
DROP TABLE stock_withheld;
ALTER TABLE stock_withheld_with_doubts RENAME TO stock_withheld;
CREATE INDEX stock_withheld_by_day ON stock_withheld (day, tenant);

ANALYZE sqlite_schema;
DELETE FROM sqlite_stat1 WHERE tbl IN ('stock_withheld', 'stock_withheld_with_doubts');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('stock_withheld', 'stock_withheld', '1000000 500000 3 2 1 1'),
    ('stock_withheld', 'stock_withheld_by_day', '1000000 2500 1250');
ANALYZE sqlite_schema;
