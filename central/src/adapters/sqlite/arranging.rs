//! What people arrange for a store, and which stores' records are not as they were.

use super::Result;
use super::error;
use super::row::{list, run, to_json, unsigned};
use super::sql::sql;
use super::store_row::{read_store, record};
use crate::core::arranged::{Arrangement, Unfit};
use crate::core::fleet::Arranged;
use crate::ports::fleet::ChangedStores;
use holdfast_shared::ids::{StoreId, TenantId};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, named_params};

/// Read, decided and written in one transaction: of two that come at once, the second sees the first.
pub(super) fn arrange(
    conn: &Connection,
    tenant: &TenantId,
    store: &StoreId,
    change: Arrangement,
    now: UtcMs,
) -> Result<Option<std::result::Result<Arranged, Unfit>>> {
    let Some(record) = record(conn, tenant, store)? else { return Ok(None) };
    let arranged = match record.arranged.with(change, now) {
        Ok(arranged) => arranged,
        Err(unfit) => return Ok(Some(Err(unfit))),
    };
    let params = named_params! {
        ":tenant": tenant.as_str(), ":store": store.as_str(), ":arranged": to_json(&arranged)?,
    };
    run(conn, sql!(HEALTH.arrange), params)?;
    Ok(Some(Ok(arranged)))
}

pub(super) fn changed(conn: &Connection, since: u64) -> Result<ChangedStores> {
    let since_row = i64::try_from(since).map_err(error::unreadable)?;
    let rows = list(conn, sql!(HEALTH.changed_stores), [since_row], |row| {
        Ok((unsigned(row, "sequence")?, read_store(row)?))
    })?;
    let up_to = rows.last().map_or(since, |(sequence, _)| *sequence);
    Ok(ChangedStores { records: rows.into_iter().map(|(_, record)| record).collect(), up_to })
}
