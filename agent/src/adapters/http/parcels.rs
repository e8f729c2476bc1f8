//! Parcels beside their tasks: labels that cannot be made, and goods that come from other stores.

use super::auth::Caller;
use super::body::Said;
use super::intent::{answer, execute, intent};
use super::problem::{Failure, invalid, other_answer, refused};
use super::stamp::stamp;
use super::state::Api;
use super::tasks::{PICKING, shown, words};
use super::view::TaskView;
use crate::core::command::{Answer, Command, LabelRequest};
use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use holdfast_platform::http::{Idempotency, Trace};
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::{OrderId, Sku, StoreId, TaskId};
use holdfast_shared::limits::LOOKUP_SKUS_MAX;
use holdfast_shared::wire::sync::ExpectedParcel;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use utoipa::ToSchema;

/// Characters of the name of a carrier's service.
const SERVICE_CHARS_MAX: usize = 64;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LabelFailed {
    /// The service whose label cannot be made; the one that was planned when absent.
    #[serde(default)]
    #[schema(example = "express")]
    service: Option<String>,
    #[schema(example = "The carrier's site is down")]
    reason: String,
}

/// No label can be made for the parcel, or the driver refuses it. Central is told, also later, and says
/// what becomes of it.
#[utoipa::path(
    post, path = "/v1/tasks/{task}/label-failed", tag = "tasks", security(("device" = [])), request_body = LabelFailed,
    params(
        ("task" = String, Path, description = "The task"),
        ("idempotency-key" = String, Header, description = "One per intent, kept for retries"),
    ),
    responses(
        (status = 200, description = "The task as it is now", body = TaskView),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn label_failed(
    State(api): State<Api>,
    caller: Caller,
    Path(task): Path<String>,
    Idempotency(key): Idempotency,
    Trace(trace): Trace,
    Said { value: LabelFailed { service, reason }, hash }: Said<LabelFailed>,
) -> Result<Response, Failure> {
    let device = caller.device(PICKING)?;
    let task = TaskId::new(task).map_err(invalid)?;
    let service = service.as_deref().map(|name| words("the service", name)).transpose()?;
    if service.as_ref().is_some_and(|name| name.chars().count() > SERVICE_CHARS_MAX) {
        let what = format!("the name of a service has at most {SERVICE_CHARS_MAX} characters");
        return Err(refused(Code::InvalidRequest, what));
    }
    let request = LabelRequest { task, service, reason: words("the reason", &reason)? };
    let executed = execute(&api, intent(device, key, hash, trace)?, Command::Label(request)).await?;
    match executed.answer {
        Answer::Task { state } => Ok(answer(shown(&api, &state).await?, executed.replayed)),
        Answer::Moved { .. } | Answer::Closure { .. } | Answer::Planned { .. } => Err(other_answer()),
    }
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Expected {
    /// Those on their way first.
    expected: Vec<ExpectedView>,
}

/// A parcel that another store sends here for an order that comes together at this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(super) struct ExpectedView {
    /// Stands on the parcel. Send it as the note of what is recorded in.
    pub parcel: OrderId,
    pub order: OrderId,
    pub from: StoreId,
    pub lines: Vec<ExpectedLineView>,
    /// When it left there; absent while it is made ready.
    pub left_at: Option<String>,
    /// When all of the order should be here.
    pub due_by: Option<String>,
    /// The order no longer waits for it: what comes is stock.
    pub late: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(super) struct ExpectedLineView {
    pub sku: Sku,
    pub name: String,
    pub barcode: Option<String>,
    pub units: i64,
}

/// What comes from other stores. It is taken in by a movement `transfer_in` whose peer is `from` and whose
/// note is `parcel`.
#[utoipa::path(
    get, path = "/v1/expected", tag = "tasks", security(("device" = [])),
    responses(
        (status = 200, description = "As central last told it, less what was taken in", body = Expected),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn expected(State(api): State<Api>, caller: Caller) -> Result<Json<Expected>, Failure> {
    caller.device(PICKING)?;
    let mut parcels = api.ledger().parcels().await?.expected;
    parcels.sort_by_key(|parcel| (parcel.left_at.is_none(), parcel.left_at));
    let skus: BTreeSet<&Sku> =
        parcels.iter().flat_map(|parcel| parcel.lines.iter().map(|line| &line.sku)).collect();
    let skus: Vec<Sku> = skus.into_iter().cloned().collect();
    let mut known = HashMap::new();
    for some in skus.chunks(LOOKUP_SKUS_MAX) {
        let found = api.ledger().positions(some).await?;
        known.extend(found.into_iter().map(|at| (at.sku.clone(), (at.name, at.barcode))));
    }
    let expected = parcels.into_iter().map(|parcel| view(parcel, &known)).collect();
    Ok(Json(Expected { expected }))
}

fn view(parcel: ExpectedParcel, known: &HashMap<Sku, (String, Option<String>)>) -> ExpectedView {
    let lines = parcel.lines.into_iter().map(|line| {
        let (name, barcode) = known.get(&line.sku).cloned().unwrap_or_default();
        ExpectedLineView { sku: line.sku, name, barcode, units: line.units }
    });
    ExpectedView {
        lines: lines.collect(),
        parcel: parcel.parcel,
        order: parcel.order,
        from: parcel.from,
        left_at: parcel.left_at.and_then(stamp),
        due_by: parcel.due_by.and_then(stamp),
        late: parcel.late,
    }
}
