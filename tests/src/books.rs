//! What reconciliation sees of a storage, without anything written down: scenarios and simulator ask it wherever
//! all should agree.

use anyhow::Result;
use holdfast_central::core::reconcile::finding::Difference;
use holdfast_central::core::reconcile::policy::ReconcilePolicy;
use holdfast_central::core::reconcile::{of_order, of_position, of_store};
use holdfast_central::ports::StoreError;
use holdfast_central::ports::reconcile::{Reconciling, SweepPace, SweepPlace};
use holdfast_shared::time::UtcMs;

const PACE: SweepPace = SweepPace { orders: 100, positions: 100, stores: 10 };

/// All that does not agree, over all tenants.
///
/// # Errors
/// When the storage cannot be read.
pub async fn differences<S: Reconciling + ?Sized>(
    storage: &S,
    policy: &ReconcilePolicy,
    now: UtcMs,
) -> Result<Vec<Difference>, StoreError> {
    let (mut place, mut all) = (SweepPlace::default(), Vec::new());
    loop {
        let page = storage.sweep_page(None, &place, PACE).await?;
        for (tenant, order) in &page.orders {
            if let Some((book, _)) = storage.order_book(tenant, order).await? {
                all.extend(of_order(&book, policy, now));
            }
        }
        all.extend(page.positions.iter().flat_map(of_position));
        for (tenant, store) in &page.stores {
            if let Some((book, _)) = storage.store_book(tenant, store).await? {
                all.extend(of_store(&book, policy, now));
            }
        }
        if page.over {
            return Ok(all);
        }
        place = page.place;
    }
}
