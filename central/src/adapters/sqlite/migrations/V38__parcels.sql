-- Parcels whose labels central has made, and what carriers were asked and told of them.

-- Who makes labels for a tenant, as configured. Without one its stores make their own.
CREATE TABLE carrier_account (
    tenant   TEXT PRIMARY KEY,
    name     TEXT NOT NULL UNIQUE,
    -- The services of the policy that it takes, as a JSON list; empty: any.
    services TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One for each task that leaves by a carrier. The row is the fold of the facts below, written with each of them.
CREATE TABLE parcel (
    tenant          TEXT NOT NULL,
    task            TEXT NOT NULL,
    order_id        TEXT NOT NULL,
    store           TEXT NOT NULL,
    -- Within its order: keys of its questions derive from it.
    number          INTEGER NOT NULL CHECK (number >= 1),
    carrier         TEXT NOT NULL,
    state           TEXT NOT NULL DEFAULT 'wanted' CHECK (state IN ('wanted', 'labelled', 'voided', 'handed_over',
        'in_transit', 'exception', 'lost', 'returned', 'delivered')),
    -- The label that is good, as JSON, as the store is shown it.
    label           TEXT,
    labelled_at     INTEGER,
    left_at         INTEGER,
    arrived_at      INTEGER,
    -- The sequence of the newest fact.
    facts           INTEGER NOT NULL DEFAULT 0 CHECK (facts >= 0),
    -- How often something of it changed: whoever read it before lets nothing rest.
    changes         INTEGER NOT NULL DEFAULT 0 CHECK (changes >= 0),
    -- When somebody looks at it; none: when something of it changes.
    next_at         INTEGER,
    CHECK ((label IS NULL) = (labelled_at IS NULL)),
    CHECK ((state = 'delivered') = (arrived_at IS NOT NULL)),
    PRIMARY KEY (tenant, task),
    UNIQUE (tenant, order_id, number),
    FOREIGN KEY (tenant, order_id) REFERENCES orders (tenant, order_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX parcel_due ON parcel (carrier, next_at) WHERE next_at IS NOT NULL;
-- What a store has to print and to hand over.
CREATE INDEX parcel_labelled ON parcel (tenant, store) WHERE state = 'labelled';

-- A row is written before a carrier is asked, and another with what came of it. None is changed.
CREATE TABLE parcel_fact (
    tenant   TEXT NOT NULL,
    task     TEXT NOT NULL,
    sequence INTEGER NOT NULL CHECK (sequence >= 1),
    ask      TEXT CHECK (ask IN ('label', 'void_label')),
    run      INTEGER CHECK (run >= 0),
    source   TEXT NOT NULL CHECK (source IN ('central', 'answer', 'look_up', 'webhook', 'person')),
    at       INTEGER NOT NULL,
    said     TEXT NOT NULL,
    CHECK ((ask IS NULL) = (run IS NULL)),
    PRIMARY KEY (tenant, task, sequence),
    FOREIGN KEY (tenant, task) REFERENCES parcel
) STRICT, WITHOUT ROWID;
CREATE TRIGGER parcel_fact_stays BEFORE UPDATE ON parcel_fact
BEGIN
    SELECT raise(ABORT, 'a fact about a parcel is not changed');
END;
CREATE TRIGGER parcel_fact_is_kept BEFORE DELETE ON parcel_fact
BEGIN
    SELECT raise(ABORT, 'a fact about a parcel is not deleted');
END;

-- Every label that was ever made: carriers speak of parcels by these numbers, also of labels that are void.
CREATE TABLE parcel_label (
    tenant          TEXT NOT NULL,
    carrier         TEXT NOT NULL,
    tracking_number TEXT NOT NULL,
    task            TEXT NOT NULL,
    run             INTEGER NOT NULL CHECK (run >= 0),
    made_at         INTEGER NOT NULL,
    PRIMARY KEY (tenant, carrier, tracking_number, task, run),
    FOREIGN KEY (tenant, task) REFERENCES parcel
) STRICT, WITHOUT ROWID;

-- Webhooks of carriers, kept before they are acknowledged, and once each.
CREATE TABLE tracking_notice (
    tenant     TEXT NOT NULL,
    carrier    TEXT NOT NULL,
    event      TEXT NOT NULL,
    notice     TEXT NOT NULL,
    at         INTEGER NOT NULL,
    number     INTEGER NOT NULL,
    outcome    TEXT CHECK (outcome IN ('applied', 'known_before', 'not_ours')),
    settled_at INTEGER,
    CHECK ((outcome IS NULL) = (settled_at IS NULL)),
    PRIMARY KEY (tenant, carrier, event)
) STRICT, WITHOUT ROWID;
CREATE INDEX tracking_notice_waiting ON tracking_notice (number) WHERE outcome IS NULL;
CREATE INDEX tracking_notice_by_age ON tracking_notice (settled_at) WHERE settled_at IS NOT NULL;

INSERT INTO counter (name, value) VALUES ('tracking', 0);

ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('carrier_account', 'carrier_account', '50 1'),
    ('carrier_account', 'sqlite_autoindex_carrier_account_2', '50 1'),
    ('parcel', 'parcel', '1000000 500000 1'),
    ('parcel', 'sqlite_autoindex_parcel_2', '1000000 500000 2 1'),
    ('parcel', 'parcel_due', '50000 25000 1'),
    ('parcel', 'parcel_labelled', '5000 2500 20'),
    ('parcel_fact', 'parcel_fact', '5000000 2500000 5 1'),
    ('parcel_label', 'parcel_label', '1000000 500000 500000 1 1 1'),
    ('tracking_notice', 'tracking_notice', '5000000 2500000 2500000 1'),
    ('tracking_notice', 'tracking_notice_waiting', '500 1'),
    ('tracking_notice', 'tracking_notice_by_age', '5000000 2');
ANALYZE sqlite_schema;
