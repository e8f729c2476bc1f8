//! Every statement of this adapter. The schema, with its constraints, is in `migrations/`.

/// Keys kept for answering a repeat word for word; the oldest go first.
pub(super) const IDEMPOTENCY_ROWS_MAX: i64 = 100_000;
/// Bytes of their answers: those of many movements at once are long.
pub(super) const IDEMPOTENCY_BYTES_MAX: i64 = 32 * 1024 * 1024;

// What this installation knows about itself.
pub(super) const AGENT_CREATE: &str = "INSERT INTO agent \
    (one, installation, stock_digest, cut_root, cut_stock_digest) \
    VALUES (1, ?1, zeroblob(32), zeroblob(32), zeroblob(32)) ON CONFLICT DO NOTHING";
pub(super) const AGENT_CLAIM: &str =
    "UPDATE agent SET tenant = ?1, store = ?2 WHERE tenant IS NULL OR (tenant = ?1 AND store = ?2)";
pub(super) const AGENT_OWNER: &str =
    concat!("SELECT tenant, store FROM agent WHERE sound(sum, ", agent_sum!(), ")");
pub(super) const AGENT_INSTALLATION: &str =
    concat!("SELECT installation FROM agent WHERE sound(sum, ", agent_sum!(), ")");
pub(super) const AGENT_COUNTERS: &str = concat!(
    "SELECT fact_number, hlc_wall, hlc_counter, stock_digest FROM agent WHERE sound(sum, ",
    agent_sum!(),
    ")"
);
pub(super) const AGENT_KEEP_COUNTERS: &str =
    "UPDATE agent SET fact_number = ?1, hlc_wall = ?2, hlc_counter = ?3, stock_digest = ?4";
pub(super) const AGENT_CUT: &str = "UPDATE agent SET cut_root = ?1, cut_stock_digest = stock_digest";
pub(super) const AGENT_LAST_CUT: &str = "SELECT cut_root, cut_stock_digest FROM agent";
pub(super) const AGENT_HEARD: &str = "SELECT incarnation, cursor FROM agent";
pub(super) const AGENT_HEAR: &str = "UPDATE agent SET incarnation = ?1, cursor = ?2";
pub(super) const AGENT_BEGINS: &str = "UPDATE agent SET boot_number = boot_number + 1 \
    RETURNING boot_number, answered_boot, hlc_wall, hlc_counter";
/// The newest boot that central answered, and those that spoke since.
pub(super) const AGENT_SPEAKS: &str = "UPDATE agent SET answered_boot = ?1 WHERE answered_boot IS NOT ?1";
pub(super) const AGENT_ANSWERED: &str = "UPDATE agent SET answered_boot = ?1, quarantined = ?2, quarantined_as = ?3 WHERE answered_boot IS NOT ?1 OR quarantined IS NOT ?2";
pub(super) const AGENT_QUARANTINED_AS: &str = "SELECT quarantined_as FROM agent";
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
pub(super) const ITEM_STOCK: &str =
    concat!("SELECT on_hand FROM item WHERE sku = ?1 AND sound(sum, ", item_sum!(), ")");
/// A time that lies after ?5 was noted while the clock was ahead: what is known now is better.
pub(super) const ITEM_MOVE: &str = "UPDATE item SET on_hand = on_hand + ?2, \
    moved_at = CASE WHEN moved_at <= ?5 THEN max(moved_at, ?3) ELSE ?3 END, \
    counted_at = CASE WHEN NOT ?4 THEN counted_at WHEN counted_at <= ?5 THEN max(counted_at, ?3) ELSE ?3 END \
    WHERE sku = ?1";
pub(super) const POSITION: &str = concat!(
    "SELECT sku, name, barcode, on_hand, reserved, moved_at, counted_at FROM item WHERE sku = ?1 AND sound(sum, ",
    item_sum!(),
    ")"
);
pub(super) const SEARCH_BARCODE: &str = concat!(
    "SELECT sku, name, barcode, on_hand, reserved, moved_at, counted_at FROM item WHERE barcode = ?1 AND sound(sum, ",
    item_sum!(),
    ") ORDER BY sku LIMIT ?2"
);
pub(super) const SEARCH_SKU: &str = concat!(
    "SELECT sku, name, barcode, on_hand, reserved, moved_at, counted_at FROM item \
     WHERE sku COLLATE NOCASE >= ?1 AND sku COLLATE NOCASE < ?1 || '~' AND sound(sum, ",
    item_sum!(),
    ") ORDER BY sku COLLATE NOCASE LIMIT ?2"
);
pub(super) const SEARCH_WORDS: &str = concat!(
    "SELECT sku, item.name, barcode, on_hand, reserved, moved_at, counted_at \
     FROM item_words JOIN item ON item.item = item_words.rowid WHERE item_words MATCH ?1 AND sound(sum, ",
    item_sum!(),
    ") ORDER BY rank LIMIT ?2"
);

