//! The nodes that can fulfil: stores and distribution centres, where they are and what they can.

use holdfast_shared::domain::task::{FulfilmentKind, ReleasePoint};
use holdfast_shared::ids::{Actor, RegionId, StoreId, TenantId};
use holdfast_shared::money::Money;
use holdfast_shared::time::UtcMs;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

mod terms;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StoreKind {
    Store,
    DistributionCentre,
}

impl StoreKind {
    pub const ALL: [Self; 2] = [Self::Store, Self::DistributionCentre];

    /// The word for it in APIs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::DistributionCentre => "distribution_centre",
        }
    }

    /// How far away the customer is refuses no node of this kind: a carrier takes the parcels of a
    /// centre anywhere, and its own people deliver as far as any.
    #[must_use]
    pub const fn reaches_everywhere(self, kind: FulfilmentKind) -> bool {
        match (self, kind) {
            (Self::Store, _) | (Self::DistributionCentre, FulfilmentKind::Delivery) => false,
            (Self::DistributionCentre, FulfilmentKind::Ship | FulfilmentKind::Pickup) => true,
        }
    }
}

/// What some goods ask of whoever keeps, picks and hands them over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Handling {
    Cold,
    Hazmat,
    Oversize,
    AgeCheck,
}

impl Handling {
    pub const ALL: [Self; 4] = [Self::Cold, Self::Hazmat, Self::Oversize, Self::AgeCheck];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cold => "cold",
            Self::Hazmat => "hazmat",
            Self::Oversize => "oversize",
            Self::AgeCheck => "age_check",
        }
    }
}

/// What a node's work on one parcel costs the company.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandlingCost {
    pub per_parcel: Money,
    pub per_unit: Money,
}

/// A point on the globe, in degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Place {
    pub latitude: f64,
    pub longitude: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// Open from `opens` to `closes`, minutes after local midnight. Past 1440 runs into the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpeningHours {
    pub day: Weekday,
    pub opens_minute: u16,
    pub closes_minute: u16,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Store {
    pub store: StoreId,
    pub name: String,
    pub kind: StoreKind,
    pub place: Place,
    /// IANA name, like Europe/London.
    #[schema(example = "Europe/London")]
    pub zone: String,
    /// Empty means always open.
    #[serde(default)]
    pub hours: Vec<OpeningHours>,
    pub fulfils: BTreeSet<FulfilmentKind>,
    /// Open tasks that the store can work on at once.
    #[schema(example = 40)]
    pub capacity_tasks: u32,
    /// Units of each SKU that online orders never touch.
    #[serde(default)]
    pub buffer_units: i64,
    #[serde(default = "at_packing")]
    pub release_point: ReleasePoint,
    /// Goods that ask for something which is not named here are not sent from here.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub handles: BTreeSet<Handling>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handling_cost: Option<HandlingCost>,
    /// What the company keeps of a sale from here, in thousandths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 420)]
    pub margin_permille: Option<u16>,
    /// How far its own people deliver; unset: as far as the rung reaches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 8.0)]
    pub delivers_km: Option<f64>,
    /// What a policy says of this region holds here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<RegionId>,
}

/// All of the usual staff.
pub const AS_USUAL_PERMILLE: u16 = 1000;

const fn at_packing() -> ReleasePoint {
    ReleasePoint::Packed
}

/// A store of a tenant, with what central keeps beside its description.
#[derive(Debug, Clone, PartialEq)]
pub struct StoreRecord {
    pub tenant: TenantId,
    pub store: Store,
    pub enrolled_replicas: u32,
    pub open_tasks: u32,
    /// The last sync of any of its replicas, by central's wall clock at the time.
    pub synced_at: Option<UtcMs>,
    pub closures: Vec<Closure>,
    pub arranged: Arranged,
    /// The newest hours of its work, in no order that matters.
    pub work: Vec<HourOfWork>,
    /// Central was restored, and this store has not told yet what it did before.
    pub recovering: bool,
}

/// What people arrange for a store beside its description, and change more often.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Arranged {
    /// Days whose hours are not those of the week.
    pub dated_hours: Vec<DatedHours>,
    /// Tasks that it may be given in one hour of the clock; absent: as many as it can have open.
    pub tasks_per_hour: Option<u32>,
    pub staffing: Option<Staffing>,
    /// Closures with a beginning and an end ahead, like maintenance.
    pub planned: Vec<PlannedClosure>,
}

/// A day of the calendar whose hours replace those of its weekday.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DatedHours {
    /// On the store's own calendar.
    #[schema(value_type = String, format = Date, example = "2026-12-24")]
    pub date: Date,
    /// Empty: closed all day.
    #[serde(default)]
    pub spans: Vec<Span>,
    /// Like the name of the holiday.
    #[serde(default)]
    pub why: Option<String>,
}

