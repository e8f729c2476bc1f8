//! Writes facts and what they amount to: the one way into ledger, positions and tasks, for what
//! happens here and for what arrives from central.

use super::sql;
use super::value::{id, signed, to_json, unsigned};
use super::view::Stored;
use crate::core::mint::Mint;
use crate::core::view::View;
use crate::ports::ledger::LedgerError;
use holdfast_platform::sqlite::StorageError;
use holdfast_shared::domain::fact::{Body, Fact};
use holdfast_shared::domain::stock::{Movement, StockFact, digest_element, rights_element};
use holdfast_shared::domain::task::TaskState;
use holdfast_shared::domain::task_fold::fold;
use holdfast_shared::ids::{DeviceId, FactId, Sku, TaskId};
use holdfast_shared::set_hash::SetHash;
use holdfast_shared::stamp::STAMP_OFF_MS_MAX;
use holdfast_shared::time::{Hlc, UtcMs};
use holdfast_shared::wire::fact::{decode, encode};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeSet;

/// One transaction's pen: what it counts is read first and kept last.
#[derive(Debug)]
pub(super) struct Pen<'a> {
    connection: &'a Connection,
    pub mint: Mint,
    digest: SetHash,
    /// Tasks whose facts changed, to be folded anew once.
    tasks: BTreeSet<TaskId>,
}

/// What became of a fact that was put into the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entered {
    New,
    Known,
    /// The id was there with another body. Both are kept, the one with the smaller hash counts.
    Conflict,
}

impl<'a> Pen<'a> {
    pub(super) fn take(
        connection: &'a Connection,
        device: DeviceId,
        generation: u32,
    ) -> Result<Self, StorageError> {
        let mut statement = connection.prepare_cached(sql::AGENT_COUNTERS)?;
        let (number, wall, counter, digest): (i64, i64, u32, [u8; 32]) =
            statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
        let last = Hlc { wall: UtcMs(wall), counter };
        Ok(Self {
            connection,
            mint: Mint::resume(device, generation, unsigned(number)?, last),
            digest: SetHash::from_bytes(digest),
            tasks: BTreeSet::new(),
        })
    }

