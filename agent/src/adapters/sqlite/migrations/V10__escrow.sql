-- Scarce SKUs: central promises only units that the store has ceded to it.

-- What the facts of each SKU add up to in rights, as `item` does in units. It is in the stock digest.
CREATE TABLE rights (
    sku   TEXT    PRIMARY KEY,
    units INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What central wants, as last heard.
CREATE TABLE escrow_target (
    sku   TEXT    PRIMARY KEY,
    units INTEGER NOT NULL CHECK (units >= 0)
) STRICT, WITHOUT ROWID;

-- Where a manager of the store leaves central no more than so many, whatever it wants.
CREATE TABLE escrow_limit (
    sku   TEXT    PRIMARY KEY,
    units INTEGER NOT NULL CHECK (units >= 0)
) STRICT, WITHOUT ROWID;

-- Promised out of the rights.
ALTER TABLE task_hold ADD COLUMN ceded INTEGER NOT NULL DEFAULT 0 CHECK (ceded IN (0, 1));
CREATE INDEX task_hold_ceded ON task_hold (sku) WHERE ceded = 1;

ALTER TABLE baseline ADD COLUMN rights INTEGER NOT NULL DEFAULT 0;
ALTER TABLE baseline_piece ADD COLUMN rights INTEGER NOT NULL DEFAULT 0;
