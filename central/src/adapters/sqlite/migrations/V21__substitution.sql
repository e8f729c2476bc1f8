-- Other goods in place of those that were ordered, and when those that wait may come.

-- What may stand in for a SKU, the first choice first.
CREATE TABLE substitute (
    tenant     TEXT NOT NULL,
    sku        TEXT NOT NULL,
    place      INTEGER NOT NULL CHECK (place >= 1),
    instead    TEXT NOT NULL CHECK (instead <> sku),
    -- What a unit of it is sold for; absent is unknown.
    unit_price TEXT,
    PRIMARY KEY (tenant, sku, place),
    UNIQUE (tenant, sku, instead)
) STRICT, WITHOUT ROWID;

-- What was proposed to a customer, or done with the customer's leave. While it waits its line is not routed.
CREATE TABLE substitution (
    tenant      TEXT NOT NULL,
    order_id    TEXT NOT NULL,
    number      INTEGER NOT NULL CHECK (number >= 1),
    line        INTEGER NOT NULL,
    sku         TEXT NOT NULL,
    instead     TEXT NOT NULL,
    quantity    INTEGER NOT NULL CHECK (quantity >= 1),
    unit_price  TEXT,
    state       TEXT NOT NULL CHECK (state IN ('waiting', 'made', 'declined', 'expired', 'withdrawn')),
    proposed_at INTEGER NOT NULL,
    -- Absent when nobody had to be asked.
    answer_by   INTEGER,
    ended_at    INTEGER,
    ended_by    TEXT,
    new_line    INTEGER,
    -- What the units are set aside under.
    promise     TEXT NOT NULL,
    words       TEXT NOT NULL,
    passed      TEXT NOT NULL,
    CHECK ((state = 'waiting') = (ended_at IS NULL)),
    CHECK ((state = 'made') = (new_line IS NOT NULL)),
    PRIMARY KEY (tenant, order_id, number),
    FOREIGN KEY (tenant, order_id) REFERENCES orders (tenant, order_id)
) STRICT, WITHOUT ROWID;
-- One question at a time about a line.
CREATE UNIQUE INDEX substitution_of_line ON substitution (tenant, order_id, line) WHERE state = 'waiting';
CREATE INDEX substitution_waiting ON substitution (answer_by) WHERE state = 'waiting';

-- Goods that are to come to a node, as a person or another system last said.
CREATE TABLE expected_stock (
    tenant      TEXT NOT NULL,
    sku         TEXT NOT NULL,
    store       TEXT NOT NULL,
    expected_at INTEGER NOT NULL,
    units       INTEGER NOT NULL CHECK (units >= 0),
    said_at     INTEGER NOT NULL,
    said_by     TEXT NOT NULL,
    PRIMARY KEY (tenant, sku, store, expected_at),
    FOREIGN KEY (tenant, store) REFERENCES store
) STRICT, WITHOUT ROWID;
CREATE INDEX expected_stock_of_store ON expected_stock (tenant, store);
CREATE INDEX expected_stock_by_time ON expected_stock (expected_at);

-- When the customer was told that a backordered line may come.
ALTER TABLE order_line ADD COLUMN expected_at INTEGER;
CREATE INDEX order_line_backordered ON order_line (tenant, sku) WHERE backordered = 1;
CREATE INDEX order_line_dated ON order_line (tenant, sku) WHERE expected_at IS NOT NULL;

ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('expected_stock', 'expected_stock', '10000 5000 2 1 1'),
    ('expected_stock', 'expected_stock_by_time', '10000 1'),
    ('expected_stock', 'expected_stock_of_store', '10000 5000 5'),
    ('order_line', 'order_line_backordered', '5000 2500 5'),
    ('order_line', 'order_line_dated', '1000 500 5'),
    ('substitute', 'substitute', '100000 50000 2 1'),
    ('substitute', 'sqlite_autoindex_substitute_2', '100000 50000 2 1'),
    ('substitution', 'substitution', '100000 50000 2 1'),
    ('substitution', 'substitution_of_line', '100 50 1 1'),
    ('substitution', 'substitution_waiting', '100 1');
ANALYZE sqlite_schema;
