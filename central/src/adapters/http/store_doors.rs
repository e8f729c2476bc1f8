//! What a key of one store opens.

use super::answer::{Answer, Refused};
use super::askers::Caller;
use axum::RequestExt;
use axum::extract::{RawPathParams, Request};
use axum::http::Method;
use holdfast_shared::error::Code;

/// What a key of one store opens. A store that a path names must be that one; of orders, its own are found.
pub(super) const STORE_DOORS: &[(Method, &str)] = &[
    (Method::GET, "/v1/orders"),
    (Method::GET, "/v1/orders/{order}"),
    (Method::GET, "/v1/orders/{order}/timeline"),
    (Method::GET, "/v1/stores/{store}"),
    (Method::GET, "/v1/stores/{store}/tasks"),
    (Method::GET, "/v1/stock/stores/{store}"),
    (Method::GET, "/v1/events/stream"),
    (Method::GET, "/v1/events/socket"),
    (Method::GET, "/v1/events/catalogue"),
    (Method::GET, "/v1/events/schemas/{kind}"),
];

/// A key of one store opens what is that store's.
pub(super) async fn stays_in_its_store(caller: &Caller, request: &mut Request, path: &str) -> Answer<()> {
    let Some(store) = &caller.key.store else { return Ok(()) };
    let method = if request.method() == Method::HEAD { Method::GET } else { request.method().clone() };
    let open = STORE_DOORS.iter().any(|(known, at)| *known == method && *at == path);
    let named = request.extract_parts::<RawPathParams>().await;
    let named = named.map_err(|bad| Refused::new(Code::InvalidRequest, bad.to_string()))?;
    let of_others = named.iter().any(|(name, value)| name == "store" && value != store.as_str());
    if open && !of_others {
        return Ok(());
    }
    Err(Refused::new(Code::Forbidden, format!("this key sees the store {store} and its orders alone")))
}
