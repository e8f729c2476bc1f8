//! Giving lines of an order to a store: units, holds, task and offer, all of them or none.

use super::decisions::{self, Saved};
use super::documents::is_there;
use super::giving::Giving;
use super::holds::{self, Reserved};
use super::nodes_seen::NodesSeen;
use super::order_carts::{self, Gathered};
use super::order_rows::read_line;
use super::pen::{Statement, state_fact};
use super::promise_changes::{self, About};
use super::row::one;
use super::savepoint::{Stop, attempt};
use super::sql::sql;
use super::state::State;
use super::tasks::{Grown, follow, save_routed};
use super::timeline::{Happened, Stood, central, note, refresh};
use super::{Result, access, kpis, moves, promise_outcomes, promises, stock};
use crate::core::order::OrderLine;
use crate::core::routing::decision::DemandLine;
use crate::ports::StoreError;
use crate::ports::work::{AssignOutcome, Assignment};
use holdfast_shared::domain::fact::Fact;
use holdfast_shared::domain::fence::Fence;
use holdfast_shared::domain::task::{FulfilmentKind, Offer, OfferLine, ReleasePoint, TaskEvent};
use holdfast_shared::domain::task_fold::fold;
use holdfast_shared::ids::{BadId, DocumentId, LineNo, TaskId};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, named_params};
use std::collections::BTreeMap;

/// Why the date of an assignment is not the promised one: a node that keeps it is asked before all others.
const TOO_LATE: &str = "no node that could take it brings it by then";

/// An assignment, and its decision as it is written: made ready before the one writer is asked.
#[derive(Debug)]
pub(super) struct Ready {
    assignment: Assignment,
    saved: Saved,
}

impl Ready {
    pub(super) fn of(assignment: Assignment) -> Result<Self> {
        Ok(Self { saved: Saved::of(&assignment.decision)?, assignment })
    }
}

type Done = (Vec<AssignOutcome>, NodesSeen);

/// Why nothing of it is written: one of them is refused, or storage failed. In either case the transaction goes.
pub(super) type NotAll = Stop<AssignOutcome>;

/// Nearly always nothing is refused, and nothing needs to be kept to undo one of them alone. When something is,
/// none of them is written.
pub(super) fn together(
    conn: &Connection,
    state: &mut State,
    all: &[Ready],
    now: UtcMs,
) -> std::result::Result<Vec<AssignOutcome>, NotAll> {
    let done = knowing(state, |state, known| {
        let mut giving = Giving::new(conn, known, now);
        let mut outcomes = Vec::with_capacity(all.len());
        for ready in all {
            outcomes.push(try_assign(conn, state, &mut giving, ready, now)?);
        }
        Ok((outcomes, giving.over()?))
    });
    if done.is_err() {
        state.forget_bags();
    }
    done
}

/// One after the other. What one of them is refused changes nothing for the others.
pub(super) fn apart(
    conn: &Connection,
    state: &mut State,
    all: &[Ready],
    now: UtcMs,
) -> Result<Vec<AssignOutcome>> {
    knowing(state, |state, known| {
        let mut giving = Giving::new(conn, known, now);
        let mut outcomes = Vec::with_capacity(all.len());
        for ready in all {
            outcomes.push(attempt(conn, || try_assign(conn, state, &mut giving, ready, now))?);
        }
        Ok((outcomes, giving.over()?))
    })
}

/// With the nodes out of the state until all is written: what is not is not known either.
fn knowing<E>(
    state: &mut State,
    give: impl FnOnce(&mut State, &NodesSeen) -> std::result::Result<Done, E>,
) -> std::result::Result<Vec<AssignOutcome>, E> {
    let known = std::mem::take(&mut state.nodes);
    let done = give(state, &known);
    state.nodes = known;
    let (outcomes, written) = done?;
    state.nodes.learn(written);
    Ok(outcomes)
}

