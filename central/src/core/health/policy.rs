//! The thresholds of the signals. Data, so that a tenant can have its own.

use crate::core::policy::Fault;
use crate::core::stock::class::SkuClass;
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::limits::{FLAPS_REMEMBERED_MAX, STOCK_CLASSES_MAX, WORK_HOURS_KEPT};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A value that speaks against a store from `soft` on, and excludes it from `hard` on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub soft: i64,
    /// None: this signal alone never excludes a store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hard: Option<i64>,
    /// How far below a threshold the value must fall to leave it again, in percent of it.
    #[serde(default = "usual_slack")]
    pub slack_percent: i64,
    /// The kinds of work that it speaks against; none named: all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kinds: Option<BTreeSet<FulfilmentKind>>,
}

const fn usual_slack() -> i64 {
    10
}

impl Limits {
    const fn new(soft: i64, hard: Option<i64>) -> Self {
        Self::with_slack(soft, hard, usual_slack())
    }

    const fn with_slack(soft: i64, hard: Option<i64>, slack_percent: i64) -> Self {
        Self { soft, hard, slack_percent, kinds: None }
    }

    fn about(self, kinds: &[FulfilmentKind]) -> Self {
        Self { kinds: Some(kinds.iter().copied().collect()), ..self }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HealthPolicy {
    /// Silence: neither heartbeat nor sync. Without slack: a single word ends it.
    pub silence_ms: Limits,
    pub pos_unseen_ms: Limits,
    /// Who hands goods to people needs somebody who walks; parcels can be packed at the agent itself.
    pub handheld_unseen_ms: Limits,
    /// Age of the oldest word about stock that central has not got.
    pub feed_age_ms: Limits,
    /// How long central may not be level with the store before SKUs of a class are not promised there,
    /// while the others are. A class that is not named has no such limit.
    pub feed_age_ms_of: BTreeMap<SkuClass, Limits>,
    pub unsynced_facts: Limits,
    /// Heartbeats in a row whose stock digest differs under an equal root.
    pub drift_beats: Limits,
    pub disk_used_permille: Limits,
    /// With as much free as this, the share does not matter.
    pub disk_free_enough_bytes: u64,
    pub clock_offset_ms: Limits,
    /// Open tasks in percent of what the store can work on.
    pub capacity_percent: Limits,
    /// Tasks given within this hour, in percent of what the store takes in one.
    pub hourly_percent: Limits,
    pub temperature_c: Limits,
    /// What is gone of the battery's charge while it alone carries the machine.
    pub battery_used_percent: Limits,

    /// From offer to acceptance, on average.
    pub accept_ms: Limits,
    /// Of the tasks that were answered.
    pub declined_permille: Limits,
    /// Of the units that were looked for.
    pub short_permille: Limits,
    /// Hours of the clock that these three look back, this one among them.
    pub work_window_hours: i64,
    /// With fewer tasks than this in the window, nothing follows from how they went.
    pub work_tasks_min: u32,

    /// Good heartbeats in a row before a store that was out gets work again.
    pub good_beats_to_return: u32,
    /// A store that went out this often within the window needs twice as many, and twice again each
    /// further time.
    pub flap_times: u32,
    pub flap_window_ms: i64,
    pub flap_beats_max: u32,

    /// How long central leaves accepted, unreleased work with a store that it cannot reach.
    pub lease_ms: i64,
}

const GIGABYTE: u64 = 1_000_000_000;
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

impl Default for HealthPolicy {
    fn default() -> Self {
        use FulfilmentKind::{Delivery, Pickup};
        Self {
            silence_ms: Limits::with_slack(12_500, Some(31_000), 0),
            pos_unseen_ms: Limits::new(15 * MINUTE_MS, Some(4 * HOUR_MS)),
            handheld_unseen_ms: Limits::new(HOUR_MS, Some(4 * HOUR_MS)).about(&[Pickup, Delivery]),
            feed_age_ms: Limits::new(MINUTE_MS, Some(10 * MINUTE_MS)),
            feed_age_ms_of: BTreeMap::new(),
            unsynced_facts: Limits::new(500, Some(20_000)),
            drift_beats: Limits::with_slack(1, Some(3), 0),
            disk_used_permille: Limits::with_slack(900, Some(980), 2),
            disk_free_enough_bytes: 2 * GIGABYTE,
            clock_offset_ms: Limits::new(MINUTE_MS, None),
            capacity_percent: Limits::with_slack(90, Some(100), 0),
            hourly_percent: Limits::with_slack(90, Some(100), 0),
            temperature_c: Limits::with_slack(80, Some(95), 5),
            battery_used_percent: Limits::new(50, Some(90)),
            accept_ms: Limits::new(15 * MINUTE_MS, None),
            declined_permille: Limits::new(300, None),
            short_permille: Limits::new(150, None),
            work_window_hours: 6,
            work_tasks_min: 10,
            good_beats_to_return: 3,
            flap_times: 3,
            flap_window_ms: HOUR_MS,
            flap_beats_max: 60,
            lease_ms: 60_000,
        }
    }
}

impl HealthPolicy {
    /// Good heartbeats that a store owes which went out this often within the window.
    #[must_use]
    pub fn good_beats_owed(&self, went_out: u32) -> u32 {
        let beyond = went_out.saturating_add(1).saturating_sub(self.flap_times);
        let grown = self.good_beats_to_return.saturating_mul(2_u32.saturating_pow(beyond));
        grown.min(self.flap_beats_max.max(self.good_beats_to_return))
    }

    /// Everything that cannot be meant.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (name, limits) in self.all_limits() {
            faults.extend(limits_faults(name, limits));
        }
        faults.extend(self.class_faults());
        if self.silence_ms.hard.is_none() {
            let what = "is missing: without it no store is ever found dark, and nothing fails over";
            faults.push(Fault::new("silence_ms.hard", what));
        }
        if self.silence_ms.kinds.is_some() {
            let what = "a store that is not heard does no kind of work: leave the kinds out";
            faults.push(Fault::new("silence_ms.kinds", what));
        }
        if self.disk_used_permille.hard.unwrap_or(self.disk_used_permille.soft) > 1000 {
            faults.push(Fault::new("disk_used_permille", "no disk is fuller than 1000 permille"));
        }
        if i64::try_from(self.disk_free_enough_bytes).is_err() {
            faults.push(Fault::new("disk_free_enough_bytes", "is more than any disk has"));
        }
        let counts: [(&str, i64, i64); 6] = [
            ("good_beats_to_return", self.good_beats_to_return.into(), 1_000),
            ("flap_times", self.flap_times.into(), flaps_max()),
            ("flap_window_ms", self.flap_window_ms, 7 * 24 * HOUR_MS),
            ("flap_beats_max", self.flap_beats_max.into(), 10_000),
            ("lease_ms", self.lease_ms, 24 * HOUR_MS),
            ("work_window_hours", self.work_window_hours, WORK_HOURS_KEPT),
        ];
        faults.extend(beyond(&counts));
        faults
    }

