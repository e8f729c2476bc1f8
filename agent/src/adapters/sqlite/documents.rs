//! Rows of documents and their changes.

use super::sql;
use super::value::{id, signed, unsigned};
use crate::ports::ledger::Identity;
use holdfast_platform::sqlite::StorageError;
use holdfast_shared::document::{
    Bag, ChangeHash, DocumentError, Heads, Recorded, Root, StoredChange, WriterId,
};
use holdfast_shared::ids::{DocumentId, FactId};
use holdfast_shared::set_hash::SetHash;
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, OptionalExtension, params};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DocumentRow {
    pub row: i64,
    pub heads: Heads,
    /// What central has of it, as far as we know.
    pub acked: Heads,
    /// It is complete on both sides; its changes are in the archive.
    pub sealed: bool,
}

/// Whether central has a change that is being stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Acked {
    Yes,
    NotYet,
}

pub(super) fn find(connection: &Connection, name: &DocumentId) -> Result<Option<DocumentRow>, StorageError> {
    let mut statement = connection.prepare_cached(sql::DOCUMENT_FIND)?;
    let found: Option<(i64, Vec<u8>, Vec<u8>, bool)> = statement
        .query_row([name.to_string()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .optional()?;
    let row = |(row, heads, acked, sealed): (i64, Vec<u8>, Vec<u8>, bool)| {
        Ok(DocumentRow { row, heads: to_heads(&heads)?, acked: to_heads(&acked)?, sealed })
    };
    found.map(row).transpose()
}

pub(super) fn find_or_create(
    connection: &Connection,
    name: &DocumentId,
) -> Result<DocumentRow, StorageError> {
    connection.prepare_cached(sql::DOCUMENT_CREATE)?.execute([name.to_string()])?;
    find(connection, name)?.ok_or(StorageError::NoRow)
}

pub(super) fn to_heads(bytes: &[u8]) -> Result<Heads, StorageError> {
    Heads::from_bytes(bytes).map_err(StorageError::unreadable)
}

/// The document in memory, to go on with it under `writer`.
pub(super) fn load(connection: &Connection, row: i64, writer: WriterId) -> Result<Bag, StorageError> {
    let mut statement = connection.prepare_cached(sql::CHANGES_OF)?;
    let changes: Vec<Vec<u8>> = statement.query_map([row], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Bag::load(writer, changes).map_err(StorageError::unreadable)
}

/// Appends changes that together carry `facts` facts. These are counted on the last one: they are
/// safe when central has all.
pub(super) fn append(
    connection: &Connection,
    row: i64,
    changes: &[StoredChange],
    (facts, oldest_at): (usize, UtcMs),
    acked: Acked,
) -> Result<(), StorageError> {
    let facts = i64::try_from(facts).map_err(StorageError::unreadable)?;
    let last = changes.last().map(|change| change.hash);
    for change in changes {
        connection.prepare_cached(sql::CHANGE_PUT)?.execute(params![
            row,
            change.hash.as_bytes(),
            change.writer.as_bytes(),
            signed(change.seq)?,
            change.bytes,
            if last == Some(change.hash) { facts } else { 0 },
            oldest_at.0,
            acked == Acked::Yes,
        ])?;
    }
    Ok(())
}

pub(super) fn set_heads(connection: &Connection, row: i64, heads: &Heads) -> Result<(), StorageError> {
    connection.prepare_cached(sql::DOCUMENT_HEADS)?.execute(params![row, heads.to_bytes()])?;
    Ok(())
}

pub(super) fn set_acked(connection: &Connection, row: i64, acked: &Heads) -> Result<(), StorageError> {
    connection.prepare_cached(sql::DOCUMENT_ACKED)?.execute(params![row, acked.to_bytes()])?;
    Ok(())
}

/// Those of `heads` that are in the document.
pub(super) fn known(connection: &Connection, row: i64, heads: &Heads) -> Result<Heads, StorageError> {
    let mut statement = connection.prepare_cached(sql::CHANGE_KNOWN)?;
    let mut known = Vec::new();
    for hash in heads.iter() {
        if statement.exists(params![row, hash.as_bytes()])? {
            known.push(*hash);
        }
    }
    Heads::new(known).map_err(StorageError::unreadable)
}

/// A stock document has one writer. A task's is written by central and by the store's replicas.
pub(super) fn may_write(name: &DocumentId, writer: &WriterId) -> bool {
    match name {
        DocumentId::Stock { replica, .. } => writer.belongs_to(replica),
        DocumentId::Task(_) => true,
    }
}

/// The names of this replica's stock documents.
pub(super) fn own(identity: &Identity) -> String {
    format!("stock/{}/{}/*", identity.store, identity.replica)
}

/// Every task, and the stock documents that are named, as if central had nothing of them.
pub(super) fn offer_all(connection: &Connection, own: &str) -> Result<(), StorageError> {
    connection.execute(sql::OWN_FORGET_ACKED, [own])?;
    connection.execute(sql::OWN_FORGET_CHANGES, [own])?;
    Ok(())
}

/// Changes that central does not have, oldest first, until `bytes` are reached.
pub(super) fn to_send(
    connection: &Connection,
    row: i64,
    bytes_max: usize,
) -> Result<(Vec<StoredChange>, bool), StorageError> {
    let mut statement = connection.prepare_cached(sql::CHANGES_TO_SEND)?;
    let mut rows = statement.query([row])?;
    let mut changes = Vec::new();
    let mut bytes = 0_usize;
    while let Some(row) = rows.next()? {
        if bytes >= bytes_max {
            return Ok((changes, false));
        }
        let change = StoredChange {
            hash: ChangeHash::new(row.get(0)?),
            writer: WriterId::try_from(row.get::<_, [u8; 16]>(1)?.as_slice())
                .map_err(StorageError::unreadable)?,
            seq: unsigned(row.get(2)?)?,
            bytes: row.get(3)?,
        };
        bytes = bytes.saturating_add(change.bytes.len());
        changes.push(change);
    }
    Ok((changes, true))
}

/// Whether central sealed a document of which we lack something.
pub(super) fn any_due(connection: &Connection) -> Result<bool, StorageError> {
    Ok(connection.prepare_cached(sql::SEALS_DUE)?.exists([1])?)
}

pub(super) fn sealed_root(connection: &Connection) -> Result<SetHash, StorageError> {
    let sealed = connection.prepare_cached(sql::SEALED_ROOT)?.query_row([], |row| row.get(0))?;
    Ok(SetHash::from_bytes(sealed))
}

/// The terms of sealed documents are kept as one sum, so that this does not take longer with age.
pub(super) fn root(connection: &Connection) -> Result<Root, StorageError> {
    let mut statement = connection.prepare_cached(sql::DOCUMENTS_ALL)?;
    let mut rows = statement.query([])?;
    let mut root = Root::from(sealed_root(connection)?);
    while let Some(row) = rows.next()? {
        let name: DocumentId = id(&row.get::<_, String>(0)?)?;
        root.open(&name, &to_heads(&row.get::<_, Vec<u8>>(1)?)?);
    }
    Ok(root)
}

/// Puts facts into a document, and the changes that carry them into its rows. `counted`: how many of them wait to be acknowledged, and since when.
pub(super) fn write(
    connection: &Connection,
    row: i64,
    bag: &mut Bag,
    facts: &[(FactId, String)],
    counted: (usize, UtcMs),
) -> Result<(), StorageError> {
    let Recorded { changes, conflicts } = bag.record(facts).map_err(|error| cannot(&error))?;
    for conflict in conflicts {
        tracing::error!(fact = %conflict.id, "a fact has another body in its document than in the ledger");
    }
    append(connection, row, &changes, counted, Acked::NotYet)?;
    set_heads(connection, row, &bag.heads())
}

fn cannot(error: &DocumentError) -> StorageError {
    StorageError::Other(format!("facts could not be put into their document: {error}"))
}
