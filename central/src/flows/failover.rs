//! Moves work away from stores that may no longer have it: dark, closed hard, or not open to its kind.
//! It takes no input; what is open, what central sees and the policy decide. Each move decides once
//! more, against a release and against the pace, in its own transaction; the plan only says what to
//! try, in which order.

use super::moving::Mover;
use super::route_orders::Router;
use super::standing::{Causes, keep};
use super::{FlowError, Watch};
use crate::core::exception::{Category, NewException, Severity};
use crate::core::failover::plan::{Cause, Exposed, Lately, Stays, Step, plan};
use crate::core::failover::policy::FailoverPolicy;
use crate::core::fleet::StoreRecord;
use crate::core::health::StoreKey;
use crate::core::health::lag::lag_of;
use crate::core::health::observatory::Observatory;
use crate::ports::PageRequest;
use crate::ports::fleet::Fleet;
use crate::ports::moves::{MoveOutcome, Moves};
use crate::ports::orders::Orders;
use crate::ports::promises::Promises;
use crate::ports::stock::Stock;
use crate::ports::work::{TaskRow, Work};
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::{StoreId, TaskId, TenantId};
use holdfast_shared::time::Now;
use std::collections::{BTreeMap, BTreeSet};

const TOPIC: &str = "released";
/// Tasks of one store that one run looks at.
const TASKS_MAX: u32 = 1_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FailedOver {
    /// Their lines are open again, and wait for routing or were given to plan B.
    pub recalled: u32,
    /// Exceptions raised about work that must stay.
    pub told: u32,
    /// May leave, and will when it is their turn.
    pub waiting: u32,
}

/// A step about a task, with the task.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    pub row: TaskRow,
    pub step: Step,
}

pub async fn fail_over<S: Work + Fleet + Orders + Moves + Stock + Promises + ?Sized>(
    store: &S,
    router: &Router<'_>,
    now: Now,
) -> Result<FailedOver, FlowError> {
    let watch = router.watch;
    let mut done = FailedOver::default();
    let mut stay = Causes::new();
    let mut held = watch.with(|observatory| observatory.frozen());
    let mut mover = Mover::new(store, router, now);
    let limit_ms = |tenant: &TenantId| router.policy.failover(tenant).stale_stock.after_ms;
    for (tenant, suspects) in suspects(watch, &limit_ms, None, now) {
        if watch.with(|observatory| observatory.holds(&tenant)) {
            held = true;
            continue;
        }
        let policy = router.policy.failover(&tenant);
        for Planned { row, step } in planned(store, watch, &policy, &tenant, suspects, now).await? {
            let left = row.state.store;
            if let Some(exception) = take(&mut mover, &policy, (&left, step), &mut done).await? {
                stay.insert((tenant.clone(), exception.key.clone()), exception);
            }
        }
    }
    // While the observer is suspected, what is not planned is not over.
    if !held {
        let over = "the store can be reached again, or has answered";
        done.told = keep(store, watch, TOPIC, stay, over, now.utc).await?;
    }
    Ok(done)
}

/// What the next run would do, of one tenant, without doing it. None while nothing moves because the
/// observer is suspected, or a person holds it.
pub async fn outlook<S: Work + Fleet + Moves + ?Sized>(
    store: &S,
    watch: &Watch,
    policy: &FailoverPolicy,
    tenant: &TenantId,
    now: Now,
) -> Result<Option<Vec<Planned>>, FlowError> {
    if watch.with(|observatory| observatory.holds(tenant)) {
        return Ok(None);
    }
    let limit_ms = |_: &TenantId| policy.stale_stock.after_ms;
    let suspects = suspects(watch, &limit_ms, Some(tenant), now).remove(tenant).unwrap_or_default();
    Ok(Some(planned(store, watch, policy, tenant, suspects, now).await?))
}

/// A store that may no longer have some of its work.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Suspect {
    store: StoreId,
    cause: Cause,
    /// The kinds that it may not have.
    kinds: BTreeSet<FulfilmentKind>,
    why: String,
    lasts_ms: i64,
}

