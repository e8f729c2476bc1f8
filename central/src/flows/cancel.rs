//! Asks for an order to be cancelled. What has no node ends now; what a store has is a request to
//! that store, and ends with its answer.

use super::FlowError;
use crate::core::order::OrderState;
use crate::core::order_request::holds_card_number;
use crate::ports::orders::{CancelOutcome, Orders};
use crate::ports::poke::Poke;
use crate::ports::work::Work;
use holdfast_shared::error::Code;
use holdfast_shared::ids::{Actor, OrderId, TenantId};
use holdfast_shared::limits::NOTE_CHARS_MAX;
use holdfast_shared::time::UtcMs;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cancelled {
    pub cancelled_units: i64,
    pub asked_stores: u32,
}

pub async fn cancel_order<S: Orders + Work + ?Sized>(
    store: &S,
    poke: &dyn Poke,
    tenant: &TenantId,
    order: &OrderId,
    reason: &str,
    actor: &Actor,
    now: UtcMs,
) -> Result<Cancelled, FlowError> {
    check_reason(reason)?;
    match store.cancel(tenant, order, reason.trim(), actor, now).await? {
        CancelOutcome::Unknown => {
            Err(FlowError::refused(Code::UnknownOrder, format!("order {order} is not known")))
        }
        CancelOutcome::TooLate(state) => Err(too_late(order, state)),
        CancelOutcome::Requested { cancelled_units, asked_stores } => {
            if asked_stores > 0 {
                poke_stores(store, poke, tenant, order).await?;
            }
            Ok(Cancelled { cancelled_units, asked_stores })
        }
    }
}

pub(super) fn too_late(order: &OrderId, state: OrderState) -> FlowError {
    let what = format!("order {order} is {}; nothing is left to cancel", state.as_str());
    FlowError::refused(Code::IllegalTransition, what)
}

pub(super) fn check_reason(reason: &str) -> Result<(), FlowError> {
    let refused = |what: &str| Err(FlowError::refused(Code::InvalidRequest, what));
    if reason.trim().is_empty() {
        return refused("reason says why, for the order's timeline");
    }
    if reason.chars().count() > NOTE_CHARS_MAX {
        return Err(FlowError::refused(
            Code::InvalidRequest,
            format!("reason is at most {NOTE_CHARS_MAX} characters"),
        ));
    }
    if holds_card_number(reason) {
        return refused("reason holds what looks like a card number; nothing was stored");
    }
    Ok(())
}

async fn poke_stores<S: Orders + Work + ?Sized>(
    store: &S,
    poke: &dyn Poke,
    tenant: &TenantId,
    order: &OrderId,
) -> Result<(), FlowError> {
    let tasks = store.order(tenant, order).await?.map(|order| order.tasks).unwrap_or_default();
    for task in tasks {
        if let Some(task) = store.task(tenant, &task).await?
            && !task.phase.is_final()
        {
            poke.poke(tenant, &task.store, "cancel requested");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
