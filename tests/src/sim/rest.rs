//! When all has come to rest: both sides alike, and nothing left to do.

use super::world::World;
use crate::books::differences;
use anyhow::{Context, Result};
use holdfast_agent::ports::ledger::Ledger;
use holdfast_central::core::order::OrderState;
use holdfast_central::core::reconcile::finding::{Difference, FindingKind};
use holdfast_central::core::reconcile::policy::ReconcilePolicy;
use holdfast_central::ports::gatherings::Gatherings;
use holdfast_central::ports::orders::Orders;
use holdfast_central::ports::replication::Replication;
use holdfast_central::ports::work::Work;

impl World {
    /// What has not come to rest yet.
    ///
    /// # Errors
    /// What can never come right.
    pub async fn unrest(&self) -> Result<Option<String>> {
        let store = self.office.store().context("central is down")?;
        for (state, count) in store.count_orders(&self.tenant).await? {
            if count > 0 && !state.is_final() && state != OrderState::Backordered {
                let which = self.checks.watcher.eye.orders_in(state.as_str())?;
                return Ok(Some(format!("NO_ORPHAN: {count} orders are {}: {which}", state.as_str())));
            }
        }
        let audit = store.audit(None).await?;
        if (audit.open_tasks, audit.open_holds) != (0, 0) {
            return Ok(Some(format!("NO_ORPHAN: {audit:?}")));
        }
        let waiting = store.gathering_stores().await?;
        if !waiting.is_empty() || !self.parcels.is_empty() {
            let road = &self.parcels;
            return Ok(Some(format!(
                "NO_ORPHAN: orders come together at {waiting:?}, on the road: {road:?}"
            )));
        }
        if let Some(unrest) = self.unrest_of_twins() {
            return Ok(Some(unrest));
        }
        for shop in self.shops.iter().filter(|shop| !shop.retired) {
            let summary = shop.ledger.as_ref().context("an agent is down")?.summary().await?;
            let kept = store.digests(&self.tenant, &shop.identity.store).await?;
            let central = kept.first().map(|pair| (pair.root.as_str(), pair.stock_digest.as_str()));
            if central != Some((summary.root.as_str(), summary.stock_digest.as_str())) || summary.unsynced > 0
            {
                return Ok(Some(format!("CONVERGE: {} has {summary:?}, central {central:?}", shop.name())));
            }
        }
        if let Some(unequal) = self.money_that_differs().await? {
            return Ok(Some(unequal));
        }
        if let Some(unknown) = self.refunds_unconfirmed() {
            return Ok(Some(unknown));
        }
        if let Some(unequal) = self.labels_that_differ().await? {
            return Ok(Some(unequal));
        }
        if let Some(unequal) = self.books_that_differ().await? {
            return Ok(Some(unequal));
        }
        let unequal = self.checks.unequal(&self.office, &self.shops, &self.tenant)?;
        if unequal.is_none() {
            self.nothing_is_nowhere()?;
        }
        Ok(unequal)
    }

    /// When all has come to rest reconciliation has nothing to say, whatever struck before, but for what the world really
    /// did with parcels. What stands still is not its business here: backordered orders wait for goods that never come.
    async fn books_that_differ(&self) -> Result<Option<String>> {
        let store = self.office.store().context("central is down")?;
        let told = differences(store, &ReconcilePolicy::default(), self.now().utc).await?;
        let known = self.told().await?;
        let strange =
            |one: &Difference| one.kind != FindingKind::StuckOrder && !self.is_of_the_world(one, &known);
        let first = told.into_iter().find(strange);
        Ok(first.map(|one| format!("RECONCILED: {}: {}", one.kind.as_str(), one.words)))
    }
}
