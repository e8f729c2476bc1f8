//! The health book: every store's words as they came in. Old words are told from new ones by
//! boot and sequence, and counted rather than believed.

use super::StoreKey;
use super::canary::Canary;
use super::freeze::{Count, Observer, Turn};
use super::observer_policy::ObserverPolicy;
use super::policy::HealthPolicy;
use super::store::{BOOTS_REMEMBERED_MAX, DigestVerdict, StoreHealth, VOICES_MAX};
use super::voices::{Gone, Voice};
use holdfast_shared::guard::Guard;
use holdfast_shared::ids::{ReplicaId, TenantId};
use holdfast_shared::time::{MonoMs, Now};
use holdfast_shared::wire::signal::{Freshness, Heartbeat, Presence};
use std::collections::HashMap;
use std::sync::Arc;

/// What became of a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    Taken,
    /// Not newer than what this boot said before.
    OldSequence,
    /// From a boot that another one took over from.
    OldBoot,
    /// More replicas than one store may have.
    TooMany,
}

/// How many signals were not believed, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ignored {
    pub old_sequence: u64,
    pub old_boot: u64,
    pub too_many: u64,
}

/// What one look at the fleet found about the observer itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Looked {
    /// Central looked away for this long; silence starts anew.
    pub paused_ms: Option<i64>,
    pub turn: Option<Turn>,
}

#[derive(Debug)]
pub struct HealthBook {
    /// Looked up several times for each signal, and nobody asks in which order.
    stores: HashMap<StoreKey, StoreHealth>,
    observer: Observer,
    looked_at: Option<MonoMs>,
    ignored: Ignored,
    pub canary: Canary,
}

impl Default for HealthBook {
    fn default() -> Self {
        Self {
            stores: HashMap::new(),
            observer: Observer::Watching,
            looked_at: None,
            ignored: Ignored::default(),
            canary: Canary::default(),
        }
    }
}

impl HealthBook {
    #[must_use]
    pub fn store(&self, key: &StoreKey) -> Option<&StoreHealth> {
        self.stores.get(key)
    }

    #[must_use]
    pub const fn observer(&self) -> Observer {
        self.observer
    }

    #[must_use]
    pub const fn ignored(&self) -> Ignored {
        self.ignored
    }

    /// Knows the store from now on. `expected` counts only when it was not known before.
    pub fn register(&mut self, key: &StoreKey, expected: bool, now: MonoMs) -> &mut StoreHealth {
        self.enter(key.clone(), expected, now)
    }

    fn enter(&mut self, key: StoreKey, expected: bool, now: MonoMs) -> &mut StoreHealth {
        self.stores.entry(key).or_insert_with(|| StoreHealth::new(expected, now))
    }

    pub(super) fn store_mut(&mut self, key: &StoreKey) -> Option<&mut StoreHealth> {
        self.stores.get_mut(key)
    }

    pub fn hear(&mut self, beat: Heartbeat, good: bool, policy: &HealthPolicy, now: MonoMs) -> Heard {
        let key = StoreKey::new(beat.tenant.clone(), beat.store.clone());
        let health = self.enter(key, false, now);
        health.due.touch();
        let gap = health.voice().is_none_or(|voice| now.since(voice.received_at) > policy.silence_ms.soft);
        let heard = take_beat(health, beat, policy, now);
        if heard == Heard::Taken
            && let Some(out) = &mut health.out
        {
            let before = if gap { 0 } else { out.good_beats };
            out.good_beats = if good { before.saturating_add(1) } else { 0 };
        }
        self.count(heard)
    }

    pub fn hear_freshness(&mut self, fresh: Freshness, now: MonoMs) -> Heard {
        let key = StoreKey::new(fresh.tenant.clone(), fresh.store.clone());
        let health = self.enter(key, false, now);
        health.due.touch();
        let heard = match health.voices.get_mut(&fresh.replica) {
            Some(voice) if voice.beat.boot == fresh.boot => {
                let newer = voice.freshness.as_ref().is_none_or(|(last, _)| last.sequence < fresh.sequence);
                if newer {
                    voice.freshness = Some((fresh, now));
                    Heard::Taken
                } else {
                    Heard::OldSequence
                }
            }
            Some(_) | None => Heard::OldBoot,
        };
        self.count(heard)
    }

