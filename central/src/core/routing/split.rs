//! Who shares an order that no single node has. An exact search among few nodes: all units if that can
//! be, then the fewest parcels, then the lowest score; with a penalty per parcel, its sum with the score.

use super::rules::Wanted;
use super::rules::giving::worth;
use holdfast_shared::limits::{SPLIT_NODES_MAX, SPLIT_STEPS_MAX};
use holdfast_shared::money::Money;
use std::cmp::Ordering;

/// What one node could send, line by line. Lines of one SKU do not count a unit twice.
#[derive(Debug, Clone)]
pub(super) struct Offer {
    pub(super) score: f64,
    pub(super) units: Vec<i64>,
}

/// What is to be shared, and how far.
#[derive(Debug)]
pub(super) struct Sharing<'a> {
    pub(super) wanted: &'a [Wanted<'a>],
    pub(super) parcels_max: usize,
    pub(super) penalty: Option<f64>,
    /// What each of several parcels is worth at least.
    pub(super) least: Option<Money>,
}

/// An offer by its place, and what it sends of each line.
pub(super) type Part = (usize, Vec<i64>);

/// Offers come sorted, the best first; so do the parts. Empty when nobody has anything.
pub(super) fn best(sharing: &Sharing<'_>, offers: &[Offer]) -> Vec<Part> {
    let pool = pool(sharing, offers);
    let mut hunt = Hunt::new(sharing, &pool, offers);
    hunt.seed();
    let most = sharing.parcels_max.min(pool.len());
    // With fewest parcels first, a set that covers all ends the search at its size.
    let sizes = if sharing.penalty.is_none() { 1..=most } else { most..=most };
    for size in sizes.filter(|size| *size > 0) {
        hunt.most = size;
        let all = hunt.all();
        hunt.grow(0, &mut Vec::new(), &all, 0.0);
        let done = |(key, parts): &(Key, Vec<Part>)| key.uncovered == 0 && parts.len() <= size;
        if sharing.penalty.is_none() && hunt.best.as_ref().is_some_and(done) {
            break;
        }
    }
    hunt.best.map(|(_, parts)| parts).unwrap_or_default()
}

/// Who is looked at: for each line the best who has all of it and those who have most, as far as half of
/// the room goes; then the best scores.
fn pool(sharing: &Sharing<'_>, offers: &[Offer]) -> Vec<usize> {
    let mut chosen = std::collections::BTreeSet::new();
    let each = (SPLIT_NODES_MAX / 2).checked_div(sharing.wanted.len()).unwrap_or(0).max(1);
    for (line, wanted) in sharing.wanted.iter().enumerate() {
        if chosen.len() >= SPLIT_NODES_MAX {
            break;
        }
        let units = |place: &usize| offers.get(*place).and_then(|offer| offer.units.get(line)).copied();
        let mut most: Vec<usize> = (0..offers.len()).filter(|place| units(place) > Some(0)).collect();
        let full = most.iter().copied().find(|place| units(place) >= Some(wanted.line.quantity));
        // The first of equals is the better one.
        most.sort_by_key(|place| std::cmp::Reverse(units(place)));
        for place in full.into_iter().chain(most.into_iter().take(each)) {
            if chosen.len() < SPLIT_NODES_MAX {
                chosen.insert(place);
            }
        }
    }
    for place in 0..offers.len() {
        if chosen.len() >= SPLIT_NODES_MAX {
            break;
        }
        chosen.insert(place);
    }
    chosen.into_iter().collect()
}

/// What a set of nodes is judged by; less is better.
#[derive(Debug, Clone, Copy)]
struct Key {
    uncovered: i64,
    parcels: u32,
    score: f64,
}

impl Key {
    fn compare(&self, other: &Self, penalty: Option<f64>) -> Ordering {
        let cost = |key: &Self| penalty.map_or(key.score, |each| key.score + each * f64::from(key.parcels));
        let parcels = self.parcels.cmp(&other.parcels);
        let first = if penalty.is_none() { parcels } else { Ordering::Equal };
        let uncovered = self.uncovered.cmp(&other.uncovered);
        uncovered.then(first).then(cost(self).total_cmp(&cost(other))).then(parcels)
    }
}

struct Hunt<'a> {
    sharing: &'a Sharing<'a>,
    pool: &'a [usize],
    offers: &'a [Offer],
    /// For each place of the pool the most that anyone from there on has of each line.
    ahead: Vec<Vec<i64>>,
    most: usize,
    steps: u32,
    best: Option<(Key, Vec<Part>)>,
}

impl<'a> Hunt<'a> {
    fn new(sharing: &'a Sharing<'a>, pool: &'a [usize], offers: &'a [Offer]) -> Self {
        let mut ahead = vec![vec![0; sharing.wanted.len()]];
        for place in pool.iter().rev() {
            let units = offers.get(*place).map(|offer| offer.units.as_slice()).unwrap_or_default();
            let after = ahead.last().map(Vec::as_slice).unwrap_or_default();
            let most = after.iter().zip(units).map(|(after, units)| *after.max(units)).collect();
            ahead.push(most);
        }
        ahead.reverse();
        Self { sharing, pool, offers, ahead, most: 0, steps: 0, best: None }
    }

