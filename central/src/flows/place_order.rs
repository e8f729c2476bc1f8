//! Takes an order: checked, one local transaction, answered. Everything after it is a reaction.

use super::FlowError;
use crate::core::order::OrderRequest;
use crate::core::order_request;
use crate::core::order_terms::Priority;
use crate::core::personal::Personal;
use crate::ports::fleet::Fleet;
use crate::ports::orders::{NewOrder, Orders, Placed};
use holdfast_shared::error::Code;
use holdfast_shared::ids::{Actor, IdempotencyKey, OrderId, Sku, TenantId, TraceId};
use holdfast_shared::time::UtcMs;
use holdfast_shared::trace::Upstream;

#[derive(Debug, Clone)]
pub struct PlaceOrder {
    pub tenant: TenantId,
    /// The id that it gets if it is new.
    pub order: OrderId,
    pub request: OrderRequest,
    pub key: IdempotencyKey,
    pub actor: Actor,
    pub trace: TraceId,
    /// Whose request it came from; none when the trace began here.
    pub upstream: Option<Upstream>,
    /// As the policy in force says it.
    pub duplicate_within_ms: i64,
    /// Of an order that says nothing of its own, as the policy in force says it for the channel.
    pub priority: Priority,
}

pub async fn place_order<S: Orders + Fleet + ?Sized>(
    store: &S,
    command: PlaceOrder,
    now: UtcMs,
) -> Result<Placed, FlowError> {
    let PlaceOrder { tenant, order, request, key, actor, trace, upstream, duplicate_within_ms, priority } =
        command;
    order_request::check(&request).map_err(|bad| FlowError::refused(bad.code(), bad.to_string()))?;
    let skus: Vec<Sku> = request.lines.iter().map(|line| line.sku.clone()).collect();
    let unknown = store.unknown_skus(&tenant, &skus).await?;
    if !unknown.is_empty() {
        return Err(FlowError::refused(Code::UnknownSku, unknown_words(&unknown)));
    }
    if let Some(chosen) = &request.pickup_store
        && store.store(&tenant, chosen).await?.is_none()
    {
        return Err(FlowError::refused(Code::UnknownStore, format!("pickup_store {chosen} is not known")));
    }
    // Of what was sent: a policy that changed since makes no other request of the same one.
    let request_hash = order_hash(&request)?;
    let priority = if request.priority.is_standard() { priority } else { request.priority };
    let request = OrderRequest { priority, ..request };
    let placed = store
        .place(NewOrder {
            tenant,
            order,
            request,
            key: key.clone(),
            request_hash,
            actor,
            trace,
            upstream,
            duplicate_within_ms,
            now,
        })
        .await?;
    match placed {
        Placed::KeyReused => {
            let what = format!("the key {key} came before with another order");
            Err(FlowError::refused(Code::IdempotencyKeyReused, what))
        }
        Placed::New | Placed::Replayed { .. } => Ok(placed),
    }
}

const SKUS_TOLD_MAX: usize = 10;

pub fn unknown_words(unknown: &[Sku]) -> String {
    let told: Vec<&str> = unknown.iter().take(SKUS_TOLD_MAX).map(Sku::as_str).collect();
    let more = unknown.len().saturating_sub(told.len());
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("the catalogue has no {}{rest}", told.join(", "))
}

/// What is personal is part of the request, although it is not written down with it.
fn order_hash(request: &OrderRequest) -> Result<[u8; 32], FlowError> {
    let plain = hash(request)?;
    let customer = request.customer.as_ref().map(Personal::reveal);
    let message = request.gift.as_ref().and_then(|gift| gift.message.as_ref()).map(Personal::reveal);
    if customer.is_none() && message.is_none() {
        return Ok(plain);
    }
    hash(&(plain, customer, message))
}

/// Of what was understood, not of the bytes: spaces and the order of fields make no new request.
pub(super) fn hash(request: &impl serde::Serialize) -> Result<[u8; 32], FlowError> {
    let canonical = serde_json::to_vec(request)
        .map_err(|error| FlowError::refused(Code::InvalidRequest, error.to_string()))?;
    Ok(*blake3::hash(&canonical).as_bytes())
}

#[cfg(test)]
mod tests;
