//! A parcel for which no label can be had, or which the carrier refuses. Another service takes it where
//! one is there in time; else its work leaves the store, by the same plan and pace as any other; and
//! goods that were released stay, and a person decides. What cannot be seen to now waits for the
//! reconciler.

use super::FlowError;
use super::cancel::check_reason;
use super::moving::Mover;
use super::route_orders::Router;
use crate::core::failover::plan::{Cause, Exposed, Step, plan};
use crate::core::failover::policy::{FailoverPolicy, When};
use crate::core::labels::{LabelFailure, LabelOutcome, another_service};
use crate::ports::fleet::Fleet;
use crate::ports::labels::{Labels, NewLabelFailure, Settling};
use crate::ports::moves::{MoveOutcome, Moves};
use crate::ports::orders::Orders;
use crate::ports::promises::Promises;
use crate::ports::stock::Stock;
use crate::ports::work::Work;
use holdfast_shared::domain::task::{FulfilmentKind, TaskState};
use holdfast_shared::error::Code;
use holdfast_shared::time::Now;
use std::collections::BTreeSet;

/// Failures that one run sees to.
const FAILURES_MAX: u32 = 100;

/// On record, and seen to as far as it can be at once. The same again answers what became of it.
pub async fn report<S: Work + Fleet + Orders + Moves + Stock + Promises + Labels + ?Sized>(
    store: &S,
    router: &Router<'_>,
    failure: NewLabelFailure,
    now: Now,
) -> Result<LabelFailure, FlowError> {
    check_reason(&failure.reason)?;
    let failure = NewLabelFailure { reason: failure.reason.trim().to_owned(), ..failure };
    let (tenant, task) = (failure.tenant.clone(), failure.task.clone());
    let unknown = || FlowError::refused(Code::UnknownTask, format!("task {task} is not known"));
    let state = store.task(&tenant, &task).await?.ok_or_else(unknown)?;
    let carriers = router.policy.carriers(&tenant);
    check(&state, &failure, |name| carriers.services_for(state.kind).any(|known| known.name == name))?;
    let before = store.label_failures(&tenant, &task).await?;
    if state.phase.is_final() && before.is_empty() {
        let what =
            format!("{task} is {} already: no label is needed", state.phase.as_str().replace('_', " "));
        return Err(FlowError::refused(Code::IllegalTransition, what));
    }
    let known = store.report_label(&failure, now.utc).await?.ok_or_else(unknown)?;
    if known.settled.is_some() {
        return Ok(known);
    }
    let mut mover = Mover::new(store, router, now);
    see_to(store, router, &mut mover, &known, now).await?;
    let after = store.label_failures(&tenant, &task).await?;
    Ok(after.into_iter().find(|failure| failure.service == known.service).unwrap_or(known))
}

fn check(
    state: &TaskState,
    failure: &NewLabelFailure,
    is_service: impl Fn(&str) -> bool,
) -> Result<(), FlowError> {
    let refused = |what: String| Err(FlowError::refused(Code::InvalidRequest, what));
    match state.kind {
        FulfilmentKind::Pickup => refused(format!("{} is a pickup: no carrier takes it", state.task)),
        FulfilmentKind::Ship | FulfilmentKind::Delivery => match &failure.service {
            Some(name) if !is_service(name) => refused(format!(
                "service {name:?} is none of those that the policy names for {}; leave it out for the one \
                 that was planned",
                state.kind.as_str()
            )),
            Some(_) | None => Ok(()),
        },
    }
}

/// Sees to those that waited. How many are settled.
pub async fn see_to_labels<S: Work + Fleet + Orders + Moves + Stock + Promises + Labels + ?Sized>(
    store: &S,
    router: &Router<'_>,
    now: Now,
) -> Result<u32, FlowError> {
    let mut settled: u32 = 0;
    let mut mover = Mover::new(store, router, now);
    for failure in store.waiting_labels(FAILURES_MAX).await? {
        if see_to(store, router, &mut mover, &failure, now).await? {
            settled = settled.saturating_add(1);
        }
    }
    Ok(settled)
}