// Escrow.
pub(super) const RIGHTS: &str = "SELECT units FROM rights WHERE sku = ?1";
pub(super) const RIGHTS_MOVE: &str = "INSERT INTO rights (sku, units) VALUES (?1, ?2) \
    ON CONFLICT (sku) DO UPDATE SET units = units + excluded.units";
pub(super) const CEDED: &str = include_str!("ceded.sql");
pub(super) const TARGETS: &str = "SELECT sku, units FROM escrow_target ORDER BY sku";
pub(super) const TARGETS_FORGET: &str = "DELETE FROM escrow_target";
pub(super) const TARGET_PUT: &str = "INSERT INTO escrow_target (sku, units) VALUES (?1, ?2) \
    ON CONFLICT (sku) DO UPDATE SET units = excluded.units";
/// As far as a manager lets central have it.
pub(super) const TARGET: &str = "SELECT min(t.units, coalesce(l.units, t.units)) FROM escrow_target t \
    LEFT JOIN escrow_limit l USING (sku) WHERE t.sku = ?1";
pub(super) const LIMIT_PUT: &str = "INSERT INTO escrow_limit (sku, units) VALUES (?1, ?2) \
    ON CONFLICT (sku) DO UPDATE SET units = excluded.units";
pub(super) const LIMIT_DROP: &str = "DELETE FROM escrow_limit WHERE sku = ?1";
pub(super) const LIMITS_COUNT: &str = "SELECT count(*) FROM escrow_limit WHERE sku <> ?1";
pub(super) const ASKED_BACK: &str = "SELECT l.sku, l.units FROM escrow_limit l JOIN rights r USING (sku) \
    WHERE r.units > l.units ORDER BY l.sku LIMIT ?1";

// Facts and what they amount to.
pub(super) const FACT_INSERT: &str = "INSERT INTO fact (id, text, sku, task, recorded_at, document) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (id) DO NOTHING";
pub(super) const FACT_TEXT: &str =
    concat!("SELECT text FROM fact WHERE id = ?1 AND sound(sum, ", fact_sum!(), ")");
pub(super) const FACT_REPLACE: &str = "UPDATE fact SET text = ?2, sku = ?3, task = ?4 WHERE id = ?1";
pub(super) const FACT_OTHER_BODY: &str =
    "INSERT INTO fact_other_body (id, text) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
pub(super) const FACT_CARRIED: &str = "UPDATE fact SET document = ?2 WHERE id = ?1 AND document IS NULL";
pub(super) const FACTS_OF_TASK: &str =
    concat!("SELECT id, text FROM fact WHERE task = ?1 AND sound(sum, ", fact_sum!(), ") ORDER BY seq");
pub(super) const TASK_FACTS_TO_CARRY: &str = concat!(
    "SELECT id, text, recorded_at, task FROM fact \
    WHERE document IS NULL AND task IS NOT NULL AND sound(sum, ",
    fact_sum!(),
    ") ORDER BY seq LIMIT ?1"
);
pub(super) const STOCK_FACTS_TO_CARRY: &str = concat!(
    "SELECT id, text, recorded_at FROM fact \
    WHERE document IS NULL AND task IS NULL AND sound(sum, ",
    fact_sum!(),
    ") ORDER BY seq DESC LIMIT ?1"
);
/// Under a given id, or its parts: '.' comes before '/', and nothing of an id lies between.
pub(super) const FACTS_OF_INTENT: &str = concat!(
    "SELECT id, text FROM fact WHERE (id = ?1 OR (id > ?1 || '.' AND id < ?1 || '/')) AND sound(sum, ",
    fact_sum!(),
    ") ORDER BY seq"
);
pub(super) const TASK_STATE: &str =
    concat!("SELECT state FROM task WHERE task = ?1 AND sound(sum, ", task_sum!(), ")");
