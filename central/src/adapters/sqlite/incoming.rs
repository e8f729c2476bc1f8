//! One document of a replica, taken in or refused as a whole.

use super::documents::{Authored, keep, load, owner};
use super::exceptions::raise;
use super::ledger::{self, Recorded};
use super::savepoint::Stop;
use super::state::State;
use super::tasks::{Grown, follow};
use super::timeline::{Happened, note, note_doubt};
use super::{Result, recall, stock};
use crate::core::effects::words;
use crate::core::exception::{Category, NewException, Severity};
use crate::ports::StoreError;
use crate::ports::access::ReplicaIdentity;
use holdfast_shared::document::{Bag, DocumentError, Heads, Incoming, Merged};
use holdfast_shared::domain::fact::{Body, Fact};
use holdfast_shared::error::Code;
use holdfast_shared::guard::Guard;
use holdfast_shared::ids::{DocumentId, FactId, ReplicaId, TaskId};
use holdfast_shared::stamp::Receipt;
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::fact::{belongs, decode};
use holdfast_shared::wire::sync::{DocumentFrame, DocumentProblem};
use rusqlite::Connection;

/// What a document brought.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) new_facts: u64,
    pub(super) changed_task: Option<TaskId>,
    pub(super) stock_grew: bool,
}

/// Why nothing of a document was taken.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) problem: DocumentProblem,
    /// What a person should see of it.
    pub(super) category: Option<Category>,
}

pub(super) type Part<T> = std::result::Result<T, Stop<Refusal>>;

pub(super) fn refuse<T>(name: &str, code: Code, detail: &str, category: Option<Category>) -> Part<T> {
    let problem = DocumentProblem::new(name, code, detail, &Heads::empty());
    Err(Stop::Refused(Refusal { problem, category }))
}

