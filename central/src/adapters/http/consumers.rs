//! Those who are sent events: registered, stopped and started, moved, and given secrets.

use super::answer::{Answer, Refused, internal, known};
use super::app::Shared;
use super::doors::Caller;
use super::orders::spoken;
use crate::core::events::consumer::{Consumer, ConsumerState, ConsumerTerms, From, Progress};
use crate::flows::consumers;
use crate::ports::consumers::{ConsumerMade, ConsumerSecret};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use holdfast_platform::http::ApiJson;
use holdfast_platform::random;
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::ConsumerId;
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ConsumerView {
    #[serde(flatten)]
    pub(super) consumer: Consumer,
    pub(super) progress: Progress,
    /// Told this once, to whoever registered it: with it what is sent is verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<SecretView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ConsumerList {
    consumers: Vec<ConsumerView>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConsumerRequest {
    /// Who it is, what it hears, and where that is sent.
    consumer: ConsumerTerms,
    /// Where a new one begins; one that is there stays where it is. Now, when it is left out.
    #[serde(default = "from_now")]
    from: From,
}

const fn from_now() -> From {
    From::Now
}

#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = EventReplayRequest)]
#[serde(deny_unknown_fields)]
pub(super) struct ReplayRequest {
    from: From,
    /// How many a second, until it has caught up.
    #[serde(default)]
    rate_per_s: Option<u32>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WhyRequest {
    #[schema(example = "they move to another data centre tonight")]
    pub(super) reason: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SecretView {
    key_id: String,
    /// Absent where it was told before.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    made_at: UtcMs,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SecretList {
    secrets: Vec<SecretView>,
}

impl SecretView {
    fn told(secret: ConsumerSecret) -> Self {
        Self { key_id: secret.key_id, secret: Some(secret.secret), made_at: secret.made_at }
    }

    fn named(secret: ConsumerSecret) -> Self {
        Self { secret: None, ..Self::told(secret) }
    }
}

pub(super) fn named(consumer: &str) -> Answer<ConsumerId> {
    known(consumer, Code::NotFound)
}

async fn view(app: &Shared, caller: &Caller, consumer: &ConsumerId) -> Answer<ConsumerView> {
    let now = app.clock.now().utc;
    let (consumer, progress) = consumers::find(&*app.storage, caller.tenant(), consumer, now).await?;
    Ok(ConsumerView { consumer, progress, secret: None })
}

fn random_bytes() -> Answer<[u8; consumers::SECRET_BYTES]> {
    random::bytes().map_err(|error| internal("a secret", error))
}

/// Consumers, how they stand, and how far they have come.
#[utoipa::path(get, path = "/v1/consumers", tag = "events",
    responses((status = 200, body = ConsumerList), (status = "4XX", body = Problem)))]
pub(super) async fn list(State(app): State<Shared>, caller: Caller) -> Answer<Json<ConsumerList>> {
    Ok(Json(ConsumerList { consumers: all(&app, &caller).await? }))
}

pub(super) async fn all(app: &Shared, caller: &Caller) -> Answer<Vec<ConsumerView>> {
    let found = app.storage.consumers(Some(caller.tenant()), app.clock.now().utc).await?;
    Ok(found
        .into_iter()
        .map(|(consumer, progress)| ConsumerView { consumer, progress, secret: None })
        .collect())
}

#[utoipa::path(get, path = "/v1/consumers/{consumer}", tag = "events", params(("consumer" = ConsumerId, Path)),
    responses((status = 200, body = ConsumerView), (status = "4XX", body = Problem)))]
pub(super) async fn get(
    State(app): State<Shared>,
    caller: Caller,
    Path(consumer): Path<String>,
) -> Answer<Json<ConsumerView>> {
    Ok(Json(view(&app, &caller, &named(&consumer)?).await?))
}

/// Register a consumer (201), or give one other terms (200). The answer to a new one that is signed for holds its
/// secret, this once.
#[utoipa::path(put, path = "/v1/consumers/{consumer}", tag = "events", params(("consumer" = ConsumerId, Path)),
    request_body = ConsumerRequest,
    responses((status = 200, body = ConsumerView), (status = 201, body = ConsumerView), (status = "4XX", body = Problem)))]
pub(super) async fn put(
    State(app): State<Shared>,
    caller: Caller,
    Path(consumer): Path<String>,
    ApiJson(request): ApiJson<ConsumerRequest>,
) -> Answer<Response> {
    let id = consumer.parse::<ConsumerId>();
    let id = id.map_err(|bad| Refused::new(Code::InvalidRequest, bad.to_string()))?;
    let of = (caller.tenant(), &id);
    let (now, random) = (app.clock.now().utc, random_bytes()?);
    let wanted = (request.consumer, request.from);
    let (made, secret) = consumers::put(&*app.storage, &*app.sinks, of, wanted, &random, now).await?;
    app.bells.consumers.notify_one();
    let status = if made == ConsumerMade::Made { StatusCode::CREATED } else { StatusCode::OK };
    let mut view = view(&app, &caller, &id).await?;
    view.secret = secret.map(SecretView::told);
    Ok((status, Json(view)).into_response())
}

