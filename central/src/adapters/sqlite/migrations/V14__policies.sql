-- Policies in versions. What a version says never changes; only how far it has come does.
CREATE TABLE policy_version (
    tenant           TEXT NOT NULL,
    version          INTEGER NOT NULL CHECK (version >= 1),
    state            TEXT NOT NULL CHECK (state IN ('draft', 'approved', 'active', 'retired', 'withdrawn')),
    text             TEXT NOT NULL,
    canonical        TEXT NOT NULL,
    hash             BLOB NOT NULL CHECK (length(hash) = 32),
    author           TEXT NOT NULL,
    reason           TEXT NOT NULL CHECK (length(reason) > 0),
    created_at       INTEGER NOT NULL,
    approved_by      TEXT,
    approved_at      INTEGER,
    effective_at     INTEGER,
    scheduled_by     TEXT,
    scheduled_reason TEXT,
    activated_at     INTEGER,
    retired_at       INTEGER,
    CHECK (approved_by <> author),
    CHECK (state NOT IN ('approved', 'active', 'retired') OR (approved_by IS NOT NULL AND approved_at IS NOT NULL)),
    CHECK (state NOT IN ('active', 'retired') OR activated_at IS NOT NULL),
    CHECK (effective_at IS NULL OR (scheduled_by IS NOT NULL AND scheduled_reason IS NOT NULL)),
    PRIMARY KEY (tenant, version)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX policy_active ON policy_version (tenant) WHERE state = 'active';
CREATE INDEX policy_due ON policy_version (effective_at) WHERE state = 'approved' AND effective_at IS NOT NULL;

CREATE TRIGGER policy_text_stays BEFORE UPDATE OF tenant, version, text, canonical, hash, author, reason, created_at
ON policy_version BEGIN SELECT RAISE(ABORT, 'what a version says never changes'); END;
CREATE TRIGGER policy_version_stays BEFORE DELETE
ON policy_version BEGIN SELECT RAISE(ABORT, 'versions of policies are kept'); END;

-- Who did what, when and why: only ever added to.
CREATE TABLE policy_event (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant   TEXT NOT NULL,
    -- None: about all policies of the tenant.
    version  INTEGER,
    at       INTEGER NOT NULL,
    actor    TEXT NOT NULL,
    act      TEXT NOT NULL,
    reason   TEXT NOT NULL
) STRICT;
CREATE INDEX policy_event_of_tenant ON policy_event (tenant, sequence);
CREATE TRIGGER policy_event_stays BEFORE UPDATE
ON policy_event BEGIN SELECT RAISE(ABORT, 'the history of policies never changes'); END;
CREATE TRIGGER policy_event_is_kept BEFORE DELETE
ON policy_event BEGIN SELECT RAISE(ABORT, 'the history of policies is kept'); END;

CREATE TABLE policy_freeze (
    tenant TEXT PRIMARY KEY,
    by     TEXT NOT NULL,
    reason TEXT NOT NULL,
    since  INTEGER NOT NULL,
    until  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A version on trial with a part of the orders. One at a time.
CREATE TABLE rollout (
    rollout        INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant         TEXT NOT NULL,
    version        INTEGER NOT NULL,
    state          TEXT NOT NULL CHECK (state IN ('running', 'paused', 'finished', 'rolled_back')),
    percent        INTEGER NOT NULL CHECK (percent BETWEEN 1 AND 100),
    plan           TEXT NOT NULL,
    started_at     INTEGER NOT NULL,
    changed_at     INTEGER NOT NULL,
    -- The newest decision before it started.
    decisions_from INTEGER NOT NULL,
    FOREIGN KEY (tenant, version) REFERENCES policy_version
) STRICT;
CREATE INDEX rollout_of_tenant ON rollout (tenant, rollout);
CREATE INDEX rollout_of_version ON rollout (tenant, version);
CREATE UNIQUE INDEX rollout_open ON rollout (tenant) WHERE state IN ('running', 'paused');
-- What ended does not go on, and its share only grows.
CREATE TRIGGER rollout_ends BEFORE UPDATE ON rollout
WHEN OLD.state IN ('finished', 'rolled_back') OR NEW.percent < OLD.percent OR NEW.plan <> OLD.plan
BEGIN SELECT RAISE(ABORT, 'a rollout that ended does not go on, and its share only grows'); END;
CREATE TRIGGER rollout_is_kept BEFORE DELETE ON rollout
BEGIN SELECT RAISE(ABORT, 'rollouts are kept'); END;

-- What a person must see to, by the order that it is about.
CREATE INDEX exception_of_order ON exception (tenant, order_id) WHERE order_id IS NOT NULL AND resolved_at IS NULL;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('policy_version', 'policy_version', '1000 500 1'),
    ('policy_version', 'policy_active', '2 1'),
    ('policy_version', 'policy_due', '10 1'),
    ('policy_event', 'policy_event_of_tenant', '10000 5000 1'),
    ('policy_freeze', 'policy_freeze', '2 1'),
    ('rollout', 'rollout_of_tenant', '200 100 1'),
    ('rollout', 'rollout_of_version', '200 100 1'),
    ('rollout', 'rollout_open', '2 1'),
    ('exception', 'exception_of_order', '1000 500 1');
ANALYZE sqlite_schema;
