//! What a chain says of its carriers and of the work in its stores, as data.
//!
//! Left out: prices by weight, because nobody tells central what goods weigh.

use crate::core::fleet::Weekday;
use crate::core::policy::Fault;
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::StoreId;
use holdfast_shared::limits::{
    CARRIER_HOLIDAYS_MAX, CARRIER_SERVICES_MAX, HANDLING_MINUTES_MAX, HANDLING_RULES_MAX, ID_CHARS_MAX,
    PRICE_MINOR_MAX, TRANSIT_BANDS_MAX, TRANSIT_DAYS_MAX,
};
use holdfast_shared::money::{Currency, Money};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

const DAY_MINUTES: u16 = 24 * 60;

/// Who brings the goods, and how long a store takes to have them ready.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CarrierPolicy {
    /// In each store, unless a line of `handling_of` says otherwise.
    pub handling: Handling,
    /// The most telling line counts: store and kind, then store, then kind.
    pub handling_of: Vec<HandlingOf>,
    pub services: Vec<Service>,
}

/// From the order to goods that a carrier or a customer can take, in minutes of opening time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Handling {
    pub minutes: u32,
    /// For each task that the store has open already.
    pub minutes_per_open_task: u32,
}

impl Default for Handling {
    fn default() -> Self {
        Self { minutes: 60, minutes_per_open_task: 2 }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandlingOf {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<StoreId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<FulfilmentKind>,
    pub minutes: u32,
    #[serde(default)]
    pub minutes_per_open_task: u32,
}

/// One way in which goods travel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// 1 to 64 of a-z, 0-9, '-' and '_', like `express`.
    pub name: String,
    /// `ship` or `delivery`; a customer who collects needs no carrier.
    pub kinds: BTreeSet<FulfilmentKind>,
    /// The days on which it comes to a store, and until when it takes goods on them.
    pub collections: Vec<Collection>,
    /// By distance, shortest first.
    pub transit: Vec<Band>,
    /// Whether it brings goods on Saturdays and Sundays.
    #[serde(default)]
    pub weekends_count: bool,
    /// Days on which it neither collects nor brings: `2026-12-25`.
    #[serde(default)]
    pub holidays: BTreeSet<Date>,
    /// None: what it costs is not known, which is not free of charge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collection {
    pub days: BTreeSet<Weekday>,
    /// Minutes after midnight by the clock on the store's wall; goods that are handed over then still go.
    pub cutoff_minute: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// None: any distance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to_km: Option<f64>,
    /// From the day of the hand-over; 0 is the same day.
    pub days: u16,
    /// On top of the price, in its minor units.
    #[serde(default)]
    pub surcharge_minor: i64,
}

/// Of one parcel, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    pub currency: Currency,
    pub base_minor: i64,
    #[serde(default)]
    pub per_unit_minor: i64,
}

impl Default for CarrierPolicy {
    fn default() -> Self {
        use Weekday::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};
        let working = BTreeSet::from([Monday, Tuesday, Wednesday, Thursday, Friday]);
        let daily = working.iter().copied().chain([Saturday, Sunday]).collect();
        let service = |name: &str, kind, days, cutoff_minute, transit, weekends_count| Service {
            name: name.to_owned(),
            kinds: BTreeSet::from([kind]),
            collections: vec![Collection { days, cutoff_minute }],
            transit,
            weekends_count,
            holidays: BTreeSet::new(),
            price: None,
        };
        let band = |up_to_km, days| Band { up_to_km, days, surcharge_minor: 0 };
        let parcel = vec![band(Some(300.0), 1), band(Some(1_000.0), 2), band(None, 4)];
        Self {
            handling: Handling::default(),
            handling_of: Vec::new(),
            services: vec![
                service("standard", FulfilmentKind::Ship, working, 16 * 60, parcel, false),
                service("courier", FulfilmentKind::Delivery, daily, 17 * 60, vec![band(Some(30.0), 0)], true),
            ],
        }
    }
}

