//! Goods that come back: asked for, decided upon, looked at.

use super::answer::{Answer, Refused, known};
use super::app::Shared;
use super::doors::Caller;
use super::paging::Paging;
use crate::core::returns::fact::ReturnFact;
use crate::core::returns::request::ReturnRequest;
use crate::core::returns::state::{Act, Return, ReturnState};
use crate::flows::returns::{act_on_return, ask_return};
use crate::ports::access::Scope;
use crate::ports::returns::ReturnFilter;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use holdfast_platform::http::{ApiJson, ApiQuery, Idempotency};
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::{OrderId, ReturnId, StoreId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(ask, of_order))
        .routes(routes!(list))
        .routes(routes!(get))
        .routes(routes!(approve))
        .routes(routes!(refuse))
        .routes(routes!(cancel))
        .routes(routes!(damaged))
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReturnTaken {
    #[serde(flatten)]
    taken: Return,
    /// The same request came before under the same key.
    replayed: bool,
    #[schema(example = "/v1/returns/o-7k2-r1")]
    status_url: String,
}

/// Ask for goods to be returned. What the rules allow is approved at once; what they do not is refused, or waits for a
/// person. The money follows by itself when a store has the goods.
#[utoipa::path(post, path = "/v1/orders/{order}/returns", tag = "orders", params(("order" = OrderId, Path),
    ("Idempotency-Key" = String, Header, description = "Chosen once per intent, kept for retries")),
    request_body = ReturnRequest,
    responses((status = 202, body = ReturnTaken), (status = "4XX", body = Problem), (status = "5XX", body = Problem)))]
pub(super) async fn ask(
    State(app): State<Shared>,
    caller: Caller,
    Path(order): Path<String>,
    Idempotency(key): Idempotency,
    ApiJson(request): ApiJson<ReturnRequest>,
) -> Answer<(StatusCode, Json<ReturnTaken>)> {
    let order: OrderId = known(&order, Code::UnknownOrder)?;
    let (tenant, by) = (caller.tenant(), caller.actor()?);
    let policy = app.policies.of(tenant);
    let of = (tenant, &order);
    let now = app.clock.now().utc;
    let (taken, replayed) = ask_return(&*app.storage, of, request, (key, by), &policy.returns, now).await?;
    app.work_changed();
    let status_url = format!("/v1/returns/{}", taken.id);
    let taken = for_caller(&caller, taken);
    Ok((StatusCode::ACCEPTED, Json(ReturnTaken { taken, replayed, status_url })))
}

/// Which store took the goods in is for customer service: a storefront knows no stores.
fn for_caller(caller: &Caller, of: Return) -> Return {
    if caller.may(Scope::Support) { of } else { of.without_stores() }
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReturnList {
    returns: Vec<Return>,
}

/// The returns of an order, the first one first.
#[utoipa::path(get, path = "/v1/orders/{order}/returns", tag = "orders", params(("order" = OrderId, Path)),
    responses((status = 200, body = ReturnList), (status = "4XX", body = Problem)))]
pub(super) async fn of_order(
    State(app): State<Shared>,
    caller: Caller,
    Path(order): Path<String>,
) -> Answer<Json<ReturnList>> {
    let order: OrderId = known(&order, Code::UnknownOrder)?;
    let unknown = || Refused::new(Code::UnknownOrder, format!("order {order} is not known"));
    app.storage.order(caller.tenant(), &order).await?.ok_or_else(unknown)?;
    let all = app.storage.returns_of(caller.tenant(), &order).await?;
    Ok(Json(ReturnList { returns: all.into_iter().map(|of| for_caller(&caller, of)).collect() }))
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReturnShown {
    #[serde(flatten)]
    shown: Return,
    /// All that happened, oldest first; for customer service alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    facts: Vec<ReturnFact>,
}

/// A return with all that happened to it.
#[utoipa::path(get, path = "/v1/returns/{return}", tag = "orders", params(("return" = ReturnId, Path)),
    responses((status = 200, body = ReturnShown), (status = "4XX", body = Problem)))]