    /// A hint only. It is no sign of life, and it speaks for no other boot than its own.
    pub fn hear_presence(&mut self, key: &StoreKey, presence: &Presence, now: MonoMs) -> Heard {
        let health = self.register(key, false, now);
        health.due.touch();
        let heard = match health.voices.get_mut(&presence.replica) {
            Some(voice) if voice.beat.boot == presence.boot => {
                voice.gone = (!presence.online).then_some(Gone { at: now, planned: presence.planned });
                Heard::Taken
            }
            Some(_) | None => Heard::OldBoot,
        };
        self.count(heard)
    }

    /// A sync was answered: a sign of life, whatever became of MQTT.
    pub fn note_sync(&mut self, key: &StoreKey, now: MonoMs) {
        let health = self.register(key, false, now);
        health.due.touch();
        health.last_sync = Some(now);
        if let Some(out) = &mut health.out {
            out.synced = true;
        }
    }

    /// The pairs of root and stock digest that storage has of the store now, newest first.
    pub fn learn_pairs<'a>(
        &mut self,
        key: &StoreKey,
        pairs: impl Iterator<Item = (&'a str, &'a str)>,
        now: MonoMs,
    ) {
        if let Some(health) = self.stores.get_mut(key) {
            health.pairs.learn(pairs, now);
        }
    }

    /// They may have changed.
    pub fn doubt_pairs(&mut self, key: &StoreKey) {
        if let Some(health) = self.stores.get_mut(key) {
            health.pairs.doubt();
        }
    }

    /// How the newest heartbeat of a replica compared. The same beat may be compared again, when
    /// a sync brought what central lacked; it counts once.
    pub fn note_digest(&mut self, key: &StoreKey, replica: &ReplicaId, verdict: DigestVerdict) {
        let Some(health) = self.stores.get_mut(key) else { return };
        health.due.touch();
        let Some(voice) = health.voices.get_mut(replica) else { return };
        let beat = Some((voice.beat.boot.clone(), voice.beat.sequence));
        let again = voice.drifted_at == beat;
        match verdict {
            DigestVerdict::Equal => {
                health.drift_beats = 0;
                voice.drifted_at = None;
                voice.proven = Some((voice.beat.root.clone(), voice.beat.stock_digest.clone()));
            }
            DigestVerdict::Drift if again => {}
            DigestVerdict::Drift => {
                health.drift_beats = health.drift_beats.saturating_add(1);
                voice.drifted_at = beat;
            }
            DigestVerdict::Unknown => {}
        }
        if let Some(out) = &mut health.out {
            out.equal = match verdict {
                DigestVerdict::Equal => true,
                DigestVerdict::Drift => false,
                DigestVerdict::Unknown => out.equal,
            };
        }
        health.digest = verdict;
    }

    /// Time has passed. Called before every evaluation, so that a pause of central itself is
    /// noticed before anything is concluded from the silence in it.
    pub fn look(&mut self, by: &ObserverPolicy, usual: &HealthPolicy, now: MonoMs) -> Looked {
        let away_ms = self.looked_at.map_or(0, |before| now.since(before));
        self.looked_at = Some(now);
        let paused_ms = (away_ms > by.pause_ms).then_some(away_ms);
        if paused_ms.is_some() && Guard::PauseStartsAnew.stands() {
            self.start_anew(now);
        }
        let count = self.weigh(by, usual, now);
        // Most stores are heard all the same, by the second path: then the broker is dead, and central is not deaf.
        let heard = count.speaking > count.fell_silent.saturating_add(count.silent_before);
        let deaf = !heard && self.canary.is_missing(by.canary_missing_ms, now);
        let turn = self.observer.look(count, deaf, by, now);
        if let Some(Turn::Thawed { .. }) = turn {
            self.start_anew(now);
        }
        Looked { paused_ms, turn }
    }

    /// Who speaks, and who fell silent when: each by its own thresholds.
    fn weigh(&mut self, by: &ObserverPolicy, usual: &HealthPolicy, now: MonoMs) -> Count {
        let mut count = Count::default();
        for health in self.stores.values_mut() {
            let soft_ms = health.policy.as_deref().unwrap_or(usual).silence_ms.soft;
            let silent = health.silent_ms(now) >= soft_ms;
            health.silent_since = silent.then(|| health.silent_since.unwrap_or(now));
            let known_alive = health.last_word().is_some() || health.expected;
            let said_goodbye = health.gone().is_some_and(|gone| gone.planned);
            if health.is_out() || !known_alive || said_goodbye {
                continue;
            }
            match health.silent_since {
                None => count.speaking = count.speaking.saturating_add(1),
                Some(since) if now.since(since) <= by.freeze_window_ms => {
                    count.fell_silent = count.fell_silent.saturating_add(1);
                }
                Some(_) => count.silent_before = count.silent_before.saturating_add(1),
            }
        }
        count
    }

    /// The thresholds that judge the store from now on; whether they differ from those of before.
    pub fn judge_by(&mut self, key: &StoreKey, policy: Arc<HealthPolicy>) -> bool {
        let Some(health) = self.stores.get_mut(key) else { return false };
        let differs = health.policy.as_ref() != Some(&policy);
        if differs {
            health.policy = Some(policy);
            health.due.touch();
        }
        differs
    }

    /// Whose silence does not count now.
    pub fn hold(&mut self, held: impl Fn(&TenantId) -> bool) {
        for (key, health) in &mut self.stores {
            let frozen = held(&key.tenant);
            if health.frozen != frozen {
                health.frozen = frozen;
                health.due.touch();
            }
        }
    }

    /// The stores that are to be judged now.
    pub fn due(&self, now: Now) -> impl Iterator<Item = &StoreKey> {
        self.stores.iter().filter(move |(_, health)| health.due.is_due(now)).map(|(key, _)| key)
    }

    /// Until a threshold of some store falls due; never later than that. None when there are no stores.
    #[must_use]
    pub fn due_in_ms(&self, now: Now) -> Option<i64> {
        self.stores.values().map(|health| health.due.in_ms(now)).min()
    }

    #[must_use]
    pub const fn stores(&self) -> &HashMap<StoreKey, StoreHealth> {
        &self.stores
    }

    /// Something that all judgements look at changed.
    pub fn touch_all(&mut self) {
        self.stores.values_mut().for_each(|health| health.due.touch());
    }

    pub fn touch(&mut self, key: &StoreKey) {
        if let Some(health) = self.stores.get_mut(key) {
            health.due.touch();
        }
    }

    pub fn start_anew_of(&mut self, tenant: &TenantId, now: MonoMs) {
        for (_, health) in self.stores.iter_mut().filter(|(key, _)| key.tenant == *tenant) {
            health.silence_from = now;
            health.due.touch();
        }
    }

    fn start_anew(&mut self, now: MonoMs) {
        self.canary.start_anew(now);
        for health in self.stores.values_mut() {
            health.silence_from = now;
            health.silent_since = None;
            health.due.touch();
        }
    }

    const fn count(&mut self, heard: Heard) -> Heard {
        let ignored = &mut self.ignored;
        match heard {
            Heard::Taken => {}
            Heard::OldSequence => ignored.old_sequence = ignored.old_sequence.saturating_add(1),
            Heard::OldBoot => ignored.old_boot = ignored.old_boot.saturating_add(1),
            Heard::TooMany => ignored.too_many = ignored.too_many.saturating_add(1),
        }
        heard
    }
}

