//! Whether everything adds up some days after a launch.

use super::FlowError;
use crate::core::launch::postlaunch::{Counts, PostLaunch, report};
use crate::core::launch::reconcile::Reconciliation;
use crate::ports::launch::{Launch, OrdersSince};
use crate::ports::outbox::Outbox;
use crate::ports::work::Work;
use holdfast_shared::ids::TenantId;
use holdfast_shared::time::UtcMs;

/// Events are published in seconds.
const WAITS_LONG_MS: i64 = 5 * 60 * 1000;
/// Waiting events that are looked at.
const WAITING_MAX: u32 = 1_000;

pub async fn after_launch<S: Launch + Outbox + Work + ?Sized>(
    store: &S,
    tenant: &TenantId,
    since: UtcMs,
    now: UtcMs,
) -> Result<PostLaunch, FlowError> {
    let OrdersSince { counts, facts } = store.orders_since(tenant, since).await?;
    let audit = store.audit(Some(tenant)).await?;
    let waiting = store.unpublished(WAITING_MAX).await?;
    let long = waiting.iter().filter(|event| event.tenant == *tenant && now.since(event.at) > WAITS_LONG_MS);
    let counts = Counts {
        open_tasks: audit.open_tasks,
        open_holds: audit.open_holds,
        orphaned_holds: audit.orphaned_holds,
        reserved_mismatch: audit.reserved_mismatch,
        events_waiting: u64::try_from(long.count()).unwrap_or(u64::MAX),
        ..counts
    };
    let books = Reconciliation::of(&facts, counts.orders, now);
    let exceptions = store.raised_since(tenant, since).await?;
    Ok(report(&counts, books, exceptions, (since, now)))
}
