//! An order's rows as domain values, for all who work on orders.

use super::row::{from_json, list, one, parsed, parsed_or_none, unsigned, word};
use super::sql::sql;
use super::{Result, error};
use crate::core::order::{OrderEvent, OrderLine, StoreClock, stands_in_for};
use crate::core::rivals::{Rival, rivals};
use crate::core::saga::standing::Standing;
use crate::core::totals::{Amounts, BadMoney, allot};
use crate::ports::StoreError;
use crate::ports::orders::NewOrder;
use holdfast_shared::domain::task::TaskState;
use holdfast_shared::error::Code;
use holdfast_shared::ids::{LineNo, OrderId, TenantId, TraceId};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row};

pub(super) fn read_line(row: &Row<'_>) -> rusqlite::Result<OrderLine> {
    let unit_price: Option<String> = row.get("unit_price")?;
    let amounts: Option<String> = row.get("amounts")?;
    let line = LineNo(row.get("line")?);
    Ok(OrderLine {
        line,
        sku: parsed(row, "sku")?,
        quantity: row.get("quantity")?,
        open: row.get("open")?,
        backordered: row.get("backordered")?,
        finished: row.get("finished")?,
        cancelled: row.get("cancelled")?,
        came_back: row.get("came_back")?,
        replaced: row.get("replaced")?,
        unit_price: unit_price.map(|_| from_json(row, "unit_price")).transpose()?,
        substitutes: stands_in_for(line),
        expected_at: row.get::<_, Option<i64>>("expected_at")?.map(UtcMs),
        amounts: amounts.map(|_| from_json(row, "amounts")).transpose()?,
    })
}

pub(super) fn lines(conn: &Connection, tenant: &TenantId, order: &OrderId) -> Result<Vec<OrderLine>> {
    list(conn, sql!(ORDERS.lines), [tenant.as_str(), order.as_str()], read_line)
}

pub(super) fn tasks_of(conn: &Connection, tenant: &TenantId, order: &OrderId) -> Result<Vec<TaskState>> {
    let key = [tenant.as_str(), order.as_str()];
    list(conn, sql!(ORDERS.tasks), key, |row| from_json(row, "state"))
}

/// How its payment stands.
pub(super) fn payment_of(conn: &Connection, tenant: &TenantId, order: &OrderId) -> Result<Standing> {
    let key = [tenant.as_str(), order.as_str()];
    let standing = one(conn, sql!(SAGAS.standing), key, |row| word(row, "standing"))?;
    Ok(standing.unwrap_or_default())
}

pub(super) fn read_event(row: &Row<'_>) -> rusqlite::Result<OrderEvent> {
    Ok(OrderEvent {
        sequence: unsigned(row, "sequence")?,
        kind: row.get("kind")?,
        at: UtcMs(row.get("at")?),
        actor: parsed(row, "actor")?,
        store: parsed_or_none(row, "store")?,
        task: parsed_or_none(row, "task")?,
        words: row.get("words")?,
        store_clock: read_store_clock(row)?,
    })
}

fn read_store_clock(row: &Row<'_>) -> rusqlite::Result<Option<StoreClock>> {
    let said: Option<i64> = row.get("said_at")?;
    let received: Option<i64> = row.get("received_at")?;
    let ahead_ms: Option<i64> = row.get("ahead_ms")?;
    Ok(said.zip(received).zip(ahead_ms).map(|((said, received), ahead_ms)| StoreClock {
        said_at: UtcMs(said),
        received_at: UtcMs(received),
        ahead_ms,
    }))
}

/// How often it was assigned, whether it is to be cancelled, and its trace.
pub(super) fn order_of(
    conn: &Connection,
    tenant: &TenantId,
    order: &OrderId,
) -> Result<(u32, bool, TraceId)> {
    let found = one(conn, sql!(ORDERS.head), [tenant.as_str(), order.as_str()], |row| {
        Ok((row.get("assignments")?, row.get("cancel_requested")?, parsed(row, "trace")?))
    })?;
    found.ok_or_else(|| error::missing("order"))
}

/// The order's tasks that claim units to which others have more right.
pub(super) fn beaten(conn: &Connection, tenant: &TenantId, order: &OrderId) -> Result<Vec<Rival>> {
    Ok(rivals(&lines(conn, tenant, order)?, &tasks_of(conn, tenant, order)?))
}

/// What each line is allotted of the order's money, as it is written; none where nothing was said.
pub(super) fn allotted(new: &NewOrder) -> Result<Vec<Option<Amounts>>> {
    let refused =
        |bad: BadMoney| StoreError { code: Code::InvalidRequest, what: bad.to_string(), source: None };
    let allotted = allot(&new.request).map_err(refused)?.unwrap_or_default();
    let mut said: Vec<Option<Amounts>> = allotted.into_iter().map(Amounts::if_any).collect();
    said.resize(new.request.lines.len(), None);
    Ok(said)
}
