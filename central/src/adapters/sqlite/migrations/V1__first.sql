-- The tenant is part of every key: what is asked without it cannot be answered.

CREATE TABLE counter (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL CHECK (value >= 0)
) STRICT, WITHOUT ROWID;

-- The newest stamp of central's hybrid clock, so that it grows over restarts.
CREATE TABLE clock (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    hlc TEXT NOT NULL
) STRICT;

INSERT INTO counter (name, value) VALUES ('incarnation', 1), ('fence', 0), ('fact', 0);
INSERT INTO clock (one, hlc) VALUES (1, '0-0');

CREATE TABLE store (
    tenant       TEXT NOT NULL,
    store        TEXT NOT NULL,
    description  TEXT NOT NULL,
    buffer_units INTEGER NOT NULL CHECK (buffer_units >= 0),
    changed_at   INTEGER NOT NULL,
    PRIMARY KEY (tenant, store)
) STRICT, WITHOUT ROWID;

CREATE TABLE closure (
    tenant     TEXT NOT NULL,
    store      TEXT NOT NULL,
    from_store INTEGER NOT NULL CHECK (from_store IN (0, 1)),
    closure    TEXT NOT NULL,
    PRIMARY KEY (tenant, store, from_store),
    FOREIGN KEY (tenant, store) REFERENCES store
) STRICT, WITHOUT ROWID;

CREATE TABLE replica (
    tenant      TEXT NOT NULL,
    store       TEXT NOT NULL,
    replica     TEXT NOT NULL,
    secret_hash BLOB NOT NULL UNIQUE CHECK (length(secret_hash) = 32),
    box_name    TEXT,
    enrolled_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, store, replica),
    FOREIGN KEY (tenant, store) REFERENCES store
) STRICT, WITHOUT ROWID;

CREATE TABLE enrolment (
    code_hash BLOB PRIMARY KEY CHECK (length(code_hash) = 32),
    tenant    TEXT NOT NULL,
    store     TEXT NOT NULL,
    until     INTEGER NOT NULL,
    used_at   INTEGER,
    FOREIGN KEY (tenant, store) REFERENCES store
) STRICT, WITHOUT ROWID;

