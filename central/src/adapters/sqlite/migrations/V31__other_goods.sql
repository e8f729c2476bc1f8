-- Units of a line that other lines stand in for: they are cancelled there and ordered here, which is no wish of
-- the customer's to have less. They stay counted when the goods are found again and leave after all.
ALTER TABLE order_line ADD COLUMN replaced INTEGER NOT NULL DEFAULT 0 CHECK (replaced >= 0);
UPDATE order_line SET replaced = made.units FROM (
    SELECT tenant, order_id, line, sum(quantity) AS units FROM substitution WHERE state = 'made'
    GROUP BY tenant, order_id, line) made
WHERE order_line.tenant = made.tenant AND order_line.order_id = made.order_id AND order_line.line = made.line;

-- What is to be routed is found by what has changed: lines that nobody has looked at since they became open,
-- orders that wait for goods by when they were last tried, and SKUs by when there came more of them.
DROP INDEX order_line_open;
CREATE INDEX order_line_fresh ON order_line (tenant, order_id) WHERE open > 0 AND backordered = 0;
CREATE INDEX orders_backordered ON orders (backordered_at) WHERE state = 'backordered';
CREATE INDEX stock_growth_by_time ON stock_growth (grew_at);

ANALYZE sqlite_schema;
DELETE FROM sqlite_stat1 WHERE idx = 'order_line_open';
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('order_line', 'order_line_fresh', '1000 500 1'),
    ('orders', 'orders_backordered', '5000 1'),
    ('stock_growth', 'stock_growth_by_time', '100000 2');
ANALYZE sqlite_schema;
