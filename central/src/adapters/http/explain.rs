//! Why an order went where it went, and where it would have gone by another policy.

use super::answer::Answer;
use super::app::Shared;
use super::doors::Caller;
use super::orders::find;
use super::policies;
use crate::core::fences::FenceStep;
use crate::core::gathering::Gathering;
use crate::core::policy::version::PolicyVersion;
use crate::core::promise::PromiseChange;
use crate::core::routing::again::Again;
use crate::core::routing::decision::Decision;
use crate::core::steering::Steering;
use crate::core::substitution::Substitution;
use axum::Json;
use axum::extract::{Path, State};
use holdfast_platform::http::ApiQuery;
use holdfast_shared::error::Problem;
use holdfast_shared::ids::OrderId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Under {
    /// A version of the policy by which each decision is made again; 0 is what was built in.
    policy: Option<u32>,
}

impl Under {
    pub(super) fn version(&self) -> Option<PolicyVersion> {
        self.policy.map(PolicyVersion)
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Explanation {
    order: OrderId,
    decisions: Vec<Decision>,
    /// Who had it under which fence, and how each of those rights ended; oldest first.
    fences: Vec<FenceStep>,
    /// What was told last of a promised date that could not be kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    promise: Option<PromiseChange>,
    /// Other goods in place of those that could not be had, with those that were passed over and why.
    substitutions: Vec<Substitution>,
    /// It comes together at one store first, or its goods travel there for another order.
    #[serde(skip_serializing_if = "Option::is_none")]
    gathering: Option<Gathering>,
    /// By the other policy that was asked about: one of each decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    instead: Option<Vec<Again>>,
}

/// Every routing decision of an order: who was considered, and why not. For customer service.
#[utoipa::path(get, path = "/v1/orders/{order}/explain", tag = "orders", params(("order" = OrderId, Path), Under),
    responses((status = 200, body = Explanation), (status = "4XX", body = Problem)))]
pub(super) async fn explain(
    State(app): State<Shared>,
    caller: Caller,
    Path(order): Path<String>,
    ApiQuery(under): ApiQuery<Under>,
) -> Answer<Json<Explanation>> {
    let order = find(&app, &caller, &order).await?.order;
    let instead = match under.version() {
        Some(version) => Some(again(&app, &caller, &order, version).await?),
        None => None,
    };
    let decisions = app.storage.decisions(caller.tenant(), &order).await?;
    let fences = app.storage.fences(caller.tenant(), &order).await?;
    let promise = app.storage.promise_change(caller.tenant(), &order).await?;
    let substitutions = app.storage.substitutions(caller.tenant(), &order).await?;
    let gathering = app.storage.gathering(caller.tenant(), &order).await?;
    Ok(Json(Explanation { order, decisions, fences, promise, substitutions, gathering, instead }))
}

/// Each decision of the order, made again by that version.
pub(super) async fn again(
    app: &Shared,
    caller: &Caller,
    order: &OrderId,
    version: PolicyVersion,
) -> Answer<Vec<Again>> {
    let document = policies::find(app, caller, version).await?.document;
    let steering = Steering::new(version, document);
    let recorded = app.storage.recorded(caller.tenant(), order).await?;
    let again = recorded.iter().map(|(was, inputs)| match inputs {
        Some(inputs) => {
            inputs.again(was, steering.routing_of(inputs.demand.brand.as_ref()), &steering.carriers)
        }
        None => Again::unknown(was, &steering.routing),
    });
    Ok(again.collect())
}
