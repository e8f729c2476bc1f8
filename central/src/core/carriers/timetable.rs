//! The times of many parcels from one moment on. Stores share zones and services, and one store is asked
//! about by many orders: what was read from the calendar once is not read again.

use super::journey::{Journey, Trip, arrival, minutes_of_work, next_cutoff, ready_at};
use super::no_date::NoDate;
use super::policy::{CarrierPolicy, Service};
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::StoreId;
use holdfast_shared::time::UtcMs;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

/// Answers as the plain functions do, only sooner.
#[derive(Debug)]
pub struct Timetable<'p> {
    policy: &'p CarrierPolicy,
    known: Mutex<Known>,
}

/// What is known for one `now`, and for nothing else.
#[derive(Debug, Default)]
struct Known {
    now: UtcMs,
    ready: HashMap<StoreId, Vec<Ready>>,
    /// By the zone's name and the service's place in the policy.
    zones: HashMap<String, BTreeMap<usize, Leaving>>,
}

/// So many minutes of work are done then.
type Ready = (u32, Result<UtcMs, NoDate>);

/// When goods leave by one service in one zone, and arrive.
#[derive(Debug, Default)]
struct Leaving {
    /// Each cutoff, with the earliest moment that is known to have it as its next one.
    cutoffs: BTreeMap<UtcMs, UtcMs>,
    arrivals: BTreeMap<(UtcMs, u16), UtcMs>,
}

impl<'p> Timetable<'p> {
    #[must_use]
    pub fn of(policy: &'p CarrierPolicy) -> Self {
        Self { policy, known: Mutex::default() }
    }

    #[must_use]
    pub const fn policy(&self) -> &'p CarrierPolicy {
        self.policy
    }

    /// With each service that can take it. For a pickup there is one: the customer.
    pub fn journeys(&self, trip: &Trip<'_>, now: UtcMs) -> Result<Vec<Journey>, NoDate> {
        // What a panic left half done is at worst known less of.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.now != now {
            *known = Known { now, ..Known::default() };
        }
        match trip.kind {
            FulfilmentKind::Pickup => {
                let ready_at = known.ready(self.policy, trip)?;
                let (hand_over_by, arrives_by) = (ready_at, ready_at);
                Ok(vec![Journey { service: None, ready_at, hand_over_by, arrives_by, days: 0, cost: None }])
            }
            FulfilmentKind::Ship | FulfilmentKind::Delivery => {
                let mut why = NoDate::NoService(trip.kind);
                let mut found = Vec::new();
                for (number, service) in self.policy.services.iter().enumerate() {
                    if !service.kinds.contains(&trip.kind) {
                        continue;
                    }
                    match known.journey(self.policy, (number, service), trip) {
                        Ok(journey) => found.push(journey),
                        Err(not) => why = not,
                    }
                }
                if found.is_empty() { Err(why) } else { Ok(found) }
            }
        }
    }
}

impl Known {
    fn journey(
        &mut self,
        policy: &CarrierPolicy,
        (number, service): (usize, &Service),
        trip: &Trip<'_>,
    ) -> Result<Journey, NoDate> {
        let ready_at = self.ready(policy, trip)?;
        let zone = &trip.store.zone;
        let leaving = self.leaving(zone, number);
        let hand_over_by = leaving.cutoff(service, zone, ready_at)?;
        let (arrives_by, days) = leaving.arrival(service, zone, trip.distance_km, hand_over_by)?;
        let cost = service.cost(trip.distance_km, trip.units);
        Ok(Journey { service: Some(service.name.clone()), ready_at, hand_over_by, arrives_by, days, cost })
    }

    fn ready(&mut self, policy: &CarrierPolicy, trip: &Trip<'_>) -> Result<UtcMs, NoDate> {
        let minutes = minutes_of_work(policy, trip);
        let mut of_store = self.ready.get(&trip.store.store).into_iter().flatten();
        if let Some((_, told)) = of_store.find(|(asked, _)| *asked == minutes) {
            return told.clone();
        }
        let told = ready_at(policy, trip, self.now);
        self.ready.entry(trip.store.store.clone()).or_default().push((minutes, told.clone()));
        told
    }

    fn leaving(&mut self, zone: &str, service: usize) -> &mut Leaving {
        self.zones.entry(zone.to_owned()).or_default().entry(service).or_default()
    }
}

impl Leaving {
    fn cutoff(&mut self, service: &Service, zone: &str, ready_at: UtcMs) -> Result<UtcMs, NoDate> {
        if let Some((cutoff, earliest)) = self.cutoffs.range(ready_at..).next()
            && *earliest <= ready_at
        {
            return Ok(*cutoff);
        }
        let cutoff = next_cutoff(service, zone, ready_at)?;
        self.cutoffs.insert(cutoff, ready_at);
        Ok(cutoff)
    }

    fn arrival(
        &mut self,
        service: &Service,
        zone: &str,
        distance_km: f64,
        handed_at: UtcMs,
    ) -> Result<(UtcMs, u16), NoDate> {
        let asked = service.band(distance_km).map(|band| (handed_at, band.days));
        if let Some((known, days)) = asked.and_then(|asked| Some((self.arrivals.get(&asked)?, asked.1))) {
            return Ok((*known, days));
        }
        let (arrives_by, days) = arrival(service, zone, distance_km, handed_at)?;
        self.arrivals.insert((handed_at, days), arrives_by);
        Ok((arrives_by, days))
    }
}

#[cfg(test)]
mod tests;
