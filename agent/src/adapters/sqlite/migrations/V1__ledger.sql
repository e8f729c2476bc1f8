-- The store's own truth: facts, what they amount to, and the documents that carry them to central.

-- What this installation knows about itself. One row, written in the transaction of what it counts.
CREATE TABLE agent (
    one              INTEGER PRIMARY KEY CHECK (one = 1),
    -- The device part of minted fact ids before enrolment, and of device names always.
    installation     TEXT    NOT NULL,
    -- Whose facts these are, from the first enrolment on; a database does not change stores.
    tenant           TEXT,
    store            TEXT,
    fact_number      INTEGER NOT NULL DEFAULT 1 CHECK (fact_number > 0),
    hlc_wall         INTEGER NOT NULL DEFAULT 0,
    hlc_counter      INTEGER NOT NULL DEFAULT 0,
    -- Over all positions, as they are.
    stock_digest     BLOB    NOT NULL CHECK (length(stock_digest) = 32),
    -- What central is compared with: taken together, when every fact was carried.
    cut_root         BLOB    NOT NULL CHECK (length(cut_root) = 32),
    cut_stock_digest BLOB    NOT NULL CHECK (length(cut_stock_digest) = 32),
    incarnation      INTEGER,
    cursor           INTEGER NOT NULL DEFAULT 0,
    -- A closure that staff raised, as JSON.
    closure          TEXT,
    CHECK ((tenant IS NULL) = (store IS NULL))
) STRICT;

-- Catalogue and position of one SKU. reserved is moved only by the triggers on task_hold.
CREATE TABLE item (
    item       INTEGER PRIMARY KEY,
    sku        TEXT    NOT NULL UNIQUE,
    name       TEXT    NOT NULL,
    barcode    TEXT,
    class      TEXT,
    on_hand    INTEGER NOT NULL DEFAULT 0,
    reserved   INTEGER NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    -- NULL until a stock fact names the SKU.
    moved_at   INTEGER,
    counted_at INTEGER
) STRICT;
CREATE INDEX item_by_barcode ON item (barcode) WHERE barcode IS NOT NULL;
CREATE INDEX item_by_sku_any_case ON item (sku COLLATE NOCASE);
CREATE INDEX item_by_move ON item (moved_at) WHERE moved_at IS NOT NULL;
CREATE INDEX item_by_count ON item (counted_at) WHERE counted_at IS NOT NULL;

