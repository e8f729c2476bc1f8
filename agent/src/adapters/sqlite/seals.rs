//! Documents end here. Central tells a seal when all of a closed document is there; when its heads
//! are ours too, the document's sum joins the baseline and its changes move into one archive row,
//! in one transaction. What we lack of it is asked for first. What we have beyond it is carried
//! again, into the newest document: the id of a fact is its key, so nothing counts twice.

use super::baseline::{self, Desk};
use super::documents::{self, Acked, DocumentRow, to_heads};
use super::hand::{Carried, Hand};
use super::sql;
use super::value::{id, signed};
use crate::ports::ledger::{Identity, LedgerError};
use holdfast_platform::sqlite::StorageError;
use holdfast_shared::document::{Bag, Heads, Root, StoredChange, WriterId, pack, unpack};
use holdfast_shared::ids::{DocumentId, FactId, StoreId};
use holdfast_shared::limits::SEALING_DOCUMENTS_MAX;
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::sync::{DocumentProblem, Seal, SyncResponse};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeSet;

/// Seals, and the baseline when it comes. Gives what a person should hear.
pub(super) fn take_over(
    connection: &Connection,
    hand: &Hand,
    identity: &Identity,
    carried: &mut Carried,
    response: &SyncResponse,
    is_new: bool,
) -> Result<Vec<String>, LedgerError> {
    let desk = desk(connection, hand, identity, response, is_new);
    connection.prepare_cached(sql::AGENT_CENTRAL_TIME)?.execute([desk.told_at.0])?;
    let mut problems = Vec::new();
    for seal in &response.seals {
        match (seal.document(), seal.heads()) {
            (Ok(name), Ok(heads)) if is_ours(&name, &identity.store) => {
                hear(&desk, carried, &name, &heads, seal)?;
            }
            (_, _) => problems.push(format!("central sealed {} in a way that cannot be read", seal.name())),
        }
    }
    seal_what_is_due(&desk, carried)?;
    if !response.more {
        reopen_unconfirmed(&desk, carried)?;
    }
    if let Some(piece) = &response.baseline {
        baseline::take(&desk, carried, piece, response.more)?;
    }
    Ok(problems)
}

fn desk<'a>(
    connection: &'a Connection,
    hand: &Hand,
    identity: &Identity,
    response: &SyncResponse,
    is_new: bool,
) -> Desk<'a> {
    let (incarnation, told_at) = (response.incarnation, response.central_time);
    Desk { connection, writer: hand.writer(&identity.replica), incarnation, told_at, is_new }
}

fn is_ours(name: &DocumentId, ours: &StoreId) -> bool {
    match name {
        DocumentId::Stock { store, .. } => store == ours,
        DocumentId::Task(_) => true,
    }
}

/// One seal: known, due, or of a document that we never had.
fn hear(
    desk: &Desk<'_>,
    carried: &mut Carried,
    name: &DocumentId,
    heads: &Heads,
    seal: &Seal,
) -> Result<(), StorageError> {
    let connection = desk.connection;
    match documents::find(connection, name)? {
        Some(row) if row.sealed && row.heads == *heads => {
            let incarnation = signed(desk.incarnation)?;
            connection.prepare_cached(sql::SEAL_CONFIRM)?.execute(params![row.row, incarnation])?;
        }
        Some(row) => {
            if row.sealed {
                reopen(connection, &mut carried.root, name, &row, Acked::Yes)?;
            }
            connection.prepare_cached(sql::SEAL_DUE)?.execute(params![
                row.row,
                heads.to_bytes(),
                signed(seal.facts)?
            ])?;
        }
        None => hear_of_unknown(desk, carried, name, heads, seal.facts)?,
    }
    Ok(())
}

/// An ended task that never was here needs nothing. Stock does: its facts while we are only a
/// little behind, or what all sealed documents add up to.
fn hear_of_unknown(
    desk: &Desk<'_>,
    carried: &mut Carried,
    name: &DocumentId,
    heads: &Heads,
    facts: u64,
) -> Result<(), StorageError> {
    let connection = desk.connection;
    let row = documents::find_or_create(connection, name)?.row;
    connection.prepare_cached(sql::SEAL_DUE)?.execute(params![row, heads.to_bytes(), signed(facts)?])?;
    let is_stock = matches!(name, DocumentId::Stock { .. });
    if is_stock && !desk.is_new && !baseline::is_wanted(connection)? {
        return Ok(());
    }
    if is_stock {
        baseline::want(connection)?;
    }
    carried.root.open(name, heads);
    mark(desk, row, name, heads)
}

/// The document is sealed at these heads from now on.
fn mark(desk: &Desk<'_>, row: i64, name: &DocumentId, heads: &Heads) -> Result<(), StorageError> {
    let connection = desk.connection;
    let (at, incarnation) = (desk.told_at.0, signed(desk.incarnation)?);
    connection.prepare_cached(sql::SEAL)?.execute(params![row, heads.to_bytes(), at, incarnation])?;
    connection.prepare_cached(sql::ASK_DONE)?.execute([name.to_string()])?;
    change_sealed_root(connection, |sealed| sealed.open(name, heads))
}

