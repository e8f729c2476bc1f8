-- What facts teach about stock. No row: nothing but the opening was told. All of it can be wrong, and
-- nothing that must hold rests on it.
CREATE TABLE learned (
    tenant     TEXT NOT NULL,
    sku        TEXT NOT NULL,
    store      TEXT NOT NULL,
    -- Units sold at the till, faded to `as_of`.
    sold       REAL NOT NULL CHECK (sold >= 0),
    as_of      INTEGER NOT NULL,
    since      INTEGER NOT NULL,
    counted_at INTEGER,
    PRIMARY KEY (tenant, sku, store),
    FOREIGN KEY (tenant, store) REFERENCES store
) STRICT, WITHOUT ROWID;

-- What counts and picks found, faded to `as_of`.
CREATE TABLE check_record (
    tenant        TEXT NOT NULL,
    store         TEXT NOT NULL,
    class         TEXT NOT NULL,
    checks        REAL NOT NULL CHECK (checks >= 0),
    wrong         REAL NOT NULL CHECK (wrong >= 0),
    missing_units REAL NOT NULL CHECK (missing_units >= 0),
    days          REAL NOT NULL CHECK (days >= 0),
    as_of         INTEGER NOT NULL,
    PRIMARY KEY (tenant, store, class),
    FOREIGN KEY (tenant, store) REFERENCES store
) STRICT, WITHOUT ROWID;

-- When a store last had nothing more to tell: its word about each SKU is as fresh as that.
ALTER TABLE replication ADD COLUMN level_at INTEGER;

-- Units that were promised and not there, by day in UTC.
CREATE TABLE stock_miss (
    day     INTEGER NOT NULL,
    tenant  TEXT NOT NULL,
    store   TEXT NOT NULL,
    class   TEXT NOT NULL,
    -- Empty where the units were not those of one order.
    channel TEXT NOT NULL,
    cause   TEXT NOT NULL CHECK (cause IN ('short_pick', 'oversold')),
    -- A fact that does not count any more takes its units back, maybe on another day.
    units   INTEGER NOT NULL,
    PRIMARY KEY (day, tenant, store, class, channel, cause)
) STRICT, WITHOUT ROWID;

-- Units that were kept back while their order went farther away or nowhere: once for each line, node
-- and rule.
CREATE TABLE stock_withheld (
    tenant   TEXT NOT NULL,
    order_id TEXT NOT NULL,
    line     INTEGER NOT NULL,
    store    TEXT NOT NULL,
    cause    TEXT NOT NULL CHECK (cause IN ('stale', 'buffer', 'last_unit', 'allotment', 'confidence')),
    day      INTEGER NOT NULL,
    sku      TEXT NOT NULL,
    class    TEXT NOT NULL,
    channel  TEXT NOT NULL,
    units    INTEGER NOT NULL CHECK (units >= 1),
    PRIMARY KEY (tenant, order_id, line, store, cause),
    FOREIGN KEY (tenant, order_id) REFERENCES orders (tenant, order_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX stock_withheld_by_day ON stock_withheld (day, tenant);

-- All that one store has, page by page.
CREATE INDEX position_of_store ON position (tenant, store, sku);

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('learned', 'learned', '2000000 1000000 20 1'),
    ('check_record', 'check_record', '50000 25000 5 1'),
    ('stock_miss', 'stock_miss', '400000 1000 500 5 2 1 1'),
    ('stock_withheld', 'stock_withheld', '1000000 500000 3 2 1 1'),
    ('stock_withheld', 'stock_withheld_by_day', '1000000 2500 1250'),
    ('position', 'position_of_store', '5000000 2500000 500 1');
ANALYZE sqlite_schema;
