//! Takes in what central sent: each document in its own savepoint, so that a bad one is told and
//! asked for again, and never blocks the others.

use super::documents::{self, Acked, DocumentRow};
use super::hand::{Carried, Hand};
use super::record::{Entered, Pen, enter_new};
use super::{carry, seals, sql};
use crate::core::mint::Author;
use crate::core::recall::{declined_before, untouched};
use crate::ports::ledger::{Absorbed, Identity, LedgerError};
use holdfast_platform::sqlite::StorageError;
use holdfast_shared::document::{Bag, Heads, Incoming, Merged, Root, WriterId};
use holdfast_shared::domain::fact::{Body, Fact};
use holdfast_shared::domain::task::{Phase, TaskState};
use holdfast_shared::ids::{Actor, DocumentId, FactId, ReplicaId, TaskId};
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::fact::{belongs, decode};
use holdfast_shared::wire::sync::DocumentFrame;
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};

/// The replica id that central writes under.
const CENTRAL: &str = "central";

/// Why one document was not taken.
#[derive(Debug)]
enum Fault {
    /// The document is bad; the others are not.
    Bad(String),
    /// The database failed; nothing of this job holds.
    Ledger(LedgerError),
}

impl<E: Into<LedgerError>> From<E> for Fault {
    fn from(error: E) -> Self {
        Self::Ledger(error.into())
    }
}

fn bad(why: impl std::fmt::Display) -> Fault {
    Fault::Bad(why.to_string())
}

/// What a document brought.
#[derive(Debug, Default)]
struct Taken {
    facts: u64,
    tasks: BTreeSet<TaskId>,
    problems: Vec<String>,
    /// From which heads to which it moved.
    moved: Option<(DocumentId, Heads, Heads)>,
}

pub(super) fn frames(
    connection: &Connection,
    hand: &mut Hand,
    identity: &Identity,
    frames: &[DocumentFrame],
    now: UtcMs,
) -> Result<Absorbed, LedgerError> {
    let mut carried = carry::carried(connection, hand)?;
    let mut absorbed = Absorbed::default();
    for frame in frames {
        connection.prepare_cached(sql::PART_BEGIN)?.execute([])?;
        match take(connection, hand, identity, frame, now) {
            Ok(taken) => add(&mut absorbed, &mut carried, taken),
            Err(Fault::Bad(why)) => {
                connection.prepare_cached(sql::PART_UNDO)?.execute([])?;
                absorbed.problems.push(format!("{}: {why}", shown(frame.name())));
                // Only a name that can be asked for is; a junk one is told and forgotten.
                if frame.document().is_ok() {
                    connection.prepare_cached(sql::ASK)?.execute([frame.name()])?;
                }
            }
            Err(Fault::Ledger(error)) => return Err(error),
        }
        connection.prepare_cached(sql::PART_END)?.execute([])?;
    }
    hand.put_carried(carried);
    Ok(absorbed)
}

fn shown(name: &str) -> String {
    name.chars().take(100).collect()
}

fn add(absorbed: &mut Absorbed, carried: &mut Carried, taken: Taken) {
    absorbed.facts = absorbed.facts.saturating_add(taken.facts);
    absorbed.problems.extend(taken.problems);
    for task in taken.tasks {
        if !absorbed.tasks.contains(&task) {
            absorbed.tasks.push(task);
        }
    }
    if let Some((name, from, to)) = taken.moved {
        carried.root.advance(&name, &from, &to);
        // Central knew more of our own newest document than we do: it is loaded anew.
        if carried.stock.as_ref().is_some_and(|open| open.name == name) {
            carried.stock = None;
        }
    }
}

fn take(
    connection: &Connection,
    hand: &Hand,
    identity: &Identity,
    frame: &DocumentFrame,
    now: UtcMs,
) -> Result<Taken, Fault> {
    let name = frame.document().map_err(bad)?;
    let (base, heads) = (frame.base().map_err(bad)?, frame.heads().map_err(bad)?);
    if let DocumentId::Stock { store, .. } = &name
        && *store != identity.store
    {
        return Err(bad("it belongs to another store"));
    }
    let central = ReplicaId::new(CENTRAL).map_err(StorageError::unreadable)?;
    let mut row = documents::find_or_create(connection, &name)?;
    let before = row.heads.clone();
    let writer = hand.writer(&identity.replica);
    if row.sealed {
        if brings_nothing(connection, writer, &row, frame, &base, &heads)? {
            connection.prepare_cached(sql::ASK_DONE)?.execute([frame.name()])?;
            return Ok(Taken::default());
        }
        // Root terms of a document that is opened again are the same ones, unless it begins empty.
        row = seals::reopen(connection, &mut Root::default(), &name, &row, Acked::Yes)?;
    }
    // Damage of one document's own rows must not block the others either.
    let mut bag = documents::load(connection, row.row, writer).map_err(bad)?;
    let incoming = Incoming { base: &base, heads: &heads, changes: &frame.changes };
    let merged = bag.merge(&incoming, &|writer| documents::may_write(&name, writer)).map_err(bad)?;
    check_kinds(connection, &row, &merged, &central)?;

    let mut taken = Taken::default();
    let facts = read(&name, &merged)?;
    let mut pen = hand.pen(connection)?;
    let ended = match &name {
        DocumentId::Task(task) => pen.task_now(task)?.filter(|state| state.phase == Phase::Declined),
        DocumentId::Stock { .. } => None,
    };
    for (fact, text) in &facts {
        pen.mint.witness(fact.at, now);
        match pen.enter(fact, text, now, Some(row.row))? {
            Entered::New => taken.facts = taken.facts.saturating_add(1),
            Entered::Known => {}
            Entered::Conflict => taken.problems.push(format!("fact {} came with two bodies", fact.id)),
        }
    }
    if let DocumentId::Task(task) = &name {
        answer(&mut pen, &identity.replica, task, ended.as_ref(), now)?;
    }
    taken.tasks = pen.keep()?;
    documents::append(connection, row.row, &merged.changes, (facts.len(), now), Acked::Yes)?;
    documents::set_heads(connection, row.row, &bag.heads())?;
    documents::set_acked(connection, row.row, &heads)?;
    connection.prepare_cached(sql::ASK_DONE)?.execute([frame.name()])?;
    taken.moved = Some((name, before, bag.heads()));
    Ok(taken)
}