    pub(super) const fn view(&self) -> Stored<'a> {
        Stored(self.connection)
    }

    /// Folds what changed, and keeps what was counted. Gives the tasks that moved.
    pub(super) fn keep(self) -> Result<BTreeSet<TaskId>, StorageError> {
        self.fold_tasks()?;
        let (number, last) = self.mint.kept();
        let mut statement = self.connection.prepare_cached(sql::AGENT_KEEP_COUNTERS)?;
        statement.execute(params![signed(number)?, last.wall.0, last.counter, self.digest.to_bytes()])?;
        Ok(self.tasks)
    }

    /// Puts one fact into the ledger and lets it take effect.
    pub(super) fn enter(
        &mut self,
        fact: &Fact,
        text: &str,
        now: UtcMs,
        document: Option<i64>,
    ) -> Result<Entered, StorageError> {
        // What a document says of itself is nothing about the store: only documents keep it.
        if let Body::Epoch(_) = fact.body {
            return Ok(Entered::Known);
        }
        let (sku, task) = subject(fact);
        let mut statement = self.connection.prepare_cached(sql::FACT_INSERT)?;
        let new = statement.execute(params![fact.id.as_str(), text, sku, task, now.0, document])?;
        if new == 1 {
            self.take_effect(fact, 1, now)?;
            return Ok(Entered::New);
        }
        if let Some(document) = document {
            self.connection
                .prepare_cached(sql::FACT_CARRIED)?
                .execute(params![fact.id.as_str(), document])?;
            self.stands_again(&fact.id, document)?;
        }
        let known: String = self
            .connection
            .prepare_cached(sql::FACT_TEXT)?
            .query_row([fact.id.as_str()], |row| row.get(0))?;
        if known == text {
            return Ok(Entered::Known);
        }
        self.settle(fact, text, &known, now)?;
        Ok(Entered::Conflict)
    }

    /// The fact came in another document before: it counts with the one that is sealed last.
    fn stands_again(&self, fact: &FactId, document: i64) -> Result<(), StorageError> {
        let mut statement = self.connection.prepare_cached(sql::FACT_STANDS)?;
        let (stands, sealed, sku, delta, rights): (i64, bool, Option<String>, Option<i64>, i64) =
            statement.query_row([fact.as_str()], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
            })?;
        if stands == document {
            return Ok(());
        }
        if !sealed {
            self.connection.prepare_cached(sql::AGAIN)?.execute(params![fact.as_str(), document])?;
            return Ok(());
        }
        self.connection.prepare_cached(sql::FACT_MOVE)?.execute(params![fact.as_str(), document])?;
        if let Some(sku) = sku {
            let units = delta.unwrap_or_default().saturating_neg();
            let rights = rights.saturating_neg();
            self.connection.prepare_cached(sql::BASELINE_ADD)?.execute(params![sku, units, rights])?;
        }
        Ok(())
    }

    /// Two bodies under one id: every replica keeps both and counts the same one.
    fn settle(&mut self, fact: &Fact, text: &str, known: &str, now: UtcMs) -> Result<(), StorageError> {
        let hash = |text: &str| *blake3::hash(text.as_bytes()).as_bytes();
        let other = if hash(text) < hash(known) {
            let before = decode(&fact.id, known).map_err(StorageError::unreadable)?;
            self.take_effect(&before, -1, now)?;
            let (sku, task) = subject(fact);
            self.connection.prepare_cached(sql::FACT_REPLACE)?.execute(params![
                fact.id.as_str(),
                text,
                sku,
                task
            ])?;
            self.take_effect(fact, 1, now)?;
            known
        } else {
            text
        };
        self.connection.prepare_cached(sql::FACT_OTHER_BODY)?.execute([fact.id.as_str(), other])?;
        Ok(())
    }

    /// `sign` is -1 to undo what a fact did that does not count any more.
    fn take_effect(&mut self, fact: &Fact, sign: i64, now: UtcMs) -> Result<(), StorageError> {
        match &fact.body {
            Body::Stock(stock) => self.move_stock(stock, fact.at, sign, now),
            Body::Task(said) => {
                self.tasks.insert(said.task.clone());
                Ok(())
            }
            Body::Epoch(_) => Ok(()),
        }
    }

    fn move_stock(&mut self, stock: &StockFact, at: Hlc, sign: i64, now: UtcMs) -> Result<(), StorageError> {
        // A stamp from the future stays in its fact; no position is newer than now.
        let latest = now.plus(STAMP_OFF_MS_MAX);
        let at = if at.wall > latest { now } else { at.wall };
        let before = self.on_hand(&stock.sku)?;
        let delta = stock.delta.saturating_mul(sign);
        let counted = matches!(stock.movement, Movement::Count { .. });
        self.connection.prepare_cached(sql::ITEM_MOVE)?.execute(params![
            stock.sku.as_str(),
            delta,
            at.0,
            counted,
            latest.0
        ])?;
        if let Some(element) = digest_element(&stock.sku, before) {
            self.digest.remove(&element);
        }
        if let Some(element) = digest_element(&stock.sku, before.saturating_add(delta)) {
            self.digest.insert(&element);
        }
        self.move_rights(&stock.sku, stock.rights().saturating_mul(sign))
    }

    fn move_rights(&mut self, sku: &Sku, difference: i64) -> Result<(), StorageError> {
        if difference == 0 {
            return Ok(());
        }
        let before: Option<i64> = self
            .connection
            .prepare_cached(sql::RIGHTS)?
            .query_row([sku.as_str()], |row| row.get(0))
            .optional()?;
        let before = before.unwrap_or(0);
        self.connection.prepare_cached(sql::RIGHTS_MOVE)?.execute(params![sku.as_str(), difference])?;
        if let Some(element) = rights_element(sku, before) {
            self.digest.remove(&element);
        }
        if let Some(element) = rights_element(sku, before.saturating_add(difference)) {
            self.digest.insert(&element);
        }
        Ok(())
    }

    /// A SKU that only central spoke of enters the catalogue under its own name.
    fn on_hand(&self, sku: &Sku) -> Result<i64, StorageError> {
        let mut statement = self.connection.prepare_cached(sql::ITEM_STOCK)?;
        let units = statement.query_row([sku.as_str()], |row| row.get(0)).optional()?;
        if let Some(units) = units {
            return Ok(units);
        }
        let nothing: Option<&str> = None;
        self.connection.prepare_cached(sql::ITEM_INSERT)?.execute(params![
            sku.as_str(),
            nothing,
            nothing,
            nothing
        ])?;
        Ok(0)
    }

    /// Brings the rows of changed tasks up to their facts.
    pub(super) fn fold_tasks(&self) -> Result<(), StorageError> {
        self.tasks.iter().try_for_each(|task| self.fold_task(task))
    }

    fn fold_task(&self, task: &TaskId) -> Result<(), StorageError> {
        let facts = self.view().facts(sql::FACTS_OF_TASK, task.as_str())?;
        // Without its offer nothing can be shown yet; the facts stay and are folded when it comes.
        let Some(folded) = fold(&facts) else { return Ok(()) };
        for told in &folded.contradictions {
            tracing::warn!(%task, fact = %told.fact, kind = told.kind, why = %told.why, "a fact contradicts its task");
        }
        let state = folded.state;
        self.connection.prepare_cached(sql::HOLDS_END)?.execute([task.as_str()])?;
        self.connection.prepare_cached(sql::TASK_PUT)?.execute(params![
            task.as_str(),
            state.phase.as_str(),
            to_json(&state)?,
            state.changed_at.wall.0
        ])?;
        self.hold(&state)
    }

    fn hold(&self, state: &TaskState) -> Result<(), StorageError> {
        for (line, units) in state.held().into_iter().filter(|(_, units)| *units > 0) {
            self.on_hand(&line.sku)?;
            self.connection.prepare_cached(sql::HOLD_BEGINS)?.execute(params![
                state.task.as_str(),
                line.line.0,
                line.sku.as_str(),
                units,
                line.ceded
            ])?;
        }
        Ok(())
    }

    /// The task as its facts tell it, including those of this transaction.
    pub(super) fn task_now(&self, task: &TaskId) -> Result<Option<TaskState>, StorageError> {
        self.fold_task(task)?;
        self.view().task(task)
    }
}

