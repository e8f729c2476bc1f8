//! What follows when a task has new facts: units of order lines, holds, releases, exceptions, the
//! task's row and the order's state. The deciding is core's; here it is written down.

use super::exceptions::{raise, set_failure};
use super::kpis::Routed;
use super::lines::{move_units, reopen};
use super::order_rows::{beaten, order_of};
use super::pen::{Statement, fence_number, state_fact};
use super::row::{from_json, one, run, to_json};
use super::sql::sql;
use super::state::State;
use super::timeline::{Happened, central, note, refresh};
use super::{Result, kpis, ledger, shipment_rows, stock, task_news, window, work_hours};
use crate::core::effects::{Effect, effects, words};
use crate::core::exception::{Category, Failure, NewException, Severity};
use holdfast_shared::domain::fence::Fence;
use holdfast_shared::domain::task::{Phase, TaskEvent, TaskState};
use holdfast_shared::domain::task_fold::{Contradiction, Folded};
use holdfast_shared::ids::{Actor, ReplicaId, TaskId, TenantId};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, named_params};

/// A task whose facts have grown.
pub(super) struct Grown<'a> {
    pub(super) tenant: &'a TenantId,
    pub(super) task: &'a TaskId,
    /// What was followed already.
    pub(super) before: Option<Folded>,
    /// Who gets a release that is due now; it waits when nobody does.
    pub(super) release_to: Option<&'a ReplicaId>,
    pub(super) now: UtcMs,
}

impl Grown<'_> {
    pub(super) fn has_ended(&self) -> bool {
        self.before.as_ref().is_some_and(|before| before.state.phase.is_final())
    }
}

/// What came of a task beside its own effects.
pub(super) enum Clash {
    /// Its goods leave, and somebody else may have been given them: the others are to be stopped.
    Leaving { task: TaskState, why: String },
    /// What was told missing is there after all, and was given to somebody else meanwhile.
    FoundAgain { task: TaskState },
}

pub(super) fn follow(conn: &Connection, state: &mut State, grown: &Grown<'_>) -> Result<Option<Clash>> {
    let Grown { tenant, task, now, .. } = grown;
    let Some(mut after) = ledger::folded(conn, tenant, task)? else { return Ok(None) };
    save(conn, tenant, &after.state, *now)?;
    let before = grown.before.as_ref().map(|before| &before.state);
    work_hours::note(conn, tenant, before, &after.state, *now)?;
    kpis::told(conn, tenant, before, &after.state, *now)?;
    let (mut leaving, mut found_again) = (None, false);
    for effect in effects(grown.before.as_ref(), &after) {
        match effect {
            Effect::Units { line, change } => {
                let moved = move_units(conn, tenant, &after.state.order, line, change)?;
                if moved.surplus > 0 {
                    raise_surplus(conn, tenant, &after.state, *now)?;
                }
                if moved.elsewhere > 0 && change.finished > 0 {
                    leaving = Some(format!("{} handed these goods over already", after.state.store));
                } else if moved.elsewhere > 0 {
                    found_again = true;
                }
            }
            Effect::EndHolds => stock::end_holds(conn, tenant, task, *now)?,
            // Another store may have the release since before the restore, also of an order that has
            // come since: it may be one that was lost, and asked for again.
            Effect::Release if window::is_open(conn, tenant)? => {}
            // Somebody else was given the units when it ended.
            Effect::Release if grown.has_ended() && !after.state.phase.is_final() => {}
            Effect::Release if is_beaten(conn, tenant, &after.state)? => found_again = true,
            Effect::Release => {
                if let Some(replica) = grown.release_to {
                    release(conn, state, tenant, &after.state, replica, *now)?;
                }
            }
            Effect::LetGo(let_go) => {
                task_news::let_go(conn, tenant, &after.state, &let_go, *now)?;
                if are_given_away(&after.state) {
                    leaving = Some(format!("{} lets these goods go", after.state.store));
                }
            }
            Effect::CancelAnswered(answer) => task_news::answered(conn, tenant, &after.state, answer, *now)?,
            Effect::Contradicted { contradiction, severity } => {
                raise_contradiction(conn, tenant, &after.state, &contradiction, severity, *now)?;
            }
        }
    }
    if let Some(released) = ledger::folded(conn, tenant, task)? {
        after = released;
    }
    save(conn, tenant, &after.state, *now)?;
    if is_settled(grown, &after.state) {
        reopen(conn, tenant, &after.state.order)?;
    }
    refresh(conn, tenant, &after.state.order, *now)?;
    Ok(match leaving {
        Some(why) => Some(Clash::Leaving { task: after.state, why }),
        None => found_again.then_some(Clash::FoundAgain { task: after.state }),
    })
}

/// Whether somebody else may be working on the same units.
fn are_given_away(task: &TaskState) -> bool {
    let moved = task.recall.as_ref().is_some_and(|recall| !recall.cancel);
    moved || matches!(task.phase, Phase::Declined | Phase::PutBack)
}

/// From now on what is told missing waits for the task's end, or the end has come.
fn is_settled(grown: &Grown<'_>, after: &TaskState) -> bool {
    let waited = grown.before.as_ref().is_some_and(|before| before.state.settles_at_end());
    let ends = after.phase.is_final() && !grown.has_ended();
    waited != after.settles_at_end() || (waited && ends)
}

