//! Takes in the wish that money goes back, and lets a person have a payment tried again.

use super::FlowError;
use super::cancel::check_reason;
use super::place_order::hash;
use crate::core::saga::account::{Account, CallState};
use crate::core::saga::fact::{Said, Source};
use crate::core::saga::refund::{RefundAsked, RefundRequest, check};
use crate::ports::sagas::{NewRefund, NewSagaFact, RefundTaken, SagaKey, Sagas, Written};
use holdfast_shared::error::Code;
use holdfast_shared::ids::{Actor, IdempotencyKey};
use holdfast_shared::time::UtcMs;

/// Whether it came before, and what it comes to.
pub async fn ask_refund<S: Sagas + ?Sized>(
    store: &S,
    key: SagaKey,
    request: RefundRequest,
    idempotency: IdempotencyKey,
    by: Actor,
    now: UtcMs,
) -> Result<(RefundAsked, bool), FlowError> {
    check(&request).map_err(|bad| FlowError::refused(bad.code(), bad.to_string()))?;
    let request_hash = hash(&(&key.order, &request))?;
    let order = key.order.clone();
    let refund = NewRefund { key, request, idempotency, request_hash, by };
    match store.ask_refund(&refund, now).await? {
        RefundTaken::New(taken) => Ok((taken, false)),
        RefundTaken::Replayed(taken) => Ok((taken, true)),
        RefundTaken::KeyReused => {
            let what = format!("the key {} came before with another request", refund.idempotency);
            Err(FlowError::refused(Code::IdempotencyKeyReused, what))
        }
        RefundTaken::UnknownOrder => {
            Err(FlowError::refused(Code::UnknownOrder, format!("order {order} is not known")))
        }
        RefundTaken::Refused(bad) => Err(FlowError::refused(bad.code(), bad.to_string())),
    }
}

/// What was refused counts no more: it is asked once more, under a new key.
pub async fn try_again<S: Sagas + ?Sized>(
    store: &S,
    key: &SagaKey,
    reason: &str,
    by: &Actor,
    now: UtcMs,
) -> Result<(), FlowError> {
    check_reason(reason)?;
    let unknown = || {
        FlowError::refused(
            Code::UnknownOrder,
            format!("order {} is not known, or not paid for here", key.order),
        )
    };
    let saga = store.saga(key).await?.ok_or_else(unknown)?;
    let account = Account::fold(&saga.facts);
    let refused = account
        .calls
        .iter()
        .rev()
        .find(|record| matches!(record.state, CallState::Declined { .. } | CallState::Soft { .. }));
    let Some(record) = refused.filter(|_| !account.rejected) else {
        let what =
            format!("nothing about the payment of {} was refused that could be tried again", key.order);
        return Err(FlowError::refused(Code::IllegalTransition, what));
    };
    let said = Said::TryAgain { by: by.to_string(), reason: reason.trim().to_owned() };
    let (key, after, id) = (key.clone(), account.sequence, record.id);
    let fact = NewSagaFact { key, after, id, said, source: Source::Person, next_at: now };
    match store.write_saga(&fact, now).await? {
        Written::Yes => Ok(()),
        Written::Moved => {
            Err(FlowError::refused(Code::Busy, "the payment moved on just now; look at it again"))
        }
    }
}
