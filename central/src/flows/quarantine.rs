//! Decides about a box that is kept apart, and keeps in mind whose signals do not count.

use super::{FlowError, Watch};
use crate::core::health::StoreKey;
use crate::ports::StoreError;
use crate::ports::boxes::{Boxes, Decided, DecisionDone};
use crate::ports::poke::Poke;
use holdfast_shared::error::Code;
use holdfast_shared::ids::{BootId, ReplicaId, StoreId, TenantId};
use holdfast_shared::limits::NOTE_CHARS_MAX;
use holdfast_shared::time::UtcMs;

/// A start of a box, as a person names it.
#[derive(Debug, Clone)]
pub struct ABox {
    pub tenant: TenantId,
    pub store: StoreId,
    pub replica: ReplicaId,
    pub boot: BootId,
}

/// The caller wakes routing: stock and tasks may have changed.
pub async fn decide<S: Boxes + ?Sized>(
    store: &S,
    watch: &Watch,
    poke: &dyn Poke,
    about: &ABox,
    decided: Decided,
    now: UtcMs,
) -> Result<DecisionDone, FlowError> {
    if decided.reason.trim().is_empty() || decided.reason.chars().count() > NOTE_CHARS_MAX {
        let what = format!("reason must have 1 to {NOTE_CHARS_MAX} characters");
        return Err(FlowError::refused(Code::InvalidRequest, what));
    }
    let ABox { tenant, store: of, replica, boot } = about;
    let done = store.decide_quarantine(tenant, of, replica, boot, decided, now).await?;
    let Some(done) = done else {
        let what = format!("no box of {replica} is kept apart under boot {boot}");
        return Err(FlowError::refused(Code::NotFound, what));
    };
    know_apart(store, watch).await?;
    poke.poke(tenant, of, "quarantine decided");
    Ok(done)
}

/// What is in memory is made again from storage: at the start, and after each decision.
pub async fn know_apart<S: Boxes + ?Sized>(store: &S, watch: &Watch) -> Result<(), StoreError> {
    let apart = store.apart().await?.into_iter();
    let apart = apart.map(|of| (StoreKey::new(of.tenant, of.store), of.boot)).collect();
    watch.with(|observatory| observatory.know_apart(apart));
    Ok(())
}
