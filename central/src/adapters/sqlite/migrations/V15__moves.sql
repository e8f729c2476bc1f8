-- Work that left a store which may no longer have it: what is on record of each move, and what the pace of
-- moves is counted from.
CREATE TABLE task_move (
    sequence       INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant         TEXT NOT NULL,
    task           TEXT NOT NULL,
    order_id       TEXT NOT NULL,
    store          TEXT NOT NULL,
    phase          TEXT NOT NULL,
    cause          TEXT NOT NULL CHECK (cause IN ('store_fails', 'kind_withdrawn', 'not_accepted')),
    words          TEXT NOT NULL,
    moved_at       INTEGER NOT NULL,
    promise_by     INTEGER,
    -- The customer was told that the promise is over: once an order.
    promise_over   INTEGER NOT NULL CHECK (promise_over IN (0, 1)),
    plan_b         TEXT,
    plan_b_refused TEXT,
    next_task      TEXT,
    next_store     TEXT,
    went_at        INTEGER,
    drill          INTEGER,
    CHECK ((next_task IS NULL) = (went_at IS NULL) AND (next_store IS NULL) = (went_at IS NULL)),
    CHECK (plan_b_refused IS NULL OR plan_b IS NOT NULL),
    FOREIGN KEY (tenant, order_id) REFERENCES orders (tenant, order_id)
) STRICT;
CREATE INDEX task_move_lately ON task_move (tenant, moved_at, store);
CREATE INDEX task_move_of_order ON task_move (tenant, order_id);
CREATE INDEX task_move_waiting ON task_move (tenant, order_id) WHERE went_at IS NULL;
CREATE INDEX task_move_of_drill ON task_move (tenant, drill) WHERE drill IS NOT NULL;
CREATE INDEX task_move_by_age ON task_move (moved_at);

-- Stores declared dark on purpose. What closes them is an ordinary closure, of the cause `drill`.
CREATE TABLE drill (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant   TEXT NOT NULL,
    reason   TEXT NOT NULL,
    author   TEXT NOT NULL,
    began_at INTEGER NOT NULL,
    until    INTEGER NOT NULL,
    ended_at INTEGER,
    ended_by TEXT,
    CHECK (until > began_at),
    CHECK ((ended_at IS NULL) = (ended_by IS NULL))
) STRICT;
CREATE INDEX drill_of_tenant ON drill (tenant, sequence);
CREATE INDEX drill_running ON drill (until) WHERE ended_at IS NULL;

CREATE TABLE drill_store (
    drill  INTEGER NOT NULL REFERENCES drill (sequence),
    tenant TEXT NOT NULL,
    store  TEXT NOT NULL,
    live   INTEGER NOT NULL DEFAULT 1 CHECK (live IN (0, 1)),
    -- What was still there at the end, counted.
    stayed TEXT,
    CHECK ((live = 1) = (stayed IS NULL)),
    PRIMARY KEY (drill, store)
) STRICT, WITHOUT ROWID;
-- No store is in two drills at once.
CREATE UNIQUE INDEX drill_store_live ON drill_store (tenant, store) WHERE live = 1;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('task_move', 'task_move_lately', '100000 50000 2 1'),
    ('task_move', 'task_move_of_order', '100000 50000 1'),
    ('task_move', 'task_move_waiting', '1000 500 1'),
    ('task_move', 'task_move_of_drill', '10000 5000 500'),
    ('task_move', 'task_move_by_age', '100000 2'),
    ('drill', 'drill_of_tenant', '1000 500 1'),
    ('drill', 'drill_running', '5 1'),
    ('drill_store', 'drill_store', '5000 5 1'),
    ('drill_store', 'drill_store_live', '20 10 1');
ANALYZE sqlite_schema;
