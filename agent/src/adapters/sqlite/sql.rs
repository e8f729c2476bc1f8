//! Every statement of this adapter. The schema, with its constraints, is in `migrations/`.

/// Keys kept for answering a repeat word for word; the oldest go first.
pub(super) const IDEMPOTENCY_ROWS_MAX: i64 = 100_000;

// What this installation knows about itself.
pub(super) const AGENT_CREATE: &str = "INSERT INTO agent \
    (one, installation, stock_digest, cut_root, cut_stock_digest) \
    VALUES (1, ?1, zeroblob(32), zeroblob(32), zeroblob(32)) ON CONFLICT DO NOTHING";
pub(super) const AGENT_CLAIM: &str =
    "UPDATE agent SET tenant = ?1, store = ?2 WHERE tenant IS NULL OR (tenant = ?1 AND store = ?2)";
pub(super) const AGENT_OWNER: &str = "SELECT tenant, store FROM agent";
pub(super) const AGENT_INSTALLATION: &str = "SELECT installation FROM agent";
pub(super) const AGENT_COUNTERS: &str = "SELECT fact_number, hlc_wall, hlc_counter, stock_digest FROM agent";
pub(super) const AGENT_KEEP_COUNTERS: &str =
    "UPDATE agent SET fact_number = ?1, hlc_wall = ?2, hlc_counter = ?3, stock_digest = ?4";
pub(super) const AGENT_CUT: &str = "UPDATE agent SET cut_root = ?1, cut_stock_digest = stock_digest";
pub(super) const AGENT_LAST_CUT: &str = "SELECT cut_root, cut_stock_digest FROM agent";
pub(super) const AGENT_HEARD: &str = "SELECT incarnation, cursor FROM agent";
pub(super) const AGENT_HEAR: &str = "UPDATE agent SET incarnation = ?1, cursor = ?2";
pub(super) const AGENT_BEGINS: &str = "UPDATE agent SET boot_number = boot_number + 1 \
    RETURNING boot_number, answered_boot, hlc_wall, hlc_counter";
pub(super) const AGENT_ANSWERED: &str = "UPDATE agent SET answered_boot = ?1, quarantined = ?2 WHERE answered_boot IS NOT ?1 OR quarantined IS NOT ?2";
pub(super) const AGENT_READINESS: &str = "SELECT rehydrating, quarantined, boot_number FROM agent";
/// From the first of central's changes on, the own ones with them.
pub(super) const AGENT_REHYDRATE: &str = "UPDATE agent SET rehydrating = 1, cursor = 0";
pub(super) const AGENT_REHYDRATED: &str = "UPDATE agent SET rehydrating = 0";
pub(super) const AGENT_CLOSE: &str = "UPDATE agent SET closure = ?1";
pub(super) const AGENT_TOLD: &str = "SELECT cut_root, cut_stock_digest, closure FROM agent";

// Items.
pub(super) const ITEM_INSERT: &str = "INSERT INTO item (sku, name, barcode, class) VALUES (?1, coalesce(?2, ?1), ?3, ?4) ON CONFLICT DO NOTHING";
pub(super) const ITEM_CHANGE: &str = "UPDATE item SET name = coalesce(?2, name), \
    barcode = coalesce(?3, barcode), class = coalesce(?4, class) WHERE sku = ?1 AND (name <> coalesce(?2, name) \
    OR barcode IS NOT coalesce(?3, barcode) OR class IS NOT coalesce(?4, class))";
pub(super) const ITEM_HAS_MOVED: &str = "SELECT moved_at IS NOT NULL FROM item WHERE sku = ?1";
pub(super) const ITEM_STOCK: &str = "SELECT on_hand FROM item WHERE sku = ?1";
/// A time that lies after ?5 was noted while the clock was ahead: what is known now is better.
pub(super) const ITEM_MOVE: &str = "UPDATE item SET on_hand = on_hand + ?2, \
    moved_at = CASE WHEN moved_at <= ?5 THEN max(moved_at, ?3) ELSE ?3 END, \
    counted_at = CASE WHEN NOT ?4 THEN counted_at WHEN counted_at <= ?5 THEN max(counted_at, ?3) ELSE ?3 END \
    WHERE sku = ?1";
pub(super) const POSITION: &str =
    "SELECT sku, name, barcode, on_hand, reserved, moved_at, counted_at FROM item WHERE sku = ?1";
pub(super) const SEARCH_BARCODE: &str = "SELECT sku, name, barcode, on_hand, reserved, moved_at, counted_at FROM item WHERE barcode = ?1 \
     ORDER BY sku LIMIT ?2";
pub(super) const SEARCH_SKU: &str = "SELECT sku, name, barcode, on_hand, reserved, moved_at, counted_at FROM item \
     WHERE sku COLLATE NOCASE >= ?1 AND sku COLLATE NOCASE < ?1 || '~' ORDER BY sku COLLATE NOCASE LIMIT ?2";
