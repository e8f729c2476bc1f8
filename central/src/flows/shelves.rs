//! Stock as one order may have it, read anew: what is known of each position, cut to what its class,
//! channel, age and confidence allow.

use super::FlowError;
use super::selling::{Offer, Selling};
use crate::core::routing::decision::{Demand, Shelf};
use crate::core::stock::Known;
use crate::core::stock::sellable::Asked;
use crate::ports::promises::CartUnits;
use crate::ports::stock::Stock;
use holdfast_shared::ids::{Sku, StoreId};
use holdfast_shared::time::UtcMs;
use std::collections::BTreeMap;

/// What lies on the shelves of stores, by SKU.
pub(super) type OnShelves = BTreeMap<Sku, Vec<(StoreId, Shelf)>>;

/// How many units of each SKU a demand asks for.
pub(super) fn wanted(demand: &Demand) -> BTreeMap<&Sku, i64> {
    let mut wanted: BTreeMap<&Sku, i64> = BTreeMap::new();
    for line in &demand.lines {
        let units = wanted.entry(&line.sku).or_default();
        *units = units.saturating_add(line.quantity);
    }
    wanted
}

/// What its own cart holds is not in the order's way.
pub(super) fn without_cart(mut known: Known, cart: &[CartUnits]) -> Known {
    for own in cart {
        if own.store == known.store && own.sku == known.sku {
            known.release(own.quantity, own.ceded);
        }
    }
    known
}

/// Units of its cart there that came for the order alone.
pub(super) fn gathered(known: &Known, cart: &[CartUnits]) -> i64 {
    let here = cart.iter().filter(|own| own.store == known.store && own.sku == known.sku);
    here.map(|own| own.gathered).fold(0, i64::saturating_add)
}

/// The positions that one demand may draw on.
#[derive(Debug)]
pub(super) struct Offering {
    offers: Vec<(Known, Offer)>,
}

impl Offering {
    pub(super) async fn read<S: Stock + ?Sized>(
        store: &S,
        selling: &Selling,
        demand: &Demand,
        cart: &[CartUnits],
        now: UtcMs,
    ) -> Result<Self, FlowError> {
        let wanted = wanted(demand);
        let skus: Vec<Sku> = wanted.keys().map(|sku| (*sku).clone()).collect();
        let asked = Asked { channel: &demand.channel, kind: Some(demand.kind) };
        let offer = |known: Known| {
            let known = without_cart(known, cart);
            let wanted = wanted.get(&known.sku).copied().unwrap_or(1);
            let offer = selling.offer_with(&known, asked, (wanted, gathered(&known, cart)), now);
            (known, offer)
        };
        let known = store.known_stock(&demand.tenant, &skus).await?;
        Ok(Self { offers: known.into_iter().map(offer).collect() })
    }

    /// As routing reads them, of each SKU that is asked for: also of one that nobody has.
    pub(super) fn shelves(&self, demand: &Demand) -> OnShelves {
        let mut shelves: OnShelves = demand.lines.iter().map(|line| (line.sku.clone(), Vec::new())).collect();
        for (known, offer) in &self.offers {
            let of_sku = shelves.entry(known.sku.clone()).or_default();
            of_sku.push((known.store.clone(), offer.shelf(known)));
        }
        shelves
    }
}
