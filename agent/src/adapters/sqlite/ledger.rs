//! Commands and look-ups.

use super::hand::Hand;
use super::record::{enter_new, facts_of_intent};
use super::value::{json, to_json, unsigned};
use super::view::Stored;
use super::{SqliteLedger, brought_back, escrow, losses, parcels, planned, speaker, sql};
use crate::core::command::{Answer, Command, Intent, Position, Refusal};
use crate::core::decide::{answer, decide};
use crate::core::mint::Author;
use crate::core::outcome::Context;
use crate::core::parcels::Parcels;
use crate::core::replay::recognise;
use crate::core::view::View;
use crate::ports::ledger::{
    BackFilter, BackPage, Executed, Ledger, LedgerError, Pulse, Summary, TaskFilter, TaskPage,
};
use async_trait::async_trait;
use holdfast_platform::sqlite::{Ballast, StorageError, Writer};
use holdfast_shared::domain::task::TaskState;
use holdfast_shared::guard::Guard;
use holdfast_shared::ids::{Sku, TaskId};
use holdfast_shared::limits::{LOOKUP_SKUS_MAX, PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX};
use holdfast_shared::set_hash::SetHash;
use holdfast_shared::time::{Now, UtcMs};
use holdfast_shared::trace::TraceParent;
use rusqlite::{Connection, OptionalExtension, params};

/// SKUs of a look-up that is not worth another thread.
const FEW_SKUS: usize = 16;

#[async_trait]
impl Ledger for SqliteLedger {
    async fn execute(&self, intent: Intent, command: Command, now: Now) -> Result<Executed, LedgerError> {
        self.write(move |connection, hand| execute(connection, hand, &intent, &command, now)).await
    }

    async fn positions(&self, skus: &[Sku]) -> Result<Vec<Position>, LedgerError> {
        if skus.len() > LOOKUP_SKUS_MAX {
            let told = format!("ask for at most {LOOKUP_SKUS_MAX} SKUs at once");
            return Err(Refusal::Invalid(told).into());
        }
        if skus.len() <= FEW_SKUS {
            return self.read_few(|connection| Ok(positions(connection, skus)?)).await;
        }
        let skus = skus.to_vec();
        self.read(move |connection| Ok(positions(connection, &skus)?)).await
    }

    async fn search(&self, text: &str, limit: u32) -> Result<Vec<Position>, LedgerError> {
        let text = text.trim().to_owned();
        let limit = limit.clamp(1, PAGE_ROWS_MAX);
        self.read(move |connection| Ok(search(connection, &text, limit)?)).await
    }

    async fn leave_central(&self, sku: &Sku, at_most: Option<i64>) -> Result<Position, LedgerError> {
        Self::leave_central(self, sku, at_most).await
    }

    async fn task(&self, task: &TaskId) -> Result<Option<TaskState>, LedgerError> {
        let task = task.clone();
        self.read(move |connection| Ok(Stored(connection).task(&task)?)).await
    }

    async fn trace_of(&self, task: &TaskId) -> Result<Option<TraceParent>, LedgerError> {
        let task = task.clone();
        self.read(move |connection| Ok(Stored(connection).trace_of(&task)?)).await
    }

    async fn tasks(&self, filter: TaskFilter) -> Result<TaskPage, LedgerError> {
        self.read(move |connection| tasks(connection, &filter)).await
    }

    async fn parcels(&self) -> Result<Parcels, LedgerError> {
        self.read(|connection| Ok(parcels::shown(connection)?)).await
    }

    async fn brought_back(&self, filter: BackFilter) -> Result<BackPage, LedgerError> {
        self.read(move |connection| brought_back::page(connection, &filter)).await
    }

    async fn summary(&self) -> Result<Summary, LedgerError> {
        let told = self.read(|connection| Ok(summary(connection)?)).await;
        let told = told.map(|told| Summary {
            examined: self.watch.examined(),
            ballast_held: self.watch.ballast().map(Ballast::is_held),
            ..told
        });
        match (told, self.watch.damage()) {
            (Ok(told), None) => Ok(told),
            // What can still be read of a damaged file is told beside what was found.
            (told, Some(report)) => Ok(Summary { damaged: Some(report.clone()), ..told.unwrap_or_default() }),
            (Err(error), None) => Err(error),
        }
    }

    fn pulse(&self) -> Pulse {
        let damaged = self.is_damaged();
        let lives = damaged || self.writer.as_ref().is_some_and(Writer::lives);
        Pulse { lives, damaged }
    }
}