pub(super) async fn get(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<Json<ReturnShown>> {
    let id: ReturnId = known(&id, Code::NotFound)?;
    let missing = || Refused::new(Code::NotFound, format!("there is no return {id}"));
    let (shown, facts) = app.storage.return_of(caller.tenant(), &id).await?.ok_or_else(missing)?;
    let facts = if caller.may(Scope::Support) { facts } else { Vec::new() };
    Ok(Json(ReturnShown { shown: for_caller(&caller, shown), facts }))
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    state: Option<ReturnState>,
    /// Only those of which this store took something in.
    store: Option<String>,
    cursor: Option<String>,
    limit: Option<u32>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReturnPage {
    returns: Vec<Return>,
    next: Option<String>,
}

/// Returns of all orders, newest first.
#[utoipa::path(get, path = "/v1/returns", tag = "support", params(Asked),
    responses((status = 200, body = ReturnPage), (status = "4XX", body = Problem)))]
pub(super) async fn list(
    State(app): State<Shared>,
    caller: Caller,
    ApiQuery(asked): ApiQuery<Asked>,
) -> Answer<Json<ReturnPage>> {
    let store = asked.store.as_deref().map(|text| known::<StoreId>(text, Code::UnknownStore)).transpose()?;
    let paging = Paging { cursor: asked.cursor, limit: asked.limit }.request()?;
    let filter = ReturnFilter { state: asked.state, store };
    let page = app.storage.returns(caller.tenant(), &filter, &paging).await?;
    Ok(Json(ReturnPage { returns: page.rows, next: page.next }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WhyOfReturn)]
pub(super) struct Reason {
    #[schema(example = "a good customer")]
    reason: String,
}

async fn act(app: &Shared, caller: &Caller, id: &str, act: Act) -> Answer<Json<Return>> {
    Ok(Json(act_by(app, caller, id, act).await?))
}

/// In the name of the caller; the console does the same.
pub(super) async fn act_by(app: &Shared, caller: &Caller, id: &str, act: Act) -> Answer<Return> {
    let id: ReturnId = known(id, Code::NotFound)?;
    let of = (caller.tenant(), &id);
    let is = act_on_return(&*app.storage, of, act, &caller.actor()?, app.clock.now().utc).await?;
    app.work_changed();
    Ok(for_caller(caller, is))
}

/// It may come back, whatever the rules say.
#[utoipa::path(post, path = "/v1/returns/{return}/approve", tag = "support", params(("return" = ReturnId, Path)),
    request_body = Reason, responses((status = 200, body = Return), (status = "4XX", body = Problem)))]
pub(super) async fn approve(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    ApiJson(Reason { reason }): ApiJson<Reason>,
) -> Answer<Json<Return>> {
    act(&app, &caller, &id, Act::Approve { words: reason.trim().to_owned() }).await
}

/// It may not come back.
#[utoipa::path(post, path = "/v1/returns/{return}/refuse", tag = "support", params(("return" = ReturnId, Path)),
    request_body = Reason, responses((status = 200, body = Return), (status = "4XX", body = Problem)))]
pub(super) async fn refuse(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    ApiJson(Reason { reason }): ApiJson<Reason>,
) -> Answer<Json<Return>> {
    act(&app, &caller, &id, Act::Refuse { reason: reason.trim().to_owned() }).await
}

/// The customer keeps the goods. Not when some of them are back.
#[utoipa::path(post, path = "/v1/returns/{return}/cancel", tag = "orders", params(("return" = ReturnId, Path)),
    request_body = Reason, responses((status = 200, body = Return), (status = "4XX", body = Problem)))]
pub(super) async fn cancel(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    ApiJson(Reason { reason }): ApiJson<Reason>,
) -> Answer<Json<Return>> {
    act(&app, &caller, &id, Act::Cancel { reason: reason.trim().to_owned() }).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Damaged {
    refund: bool,
    #[schema(example = "it was broken when it came")]
    reason: String,
}

/// Say whether the money for damaged goods goes back, too.
#[utoipa::path(post, path = "/v1/returns/{return}/damaged", tag = "support", params(("return" = ReturnId, Path)),
    request_body = Damaged, responses((status = 200, body = Return), (status = "4XX", body = Problem)))]
pub(super) async fn damaged(
    State(app): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    ApiJson(Damaged { refund, reason }): ApiJson<Damaged>,
) -> Answer<Json<Return>> {
    act(&app, &caller, &id, Act::Decide { refund_damaged: refund, reason: reason.trim().to_owned() }).await
}