/// Whatever refuses comes before the first thing that is written down later for all. Whoever read the demand
/// may not have known of a restore.
fn try_assign(
    conn: &Connection,
    state: &mut State,
    giving: &mut Giving<'_>,
    Ready { assignment, saved }: &Ready,
    now: UtcMs,
) -> std::result::Result<AssignOutcome, Stop<AssignOutcome>> {
    let Assignment { tenant, order, store, .. } = assignment;
    if giving.must_wait(tenant, store, order)? {
        return Err(Stop::Refused(AssignOutcome::OrderMoved));
    }
    let taken = take_units(conn, assignment, now)?;
    // Of a checkout, of other goods, of what came together for it or travels to where another order does.
    let cart = order_carts::free_for(conn, assignment)?;
    let reserved = reserve(conn, giving, assignment, cart.as_ref())?;
    let fence = giving.fence()?;
    let task = task_id(assignment, fence).map_err(StoreError::from)?;
    let statement = Statement {
        tenant,
        store,
        task: &task,
        fence,
        event: TaskEvent::Offered(offer(assignment, &reserved)),
        actor: central().map_err(StoreError::from)?,
        after: None,
        trace: Some(taken.stood.trace.clone()),
    };
    // A store may have told of a task of this name: central lost it in a restore.
    let told_of = is_there(conn, tenant, &DocumentId::Task(task.clone()))?;
    let began = if told_of {
        giving.write_down()?;
        state_fact(conn, state, statement, now)?;
        None
    } else {
        Some(giving.begin_task(state, statement)?)
    };
    if decisions::record_one(conn, &mut giving.seeing, (tenant, order), saved)? {
        let asked = taken.is_whole(assignment).then_some(taken.lines.as_slice());
        giving.count_decision((tenant, order), &saved.mattered, asked)?;
    }
    let happened = Happened {
        kind: "allocated",
        at: now,
        actor: &central().map_err(StoreError::from)?,
        store: Some(store),
        task: Some(&task),
        words: assignment.decision.words_for(store),
    };
    note(conn, tenant, order, &happened)?;
    offered(conn, state, giving, (assignment, &task, &taken), began, now)?;
    if assignment.assignments > 0 {
        moves::went(conn, (tenant, order), (&task, store), now)?;
    }
    for (line, reserved) in reserved {
        holds::hold(conn, tenant, store, &task, line, reserved)?;
    }
    // Nothing is compared where nothing was promised.
    if let Some(journey) = assignment.journey.as_ref().filter(|_| assignment.promise_by.is_some()) {
        promise_outcomes::plan(conn, tenant, &task, journey)?;
        let late = assignment.promise_by.is_some_and(|by| journey.arrives_by > by);
        if late || promise_changes::told(conn, tenant, order)?.is_some() {
            let about = About { task: Some(&task), store: Some(store), why: TOO_LATE };
            promise_changes::follow_plans(conn, (tenant, order), about, now)?;
        }
    }
    if cart.is_some() {
        promises::settle(conn, tenant, order, now)?;
    }
    Ok(AssignOutcome::Assigned { task, fence })
}

fn reserve<'a>(
    conn: &Connection,
    giving: &mut Giving<'_>,
    assignment: &'a Assignment,
    cart: Option<&Gathered>,
) -> std::result::Result<Vec<(&'a DemandLine, Reserved)>, Stop<AssignOutcome>> {
    let Assignment { tenant, store, lines, .. } = assignment;
    let in_escrow = giving.has_escrow(tenant)?;
    let mut reserved = Vec::with_capacity(lines.len());
    for line in lines {
        let came = cart.and_then(|gathered| gathered.get(&line.sku)).copied().unwrap_or_default();
        let set_aside = match in_escrow {
            _ if came > 0 => stock::reserve_gathered(conn, tenant, store, line, came)?,
            true => stock::reserve(conn, tenant, store, line)?,
            false => stock::reserve_open(conn, tenant, store, line)?,
        };
        let gone = || Stop::Refused(AssignOutcome::StockGone { sku: line.sku.clone() });
        reserved.push((line, set_aside.ok_or_else(gone)?));
    }
    Ok(reserved)
}

