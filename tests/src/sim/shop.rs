//! A store: the real agent over its own file, the goods as they really lie there, and an eye on
//! the file that no crash of the agent closes.

use super::fate::Fate;
use anyhow::{Context, Result, bail, ensure};
use holdfast_agent::adapters::sqlite::SqliteLedger;
use holdfast_agent::core::command::{Answer, Command, Intent};
use holdfast_agent::flows::vitals::{self, Inputs};
use holdfast_agent::ports::ledger::{
    Executed, Identity, Import, ImportItem, Ledger, LedgerError, TaskFilter,
};
use holdfast_agent::ports::machine::MachineVitals;
use holdfast_central::ports::access::ReplicaIdentity;
use holdfast_platform::sqlite::{Mode, Options, Place};
use holdfast_shared::domain::task::TaskState;
use holdfast_shared::ids::{BootId, FactId, Sku, TaskId};
use holdfast_shared::limits::PAGE_ROWS_MAX;
use holdfast_shared::time::{MonoMs, Now};
use holdfast_shared::wire::signal::Heartbeat;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

#[derive(Debug)]
pub struct Shop {
    pub identity: ReplicaIdentity,
    pub file: PathBuf,
    /// None while its agent is down.
    pub ledger: Option<SqliteLedger>,
    pub boot: BootId,
    pub boots: u32,
    pub back_at_step: u64,
    pub cut_off_until_step: u64,
    /// What its wall clock is wrong by.
    pub skew_ms: i64,
    pub started_at: MonoMs,
    pub beats: u64,
    pub next_beat_at: MonoMs,
    pub synced_at: Option<MonoMs>,
    pub clock_offset_ms: Option<i64>,
    pub wants_sync: bool,
    pub closed: bool,
    /// Units on the shelf, whatever the books say; what is picked lies in totes.
    pub shelf: BTreeMap<Sku, i64>,
    pub totes: BTreeMap<TaskId, BTreeMap<Sku, i64>>,
    /// What staff and tills were told was done.
    pub told: Vec<Told>,
    pub acknowledged: BTreeSet<FactId>,
    pub intents: u64,
}

/// A wish that was answered: asked again, it gets the same answer and does nothing.
#[derive(Debug, Clone)]
pub struct Told {
    pub intent: Intent,
    pub command: Command,
    pub answer: Answer,
}

impl Shop {
    pub fn new(identity: ReplicaIdentity, file: PathBuf, fate: &Fate) -> Result<Self> {
        Ok(Self {
            boot: BootId::new("b0")?,
            identity,
            file,
            ledger: None,
            boots: 0,
            back_at_step: 0,
            cut_off_until_step: 0,
            skew_ms: fate.between(-20_000, 20_000),
            started_at: MonoMs(0),
            beats: 0,
            next_beat_at: MonoMs(0),
            synced_at: None,
            clock_offset_ms: None,
            wants_sync: true,
            closed: false,
            shelf: BTreeMap::new(),
            totes: BTreeMap::new(),
            told: Vec::new(),
            acknowledged: BTreeSet::new(),
            intents: 0,
        })
    }

    #[must_use]
    pub fn name(&self) -> &str {
        self.identity.store.as_str()
    }

    /// Its own clocks: the wall may be wrong, the other began at its own zero.
    #[must_use]
    pub fn clock(&self, now: Now) -> Now {
        Now { utc: now.utc.plus(self.skew_ms), mono: now.mono.plus(1_000_000) }
    }

    fn told_identity(&self) -> Identity {
        let ReplicaIdentity { tenant, store, replica } = self.identity.clone();
        Identity { tenant, store, replica, boot: self.boot.clone() }
    }

    /// A new process under a new boot id.
    pub fn start(&mut self, fate: &Fate, now: Now) -> Result<()> {
        self.boots += 1;
        self.boot = BootId::new(format!("b{}-{:x}", self.boots, fate.next()))?;
        let options = Options { mode: Mode::Inline, ..Options::default() };
        let place = Place::File(self.file.clone());
        self.ledger =
            Some(SqliteLedger::open(&place, options, self.boot.clone(), Some(self.told_identity()))?);
        let now = self.clock(now);
        (self.started_at, self.beats, self.synced_at) = (now.mono, 0, None);
        (self.clock_offset_ms, self.wants_sync) = (None, true);
        Ok(())
    }

