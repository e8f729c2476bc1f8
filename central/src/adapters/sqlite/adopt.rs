//! What a store brings back of the window that a restore lost: tasks that central does not know any
//! more, its own decisions about them, the orders that they belong to, and the units that they hold.

use super::counters::incarnation;
use super::exceptions::raise;
use super::lines::reopen;
use super::recall::mark_sent;
use super::refusal::{Part, refuse};
use super::rivals::settle_rivals;
use super::row::{one, run, to_json};
use super::sql::sql;
use super::state::State;
use super::timeline::{Happened, central, note, refresh};
use super::{Result, access, adopt_lines, documents, holds, store_row, tasks, window};
use crate::core::exception::Category;
use crate::core::order::{OrderLineRequest, OrderRequest};
use crate::core::recovery as words;
use crate::ports::access::ReplicaIdentity;
use holdfast_shared::document::{Merged, StoredChange};
use holdfast_shared::domain::fact::{Body, Fact};
use holdfast_shared::domain::task::{FulfilmentKind, Offer, TaskEvent};
use holdfast_shared::domain::task_fold::fold;
use holdfast_shared::error::Code;
use holdfast_shared::ids::{BootId, DocumentId, FactId, ReplicaId, TaskId, TraceId};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, named_params};
use std::collections::BTreeSet;

/// An offer that was made without a trace.
const NO_TRACE: &str = "00000000000000000000000000000000";

/// Whether a replica that replays may bring this document, although it is not its own: a task that
/// central lost, or the stock of another box of the same store, which central may have forgotten: what
/// that box was told to be safe may be nowhere else. So may be what central itself put into a document
/// of its own, of a box that was kept apart.
pub(super) fn may_bring(conn: &Connection, from: &ReplicaIdentity, document: &DocumentId) -> Result<bool> {
    match document {
        DocumentId::Stock { store, .. } if *store != from.store => Ok(false),
        DocumentId::Stock { replica, boot, .. } if replica.as_str() == super::timeline::CENTRAL => {
            let ours = incarnation(conn)?;
            Ok(boot_of_central(boot).is_some_and(|of| of < ours))
        }
        DocumentId::Stock { store, replica, .. } => {
            Ok(access::replicas_and_lost(conn, &from.tenant, store)?.contains(replica))
        }
        DocumentId::Task(_) => Ok(documents::owner(conn, &from.tenant, document)?.is_none()),
    }
}

/// The incarnation in which central began a stock document of its own.
fn boot_of_central(boot: &BootId) -> Option<u32> {
    boot.as_str().strip_prefix('i')?.parse().ok()
}

/// Whether a replica that replays may bring this change of somebody else.
pub(super) fn may_relay(document: &DocumentId, change: &StoredChange) -> bool {
    match document {
        DocumentId::Stock { replica, .. } => change.writer.belongs_to(replica),
        // The merge let pass only central and the store's own replicas.
        DocumentId::Task(_) => true,
    }
}

/// The facts that central's own changes put.
pub(super) fn of_central(merged: &Merged, central: &ReplicaId) -> Result<BTreeSet<FactId>> {
    let mut facts = BTreeSet::new();
    for change in merged.changes.iter().filter(|change| change.writer.belongs_to(central)) {
        facts.extend(change.fact_ids().map_err(super::error::unreadable)?);
    }
    Ok(facts)
}

/// Central's lost facts are of an earlier incarnation, about this store; and a task that is not
/// known begins with its offer.
pub(super) fn check(
    conn: &Connection,
    from: &ReplicaIdentity,
    name: &str,
    known: bool,
    facts: &[(FactId, String, Fact)],
    lost: &BTreeSet<FactId>,
) -> Part<()> {
    let now = incarnation(conn)?;
    let forged = |why: &str| refuse(name, Code::Forbidden, why, Some(Category::ForeignClaim));
    let mut offered = known;
    for (id, _, fact) in facts.iter().filter(|(id, ..)| lost.contains(id)) {
        let Some((of, number)) = numbers(id) else { return forged("a fact of central has another id") };
        if of < now && matches!(&fact.body, Body::Stock(stock) if stock.movement.is_centrals()) {
            see(conn, "fact", of, number)?;
            continue;
        }
        let Body::Task(said) = &fact.body else { return forged("central moves no stock") };
        if of >= now || said.fence.incarnation >= now {
            return forged("central itself knows what it says in this incarnation");
        }
        if let TaskEvent::Offered(offer) = &said.event {
            let names_order = said.task.as_str().starts_with(&format!("{}-", offer.order));
            if offer.store != from.store || !names_order {
                return forged("the offer is one to another store, or of another order");
            }
            offered = true;
        }
        see(conn, "fact", of, number)?;
        see(conn, "fence", said.fence.incarnation, u64::from(said.fence.number))?;
    }
    if offered { Ok(()) } else { refuse(name, Code::UnknownTask, "it comes without its offer", None) }
}

/// `central.{incarnation}.{number}`.
fn numbers(id: &FactId) -> Option<(u32, u64)> {
    let mut parts = id.as_str().split('.');
    let (device, of, number) = (parts.next()?, parts.next()?, parts.next()?);
    if device != super::timeline::CENTRAL || parts.next().is_some() {
        return None;
    }
    Some((of.parse().ok()?, number.parse().ok()?))
}

