//! Stores, their closures and agents, the catalogue and positions.

use super::answer::{Answer, Refused, internal, known};
use super::app::{Shared, Sight};
use super::arrangements::Availability;
use super::doors::Caller;
use super::paging::Paging;
use crate::core::eligibility::Eligibility;
use crate::core::fleet::{Arranged, Closure, ClosureCause, Store, StoreRecord};
use crate::core::hours;
use crate::flows::closures::{self, Close};
use crate::flows::enrol;
use crate::ports::fleet::{CatalogueItem, EligibilityChange, StorePosition};
use crate::ports::replication::StoreDigest;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use holdfast_platform::http::{ApiJson, ApiQuery};
use holdfast_platform::random;
use holdfast_shared::domain::task::{FulfilmentKind, Status};
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::{LineNo, OrderId, Sku, StoreId, TaskId};
use holdfast_shared::limits::LOOKUP_SKUS_MAX;
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::signal::Vitals;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Items of the catalogue in one request.
const CATALOGUE_ITEMS_MAX: usize = 1_000;

/// A store with what central knows of it now.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StoreView {
    #[serde(flatten)]
    store: Store,
    /// Absent while the store was never evaluated.
    eligibility: Option<Eligibility>,
    /// What follows from it, side by side; absent with it.
    availability: Option<Availability>,
    /// Since the last heartbeat or sync; absent when never heard since central started.
    heard_ms_ago: Option<i64>,
    /// What the last heartbeat said, as it said it.
    #[schema(value_type = Option<Object>)]
    vitals: Option<Vitals>,
    enrolled_replicas: u32,
    open_tasks: u32,
    closures: Vec<Closure>,
    arranged: Arranged,
    /// Over its documents and over its stock, as central has them; told of one store, not in lists.
    /// The same two stand in the agent's status: equal means level.
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<StoreDigest>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StoreList {
    stores: Vec<StoreView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EligibilityPage {
    changes: Vec<EligibilityChange>,
    next: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TaskView {
    task: TaskId,
    order: OrderId,
    kind: FulfilmentKind,
    status: Status,
    fence: String,
    released: bool,
    lines: Vec<TaskLineView>,
    accept_by: UtcMs,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TaskLineView {
    line: LineNo,
    sku: Sku,
    quantity: i64,
    picked: i64,
    short: i64,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TaskPage {
    tasks: Vec<TaskView>,
    next: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ClosureRequest {
    /// Soft: finishes its work, gets no more. Hard: its work moves away as well.
    hard: bool,
    cause: ClosureCause,
    /// Absent: until it is ended.
    #[serde(default)]
    until: Option<UtcMs>,
}

/// A code for one agent, shown once.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EnrolmentCode {
    store: StoreId,
    #[schema(example = "K7Q4-M9TX")]
    pub(super) code: String,
    pub(super) until: UtcMs,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CatalogueRequest {
    items: Vec<CatalogueItem>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CatalogueAnswer {
    written: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PositionList {
    positions: Vec<StorePosition>,
}

fn view(app: &Shared, record: StoreRecord) -> StoreView {
    let Sight { eligibility, heard_ms_ago, vitals } = app.sight(&record.tenant, &record.store.store);
    StoreView {
        availability: eligibility.as_ref().map(|known| Availability::of(&record.store.fulfils, known)),
        store: record.store,
        eligibility,
        heard_ms_ago,
        vitals,
        enrolled_replicas: record.enrolled_replicas,
        open_tasks: record.open_tasks,
        closures: record.closures,
        arranged: record.arranged,
        digest: None,
    }
}

/// Create a store, or change its description.
#[utoipa::path(put, path = "/v1/stores/{store}", tag = "fleet", params(("store" = StoreId, Path)),
    request_body = Store, responses((status = 200, body = StoreView), (status = "4XX", body = Problem)))]
pub(super) async fn put(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    ApiJson(store): ApiJson<Store>,
) -> Answer<Json<StoreView>> {
    if store.store.as_str() != id {
        let detail = format!("the path names {id}, the body {}", store.store);
        return Err(Refused::new(Code::InvalidRequest, detail));
    }
    check(&store)?;
    app.storage.put_store(caller.tenant(), &store, app.clock.now().utc).await?;
    app.fleet_changed();
    Ok(Json(view(&app, find(&app, &caller, &id).await?)))
}

fn check(store: &Store) -> Answer<()> {
    let refused = |detail: String| Err(Refused::new(Code::InvalidRequest, detail));
    if store.name.trim().is_empty() || store.name.chars().count() > 120 {
        return refused("name must have 1 to 120 characters".to_owned());
    }
    if !(-90.0..=90.0).contains(&store.place.latitude) || !(-180.0..=180.0).contains(&store.place.longitude) {
        return refused("place is not on the globe: latitude -90 to 90, longitude -180 to 180".to_owned());
    }
    if let Err(why) = hours::check(&store.hours, &store.zone) {
        return refused(why);
    }
    if store.buffer_units < 0 {
        return refused("buffer_units must not be negative".to_owned());
    }
    store.check_terms().or_else(refused)
}

/// Every store, with its eligibility and why.
#[utoipa::path(get, path = "/v1/stores", tag = "fleet", responses((status = 200, body = StoreList), (status = "4XX", body = Problem)))]
pub(super) async fn list(State(app): State<Shared>, caller: Caller) -> Answer<Json<StoreList>> {
    let records = app.storage.stores(caller.tenant()).await?;
    Ok(Json(StoreList { stores: records.into_iter().map(|record| view(&app, record)).collect() }))
}

/// One store, with its eligibility and why.
#[utoipa::path(get, path = "/v1/stores/{store}", tag = "fleet", params(("store" = StoreId, Path)),
    responses((status = 200, body = StoreView), (status = "4XX", body = Problem)))]
pub(super) async fn get(
    State(app): State<Shared>,
    caller: Caller,
    Path(store): Path<String>,
) -> Answer<Json<StoreView>> {
    let record = find(&app, &caller, &store).await?;
    let newest = app.storage.digests(&record.tenant, &record.store.store).await?.into_iter().next();
    Ok(Json(StoreView { digest: newest, ..view(&app, record) }))
}

/// Every change of a store's eligibility, newest first, with its reasons.
#[utoipa::path(get, path = "/v1/stores/{store}/history", tag = "fleet", params(("store" = StoreId, Path), Paging),
    responses((status = 200, body = EligibilityPage), (status = "4XX", body = Problem)))]
pub(super) async fn history(
    State(app): State<Shared>,
    caller: Caller,
    Path(store): Path<String>,
    ApiQuery(paging): ApiQuery<Paging>,
) -> Answer<Json<EligibilityPage>> {
    let store = find(&app, &caller, &store).await?.store.store;
    let page = app.storage.eligibility_history(caller.tenant(), &store, &paging.request()?).await?;
    Ok(Json(EligibilityPage { changes: page.rows, next: page.next }))
}

/// A store's tasks, newest first.
#[utoipa::path(get, path = "/v1/stores/{store}/tasks", tag = "fleet", params(("store" = StoreId, Path), Paging),
    responses((status = 200, body = TaskPage), (status = "4XX", body = Problem)))]