pub(super) const TASK_PUT: &str = "INSERT INTO task (task, phase, state, changed_at) VALUES (?1, ?2, ?3, ?4) \
    ON CONFLICT (task) DO UPDATE SET phase = ?2, state = ?3, changed_at = ?4";
pub(super) const HOLDS_END: &str = "DELETE FROM task_hold WHERE task = ?1";
pub(super) const HOLD_BEGINS: &str =
    "INSERT INTO task_hold (task, line, sku, units, ceded) VALUES (?1, ?2, ?3, ?4, ?5)";
pub(super) const TASKS_OPEN: &str = concat!(
    "SELECT state, changed_at, task FROM task \
    WHERE phase IN ('offered', 'accepted', 'picking', 'packed') AND (changed_at, task) < (?1, ?2) AND sound(sum, ",
    task_sum!(),
    ") ORDER BY changed_at DESC, task DESC LIMIT ?3"
);
pub(super) const TASKS_IN_PHASES: &str = concat!(
    "SELECT state, changed_at, task FROM task \
    WHERE phase IN (SELECT value FROM json_each(?4)) AND (changed_at, task) < (?1, ?2) AND sound(sum, ",
    task_sum!(),
    ") ORDER BY changed_at DESC, task DESC LIMIT ?3"
);

// Idempotency.
pub(super) const KEY_FIND: &str = concat!(
    "SELECT request_hash, answer FROM idempotency WHERE device = ?1 AND key = ?2 AND sound(sum, ",
    key_sum!(),
    ")"
);
pub(super) const KEY_PUT: &str =
    "INSERT INTO idempotency (device, key, request_hash, answer, at) VALUES (?1, ?2, ?3, ?4, ?5)";
pub(super) const KEYS_FORGET: &str = "DELETE FROM idempotency WHERE n <= last_insert_rowid() - ?1";
/// Those before the newest whose answers together have so many bytes.
pub(super) const KEYS_OVER: &str = "DELETE FROM idempotency WHERE n IN (SELECT n FROM idempotency WHERE n <= \
    (SELECT n FROM (SELECT n, sum(octet_length(answer)) OVER (ORDER BY n DESC) AS bytes FROM idempotency) \
    WHERE bytes > ?1 ORDER BY n DESC LIMIT 1) ORDER BY n LIMIT ?2)";

// Documents.
pub(super) const DOCUMENT_CREATE: &str =
    "INSERT INTO document (name, heads, acked) VALUES (?1, x'', x'') ON CONFLICT DO NOTHING";
pub(super) const DOCUMENT_FIND: &str =
    "SELECT document, heads, acked, sealed_at IS NOT NULL FROM document WHERE name = ?1";
pub(super) const DOCUMENT_HEADS: &str = "UPDATE document SET heads = ?2 WHERE document = ?1";
pub(super) const DOCUMENT_ACKED: &str = "UPDATE document SET acked = ?2 WHERE document = ?1";
pub(super) const DOCUMENTS_ALL: &str = "SELECT name, heads FROM document WHERE sealed_at IS NULL";
/// Of one boot's stock documents, the one with the greatest number: names of equal length are
/// compared as text, and a longer one is later.
pub(super) const DOCUMENT_NEWEST: &str = "SELECT name, closed OR sealed_at IS NOT NULL FROM document WHERE name > ?1 AND name < ?2 \
    ORDER BY length(name) DESC, name DESC LIMIT 1";
/// Tasks, the newest stock document, older ones. Only a branch takes more of what central sealed.
/// Tasks first, then the stock document with the newest facts. A closing counts none, and is always new.
pub(super) const DOCUMENTS_TO_SEND: &str = "SELECT document, name, heads, acked FROM document d WHERE document IN \
    (SELECT document FROM document_change WHERE acked = 0) AND (seal_heads IS NULL OR (SELECT quarantined \
    IS NOT NULL FROM agent)) ORDER BY name LIKE 'task/%' DESC, CASE WHEN name LIKE 'task/%' THEN -document ELSE \
    (SELECT max(c.oldest_at) FROM document_change c WHERE c.document = d.document AND c.acked = 0 AND c.facts > 0) \
    END DESC, document DESC LIMIT ?1";
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
/// Every task, and the stock documents that are named.
pub(super) const OWN_FORGET_ACKED: &str =
    "UPDATE document SET acked = x'' WHERE sealed_at IS NULL AND (name LIKE 'task/%' OR name GLOB ?1)";