CREATE VIRTUAL TABLE item_words USING fts5 (
    name, content = 'item', content_rowid = 'item', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TRIGGER item_words_insert AFTER INSERT ON item BEGIN
    INSERT INTO item_words (rowid, name) VALUES (new.item, new.name);
END;
CREATE TRIGGER item_words_update AFTER UPDATE OF name ON item WHEN old.name <> new.name BEGIN
    INSERT INTO item_words (item_words, rowid, name) VALUES ('delete', old.item, old.name);
    INSERT INTO item_words (rowid, name) VALUES (new.item, new.name);
END;

-- Bags of facts, as automerge changes. Changes are only ever appended.
CREATE TABLE document (
    document INTEGER PRIMARY KEY,
    name     TEXT    NOT NULL UNIQUE,
    -- After the last stored change.
    heads    BLOB    NOT NULL CHECK (length(heads) % 32 = 0),
    -- Central's heads, as far as we know them: what it has.
    acked    BLOB    NOT NULL CHECK (length(acked) % 32 = 0)
) STRICT;

CREATE TABLE document_change (
    document  INTEGER NOT NULL REFERENCES document,
    n         INTEGER NOT NULL CHECK (n > 0),
    hash      BLOB    NOT NULL CHECK (length(hash) = 32),
    writer    BLOB    NOT NULL CHECK (length(writer) = 16),
    writer_n  INTEGER NOT NULL CHECK (writer_n > 0),
    bytes     BLOB    NOT NULL,
    facts     INTEGER NOT NULL CHECK (facts >= 0),
    -- When the oldest of its facts was recorded.
    oldest_at INTEGER NOT NULL,
    acked     INTEGER NOT NULL CHECK (acked IN (0, 1)),
    UNIQUE (document, n),
    UNIQUE (document, hash),
    -- A writer that gave a number twice would make the document unreadable for good.
    UNIQUE (document, writer, writer_n)
) STRICT;
CREATE INDEX document_change_to_send ON document_change (document, n, facts, oldest_at, acked) WHERE acked = 0;

-- Documents that we want central to send us anew.
CREATE TABLE document_ask (
    name TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE fact (
    seq         INTEGER PRIMARY KEY,
    id          TEXT    NOT NULL UNIQUE,
    -- Exactly as it stands in its document.
    text        TEXT    NOT NULL,
    -- Of a stock fact.
    sku         TEXT,
    -- Of a task fact.
    task        TEXT,
    recorded_at INTEGER NOT NULL,
    -- NULL until it is carried.
    document    INTEGER REFERENCES document,
    CHECK ((sku IS NULL) <> (task IS NULL))
) STRICT;
CREATE INDEX fact_to_carry ON fact (seq, recorded_at, document) WHERE document IS NULL;
CREATE INDEX fact_by_task ON fact (task, seq) WHERE task IS NOT NULL;
CREATE TRIGGER fact_is_kept BEFORE DELETE ON fact BEGIN
    SELECT RAISE(ABORT, 'facts are never deleted');
END;
CREATE TRIGGER fact_is_carried_once BEFORE UPDATE OF document ON fact
WHEN old.document IS NOT NULL AND old.document IS NOT new.document BEGIN
    SELECT RAISE(ABORT, 'a carried fact stays in its document');
END;

-- Other bodies that came under the id of a fact; the one in fact is the one that counts.
CREATE TABLE fact_other_body (
    id   TEXT NOT NULL REFERENCES fact (id),
    text TEXT NOT NULL,
    PRIMARY KEY (id, text)
) STRICT, WITHOUT ROWID;

-- What the facts of a task amount to.
CREATE TABLE task (
    task       TEXT    PRIMARY KEY,
    phase      TEXT    NOT NULL CHECK (phase IN (
        'offered', 'accepted', 'picking', 'packed', 'handed_over', 'declined', 'put_back')),
    state      TEXT    NOT NULL CHECK (json_valid(state)),
    changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX task_by_change ON task (changed_at, task);
CREATE INDEX task_open ON task (changed_at, task) WHERE phase IN ('offered', 'accepted', 'picking', 'packed');

-- Units that open tasks set aside.
CREATE TABLE task_hold (
    task  TEXT    NOT NULL REFERENCES task,
    line  INTEGER NOT NULL,
    sku   TEXT    NOT NULL REFERENCES item (sku),
    units INTEGER NOT NULL CHECK (units > 0),
    PRIMARY KEY (task, line)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER task_hold_begins AFTER INSERT ON task_hold BEGIN
    UPDATE item SET reserved = reserved + new.units WHERE sku = new.sku;
END;
CREATE TRIGGER task_hold_ends AFTER DELETE ON task_hold BEGIN
    UPDATE item SET reserved = reserved - old.units WHERE sku = old.sku;
END;
CREATE TRIGGER task_hold_is_not_changed BEFORE UPDATE ON task_hold BEGIN
    SELECT RAISE(ABORT, 'a hold begins and ends; it is not changed');
END;

-- What a key got for an answer. The newest 100,000 are kept (see sql.rs); a repeat after that is
-- still known by the fact id that the device gave.
CREATE TABLE idempotency (
    n            INTEGER PRIMARY KEY AUTOINCREMENT,
    device       TEXT    NOT NULL,
    key          TEXT    NOT NULL,
    request_hash BLOB    NOT NULL CHECK (length(request_hash) = 32),
    answer       TEXT    NOT NULL CHECK (json_valid(answer)),
    at           INTEGER NOT NULL,
    UNIQUE (device, key)
) STRICT;

CREATE TABLE device (
    device     TEXT    PRIMARY KEY,
    name       TEXT    NOT NULL,
    role       TEXT    NOT NULL CHECK (role IN ('pos', 'picker', 'manager', 'tech')),
    generation INTEGER NOT NULL CHECK (generation > 0),
    -- NULL once unpaired: the generation is kept, so that its fact ids are never given twice.
    token_hash BLOB    UNIQUE CHECK (length(token_hash) = 32),
    paired_at  INTEGER NOT NULL,
    seen_at    INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE pairing (
    code_hash BLOB    PRIMARY KEY CHECK (length(code_hash) = 32),
    role      TEXT    NOT NULL CHECK (role IN ('pos', 'picker', 'manager', 'tech')),
    until     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
