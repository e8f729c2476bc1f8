//! The times of many parcels from one moment on. Stores share zones, hours and services, and one store is
//! asked about by many orders: what was read from the calendar once is not read again.

use super::journey::{Journey, Trip, arrival, minutes_of_work, next_cutoff, rank, ready_at};
use super::no_date::NoDate;
use super::policy::{CarrierPolicy, Service};
use super::wall::{ByWall, Wall};
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::money::Money;
use holdfast_shared::time::UtcMs;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Answers as the plain functions do, only sooner.
#[derive(Debug)]
pub struct Timetable<'p> {
    policy: &'p CarrierPolicy,
    known: Mutex<Known>,
}

/// A journey by one of the policy's services, before anybody is told of it: very many are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    /// By its place in the policy; none when the customer collects.
    service: Option<usize>,
    pub ready_at: UtcMs,
    pub hand_over_by: UtcMs,
    pub arrives_by: UtcMs,
    pub days: u16,
    pub cost: Option<Money>,
}

/// What is known for one `now`, and for nothing else.
#[derive(Debug, Default)]
struct Known {
    now: UtcMs,
    /// After so many minutes of work behind such a wall.
    times: HashMap<(Wall, u32), Times, ByWall>,
    /// By the zone's name and the service's place in the policy.
    zones: Zones,
}

type Zones = HashMap<String, BTreeMap<usize, Leaving>>;

/// Of goods that are ready at one moment in one zone.
#[derive(Debug)]
struct Times {
    ready: Result<UtcMs, NoDate>,
    /// By the service's place in the policy, once somebody has asked.
    leaves: Vec<Option<Leaves>>,
}

#[derive(Debug)]
struct Leaves {
    hand_over_by: Result<UtcMs, NoDate>,
    /// With the days on the way, by the place of the band of distance.
    arrives: Vec<Option<Result<(UtcMs, u16), NoDate>>>,
}

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
        let mut found = Vec::new();
        self.each(trip, Wall::of(trip.store), now, |way| found.push(self.told(&way)))?;
        Ok(found)
    }

    /// With the one that [`choose`](super::choose) would take of all of them.
    pub fn best(
        &self,
        trip: &Trip<'_>,
        wall: Wall,
        now: UtcMs,
        promise_by: Option<UtcMs>,
    ) -> Result<Way, NoDate> {
        let mut best: Option<Way> = None;
        let rank = |way: &Way| rank(way.arrives_by, way.cost, self.name(way.service), promise_by);
        let found = self.each(trip, wall, now, |way| {
            if best.as_ref().is_none_or(|best| rank(&way) < rank(best)) {
                best = Some(way);
            }
        });
        found.and(best.ok_or(NoDate::NoService(trip.kind)))
    }

    /// As it is told and saved.
    #[must_use]
    pub fn told(&self, way: &Way) -> Journey {
        let Way { service, ready_at, hand_over_by, arrives_by, days, cost } = *way;
        let service = self.name(service).map(str::to_owned);
        Journey { service, ready_at, hand_over_by, arrives_by, days, cost }
    }

    fn name(&self, service: Option<usize>) -> Option<&'p str> {
        self.policy.services.get(service?).map(|service| service.name.as_str())
    }

    /// An error where there is none.
    fn each(
        &self,
        trip: &Trip<'_>,
        wall: Wall,
        now: UtcMs,
        mut found: impl FnMut(Way),
    ) -> Result<(), NoDate> {
        let mut known = self.known_at(now);
        match trip.kind {
            FulfilmentKind::Pickup => {
                let ready_at = known.times(self.policy, trip, wall).0.ready.clone()?;
                let (hand_over_by, arrives_by) = (ready_at, ready_at);
                found(Way { service: None, ready_at, hand_over_by, arrives_by, days: 0, cost: None });
                Ok(())
            }
            FulfilmentKind::Ship | FulfilmentKind::Delivery => {
                let mut end = Err(NoDate::NoService(trip.kind));
                let services = self.policy.services.iter().enumerate();
                for (number, service) in services.filter(|(_, service)| service.kinds.contains(&trip.kind)) {
                    match known.way(self.policy, (number, service), trip, wall) {
                        Ok(way) => {
                            found(way);
                            end = Ok(());
                        }
                        Err(not) => end = end.or(Err(not)),
                    }
                }
                end
            }
        }
    }

    fn known_at(&self, now: UtcMs) -> MutexGuard<'_, Known> {
        // What a panic left half done is at worst known less of.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.now != now {
            *known = Known { now, ..Known::default() };
        }
        known
    }
}

impl Known {
    fn way(
        &mut self,
        policy: &CarrierPolicy,
        (number, service): (usize, &Service),
        trip: &Trip<'_>,
        wall: Wall,
    ) -> Result<Way, NoDate> {
        let (times, zones) = self.times(policy, trip, wall);
        let ready_at = times.ready.clone()?;
        let zone = &trip.store.zone;
        let band = service.band_no(trip.distance_km);
        let leaves = times.leaves.get_mut(number).ok_or(NoDate::Beyond)?.get_or_insert_with(|| Leaves {
            hand_over_by: leaving(zones, zone, number).cutoff(service, zone, ready_at),
            arrives: vec![None; service.transit.len()],
        });
        let hand_over_by = leaves.hand_over_by.clone()?;
        let mut arrives =
            || leaving(zones, zone, number).arrival(service, zone, trip.distance_km, hand_over_by);
        let (arrives_by, days) = match band.and_then(|band| leaves.arrives.get_mut(band)) {
            Some(known) => known.get_or_insert_with(arrives).clone()?,
            None => arrives()?,
        };
        let cost = service.cost(trip.distance_km, trip.units);
        Ok(Way { service: Some(number), ready_at, hand_over_by, arrives_by, days, cost })
    }

    fn times(&mut self, policy: &CarrierPolicy, trip: &Trip<'_>, wall: Wall) -> (&mut Times, &mut Zones) {
        let minutes = minutes_of_work(policy, trip);
        let times = self.times.entry((wall, minutes)).or_insert_with(|| Times {
            ready: ready_at(policy, trip, self.now),
            leaves: policy.services.iter().map(|_| None).collect(),
        });
        (times, &mut self.zones)
    }
}

fn leaving<'z>(zones: &'z mut Zones, zone: &str, service: usize) -> &'z mut Leaving {
    zones.entry(zone.to_owned()).or_default().entry(service).or_default()
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
