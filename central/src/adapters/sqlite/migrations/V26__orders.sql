-- What an order says beside its goods, what is personal of it, and how it is changed.

-- The key under which it was placed: calls to the outside derive theirs from it, and events carry it.
ALTER TABLE orders ADD COLUMN root_key TEXT;
-- Greater goes first where orders wait for the same.
ALTER TABLE orders ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
-- An order of the same customer with the same goods, shortly before. Only told: nothing is done about it.
ALTER TABLE orders ADD COLUMN duplicate_of TEXT;
ALTER TABLE outbox ADD COLUMN root_key TEXT;

-- What was said of a line's money beside its price.
ALTER TABLE order_line ADD COLUMN amounts TEXT;

-- All that is personal of an order, and nowhere else: a row goes without its order.
CREATE TABLE order_contacts (
    tenant         TEXT NOT NULL,
    order_id       TEXT NOT NULL,
    -- What the channel calls the customer; absent when it did not say.
    customer       TEXT,
    contact        TEXT NOT NULL,
    -- A hash of the goods.
    cart           BLOB NOT NULL CHECK (length(cart) = 32),
    placed_at      INTEGER NOT NULL,
    -- It goes when the order is final.
    erase_asked_at INTEGER,
    erase_asked_by TEXT,
    CHECK ((erase_asked_at IS NULL) = (erase_asked_by IS NULL)),
    PRIMARY KEY (tenant, order_id),
    FOREIGN KEY (tenant, order_id) REFERENCES orders (tenant, order_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX order_contacts_of_customer ON order_contacts (tenant, customer, placed_at) WHERE customer IS NOT NULL;
CREATE INDEX order_contacts_by_age ON order_contacts (placed_at);
CREATE INDEX order_contacts_to_erase ON order_contacts (erase_asked_at) WHERE erase_asked_at IS NOT NULL;

-- That it was erased, when and by whom; of whom it was is not part of it.
CREATE TABLE erasure (
    tenant   TEXT NOT NULL,
    order_id TEXT NOT NULL,
    at       INTEGER NOT NULL,
    actor    TEXT NOT NULL,
    by_rule  INTEGER NOT NULL CHECK (by_rule IN (0, 1)),
    PRIMARY KEY (tenant, order_id),
    FOREIGN KEY (tenant, order_id) REFERENCES orders (tenant, order_id)
) STRICT, WITHOUT ROWID;

-- What was changed or cancelled of an order, under the key of the wish. Nothing personal.
CREATE TABLE order_change (
    tenant       TEXT NOT NULL,
    order_id     TEXT NOT NULL,
    number       INTEGER NOT NULL CHECK (number >= 1),
    key          TEXT NOT NULL,
    request_hash BLOB NOT NULL CHECK (length(request_hash) = 32),
    at           INTEGER NOT NULL,
    actor        TEXT NOT NULL,
    words        TEXT NOT NULL,
    answer       TEXT NOT NULL,
    PRIMARY KEY (tenant, order_id, number),
    UNIQUE (tenant, key),
    FOREIGN KEY (tenant, order_id) REFERENCES orders (tenant, order_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX order_change_by_age ON order_change (at);

ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('order_contacts', 'order_contacts', '1000000 500000 1'),
    ('order_contacts', 'order_contacts_of_customer', '900000 450000 3 1'),
    ('order_contacts', 'order_contacts_by_age', '1000000 1'),
    ('order_contacts', 'order_contacts_to_erase', '100 1'),
    ('erasure', 'erasure', '100000 50000 1'),
    ('order_change', 'order_change', '100000 50000 1 1'),
    ('order_change', 'sqlite_autoindex_order_change_2', '100000 50000 1'),
    ('order_change', 'order_change_by_age', '100000 1');
ANALYZE sqlite_schema;
