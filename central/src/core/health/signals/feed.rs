//! How old the oldest word about stock is that the store has and central lacks. While all is
//! synced, central's stock is as fresh as the store's, however quiet the store is. An unknown age
//! counts from the last sync, and without one from the start of the agent.

use super::{Signal, View, limit_of, reason};
use crate::core::eligibility::Reason;
use crate::core::health::spoken;

const NAME: &str = "feed";

#[derive(Debug)]
pub(super) struct Feed;

impl Signal for Feed {
    fn name(&self) -> &'static str {
        NAME
    }

    fn assess(&self, view: &View<'_>) -> Option<Reason> {
        let vitals = view.health.vitals()?;
        if vitals.unsynced_facts == 0 {
            return None;
        }
        let reported_ms = view.health.age_ms(vitals.sync_ok_ms_ago, view.now)?;
        let seen_here_ms = view.health.last_sync.map(|sync| view.health.watched_ms(sync, view.now));
        let age_ms = seen_here_ms.map_or(reported_ms, |seen| seen.min(reported_ms));
        let limits = view.policy.feed_age_ms;
        let standing = view.grade(NAME, age_ms, limits)?;
        let limit = spoken(limit_of(limits, standing));
        let words = format!(
            "{} facts about it wait, the last sync was {} ago (limit {limit})",
            vitals.unsynced_facts,
            spoken(age_ms)
        );
        Some(reason(NAME, standing, words))
    }
}