fn change_sealed_root(connection: &Connection, change: impl FnOnce(&mut Root)) -> Result<(), StorageError> {
    let mut sealed = Root::from(documents::sealed_root(connection)?);
    change(&mut sealed);
    connection.prepare_cached(sql::SEALED_ROOT_SET)?.execute([sealed.hash().to_bytes()])?;
    Ok(())
}

/// Of the documents that central sealed, those of which all is here.
fn seal_what_is_due(desk: &Desk<'_>, carried: &mut Carried) -> Result<(), StorageError> {
    let connection = desk.connection;
    let limit = i64::try_from(SEALING_DOCUMENTS_MAX).map_err(StorageError::unreadable)?;
    let due: Vec<(i64, String, Vec<u8>, Vec<u8>)> = connection
        .prepare_cached(sql::SEALS_DUE)?
        .query_map([limit], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
        .collect::<Result<_, _>>()?;
    for (row, name, ours, theirs) in due {
        let (name, ours, theirs): (DocumentId, _, _) = (id(&name)?, to_heads(&ours)?, to_heads(&theirs)?);
        if documents::known(connection, row, &theirs)? == theirs {
            seal(desk, carried, row, &name, (&ours, &theirs))?;
        } else {
            connection.prepare_cached(sql::ASK)?.execute([name.to_string()])?;
        }
    }
    Ok(())
}

fn seal(
    desk: &Desk<'_>,
    carried: &mut Carried,
    row: i64,
    name: &DocumentId,
    (ours, theirs): (&Heads, &Heads),
) -> Result<(), StorageError> {
    let connection = desk.connection;
    let bag = documents::load(connection, row, desk.writer)?;
    let all = bag.changes_since(&Heads::empty()).map_err(StorageError::unreadable)?;
    let outside: BTreeSet<_> = if ours == theirs {
        BTreeSet::new()
    } else {
        let beyond = bag.changes_since(theirs).map_err(StorageError::unreadable)?;
        beyond.into_iter().map(|change| change.hash).collect()
    };
    let sealed: Vec<StoredChange> =
        all.into_iter().filter(|change| !outside.contains(&change.hash)).collect();
    let late = if outside.is_empty() { Vec::new() } else { facts_beyond(desk, &bag, &sealed)? };
    let archive = pack(&sealed).map_err(StorageError::unreadable)?;
    connection.prepare_cached(sql::ARCHIVE_PUT)?.execute(params![row, archive])?;
    mark(desk, row, name, theirs)?;
    carried.root.advance(name, ours, theirs);
    finish(connection, carried, row, name, &late)
}

fn facts_beyond(desk: &Desk<'_>, bag: &Bag, sealed: &[StoredChange]) -> Result<Vec<FactId>, StorageError> {
    let within = Bag::load(desk.writer, sealed.iter().map(|change| &change.bytes))
        .map_err(StorageError::unreadable)?;
    Ok(bag.facts().map(|(fact, _)| fact).filter(|fact| within.get(fact).is_none()).collect())
}

/// A sealed document's facts join the baseline, its rows go. `late` facts are carried again.
fn finish(
    connection: &Connection,
    carried: &mut Carried,
    row: i64,
    name: &DocumentId,
    late: &[FactId],
) -> Result<(), StorageError> {
    for fact in late {
        connection.prepare_cached(sql::FACT_UNCARRY)?.execute(params![fact.as_str(), row])?;
    }
    connection.prepare_cached(sql::FACTS_MOVE_ON)?.execute([row])?;
    connection.prepare_cached(sql::BASELINE_MOVE)?.execute([row, 1])?;
    connection.prepare_cached(sql::CHANGES_DROP)?.execute([row])?;
    connection.prepare_cached(sql::AGAIN_FORGET)?.execute([row])?;
    if carried.stock.as_ref().is_some_and(|open| open.name == *name) {
        carried.stock = None;
    }
    Ok(())
}

/// The changes of a sealed document; none when they are not kept any more.
pub(super) fn archived(connection: &Connection, row: i64) -> Result<Option<Vec<Vec<u8>>>, StorageError> {
    let packed: Option<Vec<u8>> =
        connection.prepare_cached(sql::ARCHIVE)?.query_row([row], |row| row.get(0)).optional()?;
    packed.map(|packed| unpack(&packed).map_err(StorageError::unreadable)).transpose()
}

/// A sealed document goes on: a late fact of a task, or a central that lost the seal. Without its
/// archive it begins empty, and whoever sends to it sends all; and where its facts are not here, but only
/// in a sum, what the others add up to comes from central.
pub(super) fn reopen(
    connection: &Connection,
    root: &mut Root,
    name: &DocumentId,
    row: &DocumentRow,
    acked: Acked,
) -> Result<DocumentRow, StorageError> {
    let reader = WriterId::try_from([0_u8; 16].as_slice()).map_err(StorageError::unreadable)?;
    let archive = archived(connection, row.row)?;
    if archive.is_none() && matches!(name, DocumentId::Stock { .. }) {
        baseline::want(connection)?;
    }
    let bag = Bag::load(reader, archive.unwrap_or_default()).map_err(StorageError::unreadable)?;
    let changes = bag.changes_since(&Heads::empty()).map_err(StorageError::unreadable)?;
    let heads = bag.heads();
    connection.prepare_cached(sql::BASELINE_MOVE)?.execute([row.row, -1])?;
    connection.prepare_cached(sql::UNSEAL)?.execute(params![row.row, heads.to_bytes()])?;
    connection.prepare_cached(sql::ARCHIVE_DROP)?.execute([row.row])?;
    documents::append(connection, row.row, &changes, (0, UtcMs(0)), acked)?;
    let known = if acked == Acked::Yes { heads.clone() } else { Heads::empty() };
    documents::set_acked(connection, row.row, &known)?;
    change_sealed_root(connection, |sealed| sealed.close(name, &row.heads))?;
    root.advance(name, &row.heads, &heads);
    Ok(DocumentRow { row: row.row, heads, acked: known, sealed: false })
}

/// A central that was restored has told all the seals that it knows. The others are sealed anew.
fn reopen_unconfirmed(desk: &Desk<'_>, carried: &mut Carried) -> Result<(), StorageError> {
    let connection = desk.connection;
    let limit = i64::try_from(SEALING_DOCUMENTS_MAX).map_err(StorageError::unreadable)?;
    let unconfirmed: Vec<(i64, String)> = connection
        .prepare_cached(sql::SEALS_UNCONFIRMED)?
        .query_map(params![signed(desk.incarnation)?, limit], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (row, text) in unconfirmed {
        let name: DocumentId = id(&text)?;
        let Some(found) = documents::find(connection, &name)? else { continue };
        // Of another box's day only the sum may be here: that box tells it anew, or nobody can.
        if archived(connection, row)?.is_some() || !documents::may_write(&name, &desk.writer) {
            reopen(connection, &mut carried.root, &name, &found, Acked::NotYet)?;
        } else {
            tracing::warn!(
                document = text,
                "a central that was restored lacks a document that is not kept here"
            );
            let incarnation = signed(desk.incarnation)?;
            connection.prepare_cached(sql::SEAL_CONFIRM)?.execute(params![row, incarnation])?;
        }
    }
    Ok(())
}

/// Central has sealed a document that we sent something for. We take the seal over, or, when what
/// we lack is not kept there any more, go by the baseline.
pub(super) fn refused(
    connection: &Connection,
    hand: &Hand,
    identity: &Identity,
    carried: &mut Carried,
    response: &SyncResponse,
    (name, problem): (&DocumentId, &DocumentProblem),
) -> Result<(), LedgerError> {
    let Some(row) = documents::find(connection, name)?.filter(|row| !row.sealed) else { return Ok(()) };
    let hashes = problem.missing().map_err(StorageError::unreadable)?;
    let theirs = Heads::new(hashes).map_err(StorageError::unreadable)?;
    let asked: bool =
        connection.prepare_cached(sql::ASKED)?.query_row([name.to_string()], |row| row.get(0))?;
    if !theirs.is_empty() && !asked {
        connection.prepare_cached(sql::SEAL_DUE)?.execute(params![row.row, theirs.to_bytes(), 0])?;
        return Ok(());
    }
    let desk = desk(connection, hand, identity, response, false);
    give_up(&desk, carried, name, &row, &theirs)?;
    Ok(())
}

/// We never get all of it. What central was not known to have is carried again.
fn give_up(
    desk: &Desk<'_>,
    carried: &mut Carried,
    name: &DocumentId,
    row: &DocumentRow,
    theirs: &Heads,
) -> Result<(), StorageError> {
    let connection = desk.connection;
    let bag = documents::load(connection, row.row, desk.writer)?;
    let lacking = bag.changes_since(&row.acked).unwrap_or_default();
    let lacking: BTreeSet<_> = lacking.into_iter().map(|change| change.hash).collect();
    let all = bag.changes_since(&Heads::empty()).map_err(StorageError::unreadable)?;
    let safe: Vec<StoredChange> = all.into_iter().filter(|change| !lacking.contains(&change.hash)).collect();
    let late = match name {
        DocumentId::Stock { .. } => facts_beyond(desk, &bag, &safe)?,
        DocumentId::Task(_) => Vec::new(),
    };
    mark(desk, row.row, name, theirs)?;
    carried.root.advance(name, &row.heads, theirs);
    finish(connection, carried, row.row, name, &late)?;
    baseline::want(connection)
}
