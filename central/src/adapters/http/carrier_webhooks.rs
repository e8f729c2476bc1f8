//! The inbox of what carriers tell, for whoever asks what came of it.

use super::answer::Answer;
use super::app::Shared;
use super::doors::Caller;
use super::paging::Paging;
use crate::core::parcel::notice::{NoticeOutcome, ReceivedTracking};
use crate::core::parcel::tracking::TrackStatus;
use axum::Json;
use axum::extract::State;
use holdfast_platform::http::ApiQuery;
use holdfast_shared::error::Problem;
use holdfast_shared::ids::CarrierAccount;
use holdfast_shared::time::UtcMs;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(webhooks))
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TrackingPage {
    webhooks: Vec<TrackingView>,
    next: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TrackingView {
    /// The account at the carrier.
    account: CarrierAccount,
    /// The carrier's own id.
    event: String,
    /// In the carrier's words.
    kind: String,
    tracking_number: String,
    /// Absent when the carrier's words are of no kind that is known here.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<TrackStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    happened_at: Option<UtcMs>,
    received_at: UtcMs,
    /// Absent while it waits to be read, or for the label of its number to be known.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<NoticeOutcome>,
    /// While it waits: when it is read next at the latest. A label of its number that is made has it read at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    read_again_at: Option<UtcMs>,
}

impl From<ReceivedTracking> for TrackingView {
    fn from(received: ReceivedTracking) -> Self {
        let ReceivedTracking { carrier, notice, at, next_at, outcome, .. } = received;
        Self {
            account: carrier,
            event: notice.event,
            kind: notice.kind,
            tracking_number: notice.tracking_number,
            status: notice.track.as_ref().map(|track| track.status),
            happened_at: notice.track.map(|track| track.happened_at),
            received_at: at,
            outcome,
            read_again_at: outcome.is_none().then_some(next_at),
        }
    }
}

/// The inbox of carriers' webhooks, newest first: also those that wait for their label, and those that told nothing.
#[utoipa::path(get, path = "/v1/webhooks/carriers", tag = "support", params(Paging),
    responses((status = 200, body = TrackingPage), (status = "4XX", body = Problem)))]
pub(super) async fn webhooks(
    State(app): State<Shared>,
    caller: Caller,
    ApiQuery(paging): ApiQuery<Paging>,
) -> Answer<Json<TrackingPage>> {
    let page = app.storage.tracking(caller.tenant(), &paging.request()?).await?;
    let webhooks = page.rows.into_iter().map(TrackingView::from).collect();
    Ok(Json(TrackingPage { webhooks, next: page.next }))
}
