//! Whether central hears the store: a heartbeat or a sync. Unknown (never heard of) excludes.

use super::{Signal, View, limit_of};
use crate::core::eligibility::{Reason, Standing, Unit};
use crate::core::health::spoken;

pub(super) const NAME: &str = "uplink";

#[derive(Debug)]
pub(super) struct Uplink;

impl Signal for Uplink {
    fn name(&self) -> &'static str {
        NAME
    }

    fn assess(&self, view: &View<'_>) -> Option<Reason> {
        let health = view.health;
        let silent_ms = health.silent_ms(view.now.mono);
        let limits = &view.policy.silence_ms;
        if health.last_word().is_none() {
            return Some(Reason::new(NAME, Standing::Ineligible, never_heard(view, silent_ms)));
        }
        if let Some(graded) = view.grade(NAME, silent_ms, limits) {
            let silence = format!("no heartbeat and no sync for {}", spoken(silent_ms));
            if health.frozen {
                let words = format!("{silence}; held at last known, because many stores fell silent at once");
                let held = Reason::new(NAME, Standing::Suspect, words);
                return Some(held.with_values(silent_ms, limit_of(limits, graded), Unit::Ms));
            }
            let limit = limit_of(limits, graded);
            let words = format!("{silence} (limit {})", spoken(limit));
            return Some(Reason::new(NAME, graded, words).with_values(silent_ms, limit, Unit::Ms));
        }
        if let Some(gone) = health.gone() {
            let ago = spoken(view.now.mono.since(gone.at));
            let how = if gone.planned { "said goodbye" } else { "its connection broke" };
            return Some(Reason::new(NAME, Standing::Suspect, format!("{how} {ago} ago")));
        }
        no_heartbeat(view)
    }

    fn speaks_in_ms(&self, view: &View<'_>) -> Option<i64> {
        let (health, limits, now) = (view.health, &view.policy.silence_ms, view.now.mono);
        let beat_ms = health.voice().map(|voice| health.watched_ms(voice.received_at, now));
        let ages = [Some(health.silent_ms(now)), beat_ms];
        ages.into_iter().flatten().filter_map(|age_ms| view.crosses_in_ms(age_ms, limits)).min()
    }
}

fn never_heard(view: &View<'_>, silent_ms: i64) -> String {
    if view.record.enrolled_replicas == 0 {
        String::from("never heard of: enrol its agent")
    } else {
        format!("not heard of for the {} that central has listened", spoken(silent_ms))
    }
}

/// It syncs, but its signals do not arrive: what they would say is unknown.
fn no_heartbeat(view: &View<'_>) -> Option<Reason> {
    let soft = view.policy.silence_ms.soft;
    match view.health.voice() {
        None => Some(Reason::new(NAME, Standing::Suspect, "syncs, but no heartbeat has come yet")),
        Some(voice) => {
            let age_ms = view.health.watched_ms(voice.received_at, view.now.mono);
            (age_ms >= soft).then(|| {
                let words =
                    format!("syncs, but no heartbeat for {} (limit {})", spoken(age_ms), spoken(soft));
                Reason::new(NAME, Standing::Suspect, words).with_values(age_ms, soft, Unit::Ms)
            })
        }
    }
}
