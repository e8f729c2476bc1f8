//! Puts the ledger's newest facts into documents. Changes, heads and the mark of what is carried
//! are stored in one transaction, so that nothing is told that was not committed.

use super::documents::{self, Acked};
use super::hand::{Carried, Hand, OpenStock};
use super::sql;
use super::view::id;
use crate::ports::ledger::Identity;
use holdfast_platform::sqlite::StorageError;
use holdfast_shared::document::{Bag, DocumentError, Recorded, Root, WriterId};
use holdfast_shared::ids::{DocumentId, FactId, TaskId};
use holdfast_shared::limits::{CHANGE_FACTS_MAX, EPOCH_FACTS_MAX};
use holdfast_shared::set_hash::SetHash;
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeMap;

/// Facts that are read at once; it bounds memory, not what one cut carries.
const ROWS: i64 = 5_000;

/// Facts for one document, with the time of the oldest.
#[derive(Debug, Default)]
struct Load {
    facts: Vec<(FactId, String)>,
    oldest_at: UtcMs,
}

impl Load {
    fn add(&mut self, fact: FactId, text: String, at: UtcMs) {
        self.oldest_at = if self.facts.is_empty() { at } else { self.oldest_at.min(at) };
        self.facts.push((fact, text));
    }
}

/// Carries everything, and writes down root and stock digest as of now.
pub(super) fn carry(
    connection: &Connection,
    hand: &mut Hand,
    identity: &Identity,
) -> Result<Root, StorageError> {
    let mut carried = carried(connection, hand)?;
    let writer = hand.writer(&identity.replica);
    loop {
        let (stock, tasks) = to_carry(connection)?;
        if stock.facts.is_empty() && tasks.is_empty() {
            break;
        }
        carry_stock(connection, identity, writer, &stock, &mut carried)?;
        for (task, load) in tasks {
            carry_task(connection, writer, task, &load, &mut carried.root)?;
        }
    }
    let root = carried.root;
    keep_cut(connection, root)?;
    hand.put_carried(carried);
    Ok(root)
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

/// Root and stock digest belong together only when every fact is carried.
pub(super) fn keep_cut(connection: &Connection, root: Root) -> Result<(), StorageError> {
    connection.prepare_cached(sql::AGENT_CUT)?.execute([root.hash().to_bytes()])?;
    Ok(())
}

fn to_carry(connection: &Connection) -> Result<(Load, BTreeMap<TaskId, Load>), StorageError> {
    let mut statement = connection.prepare_cached(sql::FACTS_TO_CARRY)?;
    let mut rows = statement.query([ROWS])?;
    let mut stock = Load::default();
    let mut tasks: BTreeMap<TaskId, Load> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let fact: FactId = id(&row.get::<_, String>(0)?)?;
        let text: String = row.get(1)?;
        let at = UtcMs(row.get(3)?);
        match row.get::<_, Option<String>>(2)? {
            None => stock.add(fact, text, at),
            Some(task) => tasks.entry(id(&task)?).or_default().add(fact, text, at),
        }
    }
    Ok((stock, tasks))
}

fn carry_stock(
    connection: &Connection,
    identity: &Identity,
    writer: WriterId,
    load: &Load,
    carried: &mut Carried,
) -> Result<(), StorageError> {
    for facts in load.facts.chunks(CHANGE_FACTS_MAX) {
        let mut open = match carried.stock.take() {
            Some(open) if open.bag.len() < EPOCH_FACTS_MAX => open,
            Some(full) => open_stock(connection, identity, writer, full.n.saturating_add(1))?,
            None => newest_stock(connection, identity, writer)?,
        };
        let before = open.bag.heads();
        put(connection, open.row, &mut open.bag, facts, load.oldest_at)?;
        carried.root.advance(&open.name, &before, &open.bag.heads());
        carried.stock = Some(open);
    }
    Ok(())
}

/// This boot's newest stock document; a new boot begins a new one.
fn newest_stock(
    connection: &Connection,
    identity: &Identity,
    writer: WriterId,
) -> Result<OpenStock, StorageError> {
    let prefix = format!("stock/{}/{}/{}", identity.store, identity.replica, identity.boot);
    let newest: Option<String> = connection
        .prepare_cached(sql::DOCUMENT_NEWEST)?
        .query_row([format!("{prefix}/"), format!("{prefix}0")], |row| row.get(0))
        .optional()?;
    match newest.map(|name| id(&name)).transpose()? {
        Some(DocumentId::Stock { n, .. }) => {
            let open = open_stock(connection, identity, writer, n)?;
            if open.bag.len() < EPOCH_FACTS_MAX {
                return Ok(open);
            }
            open_stock(connection, identity, writer, n.saturating_add(1))
        }
        Some(DocumentId::Task(_)) | None => open_stock(connection, identity, writer, 1),
    }
}

fn open_stock(
    connection: &Connection,
    identity: &Identity,
    writer: WriterId,
    n: u32,
) -> Result<OpenStock, StorageError> {
    let Identity { store, replica, boot, .. } = identity.clone();
    let name = DocumentId::Stock { store, replica, boot, n };
    let row = documents::find_or_create(connection, &name)?.row;
    Ok(OpenStock { row, name, n, bag: documents::load(connection, row, writer)? })
}

fn carry_task(
    connection: &Connection,
    writer: WriterId,
    task: TaskId,
    load: &Load,
    root: &mut Root,
) -> Result<(), StorageError> {
    let name = DocumentId::Task(task);
    let row = documents::find_or_create(connection, &name)?.row;
    let mut bag = documents::load(connection, row, writer)?;
    let before = bag.heads();
    for facts in load.facts.chunks(CHANGE_FACTS_MAX) {
        put(connection, row, &mut bag, facts, load.oldest_at)?;
    }
    root.advance(&name, &before, &bag.heads());
    Ok(())
}

fn put(
    connection: &Connection,
    row: i64,
    bag: &mut Bag,
    facts: &[(FactId, String)],
    oldest_at: UtcMs,
) -> Result<(), StorageError> {
    let Recorded { changes, conflicts } = bag.record(facts).map_err(|error| cannot(&error))?;
    for conflict in conflicts {
        tracing::error!(fact = %conflict.id, "a fact has another body in its document than in the ledger");
    }
    documents::append(connection, row, &changes, (facts.len(), oldest_at), Acked::NotYet)?;
    documents::set_heads(connection, row, &bag.heads())?;
    for (fact, _) in facts {
        connection.prepare_cached(sql::FACT_CARRIED)?.execute(params![fact.as_str(), row])?;
    }
    Ok(())
}

fn cannot(error: &DocumentError) -> StorageError {
    StorageError::Other(format!("facts could not be put into their document: {error}"))
}
