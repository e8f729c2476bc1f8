//! What moves when, how fast, in which order, and whom it is told: as data.

use crate::core::policy::Fault;
use holdfast_shared::domain::task::{FulfilmentKind, Phase};
use holdfast_shared::limits::{FAILOVER_WAIT_MS_MAX, MOVES_PER_MINUTE_MAX};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

const HOUR_MS: i64 = 3_600_000;
const MINUTE_MS: i64 = 60_000;

/// When work leaves a store that may no longer have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum When {
    AtOnce,
    /// When what the store was promised is over.
    AfterLease,
    /// When the cause has lasted this long, and the lease of begun work is over as well.
    AfterMs(i64),
    Never,
}

/// By how far the work has come. Goods that were released are never moved, whatever stands here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ByPhase {
    pub offered: When,
    pub accepted: When,
    pub picking: When,
    pub packed: When,
}

impl Default for ByPhase {
    fn default() -> Self {
        Self {
            offered: When::AtOnce,
            accepted: When::AfterLease,
            picking: When::AfterLease,
            packed: When::AfterLease,
        }
    }
}

/// A store that works, but not on this kind any more: it may finish what it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KindWithdrawn {
    pub offered: When,
    pub begun: When,
}

impl Default for KindWithdrawn {
    fn default() -> Self {
        Self { offered: When::AfterMs(MINUTE_MS), begun: When::Never }
    }
}

/// A store that works, and whose stock central does not know any more: what it would offer may be sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StaleStock {
    /// Facts have waited there for so long.
    pub after_ms: i64,
    pub offered: When,
    pub begun: When,
}

impl Default for StaleStock {
    fn default() -> Self {
        Self { after_ms: 10 * MINUTE_MS, offered: When::AtOnce, begun: When::Never }
    }
}

/// What becomes of a parcel for which no label can be had, or which the carrier does not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LabelFailed {
    /// Whether another service of the carriers takes it, if it is there in time.
    pub another_service: bool,
    /// When the work leaves, where no service keeps the promise. The store itself cannot go on, so no
    /// lease is waited for.
    pub unreleased: When,
}

impl Default for LabelFailed {
    fn default() -> Self {
        Self { another_service: true, unreleased: When::AtOnce }
    }
}

/// How much moves at the most: a large dark store does not flood its neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pace {
    pub moves_per_minute: u32,
    pub moves_per_store_per_minute: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self { moves_per_minute: 600, moves_per_store_per_minute: 120 }
    }
}

/// Which of the work that may leave goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum First {
    /// Then the oldest.
    NearestPromise,
    Oldest,
}

/// Whether the customer hears of a move. That a promise is over is always told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TellCustomer {
    Never,
    /// When less of the promise is left than `promise_at_risk_ms`.
    AtRisk,
    Always,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FailoverPolicy {
    pub ship: ByPhase,
    pub delivery: ByPhase,
    pub kind_withdrawn: KindWithdrawn,
    pub stale_stock: StaleStock,
    pub label_failed: LabelFailed,
    pub pace: Pace,
    pub first: First,
    /// Whether the node that stood second when the work was given is asked before all others.
    pub plan_b: bool,
    pub tell_customer: TellCustomer,
    pub promise_at_risk_ms: i64,
}

impl Default for FailoverPolicy {
    fn default() -> Self {
        Self {
            ship: ByPhase::default(),
            delivery: ByPhase::default(),
            kind_withdrawn: KindWithdrawn::default(),
            stale_stock: StaleStock::default(),
            label_failed: LabelFailed::default(),
            pace: Pace::default(),
            first: First::NearestPromise,
            plan_b: true,
            tell_customer: TellCustomer::AtRisk,
            promise_at_risk_ms: 4 * HOUR_MS,
        }
    }
}

impl ByPhase {
    /// None for work that has ended.
    const fn of(&self, phase: Phase) -> Option<When> {
        match phase {
            Phase::Offered => Some(self.offered),
            Phase::Accepted => Some(self.accepted),
            Phase::Picking => Some(self.picking),
            Phase::Packed => Some(self.packed),
            Phase::HandedOver | Phase::Declined | Phase::PutBack => None,
        }
    }

