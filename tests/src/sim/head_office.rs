//! Central: the real flows and the real storage, in the caller's thread, on a file that survives
//! its crashes.

use super::cards::CardNetwork;
use super::carrier::ParcelCarrier;
use super::disk;
use super::fate::Fate;
use super::restore::How;
use anyhow::{Error, Result, bail};
use holdfast_central::adapters::sqlite::SqliteStore;
use holdfast_central::core::carriers::CarrierPolicy;
use holdfast_central::core::health::book::Heard as Word;
use holdfast_central::core::health::observatory::Observatory;
use holdfast_central::core::health::policy::HealthPolicy;
use holdfast_central::core::routing::policy::{Consolidate, Gathers, RoutingPolicy};
use holdfast_central::core::steering::Sections;
use holdfast_central::flows::Watch;
use holdfast_central::flows::exchange::exchange;
use holdfast_central::flows::gateways::{CarrierGateways, Gateways};
use holdfast_central::flows::hear::{Outcome, hear};
use holdfast_central::ports::access::ReplicaIdentity;
use holdfast_central::ports::poke::Poke;
use holdfast_platform::sqlite::mishap::{self, Mishap};
use holdfast_platform::sqlite::{Mode, Options, Place};
use holdfast_shared::ids::{DecisionId, StoreId, TenantId};
use holdfast_shared::time::{MonoMs, Now};
use holdfast_shared::wire::sync::{SyncMessage, SyncRequest};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Shorter than usual, so that a run of a few hundred steps sees the whole way of a failover.
pub const ACCEPT_WITHIN_MS: i64 = 40_000;
const SUBSTITUTION_WITHIN_MS: i64 = 30_000;
const GATHER_WITHIN_MS: i64 = 90_000;
/// Who looks away for less is as good as there.
const LOOKED_AWAY_MS: i64 = 10_000;
/// Longer than it takes to call a store dark, or a lease that nobody keeps would not be noticed.
pub const LEASE_MS: i64 = 45_000;

#[derive(Debug)]
pub struct HeadOffice {
    pub file: PathBuf,
    files: u32,
    /// None while it is down.
    store: Option<SqliteStore>,
    pub watch: Watch,
    pub pokes: Pokes,
    pub(super) policy: Sections,
    /// Outside of this process; the ways to them are its own.
    pub(super) cards: Arc<CardNetwork>,
    pub(super) carrier: Arc<ParcelCarrier>,
    pub(super) gateways: Gateways,
    pub(super) carriers: CarrierGateways,
    decisions: AtomicU64,
    pub back_at_step: u64,
    pub paused_until_step: u64,
    pub full_until_step: u64,
    pub broker_lost_until_step: u64,
    pub uplink_lost_until_step: u64,
    pub skew_ms: i64,
    mono_zero_ms: i64,
    /// When this process last could listen again, by the world's time.
    pub listens_since_ms: i64,
    thought_at_ms: i64,
    heard: Mutex<BTreeMap<StoreId, Heard>>,
    pub backup: Option<PathBuf>,
    /// It was put back since it ran last.
    pub put_back: Option<How>,
}

/// When central last had a word of a store, and when it last answered one, by the world's time.
#[derive(Debug, Clone, Copy, Default)]
pub struct Heard {
    pub at_ms: Option<i64>,
    pub synced_at_ms: Option<i64>,
}

/// Stores that were poked since somebody looked.
#[derive(Debug, Default)]
pub struct Pokes(Mutex<BTreeSet<StoreId>>);