pub(super) const OWN_FORGET_CHANGES: &str = "UPDATE document_change SET acked = 0 WHERE document IN \
    (SELECT document FROM document WHERE name LIKE 'task/%' OR name GLOB ?1)";
/// Own documents of earlier boots that were not closed, all of which central has, as far as we know.
pub(super) const DOCUMENTS_TO_CLOSE: &str = "SELECT document, name FROM document \
    WHERE sealed_at IS NULL AND closed = 0 AND name GLOB ?1 AND NOT name GLOB ?2 AND heads <> x'' \
    AND heads = acked AND NOT EXISTS (SELECT 1 FROM document_ask a WHERE a.name = document.name) LIMIT ?3";
pub(super) const DOCUMENT_DAY: &str = "UPDATE document SET day = ?2 WHERE document = ?1 AND day = 0";
pub(super) const DOCUMENT_DAY_OF: &str = "SELECT day FROM document WHERE document = ?1";
pub(super) const DOCUMENT_CLOSED: &str = "UPDATE document SET closed = 1 WHERE document = ?1";
pub(super) const ASKED: &str = "SELECT EXISTS (SELECT 1 FROM document_ask WHERE name = ?1)";
pub(super) const DOCUMENTS_OWN: &str =
    "SELECT name, heads FROM document WHERE name GLOB ?1 AND sealed_at IS NULL LIMIT ?2";
pub(super) const ASK: &str = "INSERT INTO document_ask (name) VALUES (?1) ON CONFLICT DO NOTHING";
pub(super) const ASK_DONE: &str = "DELETE FROM document_ask WHERE name = ?1";
pub(super) const ASKS: &str = "SELECT document_ask.name, coalesce(document.heads, x'') FROM document_ask \
    LEFT JOIN document USING (name) LIMIT ?1";
pub(super) const ANY_TO_CARRY: &str = "SELECT EXISTS (SELECT 1 FROM fact WHERE document IS NULL)";
pub(super) const UNSYNCED: &str = "SELECT unsynced FROM agent";
pub(super) const PART_BEGIN: &str = "SAVEPOINT part";
pub(super) const PART_UNDO: &str = "ROLLBACK TO part";
pub(super) const PART_END: &str = "RELEASE part";

// Seals.
pub(super) const SEALED_ROOT: &str = "SELECT sealed_root FROM agent";
pub(super) const SEALED_ROOT_SET: &str = "UPDATE agent SET sealed_root = ?1";
pub(super) const SEAL_DUE: &str =
    "UPDATE document SET seal_heads = ?2, seal_facts = ?3 WHERE document = ?1 AND sealed_at IS NULL";
pub(super) const SEALS_DUE: &str = "SELECT document, name, heads, seal_heads FROM document \
    WHERE seal_heads IS NOT NULL AND sealed_at IS NULL ORDER BY document LIMIT ?1";
pub(super) const SEAL_CONFIRM: &str = "UPDATE document SET seal_incarnation = ?2 WHERE document = ?1";
pub(super) const SEAL: &str = "UPDATE document SET heads = ?2, acked = ?2, closed = 1, sealed_at = ?3, \
    seal_incarnation = ?4 WHERE document = ?1";
pub(super) const UNSEAL: &str = "UPDATE document SET heads = ?2, acked = x'', seal_heads = NULL, seal_facts = NULL, \
    sealed_at = NULL, seal_incarnation = NULL WHERE document = ?1";
/// Sealed with a central that was restored since, and that has not said it again.
pub(super) const SEALS_UNCONFIRMED: &str = "SELECT document, name FROM document \
    WHERE sealed_at IS NOT NULL AND seal_incarnation < ?1 LIMIT ?2";
pub(super) const ARCHIVE_PUT: &str = "INSERT INTO document_archive (document, changes) VALUES (?1, ?2) \
    ON CONFLICT (document) DO UPDATE SET changes = excluded.changes";
