//! Trying a version on a part of the orders: started, taken further, and paused by itself when a
//! guardrail is crossed.

use super::FlowError;
use super::cancel::check_reason;
use crate::core::exception::{Category, NewException, Severity};
use crate::core::policy::version::PolicyVersion;
use crate::core::rollout::guardrails::Verdict;
use crate::core::rollout::reach::Terrain;
use crate::core::rollout::{Plan, Refusal, Rollout, RolloutAct, Wish, may_reach};
use crate::ports::fleet::Fleet;
use crate::ports::policies::Policies;
use crate::ports::rollouts::{Rollouts, Tried};
use holdfast_shared::error::Code;
use holdfast_shared::ids::{Actor, TenantId};
use holdfast_shared::time::UtcMs;

const KEY: &str = "policy:rollout";

/// Classes of articles and nodes of a tenant, which a trial could touch.
pub async fn terrain<S: Fleet + Policies + ?Sized>(
    store: &S,
    tenant: &TenantId,
) -> Result<Terrain, FlowError> {
    let classes = store.sku_classes(tenant).await?;
    let nodes = store.stores(tenant).await?.into_iter().map(|record| record.store.region).collect();
    Ok(Terrain { classes, nodes })
}

fn refused(refusal: &Refusal) -> FlowError {
    FlowError::refused(code_of(refusal), refusal.to_string())
}

pub async fn start<S: Rollouts + Fleet + Policies + ?Sized>(
    store: &S,
    tenant: &TenantId,
    version: PolicyVersion,
    plan: &Plan,
    wish: Wish,
    now: UtcMs,
) -> Result<Rollout, FlowError> {
    check_reason(&wish.reason)?;
    let percent = wish.percent.unwrap_or_default();
    may_reach(plan, percent, &terrain(store, tenant).await?).map_err(|refusal| refused(&refusal))?;
    let tried = store.start_rollout(tenant, version, plan, &wish, now).await?;
    answer(tried, &format!("there is no version {version}"))
}

pub async fn step<S: Rollouts + Fleet + Policies + ?Sized>(
    store: &S,
    tenant: &TenantId,
    wish: Wish,
    now: UtcMs,
) -> Result<Rollout, FlowError> {
    check_reason(&wish.reason)?;
    if let Some((rollout, _)) = store.rollout(tenant).await?.filter(|_| wish.act == RolloutAct::Advance) {
        // A chain may have changed since the start.
        let percent = wish.percent.unwrap_or_default();
        may_reach(&rollout.plan, percent, &terrain(store, tenant).await?).map_err(|no| refused(&no))?;
    }
    let tried = store.step_rollout(tenant, &wish, now).await?;
    let rollout = answer(tried, "no version was ever tried")?;
    // A person took it from there, whatever they decided.
    store.settle(tenant, KEY, &format!("{}: {}", wish.actor, wish.reason), now).await?;
    Ok(rollout)
}

fn answer(tried: Tried, unknown: &str) -> Result<Rollout, FlowError> {
    let refused = |code, what: String| Err(FlowError::refused(code, what));
    match tried {
        Tried::Done(rollout) => Ok(*rollout),
        Tried::Unknown => refused(Code::UnknownPolicy, unknown.to_owned()),
        Tried::NotApproved(state) => {
            refused(Code::PolicyState, format!("it is {}; what is approved can be tried", state.as_str()))
        }
        Tried::Another(version) => refused(
            Code::PolicyState,
            format!("version {version} is on trial; finish it or roll it back first"),
        ),
        Tried::Refused(refusal) => refused(code_of(&refusal), refusal.to_string()),
    }
}

const fn code_of(refusal: &Refusal) -> Code {
    match refusal {
        Refusal::Plan(_) | Refusal::Percent { .. } | Refusal::Everywhere { .. } => Code::InvalidRequest,
        Refusal::Frozen(_) => Code::PoliciesFrozen,
        Refusal::NotTheirs(_) => Code::Forbidden,
        Refusal::State { .. }
        | Refusal::Unresolved(_)
        | Refusal::Guardrails(_)
        | Refusal::EarlyEnd
        | Refusal::Shadow(_) => Code::PolicyState,
    }
}

/// Pauses every trial that crossed a guardrail, and tells a person. How many were paused.
pub async fn guard<S: Rollouts + Fleet + ?Sized>(
    store: &S,
    by: &Actor,
    now: UtcMs,
) -> Result<u32, FlowError> {
    let mut paused: u32 = 0;
    for running in store.rollouts_running().await? {
        let tenant = &running.tenant;
        let Some((rollout, reading)) = store.rollout(tenant).await? else { continue };
        let crossed = match rollout.plan.judge(&reading) {
            Verdict::Crossed(words) => words,
            Verdict::Holds | Verdict::TooFew(_) => continue,
        };
        let act = RolloutAct::Pause;
        let wish = Wish { act, actor: by.clone(), reason: crossed.clone(), percent: None, by_itself: true };
        match store.step_rollout(tenant, &wish, now).await? {
            Tried::Done(rollout) => {
                store.raise(tenant, &told(&rollout, &crossed), now).await?;
                paused = paused.saturating_add(1);
            }
            // Somebody was quicker.
            Tried::Refused(_) | Tried::NotApproved(_) | Tried::Another(_) | Tried::Unknown => {}
        }
    }
    Ok(paused)
}

fn told(rollout: &Rollout, crossed: &str) -> NewException {
    NewException {
        key: KEY.to_owned(),
        category: Category::Policy,
        severity: Severity::High,
        order: None,
        task: None,
        store: None,
        detail: format!(
            "the trial of policy version {} on {} percent paused itself: {crossed}. All orders follow the version \
             in force; {} answers for it",
            rollout.version, rollout.percent, rollout.plan.owner
        ),
        suggestion: String::from(
            "Find out why, then resume the trial or roll it back (POST /v1/rollouts/{act}).",
        ),
    }
}
