//! What agents ask: a credential for a one-time code, and a round of sync.

use super::answer::{Answer, Refused, internal};
use super::app::Shared;
use super::doors::Replicating;
use super::peer::CameFrom;
use crate::core::health::StoreKey;
use crate::flows::enrol::enrol;
use crate::flows::exchange::exchange;
use crate::ports::access::ReplicaIdentity;
use crate::ports::replication::Exchanged;
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequestParts, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use holdfast_platform::http::{ApiJson, Busy, Place};
use holdfast_platform::random;
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::limits::{SYNC_BYTES_MAX, SYNC_SMALL_BYTES};
use holdfast_shared::time::Now;
use holdfast_shared::wire::enrolment::{EnrolRequest, EnrolResponse};
use holdfast_shared::wire::sync::{
    SYNC_CONTENT_TYPE, SYNC_VERSION, SYNC_VERSION_HEADER, SyncCodecError, SyncMessage, SyncRequest,
};
use std::time::Duration;

/// How long an enrolment waits for those before it.
const ENROLMENT_TURN_WITHIN: Duration = Duration::from_secs(5);

/// A place among the messages in work, given before anything of the body is read. A message without
/// a length counts as large.
pub(super) struct Admitted {
    _place: Place,
}

impl FromRequestParts<Shared> for Admitted {
    type Rejection = Busy;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Busy> {
        let length = parts.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
        let small =
            length.and_then(|text| text.parse().ok()).is_some_and(|bytes: usize| bytes <= SYNC_SMALL_BYTES);
        let (room, name) =
            if small { (&app.rooms.exchanges, "small") } else { (&app.rooms.backlogs, "backlog") };
        let place = room.enter();
        if place.is_err() {
            metrics::counter!("holdfast_sync_shed_total", "size" => name).increment(1);
        }
        Ok(Self { _place: place? })
    }
}

/// One round of sync: facts in documents, both ways.
#[utoipa::path(post, path = "/v1/sync", tag = "agents",
    request_body(content = Vec<u8>, content_type = "application/vnd.holdfast.sync"),
    responses((status = 200, body = Vec<u8>, content_type = "application/vnd.holdfast.sync"),
        (status = "4XX", body = Problem), (status = "5XX", body = Problem)))]
pub(super) async fn sync(
    State(app): State<Shared>,
    Replicating(replica): Replicating,
    CameFrom(address): CameFrom,
    _admitted: Admitted,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Answer<Response> {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if kind != Some(SYNC_CONTENT_TYPE) {
        return Err(Refused::new(
            Code::UnsupportedMediaType,
            format!("the body must be {SYNC_CONTENT_TYPE}"),
        ));
    }
    let body = body.map_err(|refused| cut_off(&refused))?;
    let message = SyncRequest::decode(&body).map_err(|error| undecodable(&error))?;
    let started = app.clock.now();
    let (storage, poke) = (&*app.storage, &*app.poke);
    let address = address.map(|address| address.to_string());
    let done = exchange(storage, &app.watch, poke, (&replica, address.as_deref()), &message, started).await;
    let outcome = if done.is_ok() { "ok" } else { "refused" };
    metrics::counter!("holdfast_sync_exchanges_total", "outcome" => outcome).increment(1);
    let done = done?;
    measure(&app, started, &replica, &done);
    if done.new_facts > 0 || done.stock_grew || !done.changed_tasks.is_empty() {
        app.work_changed();
    }
    let body = done.response.encode().map_err(|error| internal("the answer", error))?;
    let version = (HeaderName::from_static(SYNC_VERSION_HEADER), HeaderValue::from(SYNC_VERSION));
    let kind = (CONTENT_TYPE, HeaderValue::from_static(SYNC_CONTENT_TYPE));
    Ok(([kind, version], body).into_response())
}

fn measure(app: &Shared, started: Now, replica: &ReplicaIdentity, done: &Exchanged) {
    let seconds = |ms: i64| f64::from(i32::try_from(ms).unwrap_or(i32::MAX)) / 1000.0;
    metrics::histogram!("holdfast_sync_seconds").record(seconds(app.clock.now().mono.since(started.mono)));
    metrics::counter!("holdfast_sync_facts_total").increment(done.new_facts);
    if done.lags_ms.is_empty() {
        return;
    }
    let key = StoreKey::new(replica.tenant.clone(), replica.store.clone());
    let kind = app.watch.with(|seen| seen.record(&key).map(|record| record.store.kind.as_str()));
    let lag = metrics::histogram!("holdfast_convergence_seconds", "kind" => kind.unwrap_or("unknown"));
    done.lags_ms.iter().for_each(|ms| lag.record(seconds(*ms)));
}

fn cut_off(refused: &BytesRejection) -> Refused {
    if refused.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Refused::new(
            Code::BodyTooLarge,
            format!("a sync message has at most {SYNC_BYTES_MAX} bytes"),
        );
    }
    Refused::new(Code::InvalidRequest, "the body could not be read to its end")
}

fn undecodable(error: &SyncCodecError) -> Refused {
    metrics::counter!("holdfast_sync_damaged_total").increment(1);
    let problem = Problem::new(error.code(), error.to_string());
    match error.hint() {
        Some(hint) => problem.with_hint(hint).into(),
        None => problem.into(),
    }
}

/// Use up a one-time code: what an agent keeps as its identity.
#[utoipa::path(post, path = "/v1/enroll", tag = "agents", request_body = EnrolRequest, security(()),
    responses((status = 200, body = EnrolResponse), (status = 410, body = Problem), (status = 429, body = Problem)))]
pub(super) async fn enroll(
    State(app): State<Shared>,
    ApiJson(request): ApiJson<EnrolRequest>,
) -> Answer<Json<EnrolResponse>> {
    // 38 bits: good against guessing only while the guesses are few. An honest burst waits its turn.
    let turn = tokio::time::timeout(ENROLMENT_TURN_WITHIN, app.rooms.enrolments.acquire()).await;
    let Ok(Ok(_turn)) = turn else {
        return Err(Refused::new(Code::TooManyRequests, "too many enrolments at once"));
    };
    let secret = random::token().map_err(|error| internal("a secret", error))?;
    let (mqtt, now) = (app.mqtt_address.clone(), app.clock.now().utc);
    let identity = enrol(&*app.storage, &request, secret, mqtt, now).await?;
    app.fleet_changed();
    Ok(Json(identity))
}
