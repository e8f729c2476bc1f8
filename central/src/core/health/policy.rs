//! The thresholds of the signals. Data, so that a tenant can have its own.

/// A value that speaks against a store from `soft` on, and excludes it from `hard` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub soft: i64,
    /// None: this signal alone never excludes a store.
    pub hard: Option<i64>,
    /// How far below a threshold the value must fall to leave it again, in percent of it.
    pub slack_percent: i64,
}

impl Limits {
    const fn new(soft: i64, hard: Option<i64>) -> Self {
        Self { soft, hard, slack_percent: 10 }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthPolicy {
    /// Silence: neither heartbeat nor sync. Without slack: a single word ends it.
    pub silence_ms: Limits,
    pub pos_unseen_ms: Limits,
    pub handheld_unseen_ms: Limits,
    /// Age of the oldest word about stock that central has not got.
    pub feed_age_ms: Limits,
    pub unsynced_facts: Limits,
    /// Heartbeats in a row whose stock digest differs under an equal root.
    pub drift_beats: Limits,
    pub disk_used_permille: Limits,
    /// With as much free as this, the share does not matter.
    pub disk_free_enough_bytes: u64,
    pub clock_offset_ms: Limits,
    /// Open tasks in percent of what the store can work on.
    pub capacity_percent: Limits,
    pub temperature_c: Limits,

    /// Good heartbeats in a row before a store that was out gets work again.
    pub good_beats_to_return: u32,
    /// More than this share of the stores that were alive, and more than `freeze_stores`, silent
    /// within one window: the observer is suspected.
    pub freeze_percent: usize,
    pub freeze_stores: usize,
    pub freeze_window_ms: i64,
    /// Central looked away for longer than this: what it did not hear then proves nothing.
    pub pause_ms: i64,
    /// How long central leaves accepted, unreleased work with a store that it cannot reach.
    pub lease_ms: i64,
}

const GIGABYTE: u64 = 1_000_000_000;
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

impl Default for HealthPolicy {
    fn default() -> Self {
        Self {
            silence_ms: Limits { soft: 12_500, hard: Some(31_000), slack_percent: 0 },
            pos_unseen_ms: Limits::new(15 * MINUTE_MS, Some(4 * HOUR_MS)),
            handheld_unseen_ms: Limits::new(HOUR_MS, None),
            feed_age_ms: Limits::new(MINUTE_MS, Some(10 * MINUTE_MS)),
            unsynced_facts: Limits::new(500, Some(20_000)),
            drift_beats: Limits { soft: 1, hard: Some(3), slack_percent: 0 },
            disk_used_permille: Limits { soft: 900, hard: Some(980), slack_percent: 2 },
            disk_free_enough_bytes: 2 * GIGABYTE,
            clock_offset_ms: Limits::new(MINUTE_MS, None),
            capacity_percent: Limits { soft: 90, hard: Some(100), slack_percent: 0 },
            temperature_c: Limits { soft: 80, hard: Some(95), slack_percent: 5 },
            good_beats_to_return: 3,
            freeze_percent: 15,
            freeze_stores: 3,
            freeze_window_ms: 30_000,
            pause_ms: 10_000,
            lease_ms: 60_000,
        }
    }
}
