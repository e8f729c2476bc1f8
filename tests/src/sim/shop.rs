//! A box in a store: the real agent over its own file, the goods as they really lie there, and
//! what people were told by it.

use super::disk;
use super::fate::Fate;
use super::floor::Floor;
use super::kind::Kind;
use anyhow::{Context, Result, bail, ensure};
use holdfast_agent::adapters::sqlite::SqliteLedger;
use holdfast_agent::core::command::{Answer, Command, Intent};
use holdfast_agent::flows::vitals::{self, Inputs};
use holdfast_agent::ports::ledger::{
    Executed, Identity, Import, ImportItem, Ledger, LedgerError, TaskFilter,
};
use holdfast_agent::ports::machine::MachineVitals;
use holdfast_central::ports::access::ReplicaIdentity;
use holdfast_platform::sqlite::mishap::{self, Mishap};
use holdfast_platform::sqlite::{Mode, Options, Place};
use holdfast_shared::domain::task::TaskState;
use holdfast_shared::ids::{BootId, FactId, Sku};
use holdfast_shared::limits::PAGE_ROWS_MAX;
use holdfast_shared::time::{MonoMs, Now};
use holdfast_shared::wire::signal::Heartbeat;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The device that central's own facts are of.
const OF_CENTRAL: &str = "central";

#[derive(Debug)]
pub struct Shop {
    /// Which of the chain's it is.
    pub index: usize,
    pub identity: ReplicaIdentity,
    pub file: PathBuf,
    files: u32,
    /// None while its agent is down.
    pub ledger: Option<SqliteLedger>,
    pub boot: BootId,
    pub boots: u32,
    pub back_at_step: u64,
    pub cuts: Cuts,
    pub full_until_step: u64,
    /// What its wall clock is wrong by.
    pub skew_ms: i64,
    /// Its other clock began at its own zero.
    mono_zero_ms: i64,
    /// What a single look at the clock costs, while the disk is slow.
    pub slow_ms: i64,
    pub started_at: MonoMs,
    pub beats: u64,
    pub next_beat_at: MonoMs,
    pub synced_at: Option<MonoMs>,
    pub clock_offset_ms: Option<i64>,
    pub wants_sync: bool,
    /// The last attempt to reach central had no answer.
    pub unanswered: bool,
    pub closed: bool,
    /// When it was closed last, by the world's own time.
    pub closed_at_ms: Option<i64>,
    /// Shared by all boxes of a store.
    pub(super) floor: Arc<Mutex<Floor>>,
    /// What staff and tills were told was done.
    pub told: Vec<Told>,
    /// Wishes that failed without an answer that can be believed: they are said again.
    pub unsure: Vec<Unsure>,
    /// Facts that were recorded before a crash, and acknowledged when they were said again.
    pub answered_late: BTreeSet<FactId>,
    pub acknowledged: BTreeSet<FactId>,
    /// The same, under an identity that it had before.
    pub before: BTreeSet<FactId>,
    /// Switched off for good.
    pub retired: bool,
    pub intents: u64,
    pub backup: Option<Backup>,
}

/// Until which step which way is cut.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cuts {
    pub all: u64,
    pub requests: u64,
    pub answers: u64,
}

/// What somebody wants, with the task as it stood on the screen.
#[derive(Debug, Clone)]
pub struct Wish {
    pub intent: Intent,
    pub command: Command,
    pub task: Option<TaskState>,
}

/// A wish that was answered: asked again, it gets the same answer and does nothing.
#[derive(Debug, Clone)]
pub struct Told {
    pub wish: Wish,
    pub answer: Answer,
}

#[derive(Debug, Clone)]
pub struct Unsure {
    pub wish: Wish,
    /// Whether it was committed, which only the one who pulled the plug knows.
    pub recorded: bool,
}

/// A copy of the disk, and how much had been said when it was taken.
#[derive(Debug, Clone)]
pub struct Backup {
    pub file: PathBuf,
    pub told: usize,
    pub closed: bool,
}

/// What came of an attempt to reach the agent.
#[derive(Debug)]
pub enum Heard {
    Done {
        answer: Answer,
        replayed: bool,
    },
    Refused,
    /// It failed, by a mishap that chance planned.
    Failed(Mishap),
    Down,
}

