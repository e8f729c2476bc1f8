//! What people arrange for a store beside its description: days with other hours, staff, closures
//! planned ahead.

use super::answer::{Answer, Refused, known};
use super::app::Shared;
use super::doors::Caller;
use crate::core::arranged::{Arrangement, Unfit};
use crate::core::eligibility::{Eligibility, Reason, Standing};
use crate::core::fleet::{Arranged, ClosureCause, DatedHours, PlannedClosure, Staffing};
use crate::core::stock::class::SkuClass;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use holdfast_platform::http::ApiJson;
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::StoreId;
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// Whether doors are open and whether orders can be served are two things.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Availability {
    /// By its own hours.
    pub(super) physically_open: bool,
    /// For at least one kind of work.
    pub(super) functionally_available: bool,
    pub(super) by_kind: Vec<KindStanding>,
    /// Classes of SKUs of which central knows late what the store did; ineligible ones are not promised.
    pub(super) by_class: Vec<ClassStanding>,
}

/// How a store stands for one class of SKUs.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ClassStanding {
    pub(super) class: SkuClass,
    pub(super) standing: Standing,
    pub(super) why: String,
}

/// How a store stands for one kind of work that it does.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct KindStanding {
    pub(super) kind: FulfilmentKind,
    pub(super) standing: Standing,
    #[schema(example = "2 handhelds paired, not seen for 5 h (limit 4 h)")]
    pub(super) why: String,
}

impl Availability {
    pub(super) fn of(fulfils: &BTreeSet<FulfilmentKind>, eligibility: &Eligibility) -> Self {
        let of_kind = |kind: &FulfilmentKind| KindStanding {
            kind: *kind,
            standing: eligibility.standing_for(*kind),
            why: eligibility.why_for(*kind).to_owned(),
        };
        Self {
            physically_open: eligibility.physically_open,
            functionally_available: !eligibility.kinds.is_empty(),
            by_kind: fulfils.iter().map(of_kind).collect(),
            by_class: eligibility.reasons.iter().flat_map(of_classes).collect(),
        }
    }
}

fn of_classes(reason: &Reason) -> impl Iterator<Item = ClassStanding> + '_ {
    let standing = |class: &SkuClass| ClassStanding {
        class: class.clone(),
        standing: reason.standing,
        why: reason.words.clone(),
    };
    reason.classes.iter().flatten().map(standing)
}

/// All days of the store's calendar that have hours of their own; those of before are replaced.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DatedHoursRequest {
    dated_hours: Vec<DatedHours>,
}

/// What the store takes; what is left out is as usual again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CapacityRequest {
    /// Tasks that it may be given in one hour of the clock.
    #[serde(default)]
    tasks_per_hour: Option<u32>,
    /// 1000 is as usual, 500 is half of the staff.
    #[serde(default)]
    staffing_permille: Option<u16>,
    /// When the staff is as usual again; absent: until it is said anew.
    #[serde(default)]
    staffing_until: Option<UtcMs>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanRequest {
    /// Soft: finishes its work, gets no more. Hard: its work moves away as well.
    hard: bool,
    cause: ClosureCause,
    from: UtcMs,
    until: UtcMs,
}

/// Give days of the calendar their own hours: holidays, late openings, stocktaking.
#[utoipa::path(put, path = "/v1/stores/{store}/dated-hours", tag = "fleet", params(("store" = StoreId, Path)),
    request_body = DatedHoursRequest, responses((status = 200, body = Arranged), (status = "4XX", body = Problem)))]
pub(super) async fn put_dated_hours(
    State(app): State<Shared>,
    caller: Caller,
    Path(store): Path<String>,
    ApiJson(request): ApiJson<DatedHoursRequest>,
) -> Answer<Json<Arranged>> {
    let change = Arrangement::DatedHours(request.dated_hours);
    Ok(Json(arrange(&app, &caller, &store, change).await?))
}

/// Say how many tasks an hour may bring, and how many of the usual staff are there.
#[utoipa::path(put, path = "/v1/stores/{store}/capacity", tag = "fleet", params(("store" = StoreId, Path)),
    request_body = CapacityRequest, responses((status = 200, body = Arranged), (status = "4XX", body = Problem)))]
pub(super) async fn put_capacity(
    State(app): State<Shared>,
    caller: Caller,
    Path(store): Path<String>,
    ApiJson(request): ApiJson<CapacityRequest>,
) -> Answer<Json<Arranged>> {
    let CapacityRequest { tasks_per_hour, staffing_permille, staffing_until } = request;
    if staffing_permille.is_none() && staffing_until.is_some() {
        let detail =
            "staffing_until without staffing_permille: say how many of the staff are there until then";
        return Err(Refused::new(Code::InvalidRequest, detail));
    }
    let author = caller.actor()?;
    let staffing = staffing_permille.map(|permille| Staffing { permille, until: staffing_until, author });
    Ok(Json(arrange(&app, &caller, &store, Arrangement::Capacity { tasks_per_hour, staffing }).await?))
}

/// Plan a closure that begins and ends by itself, like maintenance.
#[utoipa::path(post, path = "/v1/stores/{store}/planned-closures", tag = "fleet", params(("store" = StoreId, Path)),
    request_body = PlanRequest, responses((status = 201, body = Arranged), (status = "4XX", body = Problem)))]
pub(super) async fn plan(
    State(app): State<Shared>,
    caller: Caller,
    Path(store): Path<String>,
    ApiJson(request): ApiJson<PlanRequest>,
) -> Answer<(StatusCode, Json<Arranged>)> {
    let PlanRequest { hard, cause, from, until } = request;
    let planned = PlannedClosure { number: 0, hard, cause, author: caller.actor()?, from, until };
    Ok((StatusCode::CREATED, Json(arrange(&app, &caller, &store, Arrangement::Plan(planned)).await?)))
}

/// Take a planned closure back, or end it while it lasts.
#[utoipa::path(delete, path = "/v1/stores/{store}/planned-closures/{number}", tag = "fleet",
    params(("store" = StoreId, Path), ("number" = u32, Path)),
    responses((status = 200, body = Arranged), (status = "4XX", body = Problem)))]
pub(super) async fn unplan(
    State(app): State<Shared>,
    caller: Caller,
    Path((store, number)): Path<(String, String)>,
) -> Answer<Json<Arranged>> {
    let bad = || Refused::new(Code::NotFound, format!("{number} is no number of a planned closure"));
    let number: u32 = number.parse().map_err(|_| bad())?;
    Ok(Json(arrange(&app, &caller, &store, Arrangement::Unplan(number)).await?))
}

async fn arrange(app: &Shared, caller: &Caller, store: &str, change: Arrangement) -> Answer<Arranged> {
    let id: StoreId = known(store, Code::UnknownStore)?;
    let done = app.storage.arrange(caller.tenant(), &id, &change, app.clock.now().utc).await?;
    let arranged = match done {
        Some(Ok(arranged)) => arranged,
        Some(Err(unfit @ Unfit::Cannot(_))) => {
            return Err(Refused::new(Code::InvalidRequest, unfit.to_string()));
        }
        Some(Err(unfit @ Unfit::NotPlanned(_))) => {
            return Err(Refused::new(Code::NotFound, unfit.to_string()));
        }
        None => return Err(Refused::new(Code::UnknownStore, format!("there is no store {store}"))),
    };
    app.fleet_changed();
    Ok(arranged)
}