    /// None for pickups, too.
    const fn when(&self, kind: FulfilmentKind, phase: Phase) -> Option<When> {
        match kind {
            FulfilmentKind::Ship | FulfilmentKind::Delivery => self.of(phase),
            FulfilmentKind::Pickup => None,
        }
    }

    fn faults(&self, at: &str, faults: &mut Vec<Fault>) {
        check(&format!("{at}.offered"), self.offered, false, faults);
        for (phase, when) in [("accepted", self.accepted), ("picking", self.picking), ("packed", self.packed)]
        {
            check(&format!("{at}.{phase}"), when, true, faults);
        }
    }
}

impl FailoverPolicy {
    /// When work of this kind leaves a store that is dark or closed hard. None for work that has
    /// ended, and for pickups, which are bound to their store.
    #[must_use]
    pub const fn when_failing(&self, kind: FulfilmentKind, phase: Phase) -> Option<When> {
        match kind {
            FulfilmentKind::Ship => self.ship.of(phase),
            FulfilmentKind::Delivery => self.delivery.of(phase),
            FulfilmentKind::Pickup => None,
        }
    }

    /// As [`Self::when_failing`], for a store that works but not on this kind.
    #[must_use]
    pub const fn when_withdrawn(&self, kind: FulfilmentKind, phase: Phase) -> Option<When> {
        either(self.kind_withdrawn.offered, self.kind_withdrawn.begun).when(kind, phase)
    }

    /// As [`Self::when_failing`], for a store whose stock is not known any more.
    #[must_use]
    pub const fn when_stale(&self, kind: FulfilmentKind, phase: Phase) -> Option<When> {
        either(self.stale_stock.offered, self.stale_stock.begun).when(kind, phase)
    }

    /// As [`Self::when_failing`], for a parcel that no carrier takes.
    #[must_use]
    pub const fn when_unlabelled(&self, kind: FulfilmentKind, phase: Phase) -> Option<When> {
        either(self.label_failed.unreleased, self.label_failed.unreleased).when(kind, phase)
    }

    /// Everything that cannot be meant.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        self.ship.faults("ship", &mut faults);
        self.delivery.faults("delivery", &mut faults);
        check("kind_withdrawn.offered", self.kind_withdrawn.offered, false, &mut faults);
        check("kind_withdrawn.begun", self.kind_withdrawn.begun, true, &mut faults);
        check("stale_stock.offered", self.stale_stock.offered, false, &mut faults);
        check("stale_stock.begun", self.stale_stock.begun, true, &mut faults);
        check("label_failed.unreleased", self.label_failed.unreleased, false, &mut faults);
        if !(1..=FAILOVER_WAIT_MS_MAX).contains(&self.stale_stock.after_ms) {
            let what = format!(
                "{} ms is not between 1 and {FAILOVER_WAIT_MS_MAX} ms, a week; to leave the work, say never",
                self.stale_stock.after_ms
            );
            faults.push(Fault::new("stale_stock.after_ms", what));
        }
        self.pace.faults(&mut faults);
        if !(0..=FAILOVER_WAIT_MS_MAX).contains(&self.promise_at_risk_ms) {
            faults.push(Fault::new("promise_at_risk_ms", out_of_range(self.promise_at_risk_ms)));
        }
        faults
    }
}

/// What is only offered, and all else.
const fn either(offered: When, begun: When) -> ByPhase {
    ByPhase { offered, accepted: begun, picking: begun, packed: begun }
}

impl Pace {
    fn faults(self, faults: &mut Vec<Fault>) {
        let rates = [
            ("pace.moves_per_minute", self.moves_per_minute),
            ("pace.moves_per_store_per_minute", self.moves_per_store_per_minute),
        ];
        for (at, rate) in rates {
            if rate == 0 {
                let what = "0 moves nothing, ever; to leave work where it is, say never for its state";
                faults.push(Fault::new(at, what));
            } else if rate > MOVES_PER_MINUTE_MAX {
                let what =
                    format!("{rate} a minute is more than {MOVES_PER_MINUTE_MAX}, which central can do");
                faults.push(Fault::new(at, what));
            }
        }
        if self.moves_per_store_per_minute > self.moves_per_minute {
            let what = format!(
                "one store may not move more ({}) than all together ({})",
                self.moves_per_store_per_minute, self.moves_per_minute
            );
            faults.push(Fault::new("pace.moves_per_store_per_minute", what));
        }
    }
}

