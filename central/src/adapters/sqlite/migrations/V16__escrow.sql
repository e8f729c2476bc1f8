-- Scarce SKUs: central promises only units that the store has ceded to it.

-- A sum of facts, as `on_hand` is; and what of it orders hold. Nothing keeps rights above zero: what
-- raised them may come after what lowered them.
ALTER TABLE position ADD COLUMN rights INTEGER NOT NULL DEFAULT 0;
ALTER TABLE position ADD COLUMN rights_held INTEGER NOT NULL DEFAULT 0 CHECK (rights_held >= 0);
CREATE INDEX position_ceded ON position (tenant, store, sku) WHERE rights <> 0;
-- Promised out of the rights.
ALTER TABLE hold ADD COLUMN ceded INTEGER NOT NULL DEFAULT 0 CHECK (ceded IN (0, 1));
ALTER TABLE cart_hold ADD COLUMN ceded INTEGER NOT NULL DEFAULT 0 CHECK (ceded IN (0, 1));
ALTER TABLE baseline ADD COLUMN rights INTEGER NOT NULL DEFAULT 0;

-- Whether both sides have the same rights, as far as either has heard since one of them was restored.
ALTER TABLE replication ADD COLUMN rights_compared INTEGER NOT NULL DEFAULT 1 CHECK (rights_compared IN (0, 1));

-- What central wants to be ceded. Of a SKU that stands here it promises nothing else.
CREATE TABLE escrow (
    tenant     TEXT NOT NULL,
    store      TEXT NOT NULL,
    sku        TEXT NOT NULL,
    target     INTEGER NOT NULL CHECK (target >= 0),
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    PRIMARY KEY (tenant, store, sku),
    FOREIGN KEY (tenant, store) REFERENCES store
) STRICT, WITHOUT ROWID;

ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('position', 'position_ceded', '50000 25000 5 1'),
    ('escrow', 'escrow', '50000 25000 5 1');
ANALYZE sqlite_schema;
