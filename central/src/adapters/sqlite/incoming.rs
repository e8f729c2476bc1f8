//! One document of a replica, taken in or refused as a whole.

use super::documents::{Authored, Sealed, keep, load, owner, sealed};
use super::ledger::{self, Recorded};
use super::refusal::{Part, Refusal, refuse, refused_by};
use super::savepoint::Stop;
use super::seals::{self, Place};
use super::state::State;
use super::tasks::{Grown, follow};
use super::timeline::{CENTRAL, Happened, note, note_doubt};
use super::{Result, adopt, arrivals, boots, older, return_receipts, rivals, stock, task_news};
use crate::core::effects::words;
use crate::core::exception::{Category, Severity};
use crate::ports::StoreError;
use crate::ports::access::ReplicaIdentity;
use holdfast_shared::document::{Bag, DocumentError, Incoming, Merged};
use holdfast_shared::domain::fact::{Body, Fact};
use holdfast_shared::domain::task::TaskEvent;
use holdfast_shared::error::Code;
use holdfast_shared::guard::Guard;
use holdfast_shared::ids::{DocumentId, FactId, ReplicaId, TaskId};
use holdfast_shared::stamp::Receipt;
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::fact::{belongs, decode};
use holdfast_shared::wire::sync::{DocumentFrame, DocumentProblem};
use rusqlite::Connection;
use std::collections::BTreeSet;

/// What a document brought.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) new_facts: u64,
    pub(super) changed_task: Option<TaskId>,
    pub(super) stock_grew: bool,
    /// How long each new fact was on its way.
    pub(super) lags_ms: Vec<i64>,
}

/// Whether this replica may send this document at all.
pub(super) fn check_owner(
    conn: &Connection,
    from: &ReplicaIdentity,
    name: &str,
    document: &DocumentId,
) -> Part<()> {
    if !Guard::DocumentOwner.stands() {
        return Ok(());
    }
    let foreign =
        || refuse(name, Code::Forbidden, "it belongs to another store", Some(Category::ForeignClaim));
    match document {
        DocumentId::Stock { store, replica, .. } if *store == from.store && *replica == from.replica => {
            Ok(())
        }
        DocumentId::Stock { .. } => foreign(),
        DocumentId::Task(task) => match owner(conn, &from.tenant, document)? {
            Some((store, _)) if store == from.store => Ok(()),
            Some(_) => foreign(),
            // Its seal went with its archive, a long time after it had ended.
            None if super::tasks::load(conn, &from.tenant, task)?
                .is_some_and(|task| task.store == from.store) =>
            {
                let detail = "it ended long ago, and nothing of it is kept any more";
                refuse(name, Code::Sealed, detail, Some(Category::Sealing))
            }
            None => refuse(name, Code::UnknownTask, "central does not know this task", None),
        },
    }
}

pub(super) fn take_in(
    conn: &Connection,
    state: &mut State,
    from: &ReplicaIdentity,
    frame: &DocumentFrame,
    document: &DocumentId,
    now: UtcMs,
) -> Part<Taken> {
    if brought_before(conn, state, from, frame, document)? {
        return Ok(Taken::default());
    }
    if let Some(seal) = sealed(conn, &from.tenant, document)? {
        let brings = state.sender_replays && adopt::may_bring(conn, from, document)?;
        if !brings {
            check_owner(conn, from, frame.name(), document)?;
        }
        if late(conn, state, from, frame, document, &seal, now)? == Late::Known {
            return Ok(Taken::default());
        }
    }
    let cached = state.take_bag(&from.tenant, document);
    let mut bag = match cached {
        Some(bag) => bag,
        None => load(conn, state.writer, &from.tenant, document)?,
    };
    let before = bag.heads();
    let Admitted { merged, facts, lost } = admit(conn, state, from, &mut bag, frame, document)?;
    let central = ReplicaId::new(CENTRAL).map_err(StoreError::from)?;
    let mut reached = before;
    for (author, changes) in adopt::by_author(&merged.changes, &from.replica, &central) {
        let authored = Authored { tenant: &from.tenant, store: &from.store, document, author };
        keep(conn, &authored, &reached, &merged.heads, changes)?;
        reached = merged.heads.clone();
    }
    if let (DocumentId::Task(task), false) = (document, lost.is_empty()) {
        adopt::prepare(conn, from, task, &facts, now)?;
    }
    let taken = record(conn, state, from, document, &facts, now)?;
    if let (DocumentId::Task(task), false) = (document, lost.is_empty()) {
        adopt::complete(conn, state, from, task, now)?;
    }
    for conflict in &merged.conflicts {
        ledger::raise_conflict(conn, &from.tenant, &from.store, &conflict.id, now)?;
    }
    let place = Place { tenant: &from.tenant, store: &from.store, document };
    older::mark(conn, (&from.tenant, &from.store), document, facts.iter().map(|(_, _, fact)| &fact.body))?;
    let is_closing = facts.iter().any(|(_, _, fact)| matches!(fact.body, Body::Epoch(_)));
    if !(is_closing && seals::closed(conn, &place, &bag, now)?) {
        keep_loaded(state, from, document, bag);
    }
    Ok(taken)
}

