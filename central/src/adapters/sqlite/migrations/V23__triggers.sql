-- Work leaves a store for two reasons more. A check of a column cannot be changed, so the table is made anew.
CREATE TABLE task_move_next (
    sequence       INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant         TEXT NOT NULL,
    task           TEXT NOT NULL,
    order_id       TEXT NOT NULL,
    store          TEXT NOT NULL,
    phase          TEXT NOT NULL,
    cause          TEXT NOT NULL CHECK (cause IN
        ('store_fails', 'kind_withdrawn', 'not_accepted', 'stale_stock', 'label_failed')),
    words          TEXT NOT NULL,
    moved_at       INTEGER NOT NULL,
    promise_by     INTEGER,
    -- The customer was told with this move that the promise is over.
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
INSERT INTO task_move_next (sequence, tenant, task, order_id, store, phase, cause, words, moved_at, promise_by,
    promise_over, plan_b, plan_b_refused, next_task, next_store, went_at, drill)
SELECT sequence, tenant, task, order_id, store, phase, cause, words, moved_at, promise_by,
    promise_over, plan_b, plan_b_refused, next_task, next_store, went_at, drill FROM task_move;
DROP TABLE task_move;
ALTER TABLE task_move_next RENAME TO task_move;
CREATE INDEX task_move_lately ON task_move (tenant, moved_at, store);
CREATE INDEX task_move_of_order ON task_move (tenant, order_id);
CREATE INDEX task_move_waiting ON task_move (tenant, order_id) WHERE went_at IS NULL;
CREATE INDEX task_move_of_drill ON task_move (tenant, drill) WHERE drill IS NOT NULL;
CREATE INDEX task_move_by_age ON task_move (moved_at);

-- What the customer of an order was told last about a date that could not be kept.
CREATE TABLE promise_change (
    tenant      TEXT NOT NULL,
    order_id    TEXT NOT NULL,
    promised_by INTEGER NOT NULL,
    -- Absent: no node has it, and there is no date.
    new_by      INTEGER,
    why         TEXT NOT NULL,
    told_at     INTEGER NOT NULL,
    times       INTEGER NOT NULL DEFAULT 1 CHECK (times >= 1),
    PRIMARY KEY (tenant, order_id),
    FOREIGN KEY (tenant, order_id) REFERENCES orders (tenant, order_id)
) STRICT, WITHOUT ROWID;
INSERT INTO promise_change (tenant, order_id, promised_by, why, told_at)
SELECT tenant, order_id, min(promise_by), min(words), min(moved_at) FROM task_move
WHERE promise_over = 1 AND promise_by IS NOT NULL GROUP BY tenant, order_id;

-- Parcels for which a carrier's service gave no label, or which it did not take.
CREATE TABLE label_failure (
    tenant       TEXT NOT NULL,
    task         TEXT NOT NULL,
    -- Empty where none was planned and none was named.
    service      TEXT NOT NULL,
    reason       TEXT NOT NULL,
    reported_by  TEXT NOT NULL,
    reported_at  INTEGER NOT NULL,
    -- Absent: not seen to yet.
    outcome      TEXT CHECK (outcome IN ('another_service', 'moved', 'person', 'ended')),
    next_service TEXT,
    words        TEXT,
    settled_at   INTEGER,
    CHECK ((outcome IS NULL) = (settled_at IS NULL) AND (outcome IS NULL) = (words IS NULL)),
    CHECK ((next_service IS NOT NULL) = (outcome IS 'another_service')),
    PRIMARY KEY (tenant, task, service),
    FOREIGN KEY (tenant, task) REFERENCES task
) STRICT, WITHOUT ROWID;
CREATE INDEX label_failure_waiting ON label_failure (reported_at) WHERE outcome IS NULL;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('task_move', 'task_move_lately', '100000 50000 2 1'),
    ('task_move', 'task_move_of_order', '100000 50000 1'),
    ('task_move', 'task_move_waiting', '1000 500 1'),
    ('task_move', 'task_move_of_drill', '10000 5000 500'),
    ('task_move', 'task_move_by_age', '100000 2'),
    ('promise_change', 'promise_change', '10000 5000 1'),
    ('label_failure', 'label_failure', '10000 5000 1 1'),
    ('label_failure', 'label_failure_waiting', '10 1');
ANALYZE sqlite_schema;
