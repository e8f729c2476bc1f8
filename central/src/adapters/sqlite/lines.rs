//! Units of an order line, moved as core says.

use super::order_rows::order_of;
use super::row::{one, run};
use super::sql::sql;
use super::{Result, error};
use crate::core::effects::{Disposition, LineUnits};
use holdfast_shared::ids::{LineNo, OrderId, TenantId};
use rusqlite::{Connection, named_params};

/// Tells how many units left beyond what was ordered, because of this.
pub(super) fn move_units(
    conn: &Connection,
    tenant: &TenantId,
    order: &OrderId,
    line: LineNo,
    change: Disposition,
) -> Result<i64> {
    let (_, cancelling, _) = order_of(conn, tenant, order)?;
    let key = rusqlite::params![tenant.as_str(), order.as_str(), line.0];
    let before = one(conn, sql!(ORDERS.line_units), key, |row| {
        Ok(LineUnits {
            quantity: row.get("quantity")?,
            open: row.get("open")?,
            finished: row.get("finished")?,
            cancelled: row.get("cancelled")?,
            surplus: row.get("surplus")?,
        })
    })?;
    let before = before.ok_or_else(|| error::missing("order line"))?;
    let after = before.changed(change, cancelling);
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":order": order.as_str(),
        ":line": line.0,
        ":open": after.open,
        ":finished": after.finished,
        ":cancelled": after.cancelled,
        ":surplus": after.surplus,
    };
    run(conn, sql!(ORDERS.set_line_units), params)?;
    Ok(after.surplus.saturating_sub(before.surplus))
}
