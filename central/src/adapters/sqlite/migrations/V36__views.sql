-- How orders are looked for, who may see which, and how they did by channel and by source.

-- It goes with the row when what is personal is erased.
ALTER TABLE order_contacts ADD COLUMN email TEXT
    GENERATED ALWAYS AS (lower(json_extract(contact, '$.customer.email'))) VIRTUAL;
CREATE INDEX order_contacts_by_email ON order_contacts (tenant, email, placed_at) WHERE email IS NOT NULL;

-- A key that sees the orders of one store alone.
ALTER TABLE api_key ADD COLUMN store TEXT;

-- With which the tokens of customers are signed.
CREATE TABLE order_token_key (
    tenant TEXT PRIMARY KEY,
    secret BLOB NOT NULL CHECK (length(secret) = 32)
) STRICT, WITHOUT ROWID;

-- How orders did, by day in UTC. Follows from `order_step`, `orders` and `gathering` alone, as `flow_day` does.
CREATE TABLE order_kpi_day (
    tenant  TEXT NOT NULL,
    day     INTEGER NOT NULL,
    channel TEXT NOT NULL,
    source  TEXT NOT NULL,
    measure TEXT NOT NULL CHECK (measure IN
        ('placed', 'reserved', 'acknowledged', 'fulfilled', 'cancelled', 'set_back')),
    -- How long it took, in steps of an eighth to a quarter.
    bucket  INTEGER NOT NULL CHECK (bucket BETWEEN 0 AND 255),
    orders  INTEGER NOT NULL CHECK (orders > 0),
    ms      INTEGER NOT NULL CHECK (ms >= 0),
    PRIMARY KEY (tenant, day, channel, source, measure, bucket)
) STRICT, WITHOUT ROWID;
CREATE INDEX order_kpi_day_by_age ON order_kpi_day (day);

-- Both are added up anew, from the first step that is kept.
DELETE FROM flow_day;
UPDATE flow_read SET up_to = 0;

CREATE INDEX exception_about_order ON exception (tenant, order_id) WHERE order_id IS NOT NULL;
CREATE INDEX finding_by_time ON finding (tenant, found_at);

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('order_contacts', 'order_contacts_by_email', '900000 450000 3 1'),
    ('order_token_key', 'order_token_key', '2 1'),
    ('order_kpi_day', 'order_kpi_day', '1000000 500000 2500 250 50 10 1'),
    ('order_kpi_day', 'order_kpi_day_by_age', '1000000 2500'),
    ('exception', 'exception_about_order', '80000 40000 2'),
    ('finding', 'finding_by_time', '20000 10000 2');
ANALYZE sqlite_schema;
