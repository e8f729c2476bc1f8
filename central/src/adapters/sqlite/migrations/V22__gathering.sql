-- Orders that come together at one store before they go out.

-- While it is open its order is not routed. An order is gathered once at most.
CREATE TABLE gathering (
    tenant     TEXT NOT NULL,
    order_id   TEXT NOT NULL,
    -- The order by which the goods travel to the store.
    child      TEXT NOT NULL,
    store      TEXT NOT NULL,
    began_at   INTEGER NOT NULL,
    -- What has not come by then is not waited for.
    due_at     INTEGER NOT NULL,
    arrives_by INTEGER,
    ended_at   INTEGER,
    ended_by   TEXT CHECK (ended_by IN ('complete', 'late', 'short', 'store_lost', 'cancelled')),
    CHECK (child <> order_id),
    CHECK ((ended_at IS NULL) = (ended_by IS NULL)),
    PRIMARY KEY (tenant, order_id),
    FOREIGN KEY (tenant, order_id) REFERENCES orders (tenant, order_id),
    FOREIGN KEY (tenant, child) REFERENCES orders (tenant, order_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX gathering_of_child ON gathering (tenant, child);
CREATE INDEX gathering_open ON gathering (due_at) WHERE ended_at IS NULL;
CREATE INDEX gathering_of_store ON gathering (tenant, store, began_at);

-- What is to come of each SKU, and what was recorded in at the store. More than is wanted is the store's.
CREATE TABLE gathering_units (
    tenant   TEXT NOT NULL,
    order_id TEXT NOT NULL,
    sku      TEXT NOT NULL,
    wanted   INTEGER NOT NULL CHECK (wanted >= 1),
    arrived  INTEGER NOT NULL DEFAULT 0 CHECK (arrived >= 0 AND arrived <= wanted),
    PRIMARY KEY (tenant, order_id, sku),
    FOREIGN KEY (tenant, order_id) REFERENCES gathering
) STRICT, WITHOUT ROWID;

-- Units of it that came to the store for this order alone: no buffer of the store is taken from them.
ALTER TABLE cart_hold ADD COLUMN gathered INTEGER NOT NULL DEFAULT 0 CHECK (gathered >= 0);

ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('gathering', 'gathering', '50000 25000 1'),
    ('gathering', 'gathering_of_child', '50000 25000 1'),
    ('gathering', 'gathering_of_store', '50000 25000 10 1'),
    ('gathering', 'gathering_open', '500 1'),
    ('gathering_units', 'gathering_units', '100000 50000 2 1');
ANALYZE sqlite_schema;
