//! What facts teach about stock: how fast a SKU sells at a store, and how often a check there found
//! units missing. Sums that fade with age, so that a store which does better is soon believed
//! again, and nothing grows with time.

use holdfast_shared::domain::stock::{Movement, StockFact};
use holdfast_shared::time::UtcMs;

/// After this long a sale counts a third. About a month: long enough for slow sellers.
pub const SALES_FADE_DAYS: f64 = 28.0;
/// After this long a check counts a third. Half a year: checks are rare.
pub const CHECKS_FADE_DAYS: f64 = 180.0;
/// Sales a day before any were heard of: about one in three weeks, known as little as after two days.
const SALES_BEFORE_ANY: f64 = 0.1;
const DAYS_BEFORE_ANY: f64 = 2.0;
/// Units that stay on the shelf behind a pick, beyond which it says nothing of them.
const BEHIND_PICK_MAX: i64 = 30;
/// One loss of a pallet says no more about the next loss than this.
const MISSING_UNITS_MAX: i64 = 100;
/// Books older than this are not counted as staler.
const BOOK_DAYS_MAX: f64 = 400.0;

/// What is thought of a store before anything was checked there: one check in twenty-five finds
/// units missing, about two of them, a month after the last count.
const WRONG_BEFORE: f64 = 1.0;
const CHECKS_BEFORE: f64 = 25.0;
const MISSING_BEFORE: f64 = 2.0;
const DAYS_BEFORE: f64 = 30.0;
/// The checks that are thought to have taught that much about days.
const DAYS_CHECKS: f64 = 5.0;
/// As many checks of a class as weigh as much as all that is known of its store.
const CLASS_CHECKS: f64 = 10.0;

/// Milliseconds as days. Finer than a second nothing here is known.
#[must_use]
pub fn days(ms: i64) -> f64 {
    let seconds = ms / 1_000;
    let bounded = i32::try_from(seconds).unwrap_or(if seconds < 0 { i32::MIN } else { i32::MAX });
    f64::from(bounded) / 86_400.0
}

/// Units as a number to reckon with. Beyond two thousand millions more makes no difference.
#[must_use]
pub fn amount(units: i64) -> f64 {
    f64::from(i32::try_from(units).unwrap_or(if units < 0 { i32::MIN } else { i32::MAX }))
}

/// Whether a fact begins to count, or does not count any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    Now,
    NoMore,
}

impl Counts {
    const fn sign(self) -> f64 {
        match self {
            Self::Now => 1.0,
            Self::NoMore => -1.0,
        }
    }
}

/// How much of a weight is left after some days. Never more than all of it.
fn left(after_days: f64, fade_days: f64) -> f64 {
    (-after_days.max(0.0) / fade_days).exp()
}

/// How fast a SKU sells, and how surely that is known: a Gamma distribution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    sales: f64,
    days: f64,
}

impl Rate {
    #[must_use]
    pub fn observed(sales: f64, days: f64) -> Self {
        Self {
            sales: SALES_BEFORE_ANY + within(sales, 0.0, 1e9, 0.0),
            days: DAYS_BEFORE_ANY + within(days, 0.0, 1e6, 0.0),
        }
    }

    /// Sales that it is known from.
    #[must_use]
    pub const fn sales(&self) -> f64 {
        self.sales
    }

    /// Days that it is known from, at least those that are thought of before any.
    #[must_use]
    pub const fn days(&self) -> f64 {
        self.days
    }

    /// Units a day, on average.
    #[must_use]
    pub fn per_day(&self) -> f64 {
        self.sales / self.days
    }
}

/// A number that is one, in its bounds.
pub(super) fn within(number: f64, least: f64, most: f64, otherwise: f64) -> f64 {
    if number.is_finite() { number.clamp(least, most) } else { otherwise }
}

/// What the facts about one SKU at one store have taught.
#[derive(Debug, Clone, PartialEq)]
pub struct Learned {
    /// Units sold at the till, faded to `as_of`.
    pub sold: f64,
    pub as_of: UtcMs,
    /// Since when sales would have been heard of.
    pub since: UtcMs,
    /// When somebody last counted it.
    pub counted_at: Option<UtcMs>,
}

impl Learned {
    #[must_use]
    pub const fn nothing_since(since: UtcMs) -> Self {
        Self { sold: 0.0, as_of: since, since, counted_at: None }
    }

    /// In whatever order facts come, the same facts teach the same, but for the last digits.
    pub fn absorb(&mut self, fact: &StockFact, at: UtcMs, counts: Counts) {
        self.since = self.since.min(at);
        match &fact.movement {
            Movement::Sale => {
                let units = amount(fact.delta.saturating_neg()) * counts.sign();
                let after = days(at.since(self.as_of));
                if after > 0.0 {
                    self.sold = self.sold * left(after, SALES_FADE_DAYS) + units;
                    self.as_of = at;
                } else {
                    self.sold += units * left(-after, SALES_FADE_DAYS);
                }
                self.sold = self.sold.max(0.0);
            }
            // When it was counted before that, nobody knows any more: it stays.
            Movement::Count { .. } => self.counted_at = self.counted_at.max(Some(at)),
            Movement::Opening
            | Movement::Return
            | Movement::BroughtBack { .. }
            | Movement::Receipt
            | Movement::Adjustment
            | Movement::TransferOut { .. }
            | Movement::TransferIn { .. }
            | Movement::HandOver { .. }
            | Movement::PutBack { .. }
            | Movement::ShortPick { .. }
            | Movement::Ceded { .. }
            | Movement::Returned { .. } => {}
        }
    }