/// Whether it is settled.
async fn see_to<S: Work + Fleet + Orders + Moves + Stock + Promises + Labels + ?Sized>(
    store: &S,
    router: &Router<'_>,
    mover: &mut Mover<'_, S>,
    failure: &LabelFailure,
    now: Now,
) -> Result<bool, FlowError> {
    let policy = router.policy.failover(&failure.tenant);
    let known = store.task(&failure.tenant, &failure.task).await?;
    let at = known.as_ref().map(|state| state.store.clone());
    let settling = match known {
        Some(state) if !state.phase.is_final() && state.recall.is_none() => {
            match instead(store, router, &policy, (failure, &state), now).await? {
                Some(settling) => Some(settling),
                None => leave(store, router, mover, &policy, (failure, &state), now).await?,
            }
        }
        Some(_) | None => Some(settled(LabelOutcome::Ended, "the work had ended or left before".to_owned())),
    };
    let Some(settling) = settling else { return Ok(false) };
    store.settle_label(failure, &settling, now.utc).await?;
    if let Some(at) = at {
        // Whoever stands before the parcel is shown at once what becomes of it.
        router.poke.poke(&failure.tenant, &at, "a label was seen to");
    }
    Ok(true)
}

const fn settled(outcome: LabelOutcome, words: String) -> Settling {
    Settling { outcome, words, journey: None }
}

async fn instead<S: Fleet + Orders + Labels + ?Sized>(
    store: &S,
    router: &Router<'_>,
    policy: &FailoverPolicy,
    (failure, state): (&LabelFailure, &TaskState),
    now: Now,
) -> Result<Option<Settling>, FlowError> {
    if !policy.label_failed.another_service {
        return Ok(None);
    }
    let tenant = &failure.tenant;
    let (Some(record), Some(order)) =
        (store.store(tenant, &state.store).await?, store.order(tenant, &state.order).await?)
    else {
        return Ok(None);
    };
    let failed: BTreeSet<Option<String>> = store
        .label_failures(tenant, &failure.task)
        .await?
        .into_iter()
        .map(|failure| failure.service)
        .collect();
    let carriers = router.policy.carriers(tenant);
    let parcel = (state, &record.store, order.request.destination);
    let found = another_service(&carriers, parcel, &failed, now.utc);
    Ok(found.map(|journey| {
        let name = journey.service.as_deref().unwrap_or("the customer");
        let words = format!("{name} takes {} instead: {}", failure.task, failure.why());
        Settling { outcome: LabelOutcome::AnotherService, words, journey: Some(journey) }
    }))
}

/// None while it waits for its turn, or for the observer.
async fn leave<S: Work + Fleet + Orders + Moves + Stock + Promises + Labels + ?Sized>(
    store: &S,
    router: &Router<'_>,
    mover: &mut Mover<'_, S>,
    policy: &FailoverPolicy,
    (failure, state): (&LabelFailure, &TaskState),
    now: Now,
) -> Result<Option<Settling>, FlowError> {
    let (tenant, why) = (&failure.tenant, failure.why());
    let held = router.watch.with(|observatory| observatory.holds(tenant));
    let exposed = Exposed {
        tenant,
        task: state,
        cause: Cause::LabelFailed,
        why: &why,
        lasts_ms: now.utc.since(failure.reported_at).max(0),
        // Who holds the lease says itself that it cannot go on.
        lease_ended: true,
    };
    let lately = store.moved_lately(tenant, now.utc).await?;
    let step = plan(&[exposed], &lately, policy, held).into_iter().next();
    let never = policy.when_unlabelled(state.kind, state.phase) == Some(When::Never);
    Ok(match step {
        Some(Step::Move(leaving)) => match mover.move_away(leaving, policy).await? {
            MoveOutcome::Moved => Some(settled(LabelOutcome::Moved, format!("left {}: {why}", state.store))),
            MoveOutcome::ReleasedAlready => {
                let words = format!("{} was released meanwhile, and {why}", failure.task);
                Some(settled(LabelOutcome::Person, words))
            }
            MoveOutcome::Moot => {
                Some(settled(LabelOutcome::Ended, "the work had ended or left before".to_owned()))
            }
            MoveOutcome::Waits(_) => None,
        },
        Some(Step::Tell { detail, .. }) => Some(settled(LabelOutcome::Person, detail)),
        Some(Step::Wait { why: rule, .. }) if never => {
            Some(settled(LabelOutcome::Person, format!("{why}; {rule}")))
        }
        Some(Step::Wait { .. }) | None => None,
    })
}

#[cfg(test)]
mod tests;
