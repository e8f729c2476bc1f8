-- Counts that a status page or a heartbeat tells, so that neither counts the whole catalogue or
-- ledger. Moved by triggers, so that whoever changes these tables cannot forget it.
ALTER TABLE agent ADD COLUMN items INTEGER NOT NULL DEFAULT 0 CHECK (items >= 0);
ALTER TABLE agent ADD COLUMN items_moved INTEGER NOT NULL DEFAULT 0 CHECK (items_moved >= 0);
-- Facts that central has not acknowledged: not carried yet, or in changes that it lacks.
ALTER TABLE agent ADD COLUMN unsynced INTEGER NOT NULL DEFAULT 0 CHECK (unsynced >= 0);
UPDATE agent SET
    items = (SELECT count(*) FROM item),
    items_moved = (SELECT count(*) FROM item WHERE moved_at IS NOT NULL),
    unsynced = (SELECT count(*) FROM fact WHERE document IS NULL)
        + (SELECT coalesce(sum(facts), 0) FROM document_change WHERE acked = 0);

CREATE TRIGGER item_counts_insert AFTER INSERT ON item BEGIN
    UPDATE agent SET items = items + 1, items_moved = items_moved + (new.moved_at IS NOT NULL);
END;
CREATE TRIGGER item_counts_delete AFTER DELETE ON item BEGIN
    UPDATE agent SET items = items - 1, items_moved = items_moved - (old.moved_at IS NOT NULL);
END;
CREATE TRIGGER item_counts_move AFTER UPDATE OF moved_at ON item
WHEN (old.moved_at IS NULL) <> (new.moved_at IS NULL) BEGIN
    UPDATE agent SET items_moved = items_moved + (old.moved_at IS NULL) - (new.moved_at IS NULL);
END;

CREATE TRIGGER fact_unsynced_insert AFTER INSERT ON fact WHEN new.document IS NULL BEGIN
    UPDATE agent SET unsynced = unsynced + 1;
END;
CREATE TRIGGER fact_unsynced_update AFTER UPDATE OF document ON fact
WHEN (old.document IS NULL) <> (new.document IS NULL) BEGIN
    UPDATE agent SET unsynced = unsynced + (new.document IS NULL) - (old.document IS NULL);
END;
CREATE TRIGGER fact_unsynced_delete AFTER DELETE ON fact WHEN old.document IS NULL BEGIN
    UPDATE agent SET unsynced = unsynced - 1;
END;
CREATE TRIGGER change_unsynced_insert AFTER INSERT ON document_change WHEN new.acked = 0 BEGIN
    UPDATE agent SET unsynced = unsynced + new.facts;
END;
CREATE TRIGGER change_unsynced_update AFTER UPDATE OF acked ON document_change WHEN old.acked <> new.acked BEGIN
    UPDATE agent SET unsynced = unsynced + old.acked * new.facts - new.acked * new.facts;
END;
CREATE TRIGGER change_unsynced_delete AFTER DELETE ON document_change WHEN old.acked = 0 BEGIN
    UPDATE agent SET unsynced = unsynced - old.facts;
END;

CREATE INDEX document_change_oldest ON document_change (oldest_at) WHERE acked = 0;

-- Within one boot a code goes by the clock that does not jump.
ALTER TABLE pairing ADD COLUMN until_mono INTEGER;
ALTER TABLE pairing ADD COLUMN boot TEXT;
