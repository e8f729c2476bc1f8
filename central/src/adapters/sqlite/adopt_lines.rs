//! The lines of an order after a restore: what stores were offered of them, and what their storefront asks
//! for again.

use super::order_rows::{lines, tasks_of};
use super::row::{one, run, to_json};
use super::sql::sql;
use super::{Result, error};
use crate::core::order::{OrderLine, OrderLineRequest};
use crate::core::settled::{replaced_more, told_units};
use crate::core::totals::Amounts;
use holdfast_shared::domain::task::{Offer, TaskState};
use holdfast_shared::guard::Guard;
use holdfast_shared::ids::{LineNo, OrderId, TenantId};
use rusqlite::{Connection, named_params};

/// The lines of an offer that central lost. Of an adopted order no more is known than what stores were
/// offered, and so it is of a line that was to stand in for another one since the backup.
pub(super) fn adopt(
    conn: &Connection,
    tenant: &TenantId,
    offer: &Offer,
    told: Option<TaskState>,
    adopted: bool,
) -> Result<()> {
    let order = &offer.order;
    for line in &offer.lines {
        add(conn, (tenant, order), line.line, (line.sku.as_str(), line.quantity))?;
    }
    let mut tasks = tasks_of(conn, tenant, order)?;
    if let Some(told) = told {
        tasks.retain(|task| task.task != told.task);
        tasks.push(told);
    }
    for offered in &offer.lines {
        let known = lines(conn, tenant, order)?;
        let Some(line) = known.iter().find(|line| line.line == offered.line) else { continue };
        let from_stores_alone = match line.substitutes {
            None => adopted,
            Some(_) => !is_made_here(conn, (tenant, order), line.line)?,
        };
        let units = told_units(line, &known, &tasks);
        if from_stores_alone && units > line.quantity {
            grow(conn, (tenant, order), line, units)?;
        }
    }
    price_stand_ins(conn, (tenant, order))
}

/// What was agreed for other goods is lost with the record of them: they cost what those would have cost that they stand
/// in for. Without a price nothing of the order could be charged.
fn price_stand_ins(conn: &Connection, (tenant, order): (&TenantId, &OrderId)) -> Result<()> {
    let known = lines(conn, tenant, order)?;
    for ordered in &known {
        let Some((unit_price, money)) = ordered.unit_price.zip(ordered.money()) else { continue };
        let stand_ins = known.iter().filter(|line| line.substitutes == Some(ordered.line));
        let mut from = ordered.quantity.saturating_sub(ordered.cancelled);
        for line in stand_ins {
            let amounts = money.amounts_of(from, line.quantity).map_err(error::unreadable)?.if_any();
            from = from.saturating_add(line.quantity);
            if line.unit_price.is_some() {
                continue;
            }
            let params = named_params! {
                ":tenant": tenant.as_str(),
                ":order": order.as_str(),
                ":line": line.line.0,
                ":unit_price": to_json(&unit_price)?,
                ":amounts": amounts.as_ref().map(to_json).transpose()?,
            };
            run(conn, sql!(RECOVERY.price_stand_in), params)?;
        }
    }
    Ok(())
}

/// Central knows how many units it is for.
fn is_made_here(conn: &Connection, (tenant, order): (&TenantId, &OrderId), line: LineNo) -> Result<bool> {
    let params = named_params! {
        ":tenant": tenant.as_str(), ":order": order.as_str(), ":line": line.0,
    };
    Ok(one(conn, sql!(SUBSTITUTIONS.made_as), params, |_| Ok(()))?.is_some())
}

/// A line that is not known yet, with what follows for those that are for the same units.
fn add(
    conn: &Connection,
    of: (&TenantId, &OrderId),
    number: LineNo,
    (sku, quantity): (&str, i64),
) -> Result<()> {
    let (tenant, order) = of;
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":order": order.as_str(),
        ":line": number.0,
        ":sku": sku,
        ":quantity": quantity,
    };
    if run(conn, sql!(RECOVERY.adopt_line), params)? == 0 {
        return Ok(());
    }
    let known = lines(conn, tenant, order)?;
    let Some(line) = known.iter().find(|line| line.line == number) else {
        return Err(error::missing("order line"));
    };
    if line.substitutes.is_some() {
        return replace(conn, of, line, quantity);
    }
    let beside = known.iter().filter(|other| other.substitutes == Some(number));
    let units = beside.fold(0_i64, |sum, other| sum.saturating_add(other.quantity));
    is_replaced(conn, of, line, units)
}

fn grow(conn: &Connection, of: (&TenantId, &OrderId), line: &OrderLine, units: i64) -> Result<()> {
    let params = named_params! {
        ":tenant": of.0.as_str(), ":order": of.1.as_str(), ":line": line.line.0, ":quantity": units,
    };
    run(conn, sql!(RECOVERY.grow_line), params)?;
    replace(conn, of, line, units.saturating_sub(line.quantity))
}

/// So many units more of the line that this one stands in for, if it does, are not sent as they were ordered.
fn replace(conn: &Connection, of: (&TenantId, &OrderId), line: &OrderLine, units: i64) -> Result<()> {
    let known = lines(conn, of.0, of.1)?;
    match known.iter().find(|ordered| line.substitutes == Some(ordered.line)) {
        Some(ordered) => is_replaced(conn, of, ordered, units),
        None => Ok(()),
    }
}

fn is_replaced(
    conn: &Connection,
    (tenant, order): (&TenantId, &OrderId),
    line: &OrderLine,
    units: i64,
) -> Result<()> {
    if !Guard::StandInsCount.stands() {
        return Ok(());
    }
    let (cancelled, replaced) = replaced_more(line, units);
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":order": order.as_str(),
        ":line": line.line.0,
        ":cancelled": cancelled,
        ":replaced": replaced,
    };
    run(conn, sql!(RECOVERY.is_replaced), params)?;
    Ok(())
}

/// The request of an adopted order came again: its lines are as they were asked for. Units that left beyond
/// that are told.
pub(super) fn complete(
    conn: &Connection,
    tenant: &TenantId,
    order: &OrderId,
    asked: &[OrderLineRequest],
    amounts: &[Option<Amounts>],
) -> Result<i64> {
    let mut beyond = 0_i64;
    for ((number, line), amounts) in (1_u32..).map(LineNo).zip(asked).zip(amounts) {
        add(conn, (tenant, order), number, (line.sku.as_str(), line.quantity))?;
        let params = named_params! {
            ":tenant": tenant.as_str(),
            ":order": order.as_str(),
            ":line": number.0,
            ":quantity": line.quantity,
            ":unit_price": line.unit_price.as_ref().map(to_json).transpose()?,
            ":amounts": amounts.as_ref().map(to_json).transpose()?,
        };
        let surplus: Option<i64> = one(conn, sql!(RECOVERY.price_line), params, |row| row.get("surplus"))?;
        beyond = beyond.saturating_add(surplus.unwrap_or(0));
        let known = lines(conn, tenant, order)?;
        if let Some(line) = known.iter().find(|known| known.line == number) {
            is_replaced(conn, (tenant, order), line, 0)?;
        }
    }
    price_stand_ins(conn, (tenant, order))?;
    Ok(beyond)
}
