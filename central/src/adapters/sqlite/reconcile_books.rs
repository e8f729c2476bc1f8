//! Rows side by side, for whoever compares them: read as they are, by statements of their own.

use super::order_rows::read_line;
use super::row::{from_json, list, one, parsed, unsigned, word, word_or_none};
use super::shipment_rows::{books, is_labelled};
use super::sql::sql;
use super::{Result, ledger, reconcile_returns, window};
use crate::core::order::OrderRequest;
use crate::core::reconcile::book::{
    HoldBook, LineBook, OrderBook, PositionBook, ReturnsBook, StoreBook, TaskBook, TaskColumns,
    UnequalPosition,
};
use holdfast_shared::domain::task::TaskState;
use holdfast_shared::ids::{LineNo, OrderId, Sku, StoreId, TaskId, TenantId};
use holdfast_shared::limits::RECONCILE_UNEQUAL_MAX;
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row, named_params};

pub(super) fn order_book(conn: &Connection, tenant: &TenantId, order: &OrderId) -> Result<Option<OrderBook>> {
    let key = named_params! { ":tenant": tenant.as_str(), ":order": order.as_str() };
    let head = one(conn, sql!(RECONCILE.order), key, |row| {
        let request: OrderRequest = from_json(row, "request")?;
        Ok(OrderBook {
            tenant: tenant.clone(),
            order: order.clone(),
            kind: word(row, "kind")?,
            state: word(row, "state")?,
            changed_at: UtcMs(row.get("changed_at")?),
            promise_by: request.promise_by,
            held: false,
            payment: word_or_none(row, "payment")?.unwrap_or_default(),
            waits: row.get("waits")?,
            in_queue: row.get("in_queue")?,
            lines: Vec::new(),
            tasks: Vec::new(),
            returns: ReturnsBook::default(),
            money: None,
            labelled_here: false,
            parcels: Vec::new(),
        })
    })?;
    let Some(head) = head else { return Ok(None) };
    let lines = list(conn, sql!(RECONCILE.lines), key, |row| {
        Ok(LineBook { line: read_line(row)?, surplus: row.get("surplus")? })
    })?;
    let rows = list(conn, sql!(RECONCILE.tasks), key, |row| {
        let task: TaskId = parsed(row, "task")?;
        Ok((task, read_task(row)?))
    })?;
    let mut tasks = Vec::with_capacity(rows.len());
    for (task, mut row) in rows {
        row.folded = ledger::folded(conn, tenant, &task)?.map(|folded| folded.state);
        row.holds = holds(conn, tenant, &task)?;
        tasks.push(row);
    }
    let held = window::is_held(conn, tenant, order)?;
    let returns = reconcile_returns::returns(conn, tenant, order)?;
    let money = reconcile_returns::money(conn, tenant, order)?;
    let (labelled_here, parcels) = (is_labelled(conn, tenant, order)?, books(conn, tenant, order)?);
    Ok(Some(OrderBook { held, lines, tasks, returns, money, labelled_here, parcels, ..head }))
}

fn read_task(row: &Row<'_>) -> rusqlite::Result<TaskBook> {
    let state: TaskState = from_json(row, "state")?;
    Ok(TaskBook {
        columns: TaskColumns {
            order: parsed(row, "order_id")?,
            store: parsed(row, "store")?,
            fence: row.get("fence")?,
            phase: row.get("phase")?,
            released_to: row.get("released_to")?,
            recalled: row.get("recalled")?,
            cancelling: row.get("cancelling")?,
            ended: row.get("ended")?,
        },
        state,
        folded: None,
        level: row.get("level")?,
        cancel_asked_at: row.get::<_, Option<i64>>("cancel_asked_at")?.map(UtcMs),
        holds: Vec::new(),
    })
}

fn holds(conn: &Connection, tenant: &TenantId, task: &TaskId) -> Result<Vec<HoldBook>> {
    let key = named_params! { ":tenant": tenant.as_str(), ":task": task.as_str() };
    list(conn, sql!(RECONCILE.holds), key, |row| {
        Ok(HoldBook {
            line: LineNo(row.get("line")?),
            store: parsed(row, "store")?,
            sku: parsed(row, "sku")?,
            taken: row.get("taken")?,
            quantity: row.get("quantity")?,
        })
    })
}

pub(super) fn read_position(row: &Row<'_>) -> rusqlite::Result<PositionBook> {
    Ok(PositionBook {
        tenant: parsed(row, "tenant")?,
        store: parsed(row, "store")?,
        sku: parsed(row, "sku")?,
        reserved: row.get("reserved")?,
        rights_held: row.get("rights_held")?,
        held: row.get("held")?,
        held_of_rights: row.get("held_of_rights")?,
    })
}

pub(super) fn position_book(
    conn: &Connection,
    tenant: &TenantId,
    store: &StoreId,
    sku: &Sku,
) -> Result<Option<PositionBook>> {
    let key = named_params! { ":tenant": tenant.as_str(), ":sku": sku.as_str(), ":store": store.as_str() };
    one(conn, sql!(RECONCILE.position), key, read_position)
}

pub(super) fn store_book(conn: &Connection, tenant: &TenantId, store: &StoreId) -> Result<Option<StoreBook>> {
    let key = named_params! { ":tenant": tenant.as_str(), ":store": store.as_str() };
    let head = one(conn, sql!(RECONCILE.store), key, |row| {
        Ok(StoreBook {
            tenant: tenant.clone(),
            store: store.clone(),
            level_at: row.get::<_, Option<i64>>("level_at")?.map(UtcMs),
            held_skus: unsigned(row, "held_skus")?,
            unequal: Vec::new(),
        })
    })?;
    let Some(head) = head else { return Ok(None) };
    let named = named_params! {
        ":tenant": tenant.as_str(), ":store": store.as_str(), ":rows": RECONCILE_UNEQUAL_MAX,
    };
    let unequal = list(conn, sql!(RECONCILE.unequal), named, |row| {
        Ok(UnequalPosition {
            sku: parsed(row, "sku")?,
            on_hand: row.get("on_hand")?,
            told: row.get("told")?,
            rights: row.get("rights")?,
            rights_told: row.get("rights_told")?,
        })
    })?;
    Ok(Some(StoreBook { unequal, ..head }))
}
