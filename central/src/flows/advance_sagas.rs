//! Brings the money of orders on by one step after the other: what is to be asked is written down, then asked, then what
//! came of it is written down. Whoever begins anew finds the last fact and goes on from there; a question without an
//! answer is looked up before it is asked again.

use super::FlowError;
use super::gateways::{Gateway, Gateways};
use super::out_of_reach::{OutOfReach, tell_of};
use crate::core::exception::{Category, NewException, Severity};
use crate::core::keys::{Root, Scope, Step as KeyStep, Turn};
use crate::core::outside::backoff::apart;
use crate::core::outside::gate::Stopped;
use crate::core::saga::account::Account;
use crate::core::saga::fact::{Call, CallId, Said, Source, Wish};
use crate::core::saga::plan::{LOOK_MS_MAX, Next, View, next};
use crate::core::saga::steps::terms;
use crate::core::saga::worth::Worth;
use crate::core::trace::spans;
use crate::ports::StoreError;
use crate::ports::fleet::Fleet;
use crate::ports::payments::{Answer, Known, Question};
use crate::ports::sagas::{NewSagaFact, Saga, SagaKey, Sagas, Written};
use futures::StreamExt;
use futures::stream;
use holdfast_shared::error::Code;
use holdfast_shared::guard::Guard;
use holdfast_shared::ids::{BadId, IdempotencyKey, PaymentProvider};
use holdfast_shared::limits::SAGA_FACTS_MAX;
use holdfast_shared::time::{Now, UtcMs};
use holdfast_shared::trace::TraceParent;

/// Orders that one run looks at.
const SAGAS_MAX: u32 = 200;
/// Steps of one order in one run: more than the longest way has, so that nothing goes round for ever.
const STEPS_MAX: u32 = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Advanced {
    pub looked_at: u32,
    /// Facts that were written.
    pub steps: u32,
    pub more: bool,
}

/// Where time comes from while calls are under way.
pub type Clock<'a> = &'a (dyn Fn() -> Now + Sync);

/// All orders of one provider at which it is time to look.
pub async fn advance_sagas<S: Sagas + Fleet + ?Sized>(
    store: &S,
    gateways: &Gateways,
    provider: &PaymentProvider,
    clock: Clock<'_>,
) -> Result<Advanced, FlowError> {
    let Some(gateway) = gateways.of(provider) else { return Ok(Advanced::default()) };
    let now = clock();
    let due = store.due_sagas(provider, now.utc, SAGAS_MAX).await?;
    let looked_at = u32::try_from(due.len()).unwrap_or(u32::MAX);
    let at_once = usize::try_from(gateway.calls_max()).unwrap_or(1).max(1);
    let advanced = stream::iter(due).map(|key| async move { advance(store, gateway, &key, clock).await });
    let all: Vec<Result<u32, FlowError>> = advanced.buffer_unordered(at_once).collect().await;
    let mut done = Advanced { looked_at, steps: 0, more: looked_at >= SAGAS_MAX };
    let mut failed = None;
    for outcome in all {
        match outcome {
            Ok(steps) => done.steps = done.steps.saturating_add(steps),
            // One order that cannot be written keeps no other waiting.
            Err(error) => failed = Some(error),
        }
    }
    let lies = OutOfReach { what: "payment provider", name: provider.as_str(), waits: "orders" };
    tell_of(store, gateway, lies, clock()).await?;
    failed.map_or(Ok(done), Err)
}

