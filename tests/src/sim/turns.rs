//! What central does by itself, at each of its turns.

use super::fate::Fate;
use super::head_office::HeadOffice;
use anyhow::{Context, Result};
use holdfast_central::flows::FlowError;
use holdfast_central::flows::evaluate::evaluate;
use holdfast_central::flows::expire_offers::expire_offers;
use holdfast_central::flows::failover::fail_over;
use holdfast_central::flows::gather::end_gatherings;
use holdfast_central::flows::route_orders::{Router, route_orders};
use holdfast_central::flows::unanswered::tell_unanswered_cancels;
use holdfast_central::ports::promises::Promises;
use holdfast_central::ports::substitutions::Substitutions;
use holdfast_shared::time::Now;

/// Promises that ended are not looked at again.
const PROMISES_KEPT_MS: i64 = 60_000;
const CANCEL_WITHIN_MS: i64 = 60_000;

impl HeadOffice {
    /// # Errors
    /// When central fails.
    pub async fn judge(&self, fate: &Fate, now: Now) -> Result<()> {
        let Some(store) = self.store() else { return Ok(()) };
        let evaluated = evaluate(store, &self.watch, self.clock(now)).await;
        let Some(evaluation) = self.excuse(evaluated, fate).context("evaluate")? else { return Ok(()) };
        for change in &evaluation.changes {
            let after = &change.after;
            fate.say(format_args!("{} is {}: {}", change.key.store, after.standing.as_str(), after.why()));
            fate.mark(after.standing.as_str());
        }
        if self.watch.with(|observatory| observatory.frozen()) {
            fate.mark("observer_frozen");
        }
        Ok(())
    }

    /// # Errors
    /// When central fails.
    pub async fn move_work(&self, fate: &Fate, now: Now) -> Result<()> {
        let Some(store) = self.store() else { return Ok(()) };
        let now = self.clock(now);
        let next = || self.decision_id(now);
        let router =
            Router { watch: &self.watch, poke: &self.pokes, policy: &self.policy, decision_id: &next };
        let moved = fail_over(store, &router, now).await;
        let Some(moved) = self.excuse(moved, fate).context("fail over")? else { return Ok(()) };
        fate.mark_many("failed_over", moved.recalled.into());
        fate.mark_many("stayed_released", moved.told.into());
        Ok(())
    }

    /// # Errors
    /// When central fails.
    pub async fn withdraw(&self, fate: &Fate, now: Now) -> Result<()> {
        let Some(store) = self.store() else { return Ok(()) };
        let within = self.policy.routing.accept_within_ms;
        let now = self.clock(now);
        let next = || self.decision_id(now);
        let router =
            Router { watch: &self.watch, poke: &self.pokes, policy: &self.policy, decision_id: &next };
        let done = expire_offers(store, &router, within, now).await;
        let Some(withdrawn) = self.excuse(done, fate).context("expire offers")? else { return Ok(()) };
        fate.mark_many("offer_withdrawn", withdrawn.into());
        let told = tell_unanswered_cancels(store, &self.watch, CANCEL_WITHIN_MS, now).await;
        let told = self.excuse(told, fate).context("tell unanswered cancels")?;
        fate.mark_many("cancel_unanswered", told.unwrap_or(0).into());
        Ok(())
    }

    /// # Errors
    /// When central fails.
    pub async fn route(&self, fate: &Fate, now: Now) -> Result<()> {
        let Some(store) = self.store() else { return Ok(()) };
        let now = self.clock(now);
        let next = || self.decision_id(now);
        let router =
            Router { watch: &self.watch, poke: &self.pokes, policy: &self.policy, decision_id: &next };
        let ended = store.expire_substitutions(now.utc).await.map_err(FlowError::from);
        let Some(ended) = self.excuse(ended, fate).context("expire substitutions")? else { return Ok(()) };
        fate.mark_many("substitute_not_answered", ended.values().map(|count| u64::from(*count)).sum());
        let swept = store.sweep_promises(now.utc, PROMISES_KEPT_MS).await.map_err(FlowError::from);
        if self.excuse(swept, fate).context("sweep promises")?.is_none() {
            return Ok(());
        }
        let over = end_gatherings(store, &self.watch, now).await;
        let Some(over) = self.excuse(over, fate).context("end gatherings")? else { return Ok(()) };
        fate.mark_many("gathering_ended", over.into());
        let routed = route_orders(store, &router, now).await;
        let Some(routed) = self.excuse(routed, fate).context("route")? else { return Ok(()) };
        if routed.assigned > 0 {
            fate.say(format_args!("central assigned {}", routed.assigned));
        }
        fate.mark_many("assigned", routed.assigned.into());
        fate.mark_many("backordered", routed.backordered.into());
        fate.mark_many("substituted", routed.substituted.into());
        fate.mark_many("substitute_proposed", routed.proposed.into());
        fate.mark_many("gathering_began", routed.gathered.into());
        Ok(())
    }
}
