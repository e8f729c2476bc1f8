//! Whether central hears the store: a heartbeat or a sync. Unknown (never heard of) excludes.

use super::{Signal, View, limit_of, reason};
use crate::core::eligibility::{Reason, Standing};
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
        let silent_ms = health.silent_ms(view.now);
        let limits = view.policy.silence_ms;
        if health.last_word().is_none() {
            return Some(reason(NAME, Standing::Ineligible, never_heard(view, silent_ms)));
        }
        if let Some(graded) = view.grade(NAME, silent_ms, limits) {
            let silence = format!("no heartbeat and no sync for {}", spoken(silent_ms));
            if health.frozen {
                let words = format!("{silence}; held at last known, because many stores fell silent at once");
                return Some(reason(NAME, Standing::Suspect, words));
            }
            let limit = spoken(limit_of(limits, graded));
            return Some(reason(NAME, graded, format!("{silence} (limit {limit})")));
        }
        if let Some(gone) = health.gone() {
            let ago = spoken(view.now.since(gone.at));
            let how = if gone.planned { "said goodbye" } else { "its connection broke" };
            return Some(reason(NAME, Standing::Suspect, format!("{how} {ago} ago")));
        }
        no_heartbeat(view)
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
        None => Some(reason(NAME, Standing::Suspect, "syncs, but no heartbeat has come yet")),
        Some(voice) => {
            let age_ms = view.health.watched_ms(voice.received_at, view.now);
            (age_ms >= soft).then(|| {
                let words =
                    format!("syncs, but no heartbeat for {} (limit {})", spoken(age_ms), spoken(soft));
                reason(NAME, Standing::Suspect, words)
            })
        }
    }
}
