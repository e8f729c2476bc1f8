//! The way back of a policy: worked out from the live state, taken, and compared afterwards.

use super::FlowError;
use super::cancel::check_reason;
use super::in_force::{PoliciesInForce, Steers, know_in_force};
use super::{policies, rollout};
use crate::core::fleet::Place;
use crate::core::launch::reconcile::Reconciliation;
use crate::core::launch::rollback::{RollbackPlan, Situation, Way, former, on_trial, plan};
use crate::core::policy::version::{PolicyAct, PolicyFreeze, PolicyVersion, Step};
use crate::core::rollout::{RolloutAct, Wish};
use crate::core::routing::decision::Demand;
use crate::core::steering::policy_name;
use crate::core::stock::class::Channel;
use crate::ports::PageRequest;
use crate::ports::coverage::Coverage;
use crate::ports::fleet::Fleet;
use crate::ports::launch::{Launch, RollbackRecord};
use crate::ports::policies::Policies;
use crate::ports::rollouts::Rollouts;
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::error::Code;
use holdfast_shared::ids::{Actor, OrderId, TenantId};
use holdfast_shared::limits::POLICY_FREEZE_MS_MAX;
use holdfast_shared::time::UtcMs;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Entries of the history in which the version before is looked for.
const HISTORY_MAX: u32 = 500;

/// What storage must be able to do for it.
pub trait Books: Policies + Rollouts + Fleet + Launch + Coverage {}

impl<T: Policies + Rollouts + Fleet + Launch + Coverage + ?Sized> Books for T {}

/// What somebody wants to take back.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Where to; the version before when absent.
    pub to: Option<PolicyVersion>,
    pub reason: String,
    pub actor: Actor,
    /// For so long nothing new begins; 0: policies are not frozen.
    pub freeze_ms: i64,
}

/// What was done.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RollbackDone {
    pub way: Way,
    pub from: PolicyVersion,
    pub to: PolicyVersion,
    /// What steers the next decision was asked, and it is the version that was gone back to.
    pub followed: bool,
    pub frozen_until: Option<UtcMs>,
    pub report: RollbackReport,
}

/// How things stand since the newest way back was taken.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RollbackReport {
    pub taken: RollbackRecord,
    /// Decisions since then, by policy. Some that had begun before may still carry the withdrawn name.
    pub decisions_since: BTreeMap<String, u64>,
    /// Of the orders that the withdrawn version decided last.
    pub orders: Reconciliation,
    /// Books agree.
    pub agrees: bool,
}

/// The plan, with the name of the version that goes.
async fn situation<S: Books + ?Sized>(
    store: &S,
    in_force: &PoliciesInForce,
    tenant: &TenantId,
    to: Option<PolicyVersion>,
    now: UtcMs,
) -> Result<Situation, FlowError> {
    let steering = in_force.of(tenant);
    let trial = store.rollout(tenant).await?.and_then(|(rollout, _)| on_trial(rollout));
    let from_name = match &trial {
        Some(trial) => name_of(store, in_force, tenant, trial.version).await?,
        None => steering.name(),
    };
    let to = match to {
        Some(to) => Some(to),
        None => {
            let asked = PageRequest { cursor: None, limit: HISTORY_MAX };
            former(&store.policy_history(tenant, &asked).await?.rows, steering.version)
        }
    };
    let freeze = store.policy_freeze(tenant).await?.filter(|freeze| freeze.in_force(now));
    Ok(Situation {
        in_force: steering.version,
        trial,
        left: store.decided_by(tenant, &from_name).await?.left,
        from_name,
        to,
        freeze,
        flights: store.in_flight(tenant).await?,
        open_exceptions: store.open_exceptions(tenant, None).await?,
    })
}

/// As decisions record it.
async fn name_of<S: Policies + ?Sized>(
    store: &S,
    in_force: &PoliciesInForce,
    tenant: &TenantId,
    version: PolicyVersion,
) -> Result<String, FlowError> {
    if version == PolicyVersion::BUILT_IN {
        return Ok(in_force.built_in().name());
    }
    let unknown = || FlowError::refused(Code::UnknownPolicy, format!("there is no version {version}"));
    let stored = store.policy(tenant, version).await?.ok_or_else(unknown)?;
    Ok(policy_name(version, &stored.record.hash))
}

pub async fn way_back<S: Books + ?Sized>(
    store: &S,
    in_force: &PoliciesInForce,
    tenant: &TenantId,
    to: Option<PolicyVersion>,
    now: UtcMs,
) -> Result<RollbackPlan, FlowError> {
    Ok(plan(&situation(store, in_force, tenant, to, now).await?))
}

