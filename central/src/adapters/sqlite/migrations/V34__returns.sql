-- Goods of orders that come back.

-- A return is the fold of its facts; state and time of the next look are written with each of them.
CREATE TABLE order_return (
    tenant       TEXT NOT NULL,
    order_id     TEXT NOT NULL,
    number       INTEGER NOT NULL CHECK (number >= 1),
    return_id    TEXT NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('asked', 'approved', 'received', 'restocked', 'written_off',
        'refunded', 'closed', 'refused', 'cancelled', 'expired')),
    -- The sequence of the newest fact.
    facts        INTEGER NOT NULL DEFAULT 0 CHECK (facts >= 0),
    -- Under which it was asked for; none of what a store brought.
    key          TEXT,
    request_hash BLOB CHECK (length(request_hash) = 32),
    -- Counts all of them, so that pages go on where they ended.
    entry        INTEGER NOT NULL,
    asked_at     INTEGER NOT NULL,
    changed_at   INTEGER NOT NULL,
    -- When somebody looks at it; none: when something of the order changes.
    next_at      INTEGER,
    CHECK ((key IS NULL) = (request_hash IS NULL)),
    PRIMARY KEY (tenant, order_id, number),
    FOREIGN KEY (tenant, order_id) REFERENCES orders (tenant, order_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX order_return_by_id ON order_return (tenant, return_id);
CREATE UNIQUE INDEX order_return_of_key ON order_return (tenant, key) WHERE key IS NOT NULL;
CREATE UNIQUE INDEX order_return_by_entry ON order_return (tenant, entry);
CREATE INDEX order_return_by_state ON order_return (tenant, state, entry);
CREATE INDEX order_return_due ON order_return (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE return_fact (
    tenant   TEXT NOT NULL,
    order_id TEXT NOT NULL,
    number   INTEGER NOT NULL,
    sequence INTEGER NOT NULL CHECK (sequence >= 1),
    at       INTEGER NOT NULL,
    actor    TEXT NOT NULL,
    said     TEXT NOT NULL,
    PRIMARY KEY (tenant, order_id, number, sequence),
    FOREIGN KEY (tenant, order_id, number) REFERENCES order_return
) STRICT, WITHOUT ROWID;
CREATE TRIGGER return_fact_stays BEFORE UPDATE ON return_fact
BEGIN
    SELECT raise(ABORT, 'a fact about a return is not changed');
END;

-- Which fact of which store brought units of which return: once each.
CREATE TABLE return_receipt (
    tenant   TEXT NOT NULL,
    store    TEXT NOT NULL,
    fact     TEXT NOT NULL,
    order_id TEXT NOT NULL,
    number   INTEGER NOT NULL,
    line     INTEGER NOT NULL,
    sku      TEXT NOT NULL,
    units    INTEGER NOT NULL CHECK (units >= 1),
    condition TEXT NOT NULL CHECK (condition IN ('sellable', 'damaged', 'missing')),
    at       INTEGER NOT NULL,
    PRIMARY KEY (tenant, store, fact, order_id, number, line),
    FOREIGN KEY (tenant, order_id, number) REFERENCES order_return
) STRICT, WITHOUT ROWID;
CREATE INDEX return_receipt_of_return ON return_receipt (tenant, order_id, number);

-- Units that are announced and not here, and units that are back: the fold of all returns of the order, written with
-- each of their facts. No more are announced than left and are not back; the statement that announces says so.
ALTER TABLE order_line ADD COLUMN coming_back INTEGER NOT NULL DEFAULT 0 CHECK (coming_back >= 0);
ALTER TABLE order_line ADD COLUMN came_back INTEGER NOT NULL DEFAULT 0 CHECK (came_back >= 0);

INSERT INTO counter (name, value) VALUES ('return', 0);

ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('order_return', 'order_return', '100000 50000 2 1'),
    ('order_return', 'order_return_by_id', '100000 50000 1'),
    ('order_return', 'order_return_of_key', '90000 45000 1'),
    ('order_return', 'order_return_by_entry', '100000 50000 1'),
    ('order_return', 'order_return_by_state', '100000 50000 5000 1'),
    ('order_return', 'order_return_due', '5000 1'),
    ('return_fact', 'return_fact', '600000 300000 12 6 1'),
    ('return_receipt', 'return_receipt', '150000 75000 500 2 1 1 1'),
    ('return_receipt', 'return_receipt_of_return', '150000 75000 3 2');
ANALYZE sqlite_schema;
