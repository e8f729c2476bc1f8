//! Holds of order lines: what tasks have set aside, and out of what. The position of a hold moves in the
//! same transaction; the room of stock sees to that.

use super::Result;
use super::row::{one, run};
use super::sql::sql;
use crate::core::routing::decision::DemandLine;
use holdfast_shared::domain::stock::HoldRef;
use holdfast_shared::domain::task::{Line, Phase, TaskState};
use holdfast_shared::ids::{LineNo, Sku, StoreId, TaskId, TenantId};
use rusqlite::{Connection, Row, named_params};

/// Units of holds that ended, and those of them that were promised out of rights.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Freed {
    pub(super) units: i64,
    pub(super) rights: i64,
}

impl Freed {
    pub(super) const fn of(units: i64, ceded: bool) -> Self {
        Self { units, rights: if ceded { units } else { 0 } }
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self {
            units: self.units.saturating_add(other.units),
            rights: self.rights.saturating_add(other.rights),
        }
    }
}

/// What was set aside, and out of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reserved {
    /// What the position allowed before.
    pub(super) available: i64,
    /// Out of what the store has ceded.
    pub(super) ceded: bool,
}

pub(super) fn hold(
    conn: &Connection,
    tenant: &TenantId,
    store: &StoreId,
    task: &TaskId,
    line: &DemandLine,
    reserved: Reserved,
) -> Result<()> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":task": task.as_str(),
        ":line": line.line.0,
        ":store": store.as_str(),
        ":sku": line.sku.as_str(),
        ":quantity": line.quantity,
        ":available": reserved.available,
        ":ceded": reserved.ceded,
    };
    run(conn, sql!(STOCK.hold), params)?;
    Ok(())
}

/// Ends up to `units` of a hold, and tells how many. A hold that has ended already, or belongs to
/// another position, frees nothing.
pub(super) fn end_hold(
    conn: &Connection,
    tenant: &TenantId,
    store: &StoreId,
    sku: &Sku,
    task: &TaskId,
    line: LineNo,
    units: i64,
) -> Result<Freed> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":task": task.as_str(),
        ":line": line.0,
        ":store": store.as_str(),
        ":sku": sku.as_str(),
    };
    let Some((held, ceded)) = one(conn, sql!(STOCK.held), params, read_held)? else {
        end_early(conn, tenant, store, task, line, units)?;
        return Ok(Freed::default());
    };
    let ended = units.clamp(0, held);
    if ended > 0 {
        let params = named_params! {
            ":tenant": tenant.as_str(), ":task": task.as_str(), ":line": line.0, ":units": ended,
        };
        run(conn, sql!(STOCK.end_hold), params)?;
    }
    Ok(Freed::of(ended, ceded))
}

/// How many units are held again, as less than none that were freed.
pub(super) fn hold_again(
    conn: &Connection,
    tenant: &TenantId,
    store: &StoreId,
    sku: &Sku,
    hold: &HoldRef,
    units: i64,
) -> Result<Freed> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":task": hold.task.as_str(),
        ":line": hold.line.0,
        ":store": store.as_str(),
        ":sku": sku.as_str(),
    };
    let Some((held, ceded)) = one(conn, sql!(STOCK.held), params, read_held)? else {
        end_early(conn, tenant, store, &hold.task, hold.line, units.saturating_neg())?;
        return Ok(Freed::default());
    };
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":task": hold.task.as_str(),
        ":line": hold.line.0,
        ":store": store.as_str(),
        ":sku": sku.as_str(),
        ":units": units.max(0),
    };
    let now_held = one(conn, sql!(STOCK.hold_again), params, |row| row.get("quantity"))?.unwrap_or(held);
    Ok(Freed::of(held.saturating_sub(now_held), ceded))
}

fn read_held(row: &Row<'_>) -> rusqlite::Result<(i64, bool)> {
    Ok((row.get("quantity")?, row.get("ceded")?))
}

/// A hold of a task that is not known yet: a store's documents may come in any order.
fn end_early(
    conn: &Connection,
    tenant: &TenantId,
    store: &StoreId,
    task: &TaskId,
    line: LineNo,
    units: i64,
) -> Result<()> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":store": store.as_str(),
        ":task": task.as_str(),
        ":line": line.0,
        ":units": units,
    };
    run(conn, sql!(RECOVERY.ended_early), params)?;
    Ok(())
}

/// Sets aside what a task of the lost window holds in fact, whatever the position says. A hold that
/// is there already stays as it is.
pub(super) fn adopt_hold(conn: &Connection, tenant: &TenantId, task: &TaskState, line: &Line) -> Result<()> {
    let early = named_params! {
        ":tenant": tenant.as_str(),
        ":store": task.store.as_str(),
        ":task": task.task.as_str(),
        ":line": line.line.0,
    };
    let ended = one(conn, sql!(RECOVERY.units_ended_early), early, |row| row.get::<_, i64>("units"))?;
    let ended = if task.phase == Phase::Declined { line.quantity } else { ended.unwrap_or(0) };
    let units = line.quantity.saturating_sub(ended).max(0);
    let reserve = |units: i64| {
        let params = named_params! {
            ":tenant": tenant.as_str(),
            ":sku": line.sku.as_str(),
            ":store": task.store.as_str(),
            ":units": units,
            ":rights": if line.ceded { units } else { 0 },
        };
        run(conn, sql!(RECOVERY.adopt_position), params)
    };
    reserve(0)?;
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":task": task.task.as_str(),
        ":line": line.line.0,
        ":store": task.store.as_str(),
        ":sku": line.sku.as_str(),
        ":taken": line.quantity,
        ":units": units,
        ":ceded": line.ceded,
    };
    if run(conn, sql!(RECOVERY.adopt_hold), params)? > 0 {
        reserve(units)?;
    }
    Ok(())
}
