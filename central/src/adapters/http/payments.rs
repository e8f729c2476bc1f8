//! The money of orders: refunds, what was asked of providers, and what these tell by webhook.

use super::answer::{Answer, Refused, known};
use super::app::{App, Shared};
use super::doors::Caller;
use super::paging::Paging;
use crate::core::order::OrderRequest;
use crate::core::parcel::fold::Parcel;
use crate::core::parcel::progress::steps as label_steps;
use crate::core::saga::account::Account;
use crate::core::saga::fact::{Call, SagaFact, Said, Source};
use crate::core::saga::notice::{NoticeOutcome, Received};
use crate::core::saga::progress::{Answers, Known, StepReport, answers, report};
use crate::core::saga::refund::{RefundAsked, RefundLine, RefundRequest};
use crate::core::saga::standing::Standing;
use crate::core::saga::worth::Worth;
use crate::flows::read_notices::{Incoming, take_in};
use crate::flows::refund::{ask_refund, try_again};
use crate::ports::sagas::{Saga, SagaKey};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use holdfast_platform::http::{ApiJson, ApiQuery, Idempotency};
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::{IdempotencyKey, OrderId, PaymentProvider, TenantId};
use holdfast_shared::money::Money;
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A refund is taken in; it goes to the provider when what it gives back was captured.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RefundTaken {
    order: OrderId,
    /// Within the order.
    refund: u32,
    amount: Money,
    lines: Vec<RefundLine>,
    /// The same request came before under the same key.
    replayed: bool,
    #[schema(example = "/v1/orders/o-7k2/steps")]
    status_url: String,
}

/// The way of an order, step by step.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Steps {
    order: OrderId,
    #[serde(flatten)]
    answers: Answers,
    /// Absent for an order that is not paid for through here.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<PaymentView>,
    steps: Vec<StepReport>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PaymentView {
    provider: PaymentProvider,
    standing: Standing,
    /// All of it once; what was set aside anew counts again.
    authorized: Money,
    captured: Money,
    /// Set aside, and free again.
    voided: Money,
    refunded: Money,
    refunds: Vec<RefundView>,
    /// All that was asked of the provider and what came of it, oldest first.
    facts: Vec<FactView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RefundView {
    refund: u32,
    amount: Money,
    /// What of it went back.
    refunded: Money,
    lines: Vec<RefundLine>,
    reason: String,
    by: holdfast_shared::ids::Actor,
    at: UtcMs,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FactView {
    sequence: u32,
    call: Call,
    run: u32,
    #[schema(example = "done")]
    said: &'static str,
    source: Source,
    at: UtcMs,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<i64>,
    /// Under which the provider was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<IdempotencyKey>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    words: Option<String>,
}

impl From<&SagaFact> for FactView {
    fn from(fact: &SagaFact) -> Self {
        let mut view = Self {
            sequence: fact.sequence,
            call: fact.id.call,
            run: fact.id.run,
            said: fact.said.kind(),
            source: fact.source,
            at: fact.at,
            amount: None,
            key: None,
            reference: None,
            code: None,
            words: None,
        };
        match fact.said.clone() {
            Said::Asked { key, wish, .. } => {
                view.amount = Some(wish.amount);
                view.key = Some(key);
            }
            Said::Done { reference, amount, .. } => {
                view.amount = Some(amount);
                view.reference = Some(reference);
            }
            Said::Declined { code, words } | Said::Soft { code, words } | Said::Rejected { code, words } => {
                view.code = Some(code);
                view.words = Some(words);
            }
            Said::Busy { words, .. }
            | Said::Unknown { words }
            | Said::Lapsed { words }
            | Said::Owed { words }
            | Said::GivenUp { words } => view.words = Some(words),
            Said::TryAgain { by, reason } => view.words = Some(format!("{by}: {reason}")),
            Said::Absent => {}
        }
        view
    }
}

impl From<Saga> for PaymentView {
    fn from(saga: Saga) -> Self {
        let account = Account::fold(&saga.facts);
        let sums = account.sums();
        let money = |minor| Money { minor, currency: saga.currency };
        let worth = Worth::of(&saga.lines).ok().flatten();
        let refund = |asked: &RefundAsked| RefundView {
            refund: asked.number,
            amount: money(asked.amount),
            refunded: money(account.refunded(asked.number)),
            lines: asked.lines.clone(),
            reason: asked.reason.clone(),
            by: asked.by.clone(),
            at: asked.at,
        };
        Self {
            standing: worth.map_or(Standing::Awaited, |worth| Standing::of(&account, worth)),
            authorized: money(sums.authorized),
            captured: money(sums.captured),
            voided: money(sums.voided),
            refunded: money(sums.refunded),
            refunds: saga.refunds.iter().map(refund).collect(),
            facts: saga.facts.iter().map(FactView::from).collect(),
            provider: saga.provider,
        }
    }
}

/// Before an order is taken: its provider is one that is configured for this tenant.
pub(super) fn check_provider(app: &App, tenant: &TenantId, request: &OrderRequest) -> Answer<()> {
    match &request.payment {
        Some(payment) if app.payments.for_tenant(tenant, &payment.provider).is_none() => {
            let what = format!("payment.provider {} is not configured here", payment.provider);
            Err(Refused::new(Code::InvalidRequest, what))
        }
        Some(_) | None => Ok(()),
    }
}

/// Give money back, by units that left or by an amount. Never more than was taken.
#[utoipa::path(post, path = "/v1/orders/{order}/refunds", tag = "orders", params(("order" = OrderId, Path),
    ("Idempotency-Key" = String, Header, description = "Chosen once per intent, kept for retries")),
    request_body = RefundRequest,
    responses((status = 202, body = RefundTaken), (status = "4XX", body = Problem), (status = "5XX", body = Problem)))]
