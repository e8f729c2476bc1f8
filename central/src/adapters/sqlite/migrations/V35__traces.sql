-- The trace of an order from what is on record: whose requests it came from, and what each step came of.

-- Requests of the outside about an order or a promise: where each stood in the trace of whoever sent it.
CREATE TABLE trace_call (
    tenant  TEXT NOT NULL,
    -- `order/{order}` or `promise/{promise}`.
    subject TEXT NOT NULL,
    number  INTEGER NOT NULL CHECK (number >= 1),
    act     TEXT NOT NULL,
    at      INTEGER NOT NULL,
    actor   TEXT NOT NULL,
    trace   TEXT NOT NULL CHECK (length(trace) = 32),
    span    TEXT NOT NULL CHECK (length(span) = 16),
    -- The caller's span; absent when the trace began here.
    parent  TEXT CHECK (length(parent) = 16),
    sampled INTEGER NOT NULL CHECK (sampled IN (0, 1)),
    -- What others let travel with it.
    state   TEXT CHECK (length(state) <= 512),
    PRIMARY KEY (tenant, subject, number)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER promise_call_goes AFTER DELETE ON cart_promise BEGIN
    DELETE FROM trace_call WHERE tenant = OLD.tenant AND subject = 'promise/' || OLD.promise;
END;

-- The entry of the order's timeline that was the newest when this was written: what it came of.
ALTER TABLE outbox ADD COLUMN cause INTEGER;
-- That of the order that it is about.
ALTER TABLE outbox ADD COLUMN trace TEXT;
ALTER TABLE decision ADD COLUMN cause INTEGER;
ALTER TABLE exception ADD COLUMN cause INTEGER;
ALTER TABLE saga_fact ADD COLUMN cause INTEGER;

CREATE INDEX outbox_of_key ON outbox (tenant, key, key_sequence);
CREATE INDEX exception_by_order ON exception (tenant, order_id, sequence) WHERE order_id IS NOT NULL;

-- Up to which entry of the timelines a collector was told.
CREATE TABLE trace_told (
    only  INTEGER PRIMARY KEY CHECK (only = 1),
    up_to INTEGER NOT NULL CHECK (up_to >= 0)
) STRICT;
INSERT INTO trace_told (only, up_to) SELECT 1, coalesce(max(entry), 0) FROM order_event;

ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('trace_call', 'trace_call', '1000000 500000 1 1'),
    ('outbox', 'outbox_of_key', '1000000 500000 5 1'),
    ('exception', 'exception_by_order', '100000 50000 2 1');
ANALYZE sqlite_schema;
