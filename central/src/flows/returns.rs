//! Goods that come back: takes in the wish, carries out what a person decides, and brings returns on.

use super::FlowError;
use super::cancel::check_reason;
use super::in_force::PoliciesInForce;
use super::place_order::hash;
use crate::core::returns::next::waits_for_person;
use crate::core::returns::policy::{Decides, ReturnPolicy, ReturnRules};
use crate::core::returns::request::{ReturnRequest, check};
use crate::core::returns::state::{Act, Return, ReturnState};
use crate::ports::returns::{ActOutcome, NewReturn, ReturnTaken, Returns};
use holdfast_shared::error::Code;
use holdfast_shared::ids::{Actor, IdempotencyKey, OrderId, ReturnId, TenantId};
use holdfast_shared::limits::{CLOCK_STEP_FORGIVEN_MS, RETURN_DAYS_MAX, RETURNS_DUE_MAX};
use holdfast_shared::time::UtcMs;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The return, and whether the wish came before.
pub async fn ask_return<S: Returns + ?Sized>(
    store: &S,
    (tenant, order): (&TenantId, &OrderId),
    request: ReturnRequest,
    (idempotency, by): (IdempotencyKey, Actor),
    rules: &ReturnRules,
    now: UtcMs,
) -> Result<(Return, bool), FlowError> {
    check(&request).map_err(|bad| FlowError::refused(bad.code(), bad.to_string()))?;
    let request_hash = hash(&(order, &request))?;
    let (tenant, order, rules) = (tenant.clone(), order.clone(), rules.clone());
    let new = NewReturn { tenant, order, request, idempotency, request_hash, by, rules };
    match store.ask_return(&new, now).await? {
        ReturnTaken::New(taken) => Ok((*taken, false)),
        ReturnTaken::Replayed(taken) => Ok((*taken, true)),
        ReturnTaken::KeyReused => {
            let what = format!("the key {} came before with another request", new.idempotency);
            Err(FlowError::refused(Code::IdempotencyKeyReused, what))
        }
        ReturnTaken::UnknownOrder => {
            Err(FlowError::refused(Code::UnknownOrder, format!("order {} is not known", new.order)))
        }
        ReturnTaken::Refused(bad) => Err(FlowError::refused(bad.code(), bad.to_string())),
    }
}

/// A person decides.
pub async fn act_on_return<S: Returns + ?Sized>(
    store: &S,
    (tenant, id): (&TenantId, &ReturnId),
    act: Act,
    by: &Actor,
    now: UtcMs,
) -> Result<Return, FlowError> {
    let reason = match &act {
        Act::Approve { words } => words,
        Act::Refuse { reason } | Act::Cancel { reason } | Act::Decide { reason, .. } => reason,
    };
    check_reason(reason)?;
    match store.act_on_return(tenant, id, &act, by, now).await? {
        ActOutcome::Done(is) => Ok(*is),
        ActOutcome::Unknown => Err(FlowError::refused(Code::NotFound, format!("there is no return {id}"))),
        ActOutcome::Illegal(illegal) => Err(FlowError::refused(Code::IllegalTransition, illegal.to_string())),
    }
}

/// What an order's first return that waits for a person waits for, and what a yes does.
pub(super) async fn waiting_return<S: Returns + ?Sized>(
    store: &S,
    tenant: &TenantId,
    order: &OrderId,
) -> Result<Option<(Return, String)>, FlowError> {
    let persons = ReturnPolicy {
        approve: Decides::Person,
        damaged: Decides::Person,
        unasked: Decides::Person,
        ..ReturnPolicy::default()
    };
    let all = store.returns_of(tenant, order).await?;
    let waiting = all.into_iter().find(|known| waits_for_person(known, &persons).is_some());
    Ok(waiting.map(|known| {
        let words = match known.state {
            ReturnState::Asked => {
                format!("approves return {}: the money for what is back, or comes, goes back", known.id)
            }
            ReturnState::Approved
            | ReturnState::Received
            | ReturnState::Restocked
            | ReturnState::WrittenOff
            | ReturnState::Refunded
            | ReturnState::Closed
            | ReturnState::Refused
            | ReturnState::Cancelled
            | ReturnState::Expired => {
                format!("pays back the damaged goods of return {}, too", known.id)
            }
        };
        (known, words)
    }))
}

/// Yes to what it waits for.
pub(super) async fn say_yes<S: Returns + ?Sized>(
    store: &S,
    tenant: &TenantId,
    order: &OrderId,
    (reason, by): (&str, &Actor),
    now: UtcMs,
) -> Result<(), FlowError> {
    let nothing = || FlowError::refused(Code::IllegalTransition, "no return of the order waits for a word");
    let (known, _) = waiting_return(store, tenant, order).await?.ok_or_else(nothing)?;
    let reason = reason.to_owned();
    let act = match known.state {
        ReturnState::Asked => Act::Approve { words: reason },
        ReturnState::Approved
        | ReturnState::Received
        | ReturnState::Restocked
        | ReturnState::WrittenOff
        | ReturnState::Refunded
        | ReturnState::Closed
        | ReturnState::Refused
        | ReturnState::Cancelled
        | ReturnState::Expired => Act::Decide { refund_damaged: true, reason },
    };
    act_on_return(store, (tenant, &known.id), act, by, now).await?;
    Ok(())
}

/// What one run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Advanced {
    pub moved: u32,
    pub more: bool,
}

/// Brings on those at which it is time to look. A run that is cut off anywhere is simply run again.
pub async fn advance_returns<S: Returns + ?Sized>(
    store: &S,
    policies: &PoliciesInForce,
    now: UtcMs,
) -> Result<Advanced, FlowError> {
    let beyond = now.plus(i64::from(RETURN_DAYS_MAX).saturating_mul(DAY_MS)).plus(CLOCK_STEP_FORGIVEN_MS);
    let due = store.due_returns(now, beyond, RETURNS_DUE_MAX).await?;
    let full = u32::try_from(due.len()).unwrap_or(u32::MAX) >= RETURNS_DUE_MAX;
    let mut moved: u32 = 0;
    let mut failed = None;
    for (tenant, id) in due {
        let policy = policies.of(&tenant);
        match store.advance_return(&tenant, &id, &policy.returns.whole, now).await {
            Ok(true) => moved = moved.saturating_add(1),
            Ok(false) => {}
            // One return that cannot be written keeps no other waiting.
            Err(error) => failed = Some(error),
        }
    }
    failed.map_or(Ok(Advanced { moved, more: full && moved > 0 }), |error| Err(error.into()))
}

#[cfg(test)]
mod tests;