fn execute(
    connection: &Connection,
    hand: &Hand,
    intent: &Intent,
    command: &Command,
    now: Now,
) -> Result<Executed, LedgerError> {
    let known_again = Guard::IdempotencyRecord.stands();
    if let Some(answer) = answered_before(connection, intent)?.filter(|_| known_again) {
        return Ok(Executed { answer, replayed: true });
    }
    if let Some(answer) = recorded_before(connection, intent, command)?.filter(|_| known_again) {
        return Ok(Executed { answer, replayed: true });
    }
    if matches!(command, Command::Task { .. } | Command::Label(_)) {
        speaker::readiness(connection)?.check(command)?;
    }
    let mut pen = hand.pen(connection)?;
    let replica = hand.identity.as_ref().map(|identity| &identity.replica);
    let outcome = decide(&pen.view(), command, Context { intent, replica, now })?;
    let of_order = tracing_of(&pen.view(), command)?;
    let author = Author::of(intent);
    let author = Author { trace: of_order.as_ref().map(|parent| &parent.trace).or(author.trace), ..author };
    let facts = pen.mint.write(outcome.said, author, now.utc)?;
    enter_new(&mut pen, &facts, now.utc)?;
    pen.keep()?;
    escrow::after(connection, hand, &facts, now.utc)?;
    parcels::after(connection, &facts)?;
    if let Some(closure) = &outcome.closure {
        let note = closure.as_ref().map(to_json).transpose()?;
        connection.prepare_cached(sql::AGENT_CLOSE)?.execute([note])?;
    }
    if let Some(plan) = &outcome.plan {
        planned::change(connection, plan, now.utc)?;
    }
    if let Some(report) = &outcome.label {
        parcels::report(connection, report)?;
    }
    let answer = answer(&Stored(connection), outcome.reply, &facts)?;
    if Guard::IdempotencyRecord.stands() {
        keep_answer(connection, intent, &answer, now.utc)?;
    }
    Ok(Executed { answer, replayed: false })
}

/// Whatever a device measures of its own, what becomes of an order belongs to the order's trace.
fn tracing_of(stored: &Stored<'_>, command: &Command) -> Result<Option<TraceParent>, StorageError> {
    match command {
        Command::Task { task, .. } => stored.trace_of(task),
        Command::Label(request) => stored.trace_of(&request.task),
        Command::BringBack(request) => brought_back::trace_of(stored.0, &request.of),
        Command::Move(_) | Command::Close(_) | Command::Plan(_) | Command::Unplan(_) => Ok(None),
    }
}