/// What a box that replays brings of another box of its store, once more because the answer was
/// lost: by now it may not bring such things any more, and it brings nothing.
fn brought_before(
    conn: &Connection,
    state: &State,
    from: &ReplicaIdentity,
    frame: &DocumentFrame,
    document: &DocumentId,
) -> Result<bool> {
    let DocumentId::Stock { store, replica, .. } = document else { return Ok(false) };
    if *store != from.store || *replica == from.replica {
        return Ok(false);
    }
    let Ok(heads) = frame.heads() else { return Ok(false) };
    match sealed(conn, &from.tenant, document)? {
        Some(seal) if seal.heads == heads => Ok(true),
        // It has grown since, and was closed.
        Some(_) => Ok(seals::archived(conn, state.writer, &from.tenant, document)?
            .is_some_and(|bag| heads.iter().all(|hash| bag.contains(hash)))),
        None => boots::all_known(conn, from, document, &heads),
    }
}

/// A document's news that passed every check.
pub(super) struct Admitted {
    pub(super) merged: Merged,
    pub(super) facts: Vec<(FactId, String, Fact)>,
    /// Facts of central's own that a restore lost.
    lost: BTreeSet<FactId>,
}

/// What every document of a replica must pass before anything of it is kept anywhere.
pub(super) fn admit(
    conn: &Connection,
    state: &State,
    from: &ReplicaIdentity,
    bag: &mut Bag,
    frame: &DocumentFrame,
    document: &DocumentId,
) -> Part<Admitted> {
    let name = frame.name();
    let replaying = state.sender_replays;
    let brings = replaying && adopt::may_bring(conn, from, document)?;
    if !brings {
        check_owner(conn, from, name, document)?;
    }
    let base = frame.base().map_err(|error| refused_by(name, &error.into()))?;
    let heads = frame.heads().map_err(|error| refused_by(name, &error.into()))?;
    let incoming = Incoming { base: &base, heads: &heads, changes: &frame.changes };
    let central = ReplicaId::new(CENTRAL).map_err(StoreError::from)?;
    let others = if replaying {
        super::access::replicas_and_lost(conn, &from.tenant, &from.store)?
    } else {
        super::access::replicas(conn, &from.tenant, &from.store)?
    };
    let merged = bag
        .merge(&incoming, &|writer| {
            writer.belongs_to(&central) || others.iter().any(|replica| writer.belongs_to(replica))
        })
        .map_err(|error| refused_by(name, &error))?;
    // Changes of others may come along when they are known here; new ones must be its own.
    // After a restore a store also brings back what others wrote, central itself among them.
    let foreign = merged.changes.iter().find(|change| {
        let may = change.writer.belongs_to(&from.replica) || replaying && adopt::may_relay(document, change);
        !may
    });
    if let Some(foreign) = foreign {
        return Err(refused_by(name, &DocumentError::ForeignWriter(foreign.writer)));
    }
    let lost = match document {
        DocumentId::Task(_) => adopt::of_central(&merged, &central)?,
        // There central repeats what boxes said, under their ids, and gives units back under its own.
        DocumentId::Stock { .. } => {
            let written = adopt::of_central(&merged, &central)?;
            written.into_iter().filter(|fact| fact.device() == CENTRAL).collect()
        }
    };
    let facts = read_facts(name, document, &merged, &lost)?;
    let unknown = brings && matches!(document, DocumentId::Task(_));
    if unknown || !lost.is_empty() {
        adopt::check(conn, from, name, !unknown, &facts, &lost)?;
    }
    Ok(Admitted { merged, facts, lost })
}

