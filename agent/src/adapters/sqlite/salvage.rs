//! A damaged database is set aside, and what is sound of it goes into a new one.
//!
//! Everything that can be read and is what was written is taken over: who this is, paired devices,
//! the catalogue, answers given, documents that load, and every fact. Positions and tasks are made of
//! the facts again. Then the agent fetches from central what it told central before. What neither
//! has is said to be lost, with the most that it can be: never with silence, never with a guess.

use super::note::Note;
use super::record::{Entered, Pen};
use super::soundness::{Kept, whole};
use super::value::id;
use super::{baseline, documents, losses, migrations, sql, summed};
use crate::ports::ledger::Identity;
use holdfast_platform::clock::{Clock, SystemClock};
use holdfast_platform::sqlite::rescue::{self, Rescue};
use holdfast_platform::sqlite::{
    IntegrityCheck, Lost, Mode, Opened, Options, Place, StorageError, Witnessed, aside, open, witnessed,
};
use holdfast_shared::document::Bag;
use holdfast_shared::ids::{BootId, DeviceId, FactId};
use holdfast_shared::set_hash::SetHash;
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::fact::decode;
use holdfast_shared::wire::sync::Loss;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};
use std::collections::BTreeMap;
use std::path::Path;

/// Tables whose rows are made again, or taken over in a way of their own.
const MADE_AGAIN: [&str; 7] = ["agent", "fact", "fact_other_body", "item", "rights", "task", "task_hold"];
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
        let was = begin(&transaction, boot, identity, old)?;
        let tally = match old {
            Some(old) => take_over(&transaction, old, central_had(seen))?,
            None => Tally::default(),
        };
        make_stock(&transaction, was.as_ref(), identity, now)?;
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

/// What the damaged database knew of itself.
struct Was {
    installation: String,
    stock_digest: SetHash,
    /// As they are written down again.
    columns: [Value; WAS_COLUMNS],
}

const WAS_COLUMNS: usize = 13;

impl Was {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let mut columns = [const { Value::Null }; WAS_COLUMNS];
        for (column, n) in columns.iter_mut().zip(2_usize..) {
            *column = row.get(n)?;
        }
        let stock_digest = SetHash::from_bytes(row.get(1)?);
        Ok(Self { installation: row.get(0)?, stock_digest, columns })
    }
}

fn begin(
    connection: &Connection,
    boot: &BootId,
    identity: Option<&Identity>,
    old: Option<&Rescue>,
) -> Result<Option<Was>, StorageError> {
    let was = old.and_then(|old| old.one(sql::AGENT_OF_OLD, Was::read));
    let installation =
        was.as_ref().map_or_else(|| super::installation_of(boot), |was| was.installation.clone());
    connection.execute(sql::AGENT_CREATE, [installation])?;
    if let Some(was) = &was {
        connection.execute(sql::AGENT_SALVAGED, params_from_iter(&was.columns))?;
    } else if let Some(identity) = identity {
        // The generation of minted ids is drawn from the boot: counting from one gives none twice.
        connection.execute(sql::AGENT_IS_OF, params![identity.tenant.as_str(), identity.store.as_str()])?;
    }
    Ok(was)
}

/// Stock of the baseline and of the facts that it does not hold. When that is not what stock was,
/// rows of the baseline may be among what is gone, and central is asked for its own.
fn make_stock(
    connection: &Connection,
    was: Option<&Was>,
    identity: Option<&Identity>,
    now: UtcMs,
) -> Result<(), StorageError> {
    let digest = baseline::balance(connection, now)?;
    let trusted = was.is_some_and(|was| was.stock_digest == digest);
    let any_sealed = connection.prepare(sql::DOCUMENTS_SEALED)?.exists([])?
        || documents::sealed_root(connection)? != SetHash::EMPTY;
    if !trusted && (any_sealed || (was.is_none() && identity.is_some())) {
        tracing::warn!("what sealed documents add up to cannot be trusted; central is asked for it");
        baseline::want(connection)?;
    }
    Ok(())
}

