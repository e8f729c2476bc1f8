//! How old what central knows of a store's stock may be, for each class of SKUs that the policy names: what
//! sells fast is out sooner than what sells slowly, and the store goes on with all else. Nothing is heard
//! by class; one age is weighed against the limit of each.

use super::feed::level_ms_ago;
use super::{Signal, View, limit_of};
use crate::core::eligibility::{Reason, Standing, Unit};
use crate::core::health::policy::Limits;
use crate::core::health::spoken;
use crate::core::stock::class::SkuClass;

pub(super) const NAME: &str = "feed_of_class";

#[derive(Debug)]
pub(super) struct FeedOfClass;

impl Signal for FeedOfClass {
    fn name(&self) -> &'static str {
        NAME
    }

    /// The store itself stands as it did: there is nothing for it to prove.
    fn must_be_proven(&self) -> bool {
        false
    }

    fn assess(&self, _: &View<'_>) -> Option<Reason> {
        None
    }

    fn assess_parts(&self, view: &View<'_>) -> Vec<Reason> {
        let Some(age_ms) = level_ms_ago(view) else { return Vec::new() };
        let limits = view.policy.feed_age_ms_of.iter();
        limits.filter_map(|(class, limits)| of_class(view, class, limits, age_ms)).collect()
    }

    fn speaks_in_ms(&self, view: &View<'_>) -> Option<i64> {
        let age_ms = level_ms_ago(view)?;
        let limits = view.policy.feed_age_ms_of.values();
        limits.filter_map(|limits| view.crosses_in_ms(age_ms, limits)).min()
    }
}

fn of_class(view: &View<'_>, class: &SkuClass, limits: &Limits, age_ms: i64) -> Option<Reason> {
    let was = view.health.class_standings.get(class).copied();
    let standing = view.grade_from(was, age_ms, limits)?;
    let limit = limit_of(limits, standing);
    let kept = match standing {
        Standing::Ineligible => ", so they are not promised here",
        Standing::Suspect | Standing::Eligible => "",
    };
    let words = format!(
        "what it did with {class} SKUs is known up to {} ago (limit {}){kept}",
        spoken(age_ms),
        spoken(limit)
    );
    let reason = Reason::new(NAME, standing, words).with_values(age_ms, limit, Unit::Ms);
    Some(reason.about_only(limits.kinds.clone()).about_classes([class.clone()].into()))
}