impl CarrierPolicy {
    #[must_use]
    pub fn handling_at(&self, store: &StoreId, kind: FulfilmentKind) -> Handling {
        let fits = |of: &&HandlingOf| {
            of.store.as_ref().is_none_or(|named| named == store) && of.kind.is_none_or(|named| named == kind)
        };
        let telling = |of: &&HandlingOf| (of.store.is_some(), of.kind.is_some());
        self.handling_of.iter().filter(fits).max_by_key(telling).map_or(self.handling, |of| Handling {
            minutes: of.minutes,
            minutes_per_open_task: of.minutes_per_open_task,
        })
    }

    pub fn services_for(&self, kind: FulfilmentKind) -> impl Iterator<Item = &Service> {
        self.services.iter().filter(move |service| service.kinds.contains(&kind))
    }

    /// Everything in it that cannot be meant.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        handling_faults(self, &mut faults);
        if self.services.len() > CARRIER_SERVICES_MAX {
            let what = format!("{} services; expected at most {CARRIER_SERVICES_MAX}", self.services.len());
            faults.push(Fault::new("services", what));
        }
        let mut names = BTreeSet::new();
        for (index, service) in self.services.iter().enumerate() {
            let at = format!("services[{index}]");
            if !names.insert(&service.name) {
                let what =
                    format!("a service {:?} stands above already: names tell them apart", service.name);
                faults.push(Fault::new(format!("{at}.name"), what));
            }
            service.faults(&at, &mut faults);
        }
        faults
    }
}

fn handling_faults(policy: &CarrierPolicy, faults: &mut Vec<Fault>) {
    let mut minutes = |at: &str, minutes: u32, per_task: u32| {
        for (name, value) in [("minutes", minutes), ("minutes_per_open_task", per_task)] {
            if value > HANDLING_MINUTES_MAX {
                let what = format!("{value} minutes; expected 0 to {HANDLING_MINUTES_MAX}");
                faults.push(Fault::new(format!("{at}.{name}"), what));
            }
        }
    };
    minutes("handling", policy.handling.minutes, policy.handling.minutes_per_open_task);
    for (index, of) in policy.handling_of.iter().enumerate() {
        minutes(&format!("handling_of[{index}]"), of.minutes, of.minutes_per_open_task);
    }
    let count = policy.handling_of.len();
    if count > HANDLING_RULES_MAX {
        let what = format!("{count} lines; expected at most {HANDLING_RULES_MAX}");
        faults.push(Fault::new("handling_of", what));
    }
    let mut seen = BTreeSet::new();
    for (index, of) in policy.handling_of.iter().enumerate() {
        let at = format!("handling_of[{index}]");
        if of.store.is_none() && of.kind.is_none() {
            faults.push(Fault::new(&at, "names neither store nor kind; what holds everywhere is `handling`"));
        }
        if !seen.insert((&of.store, of.kind)) {
            faults.push(Fault::new(&at, "the same store and kind stand above already"));
        }
    }
}

impl Service {
    /// What one parcel costs, as far as it is known.
    #[must_use]
    pub fn cost(&self, distance_km: f64, units: i64) -> Option<Money> {
        let (price, band) = (self.price?, self.band(distance_km)?);
        let of_units = price.per_unit_minor.saturating_mul(units.max(0));
        let minor = price.base_minor.saturating_add(of_units).saturating_add(band.surcharge_minor);
        Some(Money { minor, currency: price.currency })
    }

    #[must_use]
    pub fn band(&self, distance_km: f64) -> Option<&Band> {
        self.transit.get(self.band_no(distance_km)?)
    }

    /// Its place among the bands.
    pub(super) fn band_no(&self, distance_km: f64) -> Option<usize> {
        self.transit.iter().position(|band| band.up_to_km.is_none_or(|km| distance_km <= km))
    }

    /// Until when it takes goods on such a day; none when it does not come.
    pub(super) fn cutoff_on(&self, date: Date, day: Weekday) -> Option<u16> {
        if self.holidays.contains(&date) {
            return None;
        }
        self.collections.iter().find(|collection| collection.days.contains(&day)).map(|at| at.cutoff_minute)
    }

