//! The few statements that are the same in every database of the product.

pub(super) const WITNESS_TABLE: &str = "CREATE TABLE IF NOT EXISTS witness (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    lineage BLOB    NOT NULL CHECK (length(lineage) = 16),
    commits INTEGER NOT NULL CHECK (commits >= 0),
    at      INTEGER NOT NULL
) STRICT";
pub(super) const WITNESS_BEGIN: &str =
    "INSERT INTO witness (one, lineage, commits, at) VALUES (1, ?1, ?2, ?3) ON CONFLICT DO NOTHING";
pub(super) const WITNESS_READ: &str = "SELECT lineage, commits, at FROM witness";
pub(super) const WITNESS_COUNT: &str = "UPDATE witness SET commits = ?1, at = ?2";
pub(super) const WITNESS_SUCCEED: &str = "UPDATE witness SET lineage = ?1, commits = ?2, at = ?3";

pub(super) const HISTORY_TABLE: &str = "refinery_schema_history";
pub(super) const HISTORY: &str =
    "SELECT version, name, applied_on, checksum FROM refinery_schema_history ORDER BY version";
pub(super) const ALL_TABLES: &str =
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";

// Rescue. Names come from the schema of a database of ours, and are quoted all the same.
/// Not those that SQLite, the search index and migrations keep for themselves.
pub(super) const TABLES: &str = "SELECT name FROM sqlite_schema WHERE type = 'table' \
    AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'item_words%' \
    AND name NOT IN ('refinery_schema_history', 'witness') ORDER BY rowid";
pub(super) const COLUMNS: &str = "SELECT name FROM pragma_table_info(?1) ORDER BY cid";
pub(super) const KEYS: &str = "SELECT name FROM pragma_table_info(?1) WHERE pk > 0 ORDER BY pk";

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', ""))
}

fn selected(number: &str, columns: &[String], sound: Option<&str>) -> String {
    let sound = sound.map_or("1".to_owned(), |over| format!("sum = row_sum({over})"));
    let names: String = columns.iter().map(|name| format!(", {}", quoted(name))).collect();
    format!("SELECT {number}, {sound}{names}")
}

pub(super) fn rescue_probe(table: &str) -> String {
    format!("SELECT rowid FROM {}", quoted(table))
}

pub(super) fn rescue_rows(table: &str, columns: &[String], sound: Option<&str>, backwards: bool) -> String {
    let order = if backwards { "DESC" } else { "ASC" };
    let selected = selected("rowid", columns, sound);
    format!("{selected} FROM {} WHERE rowid > ?1 AND rowid <= ?2 ORDER BY rowid {order}", quoted(table))
}

pub(super) fn rescue_next(table: &str) -> String {
    format!("SELECT rowid FROM {} WHERE rowid >= ?1 ORDER BY rowid LIMIT 1", quoted(table))
}

pub(super) fn rescue_keyed(
    table: &str,
    columns: &[String],
    sound: Option<&str>,
    keys: &[String],
    backwards: bool,
) -> String {
    let order = if backwards { "DESC" } else { "ASC" };
    let keys: Vec<String> = keys.iter().map(|key| format!("{} {order}", quoted(key))).collect();
    format!("{} FROM {} ORDER BY {}", selected("NULL", columns, sound), quoted(table), keys.join(", "))
}
