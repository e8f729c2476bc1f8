-- Agents of different ages beside each other.

-- The version of sync that a replica spoke last; 0 is not known yet.
ALTER TABLE replica_progress ADD COLUMN version INTEGER NOT NULL DEFAULT 0;

-- Open documents that hold facts of kinds which not every version of sync knows.
CREATE TABLE later_kind (
    tenant   TEXT NOT NULL,
    store    TEXT NOT NULL,
    document TEXT NOT NULL,
    -- The version that brought the newest of these kinds.
    since    INTEGER NOT NULL,
    PRIMARY KEY (tenant, store, document),
    FOREIGN KEY (tenant, document) REFERENCES document ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
INSERT INTO later_kind (tenant, store, document, since)
SELECT DISTINCT f.tenant, f.store, f.document, 3 FROM fact f
JOIN document d ON d.tenant = f.tenant AND d.document = f.document
WHERE json_extract(f.text, '$.k') IN ('readopted', 'taken_back', 'let_go');

-- Documents that are closed and whole, and stay open for a sibling that knows no seals.
CREATE TABLE seal_waits (
    tenant   TEXT NOT NULL,
    document TEXT NOT NULL,
    store    TEXT NOT NULL,
    PRIMARY KEY (tenant, document),
    FOREIGN KEY (tenant, document) REFERENCES document ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
