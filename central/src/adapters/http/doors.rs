//! Which credential opens which door. One table, so that a reader sees it whole and a path that
//! is missing from it opens for nobody.

use super::answer::{Answer, Refused};
use super::app::{App, Shared};
pub(super) use super::askers::{Asker, Caller, Customer, Replicating};
use super::store_doors::stays_in_its_store;
use crate::core::order_token::{self, BadToken};
use crate::flows::enrol::token_hash;
use crate::ports::access::{ApiKey, Scope};
use axum::RequestExt;
use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use holdfast_platform::http::{Asks, Bearer};
use holdfast_shared::error::Code;

/// What a door asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// An API key with one of these scopes; `Scope::Admin` opens all of them.
    AnyOf(&'static [Scope]),
    /// Such a key, or the token of the order's customer.
    OrCustomer(&'static [Scope]),
    /// The secret of an enrolled replica.
    Replica,
    /// Nothing: it tells nothing of a tenant, or its body is the credential.
    Nothing,
}

use Needs::{AnyOf, Nothing, OrCustomer, Replica};
use Scope::{Admin, FleetRead, FleetWrite, OrdersRead, OrdersWrite, PolicyApprove, PolicyWrite, Support};

/// Whoever may hear of orders, or of more.
const LISTENERS: &[Scope] = &[OrdersRead, OrdersWrite, FleetRead, Support];

/// Whoever may look at policies.
const POLICY_READERS: &[Scope] = &[PolicyWrite, PolicyApprove, FleetRead, Support];

pub(crate) const DOORS: &[(Method, &str, Needs)] = &[
    (Method::POST, "/v1/orders", AnyOf(&[OrdersWrite])),
    (Method::GET, "/v1/orders", AnyOf(&[OrdersRead, Support])),
    (Method::GET, "/v1/orders/{order}", AnyOf(&[OrdersWrite, OrdersRead, Support])),
    (Method::GET, "/v1/orders/{order}/timeline", OrCustomer(&[OrdersWrite, OrdersRead, Support])),
    (Method::GET, "/v1/orders/{order}/explain", AnyOf(&[Support])),
    (Method::GET, "/v1/orders/{order}/trace", AnyOf(&[Support])),
    (Method::POST, "/v1/orders/{order}/cancel", AnyOf(&[OrdersWrite, Support])),
    (Method::POST, "/v1/orders/{order}/token", AnyOf(&[OrdersWrite, Support])),
    (Method::POST, "/v1/orders/batch", AnyOf(&[OrdersWrite])),
    (Method::POST, "/v1/orders/{order}/changes", AnyOf(&[OrdersWrite, Support])),
    (Method::GET, "/v1/orders/{order}/changes", AnyOf(&[OrdersWrite, OrdersRead, Support])),
    (Method::POST, "/v1/orders/{order}/erase", AnyOf(&[Support])),
    (Method::GET, "/v1/customers/{customer}", AnyOf(&[Support])),
    (Method::POST, "/v1/customers/{customer}/erase", AnyOf(&[Support])),
    (Method::POST, "/v1/orders/{order}/refunds", AnyOf(&[OrdersWrite, Support])),
    (Method::GET, "/v1/orders/{order}/steps", AnyOf(&[Support])),
    (Method::POST, "/v1/orders/{order}/returns", AnyOf(&[OrdersWrite, Support])),
    (Method::GET, "/v1/orders/{order}/returns", AnyOf(&[OrdersWrite, OrdersRead, Support])),
    (Method::GET, "/v1/returns", AnyOf(&[Support])),
    (Method::GET, "/v1/returns/{return}", AnyOf(&[OrdersWrite, OrdersRead, Support])),
    (Method::POST, "/v1/returns/{return}/approve", AnyOf(&[Support])),
    (Method::POST, "/v1/returns/{return}/refuse", AnyOf(&[Support])),
    (Method::POST, "/v1/returns/{return}/cancel", AnyOf(&[OrdersWrite, Support])),
    (Method::POST, "/v1/returns/{return}/damaged", AnyOf(&[Support])),
    (Method::POST, "/v1/orders/{order}/payment/retry", AnyOf(&[Support])),
    (Method::GET, "/v1/webhooks/payments", AnyOf(&[Support])),
    // Its signature is the credential.
    (Method::POST, "/v1/webhooks/payments/{provider}", Nothing),
    (Method::GET, "/v1/orders/{order}/parcels", AnyOf(&[OrdersWrite, OrdersRead, Support])),
    (Method::POST, "/v1/rates", AnyOf(&[OrdersWrite, Support])),
    (Method::POST, "/v1/tasks/{task}/label/again", AnyOf(&[Support])),
    (Method::POST, "/v1/tasks/{task}/label/void", AnyOf(&[Support])),
    (Method::GET, "/v1/webhooks/carriers", AnyOf(&[Support])),
    // Its signature is the credential.
    (Method::POST, "/v1/webhooks/carriers/{account}", Nothing),
    (Method::GET, "/v1/orders/{order}/substitutions", AnyOf(&[OrdersWrite, OrdersRead, Support])),
    (Method::POST, "/v1/orders/{order}/substitutions/{substitution}", AnyOf(&[OrdersWrite, Support])),
    (Method::GET, "/v1/backorders", AnyOf(&[OrdersRead, Support])),
    (Method::GET, "/v1/gatherings", AnyOf(&[OrdersRead, FleetRead, Support])),
    (Method::POST, "/v1/promises", AnyOf(&[OrdersWrite])),
    (Method::GET, "/v1/promises/accuracy", AnyOf(&[OrdersRead, Support])),
    (Method::GET, "/v1/promises/{promise}", AnyOf(&[OrdersWrite, OrdersRead, Support])),
    (Method::DELETE, "/v1/promises/{promise}", AnyOf(&[OrdersWrite, Support])),
    (Method::GET, "/v1/stores", AnyOf(&[FleetRead, FleetWrite, Support])),
    (Method::GET, "/v1/stores/{store}", AnyOf(&[FleetRead, FleetWrite, Support])),
    (Method::PUT, "/v1/stores/{store}", AnyOf(&[FleetWrite])),
    (Method::GET, "/v1/stores/{store}/history", AnyOf(&[FleetRead, Support])),
    (Method::GET, "/v1/stores/{store}/tasks", AnyOf(&[FleetRead, Support])),
    (Method::PUT, "/v1/stores/{store}/closure", AnyOf(&[FleetWrite])),
    (Method::GET, "/v1/stores/{store}/escrow", AnyOf(&[FleetRead, FleetWrite, Support])),
    (Method::PUT, "/v1/stores/{store}/escrow/{sku}", AnyOf(&[FleetWrite])),
    (Method::DELETE, "/v1/stores/{store}/escrow/{sku}", AnyOf(&[FleetWrite])),
    (Method::GET, "/v1/stores/{store}/escrow-classes", AnyOf(&[FleetRead, FleetWrite, Support])),
    (Method::PUT, "/v1/stores/{store}/escrow-classes/{class}", AnyOf(&[FleetWrite])),
    (Method::DELETE, "/v1/stores/{store}/escrow-classes/{class}", AnyOf(&[FleetWrite])),
    (Method::DELETE, "/v1/stores/{store}/closure", AnyOf(&[FleetWrite])),
    (Method::PUT, "/v1/stores/{store}/dated-hours", AnyOf(&[FleetWrite])),
    (Method::PUT, "/v1/stores/{store}/capacity", AnyOf(&[FleetWrite])),
    (Method::POST, "/v1/stores/{store}/planned-closures", AnyOf(&[FleetWrite])),
    (Method::DELETE, "/v1/stores/{store}/planned-closures/{number}", AnyOf(&[FleetWrite])),
    (Method::POST, "/v1/stores/{store}/enrolments", AnyOf(&[FleetWrite])),
    (Method::POST, "/v1/health/freeze", AnyOf(&[FleetWrite])),
    (Method::DELETE, "/v1/health/freeze", AnyOf(&[FleetWrite])),
    (Method::POST, "/v1/tasks/{task}/take-back", AnyOf(&[Support])),
    (Method::POST, "/v1/tasks/{task}/label-failed", AnyOf(&[FleetWrite, Support])),
    (Method::GET, "/v1/stores/{store}/replicas", AnyOf(&[FleetRead, FleetWrite, Support])),
    (Method::GET, "/v1/stores/{store}/replicas/{replica}/quarantine/{copy}", AnyOf(&[FleetRead, Support])),
    (Method::POST, "/v1/stores/{store}/replicas/{replica}/quarantine", AnyOf(&[FleetWrite, Support])),
    (Method::PUT, "/v1/catalogue", AnyOf(&[FleetWrite])),
    (Method::GET, "/v1/catalogue/{sku}/substitutes", AnyOf(&[FleetRead, FleetWrite, Support])),
    (Method::PUT, "/v1/catalogue/{sku}/substitutes", AnyOf(&[FleetWrite])),
    (Method::GET, "/v1/positions", AnyOf(&[FleetRead, Support])),
    (Method::GET, "/v1/stock/skus/{sku}", AnyOf(&[FleetRead, Support])),
    (Method::GET, "/v1/stock/skus/{sku}/expected", AnyOf(&[FleetRead, FleetWrite, Support])),
    (Method::PUT, "/v1/stock/skus/{sku}/expected", AnyOf(&[FleetWrite])),
    (Method::GET, "/v1/stock/stores/{store}", AnyOf(&[FleetRead, Support])),
    (Method::GET, "/v1/stock/report", AnyOf(&[FleetRead, Support])),
    (Method::GET, "/v1/failover", AnyOf(&[FleetRead, Support])),
    (Method::POST, "/v1/drills", AnyOf(&[FleetWrite])),
    (Method::GET, "/v1/drills", AnyOf(&[FleetRead, FleetWrite, Support])),
    (Method::GET, "/v1/drills/{drill}", AnyOf(&[FleetRead, FleetWrite, Support])),
    (Method::DELETE, "/v1/drills/{drill}", AnyOf(&[FleetWrite])),
    (Method::GET, "/v1/exceptions", AnyOf(&[Support, FleetRead])),
    (Method::GET, "/v1/exceptions/trend", AnyOf(&[Support, FleetRead])),
    (Method::GET, "/v1/exceptions/{exception}", AnyOf(&[Support, FleetRead])),
    (Method::POST, "/v1/exceptions/resolve", AnyOf(&[Support])),
    (Method::POST, "/v1/exceptions/{exception}/take", AnyOf(&[Support])),
    (Method::POST, "/v1/exceptions/{exception}/wait", AnyOf(&[Support])),
    (Method::POST, "/v1/exceptions/{exception}/repair", AnyOf(&[Support])),
    (Method::POST, "/v1/exceptions/{exception}/resolve", AnyOf(&[Support])),
    (Method::POST, "/v1/reconciliation", AnyOf(&[Support])),
    (Method::GET, "/v1/reconciliation/{run}", AnyOf(&[Support, FleetRead])),
    (Method::DELETE, "/v1/reconciliation/{run}", AnyOf(&[Support])),
    (Method::GET, "/v1/reconciliation/findings", AnyOf(&[Support, FleetRead])),
    (Method::POST, "/v1/reconciliation/findings/{finding}/accept", AnyOf(&[Support])),
    (Method::GET, "/v1/reconciliation/report", AnyOf(&[Support, FleetRead])),
    (Method::GET, "/v1/policies", AnyOf(POLICY_READERS)),
    (Method::POST, "/v1/policies", AnyOf(&[PolicyWrite])),
    (Method::POST, "/v1/policies/check", AnyOf(POLICY_READERS)),
    (Method::POST, "/v1/policies/lint", AnyOf(POLICY_READERS)),
    (Method::POST, "/v1/policies/replay", AnyOf(POLICY_READERS)),
    (Method::POST, "/v1/policies/{version}/replay", AnyOf(POLICY_READERS)),
    (Method::GET, "/v1/replays/{replay}", AnyOf(POLICY_READERS)),
    (Method::DELETE, "/v1/replays/{replay}", AnyOf(POLICY_READERS)),
    (Method::GET, "/v1/kpis/orders", AnyOf(&[OrdersRead, FleetRead, Support])),
    (Method::GET, "/v1/kpis/flow", AnyOf(&[OrdersRead, FleetRead, Support])),
    (Method::GET, "/v1/kpis/routing", AnyOf(&[OrdersRead, FleetRead, Support])),
    (Method::GET, "/v1/policies/{version}", AnyOf(POLICY_READERS)),
    (Method::POST, "/v1/policies/{version}/approve", AnyOf(&[PolicyApprove])),
    (Method::POST, "/v1/policies/{version}/activate", AnyOf(&[PolicyWrite])),
    (Method::POST, "/v1/policies/{version}/rollback", AnyOf(&[PolicyWrite, PolicyApprove])),
    (Method::POST, "/v1/policies/{version}/withdraw", AnyOf(&[PolicyWrite, PolicyApprove])),
    (Method::GET, "/v1/policies/{version}/coverage", AnyOf(POLICY_READERS)),
    (Method::GET, "/v1/policies/{version}/sign-offs", AnyOf(POLICY_READERS)),
    // Which of them speaks for which role, the handler says.
    (Method::POST, "/v1/policies/{version}/sign-offs", AnyOf(&[Support, OrdersRead, FleetRead, FleetWrite])),
    (Method::POST, "/v1/policies/{version}/dry-run", AnyOf(POLICY_READERS)),
    (Method::GET, "/v1/policy/explain", AnyOf(POLICY_READERS)),
    (Method::GET, "/v1/policy/diff", AnyOf(POLICY_READERS)),
    (Method::GET, "/v1/policy/history", AnyOf(POLICY_READERS)),
    (Method::PUT, "/v1/policy/freeze", AnyOf(&[PolicyWrite, PolicyApprove])),
    (Method::DELETE, "/v1/policy/freeze", AnyOf(&[PolicyApprove])),
    (Method::GET, "/v1/rollouts", AnyOf(POLICY_READERS)),
    (Method::GET, "/v1/rollouts/presets", AnyOf(POLICY_READERS)),
    (Method::POST, "/v1/rollouts", AnyOf(&[PolicyWrite])),
    (Method::POST, "/v1/rollouts/{act}", AnyOf(&[PolicyWrite, PolicyApprove])),
    (Method::GET, "/v1/rollback", AnyOf(POLICY_READERS)),
    (Method::POST, "/v1/rollback", AnyOf(&[PolicyWrite, PolicyApprove])),
    (Method::GET, "/v1/rollback/report", AnyOf(POLICY_READERS)),
    (Method::GET, "/v1/preflight", AnyOf(POLICY_READERS)),
    (Method::GET, "/v1/postlaunch", AnyOf(&[Support, FleetRead])),
    (Method::GET, "/v1/shadow", AnyOf(POLICY_READERS)),
    (Method::POST, "/v1/shadow", AnyOf(&[PolicyWrite])),
    (Method::DELETE, "/v1/shadow", AnyOf(&[PolicyWrite, PolicyApprove])),
    (Method::POST, "/v1/shadow/decisions", AnyOf(&[OrdersWrite, PolicyWrite])),
    (Method::GET, "/v1/shadow/report", AnyOf(POLICY_READERS)),
    (Method::GET, "/v1/shadow/diffs", AnyOf(POLICY_READERS)),
    (Method::POST, "/v1/shadow/diffs/{diff}/triage", AnyOf(&[PolicyWrite, PolicyApprove, Support])),
    (Method::GET, "/v1/recovery", AnyOf(&[FleetRead, Support])),
    (Method::POST, "/v1/recovery/stores/{store}", AnyOf(&[Support])),
    (Method::GET, "/v1/activity", AnyOf(&[FleetRead, Support])),
    (Method::GET, "/v1/events", AnyOf(&[FleetRead, Support])),
    (Method::GET, "/v1/events/catalogue", AnyOf(LISTENERS)),
    (Method::GET, "/v1/events/schemas/{kind}", AnyOf(LISTENERS)),
    // What each of them may hear, the handler says.
    (Method::GET, "/v1/events/stream", AnyOf(LISTENERS)),
    (Method::GET, "/v1/events/socket", AnyOf(LISTENERS)),
    (Method::GET, "/v1/consumers", AnyOf(&[FleetRead, Support])),
    (Method::GET, "/v1/consumers/{consumer}", AnyOf(&[FleetRead, Support])),
    (Method::PUT, "/v1/consumers/{consumer}", AnyOf(&[Admin])),
    (Method::DELETE, "/v1/consumers/{consumer}", AnyOf(&[Admin])),
    (Method::POST, "/v1/consumers/{consumer}/pause", AnyOf(&[Support])),
    (Method::POST, "/v1/consumers/{consumer}/resume", AnyOf(&[Support])),
    (Method::POST, "/v1/consumers/{consumer}/replay", AnyOf(&[Support])),
    (Method::GET, "/v1/consumers/{consumer}/secrets", AnyOf(&[Admin])),
    (Method::POST, "/v1/consumers/{consumer}/secrets", AnyOf(&[Admin])),
    (Method::DELETE, "/v1/consumers/{consumer}/secrets/{secret}", AnyOf(&[Admin])),
    (Method::GET, "/v1/consumers/{consumer}/deliveries", AnyOf(&[FleetRead, Support])),
    (Method::POST, "/v1/consumers/{consumer}/events/{event}/redeliver", AnyOf(&[Support])),
    (Method::GET, "/v1/consumers/{consumer}/dead-letters", AnyOf(&[FleetRead, Support])),
    (Method::POST, "/v1/consumers/{consumer}/dead-letters/{event}/retry", AnyOf(&[Support])),
    (Method::POST, "/v1/consumers/{consumer}/dead-letters/{event}/skip", AnyOf(&[Support])),
    (Method::GET, "/v1/consumers/{consumer}/events", AnyOf(&[FleetRead, Support])),
    (Method::POST, "/v1/consumers/{consumer}/acknowledge", AnyOf(&[FleetRead, Support])),
    (Method::GET, "/v1/summary", AnyOf(&[OrdersRead, FleetRead, Support])),
    (Method::GET, "/v1/audit", AnyOf(&[Admin])),
    (Method::POST, "/v1/audit/intents", AnyOf(&[Admin])),
    (Method::POST, "/v1/api-keys", AnyOf(&[Admin])),
    (Method::GET, "/v1/api-keys", AnyOf(&[Admin])),
    (Method::DELETE, "/v1/api-keys/{key}", AnyOf(&[Admin])),
    (Method::POST, "/v1/sync", Replica),
    (Method::POST, "/v1/enroll", Nothing),
    (Method::GET, "/healthz", Nothing),
    (Method::GET, "/metrics", Nothing),
    (Method::GET, "/errors/{code}", Nothing),
    (Method::GET, "/openapi.json", Nothing),
];

fn needs(method: &Method, path: &str) -> Option<Needs> {
    // A HEAD is answered by the handler of the GET, so it needs the same.
    let method = if method == Method::HEAD { &Method::GET } else { method };
    DOORS.iter().find(|(known, at, _)| known == method && *at == path).map(|(_, _, needs)| *needs)
}

/// What its operation asks for, in the words of the OpenAPI document.
pub(super) fn asks(method: &Method, path: &str) -> Asks {
    match needs(method, path) {
        Some(AnyOf(_) | OrCustomer(_)) | None => Asks::Right,
        Some(Replica) => Asks::Credential,
        Some(Nothing) => Asks::Nothing,
    }
}

/// Lets a request through to its handler, or refuses it before anything of it is read.
pub(super) async fn keep(
    State(app): State<Shared>,
    path: MatchedPath,
    mut request: Request,
    next: Next,
) -> Answer<Response> {
    let Some(needs) = needs(request.method(), path.as_str()) else {
        return Err(Refused::new(Code::Forbidden, "this path is not open to anybody"));
    };
    match needs {
        Nothing => {}
        AnyOf(scopes) => {
            let Bearer(bearer) = request.extract_parts().await?;
            let caller = with_scope(&app, bearer.reveal(), scopes).await?;
            stays_in_its_store(&caller, &mut request, path.as_str()).await?;
            request.extensions_mut().insert(caller);
        }
        OrCustomer(scopes) => {
            let Bearer(bearer) = request.extract_parts().await?;
            if order_token::is_order_token(bearer.reveal()) {
                let customer = customer(&app, bearer.reveal()).await?;
                request.extensions_mut().insert(customer);
            } else {
                let caller = with_scope(&app, bearer.reveal(), scopes).await?;
                stays_in_its_store(&caller, &mut request, path.as_str()).await?;
                request.extensions_mut().insert(caller);
            }
        }
        Replica => {
            let Bearer(bearer) = request.extract_parts().await?;
            let found = app.storage.replica_by_secret(token_hash(bearer.reveal())).await?;
            let identity = found
                .ok_or_else(|| Refused::new(Code::Unauthenticated, "no enrolled replica has this secret"))?;
            request.extensions_mut().insert(Replicating(identity));
        }
    }
    Ok(next.run(request).await)
}

async fn with_scope(app: &Shared, token: &str, scopes: &[Scope]) -> Answer<Caller> {
    let caller = caller(app, token).await?;
    if scopes.iter().any(|scope| caller.may(*scope)) {
        return Ok(caller);
    }
    let wanted: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
    let detail = format!("this needs a key with one of the scopes: {}", wanted.join(", "));
    Err(Refused::new(Code::Forbidden, detail))
}

/// The bearer of a customer's token.
async fn customer(app: &Shared, token: &str) -> Answer<Customer> {
    let refused = |bad: BadToken| Refused::new(Code::Unauthenticated, bad.to_string());
    let claim = order_token::read(token).ok_or_else(|| refused(BadToken::Forged))?;
    let key = app.storage.order_token_key(&claim.tenant).await?.ok_or_else(|| refused(BadToken::Forged))?;
    claim.check(&key, app.clock.now().utc).map_err(refused)?;
    Ok(Customer { tenant: claim.tenant, order: claim.order })
}

/// The caller of an API key, for the API and for the console's login.
pub(super) async fn caller(app: &Shared, token: &str) -> Answer<Caller> {
    let key = app.storage.api_key(token_hash(token)).await?;
    if let Some(key) = &key {
        note_use(app, key).await;
    }
    key.map(|key| Caller { key })
        .ok_or_else(|| Refused::new(Code::Unauthenticated, "this API key is not known, or was revoked"))
}

/// Nothing waits for it to succeed: a database that cannot be written still answers questions.
async fn note_use(app: &App, key: &ApiKey) {
    let now = app.clock.now().utc;
    if app.rooms.key_uses.is_due(key, now)
        && let Err(error) = app.storage.note_key_use(&key.tenant, &key.key, now).await
    {
        tracing::debug!(error = &error as &dyn std::error::Error, "the use of a key is not written down");
    }
}
