//! Deletes what is over, in bounded steps of one commit each. Ages go by central's clock as last
//! heard: a wrong clock in the store must not cost what a restored backup will need.

use super::{SqliteLedger, sql};
use crate::ports::ledger::{Housekeeping, Kept, LedgerError, Retention};
use async_trait::async_trait;
use holdfast_platform::sqlite::StorageError;
use holdfast_shared::ids::Sku;
use holdfast_shared::limits::{HOUSEKEEPING_ROWS_MAX, SEALING_DOCUMENTS_MAX};
use rusqlite::{Connection, params};

#[async_trait]
impl Housekeeping for SqliteLedger {
    async fn keep_house(&self, retention: Retention) -> Result<Kept, LedgerError> {
        self.write(move |connection, _| Ok(keep_house(connection, retention)?)).await
    }

    async fn unbalanced(&self, limit: u32) -> Result<Vec<Sku>, LedgerError> {
        self.read(move |connection| Ok(unbalanced(connection, limit)?)).await
    }
}

fn keep_house(connection: &Connection, retention: Retention) -> Result<Kept, StorageError> {
    let now: i64 = connection.prepare_cached(sql::CENTRAL_TIME)?.query_row([], |row| row.get(0))?;
    let archives_from = now.saturating_sub(retention.archives_ms);
    let facts_from = now.saturating_sub(retention.facts_ms.max(retention.archives_ms));
    let rows = i64::try_from(HOUSEKEEPING_ROWS_MAX).map_err(StorageError::unreadable)?;
    let documents = i64::try_from(SEALING_DOCUMENTS_MAX).map_err(StorageError::unreadable)?;
    let run = |sql: &str, from: i64, rows: i64| connection.prepare_cached(sql)?.execute([from, rows]);
    let archives = run(sql::ARCHIVES_OVER, archives_from, documents)?;
    connection.prepare_cached(sql::FACTS_KEPT_FROM)?.execute([facts_from])?;
    let over: Vec<String> = connection
        .prepare_cached(sql::FACTS_OVER)?
        .query_map([facts_from, rows], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for fact in &over {
        for statement in [sql::FACT_BODIES_DROP, sql::FACT_AGAIN_DROP, sql::FACT_DROP] {
            connection.prepare_cached(statement)?.execute([fact])?;
        }
    }
    let named = run(sql::DOCUMENTS_OVER, facts_from, rows)?;
    let tasks = run(sql::TASKS_OVER, facts_from, rows)?;
    let keys = run(sql::KEYS_OVER, sql::IDEMPOTENCY_BYTES_MAX, rows)?;
    let more = over.len().max(keys) >= HOUSEKEEPING_ROWS_MAX
        || archives >= SEALING_DOCUMENTS_MAX
        || named.max(tasks) >= HOUSEKEEPING_ROWS_MAX;
    Ok(Kept { archives, facts: over.len(), documents: named, tasks, more })
}

fn unbalanced(connection: &Connection, limit: u32) -> Result<Vec<Sku>, StorageError> {
    let mut statement = connection.prepare_cached(sql::ITEMS_UNBALANCED)?;
    let skus: Vec<String> =
        statement.query_map(params![limit], |row| row.get(0))?.collect::<Result<_, _>>()?;
    skus.into_iter().map(|sku| Sku::new(sku).map_err(StorageError::unreadable)).collect()
}
