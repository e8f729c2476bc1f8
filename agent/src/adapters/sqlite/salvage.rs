//! A damaged database is set aside, and what is sound of it goes into a new one.
//!
//! Everything that can be read and is what was written is taken over: who this is, paired devices,
//! the catalogue, answers given, documents that load, and every fact. Positions and tasks are made of
//! the facts again. Then the agent fetches from central what it told central before. What neither
//! has is said to be lost, with the most that it can be: never with silence, never with a guess.

use super::documents::{self, to_heads};
use super::note::Note;
use super::record::Pen;
use super::view::id;
use super::{losses, migrations, sql};
use crate::ports::ledger::Identity;
use holdfast_platform::clock::{Clock, SystemClock};
use holdfast_platform::sqlite::rescue::{self, Rescue};
use holdfast_platform::sqlite::{
    IntegrityCheck, Lost, Mode, Opened, Options, Place, StorageError, Witnessed, aside, open, witnessed,
};
use holdfast_shared::document::WriterId;
use holdfast_shared::ids::{BootId, DeviceId, FactId, ReplicaId};
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::fact::decode;
use holdfast_shared::wire::sync::Loss;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};
use std::path::Path;

/// Tables whose rows are made again, or taken over in a way of their own.
const MADE_AGAIN: [&str; 6] = ["agent", "fact", "fact_other_body", "item", "task", "task_hold"];
/// Of an article what stays when its stock is counted again.
const CATALOGUE: [&str; 4] = ["sku", "name", "barcode", "class"];
const FACT: [&str; 5] = ["seq", "id", "text", "recorded_at", "document"];

/// What came over, and what did not.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    /// Facts read from their own rows: up to where central certainly has them, and after.
    told: u64,
    untold: u64,
    /// Facts whose row is gone, read from the document that carries them.
    carried: u64,
    last_seq: u64,
}

/// Puts a sound database in the place of the damaged one. The damaged one is kept beside it.
pub(super) fn salvage(
    path: &Path,
    report: &str,
    boot: &BootId,
    identity: Option<&Identity>,
) -> Result<(), StorageError> {
    let now = SystemClock.now().utc;
    tracing::error!(?path, report, "salvaging a damaged database");
    aside::forget_successor(path)?;
    let seen = witnessed(path);
    let old = Rescue::open(path)?;
    build(path, report, boot, identity, seen, old.as_ref(), now)?;
    drop(old);
    let kept = aside::succeed(path, &label(now))?;
    tracing::warn!(?kept, "the damaged database is kept for examination; a new one is in its place");
    Ok(())
}

fn label(now: UtcMs) -> String {
    // Sorts as time does, and says it to a person.
    jiff::Timestamp::from_millisecond(now.0)
        .map_or_else(|_| format!("{:015}", now.0), |at| at.strftime("%Y%m%dT%H%M%S%.3f").to_string())
}

fn build(
    path: &Path,
    report: &str,
    boot: &BootId,
    identity: Option<&Identity>,
    seen: Option<Witnessed>,
    old: Option<&Rescue>,
    now: UtcMs,
) -> Result<(), StorageError> {
    let options = Options { mode: Mode::Inline, check: IntegrityCheck::Later, ..Options::default() };
    let place = Place::File(aside::successor_path(path));
    let mut database = match open(&place, options, &migrations::migrations::runner())? {
        Opened::Healthy(database) => database,
        Opened::Damaged { report, .. } => return Err(StorageError::Damaged(report)),
    };
    if let Some(seen) = &seen {
        database.succeed(seen)?;
    }
    let pour = |connection: &mut Connection| {
        connection.pragma_update(None, "foreign_keys", "OFF")?;
        let transaction = connection.transaction()?;
        begin(&transaction, boot, identity, old)?;
        let tally = match old {
            Some(old) => take_over(&transaction, old, central_had(seen))?,
            None => Tally::default(),
        };
        let loss = reckon(&tally, seen, report, now);
        losses::put(&transaction, &loss)?;
        fetch_again(&transaction)?;
        transaction.commit()?;
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    };
    // Closed when it is dropped, so that it is one file.
    let _closed = database.start(pour)?;
    Ok(())
}

fn central_had(seen: Option<Witnessed>) -> u64 {
    seen.map_or(0, |seen| Note::from_bytes(&seen.note).central_has)
}

