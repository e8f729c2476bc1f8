//! What sealed documents add up to, fetched from central by a replica that lacks some of them: a
//! new standby, a new disk, or one that was away for longer than archives are kept. The pieces are
//! put aside until all are there; then stock is made anew, in one transaction.

use super::hand::Carried;
use super::{documents, sql};
use holdfast_platform::sqlite::StorageError;
use holdfast_shared::document::WriterId;
use holdfast_shared::domain::stock::{digest_element, rights_element};
use holdfast_shared::ids::Sku;
use holdfast_shared::set_hash::SetHash;
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::sync::{Baseline, BaselineAsk};
use rusqlite::{Connection, params};

/// Where one answer's seals and baseline are taken over.
pub(super) struct Desk<'a> {
    pub connection: &'a Connection,
    pub writer: WriterId,
    pub incarnation: u64,
    /// Central's clock: one clock for both sides' retention.
    pub told_at: UtcMs,
    /// This database had never heard of central before: it has nothing of what was sealed.
    pub is_new: bool,
}

struct Reached {
    wanted: bool,
    after: Option<String>,
    root: Option<[u8; 32]>,
}

fn reached(connection: &Connection) -> Result<Reached, StorageError> {
    let read =
        |row: &rusqlite::Row<'_>| Ok(Reached { wanted: row.get(0)?, after: row.get(1)?, root: row.get(2)? });
    Ok(connection.prepare_cached(sql::BASELINE_ASK)?.query_row([], read)?)
}

pub(super) fn is_wanted(connection: &Connection) -> Result<bool, StorageError> {
    Ok(reached(connection)?.wanted)
}

pub(super) fn want(connection: &Connection) -> Result<(), StorageError> {
    connection.prepare_cached(sql::BASELINE_WANT)?.execute([])?;
    Ok(())
}

/// What to ask central for next.
pub(super) fn ask(connection: &Connection) -> Result<Option<BaselineAsk>, StorageError> {
    let reached = reached(connection)?;
    if !reached.wanted {
        return Ok(None);
    }
    let after = reached.after.map(Sku::new).transpose().map_err(StorageError::unreadable)?;
    Ok(Some(BaselineAsk { after }))
}

/// One piece. `more` is to come of documents and seals: then the last piece comes too early.
pub(super) fn take(
    desk: &Desk<'_>,
    carried: &mut Carried,
    piece: &Baseline,
    more: bool,
) -> Result<(), StorageError> {
    let connection = desk.connection;
    let reached = reached(connection)?;
    if !reached.wanted {
        return Ok(());
    }
    let root = piece.sealed_root.to_bytes();
    if reached.after.is_none() {
        connection.prepare_cached(sql::PIECES_FORGET)?.execute([])?;
    } else if reached.root != Some(root) {
        // Another document was sealed in between: from the beginning.
        return begin_again(connection);
    }
    for position in &piece.positions {
        connection.prepare_cached(sql::PIECE_PUT)?.execute(params![
            position.sku.as_str(),
            position.units,
            position.rights
        ])?;
    }
    match &piece.next {
        Some(next) => {
            connection.prepare_cached(sql::BASELINE_REACHED)?.execute(params![next.as_str(), root])?;
            Ok(())
        }
        None if more || documents::any_due(connection)? => begin_again(connection),
        None => adopt(desk, carried, piece.sealed_root),
    }
}

fn begin_again(connection: &Connection) -> Result<(), StorageError> {
    let (after, root): (Option<&str>, Option<[u8; 32]>) = (None, None);
    connection.prepare_cached(sql::BASELINE_REACHED)?.execute(params![after, root])?;
    Ok(())
}

fn adopt(desk: &Desk<'_>, carried: &mut Carried, sealed_root: SetHash) -> Result<(), StorageError> {
    let connection = desk.connection;
    let run = |sql: &str| connection.prepare_cached(sql)?.execute([]);
    run(sql::BASELINE_FORGET)?;
    run(sql::BASELINE_TAKE)?;
    run(sql::PIECES_FORGET)?;
    connection.prepare_cached(sql::SEALED_ROOT_SET)?.execute([sealed_root.to_bytes()])?;
    balance(connection, desk.told_at)?;
    run(sql::BASELINE_HAVE)?;
    carried.root = documents::root(connection)?;
    tracing::info!("stock was made anew from central's baseline");
    Ok(())
}

/// Makes stock anew of the baseline and of every fact that is in none of its documents. What moved
/// at a time that nothing tells any more moved `at` the latest.
pub(super) fn balance(connection: &Connection, at: UtcMs) -> Result<SetHash, StorageError> {
    connection.prepare_cached(sql::ITEMS_OF_BASELINE)?.execute([])?;
    connection.prepare_cached(sql::ITEMS_BALANCE)?.execute([at.0])?;
    connection.prepare_cached(sql::RIGHTS_FORGET)?.execute([])?;
    connection.prepare_cached(sql::RIGHTS_BALANCE)?.execute([])?;
    let digest = stock_digest(connection)?;
    connection.prepare_cached(sql::AGENT_DIGEST)?.execute([digest.to_bytes()])?;
    Ok(digest)
}

fn stock_digest(connection: &Connection) -> Result<SetHash, StorageError> {
    let mut digest = SetHash::EMPTY;
    add_all(connection, sql::ITEMS_STOCKED, digest_element, &mut digest)?;
    add_all(connection, sql::RIGHTS_ALL, rights_element, &mut digest)?;
    Ok(digest)
}

/// What each row of SKU and number is in a digest.
pub(super) fn add_all(
    connection: &Connection,
    statement: &str,
    element: fn(&Sku, i64) -> Option<Vec<u8>>,
    digest: &mut SetHash,
) -> Result<(), StorageError> {
    let mut statement = connection.prepare_cached(statement)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let sku = Sku::new(row.get::<_, String>(0)?).map_err(StorageError::unreadable)?;
        if let Some(element) = element(&sku, row.get(1)?) {
            digest.insert(&element);
        }
    }
    Ok(())
}