/// The facts of a decision made here: each must be new.
pub(super) fn enter_new(pen: &mut Pen<'_>, facts: &[Fact], now: UtcMs) -> Result<(), LedgerError> {
    for fact in facts {
        if pen.enter(fact, &encode(fact)?, now, None)? != Entered::New {
            return Err(StorageError::Other(format!("the fact id {} was given twice", fact.id)).into());
        }
    }
    Ok(())
}

fn subject(fact: &Fact) -> (Option<&str>, Option<&str>) {
    match &fact.body {
        Body::Stock(stock) => (Some(stock.sku.as_str()), None),
        Body::Task(said) => (None, Some(said.task.as_str())),
        Body::Epoch(_) => (None, None),
    }
}

/// The device part of minted ids, and what distinguishes this installation's device names.
pub(super) fn installation(connection: &Connection) -> Result<DeviceId, StorageError> {
    let text: String = connection.query_row(sql::AGENT_INSTALLATION, [], |row| row.get(0))?;
    id(&text)
}

/// Whether an id is in the ledger, as it is or in parts.
pub(super) fn facts_of_intent(connection: &Connection, intent: &FactId) -> Result<Vec<Fact>, StorageError> {
    Stored(connection).facts(sql::FACTS_OF_INTENT, intent.as_str())
}
