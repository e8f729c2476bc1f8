//! The orders that another policy changes most.

use super::case::Case;
use super::number::{count, float, rounded};
use holdfast_shared::ids::{DecisionId, OrderId, StoreId};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use utoipa::ToSchema;

const DAY_MS: f64 = 86_400_000.0;

/// One order, or one decision, that came out otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Change {
    pub order: OrderId,
    pub decision: DecisionId,
    /// From whom to whom, and what that means, in a sentence.
    pub words: String,
    /// The first rung, rule or term that made the difference, where it is known.
    pub cause: String,
    /// Nodes of which nothing is kept: one of them might have been chosen.
    pub unrecorded: u32,
}

/// How much a case differs: what counts more stands first.
#[derive(Debug, PartialEq)]
struct Weight {
    placed: i64,
    promise: i64,
    parcels: i64,
    days: f64,
    km: f64,
}

impl Weight {
    fn of(candidate: &Case, reference: &Case) -> Self {
        let apart = |of: fn(&Case) -> i64| of(candidate).saturating_sub(of(reference)).saturating_abs();
        let km = |case: &Case| case.sent.iter().map(|sent| sent.km).sum::<f64>();
        Self {
            placed: apart(Case::open),
            promise: i64::from(candidate.keeps_promise() != reference.keeps_promise()),
            parcels: apart(|case| count(case.sent.len())),
            days: days(candidate, reference).map_or(0.0, f64::abs),
            km: (km(candidate) - km(reference)).abs(),
        }
    }

    fn order(&self, other: &Self) -> Ordering {
        let whole = |it: &Self| (it.placed, it.promise, it.parcels);
        let first = whole(self).cmp(&whole(other));
        first.then(self.days.total_cmp(&other.days)).then(self.km.total_cmp(&other.km))
    }
}

/// By how many days it arrives later.
fn days(candidate: &Case, reference: &Case) -> Option<f64> {
    Some(float(candidate.arrives_by()?.since(reference.arrives_by()?)) / DAY_MS)
}

/// Whether the same units come from the same stores.
#[must_use]
pub fn is_same(candidate: &Case, reference: &Case) -> bool {
    let given = |case: &Case| {
        let mut given: Vec<_> =
            case.sent.iter().map(|sent| (sent.store.clone(), sent.lines.clone())).collect();
        given.sort();
        (given, case.waits)
    };
    given(candidate) == given(reference)
}

/// Those that differ, the most changed first; how many there are in all, and as many as may be told.
#[must_use]
pub fn most_changed<'c>(
    pairs: impl IntoIterator<Item = (&'c Case, &'c Case, Option<&'c str>)>,
    told_max: usize,
) -> (usize, Vec<Change>) {
    let mut changed: Vec<(Weight, &Case, &Case, Option<&str>)> = pairs
        .into_iter()
        .filter(|(candidate, reference, _)| !is_same(candidate, reference))
        .map(|(candidate, reference, cause)| (Weight::of(candidate, reference), candidate, reference, cause))
        .collect();
    changed.sort_by(|(one, a, ..), (other, b, ..)| {
        other.order(one).then_with(|| (&a.order, &a.decision).cmp(&(&b.order, &b.decision)))
    });
    let all = changed.len();
    changed.truncate(told_max);
    let told = changed.into_iter().map(|(_, candidate, reference, cause)| Change {
        order: candidate.order.clone(),
        decision: candidate.decision.clone(),
        words: words(candidate, reference),
        cause: cause.unwrap_or("an order before it left other stock").to_owned(),
        unrecorded: candidate.unrecorded,
    });
    (all, told.collect())
}

fn words(candidate: &Case, reference: &Case) -> String {
    let mut words = format!("{} instead of {}", from(candidate), from(reference));
    match (candidate.keeps_promise(), reference.keeps_promise()) {
        (Some(true), Some(false)) => words.push_str("; the promise is kept"),
        (Some(false), Some(true)) => words.push_str("; the promise is missed"),
        (Some(_) | None, _) => {}
    }
    if let Some(days) = days(candidate, reference).map(rounded).filter(|days| *days != 0.0) {
        let how = if days > 0.0 { "later" } else { "sooner" };
        words.push_str(&format!("; {:.1} days {how}", days.abs()));
    }
    words
}

fn from(case: &Case) -> String {
    let stores: Vec<(&StoreId, f64)> = case.sent.iter().map(|sent| (&sent.store, sent.km)).collect();
    let told: Vec<String> = stores.iter().map(|(store, km)| format!("{store} ({km:.0} km)")).collect();
    match (told.is_empty(), case.waits, case.open() > 0) {
        (true, true, _) => String::from("waiting for a node"),
        (true, false, _) => String::from("nobody"),
        (false, _, true) => format!("{} and nobody for {} units", told.join(" and "), case.open()),
        (false, _, false) => told.join(" and "),
    }
}
