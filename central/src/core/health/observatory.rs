//! What central sees and concludes: the health book, and the eligibility of every store as last
//! evaluated. One of it per process; every replica of central has its own.

use super::StoreKey;
use super::book::{HealthBook, Looked};
use super::by_store::Thresholds;
use super::due::Due;
use super::judge::{eligibility, judge};
use super::lease::Leases;
use super::next_due::next_due;
use super::observer_policy::ObserverPolicy;
use super::overrule::{Overrule, Overrules};
use super::peers::Peers;
use super::policy::{HealthPolicy, Limits};
use super::settle::settle;
use super::wall::WallClock;
use crate::core::eligibility::Eligibility;
use crate::core::fleet::StoreRecord;
use holdfast_shared::guard::Guard;
use holdfast_shared::ids::{BootId, TenantId};
use holdfast_shared::time::{MonoMs, Now, UtcMs};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

mod by_tenant;
mod hear;

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
    /// Stores that were judged; the others had nothing new and no threshold that fell due.
    pub judged: usize,
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
    observer: ObserverPolicy,
    thresholds: Thresholds,
    pub leases: Leases,
    current: HashMap<StoreKey, Eligibility>,
    failing: BTreeMap<StoreKey, Failing>,
    records: BTreeMap<StoreKey, StoreRecord>,
    /// Up to which change of a store storage was read.
    pub read_up_to: u64,
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
    pub peers: Peers,
    /// Their work should move away; a beat is waited for the word of other replicas.
    darkening: BTreeMap<StoreKey, MonoMs>,
    pub counts: Counts,
}

/// Messages that were not believed at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Not the JSON that the topic carries, or not a topic.
    pub unreadable: u64,
    /// Claims to be from someone else.
    pub foreign: u64,
    /// Heartbeats with a number that no machine measures; it was taken for unknown.
    pub absurd: u64,
}

/// Changes kept while the history cannot be written.
const UNRECORDED_MAX: usize = 10_000;
/// Offenders that are remembered; past this, a new one is counted and not told.
const OFFENDERS_MAX: usize = 1_000;

impl Observatory {
    /// `usual` judges the stores of tenants that have no policy of their own.
    #[must_use]
    pub fn new(usual: HealthPolicy) -> Self {
        Self { thresholds: Thresholds::new(usual), ..Self::default() }
    }

    /// After which central's own word counts as missing.
    #[must_use]
    pub const fn canary_missing_ms(&self) -> i64 {
        self.observer.canary_missing_ms
    }

    #[must_use]
    pub fn suspecting_by(self, observer: ObserverPolicy) -> Self {
        Self { observer, ..self }
    }

    #[must_use]
    pub fn eligibility(&self, key: &StoreKey) -> Option<&Eligibility> {
        self.current.get(key)
    }

    #[must_use]
    pub const fn eligibilities(&self) -> &HashMap<StoreKey, Eligibility> {
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
        self.overrules.holds(tenant, self.is_doubted())
    }

    /// By its own judgement, or by that of another replica.
    fn is_doubted(&self) -> bool {
        self.frozen() || self.peers.vetoes().is_some()
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
        self.darkening.retain(|key, _| key.tenant != *tenant);
    }

    /// Looks at the observer first, then at each store of which something changed or a threshold fell due,
    /// and remembers what it concludes. `changed` are the records that are not as they were, or new.
    pub fn evaluate(&mut self, changed: &[StoreRecord], now: Now) -> Evaluation {
        self.learn(changed, now);
        let looked = self.book.look(&self.observer, self.thresholds.usual(), now.mono);
        if looked.paused_ms.is_some() || looked.turn.is_some() {
            self.failing.clear();
            self.darkening.clear();
            self.book.touch_all();
        }
        for tenant in self.overrules.end(now.mono) {
            self.start_anew(&tenant, now.mono);
        }
        let (overrules, doubted) = (&self.overrules, self.is_doubted());
        self.book.hold(|tenant| overrules.holds(tenant, doubted));
        if self.wall.look(now) {
            self.book.touch_all();
        }
        let due: Vec<StoreKey> = self.book.due(now).cloned().collect();
        let judged = due.len();
        let mut changes: Vec<Change> =
            due.into_iter().filter_map(|key| self.evaluate_one(key, now)).collect();
        changes.sort_by(|one, other| one.key.cmp(&other.key));
        self.fail_those_waited_for(now.mono);
        self.unrecorded.extend(changes.iter().cloned());
        self.keep_the_newest();
        Evaluation { looked, changes, judged }
    }

