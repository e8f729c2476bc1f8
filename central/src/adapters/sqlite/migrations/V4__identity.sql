-- Which starts of a replica central has heard, and what it made of them.
CREATE TABLE replica_boot (
    tenant          TEXT NOT NULL,
    store           TEXT NOT NULL,
    replica         TEXT NOT NULL,
    boot            TEXT NOT NULL,
    -- In the order in which they were first heard.
    n               INTEGER NOT NULL CHECK (n >= 1),
    number          INTEGER NOT NULL CHECK (number >= 0),
    standing        TEXT NOT NULL CHECK (standing IN ('current', 'followed', 'unproven', 'quarantined')),
    box_name        TEXT,
    -- The newest stamp and the greatest cursor that it sent.
    stamp           TEXT NOT NULL,
    cursor          INTEGER NOT NULL CHECK (cursor >= 0),
    challenge       TEXT,
    challenge_after TEXT,
    -- It is to fetch what the replica said before, and has not been given all of it.
    behind          INTEGER NOT NULL DEFAULT 0 CHECK (behind IN (0, 1)),
    copy            TEXT,
    first_heard_at  INTEGER NOT NULL,
    heard_at        INTEGER NOT NULL,
    CHECK ((challenge IS NULL) = (challenge_after IS NULL)),
    CHECK ((copy IS NOT NULL) = (standing = 'quarantined')),
    PRIMARY KEY (tenant, store, replica, boot),
    FOREIGN KEY (tenant, store, replica) REFERENCES replica
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX replica_boot_current ON replica_boot (tenant, store, replica) WHERE standing = 'current';
CREATE INDEX replica_boot_apart ON replica_boot (tenant, store) WHERE standing = 'quarantined';

-- A box that is kept apart, known by the first of its boots that was. `decision` is that of the
-- branch so far: what it records afterwards waits for the next.
CREATE TABLE quarantine (
    tenant     TEXT NOT NULL,
    store      TEXT NOT NULL,
    replica    TEXT NOT NULL,
    copy       TEXT NOT NULL,
    since      INTEGER NOT NULL,
    why        TEXT NOT NULL,
    decision   TEXT CHECK (decision IN ('merge', 'discard', 'trade_places')),
    reason     TEXT,
    decided_by TEXT,
    decided_at INTEGER,
    CHECK ((decision IS NULL) = (decided_at IS NULL)),
    PRIMARY KEY (tenant, store, replica, copy),
    FOREIGN KEY (tenant, store, replica) REFERENCES replica
) STRICT, WITHOUT ROWID;

-- Its branch: the changes that it sent, as they are, and the facts in them.
CREATE TABLE quarantine_change (
    tenant   TEXT NOT NULL,
    store    TEXT NOT NULL,
    replica  TEXT NOT NULL,
    copy     TEXT NOT NULL,
    n        INTEGER NOT NULL CHECK (n >= 1),
    document TEXT NOT NULL,
    hash     BLOB NOT NULL CHECK (length(hash) = 32),
    bytes    BLOB NOT NULL,
    PRIMARY KEY (tenant, store, replica, copy, n),
    UNIQUE (tenant, store, replica, copy, document, hash),
    FOREIGN KEY (tenant, store, replica, copy) REFERENCES quarantine
) STRICT;

CREATE TABLE quarantine_fact (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant   TEXT NOT NULL,
    store    TEXT NOT NULL,
    replica  TEXT NOT NULL,
    copy     TEXT NOT NULL,
    fact     TEXT NOT NULL,
    document TEXT NOT NULL,
    text     TEXT NOT NULL,
    -- kept: waits for a decision. in_ledger: it is there under the same id. merged, discarded: decided.
    -- recorded: a word about a task, which stays in the branch for the record.
    outcome  TEXT NOT NULL CHECK (outcome IN ('kept', 'in_ledger', 'merged', 'discarded', 'recorded')),
    kept_at  INTEGER NOT NULL,
    UNIQUE (tenant, store, replica, copy, fact, text),
    FOREIGN KEY (tenant, store, replica, copy) REFERENCES quarantine
) STRICT;

INSERT INTO counter (name, value) VALUES ('challenge', 0);