/// What a frame for a sealed document is.
#[derive(Debug, PartialEq, Eq)]
enum Late {
    /// All of it is there already.
    Known,
    /// It has more; the document is open again.
    Opened,
}

/// Nothing is dropped: a stock document's writer is told, and carries the facts again in its
/// newest; a task's document is opened for them. A person hears of both.
fn late(
    conn: &Connection,
    state: &State,
    from: &ReplicaIdentity,
    frame: &DocumentFrame,
    document: &DocumentId,
    seal: &Sealed,
    now: UtcMs,
) -> Part<Late> {
    let name = frame.name();
    let heads = frame.heads().map_err(|error| refused_by(name, &error.into()))?;
    if heads == seal.heads {
        return Ok(Late::Known);
    }
    let place = Place { tenant: &from.tenant, store: &from.store, document };
    let archived = seals::archived(conn, state.writer, &from.tenant, document)?;
    let kept = archived.is_some();
    if let Some(mut bag) = archived {
        let base = frame.base().map_err(|error| refused_by(name, &error.into()))?;
        let incoming = Incoming { base: &base, heads: &heads, changes: &frame.changes };
        // The writers are checked when it is merged for good.
        let merged = bag.merge(&incoming, &|_| true).map_err(|error| refused_by(name, &error))?;
        if merged.changes.is_empty() {
            return Ok(Late::Known);
        }
        if let DocumentId::Task(_) = document {
            let detail = format!("{} told of {document} after it was sealed; it is open again", from.store);
            seals::tell(conn, &place, Severity::Medium, &detail, now)?;
            seals::reopen(conn, state, &place, seal)?;
            return Ok(Late::Opened);
        }
    }
    let detail = if kept {
        format!("{document} is sealed; {} sent more for it", from.replica)
    } else {
        format!("{document} is sealed and its changes are not kept any more; {} sent some", from.replica)
    };
    let problem = DocumentProblem::new(name, Code::Sealed, &detail, &seal.heads);
    Err(Stop::Refused(Refusal { problem, category: Some(Category::Sealing) }))
}

/// Only stock documents are large enough to be worth it. What is not committed is forgotten.
fn keep_loaded(state: &mut State, from: &ReplicaIdentity, document: &DocumentId, bag: Bag) {
    match document {
        DocumentId::Stock { .. } => state.put_bag(&from.tenant, document, bag),
        DocumentId::Task(_) => {}
    }
}

/// The new facts, checked: well formed, in their place, and of a kind that a store may write.
/// `centrals` are those that central's own changes put.
fn read_facts(
    name: &str,
    document: &DocumentId,
    merged: &Merged,
    centrals: &BTreeSet<FactId>,
) -> Part<Vec<(FactId, String, Fact)>> {
    let several = merged.conflicts.iter().flat_map(|conflict| {
        std::iter::once(&conflict.kept).chain(&conflict.others).map(|text| (&conflict.id, text))
    });
    let mut facts = Vec::with_capacity(merged.facts.len());
    for (id, text) in merged.facts.iter().map(|(id, text)| (id, text)).chain(several) {
        let checked = decode(id, text).and_then(|fact| belongs(&fact, document).map(|()| fact));
        let fact = match checked {
            Ok(fact) => fact,
            Err(error) => {
                let detail = format!("fact {id}: {error}");
                return refuse(name, Code::DamagedSync, &detail, Some(Category::DamagedSync));
            }
        };
        let of_central = centrals.contains(id);
        let says_centrals = match &fact.body {
            Body::Task(said) => said.event.is_centrals(),
            Body::Stock(stock) => stock.movement.is_centrals(),
            Body::Epoch(_) => false,
        };
        if says_centrals != of_central || (id.device() == CENTRAL && !of_central) {
            let detail = format!("fact {id} is not its writer's to say");
            return refuse(name, Code::Forbidden, &detail, Some(Category::ForeignClaim));
        }
        facts.push((id.clone(), text.clone(), fact));
    }
    Ok(facts)
}