pub(super) const ARCHIVE: &str = "SELECT changes FROM document_archive WHERE document = ?1";
pub(super) const ARCHIVE_DROP: &str = "DELETE FROM document_archive WHERE document = ?1";
pub(super) const CHANGES_DROP: &str = "DELETE FROM document_change WHERE document = ?1";
pub(super) const FACT_UNCARRY: &str = "UPDATE fact SET document = NULL WHERE id = ?1 AND document = ?2";
/// Facts that stand in an open document too count there.
pub(super) const FACTS_MOVE_ON: &str = "UPDATE fact SET document = (SELECT a.document FROM fact_again a \
    JOIN document d USING (document) WHERE a.fact = fact.id AND d.sealed_at IS NULL LIMIT 1) \
    WHERE document = ?1 AND id IN (SELECT a.fact FROM fact_again a JOIN document d USING (document) \
    WHERE d.sealed_at IS NULL)";
pub(super) const AGAIN_FORGET: &str = "DELETE FROM fact_again WHERE document = ?1";
pub(super) const AGAIN: &str =
    "INSERT INTO fact_again (fact, document) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
pub(super) const FACT_STANDS: &str = "SELECT f.document, d.sealed_at IS NOT NULL, f.sku, json_extract(f.text, '$.d'), \
    coalesce(json_extract(f.text, '$.r'), 0) \
    FROM fact f JOIN document d USING (document) WHERE f.id = ?1";
pub(super) const FACT_MOVE: &str = "UPDATE fact SET document = ?2 WHERE id = ?1";
pub(super) const BASELINE_ADD: &str = "INSERT INTO baseline (sku, units, rights) VALUES (?1, ?2, ?3) \
    ON CONFLICT (sku) DO UPDATE SET units = units + excluded.units, rights = rights + excluded.rights";
/// `?2` is 1 when a document is sealed, -1 when it is opened again.
pub(super) const BASELINE_MOVE: &str = "INSERT INTO baseline (sku, units, rights) \
    SELECT sku, ?2 * sum(json_extract(text, '$.d')), ?2 * coalesce(sum(json_extract(text, '$.r')), 0) FROM fact WHERE document = ?1 AND sku IS NOT NULL GROUP BY sku \
    ON CONFLICT (sku) DO UPDATE SET units = units + excluded.units, rights = rights + excluded.rights";

// The baseline from central.
pub(super) const BASELINE_ASK: &str = "SELECT baseline_wanted, baseline_after, baseline_root FROM agent";
pub(super) const BASELINE_WANT: &str = "UPDATE agent SET baseline_wanted = 1, baseline_after = NULL, \
    baseline_root = NULL WHERE baseline_wanted = 0";
pub(super) const BASELINE_REACHED: &str = "UPDATE agent SET baseline_after = ?1, baseline_root = ?2";
pub(super) const BASELINE_HAVE: &str =
    "UPDATE agent SET baseline_wanted = 0, baseline_after = NULL, baseline_root = NULL";
pub(super) const PIECES_FORGET: &str = "DELETE FROM baseline_piece";
pub(super) const PIECE_PUT: &str = "INSERT INTO baseline_piece (sku, units, rights) VALUES (?1, ?2, ?3) \
    ON CONFLICT (sku) DO UPDATE SET units = excluded.units, rights = excluded.rights";
pub(super) const BASELINE_FORGET: &str = "DELETE FROM baseline";
pub(super) const BASELINE_TAKE: &str =
    "INSERT INTO baseline (sku, units, rights) SELECT sku, units, rights FROM baseline_piece";
pub(super) const ITEMS_OF_BASELINE: &str = "INSERT INTO item (sku, name) SELECT sku, sku FROM baseline \
    WHERE true ON CONFLICT DO NOTHING";
pub(super) const ITEMS_BALANCE: &str = include_str!("balance.sql");
pub(super) const ITEMS_UNBALANCED: &str = include_str!("unbalanced.sql");
pub(super) const ITEMS_STOCKED: &str = "SELECT sku, on_hand FROM item WHERE on_hand <> 0";
pub(super) const RIGHTS_ALL: &str = "SELECT sku, units FROM rights WHERE units <> 0";
pub(super) const RIGHTS_FORGET: &str = "DELETE FROM rights";
pub(super) const RIGHTS_BALANCE: &str = include_str!("rights_balance.sql");
pub(super) const AGENT_DIGEST: &str = "UPDATE agent SET stock_digest = ?1";