fn is_beaten(conn: &Connection, tenant: &TenantId, task: &TaskState) -> Result<bool> {
    Ok(beaten(conn, tenant, &task.order)?.iter().any(|rival| rival.task == task.task))
}

/// Writes down that these goods may leave, on the row that a recall decides on too.
pub(super) fn release(
    conn: &Connection,
    state: &mut State,
    tenant: &TenantId,
    task: &TaskState,
    replica: &ReplicaId,
    now: UtcMs,
) -> Result<()> {
    let event = TaskEvent::Released { replica: replica.clone() };
    let told = words(&event, &task.store);
    say(conn, state, tenant, task, event, now)?;
    let happened = Happened {
        kind: "released",
        at: now,
        actor: &central()?,
        store: Some(&task.store),
        task: Some(&task.task),
        words: &told,
    };
    note(conn, tenant, &task.order, &happened)
}

/// A fact of central's about a task that it knows.
pub(super) fn say(
    conn: &Connection,
    state: &mut State,
    tenant: &TenantId,
    task: &TaskState,
    event: TaskEvent,
    now: UtcMs,
) -> Result<()> {
    say_as(conn, state, tenant, task, (task.fence, event, &central()?), now)
}

/// Under which fence, what, and in whose name.
pub(super) fn say_as(
    conn: &Connection,
    state: &mut State,
    tenant: &TenantId,
    task: &TaskState,
    (fence, event, actor): (Fence, TaskEvent, &Actor),
    now: UtcMs,
) -> Result<()> {
    let (_, _, trace) = order_of(conn, tenant, &task.order)?;
    let statement = Statement {
        tenant,
        store: &task.store,
        task: &task.task,
        fence,
        event,
        actor: actor.clone(),
        after: Some(task.newest.clone()),
        trace: Some(trace),
    };
    state_fact(conn, state, statement, now)
}

pub(super) fn save(conn: &Connection, tenant: &TenantId, task: &TaskState, now: UtcMs) -> Result<()> {
    save_routed(conn, tenant, task, None, now)
}

/// With what a new task keeps of how it was routed.
pub(super) fn save_routed(
    conn: &Connection,
    tenant: &TenantId,
    task: &TaskState,
    routed: Option<(&str, Routed)>,
    now: UtcMs,
) -> Result<()> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":task": task.task.as_str(),
        ":order": task.order.as_str(),
        ":store": task.store.as_str(),
        ":fence": fence_number(task.fence),
        ":phase": task.phase.as_str(),
        ":released_to": task.release.as_ref().map(|release| release.replica.as_str()),
        ":recalled": task.recall.is_some(),
        ":cancelling": task.recall.as_ref().is_some_and(|recall| recall.cancel),
        ":release_due": task.release_due(),
        ":accept_by": task.accept_by.0,
        ":ended_at": task.phase.is_final().then_some(now.0),
        ":state": to_json(task)?,
        ":routed_by": routed.map(|(policy, _)| policy),
        ":routed_best": routed.map(|(_, routed)| routed.is_best),
    };
    run(conn, sql!(WORK.save_task), params)?;
    shipment_rows::follow(conn, tenant, task, now)
}

pub(super) fn load(conn: &Connection, tenant: &TenantId, task: &TaskId) -> Result<Option<TaskState>> {
    one(conn, sql!(WORK.task), [tenant.as_str(), task.as_str()], |row| from_json(row, "state"))
}

fn raise_contradiction(
    conn: &Connection,
    tenant: &TenantId,
    task: &TaskState,
    contradiction: &Contradiction,
    severity: Severity,
    now: UtcMs,
) -> Result<()> {
    let what = if contradiction.taken_over { "it happened all the same" } else { "it has no effect" };
    let exception = NewException {
        key: format!("contradiction/{}/{}", task.store, contradiction.fact),
        category: Category::Contradiction,
        severity,
        order: Some(task.order.clone()),
        task: Some(task.task.clone()),
        store: Some(task.store.clone()),
        detail: format!(
            "{} told of {} as {}: {}; {what}",
            task.store,
            task.task,
            contradiction.kind.replace('_', " "),
            contradiction.why
        ),
        suggestion: "Ask the store what left, and put it right with the customer.".to_owned(),
    };
    raise(conn, tenant, &exception, now)?;
    let values =
        [("fact", contradiction.fact.as_str()), ("why", &*contradiction.why.to_string()), ("so", what)];
    let failure = Failure::new("contradiction", Some(contradiction.kind), &values);
    set_failure(conn, tenant, &exception.key, &failure)
}

fn raise_surplus(conn: &Connection, tenant: &TenantId, task: &TaskState, now: UtcMs) -> Result<()> {
    let exception = NewException {
        key: format!("surplus/{}", task.order),
        category: Category::Contradiction,
        severity: Severity::High,
        order: Some(task.order.clone()),
        task: Some(task.task.clone()),
        store: Some(task.store.clone()),
        detail: format!(
            "more units of order {} left than were ordered, the last from {}",
            task.order, task.store
        ),
        suggestion: "Stop the second parcel, or arrange its return.".to_owned(),
    };
    raise(conn, tenant, &exception, now)
}