pub(super) async fn refund(
    State(app): State<Shared>,
    caller: Caller,
    Path(order): Path<String>,
    Idempotency(key): Idempotency,
    ApiJson(request): ApiJson<RefundRequest>,
) -> Answer<(StatusCode, Json<RefundTaken>)> {
    let order: OrderId = known(&order, Code::UnknownOrder)?;
    let of = SagaKey { tenant: caller.tenant().clone(), order: order.clone() };
    let by = caller.actor()?;
    let (asked, replayed) = ask_refund(&*app.storage, of, request, key, by, app.clock.now().utc).await?;
    app.work_changed();
    let taken = RefundTaken {
        status_url: format!("/v1/orders/{order}/steps"),
        order,
        refund: asked.number,
        amount: Money { minor: asked.amount, currency: asked.currency },
        lines: asked.lines,
        replayed,
    };
    Ok((StatusCode::ACCEPTED, Json(taken)))
}

/// Was it reserved, acknowledged, labelled, charged: each step with its tries, read off the facts.
#[utoipa::path(get, path = "/v1/orders/{order}/steps", tag = "orders", params(("order" = OrderId, Path)),
    responses((status = 200, body = Steps), (status = "4XX", body = Problem)))]
pub(super) async fn steps(
    State(app): State<Shared>,
    caller: Caller,
    Path(order): Path<String>,
) -> Answer<Json<Steps>> {
    let order: OrderId = known(&order, Code::UnknownOrder)?;
    let tenant = caller.tenant();
    let unknown = || Refused::new(Code::UnknownOrder, format!("order {order} is not known"));
    let found = app.storage.order(tenant, &order).await?.ok_or_else(unknown)?;
    let mut tasks = Vec::with_capacity(found.tasks.len());
    let mut unlabelled = false;
    for task in &found.tasks {
        tasks.extend(app.storage.task(tenant, task).await?);
        let failures = app.storage.label_failures(tenant, task).await?;
        unlabelled |= failures.iter().any(|failure| failure.settled.is_none());
    }
    let timeline = app.storage.timeline(tenant, &order).await?;
    let key = SagaKey { tenant: tenant.clone(), order: order.clone() };
    let saga = app.storage.saga(&key).await?;
    let shipments = app.storage.shipments(tenant, &order).await?;
    let parcels: Vec<Parcel> = shipments.iter().map(|shipment| Parcel::fold(&shipment.facts)).collect();
    let labels = label_steps(&parcels);
    let known = Known {
        labels: labels.as_ref(),
        tasks: &tasks,
        timeline: &timeline,
        facts: saga.as_ref().map(|saga| saga.facts.as_slice()),
        unlabelled,
    };
    let (answers, steps) = (answers(&known), report(&known));
    Ok(Json(Steps { order, answers, payment: saga.map(PaymentView::from), steps }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RetryRequest {
    #[schema(example = "the customer has raised the limit of the card")]
    reason: String,
}

/// What the provider refused is asked once more, under a new key.
#[utoipa::path(post, path = "/v1/orders/{order}/payment/retry", tag = "support", params(("order" = OrderId, Path)),
    request_body = RetryRequest, responses((status = 202), (status = "4XX", body = Problem)))]
pub(super) async fn retry(
    State(app): State<Shared>,
    caller: Caller,
    Path(order): Path<String>,
    ApiJson(RetryRequest { reason }): ApiJson<RetryRequest>,
) -> Answer<StatusCode> {
    let order: OrderId = known(&order, Code::UnknownOrder)?;
    let key = SagaKey { tenant: caller.tenant().clone(), order };
    try_again(&*app.storage, &key, &reason, &caller.actor()?, app.clock.now().utc).await?;
    app.work_changed();
    Ok(StatusCode::ACCEPTED)
}

/// What a payment provider tells. Signed, kept before it is acknowledged, taken in once.
#[utoipa::path(post, path = "/v1/webhooks/payments/{provider}", tag = "plain", security(()),
    params(("provider" = PaymentProvider, Path)),
    request_body(content = Object, description = "What the provider sends, with its signature", content_type = "application/json"),
    responses((status = 200), (status = 401, body = Problem)))]