// Housekeeping.
pub(super) const AGENT_CENTRAL_TIME: &str = "UPDATE agent SET central_time = ?1";
pub(super) const CENTRAL_TIME: &str = "SELECT central_time FROM agent";
pub(super) const ARCHIVES_OVER: &str = "DELETE FROM document_archive WHERE document IN (SELECT a.document \
    FROM document_archive a JOIN document d USING (document) WHERE d.sealed_at < ?1 LIMIT ?2)";
pub(super) const FACTS_KEPT_FROM: &str = "UPDATE agent SET facts_kept_from = ?1";
/// The newest of all stays, so that its number is not given again.
pub(super) const FACTS_OVER: &str = "SELECT f.id FROM document d JOIN fact f USING (document) \
    WHERE d.sealed_at < ?1 AND f.seq < (SELECT max(seq) FROM fact) \
    AND NOT EXISTS (SELECT 1 FROM document_archive a WHERE a.document = d.document) LIMIT ?2";
pub(super) const FACT_BODIES_DROP: &str = "DELETE FROM fact_other_body WHERE id = ?1";
pub(super) const FACT_AGAIN_DROP: &str = "DELETE FROM fact_again WHERE fact = ?1";
pub(super) const FACT_DROP: &str = "DELETE FROM fact WHERE id = ?1";
/// A task's document needs no name any more once nothing of it is kept; a stock document's number
/// must never be given again.
pub(super) const DOCUMENTS_OVER: &str = "DELETE FROM document WHERE document IN (SELECT d.document FROM document d \
    WHERE d.sealed_at < ?1 AND d.name LIKE 'task/%' \
    AND NOT EXISTS (SELECT 1 FROM document_archive a WHERE a.document = d.document) \
    AND NOT EXISTS (SELECT 1 FROM fact f WHERE f.document = d.document) LIMIT ?2)";
pub(super) const TASKS_OVER: &str = "DELETE FROM task WHERE task IN (SELECT t.task FROM task t \
    WHERE t.phase IN ('handed_over', 'declined', 'put_back') AND t.changed_at < ?1 \
    AND NOT EXISTS (SELECT 1 FROM fact f WHERE f.task = t.task) LIMIT ?2)";

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
    (device, name, role, generation, token_hash, paired_at) VALUES (?1, ?2, ?3, ?6, ?4, ?5) \
    ON CONFLICT (device) DO UPDATE SET name = ?2, role = ?3, generation = ?6, token_hash = ?4, \
    paired_at = ?5, seen_at = NULL";
pub(super) const DEVICE_BY_NAME: &str = concat!(
    "SELECT device, name, role, generation, paired_at, seen_at FROM device WHERE device = ?1 AND sound(sum, ",
    device_sum!(),
    ")"
);
pub(super) const DEVICE_BY_TOKEN: &str = concat!(
    "SELECT device, name, role, generation, paired_at, seen_at FROM device WHERE token_hash = ?1 AND sound(sum, ",
    device_sum!(),
    ")"
);
pub(super) const DEVICES: &str = concat!(
    "SELECT device, name, role, generation, paired_at, seen_at FROM device \
    WHERE token_hash IS NOT NULL AND sound(sum, ",
    device_sum!(),
    ") ORDER BY device"
);
pub(super) const DEVICE_UNPAIR: &str =
    "UPDATE device SET token_hash = NULL WHERE device = ?1 AND token_hash IS NOT NULL";
pub(super) const DEVICE_SEEN: &str = "UPDATE device SET seen_at = ?2 WHERE device = ?1";

// What status pages and heartbeats say.
pub(super) const SUMMARY: &str = include_str!("summary.sql");
// Whether everything is what was written.
pub(super) const NOTE: &str =
    "SELECT (SELECT coalesce(max(seq), 0) FROM fact), central_has, facts_dropped FROM agent";
pub(super) const CENTRAL_HAS_ALL: &str = "UPDATE agent SET central_has = (SELECT coalesce(max(seq), 0) FROM fact) \
    WHERE central_has <> (SELECT coalesce(max(seq), 0) FROM fact)";
