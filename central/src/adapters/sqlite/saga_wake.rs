//! Something of an order changed, or will: its money is looked at now.

use super::Result;
use super::row::run;
use super::sql::sql;
use holdfast_shared::ids::{OrderId, TenantId};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, named_params};

pub(super) fn wake(conn: &Connection, tenant: &TenantId, order: &OrderId, at: UtcMs) -> Result<()> {
    let params = named_params! { ":tenant": tenant.as_str(), ":order": order.as_str(), ":now": at.0 };
    run(conn, sql!(SAGAS.wake), params)?;
    Ok(())
}
