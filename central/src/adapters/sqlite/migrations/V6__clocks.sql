-- Facts whose stamp cannot be taken at its word: kept as they are, and marked.
CREATE TABLE fact_mark (
    tenant      TEXT NOT NULL,
    store       TEXT NOT NULL,
    fact        TEXT NOT NULL,
    -- By central's clock.
    received_at INTEGER NOT NULL,
    -- How far the store's clock was ahead of central's then; negative is behind.
    ahead_ms    INTEGER NOT NULL,
    PRIMARY KEY (tenant, store, fact)
) STRICT, WITHOUT ROWID;

-- The same on the timeline, where people see it: `at` is then what central makes of it.
ALTER TABLE order_event ADD COLUMN said_at INTEGER;
ALTER TABLE order_event ADD COLUMN received_at INTEGER;
ALTER TABLE order_event ADD COLUMN ahead_ms INTEGER;
