//! What central sees and concludes: the health book, and the eligibility of every store as last
//! evaluated. One of it per process; every replica of central has its own.

use super::StoreKey;
use super::book::{HealthBook, Looked};
use super::judge::{closed_hard, eligibility};
use super::lease::Leases;
use super::overrule::{Overrule, Overrules};
use super::policy::{HealthPolicy, Limits};
use super::signals::{SIGNALS, View, beat_is_good};
use super::store::{Out, StoreHealth};
use crate::core::eligibility::{Eligibility, Standing};
use crate::core::fleet::StoreRecord;
use holdfast_shared::guard::Guard;
use holdfast_shared::ids::{BootId, TenantId};
use holdfast_shared::time::{MonoMs, Now, UtcMs};
use holdfast_shared::wire::signal::Heartbeat;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A store whose eligibility changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub key: StoreKey,
    pub at: UtcMs,
    /// None at the first evaluation.
    pub before: Option<Eligibility>,
    pub after: Eligibility,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Evaluation {
    pub looked: Looked,
    pub changes: Vec<Change>,
}

/// What failover goes by for one store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failing {
    /// Its work should move away, without a break, since then.
    pub since: MonoMs,
}

#[derive(Debug, Default)]
pub struct Observatory {
    pub book: HealthBook,
    pub policy: HealthPolicy,
    pub leases: Leases,
    current: BTreeMap<StoreKey, Eligibility>,
    failing: BTreeMap<StoreKey, Failing>,
    records: BTreeMap<StoreKey, StoreRecord>,
    /// Changes that the history does not have yet.
    unrecorded: VecDeque<Change>,
    /// Exceptions whose cause is still there, by topic; settled when it is gone.
    raised: BTreeMap<&'static str, BTreeSet<(TenantId, String)>>,
    /// Senders whose bad messages were told once.
    offenders: BTreeSet<String>,
    /// Boots of boxes that are kept apart: what they signal is not how the store is.
    apart: BTreeSet<(StoreKey, BootId)>,
    wall: WallClock,
    overrules: Overrules,
    pub counts: Counts,
}

/// Messages that were not believed at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Not the JSON that the topic carries, or not a topic.
    pub unreadable: u64,
    /// Claims to be from someone else.
    pub foreign: u64,
}

/// Whether central's wall clock was put forward or back, told by the monotonic one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct WallClock {
    offset_ms: Option<i64>,
    stepped_at: MonoMs,
}

impl WallClock {
    fn look(&mut self, now: Now) {
        let offset_ms = now.utc.0.saturating_sub(now.mono.0);
        let moved_ms = self.offset_ms.map_or(i64::MAX, |before| offset_ms.saturating_sub(before));
        if moved_ms.saturating_abs() > WALL_STEP_MS {
            self.stepped_at = now.mono;
        }
        self.offset_ms = Some(offset_ms);
    }
}

/// Less than this between two looks is the slewing of a healthy clock.
const WALL_STEP_MS: i64 = 2_000;
/// Changes kept while the history cannot be written.
const UNRECORDED_MAX: usize = 10_000;
/// Offenders that are remembered; past this, a new one is counted and not told.
const OFFENDERS_MAX: usize = 1_000;

impl Observatory {
    #[must_use]
    pub fn new(policy: HealthPolicy) -> Self {
        Self { policy, ..Self::default() }
    }

    #[must_use]
    pub fn eligibility(&self, key: &StoreKey) -> Option<&Eligibility> {
        self.current.get(key)
    }

    #[must_use]
    pub const fn eligibilities(&self) -> &BTreeMap<StoreKey, Eligibility> {
        &self.current
    }

    #[must_use]
    pub const fn failing(&self) -> &BTreeMap<StoreKey, Failing> {
        &self.failing
    }

    #[must_use]
    pub const fn frozen(&self) -> bool {
        self.book.observer().is_frozen()
    }

    /// Whether nothing of this tenant moves because of silence: by the observer, or by a person.
    #[must_use]
    pub fn holds(&self, tenant: &TenantId) -> bool {
        self.overrules.holds(tenant, self.frozen())
    }

    /// What a person decided about this tenant's silence.
    #[must_use]
    pub fn overruled(&self, tenant: &TenantId) -> Option<&Overrule> {
        self.overrules.of(tenant)
    }

    /// Ends a person's hold before its time; whether there was one. Silence starts anew with it.
    pub fn lift_hold(&mut self, tenant: &TenantId, now: MonoMs) -> bool {
        let lifted = self.overrules.lift(tenant);
        if lifted {
            self.start_anew(tenant, now);
        }
        lifted
    }

