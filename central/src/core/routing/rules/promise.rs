//! The date that the customer was promised. A node that cannot keep it is not asked.

use super::giving::units;
use super::{Ask, Rule, Seen};
use crate::core::carriers::{NoDate, Way};

#[derive(Debug)]
pub(super) struct Promise;

impl Rule for Promise {
    fn name(&self) -> &'static str {
        "promise"
    }

    fn applies(&self, ask: &Ask<'_>) -> bool {
        ask.demand.promise_by.is_some()
    }

    fn refuses(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> bool {
        let Some(by) = ask.demand.promise_by else { return false };
        match journey(ask, seen) {
            None => false,
            Some(Ok(way)) => way.arrives_by > by,
            Some(Err(_)) => true,
        }
    }

    fn words(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> String {
        let promised = ask.demand.promise_by.map(said).unwrap_or_default();
        match journey(ask, seen) {
            Some(Ok(way)) => {
                let service = ask.dates.and_then(|dates| dates.timetable.told(way).service);
                let service = service.as_deref().unwrap_or("the customer");
                format!(
                    "ready {}, {service} takes it until {}, {} days on the way, there by {}; promised by {promised}",
                    said(way.ready_at),
                    said(way.hand_over_by),
                    way.days,
                    said(way.arrives_by),
                )
            }
            Some(Err(no_date)) => format!("no date can be told: {no_date}; promised by {promised}"),
            None => format!("promised by {promised}"),
        }
    }
}

/// For what this node would give.
pub(in crate::core::routing) fn journey<'s>(
    ask: &Ask<'_>,
    seen: &'s Seen<'_>,
) -> Option<&'s Result<Way, NoDate>> {
    let asked = seen.journey.get_or_init(|| {
        let given = units(ask, seen).fold(0, i64::saturating_add);
        let of = (seen.node, seen.glance.open_tasks, seen.trade.wall);
        ask.dates?.way(ask.demand, of, seen.distance_km(), given)
    });
    asked.as_ref()
}

/// In UTC, to the minute.
fn said(at: holdfast_shared::time::UtcMs) -> String {
    let at = jiff::Timestamp::from_millisecond(at.writable().0).unwrap_or_default();
    at.strftime("%Y-%m-%d %H:%MZ").to_string()
}

#[cfg(test)]
mod tests;
