//! The policy of a tenant as a whole: what holds where and who said so, what differs between two
//! versions, what happened, and whether changes are frozen.

use super::answer::{Answer, Refused, known};
use super::app::Shared;
use super::doors::Caller;
use super::fleet;
use super::paging::Paging;
use super::policies::{PolicyReason, find};
use crate::core::policy::diff::{Difference, diff};
use crate::core::policy::document::Explained;
use crate::core::policy::layers::Target;
use crate::core::policy::version::{PolicyEvent, PolicyFreeze, PolicyVersion};
use crate::flows::policies;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use holdfast_platform::http::{ApiJson, ApiQuery};
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::{BrandId, SkuClass, StoreId};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Where {
    /// As it stands at this store.
    #[param(value_type = Option<StoreId>)]
    store: Option<String>,
    /// And for articles of this class.
    #[param(value_type = Option<SkuClass>)]
    class: Option<String>,
    /// And for orders of this brand.
    #[param(value_type = Option<BrandId>)]
    brand: Option<String>,
    /// The version in force when absent.
    version: Option<u32>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PolicyExplanation {
    version: PolicyVersion,
    hash: String,
    /// Every value with the layer that set it.
    values: Vec<Explained>,
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Between {
    from: u32,
    to: u32,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PolicyDiff {
    from: PolicyVersion,
    to: PolicyVersion,
    differences: Vec<Difference>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PolicyHistory {
    events: Vec<PolicyEvent>,
    next: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicyFreezeRequest {
    #[schema(example = "launch day")]
    pub(super) reason: String,
    /// At most 60 days ahead.
    pub(super) until: UtcMs,
}

/// What holds at a store, for a class and for a brand, and which layer says so.
#[utoipa::path(get, path = "/v1/policy/explain", tag = "policies", params(Where),
    responses((status = 200, body = PolicyExplanation), (status = "4XX", body = Problem)))]
pub(super) async fn explain(
    State(app): State<Shared>,
    caller: Caller,
    ApiQuery(asked): ApiQuery<Where>,
) -> Answer<Json<PolicyExplanation>> {
    let store = match &asked.store {
        Some(store) => Some(fleet::find(&app, &caller, store).await?.store),
        None => None,
    };
    let class = asked.class.as_deref().map(|class| known(class, Code::NotFound)).transpose()?;
    let brand = asked.brand.as_deref().map(|brand| known(brand, Code::NotFound)).transpose()?;
    let region = store.as_ref().and_then(|store| store.region.clone());
    let target = Target { brand, region, store: store.map(|store| store.store), class };
    let in_force = app.policies.of(caller.tenant());
    let (version, document) = match asked.version.map(PolicyVersion) {
        Some(version) => (version, find(&app, &caller, version).await?.document),
        None => (in_force.version, in_force.document.clone()),
    };
    let hash = document.hash().to_hex();
    Ok(Json(PolicyExplanation { version, hash, values: document.explain(&target) }))
}

/// What differs between two versions, value by value.
#[utoipa::path(get, path = "/v1/policy/diff", tag = "policies", params(Between),
    responses((status = 200, body = PolicyDiff), (status = "4XX", body = Problem)))]
pub(super) async fn differences(
    State(app): State<Shared>,
    caller: Caller,
    ApiQuery(Between { from, to }): ApiQuery<Between>,
) -> Answer<Json<PolicyDiff>> {
    let (from, to) = (PolicyVersion(from), PolicyVersion(to));
    let (before, after) = (find(&app, &caller, from).await?, find(&app, &caller, to).await?);
    Ok(Json(PolicyDiff { from, to, differences: diff(&before.document, &after.document) }))
}

/// Who did what with policies, when and why, newest first. Nothing of it ever changes.
#[utoipa::path(get, path = "/v1/policy/history", tag = "policies", params(Paging),
    responses((status = 200, body = PolicyHistory), (status = "4XX", body = Problem)))]
pub(super) async fn history(
    State(app): State<Shared>,
    caller: Caller,
    ApiQuery(paging): ApiQuery<Paging>,
) -> Answer<Json<PolicyHistory>> {
    let page = app.storage.policy_history(caller.tenant(), &paging.request()?).await?;
    Ok(Json(PolicyHistory { events: page.rows, next: page.next }))
}

/// No new version is approved or begins until then; going back to a former one stays possible.
#[utoipa::path(put, path = "/v1/policy/freeze", tag = "policies", request_body = PolicyFreezeRequest,
    responses((status = 200, body = PolicyFreeze), (status = "4XX", body = Problem)))]
pub(super) async fn freeze(
    State(app): State<Shared>,
    caller: Caller,
    ApiJson(request): ApiJson<PolicyFreezeRequest>,
) -> Answer<Json<PolicyFreeze>> {
    Ok(Json(freeze_all(&app, &caller, &request).await?))
}

pub(super) async fn freeze_all(
    app: &Shared,
    caller: &Caller,
    request: &PolicyFreezeRequest,
) -> Answer<PolicyFreeze> {
    let (by, now) = (caller.actor()?, app.clock.now().utc);
    let why = (request.reason.as_str(), &by);
    Ok(policies::freeze(&*app.storage, caller.tenant(), why, request.until, now).await?)
}

/// End the freeze.
#[utoipa::path(delete, path = "/v1/policy/freeze", tag = "policies",
    params(("reason" = String, Query, description = "Why it ends")),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn thaw(
    State(app): State<Shared>,
    caller: Caller,
    ApiQuery(PolicyReason { reason }): ApiQuery<PolicyReason>,
) -> Answer<StatusCode> {
    thaw_all(&app, &caller, &reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn thaw_all(app: &Shared, caller: &Caller, reason: &str) -> Answer<()> {
    let (by, now) = (caller.actor()?, app.clock.now().utc);
    policies::thaw(&*app.storage, caller.tenant(), (reason, &by), now).await.map_err(Refused::from)
}
