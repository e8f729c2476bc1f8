//! What people spend on exceptions, by kind and by cause, so that what comes back is seen.

use super::Category;
use super::causes::{RootCause, Team};
use serde::Serialize;
use utoipa::ToSchema;

/// Of the days that were asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct KindTrend {
    pub category: Category,
    pub owner: Team,
    pub raised: u64,
    /// As often in the same number of days before.
    pub raised_before: u64,
    /// How often the same cause was seen again while one was open.
    pub seen_again: u64,
    pub by_itself: u64,
    pub by_person: u64,
    pub open: u64,
    /// That people said they spent.
    pub minutes: u64,
    /// Of those that ended, in the middle.
    pub hours_to_end: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CauseTrend {
    pub category: Category,
    /// Absent where nobody said.
    pub root_cause: Option<RootCause>,
    pub resolved: u64,
    pub minutes: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Trend {
    #[schema(example = "2026-11-01")]
    pub from: String,
    pub to: String,
    /// The costliest first.
    pub kinds: Vec<KindTrend>,
    pub causes: Vec<CauseTrend>,
    pub minutes: u64,
    /// Of those that ended, in thousandths, that people had to end.
    pub by_person_permille: u64,
}

impl Trend {
    #[must_use]
    pub fn of(from: String, to: String, mut kinds: Vec<KindTrend>, mut causes: Vec<CauseTrend>) -> Self {
        kinds.sort_by_key(|kind| (std::cmp::Reverse((kind.minutes, kind.raised)), kind.category));
        causes.sort_by_key(|cause| (std::cmp::Reverse((cause.minutes, cause.resolved)), cause.category));
        let sum = |count: fn(&KindTrend) -> u64| kinds.iter().map(count).fold(0_u64, u64::saturating_add);
        let (by_person, by_itself) = (sum(|kind| kind.by_person), sum(|kind| kind.by_itself));
        let ended = by_person.saturating_add(by_itself).max(1);
        let by_person_permille = by_person.saturating_mul(1_000).checked_div(ended).unwrap_or_default();
        Self { from, to, minutes: sum(|kind| kind.minutes), by_person_permille, kinds, causes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(category: Category, minutes: u64, by_person: u64, by_itself: u64) -> KindTrend {
        KindTrend {
            category,
            owner: Team::Fulfilment,
            raised: 1,
            raised_before: 0,
            seen_again: 0,
            by_itself,
            by_person,
            open: 0,
            minutes,
            hours_to_end: None,
        }
    }

    #[test]
    fn the_costliest_comes_first_and_what_people_had_to_do_is_a_share() {
        let kinds = vec![kind(Category::Drift, 5, 1, 2), kind(Category::Stuck, 40, 0, 1)];
        let trend = Trend::of("a".to_owned(), "b".to_owned(), kinds, Vec::new());
        assert_eq!(trend.kinds[0].category, Category::Stuck);
        assert_eq!((trend.minutes, trend.by_person_permille), (45, 250));
    }
}