fn check(at: &str, when: When, begun: bool, faults: &mut Vec<Fault>) {
    match when {
        When::AtOnce if begun => {
            let what = "begun work is the store's until its lease ends; say after_lease, after_ms or never";
            faults.push(Fault::new(at, what));
        }
        When::AfterMs(ms) if !(0..=FAILOVER_WAIT_MS_MAX).contains(&ms) => {
            faults.push(Fault::new(at, out_of_range(ms)));
        }
        When::AtOnce | When::AfterLease | When::AfterMs(_) | When::Never => {}
    }
}

fn out_of_range(ms: i64) -> String {
    format!("{ms} ms is not between 0 and {FAILOVER_WAIT_MS_MAX} ms, a week; to wait for ever, say never")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faulty(change: impl FnOnce(&mut FailoverPolicy)) -> Vec<String> {
        let mut policy = FailoverPolicy::default();
        change(&mut policy);
        policy.faults().into_iter().map(|fault| fault.at).collect()
    }

    #[test]
    fn what_stands_by_default_has_no_fault_and_is_the_same_as_nothing_written() {
        assert_eq!(FailoverPolicy::default().faults(), vec![]);
        assert_eq!(serde_json::from_str::<FailoverPolicy>("{}").unwrap(), FailoverPolicy::default());
    }

    #[test]
    fn a_policy_is_written_in_plain_words() {
        let text =
            r#"{ "first": "oldest", "ship": { "picking": "never", "packed": { "after_ms": 60000 } } }"#;
        let policy: FailoverPolicy = serde_json::from_str(text).unwrap();
        assert_eq!(policy.when_failing(FulfilmentKind::Ship, Phase::Picking), Some(When::Never));
        assert_eq!(policy.when_failing(FulfilmentKind::Ship, Phase::Packed), Some(When::AfterMs(60_000)));
        assert_eq!(policy.when_failing(FulfilmentKind::Ship, Phase::Offered), Some(When::AtOnce));
        assert_eq!(policy.first, First::Oldest);
        assert!(serde_json::from_str::<FailoverPolicy>(r#"{ "ship": { "pickd": "never" } }"#).is_err());
    }

    #[test]
    fn a_pickup_and_what_has_ended_have_no_time_to_leave() {
        let policy = FailoverPolicy::default();
        for phase in Phase::ALL {
            assert_eq!(policy.when_failing(FulfilmentKind::Pickup, phase), None, "{phase:?}");
            assert_eq!(policy.when_withdrawn(FulfilmentKind::Pickup, phase), None, "{phase:?}");
            assert_eq!(policy.when_stale(FulfilmentKind::Pickup, phase), None, "{phase:?}");
            assert_eq!(policy.when_unlabelled(FulfilmentKind::Pickup, phase), None, "{phase:?}");
            let ended = policy.when_failing(FulfilmentKind::Ship, phase).is_none();
            assert_eq!(ended, phase.is_final(), "{phase:?}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_found_with_its_place() {
        assert_eq!(faulty(|p| p.ship.picking = When::AtOnce), ["ship.picking"]);
        assert_eq!(faulty(|p| p.delivery.offered = When::AfterMs(-1)), ["delivery.offered"]);
        assert_eq!(faulty(|p| p.kind_withdrawn.begun = When::AtOnce), ["kind_withdrawn.begun"]);
        assert_eq!(faulty(|p| p.promise_at_risk_ms = i64::MIN), ["promise_at_risk_ms"]);
        assert_eq!(
            faulty(|p| p.pace = Pace { moves_per_minute: 0, moves_per_store_per_minute: 1 }),
            ["pace.moves_per_minute", "pace.moves_per_store_per_minute"]
        );
        assert_eq!(faulty(|p| p.pace.moves_per_minute = u32::MAX), ["pace.moves_per_minute"]);
        assert_eq!(faulty(|p| p.ship.offered = When::AtOnce), Vec::<String>::new());
        assert_eq!(faulty(|p| p.stale_stock.after_ms = 0), ["stale_stock.after_ms"]);
        assert_eq!(faulty(|p| p.stale_stock.begun = When::AtOnce), ["stale_stock.begun"]);
        assert_eq!(faulty(|p| p.label_failed.unreleased = When::AfterMs(-1)), ["label_failed.unreleased"]);
    }
}