/// Takes the way back, sees that what steers the next decision follows it, and compares.
pub async fn take_back_policy<S: Books + ?Sized>(
    store: &S,
    in_force: &PoliciesInForce,
    tenant: &TenantId,
    ask: &Ask,
    now: UtcMs,
) -> Result<RollbackDone, FlowError> {
    check_reason(&ask.reason)?;
    if !(0..=POLICY_FREEZE_MS_MAX).contains(&ask.freeze_ms) {
        return Err(FlowError::refused(Code::InvalidRequest, "a freeze lasts at most 60 days"));
    }
    know_in_force(store, in_force).await?;
    let situation = situation(store, in_force, tenant, ask.to, now).await?;
    let plan = plan(&situation);
    let to = match (plan.way, plan.to) {
        (Way::Nothing, _) => {
            let what =
                "what was built in is in force, and nothing is on trial: there is nothing to go back to";
            return Err(FlowError::refused(Code::PolicyState, what));
        }
        (Way::EndTrial | Way::FormerVersion, Some(to)) => to,
        (Way::EndTrial | Way::FormerVersion, None) => {
            let what =
                "the newest part of the history does not tell what was in force before; name the version";
            return Err(FlowError::refused(Code::InvalidRequest, what));
        }
    };
    if plan.way == Way::EndTrial && ask.to.is_some_and(|wanted| wanted != to) {
        let what = format!(
            "version {} is on trial: it ends first, and v{to} stays in force; then ask again",
            plan.from
        );
        return Err(FlowError::refused(Code::PolicyState, what));
    }
    go_back(store, tenant, &plan, to, ask, now).await?;
    know_in_force(store, in_force).await?;
    let taken = RollbackRecord {
        from: plan.from,
        from_policy: situation.from_name,
        to,
        to_policy: name_of(store, in_force, tenant, to).await?,
        actor: ask.actor.clone(),
        reason: ask.reason.trim().to_owned(),
        at: now,
        decisions_from: 0,
    };
    store.record_rollback(tenant, &taken).await?;
    let frozen_until = freeze(store, tenant, ask, now).await?;
    let followed = in_force.routing(&next_order(tenant)?).name == taken.to_policy;
    let report = report(store, tenant, now).await?;
    Ok(RollbackDone { way: plan.way, from: plan.from, to, followed, frozen_until, report })
}

async fn go_back<S: Books + ?Sized>(
    store: &S,
    tenant: &TenantId,
    plan: &RollbackPlan,
    to: PolicyVersion,
    ask: &Ask,
    now: UtcMs,
) -> Result<(), FlowError> {
    let (actor, reason) = (ask.actor.clone(), ask.reason.trim().to_owned());
    match plan.way {
        Way::EndTrial => {
            let act = RolloutAct::RollBack;
            let wish = Wish { act, actor, reason, percent: None, by_itself: false };
            rollout::step(store, tenant, wish, now).await?;
        }
        Way::FormerVersion => {
            let act = PolicyAct::RollBack;
            let step = Step { act, actor, reason, effective_at: None, big_bang: false };
            policies::step(store, tenant, to, step, now).await?;
        }
        Way::Nothing => {}
    }
    Ok(())
}

/// A freeze that lasts longer already is left as it is.
async fn freeze<S: Policies + ?Sized>(
    store: &S,
    tenant: &TenantId,
    ask: &Ask,
    now: UtcMs,
) -> Result<Option<UtcMs>, FlowError> {
    if ask.freeze_ms > 0 {
        let (by, reason) = (ask.actor.clone(), ask.reason.trim().to_owned());
        let freeze = PolicyFreeze { by, reason, since: now, until: now.plus(ask.freeze_ms) };
        store.freeze_policies(tenant, &freeze).await?;
    }
    let freeze = store.policy_freeze(tenant).await?.filter(|freeze| freeze.in_force(now));
    Ok(freeze.map(|freeze| freeze.until))
}

/// An order as the next one could be, which is in no trial's part: only asked what steers it.
fn next_order(tenant: &TenantId) -> Result<Demand, FlowError> {
    let order = OrderId::new("next").map_err(|bad| FlowError::refused(Code::Internal, bad.to_string()))?;
    Ok(Demand {
        tenant: tenant.clone(),
        order,
        kind: FulfilmentKind::Ship,
        channel: Channel::new("next"),
        brand: None,
        destination: Place { latitude: 0.0, longitude: 0.0 },
        pickup_store: None,
        lines: Vec::new(),
        prices: BTreeMap::new(),
        needs: BTreeMap::new(),
        placed_at: UtcMs(0),
        promise_by: None,
        note: None,
        parts: None,
        tried: [].into(),
        declined: [].into(),
        assignments: 0,
        consolidate: false,
        feeds: None,
    })
}

/// Since the newest way back was taken.
pub async fn report<S: Launch + ?Sized>(
    store: &S,
    tenant: &TenantId,
    now: UtcMs,
) -> Result<RollbackReport, FlowError> {
    let none = || FlowError::refused(Code::NotFound, "no policy was ever taken back by a rollback run");
    let taken = store.newest_rollback(tenant).await?.ok_or_else(none)?;
    let decisions_since = store.decisions_since(tenant, taken.decisions_from).await?;
    let decided = store.decided_by(tenant, &taken.from_policy).await?;
    let orders = Reconciliation::of(&decided.facts, decided.orders, now);
    Ok(RollbackReport { agrees: orders.agrees(), taken, decisions_since, orders })
}
