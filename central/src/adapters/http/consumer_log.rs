//! What a consumer was sent, what did not get through, and what it fetches for itself.

use super::answer::{Answer, Refused};
use super::app::Shared;
use super::consumers::{WhyRequest, named};
use super::doors::Caller;
use super::orders::spoken;
use super::paging::Paging;
use crate::core::events::cloud::CloudEvent;
use crate::core::events::consumer::SinkTerms;
use crate::flows::consumers::{find, redeliver as redeliver_one};
use crate::ports::consumers::DeadLetter;
use crate::ports::deliveries::Delivery;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use holdfast_platform::http::{ApiJson, ApiQuery};
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::ConsumerId;
use holdfast_shared::limits::{EVENTS_READ_MAX, PAGE_ROWS_DEFAULT};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeliveryPage {
    deliveries: Vec<Delivery>,
    next: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeadLetterPage {
    dead_letters: Vec<DeadLetter>,
    next: Option<String>,
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DeliveryFilter {
    /// Of this event alone.
    event: Option<u64>,
    cursor: Option<String>,
    limit: Option<u32>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Fetched {
    /// CloudEvents, in order.
    #[schema(value_type = Vec<Object>)]
    events: Vec<Value>,
    /// What to acknowledge when all of them are done.
    up_to: u64,
    /// Ask again at once: there may be more.
    more: bool,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AcknowledgeRequest {
    /// The number that was told with the last events that are done.
    up_to: u64,
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct FetchFilter {
    /// Events that are looked at, 1 to 256.
    limit: Option<u32>,
}

fn number(event: &str) -> Answer<u64> {
    event.parse().map_err(|_| Refused::new(Code::NotFound, "an event is named by its number"))
}

/// What was sent and what was answered, newest first.
#[utoipa::path(get, path = "/v1/consumers/{consumer}/deliveries", tag = "events",
    params(("consumer" = ConsumerId, Path), DeliveryFilter),
    responses((status = 200, body = DeliveryPage), (status = "4XX", body = Problem)))]
pub(super) async fn deliveries(
    State(app): State<Shared>,
    caller: Caller,
    Path(consumer): Path<String>,
    ApiQuery(filter): ApiQuery<DeliveryFilter>,
) -> Answer<Json<DeliveryPage>> {
    let id = named(&consumer)?;
    find(&*app.storage, caller.tenant(), &id, app.clock.now().utc).await?;
    let paging = Paging { cursor: filter.cursor, limit: filter.limit }.request()?;
    let page = app.storage.delivery_log(caller.tenant(), &id, filter.event, &paging).await?;
    Ok(Json(DeliveryPage { deliveries: page.rows, next: page.next }))
}

/// Send one event once more, now, and tell what the receiver said. Nothing else moves by it.
#[utoipa::path(post, path = "/v1/consumers/{consumer}/events/{event}/redeliver", tag = "events",
    params(("consumer" = ConsumerId, Path), ("event" = u64, Path)),
    responses((status = 200, body = Delivery), (status = "4XX", body = Problem)))]
pub(super) async fn redeliver(
    State(app): State<Shared>,
    caller: Caller,
    Path((consumer, event)): Path<(String, String)>,
) -> Answer<Json<Delivery>> {
    let (id, event, by) = (named(&consumer)?, number(&event)?, caller.actor()?.to_string());
    let of = (caller.tenant(), &id, event);
    let now = app.clock.now().utc;
    Ok(Json(redeliver_one(&*app.storage, &*app.sinks, &app.naming, of, &by, now).await?))
}

/// Events that did not get through and are put aside, newest first. Later ones of their keys wait for them.
#[utoipa::path(get, path = "/v1/consumers/{consumer}/dead-letters", tag = "events",
    params(("consumer" = ConsumerId, Path), Paging),
    responses((status = 200, body = DeadLetterPage), (status = "4XX", body = Problem)))]
pub(super) async fn dead_letters(
    State(app): State<Shared>,
    caller: Caller,
    Path(consumer): Path<String>,
    ApiQuery(paging): ApiQuery<Paging>,
) -> Answer<Json<DeadLetterPage>> {
    let id = named(&consumer)?;
    find(&*app.storage, caller.tenant(), &id, app.clock.now().utc).await?;
    let page = app.storage.dead_letters(caller.tenant(), &id, &paging.request()?).await?;
    Ok(Json(DeadLetterPage { dead_letters: page.rows, next: page.next }))
}

fn not_parked(event: u64) -> Refused {
    Refused::new(
        Code::NotFound,
        format!("event {event} is not put aside here; it may have gone on meanwhile"),
    )
}