/// One order, as far as it goes now. How many facts were written.
pub async fn advance<S: Sagas + ?Sized>(
    store: &S,
    gateway: &Gateway,
    key: &SagaKey,
    clock: Clock<'_>,
) -> Result<u32, FlowError> {
    let mut steps: u32 = 0;
    while steps < STEPS_MAX {
        let Some(saga) = store.saga(key).await? else { return Ok(steps) };
        let now = clock().utc;
        let account = Account::fold(&saga.facts);
        let Some(worth) = worth(&saga)?.filter(|_| saga.facts.len() < SAGA_FACTS_MAX) else {
            store.rest_saga(&saga, None, now).await?;
            return Ok(steps);
        };
        let view = View {
            account: &account,
            worth,
            refunds: &saga.refunds,
            can: gateway.port().can(),
            held: saga.held,
        };
        let moved = match next(&view, draw(key, account.sequence), now) {
            Next::Rest => {
                store.rest_saga(&saga, None, now).await?;
                return Ok(steps);
            }
            Next::Until(at) => {
                store.rest_saga(&saga, Some(at), now).await?;
                return Ok(steps);
            }
            Next::Ask { id, wish } => ask(store, gateway, (&saga, &account), id, wish, clock).await?,
            Next::LookUp(id) => look_up(store, gateway, (&saga, &account), id, clock).await?,
            Next::Reject { code, words } => {
                let id = CallId { call: Call::Authorize, run: 0 };
                say(store, &saga, account.sequence, id, Said::Rejected { code, words }, Source::Central, now)
                    .await?
            }
            Next::Owe { words } => {
                let id = CallId { call: Call::Capture, run: 0 };
                say(store, &saga, account.sequence, id, Said::Owed { words }, Source::Central, now).await?
            }
            Next::GiveUp { id, words } => {
                say(store, &saga, account.sequence, id, Said::GivenUp { words }, Source::Central, now).await?
            }
            Next::Lapse { run } => {
                let id = CallId { call: Call::Authorize, run };
                let words = String::from("its time is over");
                say(store, &saga, account.sequence, id, Said::Lapsed { words }, Source::Central, now).await?
            }
        };
        match moved {
            Some(facts) => steps = steps.saturating_add(facts),
            None => return Ok(steps),
        }
    }
    Ok(steps)
}

fn worth(saga: &Saga) -> Result<Option<Worth>, FlowError> {
    Worth::of(&saga.lines).map_err(|bad| FlowError::refused(Code::Internal, bad.to_string()))
}

fn draw(key: &SagaKey, sequence: u32) -> u64 {
    apart([key.tenant.as_str(), key.order.as_str()], sequence)
}

/// The key of a question: the same at each try of it, whoever asks.
fn key_of(saga: &Saga, id: CallId, attempt: u32) -> Result<IdempotencyKey, BadId> {
    let step = match id.call {
        Call::Authorize => KeyStep::Authorize,
        Call::Capture => KeyStep::Capture,
        Call::Void => KeyStep::Void,
        Call::Refund => KeyStep::Refund,
    };
    let of_try = id.run.saturating_mul(SAGAS_MAX).saturating_add(attempt);
    let turn = Turn::Nth(if Guard::PaymentKey.stands() { id.run } else { of_try });
    Root::of(&saga.key.tenant, &saga.root).derive(Scope { step, line: None, turn })
}

fn question(
    saga: &Saga,
    account: &Account,
    (id, attempt): (CallId, u32),
    wish: Wish,
    at: UtcMs,
) -> Result<Question, FlowError> {
    let of = wish.authorization.and_then(|run| account.authorization(run));
    Ok(Question {
        tenant: saga.key.tenant.clone(),
        order: saga.key.order.clone(),
        id,
        key: key_of(saga, id, attempt).map_err(StoreError::from)?,
        reference: of.map(|authorization| authorization.reference.clone()),
        wish,
        currency: saga.currency,
        token: saga.token.clone(),
        at,
        parent: TraceParent {
            trace: saga.trace.clone(),
            span: spans::question(&saga.key.order, id),
            sampled: true,
        },
    })
}

/// Writes it down, asks, and writes down what came of it. None: it has to wait, or somebody else was first.
async fn ask<S: Sagas + ?Sized>(
    store: &S,
    gateway: &Gateway,
    (saga, account): (&Saga, &Account),
    id: CallId,
    wish: Wish,
    clock: Clock<'_>,
) -> Result<Option<u32>, FlowError> {
    let now = clock();
    let pass = match gateway.enter(now.mono) {
        Ok(pass) => pass,
        Err(stopped) => return wait(store, saga, stopped, now.utc).await,
    };
    let attempt = account.call(id).map_or(1, |record| record.attempts.saturating_add(1));
    let question = question(saga, account, (id, attempt), wish.clone(), now.utc)?;
    let asked = Said::Asked { attempt, key: question.key.clone(), wish };
    if say(store, saga, account.sequence, id, asked, Source::Central, now.utc).await?.is_none() {
        return Ok(None);
    }
    let answer = gateway.port().ask(&question).await;
    gateway.heard(pass, id.call, &answer, clock().mono);
    let after = account.sequence.saturating_add(1);
    let told = say(store, saga, after, id, answer.into(), Source::Answer, clock().utc).await?;
    Ok(told.map(|facts| facts.saturating_add(1)))
}

