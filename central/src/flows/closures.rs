//! Closes and reopens a store by hand. The eligibility follows from it at the next evaluation;
//! nothing is shortened by it: released goods and pickups stay where they are.

use super::FlowError;
use crate::core::fleet::{Closure, ClosureCause};
use crate::ports::fleet::Fleet;
use crate::ports::poke::Poke;
use holdfast_shared::error::Code;
use holdfast_shared::ids::{Actor, StoreId, TenantId};
use holdfast_shared::time::UtcMs;

#[derive(Debug, Clone)]
pub struct Close {
    pub hard: bool,
    pub cause: ClosureCause,
    pub author: Actor,
    pub until: Option<UtcMs>,
}

pub async fn close<S: Fleet + ?Sized>(
    store: &S,
    poke: &dyn Poke,
    tenant: &TenantId,
    node: &StoreId,
    command: Close,
    now: UtcMs,
) -> Result<(), FlowError> {
    if command.cause == ClosureCause::Drill {
        return Err(FlowError::refused(Code::InvalidRequest, "a drill is begun by POST /v1/drills"));
    }
    if command.until.is_some_and(|until| until <= now) {
        return Err(FlowError::refused(Code::InvalidRequest, "until is in the past"));
    }
    let closure = Closure {
        hard: command.hard,
        cause: command.cause,
        author: command.author,
        since: now,
        until: command.until,
        from_store: false,
    };
    let known = store.store(tenant, node).await?.is_some();
    if !known || !store.close(tenant, node, &closure).await? {
        return Err(unknown(node));
    }
    poke.poke(tenant, node, "closure");
    Ok(())
}

/// Ends central's closure; one that the store raised is ended there. Whether there was one.
pub async fn reopen<S: Fleet + ?Sized>(
    store: &S,
    poke: &dyn Poke,
    tenant: &TenantId,
    node: &StoreId,
) -> Result<bool, FlowError> {
    if store.store(tenant, node).await?.is_none() {
        return Err(unknown(node));
    }
    let ended = store.reopen(tenant, node, false).await?;
    poke.poke(tenant, node, "reopened");
    Ok(ended)
}

fn unknown(node: &StoreId) -> FlowError {
    FlowError::refused(Code::UnknownStore, format!("store {node} is not known"))
}

#[cfg(test)]
mod tests;
