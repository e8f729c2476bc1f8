-- Versions that are asked about each decision and decide none. One at a time.
CREATE TABLE shadow (
    shadow     INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant     TEXT NOT NULL,
    -- 0 is what was built in, of which there is no row.
    version    INTEGER NOT NULL CHECK (version >= 0),
    author     TEXT NOT NULL,
    owner      TEXT NOT NULL,
    reason     TEXT NOT NULL CHECK (length(reason) > 0),
    tolerance  TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ends_at    INTEGER NOT NULL,
    ended_at   INTEGER,
    ended_by   TEXT,
    end_reason TEXT,
    -- The newest decision that was compared.
    up_to      INTEGER NOT NULL,
    CHECK (ends_at > started_at),
    CHECK ((ended_at IS NULL) = (ended_by IS NULL) AND (ended_at IS NULL) = (end_reason IS NULL))
) STRICT;
CREATE INDEX shadow_of_tenant ON shadow (tenant, shadow);
CREATE UNIQUE INDEX shadow_open ON shadow (tenant) WHERE ended_at IS NULL;
CREATE TRIGGER shadow_ends BEFORE UPDATE ON shadow
WHEN OLD.ended_at IS NOT NULL OR NEW.up_to < OLD.up_to OR NEW.version <> OLD.version
BEGIN SELECT RAISE(ABORT, 'a shadow that ended does not go on, and does not go back'); END;

-- Lines by what they were counted as: true also where single differences are too many to keep.
CREATE TABLE shadow_tally (
    tenant   TEXT NOT NULL,
    -- `v3`, or `legacy`.
    against  TEXT NOT NULL,
    day      INTEGER NOT NULL,
    outcome  TEXT NOT NULL,
    severity TEXT NOT NULL,
    triage   TEXT NOT NULL,
    lines    INTEGER NOT NULL CHECK (lines >= 0),
    PRIMARY KEY (tenant, against, day, outcome, severity, triage)
) STRICT, WITHOUT ROWID;
CREATE INDEX shadow_tally_by_day ON shadow_tally (day);

CREATE TABLE shadow_diff (
    diff          INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant        TEXT NOT NULL,
    against       TEXT NOT NULL,
    day           INTEGER NOT NULL,
    found_at      INTEGER NOT NULL,
    order_name    TEXT NOT NULL,
    line          INTEGER NOT NULL,
    -- Empty where all decisions of the order together are compared.
    decision      TEXT NOT NULL,
    sku           TEXT,
    class         TEXT NOT NULL,
    severity      TEXT NOT NULL,
    rule          TEXT,
    words         TEXT NOT NULL,
    here          TEXT,
    there         TEXT,
    triage        TEXT NOT NULL DEFAULT 'open',
    triaged_by    TEXT,
    triaged_at    INTEGER,
    triage_reason TEXT,
    CHECK ((triage = 'open') = (triaged_by IS NULL)),
    CHECK ((triaged_by IS NULL) = (triaged_at IS NULL) AND (triaged_by IS NULL) = (triage_reason IS NULL))
) STRICT;
CREATE UNIQUE INDEX shadow_diff_of_line ON shadow_diff (tenant, against, order_name, line, decision);
CREATE INDEX shadow_diff_of_day ON shadow_diff (tenant, day, diff);
CREATE INDEX shadow_diff_of_tenant ON shadow_diff (tenant, diff);
CREATE INDEX shadow_diff_by_day ON shadow_diff (day);
CREATE INDEX shadow_diff_alike ON shadow_diff (tenant, against, class, rule) WHERE triage = 'open';

-- What another system decided, under its own ids.
CREATE TABLE legacy_decision (
    tenant     TEXT NOT NULL,
    id         TEXT NOT NULL,
    order_name TEXT NOT NULL,
    line       INTEGER NOT NULL,
    body       TEXT NOT NULL,
    heard_at   INTEGER NOT NULL,
    -- When it is compared, or looked at again; none when it was compared.
    look_at    INTEGER,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX legacy_of_line ON legacy_decision (tenant, order_name, line);
CREATE INDEX legacy_due ON legacy_decision (look_at) WHERE look_at IS NOT NULL;
CREATE INDEX legacy_by_age ON legacy_decision (heard_at);

CREATE TABLE legacy_feed (
    tenant   TEXT PRIMARY KEY,
    first_at INTEGER NOT NULL,
    last_at  INTEGER NOT NULL,
    waiting  INTEGER NOT NULL CHECK (waiting >= 0),
    -- The newest of central's decisions that was looked through for lines of which nothing was heard.
    up_to    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Another system knows orders by the name that their channel gave them.
CREATE INDEX orders_by_reference ON orders (tenant, json_extract(request, '$.reference'))
WHERE json_extract(request, '$.reference') IS NOT NULL;

ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('shadow', 'shadow_of_tenant', '200 100 1'),
    ('shadow', 'shadow_open', '2 1'),
    ('shadow_tally', 'shadow_tally', '20000 10000 2000 20 5 2 1'),
    ('shadow_tally', 'shadow_tally_by_day', '20000 200'),
    ('shadow_diff', 'shadow_diff_of_line', '400000 200000 40000 2 1 1'),
    ('shadow_diff', 'shadow_diff_of_day', '400000 200000 2000 1'),
    ('shadow_diff', 'shadow_diff_of_tenant', '400000 200000 1'),
    ('shadow_diff', 'shadow_diff_by_day', '400000 4000'),
    ('shadow_diff', 'shadow_diff_alike', '100000 50000 10000 2000 200'),
    ('legacy_decision', 'legacy_decision', '1000000 500000 1'),
    ('legacy_decision', 'legacy_of_line', '1000000 500000 2 1'),
    ('legacy_decision', 'legacy_due', '10000 2'),
    ('legacy_decision', 'legacy_by_age', '1000000 2'),
    ('legacy_feed', 'legacy_feed', '2 1'),
    ('orders', 'orders_by_reference', '1000000 500000 1');
ANALYZE sqlite_schema;
