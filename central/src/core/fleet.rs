//! The nodes that can fulfil: stores and distribution centres, where they are and what they can.

use holdfast_shared::domain::task::{FulfilmentKind, ReleasePoint};
use holdfast_shared::ids::{Actor, StoreId, TenantId};
use holdfast_shared::money::Money;
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StoreKind {
    Store,
    DistributionCentre,
}

impl StoreKind {
    pub const ALL: [Self; 2] = [Self::Store, Self::DistributionCentre];

    /// How far away the customer is refuses no node of this kind.
    #[must_use]
    pub const fn ships_everywhere(self) -> bool {
        match self {
            Self::Store => false,
            Self::DistributionCentre => true,
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
}

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
    /// Central was restored, and this store has not told yet what it did before.
    pub recovering: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClosureCause {
    Hours,
    Weather,
    Staffing,
    Outage,
    Maintenance,
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

impl Closure {
    #[must_use]
    pub fn in_force(&self, now: UtcMs) -> bool {
        // Not asked: `since`. A clock that was put back would open the store.
        self.until.is_none_or(|until| now < until)
    }
}
