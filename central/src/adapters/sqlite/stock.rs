//! Positions and holds. Positions move by differences only, in one transaction with the holds
//! that the same facts name; `reserved` is never set, only taken from and added to.

use super::Result;
use super::documents::Digests;
use super::lessons;
use super::outbox::{Class, NewEvent, append};
use super::row::{list, one, parsed, run};
use super::sql::sql;
use crate::core::routing::decision::DemandLine;
use crate::core::stock::learned::Counts;
use holdfast_shared::domain::fact::{Body, Fact};
use holdfast_shared::domain::stock::HoldRef;
use holdfast_shared::domain::task::{Line, Phase, TaskState};
use holdfast_shared::guard::Guard;
use holdfast_shared::ids::{LineNo, Sku, StoreId, TaskId, TenantId};
use holdfast_shared::stamp::Receipt;
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, named_params};
use serde_json::json;
use std::collections::BTreeMap;

/// What a batch of facts does to one SKU.
#[derive(Debug, Clone, Copy, Default)]
struct Difference {
    on_hand: i64,
    freed: i64,
    as_of: UtcMs,
}

/// Applies the facts of one store. Tells whether units became available.
pub(super) fn apply(
    conn: &Connection,
    tenant: &TenantId,
    store: &StoreId,
    facts: &[Fact],
    receipt: &Receipt,
) -> Result<bool> {
    lessons::heed(conn, (tenant, store), facts, receipt, Counts::Now)?;
    let mut differences: BTreeMap<&Sku, Difference> = BTreeMap::new();
    for fact in facts {
        let Body::Stock(stock) = &fact.body else { continue };
        let freed = match stock.ends_hold() {
            Some((hold, units)) => end_hold(conn, tenant, store, &stock.sku, &hold.task, hold.line, units)?,
            None => 0,
        };
        let difference = differences.entry(&stock.sku).or_default();
        difference.on_hand = difference.on_hand.saturating_add(stock.delta);
        difference.freed = difference.freed.saturating_add(freed);
        difference.as_of = difference.as_of.max(receipt.likely(fact.at.wall));
    }
    let mut digests = Digests::read(conn, tenant, store)?;
    let mut grew = false;
    for (sku, difference) in differences {
        let key = [tenant.as_str(), sku.as_str(), store.as_str()];
        let before = one(conn, sql!(STOCK.on_hand), key, |row| row.get("on_hand"))?.unwrap_or(0);
        digests.move_stock(sku, before, before.saturating_add(difference.on_hand));
        grew |= move_position(conn, tenant, store, sku, difference, receipt.at)?;
    }
    digests.write(conn, tenant, store)?;
    Ok(grew)
}

/// Takes back what facts did that do not count any more. A hold that they ended stands again.
pub(super) fn undo(
    conn: &Connection,
    tenant: &TenantId,
    store: &StoreId,
    facts: &[Fact],
    receipt: &Receipt,
) -> Result<()> {
    lessons::heed(conn, (tenant, store), facts, receipt, Counts::NoMore)?;
    for fact in facts {
        let Body::Stock(stock) = &fact.body else { continue };
        let again = match stock.ends_hold() {
            Some((hold, units)) => hold_again(conn, tenant, store, &stock.sku, hold, units)?,
            None => 0,
        };
        let key = [tenant.as_str(), stock.sku.as_str(), store.as_str()];
        let before = one(conn, sql!(STOCK.on_hand), key, |row| row.get("on_hand"))?.unwrap_or(0);
        let on_hand = stock.delta.saturating_neg();
        let mut digests = Digests::read(conn, tenant, store)?;
        digests.move_stock(&stock.sku, before, before.saturating_add(on_hand));
        digests.write(conn, tenant, store)?;
        let difference =
            Difference { on_hand, freed: again.saturating_neg(), as_of: receipt.likely(fact.at.wall) };
        move_position(conn, tenant, store, &stock.sku, difference, receipt.at)?;
    }
    Ok(())
}

/// How many units are held again.
fn hold_again(
    conn: &Connection,
    tenant: &TenantId,
    store: &StoreId,
    sku: &Sku,
    hold: &HoldRef,
    units: i64,
) -> Result<i64> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":task": hold.task.as_str(),
        ":line": hold.line.0,
        ":store": store.as_str(),
        ":sku": sku.as_str(),
    };
    let Some(held) = one(conn, sql!(STOCK.held), params, |row| row.get::<_, i64>("quantity"))? else {
        end_early(conn, tenant, store, &hold.task, hold.line, units.saturating_neg())?;
        return Ok(0);
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
    Ok(now_held.saturating_sub(held))
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

fn move_position(
    conn: &Connection,
    tenant: &TenantId,
    store: &StoreId,
    sku: &Sku,
    difference: Difference,
    now: UtcMs,
) -> Result<bool> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":sku": sku.as_str(),
        ":store": store.as_str(),
        ":on_hand": difference.on_hand,
        ":freed": difference.freed,
        ":as_of": difference.as_of.0,
    };
    let told = one(conn, sql!(STOCK.move_position), params, |row| {
        Ok((row.get::<_, i64>("on_hand")?, row.get::<_, i64>("reserved")?))
    })?;
    let (on_hand, reserved) = told.unwrap_or_default();
    let free = on_hand.saturating_sub(reserved);
    let free_before = free.saturating_sub(difference.on_hand).saturating_sub(difference.freed);
    lessons::note_oversold(conn, (tenant, store, sku), (free_before, free), now)?;
    let body = json!({
        "store": store, "sku": sku, "on_hand": on_hand, "reserved": reserved,
        "change": difference.on_hand,
    });
    let key = format!("{store}/{sku}");
    let event = NewEvent { kind: "InventoryAdjusted", key: &key, class: Class::Update, at: now, body: &body };
    append(conn, tenant, &event)?;
    let grew = difference.on_hand.saturating_add(difference.freed) > 0;
    if grew {
        grow(conn, tenant, sku, now)?;
    }
    Ok(grew)
}

