//! Webhooks of payment providers: into the inbox before they are acknowledged, out of it in any order. One that comes before
//! the answer is the answer; one that comes twice, late or about nothing known changes nothing and stays to be seen.

use super::FlowError;
use super::gateways::Gateways;
use crate::core::saga::account::{Account, CallState};
use crate::core::saga::fact::{Call, CallId, Said, Source};
use crate::core::saga::notice::{Notice, NoticeOutcome, Received};
use crate::ports::payments::BadNotice;
use crate::ports::sagas::{NewSagaFact, Saga, SagaKey, Sagas, Written};
use holdfast_shared::error::Code;
use holdfast_shared::ids::{PaymentProvider, TenantId};
use holdfast_shared::time::UtcMs;

/// Webhooks that one run reads.
const NOTICES_MAX: u32 = 200;
/// How often one is tried while others write about the same order.
const TRIES_MAX: u32 = 8;

/// A webhook as it came in.
#[derive(Debug)]
pub struct Incoming<'a> {
    pub provider: &'a PaymentProvider,
    pub signature: Option<&'a str>,
    pub body: &'a [u8],
}

/// Checked and kept. Whether it is new.
pub async fn take_in<S: Sagas + ?Sized>(
    store: &S,
    gateways: &Gateways,
    incoming: &Incoming<'_>,
    now: UtcMs,
) -> Result<bool, FlowError> {
    let provider = incoming.provider;
    let unknown = || FlowError::refused(Code::NotFound, format!("there is no payment provider {provider}"));
    let gateway = gateways.of(provider).ok_or_else(unknown)?;
    let notice = gateway.port().read_notice(incoming.signature, incoming.body, now);
    let notice = notice.map_err(|bad: BadNotice| FlowError::refused(bad.code(), bad.to_string()))?;
    // Whose account it is, its configuration says; the body is not asked.
    let tenant = gateway.only_tenant().ok_or_else(unknown)?;
    Ok(store.take_in_notice(tenant, provider, &notice, now).await?)
}

/// Reads what waits in the inbox. How many.
pub async fn read_notices<S: Sagas + ?Sized>(store: &S, now: UtcMs) -> Result<u32, FlowError> {
    let waiting = store.waiting_notices(NOTICES_MAX).await?;
    for received in &waiting {
        let outcome = apply(store, received, now).await?;
        let Some(outcome) = outcome else { continue };
        metrics::counter!("holdfast_payment_webhooks_total", "outcome" => outcome.as_str()).increment(1);
        store.settle_notice(received, outcome, now).await?;
    }
    Ok(u32::try_from(waiting.len()).unwrap_or(u32::MAX))
}

/// None while others write about the same order: it is read again at the next run.
async fn apply<S: Sagas + ?Sized>(
    store: &S,
    received: &Received,
    now: UtcMs,
) -> Result<Option<NoticeOutcome>, FlowError> {
    for _ in 0..TRIES_MAX {
        let Some((saga, id, said)) = about(store, &received.tenant, received).await? else {
            return Ok(Some(NoticeOutcome::NotOurs));
        };
        let account = Account::fold(&saga.facts);
        if !tells_more(&account, id, &said) {
            return Ok(Some(NoticeOutcome::KnownBefore));
        }
        let (key, after, source) = (saga.key, account.sequence, Source::Webhook);
        let fact = NewSagaFact { key, after, id, said, source, next_at: now };
        if store.write_saga(&fact, now).await? == Written::Yes {
            return Ok(Some(NoticeOutcome::Applied));
        }
    }
    Ok(None)
}

/// The order and the question that it is about.
async fn about<S: Sagas + ?Sized>(
    store: &S,
    tenant: &TenantId,
    received: &Received,
) -> Result<Option<(Saga, CallId, Said)>, FlowError> {
    let Notice { order: Some(order), call, said: Some(said), reference, .. } = &received.notice else {
        return Ok(None);
    };
    let key = SagaKey { tenant: tenant.clone(), order: order.clone() };
    let Some(saga) = store.saga(&key).await? else { return Ok(None) };
    if saga.provider.as_str() != received.provider {
        return Ok(None);
    }
    let account = Account::fold(&saga.facts);
    let id = match (said, reference) {
        // What ended is an authorization, which the provider calls by its own name.
        (Said::Lapsed { .. }, Some(reference)) => {
            let known = account.authorizations.iter().find(|known| known.reference == *reference);
            known.map(|known| CallId { call: Call::Authorize, run: known.run })
        }
        _ => call.filter(|id| account.call(*id).is_some()),
    };
    Ok(id.map(|id| (saga, id, said.clone())))
}

fn tells_more(account: &Account, id: CallId, said: &Said) -> bool {
    let Some(record) = account.call(id) else { return false };
    match said {
        Said::Done { .. } => !matches!(record.state, CallState::Done { .. }),
        Said::Declined { .. } | Said::Soft { .. } => {
            record.state.is_open() || record.state == CallState::Absent
        }
        Said::Lapsed { .. } => account.authorization(id.run).is_some_and(|known| known.rest() > 0),
        Said::Asked { .. }
        | Said::Busy { .. }
        | Said::Unknown { .. }
        | Said::Absent
        | Said::Rejected { .. }
        | Said::Owed { .. }
        | Said::GivenUp { .. }
        | Said::TryAgain { .. } => false,
    }
}