impl Shop {
    /// # Errors
    /// When its name makes no boot id.
    pub fn new(index: usize, identity: ReplicaIdentity, file: PathBuf, fate: &Fate) -> Result<Self> {
        Ok(Self {
            index,
            boot: BootId::new("b0")?,
            identity,
            file,
            files: 0,
            ledger: None,
            boots: 0,
            back_at_step: 0,
            cuts: Cuts::default(),
            full_until_step: 0,
            skew_ms: fate.dice("skew", index).between(-20_000, 20_000),
            mono_zero_ms: 1_000_000,
            slow_ms: 0,
            started_at: MonoMs(0),
            beats: 0,
            next_beat_at: MonoMs(0),
            synced_at: None,
            clock_offset_ms: None,
            wants_sync: true,
            unanswered: false,
            closed: false,
            closed_at_ms: None,
            floor: Arc::default(),
            told: Vec::new(),
            unsure: Vec::new(),
            answered_late: BTreeSet::new(),
            acknowledged: BTreeSet::new(),
            before: BTreeSet::new(),
            retired: false,
            intents: 0,
            backup: None,
        })
    }

    #[must_use]
    pub fn name(&self) -> &str {
        self.identity.store.as_str()
    }

    pub fn floor(&self) -> MutexGuard<'_, Floor> {
        self.floor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its own clocks: the wall may be wrong, the other began at its own zero.
    #[must_use]
    pub fn clock(&self, now: Now) -> Now {
        Now { utc: now.utc.plus(self.skew_ms), mono: now.mono.plus(self.mono_zero_ms) }
    }

    pub(super) fn told_identity(&self) -> Identity {
        let ReplicaIdentity { tenant, store, replica } = self.identity.clone();
        Identity { tenant, store, replica, boot: self.boot.clone() }
    }

    /// A new process under a new boot id.
    ///
    /// # Errors
    /// When the agent does not start.
    pub fn start(&mut self, fate: &Fate, now: Now) -> Result<()> {
        mishap::reopened(&self.file);
        self.boots += 1;
        let random = fate.dice("boot", self.index).next();
        self.boot = BootId::new(format!("b{}-{random:x}", self.boots))?;
        let options = Options { mode: Mode::Inline, ..Options::default() };
        let place = Place::File(self.file.clone());
        self.ledger =
            Some(SqliteLedger::open(&place, options, self.boot.clone(), Some(self.told_identity()))?);
        let now = self.clock(now);
        (self.started_at, self.beats, self.synced_at) = (now.mono, 0, None);
        (self.clock_offset_ms, self.wants_sync) = (None, true);
        if fate.step() < self.full_until_step {
            mishap::befalls(&self.file, Mishap::DiskFull, 0);
        }
        Ok(())
    }

    /// Without a goodbye: what was not committed is gone.
    pub fn crash(&mut self, back_at_step: u64) {
        self.ledger = None;
        self.back_at_step = back_at_step;
        mishap::reopened(&self.file);
    }

    /// Power is gone: only what the disk had is left, and the machine's own clock begins anew.
    ///
    /// # Errors
    /// When the files cannot be copied.
    pub fn lose_power(&mut self, fate: &Fate, now: Now) -> Result<()> {
        let dice = fate.dice("torn", self.index);
        self.ledger = None;
        self.go_on_with(&self.file.clone())?;
        self.mono_zero_ms = dice.between(0, 60_000) - now.mono.0;
        disk::tear(&self.file, &dice)
    }

    /// The disk is as it was then; everything since is gone.
    ///
    /// # Errors
    /// When the files cannot be copied.
    pub fn restore(&mut self, at_ms: i64) -> Result<()> {
        let Some(backup) = self.backup.clone() else { return Ok(()) };
        self.ledger = None;
        self.told.truncate(backup.told);
        if backup.closed {
            (self.closed, self.closed_at_ms) = (true, Some(at_ms));
        }
        self.unsure.clear();
        self.go_on_with(&backup.file)
    }

    /// # Errors
    /// When the files cannot be copied.
    pub fn back_up(&mut self) -> Result<()> {
        self.files += 1;
        let file = disk::beside(&self.file, self.files);
        disk::copy(&self.file, &file)?;
        self.backup = Some(Backup { file, told: self.told.len(), closed: self.closed });
        Ok(())
    }

    fn go_on_with(&mut self, copy: &std::path::Path) -> Result<()> {
        self.files += 1;
        let file = disk::beside(&self.file, self.files);
        disk::copy(copy, &file)?;
        mishap::reopened(&self.file);
        self.file = file;
        Ok(())
    }