impl Pokes {
    pub fn take(&self) -> BTreeSet<StoreId> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Poke for Pokes {
    fn poke(&self, _tenant: &TenantId, store: &StoreId, _why: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(store.clone());
    }
}

fn watch() -> Watch {
    Watch::new(Observatory::new(HealthPolicy { lease_ms: LEASE_MS, ..HealthPolicy::default() }))
}

impl HeadOffice {
    /// # Errors
    /// When central does not start.
    pub fn open(
        file: PathBuf,
        (cards, carrier): (Arc<CardNetwork>, Arc<ParcelCarrier>),
        fate: &Fate,
    ) -> Result<Self> {
        let mut office = Self {
            file,
            files: 0,
            store: None,
            watch: watch(),
            pokes: Pokes::default(),
            policy: Sections {
                routing: RoutingPolicy {
                    accept_within_ms: ACCEPT_WITHIN_MS,
                    substitution_answer_within_ms: Some(SUBSTITUTION_WITHIN_MS),
                    consolidate: Consolidate {
                        ship: Gathers::Asked,
                        pickup: Gathers::Asked,
                        delivery: Gathers::Asked,
                        within_ms: GATHER_WITHIN_MS,
                    },
                    ..RoutingPolicy::default()
                },
                // A run lasts minutes: nobody would wait for a parcel that is a day on the road.
                carriers: CarrierPolicy { services: Vec::new(), ..CarrierPolicy::default() },
                ..Sections::default()
            },
            gateways: cards.gateways(MonoMs(0))?,
            carriers: carrier.gateways(MonoMs(0))?,
            cards,
            carrier,
            decisions: AtomicU64::new(0),
            back_at_step: 0,
            paused_until_step: 0,
            full_until_step: 0,
            broker_lost_until_step: 0,
            uplink_lost_until_step: 0,
            skew_ms: 0,
            mono_zero_ms: 0,
            listens_since_ms: 0,
            thought_at_ms: 0,
            heard: Mutex::default(),
            backup: None,
            put_back: None,
        };
        office.start(fate, 0)?;
        Ok(office)
    }

    /// A new process: what was in memory is gone, what was committed is not.
    ///
    /// # Errors
    /// When central does not start, or finds its file damaged.
    pub fn start(&mut self, fate: &Fate, at_ms: i64) -> Result<()> {
        mishap::reopened(&self.file);
        let options = Options { mode: Mode::Inline, ..Options::default() };
        let place = Place::File(self.file.clone());
        let store = SqliteStore::open(&place, options, fate.dice("central", 0).next().to_le_bytes())?;
        if let Some(damage) = store.damage() {
            bail!("central's file is damaged: {damage}");
        }
        self.store = Some(store);
        self.watch = watch();
        let mono = MonoMs(at_ms + self.mono_zero_ms);
        (self.gateways, self.carriers) = (self.cards.gateways(mono)?, self.carrier.gateways(mono)?);
        self.listens_since_ms = at_ms;
        if fate.step() < self.full_until_step {
            mishap::befalls(&self.file, Mishap::DiskFull, 0);
        }
        Ok(())
    }

    /// None while it is down, killed, or stands still.
    #[must_use]
    pub fn store(&self) -> Option<&SqliteStore> {
        if self.is_killed() { None } else { self.store.as_ref() }
    }

    #[must_use]
    pub const fn is_down(&self) -> bool {
        self.store.is_none()
    }

    #[must_use]
    pub fn is_killed(&self) -> bool {
        matches!(mishap::happened(&self.file), Some(Mishap::KilledBefore | Mishap::KilledAfter))
    }

    pub fn is_paused(&self, step: u64) -> bool {
        step < self.paused_until_step
    }

    #[must_use]
    pub fn clock(&self, now: Now) -> Now {
        Now { utc: now.utc.plus(self.skew_ms), mono: MonoMs(now.mono.0 + self.mono_zero_ms) }
    }

    pub fn crash(&mut self, back_at_step: u64) {
        self.store = None;
        self.back_at_step = back_at_step;
        mishap::reopened(&self.file);
    }

    /// # Errors
    /// When the files cannot be copied.
    pub fn lose_power(&mut self, fate: &Fate, now: Now) -> Result<()> {
        let dice = fate.dice("torn", 0);
        self.store = None;
        self.go_on_with(&self.file.clone())?;
        self.mono_zero_ms = dice.between(0, 60_000) - now.mono.0;
        disk::tear(&self.file, &dice)
    }