fn answered_before(connection: &Connection, intent: &Intent) -> Result<Option<Answer>, LedgerError> {
    let mut statement = connection.prepare_cached(sql::KEY_FIND)?;
    let found: Option<([u8; 32], String)> = statement
        .query_row([intent.device.as_str(), intent.key.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    match found {
        None => Ok(None),
        Some((hash, _)) if hash != intent.request_hash => Err(LedgerError::KeyReused),
        Some((_, answer)) => Ok(Some(json(&answer)?)),
    }
}

/// The key is not known here, but the id that the device gave its intent is: the first answer was
/// forgotten, or another agent of the store gave it.
fn recorded_before(
    connection: &Connection,
    intent: &Intent,
    command: &Command,
) -> Result<Option<Answer>, LedgerError> {
    let Some(given) = &intent.fact_id else { return Ok(None) };
    if given.device() != intent.device.as_str() {
        let told = format!("fact id {given} is not one that {} may give", intent.device);
        return Err(Refusal::Invalid(told).into());
    }
    let facts = facts_of_intent(connection, given)?;
    if facts.is_empty() {
        return Ok(None);
    }
    let reply = recognise(command, &facts).ok_or(LedgerError::KeyReused)?;
    Ok(Some(answer(&Stored(connection), reply, &facts)?))
}

fn keep_answer(
    connection: &Connection,
    intent: &Intent,
    answer: &Answer,
    now: UtcMs,
) -> Result<(), LedgerError> {
    connection.prepare_cached(sql::KEY_PUT)?.execute(params![
        intent.device.as_str(),
        intent.key.as_str(),
        intent.request_hash,
        to_json(answer)?,
        now.0
    ])?;
    connection.prepare_cached(sql::KEYS_FORGET)?.execute([sql::IDEMPOTENCY_ROWS_MAX])?;
    Ok(())
}

fn positions(connection: &Connection, skus: &[Sku]) -> Result<Vec<Position>, StorageError> {
    skus.iter().filter_map(|sku| Stored(connection).position(sku).transpose()).collect()
}

/// What a person most likely means first: a scanned barcode, the beginning of a SKU, words.
fn search(connection: &Connection, text: &str, limit: u32) -> Result<Vec<Position>, StorageError> {
    let stored = Stored(connection);
    let mut found = stored.positions(sql::SEARCH_BARCODE, params![text, limit])?;
    if let Ok(sku) = Sku::new(text) {
        found.extend(stored.positions(sql::SEARCH_SKU, params![sku.as_str(), limit])?);
    }
    let words: Vec<String> = text
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| format!("\"{word}\"*"))
        .collect();
    if !words.is_empty() {
        found.extend(stored.positions(sql::SEARCH_WORDS, params![words.join(" "), limit])?);
    }
    let mut seen = std::collections::BTreeSet::new();
    found.retain(|position| seen.insert(position.sku.clone()));
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(found)
}

fn tasks(connection: &Connection, filter: &TaskFilter) -> Result<TaskPage, LedgerError> {
    let limit = if filter.limit == 0 { PAGE_ROWS_DEFAULT } else { filter.limit.min(PAGE_ROWS_MAX) };
    let (at, task) = match &filter.cursor {
        None => (i64::MAX, String::new()),
        Some(cursor) => read_cursor(cursor)?,
    };
    // One more than asked for, to learn whether there is a next page.
    let rows = limit.saturating_add(1);
    let read = |row: &rusqlite::Row<'_>| {
        Ok((row.get::<_, String>(0)?, format!("{}.{}", row.get::<_, i64>(1)?, row.get::<_, String>(2)?)))
    };
    let mut found: Vec<(String, String)> = if filter.phases.is_empty() {
        let mut statement = connection.prepare_cached(sql::TASKS_OPEN)?;
        statement.query_map(params![at, task, rows], read)?.collect::<Result<_, _>>()?
    } else {
        let phases = to_json(&filter.phases)?;
        let mut statement = connection.prepare_cached(sql::TASKS_IN_PHASES)?;
        statement.query_map(params![at, task, rows, phases], read)?.collect::<Result<_, _>>()?
    };
    let page = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = found.len() > page;
    found.truncate(page);
    let next = found.last().filter(|_| more).map(|(_, cursor)| cursor.clone());
    let tasks = found.iter().map(|(state, _)| json(state)).collect::<Result<_, _>>()?;
    Ok(TaskPage { tasks, next })
}

fn read_cursor(cursor: &str) -> Result<(i64, String), LedgerError> {
    let parts = cursor.split_once('.').and_then(|(at, task)| Some((at.parse().ok()?, task.to_owned())));
    Ok(parts.ok_or_else(|| Refusal::Invalid("the cursor is not one that this list gave".into()))?)
}

fn summary(connection: &Connection) -> Result<Summary, StorageError> {
    let mut statement = connection.prepare_cached(sql::SUMMARY)?;
    let time = |at: Option<i64>| at.map(UtcMs);
    let (counts, open_tasks, times) = statement.query_row([], |row| {
        let counts: [i64; 4] = [row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?];
        let times: [Option<i64>; 3] = [row.get(4)?, row.get(6)?, row.get(7)?];
        Ok((counts, row.get(5)?, times))
    })?;
    let [skus, positions, facts, unsynced] = counts;
    let [oldest, moved, found] = times;
    let (root, digest, closure): ([u8; 32], [u8; 32], Option<String>) = connection
        .prepare_cached(sql::AGENT_TOLD)?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let readiness = speaker::readiness(connection)?;
    let boot_number = speaker::boot_number(connection)?;
    Ok(Summary {
        skus: unsigned(skus)?,
        positions: unsigned(positions)?,
        facts: unsigned(facts)?,
        unsynced: unsigned(unsynced)?,
        oldest_unsynced_at: time(oldest),
        open_tasks,
        last_movement_at: time(moved),
        last_count_at: time(found),
        root: SetHash::from_bytes(root).hex(),
        stock_digest: SetHash::from_bytes(digest).hex(),
        closure: closure.as_deref().map(json).transpose()?,
        planned: planned::all(connection)?,
        damaged: None,
        examined: false,
        ballast_held: None,
        losses: losses::all(connection)?,
        boot_number,
        rehydrating: readiness.rehydrating,
        quarantined: readiness.quarantined,
    })
}