fn take_over(connection: &Connection, old: &Rescue, central_had: u64) -> Result<Tally, StorageError> {
    for table in old.tables()? {
        if !MADE_AGAIN.contains(&table.as_str()) {
            copy(connection, old, &table, None)?;
        }
    }
    copy(connection, old, "item", Some(&CATALOGUE))?;
    let mended = mend_documents(connection)?;
    let device = DeviceId::new("salvage").map_err(StorageError::unreadable)?;
    let mut pen = Pen::take(connection, device, 0)?;
    let mut tally = Tally::default();
    let columns: Vec<String> = FACT.map(str::to_owned).into();
    old.rows("fact", &columns, sum_of("fact"), |row| {
        if let [Value::Integer(seq), Value::Text(fact), Value::Text(text), Value::Integer(at), document] = row
        {
            let document = match document {
                Value::Integer(row) if mended.keeps_facts_of(*row) => Some(*row),
                _ => None,
            };
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
    // Open ones first: a fact that stands in both counts there, and not in the baseline.
    for (of, documents) in [(Kept::Open, &mended.open), (Kept::Archived, &mended.archived)] {
        for (document, heads) in documents {
            let bag = whole(connection, of, *document, heads)?;
            tally.carried = tally.carried.saturating_add(read_again(connection, &mut pen, *document, &bag)?);
        }
    }
    pen.keep()?;
    Ok(tally)
}

fn sum_of(table: &str) -> Option<&'static str> {
    summed::SUMS.iter().find(|(name, _)| *name == table).map(|(_, over)| *over)
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

/// Documents by row, with their heads.
type Rows = BTreeMap<i64, Vec<u8>>;

/// What became of the documents.
struct Mended {
    /// Open, and what their heads say.
    open: Rows,
    /// Their facts are in the baseline.
    sealed: Rows,
    /// Those of them whose changes are kept, and whole.
    archived: Rows,
}

impl Mended {
    /// A fact of any other document is carried again.
    fn keeps_facts_of(&self, document: i64) -> bool {
        self.open.contains_key(&document) || self.sealed.contains_key(&document)
    }
}

/// Keeps the documents that load; of the others the changes go, and central is asked for them. A
/// sealed document is complete at central: it stays one, and only an archive that does not load goes.
fn mend_documents(connection: &Connection) -> Result<Mended, StorageError> {
    // The next document might be given the number of one whose row is gone, and its rows with it.
    connection.execute_batch(sql::OF_NO_DOCUMENT)?;
    let mut open = Rows::new();
    for (document, name, heads) in listed(connection, sql::DOCUMENTS_ROWS, [0, i64::MAX])? {
        if whole(connection, Kept::Open, document, &heads).is_ok() {
            open.insert(document, heads);
            continue;
        }
        tracing::warn!(name, "a document is damaged; central is asked for it");
        connection.execute(sql::CHANGES_DROP, [document])?;
        connection.execute(sql::DOCUMENT_UNREAD, [document])?;
        connection.execute(sql::ASK, [name])?;
    }
    let sealed: Rows = listed(connection, sql::DOCUMENTS_SEALED, [])?
        .into_iter()
        .map(|(document, _, heads)| (document, heads))
        .collect();
    let mut archived = Rows::new();
    for (document, name, heads) in listed(connection, sql::ARCHIVES_ROWS, [0, i64::MAX])? {
        if whole(connection, Kept::Archived, document, &heads).is_ok() {
            archived.insert(document, heads);
        } else {
            tracing::warn!(name, "the archive of a document is damaged; central keeps its own");
            connection.execute(sql::ARCHIVE_DROP, [document])?;
        }
    }
    Ok(Mended { open, sealed, archived })
}

fn listed(
    connection: &Connection,
    statement: &str,
    params: impl rusqlite::Params,
) -> Result<Vec<(i64, String, Vec<u8>)>, StorageError> {
    let mut statement = connection.prepare(statement)?;
    let rows = statement.query_map(params, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether it is new here: a broken tree may give one row many times.
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
    Ok(pen.enter(&fact, text, at, document)? == Entered::New)
}

/// Facts whose rows are gone and that their document still carries.
fn read_again(
    connection: &Connection,
    pen: &mut Pen<'_>,
    document: i64,
    bag: &Bag,
) -> Result<u64, StorageError> {
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