/// Whether a frame for a sealed document is one that came late: all of it is in the archive.
fn brings_nothing(
    connection: &Connection,
    writer: WriterId,
    row: &DocumentRow,
    frame: &DocumentFrame,
    base: &Heads,
    heads: &Heads,
) -> Result<bool, Fault> {
    if *heads == row.heads {
        return Ok(true);
    }
    let Some(changes) = seals::archived(connection, row.row)? else {
        return if base.is_empty() { Ok(false) } else { Err(bad("it is sealed, and not kept any more")) };
    };
    let mut bag = Bag::load(writer, changes).map_err(bad)?;
    let incoming = Incoming { base, heads, changes: &frame.changes };
    let merged = bag.merge(&incoming, &|_| true).map_err(bad)?;
    Ok(merged.changes.is_empty())
}

/// Every body that came: those that count, and others under the same ids.
fn read(name: &DocumentId, merged: &Merged) -> Result<Vec<(Fact, String)>, Fault> {
    let counting = merged.facts.iter().map(|(id, text)| (id, text));
    let several = merged.conflicts.iter().flat_map(|conflict| {
        std::iter::once(&conflict.kept).chain(&conflict.others).map(|text| (&conflict.id, text))
    });
    let one = |(id, text): (&FactId, &String)| {
        let fact = decode(id, text).map_err(bad)?;
        belongs(&fact, name).map_err(bad)?;
        Ok((fact, text.clone()))
    };
    counting.chain(several).map(one).collect()
}

/// Central's kinds of facts must come from central's own changes. The merge does not say which
/// change brought a fact, so where others wrote too, the changes are taken one by one.
fn check_kinds(
    connection: &Connection,
    row: &DocumentRow,
    merged: &Merged,
    central: &ReplicaId,
) -> Result<(), Fault> {
    if merged.changes.iter().all(|change| change.writer.belongs_to(central)) {
        return Ok(());
    }
    let reader = WriterId::new(central, [0; 8]);
    let mut bag: Bag = documents::load(connection, row.row, reader).map_err(bad)?;
    let mut written: BTreeMap<FactId, (WriterId, String)> = BTreeMap::new();
    for change in &merged.changes {
        let bytes = [serde_bytes::ByteBuf::from(change.bytes.clone())];
        let empty = Heads::empty();
        let one = Incoming { base: &empty, heads: &empty, changes: &bytes };
        let step = bag.merge(&one, &|_| true).map_err(bad)?;
        let bodies = step.facts.into_iter();
        let others = step.conflicts.into_iter().flat_map(|told| {
            let id = told.id;
            std::iter::once(told.kept).chain(told.others).map(move |text| (id.clone(), text))
        });
        for (id, text) in bodies.chain(others) {
            written.insert(id, (change.writer, text));
        }
    }
    for (id, (writer, text)) in &written {
        let fact = decode(id, text).map_err(bad)?;
        let centrals = match &fact.body {
            Body::Task(said) => said.event.is_centrals(),
            Body::Stock(stock) => stock.movement.is_centrals(),
            Body::Epoch(_) => false,
        };
        if centrals && !writer.belongs_to(central) {
            return Err(bad(format!("fact {id} is one that only central may write")));
        }
    }
    Ok(())
}

/// What needs nobody's answer is answered at once. `declined` is the state of before, where it was that.
fn answer(
    pen: &mut Pen<'_>,
    here: &ReplicaId,
    task: &TaskId,
    declined: Option<&TaskState>,
    now: UtcMs,
) -> Result<(), Fault> {
    let Some(state) = pen.task_now(task)? else { return Ok(()) };
    let facts = pen.view().facts(sql::FACTS_OF_TASK, task.as_str())?;
    let mut said = untouched(&state, &facts, here);
    if let Some(declined) = declined {
        said.extend(declined_before(declined, &state, here));
    }
    if said.is_empty() {
        return Ok(());
    }
    let actor = Actor::new("agent").map_err(StorageError::unreadable)?;
    let author = Author { actor: &actor, trace: None, given: None };
    let facts = pen.mint.write(said, author, now).map_err(LedgerError::from)?;
    enter_new(pen, &facts, now)?;
    Ok(())
}
