//! Puts the ledger's facts into documents: those of tasks first, then stock, the newest before
//! history. Changes, heads and the mark of what is carried are stored in one transaction, so that
//! nothing is told that was not committed.

use super::documents::{self, Acked};
use super::epochs::{self, Desk};
use super::hand::{Carried, Hand};
use super::value::id;
use super::{baseline, seals, sql};
use crate::ports::ledger::Identity;
use holdfast_platform::sqlite::StorageError;
use holdfast_shared::document::{Bag, Root};
use holdfast_shared::ids::{DocumentId, FactId, TaskId};
use holdfast_shared::limits::{CARRIED_FACTS_MAX, CHANGE_FACTS_MAX};
use holdfast_shared::set_hash::SetHash;
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row, params};
use std::collections::BTreeMap;

/// What a commit left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// Every fact is in a document.
    Nothing,
    /// A document is full, and so is a message: central proves a document once for each that it comes in.
    More,
    /// The next commit goes on.
    Unfinished,
}

/// Facts for one document, with the time of the oldest.
#[derive(Debug, Default)]
struct Load {
    facts: Vec<(FactId, String)>,
    oldest_at: UtcMs,
}

impl Load {
    fn add(&mut self, (fact, at): ((FactId, String), UtcMs)) {
        self.oldest_at = if self.facts.is_empty() { at } else { self.oldest_at.min(at) };
        self.facts.push(fact);
    }
}

/// Carries what tasks wait for, and stock until a document is full. When nothing is left, root and
/// stock digest as of now are written down.
pub(super) fn carry(
    connection: &Connection,
    hand: &mut Hand,
    identity: &Identity,
    now: UtcMs,
) -> Result<Left, StorageError> {
    let mut carried = carried(connection, hand)?;
    let writer = hand.writer(&identity.replica);
    let desk = Desk { connection, hand, identity, writer, now };
    epochs::close_what_is_over(&desk, &mut carried)?;
    let (tasks, room) = of_tasks(connection)?;
    for (task, load) in tasks {
        carry_task(&desk, task, &load, &mut carried.root)?;
    }
    if !hand.next_is_full {
        carry_stock(&desk, &of_stock(connection, room)?, &mut carried)?;
    }
    let full = epochs::put_away_full(&desk, &mut carried)? || hand.next_is_full && room > 0;
    let left = match any_to_carry(connection)? {
        false => Left::Nothing,
        true if full => Left::More,
        true => Left::Unfinished,
    };
    if left == Left::Nothing {
        keep_cut(connection, carried.root)?;
    }
    hand.put_carried(carried);
    Ok(left)
}

pub(super) fn any_to_carry(connection: &Connection) -> Result<bool, StorageError> {
    Ok(connection.prepare_cached(sql::ANY_TO_CARRY)?.query_row([], |row| row.get(0))?)
}

/// What is held in memory, or made again from the rows.
pub(super) fn carried(connection: &Connection, hand: &mut Hand) -> Result<Carried, StorageError> {
    match hand.take_carried() {
        Some(carried) => Ok(carried),
        None => Ok(Carried { root: documents::root(connection)?, stock: None }),
    }
}

/// What was last written down as belonging together.
pub(super) fn last_cut(connection: &Connection) -> Result<(SetHash, SetHash), StorageError> {
    let (root, stock_digest) = connection
        .prepare_cached(sql::AGENT_LAST_CUT)?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok((SetHash::from_bytes(root), SetHash::from_bytes(stock_digest)))
}

/// Root and stock digest belong together only when every fact is carried, and when what sealed
/// documents add up to has come: their seals are in the root before.
pub(super) fn keep_cut(connection: &Connection, root: Root) -> Result<(), StorageError> {
    if baseline::is_wanted(connection)? {
        return Ok(());
    }
    connection.prepare_cached(sql::AGENT_CUT)?.execute([root.hash().to_bytes()])?;
    Ok(())
}

/// And how many facts more go into the same commit.
fn of_tasks(connection: &Connection) -> Result<(BTreeMap<TaskId, Load>, i64), StorageError> {
    let mut statement = connection.prepare_cached(sql::TASK_FACTS_TO_CARRY)?;
    let mut rows = statement.query([CARRIED_FACTS_MAX])?;
    let mut tasks: BTreeMap<TaskId, Load> = BTreeMap::new();
    let mut room = CARRIED_FACTS_MAX;
    while let Some(row) = rows.next()? {
        room = room.saturating_sub(1);
        tasks.entry(id(&row.get::<_, String>(3)?)?).or_default().add(waiting(row)?);
    }
    Ok((tasks, room))
}

/// What each change takes, the newest first; within one as it happened, because what follows each
/// other is alike and takes fewer bytes.
fn of_stock(connection: &Connection, rows: i64) -> Result<Vec<Load>, StorageError> {
    let mut statement = connection.prepare_cached(sql::STOCK_FACTS_TO_CARRY)?;
    let waiting = statement.query_and_then([rows], waiting)?.collect::<Result<Vec<_>, _>>()?;
    let mut loads: Vec<Load> = Vec::new();
    for (n, fact) in waiting.into_iter().enumerate() {
        if n % CHANGE_FACTS_MAX == 0 {
            loads.push(Load::default());
        }
        if let Some(load) = loads.last_mut() {
            load.add(fact);
        }
    }
    loads.iter_mut().for_each(|load| load.facts.reverse());
    Ok(loads)
}

fn waiting(row: &Row<'_>) -> Result<((FactId, String), UtcMs), StorageError> {
    Ok(((id(&row.get::<_, String>(0)?)?, row.get(1)?), UtcMs(row.get(2)?)))
}

/// Until a document is full.
fn carry_stock(desk: &Desk<'_>, loads: &[Load], carried: &mut Carried) -> Result<(), StorageError> {
    for load in loads {
        let mut open = epochs::newest(desk, carried)?;
        let before = open.bag.heads();
        put(desk.connection, open.row, &mut open.bag, &load.facts, load.oldest_at)?;
        carried.root.advance(&open.name, &before, &open.bag.heads());
        let full = open.is_full();
        carried.stock = Some(open);
        if full {
            break;
        }
    }
    Ok(())
}

fn carry_task(desk: &Desk<'_>, task: TaskId, load: &Load, root: &mut Root) -> Result<(), StorageError> {
    let Desk { connection, writer, .. } = *desk;
    let name = DocumentId::Task(task);
    let row = documents::find_or_create(connection, &name)?;
    if row.sealed {
        seals::reopen(connection, root, &name, &row, Acked::Yes)?;
    }
    let mut bag = documents::load(connection, row.row, writer)?;
    let before = bag.heads();
    for facts in load.facts.chunks(CHANGE_FACTS_MAX) {
        put(connection, row.row, &mut bag, facts, load.oldest_at)?;
    }
    root.advance(&name, &before, &bag.heads());
    Ok(())
}

/// Puts facts of the ledger into their document, and marks them as carried.
fn put(
    connection: &Connection,
    row: i64,
    bag: &mut Bag,
    facts: &[(FactId, String)],
    oldest_at: UtcMs,
) -> Result<(), StorageError> {
    documents::write(connection, row, bag, facts, (facts.len(), oldest_at))?;
    for (fact, _) in facts {
        // What stays to be carried would be carried for ever.
        if connection.prepare_cached(sql::FACT_CARRIED)?.execute(params![fact.as_str(), row])? != 1 {
            return Err(StorageError::Damaged(format!("fact {fact} is not where an index has it")));
        }
    }
    Ok(())
}