fn suspects(
    watch: &Watch,
    limit_ms: &dyn Fn(&TenantId) -> i64,
    only: Option<&TenantId>,
    now: Now,
) -> BTreeMap<TenantId, Vec<Suspect>> {
    watch.with(|observatory| {
        let mut found: BTreeMap<TenantId, Vec<Suspect>> = BTreeMap::new();
        let wanted = |key: &StoreKey| only.is_none_or(|only| key.tenant == *only);
        for (key, failing) in observatory.failing().iter().filter(|(key, _)| wanted(key)) {
            let why = observatory.eligibility(key).map_or("", |e| e.why()).to_owned();
            found.entry(key.tenant.clone()).or_default().push(Suspect {
                store: key.store.clone(),
                cause: Cause::StoreFails,
                kinds: FulfilmentKind::ALL.into_iter().collect(),
                why,
                lasts_ms: now.mono.since(failing.since).max(0),
            });
        }
        // Most stores have none, and nothing else of them is looked up.
        for (key, record) in observatory.at_work().filter(|(key, _)| wanted(key)) {
            if observatory.failing().contains_key(key) {
                continue;
            }
            let withdrawn = withdrawn(observatory, key, record);
            let others = withdrawn.as_ref().map(|suspect| &suspect.kinds);
            let stale = stale(observatory, key, others, limit_ms, now);
            for suspect in withdrawn.into_iter().chain(stale) {
                found.entry(key.tenant.clone()).or_default().push(suspect);
            }
        }
        found
    })
}

/// A store that gets work, but not of every kind that it fulfils. How long that has been so is looked
/// up when it matters.
fn withdrawn(observatory: &Observatory, key: &StoreKey, record: &StoreRecord) -> Option<Suspect> {
    let eligibility = observatory.eligibility(key)?;
    let kinds = eligibility.withdrawn_of(&record.store.fulfils);
    (!kinds.is_empty()).then(|| Suspect {
        store: key.store.clone(),
        cause: Cause::KindWithdrawn,
        kinds,
        why: eligibility.why().to_owned(),
        lasts_ms: 0,
    })
}

/// A store with work of which it is not known any more what lies there. Kinds that it may not have
/// anyway are left to that.
fn stale(
    observatory: &Observatory,
    key: &StoreKey,
    withdrawn: Option<&BTreeSet<FulfilmentKind>>,
    limit_ms: &dyn Fn(&TenantId) -> i64,
    now: Now,
) -> Option<Suspect> {
    let (lag, limit_ms) = (lag_of(observatory, key, now)?, limit_ms(&key.tenant));
    let left = |kind: &FulfilmentKind| withdrawn.is_none_or(|withdrawn| !withdrawn.contains(kind));
    (lag.age_ms >= limit_ms).then(|| Suspect {
        store: key.store.clone(),
        cause: Cause::StaleStock,
        kinds: FulfilmentKind::ALL.into_iter().filter(left).collect(),
        why: lag.words(limit_ms),
        lasts_ms: lag.age_ms,
    })
}

/// Planned with what the observatory holds now: it may have frozen since the run began.
async fn planned<S: Work + Fleet + Moves + ?Sized>(
    store: &S,
    watch: &Watch,
    policy: &FailoverPolicy,
    tenant: &TenantId,
    suspects: Vec<Suspect>,
    now: Now,
) -> Result<Vec<Planned>, FlowError> {
    let mut open = Vec::new();
    for mut suspect in suspects {
        let tasks = store.movable(tenant, &suspect.store, TASKS_MAX).await?;
        if suspect.cause == Cause::KindWithdrawn && !tasks.is_empty() {
            suspect.lasts_ms = withdrawn_for(store, watch, tenant, &suspect.store, now).await?;
        }
        open.extend(tasks.into_iter().map(|task| (task, suspect.clone())));
    }
    open.retain(|(row, suspect)| suspect.kinds.contains(&row.state.kind));
    if open.is_empty() {
        return Ok(Vec::new());
    }
    let lately = store.moved_lately(tenant, now.utc).await?;
    let steps = watch.with(|observatory| steps(observatory, &open, &lately, policy, now));
    let mut rows: BTreeMap<TaskId, TaskRow> =
        open.into_iter().map(|(row, _)| (row.state.task.clone(), row)).collect();
    Ok(steps
        .into_iter()
        .filter_map(|step| rows.remove(step.task()).map(|row| Planned { row, step }))
        .collect())
}