/// Everything that central has of this replica is wanted again.
pub(super) fn fetch_again(connection: &Connection) -> Result<(), StorageError> {
    connection.execute(sql::AGENT_REHYDRATE, [])?;
    Ok(())
}

fn begin(
    connection: &Connection,
    boot: &BootId,
    identity: Option<&Identity>,
    old: Option<&Rescue>,
) -> Result<(), StorageError> {
    type Old = (String, Option<String>, Option<String>, i64, i64, u32, Option<String>);
    let old: Option<Old> = old.and_then(|old| {
        old.one(sql::AGENT_OF_OLD, |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?))
        })
    });
    let installation = old.as_ref().map_or_else(|| super::installation_of(boot), |old| old.0.clone());
    connection.execute(sql::AGENT_CREATE, [installation])?;
    let of_identity =
        || identity.map(|identity| (identity.tenant.to_string(), identity.store.to_string())).unzip();
    let (tenant, store, number, wall, counter, closure) = match old {
        Some((_, tenant, store, number, wall, counter, closure)) => {
            (tenant, store, number, wall, counter, closure)
        }
        // The generation of minted ids is drawn from the boot: counting from one gives none twice.
        None => {
            let (tenant, store) = of_identity();
            (tenant, store, 1, 0, 0, None)
        }
    };
    connection.execute(sql::AGENT_SALVAGED, params![tenant, store, number, wall, counter, closure])?;
    Ok(())
}

fn take_over(connection: &Connection, old: &Rescue, central_had: u64) -> Result<Tally, StorageError> {
    for table in old.tables()? {
        if !MADE_AGAIN.contains(&table.as_str()) {
            copy(connection, old, &table, None)?;
        }
    }
    copy(connection, old, "item", Some(&CATALOGUE))?;
    let whole = mend_documents(connection)?;
    let device = DeviceId::new("salvage").map_err(StorageError::unreadable)?;
    let mut pen = Pen::take(connection, device, 0)?;
    let mut tally = Tally::default();
    let columns: Vec<String> = FACT.map(str::to_owned).into();
    old.rows("fact", &columns, sum_of("fact"), |row| {
        if let [Value::Integer(seq), Value::Text(fact), Value::Text(text), Value::Integer(at), document] = row
        {
            let document = match document {
                Value::Integer(row) if connection.prepare_cached(sql::DOCUMENT_EXISTS)?.exists([row])? => {
                    Some(*row)
                }
                _ => None,
            };
            let document = document.filter(|row| whole.contains(row));
            if !enter(&mut pen, fact, text, UtcMs(*at), document)? {
                return Ok(());
            }
            let seq = u64::try_from(*seq).unwrap_or_default();
            tally.last_seq = tally.last_seq.max(seq);
            let count = if seq <= central_had { &mut tally.told } else { &mut tally.untold };
            *count = count.saturating_add(1);
        }
        Ok::<(), StorageError>(())
    })?;
    for document in whole {
        tally.carried = tally.carried.saturating_add(read_again(connection, &mut pen, document)?);
    }
    pen.keep()?;
    Ok(tally)
}

fn sum_of(table: &str) -> Option<&'static str> {
    sql::SUMS.iter().find(|(name, _)| *name == table).map(|(_, over)| *over)
}

/// Rows as they were, by the columns that both have.
fn copy(
    connection: &Connection,
    old: &Rescue,
    table: &str,
    only: Option<&[&str]>,
) -> Result<(), StorageError> {
    let here = rescue::columns(connection, table)?;
    let mut columns = old.columns(table)?;
    columns.retain(|name| {
        here.contains(name) && name != "sum" && only.is_none_or(|only| only.contains(&name.as_str()))
    });
    if columns.is_empty() {
        return Ok(());
    }
    let insert = sql::insert_row(table, &columns);
    old.rows(table, &columns, sum_of(table), |row| {
        // A row that breaks a rule of the schema is no row of ours.
        match connection.prepare_cached(&insert)?.execute(params_from_iter(row)) {
            Ok(_) => Ok(()),
            Err(error) => match StorageError::from(error) {
                StorageError::Constraint(_) => Ok(()),
                other => Err(other),
            },
        }
    })?;
    Ok(())
}