pub(super) const FACTS_SOUND: &str = concat!(
    "SELECT count(*), max(seq) FROM (SELECT seq FROM fact WHERE seq > ?1 AND seq <= ?2 AND sound(sum, ",
    fact_sum!(),
    ") ORDER BY seq LIMIT ?3)"
);
pub(super) const ITEMS_SOUND: &str =
    concat!("SELECT sku, on_hand FROM item WHERE sound(sum, ", item_sum!(), ")");
pub(super) const DIGEST_SOUND: &str =
    concat!("SELECT stock_digest FROM agent WHERE sound(sum, ", agent_sum!(), ")");
pub(super) const RESERVED_ASTRAY: &str = "SELECT count(*) FROM item LEFT JOIN \
    (SELECT sku AS held, sum(units) AS units FROM task_hold GROUP BY sku) ON held = item.sku \
    WHERE reserved <> coalesce(units, 0)";
pub(super) const TASKS_SOUND: &str = concat!("SELECT count(*) FROM task WHERE sound(sum, ", task_sum!(), ")");
pub(super) const KEYS_SOUND: &str =
    concat!("SELECT count(*) FROM idempotency WHERE sound(sum, ", key_sum!(), ")");
pub(super) const DEVICES_SOUND: &str =
    concat!("SELECT count(*) FROM device WHERE sound(sum, ", device_sum!(), ")");
/// A sealed document has no changes of its own any more.
pub(super) const DOCUMENTS_ROWS: &str = "SELECT document, name, heads FROM document WHERE document > ?1 \
    AND sealed_at IS NULL ORDER BY document LIMIT ?2";
pub(super) const ARCHIVES_ROWS: &str = "SELECT document, name, heads FROM document_archive JOIN document \
    USING (document) WHERE document > ?1 ORDER BY document LIMIT ?2";

// What was lost.
pub(super) const LOSS_PUT: &str =
    "INSERT INTO loss (id, found_at, facts, detail) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
pub(super) const LOSS_NOTED: &str = "UPDATE loss SET noted = 1 WHERE id = ?1";
pub(super) const LOSSES_TO_TELL: &str =
    "SELECT id, found_at, facts, detail, noted FROM loss WHERE noted = 0 ORDER BY found_at, id LIMIT ?1";
pub(super) const LOSSES: &str =
    "SELECT id, found_at, facts, detail, noted FROM loss ORDER BY found_at DESC, id LIMIT ?1";

// Salvage.
pub(super) const AGENT_OF_OLD: &str = concat!(
    "SELECT installation, stock_digest, tenant, store, fact_number, hlc_wall, hlc_counter, closure, sealed_root, \
    central_time, facts_kept_from, incarnation, boot_number, answered_boot, baseline_wanted \
    FROM agent WHERE sound(sum, ",
    agent_sum!(),
    ")"
);
pub(super) const AGENT_SALVAGED: &str = "UPDATE agent SET tenant = ?1, store = ?2, fact_number = ?3, \
    hlc_wall = ?4, hlc_counter = ?5, closure = ?6, sealed_root = ?7, central_time = ?8, facts_kept_from = ?9, \
    incarnation = ?10, boot_number = ?11, answered_boot = ?12, baseline_wanted = ?13";
pub(super) const AGENT_IS_OF: &str = "UPDATE agent SET tenant = ?1, store = ?2";
pub(super) const DOCUMENTS_SEALED: &str =
    "SELECT document, name, heads FROM document WHERE sealed_at IS NOT NULL";
pub(super) const FACT_KNOWN: &str = "SELECT 1 FROM fact WHERE id = ?1";
pub(super) const OF_NO_DOCUMENT: &str = include_str!("orphans.sql");
pub(super) const DOCUMENT_UNREAD: &str = "UPDATE document SET heads = x'', acked = x'' WHERE document = ?1";

/// A row of any table, as it was; one that is there already stays.
pub(super) fn insert_row(table: &str, columns: &[String]) -> String {
    let names: Vec<String> = columns.iter().map(|name| format!("\"{name}\"")).collect();
    let places: Vec<String> = (1..=columns.len()).map(|n| format!("?{n}")).collect();
    format!("INSERT OR IGNORE INTO \"{table}\" ({}) VALUES ({})", names.join(", "), places.join(", "))
}