fn grow(conn: &Connection, tenant: &TenantId, sku: &Sku, now: UtcMs) -> Result<()> {
    let params = named_params! { ":tenant": tenant.as_str(), ":sku": sku.as_str(), ":at": now.0 };
    run(conn, sql!(STOCK.stock_grew), params)?;
    Ok(())
}

/// Ends up to `units` of a hold, and tells how many. A hold that has ended already, or belongs to
/// another position, frees nothing.
fn end_hold(
    conn: &Connection,
    tenant: &TenantId,
    store: &StoreId,
    sku: &Sku,
    task: &TaskId,
    line: LineNo,
    units: i64,
) -> Result<i64> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":task": task.as_str(),
        ":line": line.0,
        ":store": store.as_str(),
        ":sku": sku.as_str(),
    };
    let Some(held) = one(conn, sql!(STOCK.held), params, |row| row.get::<_, i64>("quantity"))? else {
        end_early(conn, tenant, store, task, line, units)?;
        return Ok(0);
    };
    let ended = units.clamp(0, held);
    if ended > 0 {
        let params = named_params! {
            ":tenant": tenant.as_str(), ":task": task.as_str(), ":line": line.0, ":units": ended,
        };
        run(conn, sql!(STOCK.end_hold), params)?;
    }
    Ok(ended)
}

/// Ends all holds of a task whose goods nobody has touched.
pub(super) fn end_holds(conn: &Connection, tenant: &TenantId, task: &TaskId, now: UtcMs) -> Result<()> {
    let key = [tenant.as_str(), task.as_str()];
    let holds = list(conn, sql!(STOCK.holds_of_task), key, |row| {
        let line = LineNo(row.get("line")?);
        Ok((line, parsed::<StoreId>(row, "store")?, parsed::<Sku>(row, "sku")?, row.get("quantity")?))
    })?;
    for (line, store, sku, quantity) in holds {
        let freed = end_hold(conn, tenant, &store, &sku, task, line, quantity)?;
        give_back(conn, tenant, &store, &sku, freed, now)?;
    }
    Ok(())
}

/// Units that were set aside may be sold again, and whoever waits for them may ask.
pub(super) fn give_back(
    conn: &Connection,
    tenant: &TenantId,
    store: &StoreId,
    sku: &Sku,
    units: i64,
    now: UtcMs,
) -> Result<()> {
    free(conn, tenant, store, sku, units)?;
    grow(conn, tenant, sku, now)
}

pub(super) fn free(
    conn: &Connection,
    tenant: &TenantId,
    store: &StoreId,
    sku: &Sku,
    units: i64,
) -> Result<()> {
    let params = named_params! {
        ":tenant": tenant.as_str(), ":sku": sku.as_str(), ":store": store.as_str(), ":freed": units,
    };
    run(conn, sql!(STOCK.free), params)?;
    Ok(())
}

/// Sets units aside if the position allows it now. Tells what it allowed before, or nothing.
pub(super) fn reserve(
    conn: &Connection,
    tenant: &TenantId,
    store: &StoreId,
    line: &DemandLine,
) -> Result<Option<i64>> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":sku": line.sku.as_str(),
        ":store": store.as_str(),
        ":quantity": line.quantity,
        ":conditional": Guard::ConditionalReserve.stands(),
    };
    let told = one(conn, sql!(STOCK.reserve), params, |row| row.get("available"))?;
    if told.is_some() || Guard::ConditionalReserve.stands() {
        return Ok(told);
    }
    one(conn, sql!(STOCK.reserve_whatever), params, |row| row.get("available"))
}

pub(super) fn hold(
    conn: &Connection,
    tenant: &TenantId,
    store: &StoreId,
    task: &TaskId,
    line: &DemandLine,
    available: i64,
) -> Result<()> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":task": task.as_str(),
        ":line": line.line.0,
        ":store": store.as_str(),
        ":sku": line.sku.as_str(),
        ":quantity": line.quantity,
        ":available": available,
    };
    run(conn, sql!(STOCK.hold), params)?;
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
    };
    if run(conn, sql!(RECOVERY.adopt_hold), params)? > 0 {
        reserve(units)?;
    }
    Ok(())
}
