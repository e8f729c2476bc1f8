-- What a person must look at, as a queue that is worked: who has it, what it waits for, what was tried, what it
-- cost. And what was found where the books do not agree.

ALTER TABLE exception ADD COLUMN seen_at INTEGER;
ALTER TABLE exception ADD COLUMN looked_at INTEGER;
ALTER TABLE exception ADD COLUMN taken_by TEXT;
ALTER TABLE exception ADD COLUMN taken_at INTEGER;
-- Its clock stands while it waits on somebody outside.
ALTER TABLE exception ADD COLUMN waiting_since INTEGER;
ALTER TABLE exception ADD COLUMN waiting_for TEXT;
ALTER TABLE exception ADD COLUMN paused_ms INTEGER NOT NULL DEFAULT 0 CHECK (paused_ms >= 0);
-- Code, field and values of what failed, where they are known.
ALTER TABLE exception ADD COLUMN failure TEXT;
ALTER TABLE exception ADD COLUMN root_cause TEXT;
ALTER TABLE exception ADD COLUMN minutes INTEGER CHECK (minutes >= 0);
-- Absent: it ended by itself, or before this was noted.
ALTER TABLE exception ADD COLUMN resolved_by TEXT;
ALTER TABLE exception ADD COLUMN look_told INTEGER NOT NULL DEFAULT 0 CHECK (look_told IN (0, 1));
ALTER TABLE exception ADD COLUMN end_told INTEGER NOT NULL DEFAULT 0 CHECK (end_told IN (0, 1));
UPDATE exception SET seen_at = raised_at;
CREATE INDEX exception_untold ON exception (sequence) WHERE resolved_at IS NULL AND end_told = 0;
CREATE INDEX exception_resolved ON exception (tenant, resolved_at) WHERE resolved_at IS NOT NULL;
CREATE INDEX exception_raised ON exception (tenant, raised_at);

-- As it is told.
CREATE VIEW exception_told AS
SELECT sequence, tenant, 'x' || sequence AS exception, key, category, severity, order_id, task, store, detail,
    suggestion, times, raised_at, coalesce(seen_at, raised_at) AS seen_at, looked_at, taken_by, taken_at, waiting_since,
    waiting_for, paused_ms, failure, root_cause, minutes, resolved_at, resolution, resolved_by, look_told, end_told,
    CASE WHEN resolved_at IS NOT NULL THEN 'resolved' WHEN waiting_since IS NOT NULL THEN 'waiting'
        WHEN taken_by IS NOT NULL THEN 'taken' ELSE 'open' END AS state
FROM exception;

-- What people did about it, and what its clock said. Only ever added to.
CREATE TABLE exception_event (
    tenant    TEXT NOT NULL,
    exception INTEGER NOT NULL,
    number    INTEGER NOT NULL CHECK (number >= 1),
    at        INTEGER NOT NULL,
    actor     TEXT NOT NULL,
    kind      TEXT NOT NULL,
    words     TEXT NOT NULL,
    PRIMARY KEY (tenant, exception, number),
    FOREIGN KEY (exception) REFERENCES exception (sequence)
) STRICT, WITHOUT ROWID;

-- Repairs that were asked for, and what came of each. One of a kind is carried out at a time.
CREATE TABLE exception_repair (
    tenant    TEXT NOT NULL,
    exception INTEGER NOT NULL,
    attempt   INTEGER NOT NULL CHECK (attempt >= 1),
    repair    TEXT NOT NULL,
    actor     TEXT NOT NULL,
    reason    TEXT NOT NULL CHECK (length(reason) > 0),
    began_at  INTEGER NOT NULL,
    outcome   TEXT NOT NULL CHECK (outcome IN ('begun', 'done', 'moot', 'refused')),
    words     TEXT NOT NULL,
    ended_at  INTEGER,
    CHECK ((outcome = 'begun') = (ended_at IS NULL)),
    PRIMARY KEY (tenant, exception, attempt),
    FOREIGN KEY (exception) REFERENCES exception (sequence)
) STRICT, WITHOUT ROWID;

-- A difference between what should be and what is. One that is gone before it was seen twice is forgotten.
CREATE TABLE finding (
    finding   INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant    TEXT NOT NULL,
    kind      TEXT NOT NULL,
    -- What is looked at to see it again.
    scope     TEXT NOT NULL,
    subject   TEXT NOT NULL,
    order_id  TEXT,
    task      TEXT,
    store     TEXT,
    sku       TEXT,
    expected  TEXT NOT NULL,
    found     TEXT NOT NULL,
    words     TEXT NOT NULL,
    -- By when a person should have decided what is proposed.
    decide_by INTEGER,
    state     TEXT NOT NULL CHECK (state IN ('found', 'confirmed', 'repairing', 'repaired', 'accepted', 'escalated')),
    found_at  INTEGER NOT NULL,
    seen_at   INTEGER NOT NULL,
    looks     INTEGER NOT NULL DEFAULT 1 CHECK (looks >= 1),
    attempts  INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    -- When central last tried to mend it.
    acted_at  INTEGER,
    ended_at  INTEGER,
    how       TEXT,
    CHECK (ended_at IS NULL OR state IN ('repaired', 'accepted')),
    CHECK (ended_at IS NOT NULL OR state <> 'repaired')
) STRICT;
CREATE UNIQUE INDEX finding_open ON finding (tenant, kind, subject) WHERE ended_at IS NULL;
CREATE INDEX finding_of_scope ON finding (tenant, scope) WHERE ended_at IS NULL;
CREATE INDEX finding_due ON finding (seen_at) WHERE ended_at IS NULL;
CREATE INDEX finding_of_tenant ON finding (tenant, finding);
CREATE INDEX finding_by_end ON finding (ended_at) WHERE ended_at IS NOT NULL;

-- Up to where changes were looked at. What was before is the sweep's.
CREATE TABLE reconcile_mark (
    name TEXT PRIMARY KEY CHECK (name IN ('orders', 'positions', 'stores')),
    mark INTEGER NOT NULL CHECK (mark >= 0)
) STRICT, WITHOUT ROWID;
INSERT INTO reconcile_mark (name, mark) VALUES
    ('orders', coalesce((SELECT max(entry) FROM order_event), 0)),
    ('positions', coalesce((SELECT max(sequence) FROM outbox), 0)),
    ('stores', coalesce((SELECT max(sequence) FROM eligibility_change), 0));

ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('exception', 'exception_untold', '500 1'),
    ('exception', 'exception_resolved', '90000 45000 2'),
    ('exception', 'exception_raised', '100000 50000 2'),
    ('exception_event', 'exception_event', '200000 100000 4 1'),
    ('exception_repair', 'exception_repair', '20000 10000 2 1'),
    ('finding', 'finding_open', '200 100 10 1'),
    ('finding', 'finding_of_scope', '200 100 2'),
    ('finding', 'finding_due', '200 1'),
    ('finding', 'finding_of_tenant', '20000 10000 1'),
    ('finding', 'finding_by_end', '20000 1');
ANALYZE sqlite_schema;
