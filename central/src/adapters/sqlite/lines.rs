//! Units of an order line, moved as core says.

use super::order_rows::{lines, order_of, tasks_of};
use super::row::{one, run};
use super::sql::sql;
use super::{Result, error, window};
use crate::core::effects::{Disposition, LineUnits};
use crate::core::settled::{Settled, settled};
use holdfast_shared::ids::{LineNo, OrderId, TenantId};
use rusqlite::{Connection, named_params};

/// What a change of an order line came to.
pub(super) struct Moved {
    /// Units that left beyond what was ordered.
    pub(super) surplus: i64,
    /// Units that were to be taken out of `open`, and that somebody else has already.
    pub(super) elsewhere: i64,
}

/// A store that has not told yet may have handed over what this one puts back for a cancel: it waits
/// among the open units, which are cancelled when all have told.
const fn not_for_good(change: Disposition) -> Disposition {
    if change.cancelled <= 0 {
        return change;
    }
    Disposition { open: change.open.saturating_add(change.cancelled), cancelled: 0, ..change }
}

pub(super) fn move_units(
    conn: &Connection,
    tenant: &TenantId,
    order: &OrderId,
    line: LineNo,
    change: Disposition,
) -> Result<Moved> {
    let (_, cancelling, _) = order_of(conn, tenant, order)?;
    let held = window::is_held(conn, tenant, order)?;
    let (change, cancelling) = if held { (not_for_good(change), false) } else { (change, cancelling) };
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
    let wanted = change.open.saturating_neg().max(0);
    Ok(Moved {
        surplus: after.surplus.saturating_sub(before.surplus),
        elsewhere: wanted.saturating_sub(before.open).max(0),
    })
}

/// What no task has and nobody got is open. Computed anew: the backup and the stores tell of
/// different days, and differences would count some units twice.
pub(super) fn reopen(conn: &Connection, tenant: &TenantId, order: &OrderId) -> Result<()> {
    let (tasks, known) = (tasks_of(conn, tenant, order)?, lines(conn, tenant, order)?);
    let all_told = !window::is_held(conn, tenant, order)?;
    for Settled { line, open, cancelled, replaced } in settled(&known, &tasks, all_told) {
        let params = named_params! {
            ":tenant": tenant.as_str(),
            ":order": order.as_str(),
            ":line": line.0,
            ":open": open,
            ":cancelled": cancelled,
            ":replaced": replaced,
        };
        run(conn, sql!(RECOVERY.set_open), params)?;
    }
    let (_, cancelling, _) = order_of(conn, tenant, order)?;
    if cancelling && all_told {
        // Nobody gives these units to a store any more.
        let named = named_params! { ":tenant": tenant.as_str(), ":order": order.as_str() };
        run(conn, sql!(ORDERS.cancel_open_units), named)?;
    }
    Ok(())
}