    fn learn(&mut self, changed: &[StoreRecord], now: Now) {
        let (mut new, mut learned) = (Vec::new(), Vec::new());
        for record in changed {
            let key = key_of(record);
            match self.records.insert(key.clone(), record.clone()) {
                Some(before) if before == *record => continue,
                Some(_) => {}
                None => new.push(key.clone()),
            }
            self.book.touch(&key);
            learned.push(key);
        }
        if !new.is_empty() {
            self.begin_to_watch(new, now.mono);
        }
        // New, or described otherwise: it may lie in another region.
        for key in learned {
            self.judge_by_its_tenant(&key);
        }
    }

    fn begin_to_watch(&mut self, new: Vec<StoreKey>, now: MonoMs) {
        let last_synced = last_synced(self.records.values());
        let expected = |record: &StoreRecord| self.is_expected(record, &last_synced);
        let new: Vec<(StoreKey, bool)> = new
            .into_iter()
            .map(|key| {
                let expected = self.records.get(&key).is_some_and(expected);
                (key, expected)
            })
            .collect();
        for (key, expected) in new {
            self.book.register(&key, expected, now);
        }
    }

    /// Whether the silence of a store that was not heard of since central started is evidence: it has
    /// work, or it spoke about as long as anybody did before. What is compared are times of before, so
    /// that it does not matter for how long central was away.
    fn is_expected(&self, record: &StoreRecord, last_synced: &BTreeMap<&TenantId, UtcMs>) -> bool {
        let policy = self.thresholds.at(&record.tenant, &record.store);
        let Limits { soft, hard, .. } = policy.silence_ms;
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
        self.wall.is_new(period_ms, now) && Guard::DeadlinesWait.stands()
    }

    #[must_use]
    pub fn record(&self, key: &StoreKey) -> Option<&StoreRecord> {
        self.records.get(key)
    }

    /// The stores that have open tasks.
    pub fn at_work(&self) -> impl Iterator<Item = (&StoreKey, &StoreRecord)> {
        self.records.iter().filter(|(_, record)| record.open_tasks > 0)
    }

    /// As it stands now, ages and all; what was concluded at the last look stays.
    #[must_use]
    pub fn judged_now(&self, key: &StoreKey, now: Now) -> Option<Eligibility> {
        self.current.get(key)?;
        let (record, health) = self.records.get(key).zip(self.book.store(key))?;
        Some(eligibility(record, health, &self.policy_of(key), now))
    }

    fn fail_those_waited_for(&mut self, now: MonoMs) {
        let peers = &self.peers;
        let due = self.darkening.extract_if(.., |_, since| !peers.waits(*since, now));
        self.failing.extend(due.map(|(key, _)| (key, Failing { since: now })));
    }

    fn evaluate_one(&mut self, key: StoreKey, now: Now) -> Option<Change> {
        let health = self.book.store_mut(&key)?;
        // Heard of, and on no record yet: it is judged when it is.
        let Some(record) = self.records.get(&key) else {
            health.due = Due::NEVER;
            return None;
        };
        let policy = health.policy.clone().unwrap_or_else(|| Arc::clone(self.thresholds.usual()));
        let (after, physically_open) = judge(record, health, &policy, now);
        let settled = settle(health, &after, &policy, now.mono);
        health.due = next_due(record, health, &policy, physically_open, now);
        if settled {
            health.due.touch();
        }
        if !after.fail_over {
            self.failing.remove(&key);
            self.darkening.remove(&key);
        } else if !self.failing.contains_key(&key) {
            self.darkening.entry(key.clone()).or_insert(now.mono);
        }
        // Nearly always it stands as it did, with other ages in its words.
        if let Some(known) = self.current.get_mut(&key)
            && !after.differs_from(known)
        {
            *known = after;
            return None;
        }
        let before = self.current.insert(key.clone(), after.clone());
        Some(Change { key, at: now.utc, before, after })
    }
}

/// When each tenant's stores were heard of last.
fn last_synced<'a>(records: impl Iterator<Item = &'a StoreRecord>) -> BTreeMap<&'a TenantId, UtcMs> {
    let mut last: BTreeMap<&TenantId, UtcMs> = BTreeMap::new();
    for (tenant, at) in records.filter_map(|record| Some((&record.tenant, record.synced_at?))) {
        let newest = last.entry(tenant).or_insert(at);
        *newest = (*newest).max(at);
    }
    last
}

#[must_use]
pub fn key_of(record: &StoreRecord) -> StoreKey {
    StoreKey::new(record.tenant.clone(), record.store.store.clone())
}

#[cfg(test)]
mod tests;
