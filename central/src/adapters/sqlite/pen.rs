//! Central's own hand in task documents: fact ids, stamps, fences, and the change that carries a
//! fact. Numbers come from rows of the same transaction, so none is given out twice.

use super::counters::{incarnation, next};
use super::documents::{Authored, keep, load};
use super::row::run;
use super::seals::{Place, reopen_if_sealed};
use super::sql::sql;
use super::state::State;
use super::{Result, error, ledger, older, timeline};
use holdfast_shared::domain::fact::{Body, Fact};
use holdfast_shared::domain::fence::Fence;
use holdfast_shared::domain::task::{TaskEvent, TaskFact};
use holdfast_shared::ids::{
    Actor, DeviceId, DocumentId, FactId, ReplicaId, StoreId, TaskId, TenantId, TraceId,
};
use holdfast_shared::time::{Hlc, UtcMs};
use holdfast_shared::wire::fact::encode;
use rusqlite::{Connection, named_params};

/// The next stamp, written down before it is used.
pub(super) fn stamp(conn: &Connection, state: &mut State, now: UtcMs) -> Result<Hlc> {
    let stamp = state.hlc.tick(now);
    run(conn, sql!(DOCUMENTS.set_clock), [stamp.to_string()])?;
    Ok(stamp)
}

/// Greater than every fence before it, over all incarnations.
pub(super) fn fence(conn: &Connection) -> Result<Fence> {
    let number = u32::try_from(next(conn, "fence")?).map_err(error::unreadable)?;
    Ok(Fence { incarnation: incarnation(conn)?, number })
}

/// As one number that sorts as the fence does.
pub(super) fn fence_number(fence: Fence) -> i64 {
    i64::from(fence.incarnation).saturating_mul(1 << 32).saturating_add(i64::from(fence.number))
}

/// A fact that central states about a task.
pub(super) struct Statement<'a> {
    pub(super) tenant: &'a TenantId,
    pub(super) store: &'a StoreId,
    pub(super) task: &'a TaskId,
    pub(super) fence: Fence,
    pub(super) event: TaskEvent,
    pub(super) actor: Actor,
    pub(super) after: Option<FactId>,
    pub(super) trace: Option<TraceId>,
}

/// Writes the fact into the ledger and into the task's document.
pub(super) fn state_fact(
    conn: &Connection,
    state: &mut State,
    statement: Statement<'_>,
    now: UtcMs,
) -> Result<()> {
    let device = DeviceId::new(timeline::CENTRAL)?;
    let id = FactId::new(&device, incarnation(conn)?, next(conn, "fact")?)?;
    let Statement { tenant, store, task, fence, event, actor, after, trace } = statement;
    let fact = Fact {
        id: id.clone(),
        at: stamp(conn, state, now)?,
        actor,
        after,
        trace,
        body: Body::Task(TaskFact { task: task.clone(), fence, event }),
    };
    let text = encode(&fact).map_err(error::unreadable)?;
    let document = DocumentId::Task(task.clone());
    let place = Place { tenant, store, document: &document };
    reopen_if_sealed(conn, state, &place)?;
    let mut bag = load(conn, state.writer, tenant, &document)?;
    let before = bag.heads();
    let recorded = bag.record(&[(id.clone(), text.clone())]).map_err(error::unreadable)?;
    let author = ReplicaId::new(timeline::CENTRAL)?;
    let authored = Authored { tenant, store, document: &document, author: &author };
    keep(conn, &authored, &before, &bag.heads(), &recorded.changes)?;
    older::mark(conn, (tenant, store), &document, [&fact.body])?;
    ledger::record(conn, tenant, store, &document, &id, &text)?;
    Ok(())
}

/// Everything that central gives out from now on is greater than what it gave out before.
pub(super) fn raise_incarnation(conn: &Connection, state: &mut State, raised: u32) -> Result<()> {
    for (name, value) in [("incarnation", i64::from(raised)), ("fence", 0), ("fact", 0)] {
        run(conn, sql!(DOCUMENTS.set_counter), named_params! { ":name": name, ":value": value })?;
    }
    // Documents that are loaded are those of the rows, but the replicas know more of them.
    state.forget_bags();
    Ok(())
}