    /// A person knows better; silence starts anew with it.
    pub fn overrule(&mut self, tenant: &TenantId, overrule: Overrule, now: MonoMs) {
        self.overrules.set(tenant.clone(), overrule);
        self.start_anew(tenant, now);
    }

    fn start_anew(&mut self, tenant: &TenantId, now: MonoMs) {
        self.book.start_anew_of(tenant, now);
        self.failing.retain(|key, _| key.tenant != *tenant);
    }

    /// The lease that a store is granted with its sync, and whether its length must be written down
    /// first. A store that is closed hard gets none anew, and keeps what it was promised.
    pub fn grant_lease(&mut self, key: &StoreKey, now: Now) -> (i64, bool) {
        let health = self.book.register(key, false, now.mono);
        if self.records.get(key).is_some_and(|record| closed_hard(record, health, now.utc)) {
            return (0, false);
        }
        let lease_ms = self.policy.lease_ms;
        (lease_ms, self.leases.grant(key, lease_ms, now.mono))
    }

    #[must_use]
    pub fn lease_ended(&self, key: &StoreKey, now: MonoMs) -> bool {
        self.leases.has_ended(key, self.policy.lease_ms, now)
    }

    /// A heartbeat, weighed by itself with what is known of its store.
    pub fn hear(&mut self, beat: Heartbeat, now: MonoMs) -> super::book::Heard {
        let key = StoreKey::new(beat.tenant.clone(), beat.store.clone());
        let good = self.records.get(&key).is_some_and(|record| {
            let mut alone = StoreHealth::new(false, now);
            alone.voices.insert(beat.replica.clone(), super::store::Voice::new(beat.clone(), now));
            let view = View { record, health: &alone, policy: &self.policy, physically_open: false, now };
            beat_is_good(&view)
        });
        self.book.hear(beat, good, &self.policy, now)
    }

    /// Looks at the observer first, then at each store, and remembers what it concludes.
    pub fn evaluate(&mut self, records: &[StoreRecord], now: Now) -> Evaluation {
        let known: BTreeSet<StoreKey> = records.iter().map(key_of).collect();
        self.current.retain(|key, _| known.contains(key));
        self.failing.retain(|key, _| known.contains(key));
        self.records = records.iter().map(|record| (key_of(record), record.clone())).collect();
        let last_synced = last_synced(records);
        for record in records {
            let expected = self.is_expected(record, &last_synced);
            self.book.register(&key_of(record), expected, now.mono);
        }
        let looked = self.book.look(&self.policy, now.mono);
        if looked.paused_ms.is_some() || looked.turn.is_some() {
            self.failing.clear();
        }
        for tenant in self.overrules.end(now.mono) {
            self.start_anew(&tenant, now.mono);
        }
        let (overrules, frozen) = (&self.overrules, self.book.observer().is_frozen());
        self.book.hold(|tenant| overrules.holds(tenant, frozen));
        self.wall.look(now);
        let changes: Vec<Change> =
            records.iter().filter_map(|record| self.evaluate_one(record, now)).collect();
        self.unrecorded.extend(changes.iter().cloned());
        self.keep_the_newest();
        Evaluation { looked, changes }
    }

    /// Whether the silence of a store that was not heard of since central started is evidence: it has
    /// work, or it spoke about as long as anybody did before. What is compared are times of before, so
    /// that it does not matter for how long central was away.
    fn is_expected(&self, record: &StoreRecord, last_synced: &BTreeMap<&TenantId, UtcMs>) -> bool {
        let Limits { soft, hard, .. } = self.policy.silence_ms;
        let until_the_end = last_synced
            .get(&record.tenant)
            .zip(record.synced_at)
            .is_some_and(|(last, at)| last.0.saturating_sub(at.0) < hard.unwrap_or(soft));
        record.enrolled_replicas > 0 && (record.open_tasks > 0 || until_the_end)
    }

    /// What the history should get, oldest first.
    pub fn take_unrecorded(&mut self) -> VecDeque<Change> {
        std::mem::take(&mut self.unrecorded)
    }

    /// The history could not be written: they are tried again.
    pub fn put_back(&mut self, mut changes: VecDeque<Change>) {
        changes.append(&mut self.unrecorded);
        self.unrecorded = changes;
        self.keep_the_newest();
    }

    fn keep_the_newest(&mut self) {
        let over = self.unrecorded.len().saturating_sub(UNRECORDED_MAX);
        self.unrecorded.drain(..over);
    }

