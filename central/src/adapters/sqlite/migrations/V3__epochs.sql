-- Documents end: closed by their writer, sealed here, archived, and then only the seal and the sum
-- are kept.

-- The sum of the terms of all sealed documents in the root.
ALTER TABLE replication ADD COLUMN sealed_root BLOB NOT NULL
    DEFAULT x'0000000000000000000000000000000000000000000000000000000000000000' CHECK (length(sealed_root) = 32);

-- A document that is complete and changes no more. Numbered among the changes of its store, so
-- that every replica hears of it in order.
CREATE TABLE seal (
    tenant    TEXT NOT NULL,
    document  TEXT NOT NULL,
    store     TEXT NOT NULL,
    sequence  INTEGER NOT NULL CHECK (sequence >= 1),
    heads     BLOB NOT NULL CHECK (length(heads) > 0 AND length(heads) % 32 = 0),
    digest    BLOB NOT NULL CHECK (length(digest) = 32),
    facts     INTEGER NOT NULL CHECK (facts >= 0),
    sealed_at INTEGER NOT NULL,
    -- Whether facts of it are still in the ledger, for audit.
    facts_kept INTEGER NOT NULL DEFAULT 1 CHECK (facts_kept IN (0, 1)),
    PRIMARY KEY (tenant, document),
    FOREIGN KEY (tenant, store) REFERENCES store
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX seal_in_order ON seal (tenant, store, sequence);
CREATE INDEX seal_with_facts ON seal (sealed_at) WHERE facts_kept = 1;

-- The changes of a sealed document, for longer than the oldest backup that may be restored.
CREATE TABLE archive (
    tenant    TEXT NOT NULL,
    document  TEXT NOT NULL,
    sealed_at INTEGER NOT NULL,
    changes   BLOB NOT NULL,
    PRIMARY KEY (tenant, document),
    FOREIGN KEY (tenant, document) REFERENCES seal
) STRICT;
CREATE INDEX archive_by_age ON archive (sealed_at);

-- What the facts of a store's sealed documents add up to.
CREATE TABLE baseline (
    tenant TEXT NOT NULL,
    store  TEXT NOT NULL,
    sku    TEXT NOT NULL,
    units  INTEGER NOT NULL,
    PRIMARY KEY (tenant, store, sku),
    FOREIGN KEY (tenant, store) REFERENCES store
) STRICT, WITHOUT ROWID;

-- A fact that stands in several documents counts with the one that is sealed last.
CREATE TABLE fact_again (
    tenant   TEXT NOT NULL,
    store    TEXT NOT NULL,
    fact     TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (tenant, store, fact, document),
    FOREIGN KEY (tenant, store, fact) REFERENCES fact
) STRICT, WITHOUT ROWID;
CREATE INDEX fact_again_of_document ON fact_again (tenant, document);
CREATE INDEX fact_of_document ON fact (tenant, document);

-- Up to which change each replica has everything, as it last said.
CREATE TABLE replica_progress (
    tenant   TEXT NOT NULL,
    store    TEXT NOT NULL,
    replica  TEXT NOT NULL,
    cursor   INTEGER NOT NULL,
    heard_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, store, replica),
    FOREIGN KEY (tenant, store) REFERENCES store
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_by_age ON idempotency (at);
CREATE INDEX eligibility_by_age ON eligibility_change (at);
CREATE INDEX outbox_published ON outbox (published_at) WHERE published_at IS NOT NULL;