    /// Whether what failed did so by a planned mishap. The killed are dead then.
    pub fn excuse(&mut self, error: &str, fate: &Fate) -> Option<Mishap> {
        let mishap = mishap::happened(&self.file)?;
        match mishap {
            Mishap::CommitFails => mishap::over(&self.file),
            Mishap::DiskFull if !error.contains("disk is full") => return None,
            Mishap::DiskFull => fate.mark("disk_full_told"),
            Mishap::KilledBefore | Mishap::KilledAfter => {
                self.crash(fate.step() + fate.dice("down", self.index).steps(0, 8));
            }
        }
        fate.say(format_args!("{}: {mishap:?}: {error}", self.name()));
        Some(mishap)
    }

    /// # Errors
    /// When the agent does not take its opening stock.
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
        self.floor().shelf.extend(items.iter().cloned());
        Ok(())
    }

    /// # Errors
    /// When the agent fails.
    pub async fn open_tasks(&self) -> Result<Vec<TaskState>> {
        let Some(ledger) = &self.ledger else { return Ok(Vec::new()) };
        let filter = TaskFilter { limit: PAGE_ROWS_MAX, ..TaskFilter::default() };
        Ok(ledger.tasks(filter).await?.tasks)
    }

    /// Says a wish to the agent, for the first time or again.
    ///
    /// # Errors
    /// When the agent fails without a reason.
    pub async fn say(&mut self, wish: &Wish, fate: &Fate, now: Now) -> Result<Heard> {
        let Some(ledger) = self.ledger.clone() else { return Ok(Heard::Down) };
        let now = self.clock(now);
        let Wish { intent, command, .. } = wish;
        match ledger.execute(intent.clone(), command.clone(), now).await {
            Ok(Executed { answer, replayed }) => {
                fate.say(format_args!("{} did {command:?}, replayed {replayed}", self.name()));
                self.acknowledge(&answer, replayed);
                self.told.push(Told { wish: wish.clone(), answer: answer.clone() });
                Ok(Heard::Done { answer, replayed })
            }
            Err(LedgerError::Refused(refusal)) => {
                fate.say(format_args!("{} refused {command:?}: {refusal}", self.name()));
                fate.mark(refusal.code().as_str());
                Ok(Heard::Refused)
            }
            Err(error) => match self.excuse(&error.to_string(), fate) {
                Some(mishap) => Ok(Heard::Failed(mishap)),
                None => Err(error).context("the agent failed"),
            },
        }
    }

    /// The same wish once more: by a double tap, or because the answer got lost.
    ///
    /// # Errors
    /// When it is not answered as before.
    pub async fn say_again(&mut self, told: &Told, fate: &Fate, now: Now) -> Result<()> {
        let Some(ledger) = self.ledger.clone() else { return Ok(()) };
        let Wish { intent, command, .. } = &told.wish;
        let error = match ledger.execute(intent.clone(), command.clone(), self.clock(now)).await {
            Ok(Executed { answer, replayed }) => {
                ensure!(
                    replayed && answer == told.answer,
                    "ONCE: {} was asked {command:?} twice under {}, and answered {answer:?} instead of {:?} again",
                    self.name(),
                    intent.key,
                    told.answer
                );
                return Ok(());
            }
            Err(error) => error,
        };
        if self.excuse(&error.to_string(), fate).is_none() {
            bail!("ONCE: {} was asked {command:?} twice under {}: {error}", self.name(), intent.key);
        }
        Ok(())
    }

    fn acknowledge(&mut self, answer: &Answer, replayed: bool) {
        let facts = match answer {
            Answer::Moved { facts, .. } => facts.clone(),
            // Where what another box knew decides, the newest that counts may be central's own.
            Answer::Task { state } if state.newest.device() != OF_CENTRAL => vec![state.newest.clone()],
            Answer::Task { .. } | Answer::Closure { .. } | Answer::Planned { .. } => Vec::new(),
        };
        let new: Vec<FactId> = facts.into_iter().filter(|fact| !self.acknowledged.contains(fact)).collect();
        self.answered_late.extend(new.iter().filter(|_| replayed).cloned());
        self.acknowledged.extend(new);
    }

    /// Whether a picker taps twice.
    pub fn taps_twice(&self, fate: &Fate) -> bool {
        fate.strikes(Kind::DoubleTap, self.index).is_some()
    }

    /// How it is, in the words of the agent's own flow.
    ///
    /// # Errors
    /// When the agent fails.
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
