//! Exceptions that stand as long as their cause does. A flow says which causes are there now; what
//! is new is raised, what is gone is settled, and what could not be written is tried again by the
//! next run.

use super::{FlowError, Watch};
use crate::core::exception::NewException;
use crate::ports::fleet::Fleet;
use holdfast_shared::ids::TenantId;
use holdfast_shared::time::UtcMs;
use std::collections::BTreeMap;

/// The causes that are there now, by tenant and key of their exception.
pub(super) type Causes = BTreeMap<(TenantId, String), NewException>;

/// How many were raised. `over` is the resolution of those whose cause is gone.
pub(super) async fn keep<S: Fleet + ?Sized>(
    store: &S,
    watch: &Watch,
    topic: &'static str,
    causes: Causes,
    over: &str,
    now: UtcMs,
) -> Result<u32, FlowError> {
    let standing = watch.with(|observatory| observatory.standing_exceptions(topic));
    for gone in standing.iter().filter(|raised| !causes.contains_key(raised)) {
        store.settle(&gone.0, &gone.1, over, now).await?;
        watch.with(|observatory| observatory.note_settled(topic, gone));
    }
    let mut raised: u32 = 0;
    for (place, exception) in causes {
        if !standing.contains(&place) {
            store.raise(&place.0, &exception, now).await?;
            watch.with(|observatory| observatory.note_raised(topic, place));
            raised = raised.saturating_add(1);
        }
    }
    Ok(raised)
}
