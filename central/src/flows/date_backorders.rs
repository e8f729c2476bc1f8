//! Tells customers by when what they wait for may come, whenever that changes, and people who look after
//! it where each order stands.

use super::FlowError;
use crate::core::backorder::{Awaited, news};
use crate::core::exception::{Category, NewException, Severity};
use crate::ports::backorders::{Backorders, TenantQueue};
use crate::ports::fleet::Fleet;
use holdfast_shared::ids::{OrderId, Sku, StoreId, TenantId};
use holdfast_shared::time::UtcMs;
use std::collections::BTreeSet;

/// Under which the exception of a backordered order is raised and settled.
pub(super) fn key_of(order: &OrderId) -> String {
    format!("backorder:{order}")
}

/// A person may help the customer: why nobody can send it, and what its lines wait for.
pub(super) fn exception(
    order: &OrderId,
    pickup_store: Option<StoreId>,
    why: &str,
    awaited: &[Awaited],
) -> NewException {
    let told: Vec<String> = awaited.iter().map(Awaited::words).collect();
    let detail =
        if told.is_empty() { why.to_owned() } else { format!("{why} Waiting: {}.", told.join("; ")) };
    NewException {
        key: key_of(order),
        category: Category::Backorder,
        severity: Severity::Medium,
        order: Some(order.clone()),
        task: None,
        store: pickup_store,
        detail,
        suggestion: String::from(
            "It is routed again when stock comes in or a node is back. Or agree another article, or a \
             cancellation, with the customer.",
        ),
    }
}

/// All SKUs that somebody waits for. How many lines were told another date.
pub async fn date_backorders<S: Backorders + Fleet + ?Sized>(
    store: &S,
    now: UtcMs,
) -> Result<u32, FlowError> {
    let mut told: u32 = 0;
    let mut after: Option<(TenantId, Sku)> = None;
    loop {
        let queues = store.queues(after.as_ref(), now).await?;
        let Some(last) = queues.last() else { return Ok(told) };
        after = Some((last.tenant.clone(), last.queue.sku.clone()));
        for queue in &queues {
            told = told.saturating_add(date(store, queue, now).await?);
        }
    }
}

/// Those that wait for one SKU, as soon as something was said of it.
pub async fn date_sku<S: Backorders + Fleet + ?Sized>(
    store: &S,
    tenant: &TenantId,
    sku: &Sku,
    now: UtcMs,
) -> Result<u32, FlowError> {
    let queue = store.queue_of(tenant, sku, now).await?;
    date(store, &queue, now).await
}

async fn date<S: Backorders + Fleet + ?Sized>(
    store: &S,
    TenantQueue { tenant, queue, stale }: &TenantQueue,
    now: UtcMs,
) -> Result<u32, FlowError> {
    let news = news(queue, now);
    if news.is_empty() && !stale {
        return Ok(0);
    }
    let told = store.tell_dates(tenant, &queue.sku, &news, now).await?;
    let orders: BTreeSet<&OrderId> = news.iter().map(|dated| &dated.order).collect();
    for order in orders {
        let awaited = store.awaited(tenant, order).await?;
        if !awaited.is_empty() {
            let waiting = queue.waiting.iter().find(|waiting| waiting.order == *order);
            let pickup_store = waiting.and_then(|waiting| waiting.bound_to.clone());
            let exception = exception(order, pickup_store, "No node can send all of it now.", &awaited);
            store.raise(tenant, &exception, now).await?;
        }
    }
    Ok(told)
}
