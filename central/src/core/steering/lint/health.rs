//! What of the health of stores is hardly meant.

use super::{Advice, Landscape, SYNC_EVERY_MS, Weight, advice};
use crate::core::steering::Steering;
use crate::core::stock::class::SkuClass as Class;

pub(super) fn feed_of_nothing(steering: &Steering, land: &Landscape, found: &mut Vec<Advice>) {
    let named = steering.health.whole().feed_age_ms_of.keys().map(Class::as_str);
    for class in named.filter(|class| *class != Class::DEFAULT) {
        if !land.classes.iter().any(|known| known.as_str() == class) {
            found.push(advice(
                Weight::Wrong,
                format!("health.feed_age_ms_of.{class}"),
                "no article of the catalogue has this class: nothing is judged by it",
                "check its name, or take it out",
            ));
        }
    }
}

/// Between two heartbeats such a class is not promised, although the store is well.
pub(super) fn feed_too_young(steering: &Steering, _: &Landscape, found: &mut Vec<Advice>) {
    for (class, limits) in &steering.health.whole().feed_age_ms_of {
        let Some(hard_ms) = limits.hard.filter(|hard_ms| *hard_ms <= SYNC_EVERY_MS) else { continue };
        found.push(advice(
            Weight::Risk,
            format!("health.feed_age_ms_of.{class}.hard"),
            format!("{hard_ms} ms: a store speaks every {SYNC_EVERY_MS} ms, and is out for it in between"),
            format!("allow at least two of its words, {} ms", SYNC_EVERY_MS.saturating_mul(2)),
        ));
    }
}
