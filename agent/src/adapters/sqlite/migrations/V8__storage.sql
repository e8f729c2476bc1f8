-- Sums over rows. SQLite notices a broken page, not a flipped bit inside a value. Statements that
-- read what matters ask `sound`, which fails when a row is not what was written. Triggers keep the
-- sums, so that whoever writes these tables cannot forget them; what is changed is checked first, so
-- that no sum is ever made of damage.

ALTER TABLE agent ADD COLUMN sum INTEGER NOT NULL DEFAULT 0;
-- Facts that retention removed: with it the greatest seq tells how many there must be.
ALTER TABLE agent ADD COLUMN facts_dropped INTEGER NOT NULL DEFAULT 0 CHECK (facts_dropped >= 0);
-- Up to which seq central certainly has every fact.
ALTER TABLE agent ADD COLUMN central_has INTEGER NOT NULL DEFAULT 0 CHECK (central_has >= 0);
UPDATE agent SET sum = row_sum(installation, tenant, store, fact_number, hlc_wall, hlc_counter, stock_digest, closure,
    sealed_root);
CREATE TRIGGER agent_sum_insert AFTER INSERT ON agent BEGIN
    UPDATE agent SET sum = row_sum(new.installation, new.tenant, new.store, new.fact_number, new.hlc_wall,
        new.hlc_counter, new.stock_digest, new.closure, new.sealed_root);
END;
CREATE TRIGGER agent_sum_check BEFORE UPDATE OF installation, tenant, store, fact_number, hlc_wall, hlc_counter,
    stock_digest, closure, sealed_root ON agent BEGIN
    SELECT sound(old.sum, old.installation, old.tenant, old.store, old.fact_number, old.hlc_wall,
        old.hlc_counter, old.stock_digest, old.closure, old.sealed_root);
END;
CREATE TRIGGER agent_sum_update AFTER UPDATE OF installation, tenant, store, fact_number, hlc_wall, hlc_counter,
    stock_digest, closure, sealed_root ON agent BEGIN
    UPDATE agent SET sum = row_sum(new.installation, new.tenant, new.store, new.fact_number, new.hlc_wall,
        new.hlc_counter, new.stock_digest, new.closure, new.sealed_root);
END;

ALTER TABLE fact ADD COLUMN sum INTEGER NOT NULL DEFAULT 0;
UPDATE fact SET sum = row_sum(id, text, sku, task, recorded_at);
CREATE TRIGGER fact_sum_insert AFTER INSERT ON fact BEGIN
    UPDATE fact SET sum = row_sum(new.id, new.text, new.sku, new.task, new.recorded_at) WHERE seq = new.seq;
END;
CREATE TRIGGER fact_sum_update AFTER UPDATE OF id, text, sku, task, recorded_at ON fact BEGIN
    UPDATE fact SET sum = row_sum(new.id, new.text, new.sku, new.task, new.recorded_at) WHERE seq = new.seq;
END;
CREATE TRIGGER fact_drop_counts AFTER DELETE ON fact BEGIN
    UPDATE agent SET facts_dropped = facts_dropped + 1;
END;

ALTER TABLE item ADD COLUMN sum INTEGER NOT NULL DEFAULT 0;
UPDATE item SET sum = row_sum(sku, name, barcode, class, on_hand, reserved, moved_at, counted_at);
CREATE TRIGGER item_sum_insert AFTER INSERT ON item BEGIN
    UPDATE item SET sum = row_sum(new.sku, new.name, new.barcode, new.class, new.on_hand, new.reserved,
        new.moved_at, new.counted_at) WHERE item = new.item;
END;
CREATE TRIGGER item_sum_check BEFORE UPDATE OF sku, name, barcode, class, on_hand, reserved, moved_at, counted_at
ON item BEGIN
    SELECT sound(old.sum, old.sku, old.name, old.barcode, old.class, old.on_hand, old.reserved, old.moved_at,
        old.counted_at);
END;
CREATE TRIGGER item_sum_update AFTER UPDATE OF sku, name, barcode, class, on_hand, reserved, moved_at, counted_at
ON item BEGIN
    UPDATE item SET sum = row_sum(new.sku, new.name, new.barcode, new.class, new.on_hand, new.reserved,
        new.moved_at, new.counted_at) WHERE item = new.item;
END;

ALTER TABLE task ADD COLUMN sum INTEGER NOT NULL DEFAULT 0;
UPDATE task SET sum = row_sum(task, phase, state, changed_at);
CREATE TRIGGER task_sum_insert AFTER INSERT ON task BEGIN
    UPDATE task SET sum = row_sum(new.task, new.phase, new.state, new.changed_at) WHERE task = new.task;
END;
CREATE TRIGGER task_sum_update AFTER UPDATE OF task, phase, state, changed_at ON task BEGIN
    UPDATE task SET sum = row_sum(new.task, new.phase, new.state, new.changed_at) WHERE task = new.task;
END;

ALTER TABLE idempotency ADD COLUMN sum INTEGER NOT NULL DEFAULT 0;
UPDATE idempotency SET sum = row_sum(device, key, request_hash, answer);
CREATE TRIGGER idempotency_sum_insert AFTER INSERT ON idempotency BEGIN
    UPDATE idempotency SET sum = row_sum(new.device, new.key, new.request_hash, new.answer) WHERE n = new.n;
END;

ALTER TABLE device ADD COLUMN sum INTEGER NOT NULL DEFAULT 0;
UPDATE device SET sum = row_sum(device, name, role, generation, token_hash);
CREATE TRIGGER device_sum_insert AFTER INSERT ON device BEGIN
    UPDATE device SET sum = row_sum(new.device, new.name, new.role, new.generation, new.token_hash)
        WHERE device = new.device;
END;
CREATE TRIGGER device_sum_check BEFORE UPDATE OF device, name, role, generation, token_hash ON device BEGIN
    SELECT sound(old.sum, old.device, old.name, old.role, old.generation, old.token_hash);
END;
CREATE TRIGGER device_sum_update AFTER UPDATE OF device, name, role, generation, token_hash ON device BEGIN
    UPDATE device SET sum = row_sum(new.device, new.name, new.role, new.generation, new.token_hash)
        WHERE device = new.device;
END;

-- What storage lost of what was acknowledged: told until central has written it down.
CREATE TABLE loss (
    id       TEXT    PRIMARY KEY,
    found_at INTEGER NOT NULL,
    -- The most that it can be. NULL when that is not known either.
    facts    INTEGER CHECK (facts >= 0),
    detail   TEXT    NOT NULL,
    noted    INTEGER NOT NULL DEFAULT 0 CHECK (noted IN (0, 1))
) STRICT, WITHOUT ROWID;
