//! One task leaves its store: recalled at the pace that the policy allows, on record with its reasons,
//! and offered at once to who stood second, if that still holds. Whatever else is open of
//! the order is routed by the reconciler that does so for all.

use super::FlowError;
use super::fleet_view::FleetView;
use super::route_orders::{Router, assignment};
use crate::core::failover::plan::Leaving;
use crate::core::failover::policy::FailoverPolicy;
use crate::core::failover::standby::{standby, still_holds};
use crate::core::failover::telling::{move_words, telling};
use crate::core::routing::Guide;
use crate::core::routing::decision::{Choice, Demand};
use crate::ports::fleet::Fleet;
use crate::ports::moves::{Departure, MoveOutcome, Moves};
use crate::ports::orders::Orders;
use crate::ports::promises::Promises;
use crate::ports::stock::Stock;
use crate::ports::work::{AssignOutcome, Work};
use holdfast_shared::ids::{StoreId, TenantId};
use holdfast_shared::time::Now;

pub(super) struct Mover<'a, S: ?Sized> {
    store: &'a S,
    router: &'a Router<'a>,
    now: Now,
    /// The fleet of the tenant that was moved for last.
    view: Option<(TenantId, FleetView)>,
}

impl<'a, S: Work + Fleet + Orders + Moves + Stock + Promises + ?Sized> Mover<'a, S> {
    pub(super) const fn new(store: &'a S, router: &'a Router<'a>, now: Now) -> Self {
        Self { store, router, now, view: None }
    }

    /// By what its tenant says of moves.
    pub(super) async fn move_away(
        &mut self,
        leaving: Leaving,
        policy: &FailoverPolicy,
    ) -> Result<MoveOutcome, FlowError> {
        let plan_b = if policy.plan_b {
            let decisions = self.store.decisions(&leaving.tenant, &leaving.order).await?;
            standby(&decisions, &leaving.store)
        } else {
            Vec::new()
        };
        let words = move_words(&leaving, self.now.utc);
        let telling = telling(policy, leaving.promise_by, self.now.utc);
        let departure = Departure { leaving, words, plan_b, telling };
        let outcome = self.store.move_away(&departure, policy.pace, self.now).await?;
        if outcome == MoveOutcome::Moved {
            self.router.poke.poke(&departure.leaving.tenant, &departure.leaving.store, "recall");
            self.ask(&departure).await?;
        }
        Ok(outcome)
    }

    /// Who stood second gets all that is open, or it is on record why not.
    async fn ask(&mut self, departure: &Departure) -> Result<(), FlowError> {
        let Leaving { tenant, order, task, .. } = &departure.leaving;
        if departure.plan_b.is_empty() {
            return Ok(());
        }
        let Some(demand) = self.store.open_demand(tenant, order).await? else { return Ok(()) };
        if let Some(why) = self.give(demand, &departure.plan_b).await? {
            self.store.refuse_plan_b(tenant, task, &why).await?;
        }
        Ok(())
    }

    /// Why they did not get it.
    async fn give(&mut self, mut demand: Demand, plan_b: &[StoreId]) -> Result<Option<String>, FlowError> {
        let (store, router, now) = (self.store, self.router, self.now);
        let view = self.view_of(&demand.tenant).await?;
        let nodes = view.few(store, &demand, plan_b, now.utc).await?;
        let id = (router.decision_id)();
        let policy = router.policy.routing(&demand);
        let carriers = router.policy.carriers(&demand.tenant);
        let guide = Guide::of(&policy).with_carriers(&carriers);
        let decided = match still_holds(&demand, (plan_b, &nodes), &guide, id, now.utc) {
            Ok(decided) => decided,
            Err(why) => return Ok(Some(why)),
        };
        let Choice::Assign(plan) = &decided.choice else { return Ok(None) };
        for parcel in &plan.parcels {
            let offer = assignment(&demand, view, router.policy, parcel, decided.clone(), now);
            match store.assign(&offer, now).await? {
                AssignOutcome::Assigned { .. } => {
                    view.gave(&demand, &parcel.store, |sku| parcel.lines.iter().any(|line| line.sku == *sku));
                    router.poke.poke(&demand.tenant, &parcel.store, "offer");
                    demand.give(&parcel.store, &parcel.lines);
                }
                AssignOutcome::StockGone { sku } => {
                    return Ok(Some(format!("the stock of {sku} at {} went meanwhile", parcel.store)));
                }
                // Somebody routed it in between: their own decision says how.
                AssignOutcome::OrderMoved => return Ok(None),
            }
        }
        Ok(None)
    }

    async fn view_of(&mut self, tenant: &TenantId) -> Result<&mut FleetView, FlowError> {
        let known = self.view.take().filter(|(of, _)| of == tenant);
        let view = match known {
            Some((_, view)) => view,
            None => FleetView::load(self.store, self.router.watch, self.router.policy, tenant).await?,
        };
        Ok(&mut self.view.insert((tenant.clone(), view)).1)
    }
}
