-- What a launch asks: which parts of a policy mattered, whose word there is about it, how it was taken back.

-- By day in UTC, counted with each decision.
CREATE TABLE policy_use (
    day     INTEGER NOT NULL,
    tenant  TEXT NOT NULL,
    -- As decisions record it.
    policy  TEXT NOT NULL,
    part    TEXT NOT NULL CHECK (part IN ('rule', 'scorer', 'rung', 'class')),
    name    TEXT NOT NULL,
    decided INTEGER NOT NULL CHECK (decided >= 0),
    refused INTEGER NOT NULL CHECK (refused >= 0),
    PRIMARY KEY (day, tenant, policy, part, name)
) STRICT, WITHOUT ROWID;

-- Only ever added to.
CREATE TABLE policy_sign_off (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant   TEXT NOT NULL,
    -- 0 is what was built in, which has no row of its own.
    version  INTEGER NOT NULL CHECK (version >= 0),
    role     TEXT NOT NULL CHECK (role IN ('support', 'analytics', 'fulfilment')),
    name     TEXT NOT NULL CHECK (length(name) > 0),
    actor    TEXT NOT NULL,
    note     TEXT NOT NULL CHECK (length(note) > 0),
    at       INTEGER NOT NULL
) STRICT;
CREATE INDEX policy_sign_off_of_version ON policy_sign_off (tenant, version, sequence);
CREATE TRIGGER policy_sign_off_stays BEFORE UPDATE ON policy_sign_off
BEGIN SELECT RAISE(ABORT, 'a sign-off never changes'); END;
CREATE TRIGGER policy_sign_off_is_kept BEFORE DELETE ON policy_sign_off
BEGIN SELECT RAISE(ABORT, 'sign-offs are kept'); END;

-- Ways back that were taken, to compare afterwards.
CREATE TABLE policy_rollback (
    sequence       INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant         TEXT NOT NULL,
    from_version   INTEGER NOT NULL,
    -- As decisions record the version that was withdrawn.
    from_policy    TEXT NOT NULL,
    to_version     INTEGER NOT NULL,
    to_policy      TEXT NOT NULL,
    actor          TEXT NOT NULL,
    reason         TEXT NOT NULL CHECK (length(reason) > 0),
    at             INTEGER NOT NULL,
    -- The newest decision before it.
    decisions_from INTEGER NOT NULL
) STRICT;
CREATE INDEX policy_rollback_of_tenant ON policy_rollback (tenant, sequence);

-- About when each key was last used.
CREATE TABLE api_key_use (
    tenant  TEXT NOT NULL,
    key     TEXT NOT NULL,
    used_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, key),
    FOREIGN KEY (tenant, key) REFERENCES api_key
) STRICT, WITHOUT ROWID;

ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('policy_use', 'policy_use', '40000 100 50 25 8 1'),
    ('policy_sign_off', 'policy_sign_off_of_version', '1000 500 5 1'),
    ('policy_rollback', 'policy_rollback_of_tenant', '100 50 1'),
    ('api_key_use', 'api_key_use', '20 10 1');
ANALYZE sqlite_schema;