fn refused_by(name: &str, error: &DocumentError) -> Stop<Refusal> {
    let category = match error.code() {
        // An ordinary gap: the replica sends what is missing.
        Code::MissingChanges => None,
        Code::Forbidden => Some(Category::ForeignClaim),
        _ => Some(Category::DamagedSync),
    };
    Stop::Refused(Refusal { problem: DocumentProblem::from_error(name, error), category })
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
        DocumentId::Task(_) => match owner(conn, &from.tenant, document)? {
            Some((store, _)) if store == from.store => Ok(()),
            Some(_) => foreign(),
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
    check_owner(conn, from, frame.name(), document)?;
    let cached = state.take_bag(&from.tenant, document);
    let mut bag = match cached {
        Some(bag) => bag,
        None => load(conn, state.writer, &from.tenant, document)?,
    };
    let before = bag.heads();
    let (merged, facts) = admit(conn, from, &mut bag, frame, document)?;
    let authored = Authored { tenant: &from.tenant, store: &from.store, document, author: &from.replica };
    if !merged.changes.is_empty() {
        keep(conn, &authored, &before, &merged.heads, &merged.changes)?;
    }
    let taken = record(conn, state, from, document, &facts, now)?;
    for conflict in &merged.conflicts {
        ledger::raise_conflict(conn, &from.tenant, &from.store, &conflict.id, now)?;
    }
    keep_loaded(state, from, document, bag);
    Ok(taken)
}

/// What every document of a replica must pass before anything of it is kept anywhere.
pub(super) fn admit(
    conn: &Connection,
    from: &ReplicaIdentity,
    bag: &mut Bag,
    frame: &DocumentFrame,
    document: &DocumentId,
) -> Part<(Merged, Vec<(FactId, String, Fact)>)> {
    let name = frame.name();
    let base = frame.base().map_err(|error| refused_by(name, &error.into()))?;
    let heads = frame.heads().map_err(|error| refused_by(name, &error.into()))?;
    let incoming = Incoming { base: &base, heads: &heads, changes: &frame.changes };
    let central = ReplicaId::new(super::timeline::CENTRAL).map_err(StoreError::from)?;
    let others = super::access::replicas(conn, &from.tenant, &from.store)?;
    let merged = bag
        .merge(&incoming, &|writer| {
            writer.belongs_to(&central) || others.iter().any(|replica| writer.belongs_to(replica))
        })
        .map_err(|error| refused_by(name, &error))?;
    // Changes of others may come along when they are known here; new ones must be its own.
    if let Some(foreign) = merged.changes.iter().find(|change| !change.writer.belongs_to(&from.replica)) {
        return Err(refused_by(name, &DocumentError::ForeignWriter(foreign.writer)));
    }
    let facts = read_facts(name, document, &merged)?;
    Ok((merged, facts))
}

/// Only stock documents are large enough to be worth it. What is not committed is forgotten.
fn keep_loaded(state: &mut State, from: &ReplicaIdentity, document: &DocumentId, bag: Bag) {
    match document {
        DocumentId::Stock { .. } => state.put_bag(&from.tenant, document, bag),
        DocumentId::Task(_) => {}
    }
}

/// The new facts, checked: well formed, in their place, and of a kind that a store may write.
fn read_facts(name: &str, document: &DocumentId, merged: &Merged) -> Part<Vec<(FactId, String, Fact)>> {
    let mut facts = Vec::with_capacity(merged.facts.len());
    for (id, text) in &merged.facts {
        let checked = decode(id, text).and_then(|fact| belongs(&fact, document).map(|()| fact));
        let fact = match checked {
            Ok(fact) => fact,
            Err(error) => {
                let detail = format!("fact {id}: {error}");
                return refuse(name, Code::DamagedSync, &detail, Some(Category::DamagedSync));
            }
        };
        if let Body::Task(said) = &fact.body
            && said.event.is_centrals()
        {
            let detail = format!("fact {id}: only central says {}", said.event.kind());
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
    let mut new: Vec<Fact> = Vec::new();
    for (id, text, fact) in facts {
        match ledger::record(conn, &from.tenant, &from.store, document, id, text)? {
            Recorded::New => {
                ledger::mark_doubtful(conn, (&from.tenant, &from.store), fact, &receipt)?;
                new.push(fact.clone());
            }
            Recorded::Known => {}
            Recorded::Conflict => ledger::raise_conflict(conn, &from.tenant, &from.store, id, now)?,
        }
    }
    let new_facts = u64::try_from(new.len()).unwrap_or(u64::MAX);
    if new.is_empty() {
        return Ok(Taken::default());
    }
    let (stock_grew, changed_task) = match document {
        DocumentId::Stock { .. } => (stock::apply(conn, &from.tenant, &from.store, &new, &receipt)?, None),
        DocumentId::Task(task) => {
            new.sort_by_key(|fact| fact.at);
            tell(conn, from, task, &new, &receipt)?;
            let release_to = Some(&from.replica);
            let grown = Grown { tenant: &from.tenant, task, before, release_to, now };
            if let Some(left) = follow(conn, state, &grown)? {
                let reason = format!("{} handed these goods over already", left.store);
                recall::stop_others(conn, state, &from.tenant, &left, &reason, now)?;
            }
            (false, Some(task.clone()))
        }
    };
    Ok(Taken { new_facts, changed_task, stock_grew })
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
    }
    Ok(())
}

/// Tells a person about a refused document. One exception per store and cause, whatever names the
/// store makes up: the newest is told, and all are counted.
pub(super) fn report(conn: &Connection, from: &ReplicaIdentity, refusal: &Refusal, now: UtcMs) -> Result<()> {
    let Some(category) = refusal.category else { return Ok(()) };
    let document = &refusal.problem.document;
    let exception = NewException {
        key: format!("{}/{}", category.as_str(), from.store),
        category,
        severity: Severity::Medium,
        order: None,
        task: None,
        store: Some(from.store.clone()),
        detail: format!("{} sent {document}, which was refused: {}", from.replica, refusal.problem.detail),
        suggestion: "Run holdfast-agent doctor at the store.".to_owned(),
    };
    raise(conn, &from.tenant, &exception, now)
}
