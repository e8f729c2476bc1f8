//! Tokens with which customers read their own order, for storefronts to hand out.

use super::answer::{Answer, Refused, internal};
use super::app::Shared;
use super::doors::Caller;
use super::orders::find;
use crate::core::order_token::mint;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use holdfast_platform::http::ApiJson;
use holdfast_platform::random;
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::OrderId;
use holdfast_shared::limits::ORDER_TOKEN_S_MAX;
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

const TOKEN_S: i64 = 30 * 86_400;

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OrderTokenRequest {
    /// For how long it is good; 30 days when absent, 90 at most.
    #[serde(default)]
    #[schema(example = 2_592_000)]
    expires_in_s: Option<i64>,
}

/// It opens the timeline of this order, as its customer may read it, and nothing else.
#[derive(Serialize, ToSchema)]
pub(super) struct OrderToken {
    order: OrderId,
    /// For the head `Authorization: Bearer`. Nothing personal stands in it.
    token: String,
    expires_at: UtcMs,
    #[schema(example = "/v1/orders/o-7k2/timeline")]
    timeline_url: String,
}

/// A token with which the order's customer reads its timeline until it expires.
#[utoipa::path(post, path = "/v1/orders/{order}/token", tag = "orders", params(("order" = OrderId, Path)),
    request_body = OrderTokenRequest,
    responses((status = 201, body = OrderToken), (status = "4XX", body = Problem)))]
pub(super) async fn create(
    State(app): State<Shared>,
    caller: Caller,
    Path(order): Path<String>,
    ApiJson(request): ApiJson<OrderTokenRequest>,
) -> Answer<(StatusCode, Json<OrderToken>)> {
    let seconds = request.expires_in_s.unwrap_or(TOKEN_S);
    if !(1..=ORDER_TOKEN_S_MAX).contains(&seconds) {
        let detail = format!("expires_in_s is {seconds}: expected 1 to {ORDER_TOKEN_S_MAX}");
        return Err(Refused::new(Code::InvalidRequest, detail));
    }
    let order = find(&app, &caller, &order).await?.order;
    let fresh = random::bytes::<32>().map_err(|error| internal("a key", error))?;
    let key = match app.storage.order_token_key(caller.tenant()).await? {
        Some(key) => key,
        None => app.storage.make_order_token_key(caller.tenant(), fresh).await?,
    };
    let expires_at = app.clock.now().utc.plus(seconds.saturating_mul(1_000));
    let token = mint(&key, caller.tenant(), &order, expires_at);
    let timeline_url = format!("/v1/orders/{order}/timeline");
    Ok((StatusCode::CREATED, Json(OrderToken { order, token, expires_at, timeline_url })))
}
