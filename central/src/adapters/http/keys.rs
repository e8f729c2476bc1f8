//! API keys of a tenant, and the audit of what must always hold.

use super::answer::{Answer, Refused, internal, known};
use super::app::Shared;
use super::doors::Caller;
use super::fleet;
use crate::flows::enrol::token_hash;
use crate::ports::access::{ApiKey, Scope};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use data_encoding::HEXLOWER;
use holdfast_platform::http::ApiJson;
use holdfast_platform::random;
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::{ApiKeyId, StoreId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

const NAME_CHARS_MAX: usize = 80;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewApiKey {
    #[schema(example = "web shop")]
    name: String,
    scopes: BTreeSet<Scope>,
    /// It sees this store and its orders alone; with `orders_read` and `fleet_read` and no other scope.
    #[serde(default)]
    store: Option<StoreId>,
}

/// A key with its token, which is shown this once and stored as a hash.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CreatedApiKey {
    #[serde(flatten)]
    key: ApiKey,
    token: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ApiKeyList {
    keys: Vec<ApiKey>,
}

/// Create an API key.
#[utoipa::path(post, path = "/v1/api-keys", tag = "admin", request_body = NewApiKey,
    responses((status = 201, body = CreatedApiKey), (status = "4XX", body = Problem)))]
pub(super) async fn create(
    State(app): State<Shared>,
    caller: Caller,
    ApiJson(request): ApiJson<NewApiKey>,
) -> Answer<(StatusCode, Json<CreatedApiKey>)> {
    let name = request.name.trim();
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || request.scopes.is_empty() {
        let detail = format!("name must have 1 to {NAME_CHARS_MAX} characters, and scopes at least one");
        return Err(Refused::new(Code::InvalidRequest, detail));
    }
    if let Some(store) = &request.store {
        let looks = |scope: &Scope| matches!(scope, Scope::OrdersRead | Scope::FleetRead);
        if !request.scopes.iter().all(looks) {
            let detail = "a key of one store has orders_read and fleet_read, and no other scope";
            return Err(Refused::new(Code::InvalidRequest, detail));
        }
        fleet::find(&app, &caller, store.as_str()).await?;
    }
    let token = random::token().map_err(|error| internal("a token", error))?;
    let id = random::bytes::<8>().map_err(|error| internal("a key id", error))?;
    let key = ApiKeyId::new(HEXLOWER.encode(&id)).map_err(|bad| internal("a key id", bad))?;
    let key = ApiKey {
        key,
        tenant: caller.tenant().clone(),
        name: name.to_owned(),
        scopes: request.scopes,
        store: request.store,
        created_at: app.clock.now().utc,
        revoked_at: None,
    };
    app.storage.create_api_key(key.clone(), token_hash(&token)).await?;
    Ok((StatusCode::CREATED, Json(CreatedApiKey { key, token })))
}

/// The tenant's API keys, without their tokens.
#[utoipa::path(get, path = "/v1/api-keys", tag = "admin", responses((status = 200, body = ApiKeyList), (status = "4XX", body = Problem)))]
pub(super) async fn list(State(app): State<Shared>, caller: Caller) -> Answer<Json<ApiKeyList>> {
    Ok(Json(ApiKeyList { keys: app.storage.api_keys(caller.tenant()).await? }))
}

/// Revoke an API key. It stays listed.
#[utoipa::path(delete, path = "/v1/api-keys/{key}", tag = "admin", params(("key" = ApiKeyId, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn revoke(
    State(app): State<Shared>,
    caller: Caller,
    Path(key): Path<String>,
) -> Answer<StatusCode> {
    let key: ApiKeyId = known(&key, Code::NotFound)?;
    if app.storage.revoke_api_key(caller.tenant(), &key, app.clock.now().utc).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Refused::new(Code::NotFound, format!("there is no key {key} that could be revoked")))
}
