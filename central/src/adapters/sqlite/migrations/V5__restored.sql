-- Each time that central found itself restored. `known_*` is the newest that the backup holds,
-- `given_*` the newest that was given out before the restore, where that is known.
CREATE TABLE recovery (
    incarnation   INTEGER PRIMARY KEY CHECK (incarnation >= 2),
    before        INTEGER NOT NULL CHECK (before >= 1),
    began_at      INTEGER NOT NULL,
    cause         TEXT NOT NULL,
    orders_up_to  INTEGER NOT NULL,
    known_fence   INTEGER NOT NULL,
    known_fact    INTEGER NOT NULL,
    given_fence   INTEGER,
    given_fact    INTEGER,
    given_orders  INTEGER
) STRICT;

-- The replicas that were enrolled when it began. One that is not in here has nothing to replay.
CREATE TABLE recovery_replica (
    tenant        TEXT NOT NULL,
    store         TEXT NOT NULL,
    replica       TEXT NOT NULL,
    replayed_at   INTEGER,
    overridden_at INTEGER,
    overridden_by TEXT,
    reason        TEXT,
    CHECK ((overridden_at IS NULL) = (overridden_by IS NULL) AND (overridden_at IS NULL) = (reason IS NULL)),
    PRIMARY KEY (tenant, store, replica),
    FOREIGN KEY (tenant, store, replica) REFERENCES replica
) STRICT, WITHOUT ROWID;
CREATE INDEX recovery_waits ON recovery_replica (tenant) WHERE replayed_at IS NULL AND overridden_at IS NULL;
CREATE INDEX recovery_open ON recovery_replica (tenant, store) WHERE replayed_at IS NULL;

-- Numbers of central's own that stores brought back: what is missing between them is lost.
CREATE TABLE recovery_seen (
    kind        TEXT NOT NULL CHECK (kind IN ('fence', 'fact')),
    incarnation INTEGER NOT NULL,
    number      INTEGER NOT NULL,
    PRIMARY KEY (kind, incarnation, number)
) STRICT, WITHOUT ROWID;

-- Units of holds that ended by stock facts before their task was known here.
CREATE TABLE hold_ended_early (
    tenant TEXT NOT NULL,
    store  TEXT NOT NULL,
    task   TEXT NOT NULL,
    line   INTEGER NOT NULL,
    units  INTEGER NOT NULL CHECK (units >= 0),
    PRIMARY KEY (tenant, store, task, line)
) STRICT, WITHOUT ROWID;

-- 1: known from a store's task alone, the request is lost. 2: the same request came again.
ALTER TABLE orders ADD COLUMN adopted INTEGER NOT NULL DEFAULT 0 CHECK (adopted IN (0, 1, 2));
