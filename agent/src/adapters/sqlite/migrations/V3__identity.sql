-- Which start of this database speaks, and what central said of it.

-- Counts the starts. A disk that was put back counts from where it was.
ALTER TABLE agent ADD COLUMN boot_number INTEGER NOT NULL DEFAULT 0 CHECK (boot_number >= 0);
-- The newest boot that central answered.
ALTER TABLE agent ADD COLUMN answered_boot TEXT;
-- Central has more of this replica than is here; until it is fetched no order work is taken.
ALTER TABLE agent ADD COLUMN rehydrating INTEGER NOT NULL DEFAULT 0 CHECK (rehydrating IN (0, 1));
-- Why central merges nothing of this box, while it does not.
ALTER TABLE agent ADD COLUMN quarantined TEXT;