fn record(
    conn: &Connection,
    state: &mut State,
    from: &ReplicaIdentity,
    document: &DocumentId,
    facts: &[(FactId, String, Fact)],
    now: UtcMs,
) -> Part<Taken> {
    let receipt = Receipt { at: now, ahead_ms: state.sender_ahead_ms };
    let before = match document {
        DocumentId::Task(task) => ledger::folded(conn, &from.tenant, task)?,
        DocumentId::Stock { .. } => None,
    };
    let (mut new, mut undone): (Vec<Fact>, Vec<Fact>) = (Vec::new(), Vec::new());
    // What a document says of itself is nothing about the store: only documents keep it.
    let said = facts.iter().filter(|(_, _, fact)| !matches!(fact.body, Body::Epoch(_)));
    for (id, text, fact) in said {
        match ledger::record(conn, &from.tenant, &from.store, document, id, text)? {
            Recorded::New => {
                ledger::mark_doubtful(conn, (&from.tenant, &from.store), fact, &receipt)?;
                new.push(fact.clone());
            }
            Recorded::Known => {}
            Recorded::Kept => ledger::raise_conflict(conn, &from.tenant, &from.store, id, now)?,
            Recorded::Replaced(other) => {
                ledger::raise_conflict(conn, &from.tenant, &from.store, id, now)?;
                undone.push(*other);
                new.push(fact.clone());
            }
        }
    }
    let new_facts = u64::try_from(new.len()).unwrap_or(u64::MAX);
    if new.is_empty() {
        return Ok(Taken::default());
    }
    let lags_ms = new.iter().map(|fact| receipt.at.since(receipt.likely(fact.at.wall))).collect();
    let (stock_grew, changed_task) = match document {
        DocumentId::Stock { .. } => {
            stock::undo(conn, &from.tenant, &from.store, &undone, &receipt)?;
            let grew = stock::apply(conn, &from.tenant, &from.store, &new, &receipt)?;
            arrivals::heed(conn, (&from.tenant, &from.store), &new, now)?;
            return_receipts::heed(conn, (&from.tenant, &from.store), (&undone, &new), now)?;
            (grew, None)
        }
        DocumentId::Task(task) => {
            new.sort_by_key(|fact| fact.at);
            let unknown = before.is_none();
            if !unknown {
                tell(conn, from, task, &new, &receipt)?;
            }
            let release_to = Some(&from.replica);
            let grown = Grown { tenant: &from.tenant, task, before, release_to, now };
            if let Some(clash) = follow(conn, state, &grown)? {
                rivals::settle_clash(conn, state, &from.tenant, &clash, now)?;
            }
            if grown.has_ended() {
                rivals::stop_again(conn, state, &from.tenant, task, now)?;
            }
            if unknown {
                tell(conn, from, task, &new, &receipt)?;
            }
            (false, Some(task.clone()))
        }
    };
    Ok(Taken { new_facts, changed_task, stock_grew, lags_ms })
}

/// Each fact is a line of the order's timeline.
fn tell(
    conn: &Connection,
    from: &ReplicaIdentity,
    task: &TaskId,
    facts: &[Fact],
    receipt: &Receipt,
) -> Result<()> {
    let Some(state) = super::tasks::load(conn, &from.tenant, task)? else { return Ok(()) };
    for fact in facts {
        let Body::Task(said) = &fact.body else { continue };
        let happened = Happened {
            kind: said.event.kind(),
            at: receipt.likely(fact.at.wall),
            actor: &fact.actor,
            store: Some(&from.store),
            task: Some(task),
            words: &words(&said.event, &from.store),
        };
        note(conn, &from.tenant, &state.order, &happened)?;
        note_doubt(conn, (&from.tenant, &state.order), fact.at.wall, receipt)?;
        if let TaskEvent::TakenBack { reason } = &said.event {
            // Said before a restore: the store still knows, and the record was lost with the rest.
            task_news::taken_back(conn, &from.tenant, &state, (reason, &fact.actor), "", receipt.at)?;
        }
    }
    Ok(())
}
