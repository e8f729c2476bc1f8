//! Parcels that cannot leave as they were planned: the label does not print, or the carrier refuses them.

use crate::core::carriers::{CarrierPolicy, Handling, Journey, Timetable, Trip, choose};
use crate::core::fleet::{Place, Store};
use crate::core::routing::geo::distance_km;
use holdfast_shared::domain::task::{Phase, TaskState};
use holdfast_shared::ids::{TaskId, TenantId};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// What became of such a parcel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LabelOutcome {
    /// It stays at the store, and goes by another service.
    AnotherService,
    /// Its work left the store, and is routed anew.
    Moved,
    /// The goods were released, or a policy leaves them there: a person decides.
    Person,
    /// The work had ended or left before.
    Ended,
}

impl LabelOutcome {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AnotherService => "another_service",
            Self::Moved => "moved",
            Self::Person => "person",
            Self::Ended => "ended",
        }
    }
}

/// A service that failed for a parcel, once, however often it is reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelFailure {
    pub tenant: TenantId,
    pub task: TaskId,
    /// None: which one is not known.
    pub service: Option<String>,
    pub reason: String,
    pub reported_at: UtcMs,
    /// None while it waits to be seen to.
    pub settled: Option<Settled>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    pub outcome: LabelOutcome,
    /// The service that takes it instead.
    pub next_service: Option<String>,
    /// For people.
    pub words: String,
}

impl LabelFailure {
    /// Why, as it is told in the order's timeline.
    #[must_use]
    pub fn why(&self) -> String {
        let service = self.service.as_deref().unwrap_or("the carrier");
        format!("{service} does not take it: {}", self.reason)
    }
}

/// The service that takes the parcel instead and keeps what was promised; where nothing was, whichever is
/// there first. None as well when it is not known which one failed: it might be chosen again.
#[must_use]
pub fn another_service(
    carriers: &CarrierPolicy,
    (task, store, destination): (&TaskState, &Store, Place),
    failed: &BTreeSet<Option<String>>,
    now: UtcMs,
) -> Option<Journey> {
    if failed.contains(&None) {
        return None;
    }
    let has_failed = |name: &String| failed.contains(&Some(name.clone()));
    let mut left = carriers.clone();
    left.services.retain(|service| !has_failed(&service.name));
    if task.phase == Phase::Packed {
        // The work is done: only the carrier is waited for.
        left.handling = Handling { minutes: 0, minutes_per_open_task: 0 };
        left.handling_of.clear();
    }
    let units = task.lines.iter().map(|line| line.quantity.saturating_sub(line.short));
    let trip = Trip {
        store,
        kind: task.kind,
        distance_km: distance_km(destination, store.place),
        units: units.fold(0, i64::saturating_add),
        open_tasks: 0,
    };
    let journey = choose(Timetable::of(&left).journeys(&trip, now).ok()?, task.promise_by)?;
    task.promise_by.is_none_or(|by| journey.arrives_by <= by).then_some(journey)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::test_support::{LONDON, store, task};

    /// A Monday at eight in London.
    const NOW: UtcMs = UtcMs(1_774_252_800_000);
    const DAY_MS: i64 = 86_400_000;

    fn carriers() -> CarrierPolicy {
        let text = r#"{"services": [
            {"name": "standard", "kinds": ["ship"], "transit": [{"days": 1}],
                "collections": [{"days": ["monday", "tuesday", "wednesday"], "cutoff_minute": 960}]},
            {"name": "express", "kinds": ["ship"], "transit": [{"days": 0}],
                "collections": [{"days": ["monday", "tuesday", "wednesday"], "cutoff_minute": 540}]},
            {"name": "slow", "kinds": ["ship"], "transit": [{"days": 5}], "weekends_count": true,
                "collections": [{"days": ["monday", "tuesday", "wednesday"], "cutoff_minute": 960}]}]}"#;
        serde_json::from_str(text).unwrap()
    }

    fn instead(failed: &[Option<&str>], phase: Phase, promised_in_days: Option<i64>) -> Option<String> {
        let mut task = task("leeds", phase);
        task.promise_by = promised_in_days.map(|days| NOW.plus(days * DAY_MS));
        let failed = failed.iter().map(|name| name.map(str::to_owned)).collect();
        let leeds = store("leeds");
        let journey = another_service(&carriers(), (&task, &leeds, LONDON), &failed, NOW);
        journey.and_then(|journey| journey.service)
    }

    #[test]
    fn another_service_takes_it_if_it_is_there_in_time() {
        assert_eq!(instead(&[Some("standard")], Phase::Picking, Some(2)).as_deref(), Some("express"));
        assert_eq!(instead(&[Some("standard"), Some("express")], Phase::Picking, Some(2)), None);
        assert_eq!(
            instead(&[Some("standard"), Some("express")], Phase::Picking, None).as_deref(),
            Some("slow"),
            "nothing was promised"
        );
        assert_eq!(instead(&[None], Phase::Picking, None), None, "nobody knows which one failed");
    }

    #[test]
    fn packed_goods_are_ready_at_once() {
        let mut carriers = carriers();
        carriers.handling.minutes = 120;
        let (leeds, failed) = (store("leeds"), BTreeSet::from([Some("standard".to_owned())]));
        let by = |phase| {
            let journey = another_service(&carriers, (&task("leeds", phase), &leeds, LONDON), &failed, NOW);
            journey.unwrap().hand_over_by
        };
        assert!(by(Phase::Packed) < by(Phase::Picking), "express comes at nine");
    }
}