    /// Sales a day, with how surely that is known.
    ///
    /// Faded sales over faded time are the rate; a faded sum varies like a plain one over twice the
    /// time (less while it is young), which is what the rate counts as observed.
    #[must_use]
    pub fn rate(&self, now: UtcMs) -> Rate {
        let heard_days = days(now.since(self.since)).max(0.0);
        let over = 1.0 - left(heard_days, SALES_FADE_DAYS);
        let observed = 2.0 * SALES_FADE_DAYS * over / (2.0 - over);
        let sold = self.sold * left(days(now.since(self.as_of)), SALES_FADE_DAYS);
        // `observed` over the faded time is at least 1, and 1 for whoever was heard of just now.
        let stretch = 2.0 / (2.0 - over);
        Rate::observed(sold * stretch, observed)
    }
}

/// What checks of a store's books found: counts, and picks. All sums, faded to `as_of`.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckRecord {
    pub checks: f64,
    /// Of them, how many found fewer units than the books.
    pub wrong: f64,
    pub missing_units: f64,
    /// Over all checks, the days since the SKU was last counted.
    pub days: f64,
    pub as_of: UtcMs,
}

impl Default for CheckRecord {
    fn default() -> Self {
        Self { checks: 0.0, wrong: 0.0, missing_units: 0.0, days: 0.0, as_of: UtcMs(0) }
    }
}

/// One look at a shelf: how much it says, and how many units were missing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Check {
    weight: f64,
    missing: i64,
}

impl Check {
    /// What a fact says about the books before it, which had `on_hand` units; most say nothing.
    ///
    /// A count sees the whole shelf, and so does who does not find enough. A pick that finds its
    /// units would have failed only if more were missing than stay behind it: half as likely for
    /// each unit more.
    #[must_use]
    pub fn of(fact: &StockFact, on_hand: i64) -> Option<Self> {
        let gone = fact.delta.saturating_neg();
        match &fact.movement {
            Movement::Count { .. } => Some(Self { weight: 1.0, missing: gone.max(0) }),
            Movement::ShortPick { .. } => Some(Self { weight: 1.0, missing: gone }),
            Movement::HandOver { .. } => {
                let behind = on_hand.saturating_sub(gone).clamp(0, BEHIND_PICK_MAX);
                Some(Self { weight: 0.5_f64.powf(amount(behind)), missing: 0 })
            }
            Movement::Opening
            | Movement::Sale
            | Movement::Return
            | Movement::BroughtBack { .. }
            | Movement::Receipt
            | Movement::Adjustment
            | Movement::TransferOut { .. }
            | Movement::TransferIn { .. }
            | Movement::PutBack { .. }
            | Movement::Ceded { .. }
            | Movement::Returned { .. } => None,
        }
    }
}

impl CheckRecord {
    /// `book_days`: how long before the check the SKU was counted, or first heard of.
    pub fn absorb(&mut self, check: Check, book_days: f64, at: UtcMs, counts: Counts) {
        let after = days(at.since(self.as_of));
        let weight = check.weight * counts.sign() * left(-after, CHECKS_FADE_DAYS);
        if after > 0.0 {
            self.fade_to(at);
        }
        self.checks = (self.checks + weight).max(0.0);
        self.days = (self.days + weight * book_days.clamp(0.0, BOOK_DAYS_MAX)).max(0.0);
        if check.missing > 0 {
            self.wrong = (self.wrong + weight).max(0.0);
            let units = amount(check.missing.min(MISSING_UNITS_MAX));
            self.missing_units = (self.missing_units + weight * units).max(0.0);
        }
    }

    fn fade_to(&mut self, at: UtcMs) {
        let left = left(days(at.since(self.as_of)), CHECKS_FADE_DAYS);
        self.checks *= left;
        self.wrong *= left;
        self.missing_units *= left;
        self.days *= left;
        self.as_of = at;
    }

    /// Adds another record, both as of `now`.
    pub fn join(&mut self, other: &Self, now: UtcMs) {
        let mut other = other.clone();
        other.fade_to(now);
        self.fade_to(now);
        self.checks += other.checks;
        self.wrong += other.wrong;
        self.missing_units += other.missing_units;
        self.days += other.days;
    }
}

/// How likely the books are wrong, and by how much if they are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Errors {
    /// That fewer units are there than the books say, sales apart.
    pub chance: f64,
    /// How many are missing then, on average; at least one.
    pub missing_units: f64,
}

impl Errors {
    /// A Beta prior, moved by the store's record, then by the class's record there. Errors come
    /// with time: books twice as old as usual at a check had twice the time to go wrong.
    #[must_use]
    pub fn judge(store: &CheckRecord, class: &CheckRecord, checked_ms_ago: Option<i64>, now: UtcMs) -> Self {
        let (mut store, mut class) = (store.clone(), class.clone());
        store.fade_to(now);
        class.fade_to(now);
        let of_store = (WRONG_BEFORE + store.wrong) / (CHECKS_BEFORE + store.checks);
        let usual = (CLASS_CHECKS * of_store + class.wrong) / (CLASS_CHECKS + class.checks);
        let usual_days = (DAYS_CHECKS * DAYS_BEFORE + store.days) / (DAYS_CHECKS + store.checks);
        let times = checked_ms_ago.map_or(1.0, |ms| (days(ms) / usual_days.max(1.0)).clamp(0.1, 4.0));
        // Clamped away from 1, where the logarithm ends.
        let chance = -((-usual.clamp(0.0, 0.99)).ln_1p() * times).exp_m1();
        let missing_units = (MISSING_BEFORE + store.missing_units) / (WRONG_BEFORE + store.wrong);
        Self { chance, missing_units: missing_units.max(1.0) }
    }
}

#[cfg(test)]
mod tests;