    fn class_faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let named = self.feed_age_ms_of.len();
        if named > STOCK_CLASSES_MAX {
            let what = format!("{named} classes are named; at most {STOCK_CLASSES_MAX}");
            faults.push(Fault::new("feed_age_ms_of", what));
        }
        for (class, limits) in &self.feed_age_ms_of {
            faults.extend(class.fault().map(|what| Fault::new("feed_age_ms_of", what)));
            faults.extend(limits_faults(&format!("feed_age_ms_of.{class}"), limits));
        }
        faults
    }

    const fn all_limits(&self) -> [(&'static str, &Limits); 15] {
        [
            ("silence_ms", &self.silence_ms),
            ("pos_unseen_ms", &self.pos_unseen_ms),
            ("handheld_unseen_ms", &self.handheld_unseen_ms),
            ("feed_age_ms", &self.feed_age_ms),
            ("unsynced_facts", &self.unsynced_facts),
            ("drift_beats", &self.drift_beats),
            ("disk_used_permille", &self.disk_used_permille),
            ("clock_offset_ms", &self.clock_offset_ms),
            ("capacity_percent", &self.capacity_percent),
            ("hourly_percent", &self.hourly_percent),
            ("temperature_c", &self.temperature_c),
            ("battery_used_percent", &self.battery_used_percent),
            ("accept_ms", &self.accept_ms),
            ("declined_permille", &self.declined_permille),
            ("short_permille", &self.short_permille),
        ]
    }
}

