//! Whether promised dates are kept: planned with the assignment, known when the goods are handed
//! over (or ready to be collected), and better when the carrier says that they have arrived.

use super::row::{list, one, parsed, run, unsigned, word};
use super::sql::sql;
use super::{Result, kpis, shipment_rows};
use crate::core::carriers::Journey;
use crate::core::order::{OrderRequest, OrderState};
use crate::core::promise::expected_at;
use crate::ports::promises::{Accuracy, Outcome, PromiseSource};
use holdfast_shared::domain::task::{FulfilmentKind, Phase, TaskState};
use holdfast_shared::ids::{OrderId, TaskId, TenantId};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, named_params};

pub(super) fn plan(conn: &Connection, tenant: &TenantId, task: &TaskId, journey: &Journey) -> Result<()> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":task": task.as_str(),
        ":service": journey.service,
        ":hand_over_by": journey.hand_over_by.0,
        ":arrives_by": journey.arrives_by.0,
    };
    run(conn, sql!(PROMISES.plan_parcel), params)?;
    Ok(())
}

/// The order has come to this state. Whatever is known of its promise is written down, once.
pub(super) fn note_outcome(
    conn: &Connection,
    (tenant, order): (&TenantId, &OrderId),
    request: &OrderRequest,
    state: OrderState,
    tasks: &[TaskState],
    now: UtcMs,
) -> Result<()> {
    let Some(promised_by) = request.promise_by else { return Ok(()) };
    let expected = match (request.kind, state) {
        // From then on it is the customer who makes it late.
        (FulfilmentKind::Pickup, OrderState::Ready | OrderState::Collected) => Some(now),
        (FulfilmentKind::Ship | FulfilmentKind::Delivery, OrderState::Shipped) => {
            last_arrival(conn, tenant, tasks, now)?
        }
        (FulfilmentKind::Ship | FulfilmentKind::Delivery, OrderState::Delivered) => {
            shipment_rows::last_arrival(conn, tenant, order)?
        }
        (
            FulfilmentKind::Pickup | FulfilmentKind::Ship | FulfilmentKind::Delivery,
            OrderState::Placed
            | OrderState::Authorized
            | OrderState::Rejected
            | OrderState::Backordered
            | OrderState::Allocated
            | OrderState::Accepted
            | OrderState::Picking
            | OrderState::Ready
            | OrderState::Shipped
            | OrderState::Collected
            | OrderState::Returned
            | OrderState::Refunded
            | OrderState::Delivered
            | OrderState::Cancelled
            | OrderState::Exception,
        ) => None,
    };
    let Some(expected) = expected else { return Ok(()) };
    let source = if request.promise.is_some() { PromiseSource::Cart } else { PromiseSource::Order };
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":order": order.as_str(),
        ":channel": request.channel,
        ":source": source.as_str(),
        ":promised_by": promised_by.0,
        ":expected_at": expected.0,
        ":now": now.0,
    };
    if run(conn, sql!(PROMISES.promise_came_out), params)? > 0 {
        kpis::promise(conn, (tenant, order), tasks, expected <= promised_by, now)?;
    }
    Ok(())
}

/// What was expected when it left gives way to when it arrived.
pub(super) fn arrived(conn: &Connection, (tenant, order): (&TenantId, &OrderId)) -> Result<()> {
    let Some(at) = shipment_rows::last_arrival(conn, tenant, order)? else { return Ok(()) };
    let params = named_params! { ":tenant": tenant.as_str(), ":order": order.as_str(), ":arrived_at": at.0 };
    run(conn, sql!(PROMISES.promise_arrived), params)?;
    Ok(())
}

/// When the last parcel is there.
fn last_arrival(
    conn: &Connection,
    tenant: &TenantId,
    tasks: &[TaskState],
    now: UtcMs,
) -> Result<Option<UtcMs>> {
    let mut last = None;
    for task in tasks.iter().filter(|task| task.phase == Phase::HandedOver) {
        let key = [tenant.as_str(), task.task.as_str()];
        let planned = one(conn, sql!(PROMISES.planned), key, |row| {
            Ok((UtcMs(row.get("hand_over_by")?), UtcMs(row.get("arrives_by")?)))
        })?;
        // A store's clock that is ahead does not make it late.
        let handed_at = task.changed_at.wall.min(now);
        last = last.max(Some(expected_at(planned, handed_at)));
    }
    Ok(last)
}

pub(super) fn count_outcomes(conn: &Connection, rows: i64) -> Result<Vec<Outcome>> {
    list(conn, sql!(PROMISES.count_outcomes), named_params! { ":rows": rows }, |row| {
        Ok(Outcome {
            tenant: parsed(row, "tenant")?,
            channel: row.get("channel")?,
            source: word(row, "source")?,
            kept: row.get("kept")?,
        })
    })
}

pub(super) fn accuracy(
    conn: &Connection,
    tenant: &TenantId,
    from: UtcMs,
    to: UtcMs,
) -> Result<Vec<Accuracy>> {
    let params = named_params! { ":tenant": tenant.as_str(), ":from": from.0, ":to": to.0 };
    list(conn, sql!(PROMISES.accuracy), params, |row| {
        Ok(Accuracy {
            channel: row.get("channel")?,
            source: word(row, "source")?,
            promises: unsigned(row, "promises")?,
            kept: unsigned(row, "kept")?,
            late_ms: row.get("late_ms")?,
        })
    })
}
