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

/// How far anybody delivers with their own people.
const DELIVERS_KM_MAX: f64 = 2_000.0;

impl Store {
    /// What is wrong with the terms that routing weighs, before they are taken over.
    pub fn check_terms(&self) -> Result<(), String> {
        if let Some(margin) = self.margin_permille.filter(|margin| *margin > 1_000) {
            return Err(format!("margin_permille is {margin}: expected 0 to 1000, thousandths of the price"));
        }
        if let Some(km) = self.delivers_km.filter(|km| !(*km > 0.0 && *km <= DELIVERS_KM_MAX)) {
            return Err(format!(
                "delivers_km is {km}: expected more than 0 and at most {DELIVERS_KM_MAX}; a store that does not \
                 deliver leaves delivery out of fulfils"
            ));
        }
        let Some(HandlingCost { per_parcel, per_unit }) = self.handling_cost else { return Ok(()) };
        if per_parcel.minor < 0 || per_unit.minor < 0 {
            return Err(String::from("handling_cost must not be negative"));
        }
        if per_parcel.currency != per_unit.currency {
            let (one, other) = (per_parcel.currency, per_unit.currency);
            return Err(format!("handling_cost is in {one} and {other}: name both amounts in one currency"));
        }
        Ok(())
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::test_support::store;

    #[test]
    fn terms_that_cannot_be_meant_are_refused_before_they_are_stored() {
        let with = |change: fn(&mut Store)| {
            let mut store = store("leeds");
            change(&mut store);
            store.check_terms().err().unwrap_or_default()
        };
        let euros = |minor| Money { minor, currency: "EUR".parse().unwrap() };
        let mut dear = store("leeds");
        dear.handling_cost = Some(HandlingCost { per_parcel: euros(250), per_unit: euros(-1) });
        assert!(dear.check_terms().unwrap_err().contains("negative"));
        let pence = Money { minor: 5, currency: "GBP".parse().unwrap() };
        dear.handling_cost = Some(HandlingCost { per_parcel: euros(250), per_unit: pence });
        assert!(dear.check_terms().unwrap_err().contains("EUR and GBP"));
        dear.handling_cost = Some(HandlingCost { per_parcel: euros(250), per_unit: euros(0) });
        assert_eq!(dear.check_terms(), Ok(()));
        assert!(with(|store| store.margin_permille = Some(1_001)).contains("margin_permille is 1001"));
        for km in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            dear.delivers_km = Some(km);
            assert!(dear.check_terms().unwrap_err().contains("delivers_km"), "{km}");
        }
        assert_eq!(with(|store| store.delivers_km = Some(8.5)), "");
    }

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
