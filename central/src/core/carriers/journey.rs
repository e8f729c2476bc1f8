//! When a parcel is ready, until when it must be handed over, by when it arrives, and what it costs.

use super::calendar::{Calendar, day_of, next};
use super::no_date::NoDate;
use super::policy::{CarrierPolicy, Service};
use crate::core::fleet::Store;
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::limits::CALENDAR_DAYS_MAX;
use holdfast_shared::money::Money;
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is to be taken where. The destination has no zone of its own: its days are those of the
/// store that sends.
#[derive(Debug, Clone, Copy)]
pub struct Trip<'a> {
    pub store: &'a Store,
    pub kind: FulfilmentKind,
    pub distance_km: f64,
    pub units: i64,
    /// Tasks that the store works on first.
    pub open_tasks: u32,
}

/// The times of one parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Journey {
    /// None when the customer collects.
    #[schema(example = "standard")]
    pub service: Option<String>,
    pub ready_at: UtcMs,
    /// The last moment at which the carrier takes it. A customer who collects may come from then on.
    pub hand_over_by: UtcMs,
    /// The last moment of the day on which it arrives.
    pub arrives_by: UtcMs,
    /// Of transit.
    pub days: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Money>,
}

/// How long the store has to be open until the goods are ready.
pub(super) fn minutes_of_work(policy: &CarrierPolicy, trip: &Trip<'_>) -> u32 {
    let handling = policy.handling_at(&trip.store.store, trip.kind);
    let queued = handling.minutes_per_open_task.saturating_mul(trip.open_tasks);
    handling.minutes.saturating_add(queued)
}

/// When work that is begun now is done.
pub fn ready_at(policy: &CarrierPolicy, trip: &Trip<'_>, now: UtcMs) -> Result<UtcMs, NoDate> {
    let minutes = minutes_of_work(policy, trip);
    Calendar::of(&trip.store.zone)?.after_opening_time(&trip.store.hours, now, minutes)
}

/// The last moment at which the service takes goods that are ready then.
pub fn next_cutoff(service: &Service, zone: &str, ready_at: UtcMs) -> Result<UtcMs, NoDate> {
    let calendar = Calendar::of(zone)?;
    let mut date = calendar.date(ready_at)?;
    for _ in 0..CALENDAR_DAYS_MAX {
        if let Some(minute) = service.cutoff_on(date, day_of(date)) {
            let cutoff = calendar.end(date, minute)?;
            if cutoff >= ready_at {
                return Ok(cutoff);
            }
        }
        date = next(date)?;
    }
    Err(NoDate::NeverComes { service: service.name.clone() })
}

/// The last moment of the day on which goods arrive that are handed over then, and the days of transit.
pub fn arrival(
    service: &Service,
    zone: &str,
    distance_km: f64,
    handed_at: UtcMs,
) -> Result<(UtcMs, u16), NoDate> {
    let too_far = || NoDate::TooFar { service: service.name.clone(), distance_km };
    let days = service.band(distance_km).ok_or_else(too_far)?.days;
    let calendar = Calendar::of(zone)?;
    let mut date = calendar.date(handed_at)?;
    let mut left = days;
    for _ in 0..CALENDAR_DAYS_MAX {
        if left == 0 {
            return Ok((calendar.end_of_day(date)?, days));
        }
        date = next(date)?;
        if service.brings_on(date, day_of(date)) {
            left = left.saturating_sub(1);
        }
    }
    Err(NoDate::NeverBrings { service: service.name.clone() })
}

/// Of those that keep the promise the cheapest; when none does, or nothing is promised, the first to
/// arrive. A price that is not known counts as dearer than any that is.
#[must_use]
pub fn choose(journeys: Vec<Journey>, promise_by: Option<UtcMs>) -> Option<Journey> {
    fn of(journey: &Journey, promise_by: Option<UtcMs>) -> Rank<'_> {
        rank(journey.arrives_by, journey.cost, journey.service.as_deref(), promise_by)
    }
    journeys.into_iter().min_by(|one, other| of(one, promise_by).cmp(&of(other, promise_by)))
}

/// Less is better: in time, the price of what is, the arrival, any price, the name.
pub(super) type Rank<'a> = (bool, i64, UtcMs, i64, Option<&'a str>);

pub(super) fn rank(
    arrives_by: UtcMs,
    cost: Option<Money>,
    service: Option<&str>,
    promise_by: Option<UtcMs>,
) -> Rank<'_> {
    let late = promise_by.is_none_or(|by| arrives_by > by);
    let price = cost.map_or(i64::MAX, |cost| cost.minor);
    let price_in_time = if late { 0 } else { price };
    (late, price_in_time, arrives_by, price, service)
}

#[cfg(test)]
mod tests;