pub(super) async fn tasks(
    State(app): State<Shared>,
    caller: Caller,
    Path(store): Path<String>,
    ApiQuery(paging): ApiQuery<Paging>,
) -> Answer<Json<TaskPage>> {
    let store = find(&app, &caller, &store).await?.store.store;
    let page = app.storage.tasks_of_store(caller.tenant(), &store, &paging.request()?).await?;
    let task = |state: holdfast_shared::domain::task::TaskState| TaskView {
        status: state.status(),
        released: state.may_leave(),
        fence: state.fence.to_string(),
        task: state.task,
        order: state.order,
        kind: state.kind,
        lines: state
            .lines
            .into_iter()
            .map(|line| TaskLineView {
                line: line.line,
                sku: line.sku,
                quantity: line.quantity,
                picked: line.picked,
                short: line.short,
            })
            .collect(),
        accept_by: state.accept_by,
    };
    Ok(Json(TaskPage { tasks: page.rows.into_iter().map(task).collect(), next: page.next }))
}

/// Close a store for orders.
#[utoipa::path(put, path = "/v1/stores/{store}/closure", tag = "fleet", params(("store" = StoreId, Path)),
    request_body = ClosureRequest, responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn close(
    State(app): State<Shared>,
    caller: Caller,
    Path(store): Path<String>,
    ApiJson(request): ApiJson<ClosureRequest>,
) -> Answer<StatusCode> {
    close_store(&app, &caller, &store, request.hard, request.cause, request.until).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn close_store(
    app: &Shared,
    caller: &Caller,
    store: &str,
    hard: bool,
    cause: ClosureCause,
    until: Option<UtcMs>,
) -> Answer<()> {
    let store: StoreId = known(store, Code::UnknownStore)?;
    let close = Close { hard, cause, author: caller.actor()?, until };
    let now = app.clock.now().utc;
    closures::close(&*app.storage, &*app.poke, caller.tenant(), &store, close, now).await?;
    app.fleet_changed();
    Ok(())
}

/// End central's closure of a store. One that was raised at the store ends there.
#[utoipa::path(delete, path = "/v1/stores/{store}/closure", tag = "fleet", params(("store" = StoreId, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn reopen(
    State(app): State<Shared>,
    caller: Caller,
    Path(store): Path<String>,
) -> Answer<StatusCode> {
    reopen_store(&app, &caller, &store).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn reopen_store(app: &Shared, caller: &Caller, store: &str) -> Answer<()> {
    let store: StoreId = known(store, Code::UnknownStore)?;
    // Reopening what is open is not an error: the wish is fulfilled.
    closures::reopen(&*app.storage, &*app.poke, caller.tenant(), &store).await?;
    app.fleet_changed();
    Ok(())
}

/// A one-time code with which one agent enrols for this store.
#[utoipa::path(post, path = "/v1/stores/{store}/enrolments", tag = "fleet", params(("store" = StoreId, Path)),
    responses((status = 201, body = EnrolmentCode), (status = "4XX", body = Problem)))]