/// Minutes after local midnight. Past 1440 runs into the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Span {
    pub opens_minute: u16,
    pub closes_minute: u16,
}

/// How many of the usual staff are there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Staffing {
    /// 1000 is as usual; the capacity shrinks and grows with it.
    pub permille: u16,
    /// Absent: until it is said anew.
    pub until: Option<UtcMs>,
    pub author: Actor,
}

/// A closure that begins and ends by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlannedClosure {
    /// Names it among those of its store.
    pub number: u32,
    pub hard: bool,
    pub cause: ClosureCause,
    pub author: Actor,
    pub from: UtcMs,
    pub until: UtcMs,
}

impl PlannedClosure {
    #[must_use]
    pub fn in_force(&self, now: UtcMs) -> bool {
        self.from <= now && now < self.until
    }
}

/// What became of a store's tasks within one hour of central's wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HourOfWork {
    /// Counted from 1970.
    pub hour: i64,
    pub given: u32,
    pub accepted: u32,
    /// From offer to acceptance, of all of them together.
    pub accept_ms: i64,
    pub declined: u32,
    pub picked_units: i64,
    pub short_units: i64,
}

const HOUR_MS: i64 = 60 * 60 * 1000;

/// The hour of the clock that this moment is in.
#[must_use]
pub const fn hour_of(at: UtcMs) -> i64 {
    at.0.div_euclid(HOUR_MS)
}

/// When the hour of the clock ends that this moment is in.
#[must_use]
pub const fn hour_ends(at: UtcMs) -> UtcMs {
    UtcMs(hour_of(at).saturating_add(1).saturating_mul(HOUR_MS))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClosureCause {
    Hours,
    Weather,
    Staffing,
    Outage,
    Maintenance,
    /// On purpose, to see the work move: `POST /v1/drills`.
    Drill,
}

impl ClosureCause {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hours => "hours",
            Self::Weather => "weather",
            Self::Staffing => "staffing",
            Self::Outage => "outage",
            Self::Maintenance => "maintenance",
            Self::Drill => "drill",
        }
    }
}

/// Soft: finishes its work, gets no more. Hard: all order traffic stops.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Closure {
    pub hard: bool,
    pub cause: ClosureCause,
    pub author: Actor,
    pub since: UtcMs,
    pub until: Option<UtcMs>,
    /// Raised at the store itself, and ended there.
    pub from_store: bool,
}

impl StoreRecord {
    /// Share of its usual staff that is there now.
    #[must_use]
    pub fn staffing_permille(&self, now: UtcMs) -> u16 {
        let said = self.arranged.staffing.as_ref();
        let counts = said.filter(|staffing| staffing.until.is_none_or(|until| now < until));
        counts.map_or(AS_USUAL_PERMILLE, |staffing| staffing.permille)
    }

    /// Open tasks that it can work on with the staff that is there now.
    #[must_use]
    pub fn capacity_now(&self, now: UtcMs) -> u32 {
        staffed(self.store.capacity_tasks, self.staffing_permille(now))
    }

    /// Tasks that it may be given within this hour, with the staff that is there now.
    #[must_use]
    pub fn hourly_capacity(&self, now: UtcMs) -> Option<u32> {
        self.arranged.tasks_per_hour.map(|tasks| staffed(tasks, self.staffing_permille(now)))
    }

    /// Whether a closure on record stops all order traffic now.
    #[must_use]
    pub fn closed_hard(&self, now: UtcMs) -> bool {
        self.closures.iter().any(|closure| closure.hard && closure.in_force(now))
            || self.arranged.planned.iter().any(|planned| planned.hard && planned.in_force(now))
    }
}

/// Rounded down: half a person picks nothing.
fn staffed(tasks: u32, permille: u16) -> u32 {
    let staffed = u64::from(tasks).saturating_mul(u64::from(permille)) / u64::from(AS_USUAL_PERMILLE);
    u32::try_from(staffed).unwrap_or(u32::MAX)
}

impl Closure {
    #[must_use]
    pub fn in_force(&self, now: UtcMs) -> bool {
        // Not asked: `since`. A clock that was put back would open the store.
        self.until.is_none_or(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_a_handling_that_is_not_known_is_told_those_that_are() {
        for handling in Handling::ALL {
            let name = format!("\"{}\"", handling.as_str());
            assert_eq!(serde_json::from_str::<Handling>(&name).unwrap(), handling);
        }
        let told = serde_json::from_str::<Handling>("\"frozen\"").unwrap_err().to_string();
        assert!(told.contains("frozen") && told.contains("`age_check`"), "{told}");
    }
}