    /// The exceptions of a topic that were raised, and whose cause was there at the last look.
    #[must_use]
    pub fn standing_exceptions(&self, topic: &'static str) -> BTreeSet<(TenantId, String)> {
        self.raised.get(topic).cloned().unwrap_or_default()
    }

    pub fn note_raised(&mut self, topic: &'static str, exception: (TenantId, String)) {
        self.raised.entry(topic).or_default().insert(exception);
    }

    pub fn note_settled(&mut self, topic: &'static str, exception: &(TenantId, String)) {
        if let Some(raised) = self.raised.get_mut(topic) {
            raised.remove(exception);
        }
    }

    /// Whether the signals of this boot say how its store is.
    #[must_use]
    pub fn speaks_for_its_store(&self, key: &StoreKey, boot: &BootId) -> bool {
        self.apart.is_empty() || !self.apart.contains(&(key.clone(), boot.clone()))
    }

    pub fn keep_apart(&mut self, key: &StoreKey, boot: &BootId) {
        self.apart.insert((key.clone(), boot.clone()));
    }

    /// All boots that are kept apart, as storage has them.
    pub fn know_apart(&mut self, apart: BTreeSet<(StoreKey, BootId)>) {
        self.apart = apart;
    }

    /// Whether this offender is told for the first time.
    pub fn offends_first(&mut self, offender: &str) -> bool {
        self.offenders.len() < OFFENDERS_MAX && self.offenders.insert(offender.to_owned())
    }

    /// Wall-clock deadlines wait one full period after a step of that clock or a start.
    #[must_use]
    pub fn deadlines_wait(&self, period_ms: i64, now: MonoMs) -> bool {
        let waits = self.wall.offset_ms.is_none() || now.since(self.wall.stepped_at) < period_ms;
        waits && Guard::DeadlinesWait.stands()
    }

    #[must_use]
    pub fn record(&self, key: &StoreKey) -> Option<&StoreRecord> {
        self.records.get(key)
    }

    fn evaluate_one(&mut self, record: &StoreRecord, now: Now) -> Option<Change> {
        let key = key_of(record);
        let health = self.book.register(&key, false, now.mono);
        let after = eligibility(record, health, &self.policy, now);
        settle(health, &after, &self.policy, now.mono);
        if after.fail_over {
            self.failing.entry(key.clone()).or_insert(Failing { since: now.mono });
        } else {
            self.failing.remove(&key);
        }
        let before = self.current.insert(key.clone(), after.clone());
        let changed = before.as_ref().is_none_or(|before| after.differs_from(before));
        changed.then_some(Change { key, at: now.utc, before, after })
    }
}

/// When each tenant's stores were heard of last.
fn last_synced(records: &[StoreRecord]) -> BTreeMap<&TenantId, UtcMs> {
    let mut last: BTreeMap<&TenantId, UtcMs> = BTreeMap::new();
    for (tenant, at) in records.iter().filter_map(|record| Some((&record.tenant, record.synced_at?))) {
        let newest = last.entry(tenant).or_insert(at);
        *newest = (*newest).max(at);
    }
    last
}

#[must_use]
pub fn key_of(record: &StoreRecord) -> StoreKey {
    StoreKey::new(record.tenant.clone(), record.store.store.clone())
}

/// Takes over what the evaluation says about the store's own way out and back in.
fn settle(health: &mut StoreHealth, judged: &Eligibility, policy: &HealthPolicy, now: MonoMs) {
    let mut excluded = false;
    for signal in SIGNALS {
        let worst = judged.reasons.iter().filter(|r| r.signal == signal.name()).map(|r| r.standing).max();
        match worst {
            Some(standing) => {
                excluded |= standing == Standing::Ineligible && signal.must_be_proven();
                health.standings.insert(signal.name(), standing);
            }
            None => {
                health.standings.remove(signal.name());
            }
        }
    }
    if excluded && health.last_word().is_some() {
        let since = health.out.map_or(now, |out| out.since);
        let equal = health.out.is_some_and(|out| out.equal);
        let synced = health.out.is_some_and(|out| out.synced);
        let dark = judged.fail_over && health.silent_ms(now) >= policy.silence_ms.soft;
        health.out = Some(if dark {
            Out { since, good_beats: 0, synced: false, equal: false }
        } else {
            Out { since, good_beats: health.out.map_or(0, |out| out.good_beats), synced, equal }
        });
    } else if health.owes(policy).is_none() {
        health.out = None;
    }
}

#[cfg(test)]
mod tests;