pub(super) async fn offer_enrolment(
    State(app): State<Shared>,
    caller: Caller,
    Path(store): Path<String>,
) -> Answer<(StatusCode, Json<EnrolmentCode>)> {
    Ok((StatusCode::CREATED, Json(offer(&app, &caller, &store).await?)))
}

pub(super) async fn offer(app: &Shared, caller: &Caller, store: &str) -> Answer<EnrolmentCode> {
    let store: StoreId = known(store, Code::UnknownStore)?;
    let code = random::code().map_err(|error| internal("a code", error))?;
    let now = app.clock.now().utc;
    let until = enrol::offer_enrolment(&*app.storage, caller.tenant(), &store, &code, now).await?;
    Ok(EnrolmentCode { store, code, until })
}

/// Add articles to the catalogue, or change their names.
#[utoipa::path(put, path = "/v1/catalogue", tag = "fleet", request_body = CatalogueRequest,
    responses((status = 200, body = CatalogueAnswer), (status = "4XX", body = Problem)))]
pub(super) async fn put_catalogue(
    State(app): State<Shared>,
    caller: Caller,
    ApiJson(request): ApiJson<CatalogueRequest>,
) -> Answer<Json<CatalogueAnswer>> {
    if request.items.is_empty() || request.items.len() > CATALOGUE_ITEMS_MAX {
        let detail = format!("items must have 1 to {CATALOGUE_ITEMS_MAX} entries");
        return Err(Refused::new(Code::InvalidRequest, detail));
    }
    let written = app.storage.put_catalogue(caller.tenant(), &request.items).await?;
    Ok(Json(CatalogueAnswer { written }))
}

/// Stock of some SKUs at every node.
#[utoipa::path(get, path = "/v1/positions", tag = "fleet",
    params(("sku" = Vec<Sku>, Query, description = "Repeated, once for each SKU")),
    responses((status = 200, body = PositionList), (status = "4XX", body = Problem)))]
pub(super) async fn positions(
    State(app): State<Shared>,
    caller: Caller,
    ApiQuery(pairs): ApiQuery<Vec<(String, String)>>,
) -> Answer<Json<PositionList>> {
    let mut skus: Vec<Sku> = Vec::new();
    for (name, value) in pairs {
        if name != "sku" {
            return Err(Refused::new(Code::UnknownField, format!("{name} is not known; only sku is")));
        }
        skus.push(Sku::new(value).map_err(|bad| Refused::new(Code::InvalidRequest, bad.to_string()))?);
    }
    if skus.is_empty() || skus.len() > LOOKUP_SKUS_MAX {
        return Err(Refused::new(Code::InvalidRequest, format!("name 1 to {LOOKUP_SKUS_MAX} SKUs")));
    }
    Ok(Json(PositionList { positions: app.storage.positions(caller.tenant(), &skus).await? }))
}

pub(super) async fn find(app: &Shared, caller: &Caller, store: &str) -> Answer<StoreRecord> {
    let id: StoreId = known(store, Code::UnknownStore)?;
    app.storage.store(caller.tenant(), &id).await?.ok_or_else(|| unknown(store))
}

fn unknown(store: &str) -> Refused {
    Refused::new(Code::UnknownStore, format!("there is no store {store}"))
}
