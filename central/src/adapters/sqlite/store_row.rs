//! A store's record, as the statements give it.

use super::Result;
use super::row::{count, from_json, one, parsed, unreadable};
use super::sql::sql;
use super::work_hours::hours_of_work;
use crate::core::fleet::{Arranged, StoreRecord};
use holdfast_shared::ids::{StoreId, TenantId};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row};

pub(super) fn read_store(row: &Row<'_>) -> rusqlite::Result<StoreRecord> {
    Ok(StoreRecord {
        tenant: parsed(row, "tenant")?,
        store: from_json(row, "description")?,
        enrolled_replicas: count(row, "enrolled_replicas")?,
        open_tasks: count(row, "open_tasks")?,
        synced_at: row.get::<_, Option<i64>>("synced_at")?.map(UtcMs),
        closures: from_json(row, "closures")?,
        arranged: arranged(row)?,
        work: hours_of_work(row)?,
        recovering: row.get("recovering")?,
    })
}

fn arranged(row: &Row<'_>) -> rusqlite::Result<Arranged> {
    let text: Option<String> = row.get("arranged")?;
    text.map_or_else(|| Ok(Arranged::default()), |text| serde_json::from_str(&text).map_err(unreadable))
}

pub(super) fn record(conn: &Connection, tenant: &TenantId, store: &StoreId) -> Result<Option<StoreRecord>> {
    one(conn, sql!(FLEET.store), [tenant.as_str(), store.as_str()], read_store)
}
