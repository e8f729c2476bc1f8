//! How an agent gets its identity: a one-time code against a credential. Codes and secrets are
//! stored as hashes only.

use super::FlowError;
use crate::ports::access::Access;
use crate::ports::fleet::Fleet;
use holdfast_shared::error::Code;
use holdfast_shared::ids::{StoreId, TenantId};
use holdfast_shared::limits::ID_CHARS_MAX;
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::enrolment::{EnrolRequest, EnrolResponse};

/// How long an enrolment code can be used.
pub const CODE_TTL_MS: i64 = 24 * 60 * 60 * 1000;

/// What is stored of a random token of full length (API keys, secrets of replicas).
#[must_use]
pub fn token_hash(token: &str) -> [u8; 32] {
    blake3::derive_key("holdfast 2026 bearer token", token.as_bytes())
}

/// What is stored of a code that people type: case, spaces and dashes do not count.
#[must_use]
pub fn code_hash(code: &str) -> [u8; 32] {
    let typed: String =
        code.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect();
    blake3::derive_key("holdfast 2026 enrolment code", typed.as_bytes())
}

/// Makes `code`, random and passed in, good for one enrolment at this store. Until when.
pub async fn offer_enrolment<S: Access + Fleet + ?Sized>(
    store: &S,
    tenant: &TenantId,
    node: &StoreId,
    code: &str,
    now: UtcMs,
) -> Result<UtcMs, FlowError> {
    if store.store(tenant, node).await?.is_none() {
        return Err(FlowError::refused(Code::UnknownStore, format!("store {node} is not known")));
    }
    let until = now.plus(CODE_TTL_MS);
    store.offer_enrolment(tenant, node, code_hash(code), until).await?;
    Ok(until)
}

/// `secret` is random, passed in, and told to the agent this once.
pub async fn enrol<S: Access + Fleet + ?Sized>(
    store: &S,
    request: &EnrolRequest,
    secret: String,
    mqtt_address: String,
    now: UtcMs,
) -> Result<EnrolResponse, FlowError> {
    let box_name = request.box_name.as_deref().map(str::trim).filter(|name| !name.is_empty());
    if box_name.is_some_and(|name| name.chars().count() > ID_CHARS_MAX || name.chars().any(char::is_control))
    {
        let what = format!("box_name is at most {ID_CHARS_MAX} characters on one line");
        return Err(FlowError::refused(Code::InvalidRequest, what));
    }
    let enrolled = store.enrol(code_hash(&request.code), token_hash(&secret), box_name, now).await?;
    let Some(identity) = enrolled else {
        let what = "this enrolment code is not known, was used, or is past its time";
        return Err(FlowError::refused(Code::CodeExpired, what));
    };
    let record = store.store(&identity.tenant, &identity.store).await?;
    let store_name = record.map_or_else(|| identity.store.to_string(), |record| record.store.name);
    Ok(EnrolResponse {
        tenant: identity.tenant,
        store: identity.store,
        store_name,
        replica: identity.replica,
        secret,
        mqtt_address,
    })
}

#[cfg(test)]
mod tests;