/// What follows from the offer: the task's row, a release that is due already, the order's state.
fn offered(
    conn: &Connection,
    state: &mut State,
    giving: &mut Giving<'_>,
    (assignment, task, taken): (&Assignment, &TaskId, &Taken),
    began: Option<Fact>,
    now: UtcMs,
) -> Result<()> {
    let Assignment { tenant, order, store, decision, .. } = assignment;
    let assigned = kpis::assigned(conn, assignment, taken.stood.placed_at, now)?;
    let routed = assigned.routed;
    giving.count_assigned(assignment, &taken.stood.request, assigned)?;
    let Some(folded) = began.and_then(|fact| fold(&[fact])) else {
        let replicas = access::replicas(conn, tenant, store)?;
        let release_to = match replicas.as_slice() {
            [only] => Some(only),
            _ => None,
        };
        giving.write_down()?;
        follow(conn, state, &Grown { tenant, task, before: None, release_to, now })?;
        return kpis::route_task(conn, tenant, task, &decision.policy, routed);
    };
    save_routed(conn, tenant, &folded.state, Some((&decision.policy, routed)), now)?;
    giving.count(tenant, store)?;
    if folded.state.release_due() {
        let release_to = giving.only_replica(tenant, store)?;
        giving.write_down()?;
        let grown = Grown { tenant, task, before: Some(folded), release_to: release_to.as_ref(), now };
        follow(conn, state, &grown)?;
        return Ok(());
    }
    // The first that gets any of it, and all of it: nothing else is to be read.
    if taken.is_whole(assignment) {
        return taken.stood.moves_on(conn, (tenant, order), &taken.lines, &[folded.state], now);
    }
    refresh(conn, tenant, order, now)
}

/// `{order}-{n}`, and `{order}-{incarnation}-{n}` since a restore: the lost window may have seen the
/// same count.
fn task_id(assignment: &Assignment, fence: Fence) -> std::result::Result<TaskId, BadId> {
    let (order, n) = (&assignment.order, assignment.assignments.saturating_add(1));
    match fence.incarnation {
        0 | 1 => TaskId::new(format!("{order}-{n}")),
        incarnation => TaskId::new(format!("{order}-{incarnation}-{n}")),
    }
}

/// An order of which units were taken, as it was before, and the lines as they are now.
struct Taken {
    stood: Stood,
    lines: Vec<OrderLine>,
}

impl Taken {
    /// These are all its lines, and nobody had any of it before.
    fn is_whole(&self, assignment: &Assignment) -> bool {
        assignment.assignments == 0 && self.lines.len() == self.stood.request.lines.len()
    }
}

/// Takes the units out of `open`, unless the order has moved on since the demand was read.
fn take_units(
    conn: &Connection,
    assignment: &Assignment,
    now: UtcMs,
) -> std::result::Result<Taken, Stop<AssignOutcome>> {
    let Assignment { tenant, order, .. } = assignment;
    let moved = || Stop::Refused(AssignOutcome::OrderMoved);
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":order": order.as_str(),
        ":assignments": assignment.assignments,
        ":now": now.0,
    };
    let stood = one(conn, sql!(ORDERS.count_assignment), params, Stood::read)?;
    let stood = stood.filter(|_| !assignment.lines.is_empty()).ok_or_else(moved)?;
    let mut lines: BTreeMap<LineNo, OrderLine> = BTreeMap::new();
    for line in &assignment.lines {
        let params = named_params! {
            ":tenant": tenant.as_str(),
            ":order": order.as_str(),
            ":line": line.line.0,
            ":sku": line.sku.as_str(),
            ":quantity": line.quantity,
        };
        if line.quantity < 1 {
            return Err(moved());
        }
        let left = one(conn, sql!(ORDERS.take_open), params, read_line)?.ok_or_else(moved)?;
        lines.insert(left.line, left);
    }
    Ok(Taken { stood, lines: lines.into_values().collect() })
}

fn offer(assignment: &Assignment, reserved: &[(&DemandLine, Reserved)]) -> Offer {
    // A pickup is bound to its store and never moved by silence, so nothing is gained by waiting.
    let release_point = match assignment.kind {
        FulfilmentKind::Pickup => ReleasePoint::Offered,
        FulfilmentKind::Ship | FulfilmentKind::Delivery => assignment.release_point,
    };
    let lines = reserved
        .iter()
        .map(|(line, Reserved { ceded, .. })| OfferLine {
            line: line.line,
            sku: line.sku.clone(),
            quantity: line.quantity,
            ceded: *ceded,
        })
        .collect();
    Offer {
        order: assignment.order.clone(),
        store: assignment.store.clone(),
        kind: assignment.kind,
        release_point,
        lines,
        accept_by: assignment.accept_by,
        promise_by: assignment.promise_by,
        note: assignment.note.clone(),
    }
}