pub(super) const SEARCH_WORDS: &str = "SELECT sku, item.name, barcode, on_hand, reserved, moved_at, counted_at \
     FROM item_words JOIN item ON item.item = item_words.rowid WHERE item_words MATCH ?1 \
     ORDER BY rank LIMIT ?2";

// Facts and what they amount to.
pub(super) const FACT_INSERT: &str = "INSERT INTO fact (id, text, sku, task, recorded_at, document) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (id) DO NOTHING";
pub(super) const FACT_TEXT: &str = "SELECT text FROM fact WHERE id = ?1";
pub(super) const FACT_REPLACE: &str = "UPDATE fact SET text = ?2, sku = ?3, task = ?4 WHERE id = ?1";
pub(super) const FACT_OTHER_BODY: &str =
    "INSERT INTO fact_other_body (id, text) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
pub(super) const FACT_CARRIED: &str = "UPDATE fact SET document = ?2 WHERE id = ?1 AND document IS NULL";
pub(super) const FACTS_OF_TASK: &str = "SELECT id, text FROM fact WHERE task = ?1 ORDER BY seq";
pub(super) const FACTS_TO_CARRY: &str = "SELECT id, text, task, recorded_at FROM fact \
    WHERE document IS NULL ORDER BY seq LIMIT ?1";
/// Under a given id, or its parts: '.' comes before '/', and nothing of an id lies between.
pub(super) const FACTS_OF_INTENT: &str =
    "SELECT id, text FROM fact WHERE id = ?1 OR (id > ?1 || '.' AND id < ?1 || '/') ORDER BY seq";
pub(super) const TASK_STATE: &str = "SELECT state FROM task WHERE task = ?1";
pub(super) const TASK_PUT: &str = "INSERT INTO task (task, phase, state, changed_at) VALUES (?1, ?2, ?3, ?4) \
    ON CONFLICT (task) DO UPDATE SET phase = ?2, state = ?3, changed_at = ?4";
pub(super) const HOLDS_END: &str = "DELETE FROM task_hold WHERE task = ?1";
pub(super) const HOLD_BEGINS: &str = "INSERT INTO task_hold (task, line, sku, units) VALUES (?1, ?2, ?3, ?4)";
pub(super) const TASKS_OPEN: &str = "SELECT state, changed_at, task FROM task \
    WHERE phase IN ('offered', 'accepted', 'picking', 'packed') AND (changed_at, task) < (?1, ?2) \
    ORDER BY changed_at DESC, task DESC LIMIT ?3";
pub(super) const TASKS_IN_PHASES: &str = "SELECT state, changed_at, task FROM task \
    WHERE phase IN (SELECT value FROM json_each(?4)) AND (changed_at, task) < (?1, ?2) \
    ORDER BY changed_at DESC, task DESC LIMIT ?3";

// Idempotency.
pub(super) const KEY_FIND: &str =
    "SELECT request_hash, answer FROM idempotency WHERE device = ?1 AND key = ?2";
pub(super) const KEY_PUT: &str =
    "INSERT INTO idempotency (device, key, request_hash, answer, at) VALUES (?1, ?2, ?3, ?4, ?5)";
pub(super) const KEYS_FORGET: &str = "DELETE FROM idempotency WHERE n <= last_insert_rowid() - ?1";

// Documents.
pub(super) const DOCUMENT_CREATE: &str =
    "INSERT INTO document (name, heads, acked) VALUES (?1, x'', x'') ON CONFLICT DO NOTHING";
pub(super) const DOCUMENT_FIND: &str = "SELECT document, heads, acked FROM document WHERE name = ?1";
pub(super) const DOCUMENT_HEADS: &str = "UPDATE document SET heads = ?2 WHERE document = ?1";
pub(super) const DOCUMENT_ACKED: &str = "UPDATE document SET acked = ?2 WHERE document = ?1";
pub(super) const DOCUMENTS_ALL: &str = "SELECT name, heads FROM document";
/// Of one boot's stock documents, the one with the greatest number: names of equal length are
/// compared as text, and a longer one is later.
pub(super) const DOCUMENT_NEWEST: &str = "SELECT name FROM document WHERE name > ?1 AND name < ?2 \
    ORDER BY length(name) DESC, name DESC LIMIT 1";
/// Tasks, then the newest stock document, then older ones: history waits.
pub(super) const DOCUMENTS_TO_SEND: &str = "SELECT document, name, heads, acked FROM document \
    WHERE document IN (SELECT document FROM document_change WHERE acked = 0) \
    ORDER BY name LIKE 'task/%' DESC, CASE WHEN name LIKE 'task/%' THEN document ELSE -document END LIMIT ?1";
