//! Orders that stand still: longer in a state than it allows, or past the promise. Each is told with where it
//! stands, where it should go, and what a person may do about it until when.

use super::book::{OrderBook, TaskBook};
use super::finding::{Difference, FindingKind};
use super::policy::ReconcilePolicy;
use crate::core::order::OrderState;
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::time::UtcMs;

pub(super) fn differences(book: &OrderBook, policy: &ReconcilePolicy, now: UtcMs) -> Vec<Difference> {
    let stuck = if book.waits || book.in_queue { None } else { stuck(book, policy, now) };
    stuck.into_iter().collect()
}

fn stuck(book: &OrderBook, policy: &ReconcilePolicy, now: UtcMs) -> Option<Difference> {
    let allowed_ms = policy.stuck_after_ms(book.state, book.kind)?;
    let in_state_ms = now.since(book.changed_at);
    let promise_over = book.promise_by.is_some_and(|by| now.since(by) > policy.promise_grace_ms);
    if in_state_ms <= allowed_ms && !promise_over {
        return None;
    }
    let (from, to) = (book.state, next(book.state, book.kind));
    let proposal = propose(book, promise_over);
    let minutes = in_state_ms.checked_div(60_000).unwrap_or_default();
    let late = if promise_over { "; its promised date has passed" } else { "" };
    let decide_by = book.promise_by.filter(|by| *by > now).unwrap_or_else(|| now.plus(policy.decide_ms));
    Some(Difference {
        kind: FindingKind::StuckOrder,
        subject: format!("order/{}", book.order),
        order: Some(book.order.clone()),
        task: None,
        store: None,
        sku: None,
        field: "orders.state",
        expected: to.as_str().to_owned(),
        found: from.as_str().to_owned(),
        words: format!(
            "order {} of {} stands between {} and {} for {minutes} minutes{late}. {proposal}",
            book.order,
            book.tenant,
            from.as_str(),
            to.as_str()
        ),
        decide_by: Some(decide_by),
        harm: promise_over || matches!(from, OrderState::Exception),
    })
}

const fn next(state: OrderState, kind: FulfilmentKind) -> OrderState {
    match (state, kind) {
        (
            OrderState::Placed | OrderState::Authorized | OrderState::Backordered | OrderState::Exception,
            _,
        ) => OrderState::Allocated,
        (OrderState::Allocated, _) => OrderState::Accepted,
        (OrderState::Accepted, _) => OrderState::Picking,
        (OrderState::Picking, _) => OrderState::Ready,
        (OrderState::Ready | OrderState::Collected, FulfilmentKind::Pickup) => OrderState::Collected,
        (OrderState::Ready | OrderState::Collected, FulfilmentKind::Ship | FulfilmentKind::Delivery)
        | (OrderState::Shipped, _) => OrderState::Shipped,
        (OrderState::Delivered, _) => OrderState::Delivered,
        (OrderState::Cancelled, _) => OrderState::Cancelled,
        (OrderState::Rejected, _) => OrderState::Rejected,
        (OrderState::Returned | OrderState::Refunded, _) => OrderState::Refunded,
    }
}

/// What customers wait for between two states is goods or money.
fn propose(book: &OrderBook, promise_over: bool) -> &'static str {
    let mut tasks = book.tasks.iter().map(TaskBook::truth);
    let may_leave = tasks.any(|task| task.release.is_some() || task.let_go.is_some());
    match (may_leave, promise_over) {
        (true, _) => "Ask the store where the goods are; then move the work, or cancel and refund",
        (false, true) => "Cancel and refund, or agree a new date and route it again",
        (false, false) => "Route it again; refund it if nobody can take it",
    }
}
