//! What agents ask: a credential for a one-time code, and a round of sync.

use super::answer::{Answer, Refused};
use super::app::Shared;
use super::doors::Replicating;
use super::extract::{Body, bytes};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::wire::enrolment::{EnrolRequest, EnrolResponse};
use holdfast_shared::wire::sync::{SYNC_CONTENT_TYPE, SyncCodecError, SyncMessage, SyncRequest};

const CODE_CHARS_MAX: usize = 40;
const BOX_NAME_CHARS_MAX: usize = 80;

/// One round of sync: facts in documents, both ways.
#[utoipa::path(post, path = "/v1/sync", tag = "agents",
    request_body(content = Vec<u8>, content_type = "application/vnd.holdfast.sync"),
    responses((status = 200, body = Vec<u8>, content_type = "application/vnd.holdfast.sync"),
        (status = "4XX", body = Problem), (status = "5XX", body = Problem)))]
pub(super) async fn sync(
    State(app): State<Shared>,
    Replicating(replica): Replicating,
    request: Request,
) -> Answer<Response> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if kind != Some(SYNC_CONTENT_TYPE) {
        return Err(Refused::new(Code::UnsupportedMediaType, format!("the body must be {SYNC_CONTENT_TYPE}")));
    }
    let body = bytes(request, &app).await?;
    let message = SyncRequest::decode(&body).map_err(|error| undecodable(&error))?;
    if message.store != replica.store || message.replica != replica.replica {
        metrics::counter!("holdfast_foreign_claims_total").increment(1);
        let detail = format!("the secret is that of {}, the message says {}", replica.replica, message.replica);
        return Err(Refused::new(Code::Forbidden, detail));
    }
    let answer = app.desk.exchange(&replica, message).await?;
    let body = answer.encode().map_err(|error| Refused::internal("the answer", error))?;
    Ok(([(CONTENT_TYPE, SYNC_CONTENT_TYPE)], body).into_response())
}

fn undecodable(error: &SyncCodecError) -> Refused {
    metrics::counter!("holdfast_sync_damaged_total").increment(1);
    Refused::new(error.code(), error.to_string())
}

/// Use up a one-time code: what an agent keeps as its identity.
#[utoipa::path(post, path = "/v1/enroll", tag = "agents", request_body = EnrolRequest, security(()),
    responses((status = 200, body = EnrolResponse), (status = "4XX", body = Problem)))]
pub(super) async fn enroll(
    State(app): State<Shared>,
    Body(request): Body<EnrolRequest>,
) -> Answer<Json<EnrolResponse>> {
    let too_long = |name: &String| name.chars().count() > BOX_NAME_CHARS_MAX;
    if request.code.len() > CODE_CHARS_MAX || request.box_name.as_ref().is_some_and(too_long) {
        return Err(Refused::new(Code::InvalidRequest, "code or box_name is too long"));
    }
    // 38 bits: good against guessing only while the guesses are few.
    let Ok(_turn) = app.enrolments.try_acquire() else {
        return Err(Refused::new(Code::TooManyRequests, "too many enrolments at once"));
    };
    Ok(Json(app.desk.enrol(&request.code, request.box_name.as_deref()).await?))
}
