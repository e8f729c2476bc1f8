//! Returns as rows, and what an order's lines count of them.

use super::Result;
use super::exceptions::settle;
use super::order_rows::{lines, tasks_of};
use super::row::{from_json, list, one, parsed, run};
use super::sql::sql;
use crate::core::returns::due::back_by_now;
use crate::core::returns::fact::ReturnFact;
use crate::core::returns::state::Return;
use crate::core::returns::tally::tally;
use holdfast_shared::ids::{OrderId, ReturnId, TaskId, TenantId};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row, named_params};

/// Whose.
pub(super) type Of<'a> = (&'a TenantId, &'a OrderId);

fn read_fact(row: &Row<'_>) -> rusqlite::Result<ReturnFact> {
    Ok(ReturnFact {
        sequence: row.get("sequence")?,
        at: UtcMs(row.get("at")?),
        by: parsed(row, "actor")?,
        said: from_json(row, "said")?,
    })
}

pub(super) fn facts(conn: &Connection, (tenant, order): Of<'_>, number: u32) -> Result<Vec<ReturnFact>> {
    let params = named_params! { ":tenant": tenant.as_str(), ":order": order.as_str(), ":number": number };
    list(conn, sql!(RETURNS.facts), params, read_fact)
}

/// All of an order's, the first one first.
pub(super) fn of_order(conn: &Connection, (tenant, order): Of<'_>) -> Result<Vec<Return>> {
    let rows = list(conn, sql!(RETURNS.of_order), [tenant.as_str(), order.as_str()], |row| {
        Ok((row.get::<_, u32>("number")?, parsed::<ReturnId>(row, "return_id")?))
    })?;
    let fold = |(number, id): (u32, ReturnId)| {
        Ok(Return::fold(&id, order, number, &facts(conn, (tenant, order), number)?))
    };
    rows.into_iter().map(fold).collect()
}

pub(super) fn order_of(conn: &Connection, tenant: &TenantId, id: &ReturnId) -> Result<Option<OrderId>> {
    one(conn, sql!(RETURNS.by_id), [tenant.as_str(), id.as_str()], |row| parsed(row, "order_id"))
}

/// Of the exception about more units than left.
pub(super) fn beyond_key(order: &OrderId) -> String {
    format!("beyond_return/{order}")
}

/// Of the exception about goods that left although their order was cancelled.
pub(super) fn return_due_key(task: &TaskId) -> String {
    format!("return/{task}")
}

/// What the order's lines count, from all its returns.
pub(super) fn recount(conn: &Connection, (tenant, order): Of<'_>, now: UtcMs) -> Result<()> {
    let returns = of_order(conn, (tenant, order))?;
    if returns.is_empty() {
        return Ok(());
    }
    let (mut changed, mut surplus) = (false, 0_i64);
    for line in tally(&lines(conn, tenant, order)?, &returns) {
        surplus = surplus.saturating_add(line.surplus);
        let params = named_params! {
            ":tenant": tenant.as_str(),
            ":order": order.as_str(),
            ":line": line.line.0,
            ":coming_back": line.coming_back,
            ":came_back": line.came_back,
        };
        changed |= run(conn, sql!(RETURNS.count_line), params)? > 0;
    }
    if changed && surplus == 0 {
        settle(conn, tenant, &beyond_key(order), "all that is back is known to have left", now)?;
    }
    end_due(conn, (tenant, order), now)
}

/// Nobody has to fetch what is back. Its money is the return's matter.
fn end_due(conn: &Connection, (tenant, order): Of<'_>, now: UtcMs) -> Result<()> {
    let (tasks, ordered) = (tasks_of(conn, tenant, order)?, lines(conn, tenant, order)?);
    for task in back_by_now(&tasks, &ordered) {
        settle(conn, tenant, &return_due_key(task), "the goods are back", now)?;
    }
    Ok(())
}

/// Something of the order changed: its returns are looked at now.
pub(super) fn wake(conn: &Connection, (tenant, order): Of<'_>, now: UtcMs) -> Result<()> {
    let params = named_params! { ":tenant": tenant.as_str(), ":order": order.as_str(), ":now": now.0 };
    run(conn, sql!(RETURNS.wake), params)?;
    recount(conn, (tenant, order), now)
}