fn see(conn: &Connection, kind: &str, incarnation: u32, number: u64) -> Result<()> {
    let number = i64::try_from(number).map_err(super::error::unreadable)?;
    let params = named_params! { ":kind": kind, ":incarnation": incarnation, ":number": number };
    run(conn, sql!(RECOVERY.see), params)?;
    Ok(())
}

/// The rows that the task's facts will stand on: its order and the order's lines.
pub(super) fn prepare(
    conn: &Connection,
    from: &ReplicaIdentity,
    task: &TaskId,
    facts: &[(FactId, String, Fact)],
    now: UtcMs,
) -> Result<()> {
    let told = fold(facts.iter().map(|(.., fact)| fact)).map(|folded| folded.state);
    for (.., fact) in facts {
        let Body::Task(said) = &fact.body else { continue };
        let TaskEvent::Offered(offer) = &said.event else { continue };
        let key = [from.tenant.as_str(), offer.order.as_str()];
        let adopted: Option<u8> = one(conn, sql!(RECOVERY.adopted), key, |row| row.get("adopted"))?;
        if adopted.is_none() {
            adopt_order(conn, from, task, offer, fact, now)?;
        }
        let named = named_params! { ":tenant": from.tenant.as_str(), ":order": offer.order.as_str() };
        run(conn, sql!(RECOVERY.mark_repeated), named)?;
        let alone = adopted.is_none_or(|adopted| adopted == 1);
        adopt_lines::adopt(conn, &from.tenant, offer, told.clone(), alone)?;
        run(conn, sql!(RECOVERY.count_assignment), named)?;
    }
    Ok(())
}

fn adopt_order(
    conn: &Connection,
    from: &ReplicaIdentity,
    task: &TaskId,
    offer: &Offer,
    fact: &Fact,
    now: UtcMs,
) -> Result<()> {
    let store = store_row::record(conn, &from.tenant, &from.store)?;
    let store = store.ok_or_else(|| super::error::missing("store"))?.store;
    let lines = offer.lines.iter().map(|line| OrderLineRequest::of(line.sku.clone(), line.quantity));
    let request = OrderRequest {
        pickup_store: (offer.kind == FulfilmentKind::Pickup).then(|| from.store.clone()),
        promise_by: offer.promise_by,
        note: offer.note.clone(),
        // Where it should go is lost; where it is, is not.
        ..OrderRequest::of("unknown", offer.kind, store.place, lines.collect())
    };
    let trace = fact.trace.clone().map_or_else(|| TraceId::new(NO_TRACE), Ok)?;
    let params = named_params! {
        ":tenant": from.tenant.as_str(),
        ":order": offer.order.as_str(),
        ":kind": offer.kind.as_str(),
        ":request": to_json(&request)?,
        ":state": crate::core::order::OrderState::Placed.as_str(),
        ":placed_at": fact.at.wall.0,
        ":now": now.0,
        ":trace": trace.as_str(),
    };
    run(conn, sql!(RECOVERY.adopt_order), params)?;
    let told = format!("adopted from {}, after central was restored: the order itself is lost", from.store);
    let happened = Happened {
        kind: "adopted",
        at: now,
        actor: &central()?,
        store: Some(&from.store),
        task: Some(task),
        words: &told,
    };
    note(conn, &from.tenant, &offer.order, &happened)?;
    raise(conn, &from.tenant, &words::adopted(&offer.order, task, &from.store), now)
}

/// After the task's facts were followed: its holds, what is open of its order, and, when no other store
/// is waited for, its rivals.
pub(super) fn complete(
    conn: &Connection,
    state: &mut State,
    from: &ReplicaIdentity,
    task: &TaskId,
    now: UtcMs,
) -> Result<()> {
    let Some(adopted) = tasks::load(conn, &from.tenant, task)? else { return Ok(()) };
    mark_sent(conn, &from.tenant, task)?;
    for line in &adopted.lines {
        holds::adopt_hold(conn, &from.tenant, &adopted, line)?;
    }
    if adopted.recall.as_ref().is_some_and(|recall| recall.cancel) {
        // What central lost of the wish, the store still knows.
        let named = named_params! {
            ":tenant": from.tenant.as_str(), ":order": adopted.order.as_str(), ":now": now.0,
        };
        run(conn, sql!(ORDERS.ask_to_cancel), named)?;
    }
    if !window::is_held(conn, &from.tenant, &adopted.order)? {
        settle_rivals(conn, state, &from.tenant, &adopted.order, now)?;
    }
    reopen(conn, &from.tenant, &adopted.order)?;
    refresh(conn, &from.tenant, &adopted.order, now)
}

/// Central's changes are kept as its own, so that a box that loses its disk gets them back.
pub(super) fn by_author<'a>(
    changes: &'a [StoredChange],
    from: &'a ReplicaId,
    central: &'a ReplicaId,
) -> impl Iterator<Item = (&'a ReplicaId, &'a [StoredChange])> {
    let author = move |change: &StoredChange| if change.writer.belongs_to(central) { central } else { from };
    changes
        .chunk_by(move |one, next| author(one) == author(next))
        .filter_map(move |run| run.first().map(|first| (author(first), run)))
}