/// A boot that was never heard of is new. One that another took over from is late, unless it
/// goes on speaking after the other fell silent.
fn take_beat(health: &mut StoreHealth, beat: Heartbeat, policy: &HealthPolicy, now: MonoMs) -> Heard {
    let known = health.voices.len();
    let Some(voice) = health.voices.get_mut(&beat.replica) else {
        if known >= VOICES_MAX {
            return Heard::TooMany;
        }
        health.voices.insert(Voice::new(beat, now));
        return Heard::Taken;
    };
    if voice.beat.boot == beat.boot {
        if beat.sequence <= voice.beat.sequence {
            return Heard::OldSequence;
        }
    } else {
        if let Some(at) = voice.former.iter().position(|(boot, _)| *boot == beat.boot) {
            let last = voice.former.get(at).map_or(0, |(_, sequence)| *sequence);
            let current_speaks = now.since(voice.received_at) < policy.silence_ms.soft;
            if beat.sequence <= last || current_speaks {
                return Heard::OldBoot;
            }
            voice.former.remove(at);
        }
        voice.former.push((voice.beat.boot.clone(), voice.beat.sequence));
        if voice.former.len() > BOOTS_REMEMBERED_MAX {
            voice.former.remove(0);
        }
        voice.freshness = None;
    }
    voice.beat = beat;
    voice.received_at = now;
    voice.gone = None;
    Heard::Taken
}

#[cfg(test)]
mod tests;