    /// Without a goodbye.
    pub(super) fn stop(&mut self) {
        self.store = None;
    }

    /// A name that no file has yet.
    pub(super) fn next_file(&mut self) -> PathBuf {
        self.files += 1;
        disk::beside(&self.file, self.files)
    }

    pub(super) fn go_on_with(&mut self, copy: &Path) -> Result<()> {
        let file = self.next_file();
        disk::copy(copy, &file)?;
        mishap::reopened(&self.file);
        self.file = file;
        Ok(())
    }

    /// None when what failed did so by a mishap that chance planned.
    ///
    /// # Errors
    /// The failure, when it had no such reason.
    pub fn excuse<T>(&self, done: Result<T, impl Into<Error>>, fate: &Fate) -> Result<Option<T>> {
        let error = match done {
            Ok(done) => return Ok(Some(done)),
            Err(error) => error.into(),
        };
        let mishap = match mishap::happened(&self.file) {
            None => return Err(error),
            Some(Mishap::DiskFull) if !format!("{error:#}").contains("disk") => return Err(error),
            Some(mishap) => mishap,
        };
        if mishap == Mishap::CommitFails {
            mishap::over(&self.file);
        }
        fate.say(format_args!("central: {mishap:?}: {error:#}"));
        Ok(None)
    }

    /// It thinks again: what was not heard while it looked away for long proves nothing.
    pub const fn note_thought(&mut self, at_ms: i64) {
        if at_ms - self.thought_at_ms > LOOKED_AWAY_MS {
            self.listens_since_ms = at_ms;
        }
        self.thought_at_ms = at_ms;
    }

    pub fn heard(&self, store: &StoreId) -> Heard {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).get(store).copied().unwrap_or_default()
    }

    fn note_heard(&self, store: &StoreId, at_ms: i64, synced: bool) {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let heard = heard.entry(store.clone()).or_default();
        heard.at_ms = Some(at_ms);
        if synced {
            heard.synced_at_ms = Some(at_ms);
        }
    }

    /// What comes in on the wire, and the bytes that go back. None while central does not answer.
    ///
    /// # Errors
    /// When central fails.
    pub async fn sync(
        &self,
        from: &ReplicaIdentity,
        bytes: &[u8],
        fate: &Fate,
        now: Now,
    ) -> Result<Option<Vec<u8>>> {
        let Some(store) = self.store().filter(|_| !self.is_paused(fate.step())) else { return Ok(None) };
        let request = SyncRequest::decode(bytes)?;
        let done = exchange(store, &self.watch, &self.pokes, (from, None), &request, self.clock(now)).await;
        let Some(exchanged) = self.excuse(done, fate)? else { return Ok(None) };
        // Who does not speak for its replica says nothing of the store.
        let response = exchanged.response;
        if response.quarantined.is_none() && response.superseded.is_none() {
            self.note_heard(&from.store, now.mono.0, true);
        }
        Ok(Some(response.encode()?))
    }

    /// Whether it was believed.
    ///
    /// # Errors
    /// When central fails.
    pub async fn hear(
        &self,
        topic: &str,
        from: &ReplicaIdentity,
        payload: &[u8],
        fate: &Fate,
        now: Now,
    ) -> Result<bool> {
        let Some(store) = self.store().filter(|_| !self.is_paused(fate.step())) else { return Ok(false) };
        let heard = hear(store, &self.watch, topic, Some(from), payload, self.clock(now)).await;
        let taken = self.excuse(heard, fate)? == Some(Outcome::Heard(Word::Taken));
        if taken {
            self.note_heard(&from.store, now.mono.0, false);
        }
        Ok(taken)
    }

    pub fn decision_id(&self, now: Now) -> DecisionId {
        let n = self.decisions.fetch_add(1, Ordering::Relaxed);
        let number = format!("d-{}-{n}", now.mono.0.unsigned_abs());
        DecisionId::new(number).unwrap_or_else(|bad| unreachable!("{bad}"))
    }
}
