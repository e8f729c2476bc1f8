-- A scan may come before its label is known: it waits, and is read again when the label is.

-- When it is read next. Those of before are read at once.
ALTER TABLE tracking_notice ADD COLUMN next_at INTEGER NOT NULL DEFAULT 0;
-- It stands in the notice.
ALTER TABLE tracking_notice ADD COLUMN tracking_number TEXT AS (json_extract(notice, '$.tracking_number')) VIRTUAL;
DROP INDEX tracking_notice_waiting;
CREATE INDEX tracking_notice_due ON tracking_notice (next_at, number) WHERE outcome IS NULL;
CREATE INDEX tracking_notice_of_account ON tracking_notice (tenant, carrier, next_at) WHERE outcome IS NULL;
CREATE INDEX tracking_notice_unknown ON tracking_notice (tenant, carrier, tracking_number)
    WHERE (outcome IS NULL OR outcome = 'not_ours');
CREATE UNIQUE INDEX tracking_notice_of_tenant ON tracking_notice (tenant, number);

-- Since when a label is asked for of which nobody knows whether it is made. A question that was open before this column
-- enters it with its next fact, which is a look-up's.
ALTER TABLE parcel ADD COLUMN asked_at INTEGER;
CREATE INDEX parcel_asked ON parcel (tenant, carrier, asked_at) WHERE asked_at IS NOT NULL AND next_at IS NOT NULL;

ANALYZE sqlite_schema;
DELETE FROM sqlite_stat1 WHERE idx = 'tracking_notice_waiting';
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('tracking_notice', 'tracking_notice_due', '5000 10 1'),
    ('tracking_notice', 'tracking_notice_of_account', '5000 2500 2500 10'),
    ('tracking_notice', 'tracking_notice_unknown', '50000 25000 25000 2'),
    ('tracking_notice', 'tracking_notice_of_tenant', '5000000 2500000 1'),
    ('parcel', 'parcel_asked', '500 250 250 1');
ANALYZE sqlite_schema;