/// Keeps the documents that load; of the others the changes go, and central is asked for them.
fn mend_documents(connection: &Connection) -> Result<Vec<i64>, StorageError> {
    let mut statement = connection.prepare(sql::DOCUMENTS_ROWS)?;
    let rows: Vec<(i64, String, Vec<u8>)> = statement
        .query_map([0, i64::MAX], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    let mut whole = Vec::new();
    for (document, name, heads) in rows {
        let bag = documents::load(connection, document, reader()?);
        if bag.is_ok_and(|bag| to_heads(&heads).is_ok_and(|heads| heads == bag.heads())) {
            whole.push(document);
            continue;
        }
        tracing::warn!(name, "a document is damaged; central is asked for it");
        connection.execute(sql::DOCUMENT_EMPTY, [document])?;
        connection.execute(sql::DOCUMENT_UNREAD, [document])?;
        connection.execute(sql::ASK, [name])?;
    }
    Ok(whole)
}

fn reader() -> Result<WriterId, StorageError> {
    let replica = ReplicaId::new("reader").map_err(StorageError::unreadable)?;
    Ok(WriterId::new(&replica, [0; 8]))
}

fn enter(
    pen: &mut Pen<'_>,
    fact: &str,
    text: &str,
    at: UtcMs,
    document: Option<i64>,
) -> Result<bool, StorageError> {
    let fact_id: FactId = id(fact)?;
    let Ok(fact) = decode(&fact_id, text) else { return Ok(false) };
    pen.mint.witness(fact.at, at);
    pen.enter(&fact, text, at, document)?;
    Ok(true)
}

/// Facts whose rows are gone and that their document still carries.
fn read_again(connection: &Connection, pen: &mut Pen<'_>, document: i64) -> Result<u64, StorageError> {
    let bag = documents::load(connection, document, reader()?)?;
    let mut read = 0_u64;
    for (fact, text) in bag.facts() {
        let known: Option<i64> = connection
            .prepare_cached(sql::FACT_KNOWN)?
            .query_row([fact.as_str()], |row| row.get(0))
            .optional()?;
        if known.is_none() {
            let at = decode(&fact, &text).map_or(UtcMs(0), |fact| fact.at.wall);
            let entered = enter(pen, fact.as_str(), &text, at, Some(document))?;
            read = read.saturating_add(u64::from(entered));
        }
    }
    Ok(read)
}

/// What is certainly the most that can be missing. Central's part comes back from central.
fn reckon(tally: &Tally, seen: Option<Witnessed>, report: &str, now: UtcMs) -> Loss {
    let note = seen.map(|seen| Note::from_bytes(&seen.note));
    let facts = note.map(|note| {
        let recorded = note.facts.max(tally.last_seq);
        let untold = recorded.saturating_sub(note.central_has).saturating_sub(tally.untold);
        let told = note.central_has.saturating_sub(note.dropped).saturating_sub(tally.told);
        // A fact from a document may be one that central has; only more than those are surely others.
        untold.saturating_sub(tally.carried.saturating_sub(told))
    });
    let kept = tally.told.saturating_add(tally.untold).saturating_add(tally.carried);
    let detail = format!(
        "the database was damaged ({}); {kept} facts were salvaged, and what central has is fetched again",
        report.chars().take(REPORT_CHARS).collect::<String>()
    );
    let id = match seen {
        Some(seen) => format!("damage-{}", seen.commits),
        None => format!("damage-at-{}", now.0),
    };
    Loss { id, found_at: now, facts, detail }
}

const REPORT_CHARS: usize = 200;

/// A sound database that is older than its witness: a copy was put back, or the log lost its end.
pub(super) fn older(connection: &Connection, lost: &Lost, seen: &Witnessed) -> Result<(), StorageError> {
    let note = Note::from_bytes(&seen.note);
    let here = Note::read(connection)?;
    let facts = if lost.replaced { note.facts } else { note.facts.saturating_sub(here.facts) };
    let untold = note.facts.saturating_sub(note.central_has);
    let detail = format!(
        "the database is {} commits older than what was acknowledged; what central has is fetched again",
        lost.commits
    );
    let now = SystemClock.now().utc;
    let id = format!("older-{}", seen.commits);
    losses::put(connection, &Loss { id, found_at: now, facts: Some(facts.min(untold)), detail })?;
    fetch_again(connection)
}
