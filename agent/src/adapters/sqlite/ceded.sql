-- No row while the SKU was never ceded, nothing of it was promised out of rights, and nobody doubts that.
SELECT
    coalesce((SELECT units FROM rights WHERE sku = ?1), 0),
    coalesce((SELECT sum(units) FROM task_hold WHERE sku = ?1 AND ceded = 1), 0),
    (SELECT rehydrating FROM agent)
WHERE EXISTS (SELECT 1 FROM rights WHERE sku = ?1)
    OR EXISTS (SELECT 1 FROM task_hold WHERE sku = ?1 AND ceded = 1)
    OR (EXISTS (SELECT 1 FROM escrow_target WHERE sku = ?1) AND (SELECT rehydrating FROM agent))
