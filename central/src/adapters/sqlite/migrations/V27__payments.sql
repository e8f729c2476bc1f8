-- Orders that are paid for through a provider, and what was asked of others for them.

-- The sums are the fold of the facts below, written with each of them: no more is captured than was authorized, and no
-- more goes back than was captured.
CREATE TABLE payment (
    tenant     TEXT NOT NULL,
    order_id   TEXT NOT NULL,
    provider   TEXT NOT NULL,
    -- The key under which the order was placed: all keys of its questions derive from it.
    root       TEXT NOT NULL,
    currency   TEXT NOT NULL,
    authorized INTEGER NOT NULL DEFAULT 0 CHECK (authorized >= 0),
    captured   INTEGER NOT NULL DEFAULT 0 CHECK (captured >= 0 AND captured <= authorized),
    voided     INTEGER NOT NULL DEFAULT 0 CHECK (voided >= 0 AND captured + voided <= authorized),
    refunded   INTEGER NOT NULL DEFAULT 0 CHECK (refunded >= 0 AND refunded <= captured),
    standing   TEXT NOT NULL DEFAULT 'awaited' CHECK (standing IN ('awaited', 'authorized', 'rejected', 'owed')),
    -- All that is wanted of the order is set aside or taken: only then is it routed.
    covered    INTEGER NOT NULL DEFAULT 0 CHECK (covered IN (0, 1)),
    -- The sequence of the newest fact.
    facts      INTEGER NOT NULL DEFAULT 0 CHECK (facts >= 0),
    -- How often something of the order changed: whoever read it before lets nothing rest.
    changes    INTEGER NOT NULL DEFAULT 0 CHECK (changes >= 0),
    -- When somebody looks at it; none: when something of the order changes.
    next_at    INTEGER,
    PRIMARY KEY (tenant, order_id),
    FOREIGN KEY (tenant, order_id) REFERENCES orders (tenant, order_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX payment_due ON payment (provider, next_at) WHERE next_at IS NOT NULL;

-- A row is written before somebody outside is asked, and another with what came of it. None is changed.
CREATE TABLE saga_fact (
    tenant   TEXT NOT NULL,
    order_id TEXT NOT NULL,
    sequence INTEGER NOT NULL CHECK (sequence >= 1),
    call     TEXT NOT NULL CHECK (call IN ('authorize', 'capture', 'void', 'refund')),
    run      INTEGER NOT NULL CHECK (run >= 0),
    source   TEXT NOT NULL CHECK (source IN ('central', 'answer', 'look_up', 'webhook', 'person')),
    at       INTEGER NOT NULL,
    said     TEXT NOT NULL,
    PRIMARY KEY (tenant, order_id, sequence),
    FOREIGN KEY (tenant, order_id) REFERENCES payment
) STRICT, WITHOUT ROWID;
CREATE TRIGGER saga_fact_stays BEFORE UPDATE ON saga_fact
BEGIN
    SELECT raise(ABORT, 'a fact about money is not changed');
END;
CREATE TRIGGER saga_fact_is_kept BEFORE DELETE ON saga_fact
BEGIN
    SELECT raise(ABORT, 'a fact about money is not deleted');
END;

CREATE TABLE refund (
    tenant       TEXT NOT NULL,
    order_id     TEXT NOT NULL,
    number       INTEGER NOT NULL CHECK (number >= 1),
    key          TEXT NOT NULL,
    request_hash BLOB NOT NULL CHECK (length(request_hash) = 32),
    amount       INTEGER NOT NULL CHECK (amount >= 1),
    currency     TEXT NOT NULL,
    lines        TEXT NOT NULL,
    reason       TEXT NOT NULL,
    actor        TEXT NOT NULL,
    at           INTEGER NOT NULL,
    PRIMARY KEY (tenant, order_id, number),
    FOREIGN KEY (tenant, order_id) REFERENCES payment
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX refund_of_key ON refund (tenant, key);

-- Webhooks of providers, kept before they are acknowledged, and once each.
CREATE TABLE payment_notice (
    tenant     TEXT NOT NULL,
    provider   TEXT NOT NULL,
    event      TEXT NOT NULL,
    notice     TEXT NOT NULL,
    at         INTEGER NOT NULL,
    -- Counts all of them, so that pages go on where they ended.
    number     INTEGER NOT NULL,
    outcome    TEXT CHECK (outcome IN ('applied', 'known_before', 'not_ours')),
    settled_at INTEGER,
    CHECK ((outcome IS NULL) = (settled_at IS NULL)),
    PRIMARY KEY (tenant, provider, event)
) STRICT, WITHOUT ROWID;
CREATE INDEX payment_notice_waiting ON payment_notice (number) WHERE outcome IS NULL;
CREATE UNIQUE INDEX payment_notice_of_tenant ON payment_notice (tenant, number);
CREATE INDEX payment_notice_by_age ON payment_notice (settled_at) WHERE settled_at IS NOT NULL;

INSERT INTO counter (name, value) VALUES ('notice', 0);

ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('payment', 'payment', '1000000 500000 1'),
    ('payment', 'payment_due', '50000 25000 1'),
    ('saga_fact', 'saga_fact', '5000000 2500000 5 1'),
    ('refund', 'refund', '100000 50000 2 1'),
    ('refund', 'refund_of_key', '100000 50000 1'),
    ('payment_notice', 'payment_notice', '1000000 500000 250000 1'),
    ('payment_notice', 'payment_notice_waiting', '500 1'),
    ('payment_notice', 'payment_notice_of_tenant', '1000000 500000 1'),
    ('payment_notice', 'payment_notice_by_age', '1000000 2');
ANALYZE sqlite_schema;
