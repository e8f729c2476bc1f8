-- When somebody last said when an order's money is looked at next: what was said later than now was said by a clock
-- that has been put back since, and counts no more.

ALTER TABLE payment ADD COLUMN looked_at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX payment_looked ON payment (provider, looked_at) WHERE next_at IS NOT NULL;

-- Scarce classes: each SKU of the class is in escrow, also one that joins it later, unless something else was said of
-- that SKU alone.
CREATE TABLE escrow_class (
    tenant     TEXT NOT NULL,
    store      TEXT NOT NULL,
    class      TEXT NOT NULL,
    -- Of each SKU.
    target     INTEGER NOT NULL CHECK (target >= 0),
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    PRIMARY KEY (tenant, store, class),
    FOREIGN KEY (tenant, store) REFERENCES store
) STRICT, WITHOUT ROWID;
CREATE INDEX escrow_class_by_class ON escrow_class (tenant, class);

-- The class that it is there for; none: it was named itself.
ALTER TABLE escrow ADD COLUMN of_class TEXT;
CREATE INDEX escrow_by_class ON escrow (tenant, sku) WHERE of_class IS NOT NULL;
CREATE INDEX catalogue_of_class ON catalogue (tenant, class) WHERE class IS NOT NULL;

ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('payment', 'payment_looked', '50000 25000 1'),
    ('escrow_class', 'escrow_class', '1000 500 3 1'),
    ('escrow_class', 'escrow_class_by_class', '1000 500 100'),
    ('escrow', 'escrow_by_class', '50000 25000 100'),
    ('catalogue', 'catalogue_of_class', '100000 50000 2000');
ANALYZE sqlite_schema;