/// Numbers that are not between 1 and the most that they may be.
pub(super) fn beyond(counts: &[(&str, i64, i64)]) -> Vec<Fault> {
    let beyond = counts.iter().filter(|(_, value, most)| !(1..=*most).contains(value));
    beyond.map(|(name, value, most)| Fault::new(*name, format!("is {value}: expected 1 to {most}"))).collect()
}

fn flaps_max() -> i64 {
    i64::try_from(FLAPS_REMEMBERED_MAX).unwrap_or(i64::MAX)
}

fn limits_faults(name: &str, limits: &Limits) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut fault = |at: &str, what: String| faults.push(Fault::new(format!("{name}.{at}"), what));
    if limits.soft < 1 {
        fault("soft", format!("is {}: expected at least 1, or every store is suspect", limits.soft));
    }
    if let Some(hard) = limits.hard.filter(|hard| *hard <= limits.soft) {
        let soft = limits.soft;
        fault("hard", format!("is {hard}: expected more than soft, which is {soft}"));
    }
    if !(0..=90).contains(&limits.slack_percent) {
        fault("slack_percent", format!("is {}: expected 0 to 90", limits.slack_percent));
    }
    if limits.kinds.as_ref().is_some_and(BTreeSet::is_empty) {
        fault("kinds", "names none: leave it out for all kinds, or name some".to_owned());
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(faults: &[Fault]) -> Vec<&str> {
        faults.iter().map(|fault| fault.at.as_str()).collect()
    }

    #[test]
    fn the_default_can_be_meant_and_survives_its_text() {
        let usual = HealthPolicy::default();
        assert_eq!(usual.faults(), vec![]);
        let text = serde_json::to_string(&usual).unwrap();
        assert_eq!(serde_json::from_str::<HealthPolicy>(&text).unwrap(), usual);
    }

    #[test]
    fn what_is_left_out_is_as_usual_and_what_is_not_known_is_refused() {
        let told: HealthPolicy =
            serde_json::from_str(r#"{"pos_unseen_ms":{"soft":5,"hard":9,"kinds":["pickup"]}}"#).unwrap();
        assert_eq!(told.pos_unseen_ms.kinds, Some([FulfilmentKind::Pickup].into()));
        assert_eq!((told.pos_unseen_ms.slack_percent, told.lease_ms), (10, 60_000));
        for bad in [
            r#"{"silence":{}}"#,
            r#"{"accept_ms":{"soft":1,"herd":2}}"#,
            r#"{"accept_ms":{"soft":1,"kinds":["air"]}}"#,
        ] {
            assert!(serde_json::from_str::<HealthPolicy>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn all_that_cannot_be_meant_is_found_at_once() {
        let mut policy = HealthPolicy::default();
        policy.silence_ms.hard = None;
        policy.pos_unseen_ms.soft = 0;
        policy.feed_age_ms.hard = Some(policy.feed_age_ms.soft);
        policy.temperature_c.slack_percent = -1;
        policy.accept_ms.kinds = Some(BTreeSet::new());
        policy.good_beats_to_return = 0;
        let hot = SkuClass::new("hot");
        policy.feed_age_ms_of.insert(hot, Limits::new(60_000, Some(5)));
        policy.disk_free_enough_bytes = u64::MAX;
        policy.work_window_hours = WORK_HOURS_KEPT + 1;
        let faults = policy.faults();
        let expected = [
            "pos_unseen_ms.soft",
            "feed_age_ms.hard",
            "temperature_c.slack_percent",
            "accept_ms.kinds",
            "feed_age_ms_of.hot.hard",
            "silence_ms.hard",
            "disk_free_enough_bytes",
            "good_beats_to_return",
            "work_window_hours",
        ];
        assert_eq!(at(&faults), expected);
        assert_eq!(faults[1].what, "is 60000: expected more than soft, which is 60000");
    }

    #[test]
    fn who_flaps_owes_more_each_time_up_to_a_limit() {
        let policy = HealthPolicy::default();
        let owed: Vec<u32> = [0, 1, 2, 3, 4, 5, 16].map(|times| policy.good_beats_owed(times)).to_vec();
        assert_eq!(owed, [3, 3, 3, 6, 12, 24, 60]);
    }
}
