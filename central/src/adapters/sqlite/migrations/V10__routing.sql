-- What goods ask of a node, as a list of names.
ALTER TABLE catalogue ADD COLUMN needs TEXT NOT NULL DEFAULT '[]';

-- Not routed before then: a better node opens. As of when that was decided.
ALTER TABLE orders ADD COLUMN hold_until INTEGER;
ALTER TABLE orders ADD COLUMN held_at INTEGER;
