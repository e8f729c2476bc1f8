-- When somebody last said when an order's money is looked at next: what was said later than now was said by a clock
-- that has been put back since, and counts no more.

ALTER TABLE payment ADD COLUMN looked_at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX payment_looked ON payment (provider, looked_at) WHERE next_at IS NOT NULL;

ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('payment', 'payment_looked', '50000 25000 1');
ANALYZE sqlite_schema;
