//! After central was restored from a backup: whom it waits for, what is lost, and a person's word not
//! to wait for a store.

use super::answer::{Answer, Refused};
use super::app::Shared;
use super::doors::Caller;
use super::fleet;
use super::orders::spoken;
use crate::ports::recovery::{OverrideOutcome, Recovery};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use holdfast_platform::http::ApiJson;
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::StoreId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RecoveryView {
    /// The newest restore; none when central never was restored.
    recovery: Option<Recovery>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OverrideRequest {
    /// What is known of the store, and who decided.
    #[schema(example = "the store is closed for good; its parcels were counted by hand")]
    reason: String,
}

/// The window after a restore.
#[utoipa::path(get, path = "/v1/recovery", tag = "support",
    responses((status = 200, body = RecoveryView), (status = "4XX", body = Problem)))]
pub(super) async fn get(State(app): State<Shared>, caller: Caller) -> Answer<Json<RecoveryView>> {
    Ok(Json(RecoveryView { recovery: app.storage.recovery(caller.tenant()).await? }))
}

/// Do not wait for what this store did before the restore.
#[utoipa::path(post, path = "/v1/recovery/stores/{store}", tag = "support", params(("store" = StoreId, Path)),
    request_body = OverrideRequest, responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn override_store(
    State(app): State<Shared>,
    caller: Caller,
    Path(store): Path<String>,
    ApiJson(request): ApiJson<OverrideRequest>,
) -> Answer<StatusCode> {
    override_one(&app, &caller, &store, &request.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn override_one(app: &Shared, caller: &Caller, store: &str, reason: &str) -> Answer<()> {
    let store = fleet::find(app, caller, store).await?.store.store;
    let (reason, actor) = (spoken(reason, "reason")?, caller.actor()?);
    let now = app.clock.now().utc;
    let done = app.storage.override_recovery(caller.tenant(), &store, reason, &actor, now).await?;
    match done {
        OverrideOutcome::Overridden { .. } => {
            app.work_changed();
            Ok(())
        }
        OverrideOutcome::NotWaitedFor => {
            Err(Refused::new(Code::NotFound, format!("nobody waits for {store} to replay")))
        }
    }
}
