//! Examines the whole database while the agent works: pages and indexes table by table, every sum,
//! that no fact is missing, that positions are what they add up to, that documents load.
//!
//! Each step is one short read beside the writer; nobody at a till waits for it. Until it is through,
//! nobody knows that the database is fine, and nobody says so.

use super::documents::{self, to_heads};
use super::note::Note;
use super::value::{signed, unsigned};
use super::{SqliteLedger, baseline, seals, sql};
use crate::ports::ledger::LedgerError;
use holdfast_platform::sqlite::{StorageError, rescue};
use holdfast_shared::document::{Bag, WriterId};
use holdfast_shared::domain::stock::{digest_element, rights_element};
use holdfast_shared::ids::ReplicaId;
use holdfast_shared::set_hash::SetHash;
use rusqlite::Connection;

/// Facts of one step.
const FACTS_STEP: i64 = 2_000;
/// Documents of one step: loading one takes longer than reading a row.
const DOCUMENTS_STEP: i64 = 16;
/// Reads what nobody writes with it.
const READER: &str = "reader";

impl SqliteLedger {
    /// Goes through everything once. Damage is said, marked for the next start, and ends writing.
    pub async fn examine(&self) -> Result<(), LedgerError> {
        match self.look_through().await {
            Ok(()) => {
                self.watch.set_examined();
                Ok(())
            }
            Err(error) => {
                self.watch.saw(&error);
                Err(error)
            }
        }
    }

    async fn look_through(&self) -> Result<(), LedgerError> {
        for table in self.read(|connection| Ok(rescue::tables(connection)?)).await? {
            self.read(move |connection| Ok(pages(connection, &table)?)).await?;
        }
        self.facts_are_there().await?;
        self.read(|connection| Ok(positions(connection)?)).await?;
        for statement in [sql::TASKS_SOUND, sql::KEYS_SOUND, sql::DEVICES_SOUND] {
            self.read(move |connection| Ok(connection.query_row(statement, [], |_| Ok(()))?)).await?;
        }
        for of in [Kept::Open, Kept::Archived] {
            let mut after = 0;
            while let Some(last) = self.read(move |connection| Ok(load_some(connection, of, after)?)).await? {
                after = last;
            }
        }
        Ok(())
    }

    /// Every fact is sound, and there are as many as were numbered and not dropped by retention.
    async fn facts_are_there(&self) -> Result<(), LedgerError> {
        let Note { facts, .. } = self.read(|connection| Ok(Note::read(connection)?)).await?;
        let last = signed(facts)?;
        let (mut after, mut counted) = (0_i64, 0_i64);
        while after < last {
            let (some, reached) = self
                .read(move |connection| {
                    let step = rusqlite::params![after, last, FACTS_STEP];
                    let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, Option<i64>>(1)?));
                    Ok(connection.prepare_cached(sql::FACTS_SOUND)?.query_row(step, row)?)
                })
                .await?;
            counted = counted.saturating_add(some);
            after = reached.unwrap_or(last);
        }
        let Note { dropped, .. } = self.read(|connection| Ok(Note::read(connection)?)).await?;
        let there = unsigned(counted)?.saturating_add(dropped);
        if there < facts {
            return Err(damaged(format!("{} facts are not where they were put", facts - there)));
        }
        Ok(())
    }
}

fn damaged(report: String) -> LedgerError {
    StorageError::Damaged(report).into()
}

fn pages(connection: &Connection, table: &str) -> Result<(), StorageError> {
    let told: String =
        connection.query_row(&format!("PRAGMA integrity_check('{table}')"), [], |row| row.get(0))?;
    if told == "ok" { Ok(()) } else { Err(StorageError::Damaged(format!("{table}: {told}"))) }
}

/// One snapshot: positions are what the digest says that they add up to.
fn positions(connection: &Connection) -> Result<(), StorageError> {
    let kept: [u8; 32] = connection.query_row(sql::DIGEST_SOUND, [], |row| row.get(0))?;
    let mut digest = SetHash::EMPTY;
    baseline::add_all(connection, sql::ITEMS_SOUND, digest_element, &mut digest)?;
    baseline::add_all(connection, sql::RIGHTS_ALL, rights_element, &mut digest)?;
    if digest != SetHash::from_bytes(kept) {
        return Err(StorageError::Damaged("positions are not what their digest says".to_owned()));
    }
    let astray: i64 = connection.query_row(sql::RESERVED_ASTRAY, [], |row| row.get(0))?;
    if astray > 0 {
        return Err(StorageError::Damaged(format!(
            "{astray} articles have reserved units that no task holds"
        )));
    }
    Ok(())
}

/// Where the changes of a document are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    Open,
    Archived,
}

/// The last document that was looked at; none when there is no further one.
fn load_some(connection: &Connection, of: Kept, after: i64) -> Result<Option<i64>, StorageError> {
    let listed = match of {
        Kept::Open => sql::DOCUMENTS_ROWS,
        Kept::Archived => sql::ARCHIVES_ROWS,
    };
    let mut statement = connection.prepare_cached(listed)?;
    let mut rows = statement.query([after, DOCUMENTS_STEP])?;
    let mut last = None;
    while let Some(row) = rows.next()? {
        let (document, name): (i64, String) = (row.get(0)?, row.get(1)?);
        whole(connection, of, document, &row.get::<_, Vec<u8>>(2)?)
            .map_err(|why| StorageError::Damaged(format!("document {name}: {why}")))?;
        last = Some(document);
    }
    Ok(last)
}

/// The document, if it is what its heads say.
pub(super) fn whole(
    connection: &Connection,
    of: Kept,
    document: i64,
    heads: &[u8],
) -> Result<Bag, StorageError> {
    let replica = ReplicaId::new(READER).map_err(StorageError::unreadable)?;
    let reader = WriterId::new(&replica, [0; 8]);
    let bag = match of {
        Kept::Open => documents::load(connection, document, reader)?,
        Kept::Archived => {
            let changes = seals::archived(connection, document)?.ok_or(StorageError::NoRow)?;
            Bag::load(reader, changes).map_err(StorageError::unreadable)?
        }
    };
    if bag.heads() == to_heads(heads)? {
        Ok(bag)
    } else {
        Err(StorageError::Damaged("its heads are not those of its changes".to_owned()))
    }
}
