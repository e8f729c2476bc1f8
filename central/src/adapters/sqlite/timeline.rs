//! What an order's people are told: its timeline, and the events for the outside when its state
//! moves on.

use super::order_rows::{lines, tasks_of};
use super::outbox::{NewEvent, append};
use super::promise_outcomes::{arrived, note_outcome};
use super::row::{from_json, one, parsed, run, word, word_or_none};
use super::saga_wake::wake;
use super::shipment_rows::has_arrived;
use super::sql::sql;
use super::{Result, flow, kpis, return_rows};
use crate::core::events::Kind;
use crate::core::events::key::Key;
use crate::core::events::kinds::orders;
use crate::core::order::{OrderLine, OrderRequest, OrderState};
use crate::core::order_state::{after_carriers, order_state};
use crate::core::returns::standing::{PaidBack, after_returns, has_left};
use crate::core::saga::standing::Standing;
use crate::core::totals::finished;
use holdfast_shared::domain::task::TaskState;
use holdfast_shared::ids::{Actor, BadId, OrderId, StoreId, TaskId, TenantId, TraceId};
use holdfast_shared::stamp::Receipt;
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row, named_params};
use serde_json::json;

pub(super) const CENTRAL: &str = "central";

pub(super) fn central() -> std::result::Result<Actor, BadId> {
    Actor::new(CENTRAL)
}

pub(super) struct Happened<'a> {
    pub(super) kind: &'a str,
    pub(super) at: UtcMs,
    pub(super) actor: &'a Actor,
    pub(super) store: Option<&'a StoreId>,
    pub(super) task: Option<&'a TaskId>,
    pub(super) words: &'a str,
}

pub(super) fn note(
    conn: &Connection,
    tenant: &TenantId,
    order: &OrderId,
    happened: &Happened<'_>,
) -> Result<()> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":order": order.as_str(),
        ":kind": happened.kind,
        ":at": happened.at.0,
        ":actor": happened.actor.as_str(),
        ":store": happened.store.map(StoreId::as_str),
        ":task": happened.task.map(TaskId::as_str),
        ":words": happened.words,
    };
    run(conn, sql!(ORDERS.note), params)?;
    Ok(())
}

/// The newest entry was said by a clock that cannot be taken at its word: both times are told.
pub(super) fn note_doubt(
    conn: &Connection,
    (tenant, order): (&TenantId, &OrderId),
    said: UtcMs,
    receipt: &Receipt,
) -> Result<()> {
    let Some(ahead_ms) = receipt.doubt(said) else { return Ok(()) };
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":order": order.as_str(),
        ":said_at": said.writable().0,
        ":received_at": receipt.at.0,
        ":ahead_ms": ahead_ms,
    };
    run(conn, sql!(ORDERS.note_doubt), params)?;
    Ok(())
}

/// Something of the order changed: its money is looked at, and its state folded anew.
pub(super) fn refresh(conn: &Connection, tenant: &TenantId, order: &OrderId, at: UtcMs) -> Result<()> {
    wake(conn, tenant, order, at)?;
    fold_state(conn, tenant, order, at)
}

/// Folds the order's state anew, and tells the outside when it has changed.
pub(super) fn fold_state(conn: &Connection, tenant: &TenantId, order: &OrderId, at: UtcMs) -> Result<()> {
    let row = one(conn, sql!(ORDERS.state_of), [tenant.as_str(), order.as_str()], Stood::read)?;
    let Some(stood) = row else { return Ok(()) };
    return_rows::wake(conn, (tenant, order), at)?;
    stood.moves_on(conn, (tenant, order), &lines(conn, tenant, order)?, &tasks_of(conn, tenant, order)?, at)
}

/// An order as its row has it.
pub(super) struct Stood {
    state: OrderState,
    pub(super) request: OrderRequest,
    pub(super) trace: TraceId,
    payment: Standing,
    pub(super) placed_at: UtcMs,
}

