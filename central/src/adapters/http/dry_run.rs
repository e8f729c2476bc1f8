//! A version asked about one order, without anything coming of it.

use super::answer::{Answer, Refused, known};
use super::app::Shared;
use super::doors::Caller;
use super::{orders, policies};
use crate::core::order::OrderRequest;
use crate::core::policy::version::PolicyVersion;
use crate::core::promise::PromiseRequest;
use crate::core::routing::decision::Decision;
use crate::core::steering::Steering;
use crate::flows::dry_run::{Asking, Question, dry_run};
use axum::Json;
use axum::extract::{Path, State};
use holdfast_platform::http::ApiJson;
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::OrderId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Exactly one of them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DryRunRequest {
    /// An order that was placed: all of it, as if it came in now.
    #[serde(default)]
    order: Option<OrderId>,
    /// What a checkout would ask: one decision for each kind.
    #[serde(default)]
    cart: Option<PromiseRequest>,
    /// An order that nobody placed.
    #[serde(default)]
    demand: Option<OrderRequest>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DryRun {
    version: PolicyVersion,
    /// As decisions would name it.
    policy: String,
    decisions: Vec<Decision>,
}

/// What a version would decide now, be it a draft. Nothing is set aside, and nothing is written.
#[utoipa::path(post, path = "/v1/policies/{version}/dry-run", tag = "policies", params(("version" = u32, Path)),
    request_body = DryRunRequest, responses((status = 200, body = DryRun), (status = "4XX", body = Problem)))]
pub(super) async fn ask(
    State(app): State<Shared>,
    caller: Caller,
    Path(version): Path<String>,
    ApiJson(request): ApiJson<DryRunRequest>,
) -> Answer<Json<DryRun>> {
    let question = match (request.order, request.cart, request.demand) {
        (Some(order), None, None) => {
            Question::Order(Box::new(orders::find(&app, &caller, order.as_str()).await?))
        }
        (None, Some(cart), None) => Question::Cart(Box::new(cart)),
        (None, None, Some(demand)) => Question::Demand(Box::new(demand)),
        (_, _, _) => {
            let what = "say what it is asked about: exactly one of order, cart and demand";
            return Err(Refused::new(Code::InvalidRequest, what));
        }
    };
    let version: PolicyVersion = known(&version, Code::UnknownPolicy)?;
    let steering = Steering::new(version, policies::find(&app, &caller, version).await?.document);
    let asking = Asking { watch: &app.watch, steering: &steering, decision_id: &app.decision_id };
    let now = app.clock.now().utc;
    let decisions = dry_run(&*app.storage, &asking, caller.tenant(), &question, now).await?;
    Ok(Json(DryRun { version, policy: steering.name(), decisions }))
}