pub(super) async fn webhook(
    State(app): State<Shared>,
    Path(provider): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<StatusCode> {
    let provider: PaymentProvider = known(&provider, Code::NotFound)?;
    let header = app.payments.of(&provider).map(|gateway| gateway.port().signature_header());
    let signature = header.and_then(|name| headers.get(name)).and_then(|value| value.to_str().ok());
    let incoming = Incoming { provider: &provider, signature, body: &body };
    take_in(&*app.storage, &app.payments, &incoming, app.clock.now().utc).await?;
    app.bells.notices.notify_one();
    Ok(StatusCode::OK)
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NoticePage {
    webhooks: Vec<NoticeView>,
    next: Option<String>,
}

/// A webhook, without what it may say of a person.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NoticeView {
    provider: String,
    /// The provider's own id.
    event: String,
    /// In the provider's words.
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<OrderId>,
    received_at: UtcMs,
    /// Absent while it waits to be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<NoticeOutcome>,
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct NoticeFilter {
    cursor: Option<String>,
    limit: Option<u32>,
}

/// The inbox of payment webhooks, newest first: also those that told nothing.
#[utoipa::path(get, path = "/v1/webhooks/payments", tag = "support", params(NoticeFilter),
    responses((status = 200, body = NoticePage), (status = "4XX", body = Problem)))]
pub(super) async fn webhooks(
    State(app): State<Shared>,
    caller: Caller,
    ApiQuery(filter): ApiQuery<NoticeFilter>,
) -> Answer<Json<NoticePage>> {
    let paging = Paging { cursor: filter.cursor, limit: filter.limit }.request()?;
    let page = app.storage.notices(caller.tenant(), &paging).await?;
    let view = |received: Received| NoticeView {
        provider: received.provider,
        event: received.notice.event,
        kind: received.notice.kind,
        reference: received.notice.reference,
        order: received.notice.order,
        received_at: received.at,
        outcome: received.outcome,
    };
    Ok(Json(NoticePage { webhooks: page.rows.into_iter().map(view).collect(), next: page.next }))
}
