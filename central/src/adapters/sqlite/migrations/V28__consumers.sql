-- Events are counted for each key, and carry an id of their own.
ALTER TABLE outbox ADD COLUMN event_id TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN key_sequence INTEGER NOT NULL DEFAULT 0;
UPDATE outbox SET event_id = 'evt-' || sequence, key_sequence = counted.number
FROM (SELECT sequence AS of, row_number() OVER (PARTITION BY tenant, key ORDER BY sequence) AS number FROM outbox)
    AS counted
WHERE counted.of = outbox.sequence;

-- How many events a key has had. It outlives them, so that a number is never given twice.
CREATE TABLE event_key (
    tenant TEXT NOT NULL,
    key    TEXT NOT NULL,
    last   INTEGER NOT NULL CHECK (last >= 1),
    PRIMARY KEY (tenant, key)
) STRICT, WITHOUT ROWID;
INSERT INTO event_key (tenant, key, last) SELECT tenant, key, max(key_sequence) FROM outbox GROUP BY tenant, key;

CREATE INDEX outbox_by_time ON outbox (tenant, at);

-- Who is sent events, and up to where it has come.
CREATE TABLE consumer (
    tenant              TEXT NOT NULL,
    consumer            TEXT NOT NULL,
    terms               TEXT NOT NULL,
    state               TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused', 'ended')),
    state_why           TEXT,
    position            INTEGER NOT NULL CHECK (position >= 0),
    backfill_until      INTEGER NOT NULL DEFAULT 0,
    backfill_rate_per_s INTEGER CHECK (backfill_rate_per_s >= 1),
    made_at             INTEGER NOT NULL,
    delivered_at        INTEGER,
    version             INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant, consumer)
) STRICT, WITHOUT ROWID;

-- With which what is sent is signed: while one takes the place of another, both.
CREATE TABLE consumer_secret (
    tenant   TEXT NOT NULL,
    consumer TEXT NOT NULL,
    key_id   TEXT NOT NULL,
    secret   TEXT NOT NULL,
    made_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant, consumer, key_id),
    FOREIGN KEY (tenant, consumer) REFERENCES consumer (tenant, consumer) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Events that did not get through, and those behind them of the same key. The first of a key is tried again when it is
-- due, or is parked until a person has looked at it; the others wait for it.
CREATE TABLE event_waiting (
    tenant    TEXT NOT NULL,
    consumer  TEXT NOT NULL,
    key       TEXT NOT NULL,
    sequence  INTEGER NOT NULL,
    tries     INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),
    refusals  INTEGER NOT NULL DEFAULT 0 CHECK (refusals >= 0),
    first_at  INTEGER,
    due_at    INTEGER,
    parked_at INTEGER,
    why       TEXT,
    CHECK (due_at IS NULL OR parked_at IS NULL),
    PRIMARY KEY (tenant, consumer, key, sequence),
    FOREIGN KEY (tenant, consumer) REFERENCES consumer (tenant, consumer) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX event_waiting_due ON event_waiting (tenant, consumer, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX event_waiting_parked ON event_waiting (tenant, consumer, sequence) WHERE parked_at IS NOT NULL;
CREATE INDEX event_waiting_by_number ON event_waiting (tenant, consumer, sequence);

-- What was sent, and what the receiver said.
CREATE TABLE delivery (
    delivery    INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant      TEXT NOT NULL,
    consumer    TEXT NOT NULL,
    sequence    INTEGER NOT NULL,
    event_id    TEXT NOT NULL,
    kind        TEXT NOT NULL,
    key         TEXT NOT NULL,
    try         INTEGER NOT NULL,
    outcome     TEXT NOT NULL CHECK (outcome IN ('taken', 'refused', 'failed', 'gone', 'skipped')),
    at          INTEGER NOT NULL,
    took_ms     INTEGER NOT NULL,
    status      INTEGER,
    why         TEXT,
    asked       TEXT,
    answered    TEXT,
    backfill    INTEGER NOT NULL CHECK (backfill IN (0, 1)),
    by_hand     TEXT,
    FOREIGN KEY (tenant, consumer) REFERENCES consumer (tenant, consumer) ON DELETE CASCADE
) STRICT;
CREATE INDEX delivery_of_consumer ON delivery (tenant, consumer, delivery);
CREATE INDEX delivery_of_event ON delivery (tenant, consumer, sequence);

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('event_key', 'event_key', '1000000 500000 1'),
    ('outbox', 'outbox_by_time', '1000000 500000 2'),
    ('consumer', 'consumer', '20 10 1'),
    ('consumer_secret', 'consumer_secret', '40 20 2 1'),
    ('event_waiting', 'event_waiting', '10000 5000 500 5 1'),
    ('event_waiting', 'event_waiting_due', '100 50 5 1'),
    ('event_waiting', 'event_waiting_parked', '100 50 5 1'),
    ('event_waiting', 'event_waiting_by_number', '10000 5000 500 1'),
    ('delivery', 'delivery_of_consumer', '50000 25000 2500 1'),
    ('delivery', 'delivery_of_event', '50000 25000 2500 1');
ANALYZE sqlite_schema;
