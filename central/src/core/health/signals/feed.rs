//! How old the oldest word about stock is that the store has and central lacks. While all is
//! synced, central's stock is as fresh as the store's, however quiet the store is. An unknown age
//! counts from the last sync, and without one from the start of the agent.

use super::{Signal, View};
use crate::core::eligibility::{Reason, Unit};
use crate::core::health::spoken;

const NAME: &str = "feed";

#[derive(Debug)]
pub(in crate::core::health) struct Feed;

impl Signal for Feed {
    fn name(&self) -> &'static str {
        NAME
    }

    fn assess(&self, view: &View<'_>) -> Option<Reason> {
        let (waiting, age_ms) = waiting(view)?;
        view.against(NAME, (age_ms, Unit::Ms), &view.policy.feed_age_ms, |limit| {
            format!(
                "{waiting} facts about it wait, the last sync was {} ago (limit {})",
                spoken(age_ms),
                spoken(limit)
            )
        })
    }

    fn speaks_in_ms(&self, view: &View<'_>) -> Option<i64> {
        let (_, age_ms) = waiting(view)?;
        view.crosses_in_ms(age_ms, &view.policy.feed_age_ms)
    }
}

/// How long ago central surely knew all that the store did. At a heartbeat that told of nothing waiting it
/// did; a store that is silent may have more to tell.
pub(super) fn level_ms_ago(view: &View<'_>) -> Option<i64> {
    let (health, now) = (view.health, view.now.mono);
    let Some(voice) = health.voice() else {
        return health.last_sync.map(|sync| health.watched_ms(sync, now));
    };
    waiting(view).map(|(_, age_ms)| age_ms).or_else(|| Some(health.watched_ms(voice.received_at, now)))
}

/// How many facts wait, and since when.
pub(in crate::core::health) fn waiting(view: &View<'_>) -> Option<(u64, i64)> {
    let vitals = view.health.vitals()?;
    if vitals.unsynced_facts == 0 {
        return None;
    }
    let now = view.now.mono;
    let reported_ms = view.health.age_ms(vitals.sync_ok_ms_ago, now)?;
    let seen_here_ms = view.health.last_sync.map(|sync| view.health.watched_ms(sync, now));
    Some((vitals.unsynced_facts, seen_here_ms.map_or(reported_ms, |seen| seen.min(reported_ms))))
}