CREATE TABLE api_key (
    tenant     TEXT NOT NULL,
    key        TEXT NOT NULL,
    name       TEXT NOT NULL,
    scopes     TEXT NOT NULL,
    token_hash BLOB NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    created_at INTEGER NOT NULL,
    revoked_at INTEGER,
    PRIMARY KEY (tenant, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE catalogue (
    tenant TEXT NOT NULL,
    sku    TEXT NOT NULL,
    name   TEXT NOT NULL,
    class  TEXT,
    PRIMARY KEY (tenant, sku)
) STRICT, WITHOUT ROWID;

-- When units became available somewhere, so that a backordered line is tried again.
CREATE TABLE stock_growth (
    tenant  TEXT NOT NULL,
    sku     TEXT NOT NULL,
    grew_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, sku)
) STRICT, WITHOUT ROWID;

-- When a node became eligible.
CREATE TABLE node_growth (
    tenant  TEXT PRIMARY KEY,
    grew_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE eligibility_change (
    sequence    INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant      TEXT NOT NULL,
    store       TEXT NOT NULL,
    at          INTEGER NOT NULL,
    eligibility TEXT NOT NULL,
    FOREIGN KEY (tenant, store) REFERENCES store
) STRICT;
CREATE INDEX eligibility_of_store ON eligibility_change (tenant, store, sequence);

CREATE TABLE position (
    tenant   TEXT NOT NULL,
    sku      TEXT NOT NULL,
    store    TEXT NOT NULL,
    on_hand  INTEGER NOT NULL,
    reserved INTEGER NOT NULL CHECK (reserved >= 0),
    as_of    INTEGER NOT NULL,
    PRIMARY KEY (tenant, sku, store),
    FOREIGN KEY (tenant, store) REFERENCES store
) STRICT, WITHOUT ROWID;

CREATE TABLE orders (
    sequence         INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant           TEXT NOT NULL,
    order_id         TEXT NOT NULL,
    kind             TEXT NOT NULL CHECK (kind IN ('ship', 'pickup', 'delivery')),
    request          TEXT NOT NULL,
    state            TEXT NOT NULL,
    placed_at        INTEGER NOT NULL,
    changed_at       INTEGER NOT NULL,
    trace            TEXT NOT NULL,
    assignments      INTEGER NOT NULL DEFAULT 0 CHECK (assignments >= 0),
    cancel_requested INTEGER NOT NULL DEFAULT 0 CHECK (cancel_requested IN (0, 1)),
    backordered_at   INTEGER,
    UNIQUE (tenant, order_id)
) STRICT;
CREATE INDEX orders_of_tenant ON orders (tenant, sequence);
CREATE INDEX orders_by_state ON orders (tenant, state, sequence);

-- `open + finished + cancelled` and what the tasks hold make up `quantity`. What left beyond it
-- is kept apart, so that a double shipment is seen and not refused: the goods are gone.
CREATE TABLE order_line (
    tenant      TEXT NOT NULL,
    order_id    TEXT NOT NULL,
    line        INTEGER NOT NULL CHECK (line >= 1),
    sku         TEXT NOT NULL,
    quantity    INTEGER NOT NULL CHECK (quantity >= 1),
    open        INTEGER NOT NULL CHECK (open >= 0),
    backordered INTEGER NOT NULL DEFAULT 0 CHECK (backordered IN (0, 1)),
    finished    INTEGER NOT NULL DEFAULT 0 CHECK (finished >= 0),
    cancelled   INTEGER NOT NULL DEFAULT 0 CHECK (cancelled >= 0),
    surplus     INTEGER NOT NULL DEFAULT 0 CHECK (surplus >= 0),
    unit_price  TEXT,
    CHECK (open + finished + cancelled <= quantity),
    PRIMARY KEY (tenant, order_id, line),
    FOREIGN KEY (tenant, order_id) REFERENCES orders (tenant, order_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX order_line_open ON order_line (tenant, order_id) WHERE open > 0;

CREATE TABLE order_event (
    -- The order in which all of them happened, whatever the clock said.
    entry    INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant   TEXT NOT NULL,
    order_id TEXT NOT NULL,
    sequence INTEGER NOT NULL CHECK (sequence >= 1),
    kind     TEXT NOT NULL,
    at       INTEGER NOT NULL,
    actor    TEXT NOT NULL,
    store    TEXT,
    task     TEXT,
    words    TEXT NOT NULL,
    UNIQUE (tenant, order_id, sequence),
    FOREIGN KEY (tenant, order_id) REFERENCES orders (tenant, order_id)
) STRICT;
CREATE INDEX order_event_newest ON order_event (tenant, entry);

CREATE TABLE decision (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant   TEXT NOT NULL,
    order_id TEXT NOT NULL,
    record   TEXT NOT NULL,
    FOREIGN KEY (tenant, order_id) REFERENCES orders (tenant, order_id)
) STRICT;
CREATE INDEX decision_of_order ON decision (tenant, order_id, sequence);

CREATE TABLE idempotency (
    tenant       TEXT NOT NULL,
    key          TEXT NOT NULL,
    request_hash BLOB NOT NULL CHECK (length(request_hash) = 32),
    order_id     TEXT NOT NULL,
    trace        TEXT NOT NULL,
    at           INTEGER NOT NULL,
    PRIMARY KEY (tenant, key),
    FOREIGN KEY (tenant, order_id) REFERENCES orders (tenant, order_id)
) STRICT, WITHOUT ROWID;

-- A recall and a release decide on this row: one of the two wins.
CREATE TABLE task (
    tenant            TEXT NOT NULL,
    task              TEXT NOT NULL,
    order_id          TEXT NOT NULL,
    store             TEXT NOT NULL,
    -- Incarnation in the upper half, number in the lower: grows with every assignment.
    fence             INTEGER NOT NULL CHECK (fence > 0),
    phase             TEXT NOT NULL,
    released_to       TEXT,
    recalled          INTEGER NOT NULL DEFAULT 0 CHECK (recalled IN (0, 1)),
    -- A cancel may follow a release; moving the work may not.
    cancelling        INTEGER NOT NULL DEFAULT 0 CHECK (cancelling IN (0, 1)),
    -- The work has come as far as the policy asks, and no replica has the release yet.
    release_due       INTEGER NOT NULL DEFAULT 0 CHECK (release_due IN (0, 1)),
    accept_by         INTEGER NOT NULL,
    -- Whether it stood in an answer to the store. Before that nobody can have touched the goods.
    sent              INTEGER NOT NULL DEFAULT 0 CHECK (sent IN (0, 1)),
    ended_at          INTEGER,
    state             TEXT NOT NULL,
    CHECK (recalled = 0 OR cancelling = 1 OR released_to IS NULL),
    PRIMARY KEY (tenant, task),
    FOREIGN KEY (tenant, order_id) REFERENCES orders (tenant, order_id),
    FOREIGN KEY (tenant, store) REFERENCES store
) STRICT, WITHOUT ROWID;
CREATE INDEX task_of_order ON task (tenant, order_id);
CREATE INDEX task_of_store ON task (tenant, store, fence);
CREATE INDEX task_open ON task (tenant, store) WHERE ended_at IS NULL;
CREATE INDEX task_due ON task (tenant, store) WHERE release_due = 1;
CREATE INDEX task_offered ON task (accept_by) WHERE phase = 'offered' AND recalled = 0 AND released_to IS NULL;

-- Units set aside for an order line at one store. `available` is what the position allowed when
-- they were taken; a row whose hold has ended stays for the record.
CREATE TABLE hold (
    tenant    TEXT NOT NULL,
    task      TEXT NOT NULL,
    line      INTEGER NOT NULL,
    store     TEXT NOT NULL,
    sku       TEXT NOT NULL,
    taken     INTEGER NOT NULL CHECK (taken >= 1),
    available INTEGER NOT NULL,
    quantity  INTEGER NOT NULL CHECK (quantity >= 0 AND quantity <= taken),
    PRIMARY KEY (tenant, task, line),
    FOREIGN KEY (tenant, task) REFERENCES task,
    FOREIGN KEY (tenant, sku, store) REFERENCES position
) STRICT, WITHOUT ROWID;
CREATE INDEX hold_open ON hold (tenant, sku, store) WHERE quantity > 0;

-- The ledger. A fact's id is unique within its store: devices are paired there.
CREATE TABLE fact (
    tenant   TEXT NOT NULL,
    store    TEXT NOT NULL,
    fact     TEXT NOT NULL,
    document TEXT NOT NULL,
    -- The task that it is about; none for stock.
    task     TEXT,
    text     TEXT NOT NULL,
    PRIMARY KEY (tenant, store, fact)
) STRICT, WITHOUT ROWID;
CREATE INDEX fact_of_task ON fact (tenant, task) WHERE task IS NOT NULL;

-- Another body under an id that is in the ledger: kept, not followed.
CREATE TABLE fact_conflict (
    tenant   TEXT NOT NULL,
    store    TEXT NOT NULL,
    fact     TEXT NOT NULL,
    document TEXT NOT NULL,
    text     TEXT NOT NULL,
    PRIMARY KEY (tenant, store, fact, document, text)
) STRICT, WITHOUT ROWID;

-- One row of sync per store: the number of its newest change, and both digests.
CREATE TABLE replication (
    tenant       TEXT NOT NULL,
    store        TEXT NOT NULL,
    sequence     INTEGER NOT NULL DEFAULT 0 CHECK (sequence >= 0),
    root         BLOB NOT NULL CHECK (length(root) = 32),
    stock_digest BLOB NOT NULL CHECK (length(stock_digest) = 32),
    -- Whether both sides had the same documents after the newest exchange.
    level        INTEGER NOT NULL DEFAULT 0 CHECK (level IN (0, 1)),
    PRIMARY KEY (tenant, store),
    FOREIGN KEY (tenant, store) REFERENCES store
) STRICT, WITHOUT ROWID;

CREATE TABLE document (
    tenant   TEXT NOT NULL,
    document TEXT NOT NULL,
    store    TEXT NOT NULL,
    heads    BLOB NOT NULL CHECK (length(heads) % 32 = 0),
    PRIMARY KEY (tenant, document),
    FOREIGN KEY (tenant, store) REFERENCES store
) STRICT;
CREATE INDEX document_of_store ON document (tenant, store);

CREATE TABLE document_change (
    tenant   TEXT NOT NULL,
    store    TEXT NOT NULL,
    sequence INTEGER NOT NULL CHECK (sequence >= 1),
    document TEXT NOT NULL,
    author   TEXT NOT NULL,
    writer   BLOB NOT NULL CHECK (length(writer) = 16),
    seq      INTEGER NOT NULL CHECK (seq >= 1),
    hash     BLOB NOT NULL CHECK (length(hash) = 32),
    bytes    BLOB NOT NULL,
    PRIMARY KEY (tenant, store, sequence),
    UNIQUE (tenant, document, writer, seq),
    FOREIGN KEY (tenant, document) REFERENCES document
) STRICT;
CREATE INDEX change_of_document ON document_change (tenant, document, sequence);

-- The last pairs of root and digest: a heartbeat is compared with the state that it speaks of.
CREATE TABLE store_digest (
    sequence     INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant       TEXT NOT NULL,
    store        TEXT NOT NULL,
    root         BLOB NOT NULL,
    stock_digest BLOB NOT NULL,
    as_of        INTEGER NOT NULL,
    FOREIGN KEY (tenant, store) REFERENCES store
) STRICT;
CREATE INDEX digest_of_store ON store_digest (tenant, store, sequence);

CREATE TABLE exception (
    sequence    INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant      TEXT NOT NULL,
    key         TEXT NOT NULL,
    category    TEXT NOT NULL,
    severity    TEXT NOT NULL,
    order_id    TEXT,
    task        TEXT,
    store       TEXT,
    detail      TEXT NOT NULL,
    suggestion  TEXT NOT NULL,
    times       INTEGER NOT NULL DEFAULT 1 CHECK (times >= 1),
    raised_at   INTEGER NOT NULL,
    resolved_at INTEGER,
    resolution  TEXT
) STRICT;
CREATE UNIQUE INDEX exception_open ON exception (tenant, key) WHERE resolved_at IS NULL;
CREATE INDEX exception_of_tenant ON exception (tenant, sequence);

CREATE TABLE outbox (
    sequence     INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant       TEXT NOT NULL,
    kind         TEXT NOT NULL,
    key          TEXT NOT NULL,
    class        TEXT NOT NULL CHECK (class IN ('create', 'update', 'compensate', 'confirm')),
    at           INTEGER NOT NULL,
    body         TEXT NOT NULL,
    published_at INTEGER
) STRICT;
CREATE INDEX outbox_unpublished ON outbox (sequence) WHERE published_at IS NULL;
CREATE INDEX outbox_of_tenant ON outbox (tenant, sequence);