    pub(super) fn brings_on(&self, date: Date, day: Weekday) -> bool {
        let weekend = match day {
            Weekday::Saturday | Weekday::Sunday => true,
            Weekday::Monday | Weekday::Tuesday | Weekday::Wednesday | Weekday::Thursday | Weekday::Friday => {
                false
            }
        };
        (self.weekends_count || !weekend) && !self.holidays.contains(&date)
    }

    fn faults(&self, at: &str, faults: &mut Vec<Fault>) {
        let mut fault = |field: &str, what: String| faults.push(Fault::new(format!("{at}.{field}"), what));
        let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
        if self.name.is_empty() || self.name.len() > ID_CHARS_MAX || !self.name.bytes().all(word) {
            fault("name", format!("{:?}; expected 1 to {ID_CHARS_MAX} of a-z, 0-9, '-' and '_'", self.name));
        }
        if self.kinds.is_empty() {
            fault("kinds", "serves nothing; expected ship, delivery or both".to_owned());
        }
        if self.kinds.contains(&FulfilmentKind::Pickup) {
            fault("kinds", "pickup: a customer who collects needs no carrier".to_owned());
        }
        if self.holidays.len() > CARRIER_HOLIDAYS_MAX {
            fault("holidays", format!("more than {CARRIER_HOLIDAYS_MAX} days"));
        }
        self.collection_faults(&mut fault);
        self.transit_faults(&mut fault);
        if let Some(price) = &self.price {
            for (name, minor) in [("base_minor", price.base_minor), ("per_unit_minor", price.per_unit_minor)]
            {
                if !(0..=PRICE_MINOR_MAX).contains(&minor) {
                    fault(&format!("price.{name}"), format!("{minor}; expected 0 to {PRICE_MINOR_MAX}"));
                }
            }
        }
    }

    fn collection_faults(&self, fault: &mut impl FnMut(&str, String)) {
        let mut seen = BTreeSet::new();
        for (index, collection) in self.collections.iter().enumerate() {
            if collection.cutoff_minute >= DAY_MINUTES {
                let what = format!("minute {}; a day has 0 to 1439", collection.cutoff_minute);
                fault(&format!("collections[{index}].cutoff_minute"), what);
            }
            for day in &collection.days {
                if !seen.insert(*day) {
                    fault(&format!("collections[{index}].days"), format!("{day:?} has a cutoff already"));
                }
            }
        }
        if seen.is_empty() {
            fault("collections", "it never comes; name the days and the cutoff".to_owned());
        }
    }

    fn transit_faults(&self, fault: &mut impl FnMut(&str, String)) {
        if self.transit.is_empty() || self.transit.len() > TRANSIT_BANDS_MAX {
            fault("transit", format!("{} bands; expected 1 to {TRANSIT_BANDS_MAX}", self.transit.len()));
        }
        let mut reached = 0.0;
        for (index, band) in self.transit.iter().enumerate() {
            let at = format!("transit[{index}]");
            let km = band.up_to_km.unwrap_or(f64::MAX);
            // Not a number fails this, too.
            if !(km.is_finite() && km > reached) {
                let what = format!("{km} km; expected more than {reached} km, where the band before ends");
                fault(&format!("{at}.up_to_km"), what);
            }
            reached = if km.is_finite() { km } else { reached };
            if band.days > TRANSIT_DAYS_MAX {
                fault(&format!("{at}.days"), format!("{}; expected 0 to {TRANSIT_DAYS_MAX}", band.days));
            }
            if !(0..=PRICE_MINOR_MAX).contains(&band.surcharge_minor) {
                let what = format!("{}; expected 0 to {PRICE_MINOR_MAX}", band.surcharge_minor);
                fault(&format!("{at}.surcharge_minor"), what);
            }
            if band.surcharge_minor != 0 && self.price.is_none() {
                fault(&format!("{at}.surcharge_minor"), "on top of a price that is not told".to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests;
