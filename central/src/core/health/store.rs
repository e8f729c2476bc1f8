//! What central has heard of one store, and when by its own monotonic clock.

use super::policy::HealthPolicy;
use crate::core::eligibility::Standing;
use holdfast_shared::ids::{BootId, ReplicaId};
use holdfast_shared::time::MonoMs;
use holdfast_shared::wire::signal::{Freshness, Heartbeat, Vitals};
use std::collections::BTreeMap;

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

/// How a connection ended, as the presence topic told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone {
    pub at: MonoMs,
    /// A clean goodbye, rather than the last will.
    pub planned: bool,
}

/// One replica of the store, as it speaks now.
#[derive(Debug, Clone, PartialEq)]
pub struct Voice {
    pub beat: Heartbeat,
    pub received_at: MonoMs,
    pub freshness: Option<(Freshness, MonoMs)>,
    pub gone: Option<Gone>,
    /// Boots that this one took over from, with the last sequence heard of each, newest last.
    pub former: Vec<(BootId, u64)>,
    /// The beat that was last found to drift.
    pub drifted_at: Option<(BootId, u64)>,
}

impl Voice {
    #[must_use]
    pub const fn new(beat: Heartbeat, received_at: MonoMs) -> Self {
        Self { beat, received_at, freshness: None, gone: None, former: Vec::new(), drifted_at: None }
    }
}

/// A store that was excluded, and what it has shown since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Out {
    pub since: MonoMs,
    pub good_beats: u32,
    pub synced: bool,
    pub equal: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct StoreHealth {
    pub voices: BTreeMap<ReplicaId, Voice>,
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
    /// Heartbeats in a row that drifted.
    pub drift_beats: u32,
    pub out: Option<Out>,
    /// The standing that each signal gave last, for its hysteresis.
    pub standings: BTreeMap<&'static str, Standing>,
}

impl StoreHealth {
    #[must_use]
    pub const fn new(expected: bool, now: MonoMs) -> Self {
        Self {
            voices: BTreeMap::new(),
            last_sync: None,
            silence_from: now,
            expected,
            silent_since: None,
            frozen: false,
            digest: DigestVerdict::Unknown,
            drift_beats: 0,
            out: None,
            standings: BTreeMap::new(),
        }
    }

    /// The replica that was heard last speaks for the store.
    #[must_use]
    pub fn voice(&self) -> Option<&Voice> {
        self.voices.values().max_by_key(|voice| voice.received_at)
    }

    #[must_use]
    pub fn vitals(&self) -> Option<&Vitals> {
        self.voice().map(|voice| &voice.beat.vitals)
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

    /// What a store that was out still owes before it gets work; none when it may come back.
    #[must_use]
    pub fn owes(&self, policy: &HealthPolicy) -> Option<String> {
        let out = self.out?;
        let needed = policy.good_beats_to_return;
        if out.good_beats < needed {
            return Some(format!("returning: {} of {needed} good heartbeats", out.good_beats));
        }
        if !out.synced {
            return Some(String::from("returning: has not synced since it came back"));
        }
        let unsynced = self.vitals().map_or(0, |vitals| vitals.unsynced_facts);
        if i64::try_from(unsynced).unwrap_or(i64::MAX) >= policy.unsynced_facts.soft {
            return Some(format!("returning: {unsynced} facts still to sync"));
        }
        if !out.equal {
            return Some(String::from("returning: its stock digest has not matched central's yet"));
        }
        None
    }
}
