//! Other goods in place of those that cannot be had: which they are, what customers are asked, and what
//! they answer.

use super::answer::{Answer, Refused, known};
use super::app::Shared;
use super::doors::Caller;
use super::orders::find;
use crate::core::substitution::{Substitute, Substitution, check};
use crate::flows::answer_substitution::{Reply, answer_substitution};
use crate::flows::place_order::unknown_words;
use axum::Json;
use axum::extract::{Path, State};
use holdfast_platform::http::ApiJson;
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::{Actor, OrderId, Sku};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What may stand in for a SKU, the first choice first. It is not carried on: what stands in for a
/// substitute does not stand in for the SKU.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SubstituteList {
    substitutes: Vec<Substitute>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SubstitutionList {
    order: OrderId,
    substitutions: Vec<Substitution>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Word {
    Accept,
    Decline,
}

/// What the customer says, or somebody for them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReplyRequest {
    answer: Word,
    /// Who said so.
    #[schema(example = "customer")]
    by: Actor,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReplyAnswer {
    substitution: Substitution,
    /// The same answer came before.
    replayed: bool,
}

async fn known_sku(app: &Shared, caller: &Caller, sku: &str) -> Answer<Sku> {
    let sku: Sku = known(sku, Code::UnknownSku)?;
    refuse_unknown(app, caller, std::slice::from_ref(&sku)).await?;
    Ok(sku)
}

pub(super) async fn refuse_unknown(app: &Shared, caller: &Caller, skus: &[Sku]) -> Answer<()> {
    let unknown = app.storage.unknown_skus(caller.tenant(), skus).await?;
    if unknown.is_empty() {
        return Ok(());
    }
    Err(Refused::new(Code::UnknownSku, unknown_words(&unknown)))
}

/// What may stand in for a SKU.
#[utoipa::path(get, path = "/v1/catalogue/{sku}/substitutes", tag = "fleet", params(("sku" = Sku, Path)),
    responses((status = 200, body = SubstituteList), (status = "4XX", body = Problem)))]
pub(super) async fn list(
    State(app): State<Shared>,
    caller: Caller,
    Path(sku): Path<String>,
) -> Answer<Json<SubstituteList>> {
    let sku = known_sku(&app, &caller, &sku).await?;
    Ok(Json(SubstituteList { substitutes: app.storage.substitutes(caller.tenant(), &sku).await? }))
}

/// Say what may stand in for a SKU, the first choice first. An empty list: nothing.
#[utoipa::path(put, path = "/v1/catalogue/{sku}/substitutes", tag = "fleet", params(("sku" = Sku, Path)),
    request_body = SubstituteList,
    responses((status = 200, body = SubstituteList), (status = "4XX", body = Problem)))]
pub(super) async fn put(
    State(app): State<Shared>,
    caller: Caller,
    Path(sku): Path<String>,
    ApiJson(request): ApiJson<SubstituteList>,
) -> Answer<Json<SubstituteList>> {
    let sku = known_sku(&app, &caller, &sku).await?;
    check(&sku, &request.substitutes).map_err(|bad| Refused::new(Code::InvalidRequest, bad.to_string()))?;
    let skus: Vec<Sku> = request.substitutes.iter().map(|substitute| substitute.sku.clone()).collect();
    refuse_unknown(&app, &caller, &skus).await?;
    app.storage.put_substitutes(caller.tenant(), &sku, &request.substitutes).await?;
    app.work_changed();
    Ok(Json(request))
}

/// What was proposed in place of goods of an order, or done, oldest first.
#[utoipa::path(get, path = "/v1/orders/{order}/substitutions", tag = "orders", params(("order" = OrderId, Path)),
    responses((status = 200, body = SubstitutionList), (status = "4XX", body = Problem)))]
pub(super) async fn of_order(
    State(app): State<Shared>,
    caller: Caller,
    Path(order): Path<String>,
) -> Answer<Json<SubstitutionList>> {
    let order = find(&app, &caller, &order).await?.order;
    let substitutions = app.storage.substitutions(caller.tenant(), &order).await?;
    Ok(Json(SubstitutionList { order, substitutions }))
}

/// Answer a proposal. The same answer again changes nothing.
#[utoipa::path(post, path = "/v1/orders/{order}/substitutions/{substitution}", tag = "orders",
    params(("order" = OrderId, Path), ("substitution" = u32, Path)), request_body = ReplyRequest,
    responses((status = 200, body = ReplyAnswer), (status = "4XX", body = Problem), (status = "5XX", body = Problem)))]
pub(super) async fn reply(
    State(app): State<Shared>,
    caller: Caller,
    Path((order, number)): Path<(String, String)>,
    ApiJson(request): ApiJson<ReplyRequest>,
) -> Answer<Json<ReplyAnswer>> {
    let accept = request.answer == Word::Accept;
    Ok(Json(reply_to(&app, &caller, (&order, &number), accept, &request.by).await?))
}

pub(super) async fn reply_to(
    app: &Shared,
    caller: &Caller,
    (order, number): (&str, &str),
    accept: bool,
    by: &Actor,
) -> Answer<ReplyAnswer> {
    let order = find(app, caller, order).await?.order;
    let number: u32 = known(number, Code::NotFound)?;
    let (tenant, now) = (caller.tenant(), app.clock.now().utc);
    let reply = Reply { tenant, order: &order, number, accept, by };
    let (substitution, replayed) = answer_substitution(&*app.storage, reply, now).await?;
    if !replayed {
        let outcome = if accept { "accepted" } else { "declined" };
        metrics::counter!("holdfast_substitutions_total", "outcome" => outcome, "tenant" => tenant.to_string())
            .increment(1);
        app.work_changed();
    }
    Ok(ReplyAnswer { substitution, replayed })
}
