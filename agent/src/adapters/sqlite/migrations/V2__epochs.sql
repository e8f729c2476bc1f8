-- Documents end: closed by their writer, sealed by both sides, archived, and then only their name,
-- heads and sum are kept.

-- The business day on which a stock document was opened.
ALTER TABLE document ADD COLUMN day INTEGER NOT NULL DEFAULT 0;
-- Its last fact was written. Only of own stock documents.
ALTER TABLE document ADD COLUMN closed INTEGER NOT NULL DEFAULT 0 CHECK (closed IN (0, 1));
-- Central sealed it at these heads, with this many facts. Without sealed_at: we lack some of it.
ALTER TABLE document ADD COLUMN seal_heads BLOB CHECK (length(seal_heads) % 32 = 0);
ALTER TABLE document ADD COLUMN seal_facts INTEGER CHECK (seal_facts >= 0);
-- By central's clock.
ALTER TABLE document ADD COLUMN sealed_at INTEGER;
-- The incarnation of central that was last heard to know of the seal.
ALTER TABLE document ADD COLUMN seal_incarnation INTEGER;
CREATE INDEX document_open ON document (name, heads) WHERE sealed_at IS NULL;
CREATE INDEX document_due ON document (document) WHERE seal_heads IS NOT NULL AND sealed_at IS NULL;
CREATE INDEX document_sealed ON document (sealed_at) WHERE sealed_at IS NOT NULL;
CREATE INDEX document_unconfirmed ON document (seal_incarnation) WHERE sealed_at IS NOT NULL;

-- The changes of a sealed document, for longer than the oldest backup that may be restored.
CREATE TABLE document_archive (
    document INTEGER PRIMARY KEY REFERENCES document,
    changes  BLOB    NOT NULL
) STRICT;

-- What the facts of all sealed documents add up to.
CREATE TABLE baseline (
    sku   TEXT    PRIMARY KEY,
    units INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- Central's, while its pieces come in.
CREATE TABLE baseline_piece (
    sku   TEXT    PRIMARY KEY,
    units INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A fact that stands in several documents counts with the one that is sealed last.
CREATE TABLE fact_again (
    fact     TEXT    NOT NULL REFERENCES fact (id),
    document INTEGER NOT NULL REFERENCES document,
    PRIMARY KEY (fact, document)
) STRICT, WITHOUT ROWID;
CREATE INDEX fact_again_of_document ON fact_again (document);

-- The sum of the terms of all sealed documents in the root.
ALTER TABLE agent ADD COLUMN sealed_root BLOB NOT NULL
    DEFAULT x'0000000000000000000000000000000000000000000000000000000000000000' CHECK (length(sealed_root) = 32);
-- Sealed documents are lacked: what they add up to is fetched, from after this SKU on.
ALTER TABLE agent ADD COLUMN baseline_wanted INTEGER NOT NULL DEFAULT 0 CHECK (baseline_wanted IN (0, 1));
ALTER TABLE agent ADD COLUMN baseline_after TEXT;
-- The sealed root that the first piece came with.
ALTER TABLE agent ADD COLUMN baseline_root BLOB CHECK (length(baseline_root) = 32);
-- As last told by central: retention goes by its clock.
ALTER TABLE agent ADD COLUMN central_time INTEGER NOT NULL DEFAULT 0;
-- Facts of documents that were sealed before this may be deleted.
ALTER TABLE agent ADD COLUMN facts_kept_from INTEGER NOT NULL DEFAULT 0;

CREATE INDEX fact_of_document ON fact (document) WHERE document IS NOT NULL;
DROP TRIGGER fact_is_kept;
CREATE TRIGGER fact_is_kept BEFORE DELETE ON fact
WHEN NOT EXISTS (
    SELECT 1 FROM document WHERE document = old.document AND sealed_at < (SELECT facts_kept_from FROM agent)
        AND NOT EXISTS (SELECT 1 FROM document_archive WHERE document = old.document))
BEGIN
    SELECT RAISE(ABORT, 'facts are kept for as long as retention says');
END;
DROP TRIGGER fact_is_carried_once;
CREATE TRIGGER fact_is_carried_once BEFORE UPDATE OF document ON fact
WHEN old.document IS NOT NULL AND old.document IS NOT new.document
    AND NOT EXISTS (SELECT 1 FROM document WHERE document = old.document AND sealed_at IS NOT NULL)
BEGIN
    SELECT RAISE(ABORT, 'a carried fact stays in its document until that is sealed');
END;