async fn look_up<S: Sagas + ?Sized>(
    store: &S,
    gateway: &Gateway,
    (saga, account): (&Saga, &Account),
    id: CallId,
    clock: Clock<'_>,
) -> Result<Option<u32>, FlowError> {
    let Some(record) = account.call(id) else { return Ok(None) };
    let now = clock();
    let pass = match gateway.enter(now.mono) {
        Ok(pass) => pass,
        Err(stopped) => return wait(store, saga, stopped, now.utc).await,
    };
    let question = question(saga, account, (id, record.attempts), record.wish.clone(), now.utc)?;
    let known = if Guard::VerifyBeforeRetry.stands() {
        gateway.port().look_up(&question).await
    } else {
        let (code, words) = (String::from("silence"), String::from("silence is taken for a no"));
        Known::Ended(Answer::Soft { code, words })
    };
    let said = match known {
        Known::Ended(Answer::Busy { retry_after_ms, words }) => {
            let busy = Answer::Busy { retry_after_ms, words: words.clone() };
            gateway.heard(pass, id.call, &busy, clock().mono);
            // The look-up was not taken in; the question itself is as unknown as before.
            Said::Unknown { words }
        }
        Known::Ended(answer) => {
            gateway.heard(pass, id.call, &answer, clock().mono);
            answer.into()
        }
        Known::Absent => {
            gateway.looked_up(pass, clock().mono);
            Said::Absent
        }
    };
    say(store, saga, account.sequence, id, said, Source::LookUp, clock().utc).await
}

/// Nothing was asked: it is looked at again when there is room.
async fn wait<S: Sagas + ?Sized>(
    store: &S,
    saga: &Saga,
    stopped: Stopped,
    now: UtcMs,
) -> Result<Option<u32>, FlowError> {
    metrics::counter!("holdfast_outside_stopped_total",
        "system" => saga.provider.to_string(), "why" => stopped.why())
    .increment(1);
    store.rest_saga(saga, Some(now.plus(stopped.wait_ms().max(1))), now).await?;
    Ok(None)
}

/// One fact. None when somebody else wrote one first.
async fn say<S: Sagas + ?Sized>(
    store: &S,
    saga: &Saga,
    after: u32,
    id: CallId,
    said: Said,
    source: Source,
    now: UtcMs,
) -> Result<Option<u32>, FlowError> {
    // While it is asked, nobody else looks; if whoever asks is gone by then, it is looked up.
    let next_at = match &said {
        Said::Asked { .. } => now.plus(terms(id.call.step()).timeout_ms),
        Said::Done { .. }
        | Said::Declined { .. }
        | Said::Soft { .. }
        | Said::Busy { .. }
        | Said::Unknown { .. }
        | Said::Absent
        | Said::Lapsed { .. }
        | Said::Rejected { .. }
        | Said::Owed { .. }
        | Said::GivenUp { .. }
        | Said::TryAgain { .. } => now,
    };
    let fact = NewSagaFact { key: saga.key.clone(), after, id, said, source, next_at };
    Ok(match store.write_saga(&fact, now).await? {
        Written::Yes => Some(1),
        Written::Moved => None,
    })
}

/// Orders whose provider is not configured (any more): a person is told of each, once.
pub async fn tell_of_strangers<S: Sagas + Fleet + ?Sized>(
    store: &S,
    gateways: &Gateways,
    now: UtcMs,
) -> Result<u32, FlowError> {
    let mut told: u32 = 0;
    for saga in store.sagas_without(&gateways.names(), now, SAGAS_MAX).await? {
        let exception = NewException {
            key: format!("payment_provider/{}", saga.key.order),
            category: Category::PaymentUnclear,
            severity: Severity::High,
            order: Some(saga.key.order.clone()),
            task: None,
            store: None,
            detail: format!("payment provider {} of {} is not configured", saga.provider, saga.key.order),
            suggestion: String::from("Configure it again under [payments], or settle the payment by hand."),
        };
        store.raise(&saga.key.tenant, &exception, now).await?;
        store.rest_saga(&saga, Some(now.plus(LOOK_MS_MAX)), now).await?;
        told = told.saturating_add(1);
    }
    Ok(told)
}
