//! What central has heard of one store, and when by its own monotonic clock.

use super::due::Due;
use super::pairs::Pairs;
use super::policy::HealthPolicy;
use super::spoken;
use super::voices::{Gone, Voice, Voices};
use crate::core::eligibility::Standing;
use crate::core::stock::class::SkuClass;
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::limits::FLAPS_REMEMBERED_MAX;
use holdfast_shared::time::MonoMs;
use holdfast_shared::wire::signal::{PlannedNote, Vitals};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// Boots of one replica that are remembered, to tell their late beats from new ones.
pub const BOOTS_REMEMBERED_MAX: usize = 8;
/// Replicas of one store that are listened to.
pub const VOICES_MAX: usize = 16;

/// What came of comparing a heartbeat's root and stock digest with central's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DigestVerdict {
    Equal,
    /// Equal root, unequal digest.
    Drift,
    /// Central does not have this root (yet): nothing follows from it.
    Unknown,
}

/// A store that was excluded, and what it has shown since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Out {
    pub since: MonoMs,
    /// The kinds of work that it must prove itself for; none named: all.
    pub kinds: Option<BTreeSet<FulfilmentKind>>,
    pub good_beats: u32,
    pub synced: bool,
    pub equal: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct StoreHealth {
    pub voices: Voices,
    pub last_sync: Option<MonoMs>,
    /// Silence counts from here at the earliest: the start of central, of the store's record, or
    /// the end of a pause or freeze.
    pub silence_from: MonoMs,
    /// It had work or spoke before central started, so it was alive then, although not heard of since.
    pub expected: bool,
    /// When its silence was noticed; none while it speaks.
    pub silent_since: Option<MonoMs>,
    /// The observer is suspected: silence does not count.
    pub frozen: bool,
    pub digest: DigestVerdict,
    /// What central itself has had of it.
    pub pairs: Pairs,
    /// Heartbeats in a row that drifted.
    pub drift_beats: u32,
    pub out: Option<Out>,
    /// When it went out for all of its work, oldest first.
    pub went_out: VecDeque<MonoMs>,
    /// The standing that each signal gave last, for its hysteresis.
    pub standings: BTreeMap<&'static str, Standing>,
    /// The same of each class of SKUs whose feed has a limit of its own.
    pub class_standings: BTreeMap<SkuClass, Standing>,
    /// The thresholds by which it is judged; none while it is on no record: the usual ones.
    pub policy: Option<Arc<HealthPolicy>>,
    /// When it is judged again.
    pub due: Due,
}

impl StoreHealth {
    #[must_use]
    pub fn new(expected: bool, now: MonoMs) -> Self {
        Self {
            voices: Voices::default(),
            last_sync: None,
            silence_from: now,
            expected,
            silent_since: None,
            frozen: false,
            digest: DigestVerdict::Unknown,
            pairs: Pairs::default(),
            drift_beats: 0,
            out: None,
            went_out: VecDeque::new(),
            standings: BTreeMap::new(),
            class_standings: BTreeMap::new(),
            policy: None,
            due: Due::AT_ONCE,
        }
    }

    /// The replica that was heard last speaks for the store.
    #[must_use]
    pub fn voice(&self) -> Option<&Voice> {
        self.voices.iter().max_by_key(|voice| voice.received_at)
    }

    #[must_use]
    pub fn vitals(&self) -> Option<&Vitals> {
        self.voice().map(|voice| &voice.beat.vitals)
    }

    /// The closures that were planned at it, those of later and those of now.
    pub fn planned(&self) -> impl Iterator<Item = &PlannedNote> {
        self.voices.iter().flat_map(|voice| &voice.beat.vitals.planned)
    }

    /// When central last had a word of it, by heartbeat or sync.
    #[must_use]
    pub fn last_word(&self) -> Option<MonoMs> {
        self.voice().map(|voice| voice.received_at).max(self.last_sync)
    }

    /// How long it has been silent, as far as that is evidence.
    #[must_use]
    pub fn silent_ms(&self, now: MonoMs) -> i64 {
        self.watched_ms(self.last_word().unwrap_or(self.silence_from), now)
    }

    /// How long ago something was, without the time in which central did not look.
    #[must_use]
    pub fn watched_ms(&self, at: MonoMs, now: MonoMs) -> i64 {
        now.since(at.max(self.silence_from)).max(0)
    }

    /// An age that the store reported, as of now. What it has never seen is at least as old as
    /// its agent has been up: unknown is not fresh.
    #[must_use]
    pub fn age_ms(&self, reported_ms_ago: Option<i64>, now: MonoMs) -> Option<i64> {
        let voice = self.voice()?;
        let at_beat = reported_ms_ago.unwrap_or(voice.beat.uptime_ms).max(0);
        Some(at_beat.saturating_add(self.watched_ms(voice.received_at, now)))
    }

    /// The goodbye or last will that no later word of the same replica has contradicted.
    #[must_use]
    pub fn gone(&self) -> Option<Gone> {
        let voice = self.voice()?;
        voice.gone.filter(|gone| self.last_sync.is_none_or(|sync| sync <= gone.at))
    }

    /// Out for all of its work: what it says or does not say proves nothing about others.
    #[must_use]
    pub fn is_out(&self) -> bool {
        self.out.as_ref().is_some_and(|out| out.kinds.is_none())
    }

    /// It went out, after it was in.
    pub fn note_went_out(&mut self, now: MonoMs) {
        self.went_out.push_back(now);
        if self.went_out.len() > FLAPS_REMEMBERED_MAX {
            self.went_out.pop_front();
        }
    }

    /// How often it went out within the policy's window.
    #[must_use]
    pub fn flaps(&self, policy: &HealthPolicy, now: MonoMs) -> u32 {
        let lately = self.went_out.iter().filter(|at| now.since(**at) < policy.flap_window_ms);
        u32::try_from(lately.count()).unwrap_or(u32::MAX)
    }

    /// What a store that was out still owes before it gets work; none when it may come back.
    #[must_use]
    pub fn owes(&self, policy: &HealthPolicy, now: MonoMs) -> Option<Owed> {
        let out = self.out.as_ref()?;
        let flaps = self.flaps(policy, now);
        let needed = policy.good_beats_owed(flaps);
        if out.good_beats < needed {
            let mut words = format!("returning: {} of {needed} good heartbeats", out.good_beats);
            if needed > policy.good_beats_to_return {
                let window = spoken(policy.flap_window_ms);
                words.push_str(&format!(", because it went out {flaps} times within {window}"));
            }
            return Some(Owed { words, beats: Some((out.good_beats, needed)) });
        }
        if !out.synced {
            return Some(Owed::of("returning: has not synced since it came back"));
        }
        let unsynced = self.vitals().map_or(0, |vitals| vitals.unsynced_facts);
        if i64::try_from(unsynced).unwrap_or(i64::MAX) >= policy.unsynced_facts.soft {
            return Some(Owed::of(format!("returning: {unsynced} facts still to sync")));
        }
        if !out.equal {
            return Some(Owed::of("returning: its stock digest has not matched central's yet"));
        }
        None
    }
}

/// What a store that returns has not shown yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owed {
    pub words: String,
    /// Good heartbeats so far, and as many as are needed.
    pub beats: Option<(u32, u32)>,
}

impl Owed {
    fn of(words: impl Into<String>) -> Self {
        Self { words: words.into(), beats: None }
    }
}
