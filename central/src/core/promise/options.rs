//! From the parcels that routing would make to what the customer may choose from.

use crate::core::carriers::{CarrierPolicy, Journey, NoDate, Timetable, Trip};
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::money::Money;
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One parcel of a plan.
#[derive(Debug, Clone)]
pub struct Part<'a> {
    pub trip: Trip<'a>,
    /// Of each line in it, how likely the units are there; none when nobody can say.
    pub confidence: Vec<Option<f64>>,
}

/// What the customer may choose.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PromiseOption {
    pub kind: FulfilmentKind,
    /// None for a pickup.
    #[schema(example = "standard")]
    pub service: Option<String>,
    /// All of it is there, or ready to be collected, until then.
    pub by: UtcMs,
    /// Of all parcels together; absent when it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Money>,
    /// How likely all units are there; what nobody can say counts as told.
    #[schema(example = 0.97)]
    pub confidence: f64,
    pub parcels: u32,
}

/// One option for each service that takes every parcel, earliest first; or why there is none.
pub fn options(
    policy: &CarrierPolicy,
    kind: FulfilmentKind,
    parts: &[Part<'_>],
    now: UtcMs,
) -> Result<Vec<PromiseOption>, NoDate> {
    let timetable = Timetable::of(policy);
    let parcels = u32::try_from(parts.len()).unwrap_or(u32::MAX);
    let confidence = parts.iter().flat_map(|part| &part.confidence).flatten().product::<f64>();
    let mut ways: Option<Vec<Sum>> = None;
    for part in parts {
        let found = timetable.journeys(&part.trip, now)?;
        ways = Some(match ways {
            None => found.into_iter().map(Sum::of).collect(),
            Some(so_far) => so_far.into_iter().filter_map(|sum| sum.and(&found)).collect(),
        });
    }
    let mut options: Vec<PromiseOption> = ways
        .unwrap_or_default()
        .into_iter()
        .map(|Sum { service, by, cost }| PromiseOption { kind, service, by, cost, confidence, parcels })
        .collect();
    if options.is_empty() {
        return Err(NoDate::NoService(kind));
    }
    options.sort_by(|one, other| one.by.cmp(&other.by).then(one.service.cmp(&other.service)));
    Ok(options)
}

/// Several parcels by one service: there when the last is there.
struct Sum {
    service: Option<String>,
    by: UtcMs,
    cost: Option<Money>,
}

impl Sum {
    fn of(journey: Journey) -> Self {
        Self { service: journey.service, by: journey.arrives_by, cost: journey.cost }
    }

    fn and(self, found: &[Journey]) -> Option<Self> {
        let next = found.iter().find(|journey| journey.service == self.service)?;
        let cost = self.cost.zip(next.cost).and_then(|(one, other)| one.plus(other).ok());
        Some(Self { by: self.by.max(next.arrives_by), cost, ..self })
    }
}

#[cfg(test)]
mod tests;