/// Forget a consumer, with its log and what waits for it.
#[utoipa::path(delete, path = "/v1/consumers/{consumer}", tag = "events", params(("consumer" = ConsumerId, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn remove(
    State(app): State<Shared>,
    caller: Caller,
    Path(consumer): Path<String>,
) -> Answer<StatusCode> {
    let id = named(&consumer)?;
    if !app.storage.remove_consumer(caller.tenant(), &id, app.clock.now().utc).await? {
        return Err(Refused::new(Code::NotFound, format!("there is no consumer {id}")));
    }
    app.bells.consumers.notify_one();
    Ok(StatusCode::NO_CONTENT)
}

/// Send nothing until it is resumed. What happens meanwhile waits.
#[utoipa::path(post, path = "/v1/consumers/{consumer}/pause", tag = "events",
    params(("consumer" = ConsumerId, Path)), request_body = WhyRequest,
    responses((status = 200, body = ConsumerView), (status = "4XX", body = Problem)))]
pub(super) async fn pause(
    State(app): State<Shared>,
    caller: Caller,
    Path(consumer): Path<String>,
    ApiJson(request): ApiJson<WhyRequest>,
) -> Answer<Json<ConsumerView>> {
    set_state(&app, &caller, &consumer, ConsumerState::Paused, &request.reason).await.map(Json)
}

/// Go on, also where the receiver had said that it is gone.
#[utoipa::path(post, path = "/v1/consumers/{consumer}/resume", tag = "events",
    params(("consumer" = ConsumerId, Path)), request_body = WhyRequest,
    responses((status = 200, body = ConsumerView), (status = "4XX", body = Problem)))]
pub(super) async fn resume(
    State(app): State<Shared>,
    caller: Caller,
    Path(consumer): Path<String>,
    ApiJson(request): ApiJson<WhyRequest>,
) -> Answer<Json<ConsumerView>> {
    set_state(&app, &caller, &consumer, ConsumerState::Active, &request.reason).await.map(Json)
}

pub(super) async fn set_state(
    app: &Shared,
    caller: &Caller,
    consumer: &str,
    state: ConsumerState,
    reason: &str,
) -> Answer<ConsumerView> {
    let id = named(consumer)?;
    let why = format!("{} ({})", spoken(reason, "reason")?, caller.actor()?);
    let now = app.clock.now().utc;
    if !app.storage.set_consumer_state(caller.tenant(), &id, state, &why, now).await? {
        return Err(Refused::new(Code::NotFound, format!("there is no consumer {id}")));
    }
    app.bells.consumers.notify_one();
    view(app, caller, &id).await
}

/// Hear again from there on, or go on from there. What is told again is marked as backfill.
#[utoipa::path(post, path = "/v1/consumers/{consumer}/replay", tag = "events",
    params(("consumer" = ConsumerId, Path)), request_body = ReplayRequest,
    responses((status = 200, body = ConsumerView), (status = "4XX", body = Problem)))]
pub(super) async fn replay(
    State(app): State<Shared>,
    caller: Caller,
    Path(consumer): Path<String>,
    ApiJson(request): ApiJson<ReplayRequest>,
) -> Answer<Json<ConsumerView>> {
    let id = named(&consumer)?;
    let (of, now) = ((caller.tenant(), &id), app.clock.now().utc);
    consumers::replay(&*app.storage, of, (request.from, request.rate_per_s), now).await?;
    app.bells.consumers.notify_one();
    Ok(Json(view(&app, &caller, &id).await?))
}

/// The secrets that sign for it, without the secrets themselves.
#[utoipa::path(get, path = "/v1/consumers/{consumer}/secrets", tag = "events",
    params(("consumer" = ConsumerId, Path)),
    responses((status = 200, body = SecretList), (status = "4XX", body = Problem)))]
pub(super) async fn secrets(
    State(app): State<Shared>,
    caller: Caller,
    Path(consumer): Path<String>,
) -> Answer<Json<SecretList>> {
    let id = named(&consumer)?;
    let found = view(&app, &caller, &id).await?.consumer;
    let secrets = app.storage.consumer_secrets(&found.tenant, &id).await?;
    Ok(Json(SecretList { secrets: secrets.into_iter().map(SecretView::named).collect() }))
}

/// Add a second secret, told this once. Both sign until the first is dropped.
#[utoipa::path(post, path = "/v1/consumers/{consumer}/secrets", tag = "events",
    params(("consumer" = ConsumerId, Path)),
    responses((status = 201, body = SecretView), (status = "4XX", body = Problem)))]
pub(super) async fn add_secret(
    State(app): State<Shared>,
    caller: Caller,
    Path(consumer): Path<String>,
) -> Answer<(StatusCode, Json<SecretView>)> {
    let id = named(&consumer)?;
    let (random, now) = (random_bytes()?, app.clock.now().utc);
    let secret = consumers::add_secret(&*app.storage, (caller.tenant(), &id), &random, now).await?;
    app.bells.consumers.notify_one();
    Ok((StatusCode::CREATED, Json(SecretView::told(secret))))
}

/// Sign with it no more. The last one stays.
#[utoipa::path(delete, path = "/v1/consumers/{consumer}/secrets/{secret}", tag = "events",
    params(("consumer" = ConsumerId, Path), ("secret" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn drop_secret(
    State(app): State<Shared>,
    caller: Caller,
    Path((consumer, secret)): Path<(String, String)>,
) -> Answer<StatusCode> {
    let id = named(&consumer)?;
    consumers::drop_secret(&*app.storage, (caller.tenant(), &id), &secret).await?;
    app.bells.consumers.notify_one();
    Ok(StatusCode::NO_CONTENT)
}