pub(super) const CHANGE_PUT: &str = "INSERT INTO document_change \
    (document, n, hash, writer, writer_n, bytes, facts, oldest_at, acked) VALUES (?1, \
    (SELECT coalesce(max(n), 0) + 1 FROM document_change WHERE document = ?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
pub(super) const CHANGES_OF: &str = "SELECT bytes FROM document_change WHERE document = ?1 ORDER BY n";
pub(super) const CHANGES_TO_SEND: &str =
    "SELECT hash, writer, writer_n, bytes FROM document_change WHERE document = ?1 AND acked = 0 ORDER BY n";
pub(super) const CHANGE_KNOWN: &str = "SELECT 1 FROM document_change WHERE document = ?1 AND hash = ?2";
pub(super) const CHANGES_ACK_ALL: &str =
    "UPDATE document_change SET acked = 1 WHERE document = ?1 AND acked = 0";
pub(super) const CHANGES_LACK_ALL: &str =
    "UPDATE document_change SET acked = 0 WHERE document = ?1 AND acked = 1";
pub(super) const CHANGE_LACKED: &str =
    "UPDATE document_change SET acked = 0 WHERE document = ?1 AND hash = ?2";
/// Documents that hold something of this replica's: every task, and its own stock.
pub(super) const OWN_FORGET_ACKED: &str =
    "UPDATE document SET acked = x'' WHERE name LIKE 'task/%' OR name GLOB ?1";
pub(super) const OWN_FORGET_CHANGES: &str = "UPDATE document_change SET acked = 0 WHERE document IN \
    (SELECT document FROM document WHERE name LIKE 'task/%' OR name GLOB ?1)";
pub(super) const DOCUMENTS_OWN: &str = "SELECT name, heads FROM document WHERE name GLOB ?1 LIMIT ?2";
pub(super) const ASK: &str = "INSERT INTO document_ask (name) VALUES (?1) ON CONFLICT DO NOTHING";
pub(super) const ASK_DONE: &str = "DELETE FROM document_ask WHERE name = ?1";
pub(super) const ASKS: &str = "SELECT document_ask.name, coalesce(document.heads, x'') FROM document_ask \
    LEFT JOIN document USING (name) LIMIT ?1";
pub(super) const ANY_TO_CARRY: &str = "SELECT EXISTS (SELECT 1 FROM fact WHERE document IS NULL)";
pub(super) const UNSYNCED: &str = "SELECT unsynced FROM agent";
pub(super) const PART_BEGIN: &str = "SAVEPOINT part";
pub(super) const PART_UNDO: &str = "ROLLBACK TO part";
pub(super) const PART_END: &str = "RELEASE part";

// Devices.
pub(super) const PAIRING_OFFER: &str = "INSERT INTO pairing (code_hash, role, until, until_mono, boot) \
    VALUES (?1, ?2, ?3, ?4, ?5) \
    ON CONFLICT (code_hash) DO UPDATE SET role = ?2, until = ?3, until_mono = ?4, boot = ?5";
/// Within the boot that gave it a code goes by the clock that does not jump. Else by the wall clock;
/// one that is good for longer than any code was given before that clock was put back.
pub(super) const PAIRING_TAKE: &str = "DELETE FROM pairing WHERE code_hash = ?5 \
    AND CASE WHEN boot = ?4 THEN until_mono > ?3 ELSE until > ?1 AND until <= ?2 END RETURNING role";
pub(super) const PAIRINGS_OVER: &str = "DELETE FROM pairing \
    WHERE NOT CASE WHEN boot = ?4 THEN until_mono > ?3 ELSE until > ?1 AND until <= ?2 END";
pub(super) const DEVICE_PAIR: &str = "INSERT INTO device \
    (device, name, role, generation, token_hash, paired_at) VALUES (?1, ?2, ?3, 1, ?4, ?5) \
    ON CONFLICT (device) DO UPDATE SET name = ?2, role = ?3, generation = generation + 1, token_hash = ?4, \
    paired_at = ?5, seen_at = NULL";
pub(super) const DEVICE_BY_NAME: &str =
    "SELECT device, name, role, generation, paired_at, seen_at FROM device WHERE device = ?1";
pub(super) const DEVICE_BY_TOKEN: &str =
    "SELECT device, name, role, generation, paired_at, seen_at FROM device WHERE token_hash = ?1";
pub(super) const DEVICES: &str = "SELECT device, name, role, generation, paired_at, seen_at FROM device \
    WHERE token_hash IS NOT NULL ORDER BY device";
pub(super) const DEVICE_UNPAIR: &str =
    "UPDATE device SET token_hash = NULL WHERE device = ?1 AND token_hash IS NOT NULL";
pub(super) const DEVICE_SEEN: &str = "UPDATE device SET seen_at = ?2 WHERE device = ?1";

// What status pages and heartbeats say.
pub(super) const SUMMARY: &str = include_str!("summary.sql");