    /// Without a goodbye: what was not committed is gone.
    pub fn crash(&mut self, back_at_step: u64) {
        self.ledger = None;
        self.back_at_step = back_at_step;
    }

    #[must_use]
    pub fn cut_off(&self, step: u64) -> bool {
        step < self.cut_off_until_step
    }

    pub async fn stock(&mut self, items: &[(Sku, i64)], now: Now) -> Result<()> {
        let now = self.clock(now);
        let lines = items.iter().map(|(sku, units)| ImportItem {
            sku: sku.clone(),
            name: Some(format!("thing {sku}")),
            barcode: None,
            class: None,
            on_hand: Some(*units),
        });
        let ledger = self.ledger.as_ref().context("the agent is down")?;
        ledger.import(lines.collect(), Box::new(|_| {}), now).await?;
        self.shelf.extend(items.iter().cloned());
        Ok(())
    }

    pub async fn open_tasks(&self) -> Result<Vec<TaskState>> {
        let Some(ledger) = &self.ledger else { return Ok(Vec::new()) };
        let filter = TaskFilter { limit: PAGE_ROWS_MAX, ..TaskFilter::default() };
        Ok(ledger.tasks(filter).await?.tasks)
    }

    /// Says a wish to the agent. None when it was refused; a failure of the agent is an error.
    pub async fn say(
        &mut self,
        intent: Intent,
        command: Command,
        fate: &Fate,
        now: Now,
    ) -> Result<Option<Answer>> {
        let Some(ledger) = self.ledger.clone() else { return Ok(None) };
        let now = self.clock(now);
        let Executed { answer, replayed } = match ledger.execute(intent.clone(), command.clone(), now).await {
            Ok(executed) => executed,
            Err(LedgerError::Refused(refusal)) => {
                fate.say(format_args!("{} refused {command:?}: {refusal}", self.name()));
                fate.mark(refusal.code().as_str());
                return Ok(None);
            }
            Err(error) => return Err(error).context("the agent failed"),
        };
        ensure!(!replayed, "a new wish {} was taken for an old one", intent.key);
        fate.say(format_args!("{} did {command:?}", self.name()));
        self.acknowledge(&answer);
        let told = Told { intent, command, answer: answer.clone() };
        if fate.happens(100) {
            fate.mark("double_tap");
            self.say_again(&told, now).await?;
        }
        self.told.push(told);
        Ok(Some(answer))
    }

    /// The same wish once more: by a double tap, or because the answer got lost.
    pub async fn say_again(&self, told: &Told, now: Now) -> Result<()> {
        let Some(ledger) = self.ledger.clone() else { return Ok(()) };
        match ledger.execute(told.intent.clone(), told.command.clone(), now).await {
            Ok(Executed { answer, replayed: true }) if answer == told.answer => Ok(()),
            other => bail!(
                "ONCE: {} was asked {:?} twice under {}, and answered {other:?} instead of {:?} again",
                self.name(),
                told.command,
                told.intent.key,
                told.answer
            ),
        }
    }

    fn acknowledge(&mut self, answer: &Answer) {
        match answer {
            Answer::Moved { facts, .. } => self.acknowledged.extend(facts.iter().cloned()),
            Answer::Task { state } => {
                self.acknowledged.insert(state.newest.clone());
            }
            Answer::Closure { .. } => {}
        }
    }

    /// How it is, in the words of the agent's own flow.
    pub async fn heartbeat(&mut self, now: Now) -> Result<Option<Heartbeat>> {
        let Some(ledger) = &self.ledger else { return Ok(None) };
        let summary = ledger.summary().await?;
        self.beats += 1;
        let identity = self.told_identity();
        let beat = vitals::heartbeat(&Inputs {
            identity: &identity,
            sequence: self.beats,
            version: "0.0.0",
            now: self.clock(now),
            started_at: self.started_at,
            summary: &summary,
            devices: &[],
            pos_seen: None,
            handheld_seen: None,
            machine: &MachineVitals::default(),
            synced_at: self.synced_at,
            clock_offset_ms: self.clock_offset_ms,
        });
        Ok(Some(beat))
    }
}
