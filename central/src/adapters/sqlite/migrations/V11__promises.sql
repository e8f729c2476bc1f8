-- What a checkout was promised. Its units are set aside until it gives them back, an order takes them
-- over, or its time is up.
CREATE TABLE cart_promise (
    tenant       TEXT NOT NULL,
    promise      TEXT NOT NULL,
    request_hash BLOB NOT NULL CHECK (length(request_hash) = 32),
    kind         TEXT NOT NULL CHECK (kind IN ('ship', 'pickup', 'delivery')),
    options      TEXT NOT NULL,
    made_at      INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    -- The order that takes it over.
    order_id     TEXT,
    ended_at     INTEGER,
    ended_by     TEXT CHECK (ended_by IN ('given_back', 'expired', 'order')),
    CHECK ((ended_at IS NULL) = (ended_by IS NULL)),
    PRIMARY KEY (tenant, promise)
) STRICT, WITHOUT ROWID;
CREATE INDEX cart_promise_open ON cart_promise (expires_at) WHERE ended_at IS NULL;
CREATE INDEX cart_promise_ended ON cart_promise (ended_at) WHERE ended_at IS NOT NULL;
CREATE UNIQUE INDEX cart_promise_of_order ON cart_promise (tenant, order_id)
    WHERE order_id IS NOT NULL AND ended_at IS NULL;

-- Part of the position's `reserved`, as the holds of tasks are. `available` is what the position allowed.
CREATE TABLE cart_hold (
    tenant    TEXT NOT NULL,
    promise   TEXT NOT NULL,
    store     TEXT NOT NULL,
    sku       TEXT NOT NULL,
    taken     INTEGER NOT NULL CHECK (taken >= 1),
    available INTEGER NOT NULL CHECK (available >= taken),
    quantity  INTEGER NOT NULL CHECK (quantity >= 0 AND quantity <= taken),
    PRIMARY KEY (tenant, promise, store, sku),
    FOREIGN KEY (tenant, promise) REFERENCES cart_promise,
    FOREIGN KEY (tenant, sku, store) REFERENCES position
) STRICT, WITHOUT ROWID;
CREATE INDEX cart_hold_open ON cart_hold (tenant, sku, store) WHERE quantity > 0;

-- When the goods of an assignment were to leave and to arrive, as it was planned.
CREATE TABLE parcel_plan (
    tenant       TEXT NOT NULL,
    task         TEXT NOT NULL,
    service      TEXT,
    hand_over_by INTEGER NOT NULL,
    arrives_by   INTEGER NOT NULL,
    PRIMARY KEY (tenant, task),
    FOREIGN KEY (tenant, task) REFERENCES task
) STRICT, WITHOUT ROWID;

-- Whether a promised date was kept, once it is known.
CREATE TABLE promise_outcome (
    tenant      TEXT NOT NULL,
    order_id    TEXT NOT NULL,
    channel     TEXT NOT NULL,
    -- Whose promise it was: one that central made to a cart, or one that came with the order.
    source      TEXT NOT NULL CHECK (source IN ('cart', 'order')),
    promised_by INTEGER NOT NULL,
    expected_at INTEGER NOT NULL,
    known_at    INTEGER NOT NULL,
    counted     INTEGER NOT NULL DEFAULT 0 CHECK (counted IN (0, 1)),
    PRIMARY KEY (tenant, order_id),
    FOREIGN KEY (tenant, order_id) REFERENCES orders (tenant, order_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX promise_outcome_by_time ON promise_outcome (tenant, known_at);
CREATE INDEX promise_outcome_uncounted ON promise_outcome (known_at) WHERE counted = 0;

ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('cart_hold', 'cart_hold', '1000000 500000 2 1 1'),
    ('cart_hold', 'cart_hold_open', '10000 5000 1 1'),
    ('cart_promise', 'cart_promise', '500000 250000 1'),
    ('cart_promise', 'cart_promise_ended', '490000 1'),
    ('cart_promise', 'cart_promise_of_order', '100 50 1'),
    ('cart_promise', 'cart_promise_open', '10000 1'),
    ('parcel_plan', 'parcel_plan', '1000000 500000 1'),
    ('promise_outcome', 'promise_outcome', '500000 250000 1'),
    ('promise_outcome', 'promise_outcome_by_time', '500000 250000 1'),
    ('promise_outcome', 'promise_outcome_uncounted', '100 1');
ANALYZE sqlite_schema;