    fn all(&self) -> Vec<i64> {
        self.sharing.wanted.iter().map(|wanted| wanted.line.quantity).collect()
    }

    fn offer(&self, at: usize) -> Option<(usize, &'a Offer)> {
        let place = *self.pool.get(at)?;
        Some((place, self.offers.get(place)?))
    }

    /// Whoever has most of what is missing, one after the other: a beginning that the search improves on.
    fn seed(&mut self) {
        let (mut chosen, mut left, mut score) = (Vec::new(), self.all(), 0.0);
        for _ in 0..self.sharing.parcels_max.min(self.pool.len()) {
            let gain = |at: &usize| match chosen.contains(at) {
                true => 0,
                false => self.offer(*at).map_or(0, |(_, offer)| gain(&left, &offer.units)),
            };
            let Some(at) = (0..self.pool.len()).rev().max_by_key(gain).filter(|at| gain(at) > 0) else {
                break;
            };
            let Some((_, offer)) = self.offer(at) else { break };
            (left, score) = (after(&left, &offer.units), score + offer.score);
            chosen.push(at);
        }
        chosen.sort_unstable();
        self.judge(&chosen, &left, score);
    }

    /// All sets that add later offers to those chosen, as far as they can be better than the best so far.
    fn grow(&mut self, from: usize, chosen: &mut Vec<usize>, left: &[i64], score: f64) {
        if chosen.len() >= self.most {
            return;
        }
        let more = i64::try_from(self.most.saturating_sub(chosen.len())).unwrap_or(i64::MAX);
        for at in from..self.pool.len() {
            let Some((_, offer)) = self.offer(at) else { return };
            let reached = self.ahead.get(at).map(Vec::as_slice).unwrap_or_default();
            let uncovered =
                left.iter().zip(reached).map(|(left, most)| (left - most.saturating_mul(more)).max(0)).sum();
            let parcels = u32::try_from(chosen.len()).unwrap_or(u32::MAX).saturating_add(1);
            let hope = Key { uncovered, parcels, score: score + offer.score };
            // Later offers score worse and reach no farther.
            if self.steps >= SPLIT_STEPS_MAX || !self.betters(&hope) {
                return;
            }
            if gain(left, &offer.units) == 0 {
                continue;
            }
            self.steps = self.steps.saturating_add(1);
            chosen.push(at);
            let after = after(left, &offer.units);
            self.judge(chosen, &after, hope.score);
            if after.iter().any(|left| *left > 0) {
                self.grow(at.saturating_add(1), chosen, &after, hope.score);
            }
            chosen.pop();
        }
    }

    fn betters(&self, key: &Key) -> bool {
        self.best.as_ref().is_none_or(|(best, _)| key.compare(best, self.sharing.penalty).is_lt())
    }

    fn judge(&mut self, chosen: &[usize], left: &[i64], score: f64) {
        let parcels = u32::try_from(chosen.len()).unwrap_or(u32::MAX);
        let key = Key { uncovered: left.iter().sum(), parcels, score };
        if chosen.is_empty() || !self.betters(&key) {
            return;
        }
        let parts = self.allot(chosen);
        if parts.len() == 1 || parts.iter().all(|(_, units)| self.is_worth(units)) {
            self.best = Some((key, parts));
        }
    }

    /// A line goes whole to the best who has all of it; else it is shared, whoever has most first, so that
    /// it comes in few pieces.
    fn allot(&self, chosen: &[usize]) -> Vec<Part> {
        let nothing = vec![0; self.sharing.wanted.len()];
        let offers: Vec<(usize, &Offer)> = chosen.iter().filter_map(|at| self.offer(*at)).collect();
        let mut parts: Vec<Part> = offers.iter().map(|(place, _)| (*place, nothing.clone())).collect();
        for (line, wanted) in self.sharing.wanted.iter().enumerate() {
            let has = |at: &usize| {
                offers.get(*at).and_then(|(_, offer)| offer.units.get(line).copied()).unwrap_or(0)
            };
            let mut left = wanted.line.quantity;
            let full = (0..offers.len()).find(|at| has(at) >= left);
            let mut order: Vec<usize> = (0..offers.len()).collect();
            order.sort_by_key(|at| std::cmp::Reverse(has(at)));
            for at in full.into_iter().chain(order) {
                let gives = has(&at).min(left);
                if let Some(units) = parts.get_mut(at).and_then(|(_, units)| units.get_mut(line)) {
                    *units = units.saturating_add(gives);
                    left = left.saturating_sub(gives);
                }
            }
        }
        parts.retain(|(_, units)| units.iter().any(|units| *units > 0));
        parts
    }

    fn is_worth(&self, units: &[i64]) -> bool {
        let Some(least) = self.sharing.least else { return true };
        let value = worth(self.sharing.wanted, units.iter().copied(), least.currency);
        value.is_none_or(|value| value.minor >= least.minor)
    }
}

fn gain(left: &[i64], units: &[i64]) -> i64 {
    left.iter().zip(units).map(|(left, units)| *left.min(units)).sum()
}

fn after(left: &[i64], units: &[i64]) -> Vec<i64> {
    left.iter().zip(units).map(|(left, units)| (left - units).max(0)).collect()
}

#[cfg(test)]
mod tests;
