-- Recalled for silence or for an answer that came too late: the store may have begun, and gets the
-- work back if nobody else has started when it is heard of again.
ALTER TABLE task ADD COLUMN may_readopt INTEGER NOT NULL DEFAULT 0 CHECK (may_readopt IN (0, 1));
-- Since when a cancel waits for the store's answer, and whether a person was told that none came.
ALTER TABLE task ADD COLUMN cancel_asked_at INTEGER;
ALTER TABLE task ADD COLUMN cancel_told INTEGER NOT NULL DEFAULT 0 CHECK (cancel_told IN (0, 1));
CREATE INDEX task_returning ON task (tenant, store) WHERE may_readopt = 1 AND ended_at IS NULL;
CREATE INDEX task_unanswered ON task (cancel_asked_at)
    WHERE cancelling = 1 AND cancel_told = 0 AND ended_at IS NULL;

-- How long a lease central last granted to a store, written before it was answered. When it began is
-- known only to the process that granted it: after a start all of it is waited for once more.
CREATE TABLE lease (
    tenant     TEXT NOT NULL,
    store      TEXT NOT NULL,
    granted_ms INTEGER NOT NULL CHECK (granted_ms >= 0),
    PRIMARY KEY (tenant, store),
    FOREIGN KEY (tenant, store) REFERENCES store
) STRICT, WITHOUT ROWID;