fn steps(
    observatory: &Observatory,
    open: &[(TaskRow, Suspect)],
    lately: &Lately,
    policy: &FailoverPolicy,
    now: Now,
) -> Vec<Step> {
    let still = |key: &StoreKey, cause: Cause| match cause {
        Cause::StoreFails => observatory.failing().contains_key(key),
        Cause::StaleStock => {
            lag_of(observatory, key, now).is_some_and(|lag| lag.age_ms >= policy.stale_stock.after_ms)
        }
        Cause::KindWithdrawn | Cause::NotAccepted | Cause::LabelFailed => true,
    };
    let exposed: Vec<Exposed<'_>> = open
        .iter()
        .filter_map(|(row, suspect)| {
            let key = StoreKey::new(row.tenant.clone(), row.state.store.clone());
            still(&key, suspect.cause).then(|| Exposed {
                tenant: &row.tenant,
                task: &row.state,
                cause: suspect.cause,
                why: &suspect.why,
                lasts_ms: suspect.lasts_ms,
                lease_ended: observatory.lease_ended(&key, now.mono),
            })
        })
        .collect();
    let held = open.first().is_some_and(|(row, _)| observatory.holds(&row.tenant));
    plan(&exposed, lately, policy, held)
}

/// Since its eligibility last changed. A step of the wall clock makes it wait anew.
async fn withdrawn_for<S: Fleet + ?Sized>(
    store: &S,
    watch: &Watch,
    tenant: &TenantId,
    node: &StoreId,
    now: Now,
) -> Result<i64, FlowError> {
    let newest = PageRequest { cursor: None, limit: 1 };
    let history = store.eligibility_history(tenant, node, &newest).await?;
    let lasts_ms = history.rows.first().map_or(0, |change| now.utc.since(change.at).max(0));
    let doubtful = watch.with(|observatory| observatory.deadlines_wait(lasts_ms, now.mono));
    Ok(if doubtful { 0 } else { lasts_ms })
}

/// What a person must know of it, if it stays.
async fn take<S: Work + Fleet + Orders + Moves + Stock + Promises + ?Sized>(
    mover: &mut Mover<'_, S>,
    policy: &FailoverPolicy,
    (left, step): (&StoreId, Step),
    done: &mut FailedOver,
) -> Result<Option<NewException>, FlowError> {
    match step {
        Step::Tell { task, stays, detail, .. } => Ok(Some(stays_exception(left, &task, stays, detail))),
        Step::Wait { .. } => {
            done.waiting = done.waiting.saturating_add(1);
            Ok(None)
        }
        Step::Move(leaving) => {
            let (task, reason) = (leaving.task.clone(), leaving.reason());
            match mover.move_away(leaving, policy).await? {
                MoveOutcome::Moved => done.recalled = done.recalled.saturating_add(1),
                MoveOutcome::Waits(_) => done.waiting = done.waiting.saturating_add(1),
                MoveOutcome::Moot => {}
                MoveOutcome::ReleasedAlready => {
                    return Ok(Some(stays_exception(left, &task, Stays::Released, reason)));
                }
            }
            Ok(None)
        }
    }
}

fn stays_exception(store: &StoreId, task: &TaskId, stays: Stays, detail: String) -> NewException {
    let (severity, suggestion) = match stays {
        Stays::Released => (
            Severity::High,
            "Reach the store by telephone: were the goods handed over? Its own answer arrives when it is back.",
        ),
        Stays::Pickup => (
            Severity::Medium,
            "Tell the customer to wait, or agree a cancellation. It goes on when the store is back.",
        ),
    };
    NewException {
        key: format!("released:{task}"),
        category: Category::ReleasedAtDarkStore,
        severity,
        order: None,
        task: Some(task.clone()),
        store: Some(store.clone()),
        detail,
        suggestion: suggestion.to_owned(),
    }
}

#[cfg(test)]
mod tests;
