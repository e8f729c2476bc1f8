-- What people arrange for a store beside its description: other hours, staff, closures ahead.
CREATE TABLE arrangement (
    tenant   TEXT NOT NULL,
    store    TEXT NOT NULL,
    arranged TEXT NOT NULL CHECK (json_valid(arranged)),
    PRIMARY KEY (tenant, store),
    FOREIGN KEY (tenant, store) REFERENCES store
) STRICT, WITHOUT ROWID;

-- How a store works, by the hours of central's wall clock; few hours are kept.
CREATE TABLE work_hour (
    tenant       TEXT NOT NULL,
    store        TEXT NOT NULL,
    hour         INTEGER NOT NULL,
    given        INTEGER NOT NULL CHECK (given >= 0),
    accepted     INTEGER NOT NULL CHECK (accepted >= 0),
    accept_ms    INTEGER NOT NULL CHECK (accept_ms >= 0),
    declined     INTEGER NOT NULL CHECK (declined >= 0),
    picked_units INTEGER NOT NULL CHECK (picked_units >= 0),
    short_units  INTEGER NOT NULL CHECK (short_units >= 0),
    PRIMARY KEY (tenant, store, hour),
    FOREIGN KEY (tenant, store) REFERENCES store
) STRICT, WITHOUT ROWID;

-- Each replica of central, and whether it suspects its own ear: then none of them moves work.
CREATE TABLE observer (
    replica TEXT PRIMARY KEY,
    frozen  INTEGER NOT NULL CHECK (frozen IN (0, 1)),
    said_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Which stores are not as they were, in the order of their last change: whoever judges them reads only those.
CREATE TABLE store_change (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant   TEXT NOT NULL,
    store    TEXT NOT NULL,
    UNIQUE (tenant, store)
) STRICT;
INSERT INTO store_change (tenant, store) SELECT tenant, store FROM store;

-- Deleted and put in again, not replaced: within an upsert a trigger's own conflict clause does not count.
CREATE TRIGGER store_added AFTER INSERT ON store BEGIN
    DELETE FROM store_change WHERE tenant = NEW.tenant AND store = NEW.store;
    INSERT INTO store_change (tenant, store) VALUES (NEW.tenant, NEW.store);
END;

CREATE TRIGGER store_described AFTER UPDATE ON store BEGIN
    DELETE FROM store_change WHERE tenant = NEW.tenant AND store = NEW.store;
    INSERT INTO store_change (tenant, store) VALUES (NEW.tenant, NEW.store);
END;

CREATE TRIGGER closure_added AFTER INSERT ON closure BEGIN
    DELETE FROM store_change WHERE tenant = NEW.tenant AND store = NEW.store;
    INSERT INTO store_change (tenant, store) VALUES (NEW.tenant, NEW.store);
END;

CREATE TRIGGER closure_changed AFTER UPDATE ON closure BEGIN
    DELETE FROM store_change WHERE tenant = NEW.tenant AND store = NEW.store;
    INSERT INTO store_change (tenant, store) VALUES (NEW.tenant, NEW.store);
END;

CREATE TRIGGER closure_ended AFTER DELETE ON closure BEGIN
    DELETE FROM store_change WHERE tenant = OLD.tenant AND store = OLD.store;
    INSERT INTO store_change (tenant, store) VALUES (OLD.tenant, OLD.store);
END;

CREATE TRIGGER box_enrolled AFTER INSERT ON replica BEGIN
    DELETE FROM store_change WHERE tenant = NEW.tenant AND store = NEW.store;
    INSERT INTO store_change (tenant, store) VALUES (NEW.tenant, NEW.store);
END;

CREATE TRIGGER box_removed AFTER DELETE ON replica BEGIN
    DELETE FROM store_change WHERE tenant = OLD.tenant AND store = OLD.store;
    INSERT INTO store_change (tenant, store) VALUES (OLD.tenant, OLD.store);
END;

CREATE TRIGGER task_given AFTER INSERT ON task BEGIN
    DELETE FROM store_change WHERE tenant = NEW.tenant AND store = NEW.store;
    INSERT INTO store_change (tenant, store) VALUES (NEW.tenant, NEW.store);
END;

CREATE TRIGGER task_ended AFTER UPDATE OF ended_at ON task
WHEN OLD.ended_at IS NOT NEW.ended_at BEGIN
    DELETE FROM store_change WHERE tenant = NEW.tenant AND store = NEW.store;
    INSERT INTO store_change (tenant, store) VALUES (NEW.tenant, NEW.store);
END;

CREATE TRIGGER task_removed AFTER DELETE ON task BEGIN
    DELETE FROM store_change WHERE tenant = OLD.tenant AND store = OLD.store;
    INSERT INTO store_change (tenant, store) VALUES (OLD.tenant, OLD.store);
END;

CREATE TRIGGER arrangement_added AFTER INSERT ON arrangement BEGIN
    DELETE FROM store_change WHERE tenant = NEW.tenant AND store = NEW.store;
    INSERT INTO store_change (tenant, store) VALUES (NEW.tenant, NEW.store);
END;

CREATE TRIGGER arrangement_changed AFTER UPDATE ON arrangement BEGIN
    DELETE FROM store_change WHERE tenant = NEW.tenant AND store = NEW.store;
    INSERT INTO store_change (tenant, store) VALUES (NEW.tenant, NEW.store);
END;

CREATE TRIGGER work_counted AFTER INSERT ON work_hour BEGIN
    DELETE FROM store_change WHERE tenant = NEW.tenant AND store = NEW.store;
    INSERT INTO store_change (tenant, store) VALUES (NEW.tenant, NEW.store);
END;

CREATE TRIGGER work_grew AFTER UPDATE ON work_hour BEGIN
    DELETE FROM store_change WHERE tenant = NEW.tenant AND store = NEW.store;
    INSERT INTO store_change (tenant, store) VALUES (NEW.tenant, NEW.store);
END;

CREATE TRIGGER recovery_begun AFTER INSERT ON recovery_replica BEGIN
    DELETE FROM store_change WHERE tenant = NEW.tenant AND store = NEW.store;
    INSERT INTO store_change (tenant, store) VALUES (NEW.tenant, NEW.store);
END;

CREATE TRIGGER recovery_went_on AFTER UPDATE ON recovery_replica BEGIN
    DELETE FROM store_change WHERE tenant = NEW.tenant AND store = NEW.store;
    INSERT INTO store_change (tenant, store) VALUES (NEW.tenant, NEW.store);
END;

CREATE TRIGGER recovery_over AFTER DELETE ON recovery_replica BEGIN
    DELETE FROM store_change WHERE tenant = OLD.tenant AND store = OLD.store;
    INSERT INTO store_change (tenant, store) VALUES (OLD.tenant, OLD.store);
END;

ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('arrangement', 'arrangement', '5000 2500 1'),
    ('observer', 'observer', '3 1'),
    ('work_hour', 'work_hour', '200000 100000 20 1'),
    ('store_change', 'sqlite_autoindex_store_change_1', '10000 5000 1');
ANALYZE sqlite_schema;