impl Stood {
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            state: word(row, "state")?,
            request: from_json(row, "request")?,
            trace: parsed(row, "trace")?,
            payment: word_or_none(row, "payment")?.unwrap_or_default(),
            placed_at: UtcMs(row.get("placed_at")?),
        })
    }

    /// To the state that follows from these, which are all that there are of it.
    pub(super) fn moves_on(
        &self,
        conn: &Connection,
        (tenant, order): (&TenantId, &OrderId),
        lines: &[OrderLine],
        tasks: &[TaskState],
        at: UtcMs,
    ) -> Result<()> {
        let folded = order_state(self.request.kind, lines, tasks, self.payment);
        let all_arrived = folded == OrderState::Shipped && has_arrived(conn, (tenant, order), tasks)?;
        let gone = after_carriers(folded, all_arrived);
        let is = if has_left(gone) { came_back(conn, (tenant, order), gone, lines)? } else { gone };
        let (mut was, back_before) = (self.state, is_back(self.state));
        // What comes back has left before, although both may be heard of at once.
        for is in [(is != gone && !back_before).then_some(gone), Some(is)].into_iter().flatten() {
            if was != is {
                self.step(conn, (tenant, order), (was, is), (lines, tasks), at)?;
                was = is;
            }
        }
        Ok(())
    }

    fn step(
        &self,
        conn: &Connection,
        (tenant, order): (&TenantId, &OrderId),
        (was, is): (OrderState, OrderState),
        (lines, tasks): (&[OrderLine], &[TaskState]),
        at: UtcMs,
    ) -> Result<()> {
        let request = &self.request;
        note_outcome(conn, (tenant, order), request, is, tasks, at)?;
        if is == OrderState::Delivered {
            arrived(conn, (tenant, order))?;
        }
        if matches!(is, OrderState::Cancelled | OrderState::Rejected) {
            kpis::cancelled(conn, (tenant, order), at)?;
        }
        let params = named_params! {
            ":tenant": tenant.as_str(), ":order": order.as_str(), ":state": is.as_str(), ":at": at.0,
        };
        run(conn, sql!(ORDERS.set_state), params)?;
        flow::step(conn, (tenant, order), (Some(was), is), tasks, at)?;
        let step = Step { was: Some(was), is };
        publish(conn, (tenant, order), step, request, &self.trace, lines, at)
    }
}

const fn is_back(state: OrderState) -> bool {
    matches!(state, OrderState::Returned | OrderState::Refunded)
}

/// What goods and money that went back make of it.
fn came_back(
    conn: &Connection,
    (tenant, order): (&TenantId, &OrderId),
    gone: OrderState,
    lines: &[OrderLine],
) -> Result<OrderState> {
    let finished = finished(lines).ok().flatten().map_or(0, |totals| totals.total);
    let paid = one(conn, sql!(RETURNS.paid), [tenant.as_str(), order.as_str()], |row| {
        Ok(PaidBack { captured: row.get("captured")?, refunded: row.get("refunded")?, finished })
    })?;
    Ok(after_returns(gone, lines, paid))
}

/// From which state to which; a new order was in none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) was: Option<OrderState>,
    pub(super) is: OrderState,
}

pub(super) fn publish(
    conn: &Connection,
    (tenant, order): (&TenantId, &OrderId),
    step: Step,
    request: &OrderRequest,
    trace: &TraceId,
    lines: &[OrderLine],
    at: UtcMs,
) -> Result<()> {
    // Lines as they stand, without the nodes: the storefront never learns those.
    let lines: Vec<_> = lines
        .iter()
        .map(|line| {
            json!({
                "line": line.line, "sku": line.sku, "quantity": line.quantity,
                "finished": line.finished, "cancelled": line.cancelled, "came_back": line.came_back,
                "replaced": line.replaced_units(),
            })
        })
        .collect();
    let mut body = json!({
        "order": order, "state": step.is, "reference": request.reference,
        "channel": request.channel, "trace_id": trace, "lines": lines,
    });
    if let (Some(brand), Some(fields)) = (&request.brand, body.as_object_mut()) {
        fields.insert("brand".to_owned(), json!(brand));
    }
    let (kind, key) = (event_of(step), &Key::Order(order.clone()));
    append(conn, tenant, &NewEvent { kind, key, at, body: &body })
}

/// Kinds of events by which the outside knows of an order in this state.
pub(super) const fn told_as(state: OrderState) -> [&'static str; 2] {
    let first = event_of(Step { was: None, is: state });
    let again = event_of(Step { was: Some(OrderState::Allocated), is: state });
    [first.name, again.name]
}

const fn event_of(step: Step) -> &'static Kind {
    match step.is {
        OrderState::Placed if step.was.is_none() => &orders::ORDER_PLACED,
        // Its work came back from a store, and is routed again: the order is not a new one.
        OrderState::Placed => &orders::ORDER_REOPENED,
        OrderState::Authorized => match step.was {
            Some(was) if !was.is_unrouted() => &orders::ORDER_REOPENED,
            Some(_) | None => &orders::ORDER_AUTHORIZED,
        },
        OrderState::Rejected => &orders::ORDER_REJECTED,
        OrderState::Backordered => &orders::ORDER_BACKORDERED,
        OrderState::Allocated => &orders::ORDER_ALLOCATED,
        OrderState::Accepted => &orders::ORDER_ACCEPTED,
        OrderState::Picking => &orders::ORDER_PICKING,
        OrderState::Ready => &orders::ORDER_READY,
        OrderState::Shipped => &orders::ORDER_SHIPPED,
        OrderState::Collected => &orders::ORDER_COLLECTED,
        OrderState::Delivered => &orders::ORDER_DELIVERED,
        OrderState::Cancelled => &orders::ORDER_CANCELLED,
        OrderState::Returned => &orders::ORDER_RETURNED,
        OrderState::Refunded => &orders::ORDER_FULLY_REFUNDED,
        OrderState::Exception => &orders::ORDER_EXCEPTION,
    }
}