/// Try it again now, and its key with it.
#[utoipa::path(post, path = "/v1/consumers/{consumer}/dead-letters/{event}/retry", tag = "events",
    params(("consumer" = ConsumerId, Path), ("event" = u64, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn retry(
    State(app): State<Shared>,
    caller: Caller,
    Path((consumer, event)): Path<(String, String)>,
) -> Answer<StatusCode> {
    retry_one(&app, &caller, &consumer, &event).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn retry_one(app: &Shared, caller: &Caller, consumer: &str, event: &str) -> Answer<()> {
    let (id, event, now) = (named(consumer)?, number(event)?, app.clock.now().utc);
    if !app.storage.retry_dead_letter(caller.tenant(), &id, event, &caller.actor()?, now).await? {
        return Err(not_parked(event));
    }
    app.woken();
    Ok(())
}

/// Let it be: its key goes on without it. On record with who and why.
#[utoipa::path(post, path = "/v1/consumers/{consumer}/dead-letters/{event}/skip", tag = "events",
    params(("consumer" = ConsumerId, Path), ("event" = u64, Path)), request_body = WhyRequest,
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn skip(
    State(app): State<Shared>,
    caller: Caller,
    Path((consumer, event)): Path<(String, String)>,
    ApiJson(request): ApiJson<WhyRequest>,
) -> Answer<StatusCode> {
    skip_one(&app, &caller, (&consumer, &event), &request.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn skip_one(
    app: &Shared,
    caller: &Caller,
    (consumer, event): (&str, &str),
    reason: &str,
) -> Answer<()> {
    let (id, event, now) = (named(consumer)?, number(event)?, app.clock.now().utc);
    let (by, why) = (caller.actor()?, spoken(reason, "reason")?);
    if !app.storage.skip_dead_letter(caller.tenant(), &id, event, (&by, why), now).await? {
        return Err(not_parked(event));
    }
    app.woken();
    Ok(())
}

/// For a consumer that fetches: what comes after what it has acknowledged.
#[utoipa::path(get, path = "/v1/consumers/{consumer}/events", tag = "events",
    params(("consumer" = ConsumerId, Path), FetchFilter),
    responses((status = 200, body = Fetched), (status = "4XX", body = Problem)))]
pub(super) async fn fetch(
    State(app): State<Shared>,
    caller: Caller,
    Path(consumer): Path<String>,
    ApiQuery(filter): ApiQuery<FetchFilter>,
) -> Answer<Json<Fetched>> {
    let id = fetching(&app, &caller, &consumer).await?;
    let now = app.clock.now().utc;
    let (found, _) = find(&*app.storage, caller.tenant(), &id, now).await?;
    let limit = filter.limit.unwrap_or(PAGE_ROWS_DEFAULT).clamp(1, EVENTS_READ_MAX);
    let events = app.storage.events_after(caller.tenant(), found.position, limit).await?;
    let up_to = events.last().map_or(found.position, |event| event.sequence);
    let more = u32::try_from(events.len()).unwrap_or(u32::MAX) >= limit;
    let wanted = events.iter().filter(|event| found.terms.filter.passes(&event.kind, &event.key));
    let told = wanted
        .map(|event| CloudEvent::of(event, &app.naming, event.sequence <= found.backfill_until).structured());
    Ok(Json(Fetched { events: told.collect(), up_to, more }))
}

/// What was fetched is done. It never goes back by this: a replay does that.
#[utoipa::path(post, path = "/v1/consumers/{consumer}/acknowledge", tag = "events",
    params(("consumer" = ConsumerId, Path)), request_body = AcknowledgeRequest,
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn acknowledge(
    State(app): State<Shared>,
    caller: Caller,
    Path(consumer): Path<String>,
    ApiJson(request): ApiJson<AcknowledgeRequest>,
) -> Answer<StatusCode> {
    let id = fetching(&app, &caller, &consumer).await?;
    let now = app.clock.now().utc;
    if app.storage.acknowledge(caller.tenant(), &id, request.up_to, now).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Refused::new(Code::Busy, "the consumer is being changed; acknowledge again"))
}

async fn fetching(app: &Shared, caller: &Caller, consumer: &str) -> Answer<ConsumerId> {
    let id = named(consumer)?;
    let (found, _) = find(&*app.storage, caller.tenant(), &id, app.clock.now().utc).await?;
    if found.terms.sink != (SinkTerms::Pull {}) {
        let detail = format!("{id} is sent its events; only a consumer with the sink pull fetches them");
        return Err(Refused::new(Code::InvalidRequest, detail));
    }
    Ok(id)
}
