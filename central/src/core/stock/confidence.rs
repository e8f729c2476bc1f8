//! The probability that units are still there. Pure, and a number between 0 and 1 whatever goes in.
//!
//! Units are gone for two reasons. Some were sold since the store's last word: Poisson demand, whose
//! rate is known only as well as the sales heard of tell it, which makes the units sold negative
//! binomial. And the books may have been wrong before: with the chance that the store's record
//! gives, at least one unit was missing, and each further one is less likely than the one before
//! (geometric). `docs/confidence.md` says what this does not know.

use super::learned::{Errors, Rate, amount, days, within};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Up to so many spare units the sum is made term by term; beyond them a bound has to do.
const EXACT_UNITS_MAX: u32 = 512;

/// What the confidence in units of one position rests on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    on_hand: i64,
    reserved: i64,
    age_days: f64,
    rate: Rate,
    errors: Errors,
    /// Units that the store has ceded and no order holds: its till sells none of them.
    ceded: Option<i64>,
}

impl Evidence {
    #[must_use]
    pub fn new(on_hand: i64, reserved: i64, age_ms: i64, rate: Rate, errors: Errors) -> Self {
        let errors = Errors {
            // What cannot be judged is not believed.
            chance: within(errors.chance, 0.0, 1.0, 1.0),
            missing_units: within(errors.missing_units, 1.0, 1e6, 1e6),
        };
        Self { on_hand, reserved, age_days: days(age_ms).max(0.0), rate, errors, ceded: None }
    }

    /// The same of a SKU in escrow.
    #[must_use]
    pub const fn with_ceded(self, unheld: i64) -> Self {
        Self { ceded: Some(unheld), ..self }
    }

    #[must_use]
    pub const fn rate(&self) -> Rate {
        self.rate
    }

    #[must_use]
    pub const fn errors(&self) -> Errors {
        self.errors
    }

    /// That so many units are there beside those that orders hold.
    #[must_use]
    pub fn that_free(&self, units: i64) -> f64 {
        if units <= 0 {
            return 1.0;
        }
        let there = self.that_gone_at_most(self.on_hand.saturating_sub(self.reserved).saturating_sub(units));
        // However much the till has sold meanwhile, it was of the others. Both are never surer than the
        // truth, so the surer one counts.
        let ceded = self.ceded.map_or(0.0, |ceded| self.that_missing_at_most(ceded.saturating_sub(units)));
        there.max(ceded)
    }

    /// That the books were not wrong before by more than that, whatever was sold since.
    fn that_missing_at_most(&self, spare: i64) -> f64 {
        if spare < 0 {
            return 0.0;
        }
        let next = 1.0 - 1.0 / self.errors.missing_units;
        (1.0 - self.errors.chance * next.powf(amount(spare))).clamp(0.0, 1.0)
    }

    /// That all units that orders hold are there.
    #[must_use]
    pub fn that_reserved(&self) -> f64 {
        if self.reserved <= 0 {
            return 1.0;
        }
        self.that_gone_at_most(self.on_hand.saturating_sub(self.reserved))
    }

    /// That everything on the books is there.
    #[must_use]
    pub fn that_on_hand(&self) -> f64 {
        if self.on_hand <= 0 { 1.0 } else { self.that_gone_at_most(0) }
    }

    /// The most units, of at most so many, that are free with at least this probability.
    #[must_use]
    pub fn free_with(&self, confidence_min: f64, units: i64) -> i64 {
        if units <= 0 || self.that_free(units) >= confidence_min {
            return units.max(0);
        }
        // More units are never more likely, so that halving finds the last that is likely enough.
        let (mut can, mut cannot) = (0_i64, units);
        while cannot.saturating_sub(can) > 1 {
            let middle = can.midpoint(cannot);
            if self.that_free(middle) >= confidence_min {
                can = middle;
            } else {
                cannot = middle;
            }
        }
        can
    }

    /// That at most so many units are gone without central's knowing.
    fn that_gone_at_most(&self, spare: i64) -> f64 {
        if spare < 0 {
            return 0.0;
        }
        let exact = u32::try_from(spare).unwrap_or(u32::MAX).min(EXACT_UNITS_MAX);
        let sure = self.sum_up_to(exact);
        let known = if spare > i64::from(EXACT_UNITS_MAX) { sure.max(self.bound(spare)) } else { sure };
        known.clamp(0.0, 1.0)
    }

    /// Term by term. `sold` is that at most j units were sold; `both` that at most j were sold and
    /// missing together, where at least one is missing: either it is the last one missing, or there
    /// is another.
    fn sum_up_to(&self, spare: u32) -> f64 {
        let sales = self.rate.sales();
        let more = self.age_days / (self.rate.days() + self.age_days);
        let last = 1.0 / self.errors.missing_units;
        let mut just = (1.0 - more).powf(sales);
        let (mut sold, mut both) = (just, 0.0);
        for j in 0..spare {
            both = last * sold + (1.0 - last) * both;
            just *= (sales + f64::from(j)) / (f64::from(j) + 1.0) * more;
            sold = (sold + just).min(1.0);
        }
        (1.0 - self.errors.chance) * sold + self.errors.chance * both
    }

    /// Cantelli's inequality: never surer than the truth, whatever the tail looks like.
    fn bound(&self, spare: i64) -> f64 {
        let sold = self.rate.per_day() * self.age_days;
        let sold_varies = sold * (1.0 + self.age_days / self.rate.days());
        let Errors { chance, missing_units } = self.errors;
        let missing = chance * missing_units;
        // The second moment of a geometric count is 2 m^2 - m.
        let missing_varies = chance * (2.0 * missing_units - 1.0) * missing_units - missing * missing;
        let varies = sold_varies + missing_varies.max(0.0);
        // Between whole units: at most `spare` gone is less than one more.
        let beyond = amount(spare) + 1.0 - sold - missing;
        if beyond <= 0.0 { 0.0 } else { beyond * beyond / (varies + beyond * beyond) }
    }
}

/// A confidence in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    /// From 0.95: nineteen of twenty are there.
    High,
    /// From 0.8.
    Good,
    /// From 0.5: more often there than not.
    Doubtful,
    /// Below.
    Poor,
    /// Nothing is known.
    Unknown,
}

impl Band {
    #[must_use]
    pub fn of(confidence: Option<f64>) -> Self {
        match confidence {
            None => Self::Unknown,
            Some(sure) if sure >= 0.95 => Self::High,
            Some(sure) if sure >= 0.8 => Self::Good,
            Some(sure) if sure >= 0.5 => Self::Doubtful,
            Some(_) => Self::Poor,
        }
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Good => "good",
            Self::Doubtful => "doubtful",
            Self::Poor => "poor",
            Self::Unknown => "unknown",
        }
    }
}

#[cfg(test)]
mod tests;
