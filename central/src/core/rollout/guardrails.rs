//! What a trial must not do, and what was measured of it.

use crate::core::shadow::gate::Shown;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Each must be set; crossing one pauses the trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Guardrails {
    /// Orders for which no node was found, in thousandths.
    pub errors_permille_max: u32,
    /// From placing an order to its first decision, on average.
    pub latency_ms_max: i64,
    /// Open exceptions of its orders.
    pub exceptions_max: u32,
    /// Orders whose decision did not hold: a store declined, ran short, or lost the work again. In thousandths.
    pub mismatch_permille_max: u32,
    /// Orders below which nothing is concluded.
    pub orders_min: u32,
}

/// What the orders of a trial were found to be like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reading {
    pub orders: u32,
    pub errors: u32,
    pub latency_ms: i64,
    pub open_exceptions: u32,
    pub mismatched: u32,
    /// The version's shadow, since the day on which the trial started.
    #[serde(default)]
    pub shadow: Shown,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Holds,
    /// Too few orders to say; in words.
    TooFew(String),
    Crossed(String),
}

/// One guardrail beside what was measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Gauge {
    /// What is measured, in words.
    #[schema(example = "orders that found no node, of 1000")]
    pub what: &'static str,
    pub now: i64,
    pub limit: i64,
    /// Whether `now` must reach the limit instead of staying below it.
    pub at_least: bool,
    pub holds: bool,
}

const ALL_PERMILLE: u32 = 1_000;

impl Guardrails {
    pub(super) fn lacking(&self) -> Option<String> {
        if self.errors_permille_max >= ALL_PERMILLE || self.mismatch_permille_max >= ALL_PERMILLE {
            return Some("a guardrail of 1000 permille or more stops nothing".to_owned());
        }
        if self.latency_ms_max <= 0 || self.orders_min == 0 {
            return Some("latency_ms_max and orders_min are above 0".to_owned());
        }
        None
    }

    /// Each guardrail with its present value. Few orders say little: the last row tells how many there are.
    #[must_use]
    pub fn gauges(&self, reading: &Reading) -> [Gauge; 5] {
        let share = |count| i64::try_from(permille(count, reading.orders)).unwrap_or(i64::MAX);
        let below =
            |what, now: i64, limit: i64| Gauge { what, now, limit, at_least: false, holds: now <= limit };
        let orders = Gauge {
            what: "orders that followed it",
            now: reading.orders.into(),
            limit: self.orders_min.into(),
            at_least: true,
            holds: reading.orders >= self.orders_min,
        };
        [
            below(
                "orders that found no node, of 1000",
                share(reading.errors),
                self.errors_permille_max.into(),
            ),
            below(
                "orders that did not stay as decided, of 1000",
                share(reading.mismatched),
                self.mismatch_permille_max.into(),
            ),
            below("milliseconds to a decision", reading.latency_ms, self.latency_ms_max),
            below("open exceptions", reading.open_exceptions.into(), self.exceptions_max.into()),
            orders,
        ]
    }

    /// Exceptions count from the first order on; shares only when there are enough orders.
    #[must_use]
    pub fn judge(&self, reading: &Reading) -> Verdict {
        if reading.open_exceptions > self.exceptions_max {
            let what =
                format!("{} open exceptions, at most {}", reading.open_exceptions, self.exceptions_max);
            return Verdict::Crossed(what);
        }
        if reading.orders < self.orders_min {
            let what =
                format!("{} orders followed it, at least {} are needed", reading.orders, self.orders_min);
            return Verdict::TooFew(what);
        }
        for (what, count, max) in [
            ("orders found no node", reading.errors, self.errors_permille_max),
            ("orders did not stay as decided", reading.mismatched, self.mismatch_permille_max),
        ] {
            let share = permille(count, reading.orders);
            if share > u64::from(max) {
                return Verdict::Crossed(format!("{share} of 1000 {what}, at most {max}"));
            }
        }
        if reading.latency_ms > self.latency_ms_max {
            let what = format!("{} ms to a decision, at most {}", reading.latency_ms, self.latency_ms_max);
            return Verdict::Crossed(what);
        }
        Verdict::Holds
    }
}

/// Rounded up: a limit of 0 allows none.
fn permille(count: u32, of: u32) -> u64 {
    (u64::from(count) * u64::from(ALL_PERMILLE)).div_ceil(u64::from(of.max(1)))
}
