//! What the disk and SQLite alone need for as many commits of the same rows.

use anyhow::{Context, Result};
use rusqlite::Connection;
use std::path::Path;
use std::time::Duration;
use tokio::time::Instant;

/// Of each order what central writes before it answers: the order, its first event, the event to be sent, and the
/// request's key. One after the other, as a program does that shares no commits.
pub(super) fn commits(file: &Path, orders: usize, order: &str, event: &str) -> Result<Duration> {
    let mut conn = Connection::open(file).context("bare database")?;
    conn.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
        CREATE TABLE orders (id TEXT PRIMARY KEY, body TEXT);
        CREATE TABLE facts (id TEXT, number INTEGER, body TEXT, PRIMARY KEY (id, number));
        CREATE TABLE outbox (sequence INTEGER PRIMARY KEY, id TEXT UNIQUE, body TEXT);
        CREATE TABLE keys (key TEXT PRIMARY KEY, hash BLOB, id TEXT)",
    )?;
    let began = Instant::now();
    for n in 0..orders {
        let hash = blake3::hash(&n.to_le_bytes());
        let id = format!("o-{}", hash.to_hex());
        let transaction = conn.transaction()?;
        transaction.prepare_cached("INSERT INTO orders VALUES (?1, ?2)")?.execute((&id, order))?;
        transaction.prepare_cached("INSERT INTO facts VALUES (?1, 1, ?2)")?.execute((&id, order))?;
        transaction.prepare_cached("INSERT INTO outbox VALUES (?1, ?2, ?3)")?.execute((
            i64::try_from(n)?,
            format!("evt-{}", hash.to_hex()),
            event,
        ))?;
        transaction.prepare_cached("INSERT INTO keys VALUES (?1, ?2, ?3)")?.execute((
            format!("volume-{n}"),
            hash.as_bytes(),
            &id,
        ))?;
        transaction.commit()?;
    }
    Ok(began.elapsed())
}
