//! Stock as one order may have it: what is known of each position, cut to what its class, channel,
//! age and confidence allow.

use super::FlowError;
use super::in_force::Steers;
use crate::core::eligibility::Standing;
use crate::core::fleet::StoreRecord;
use crate::core::routing::decision::{Choice, Demand, DemandLine, Node, Shelf};
use crate::core::routing::fleet_index::FleetIndex;
use crate::core::routing::geo::distance_km;
use crate::core::stock::policy::StockPolicy;
use crate::core::stock::sellable::{Asked, Sellable, sellable};
use crate::core::stock::withheld::{KeptBack, Wanted, Withheld, withheld};
use crate::core::stock::{Known, Records};
use crate::ports::promises::CartUnits;
use crate::ports::stock::Stock;
use holdfast_shared::ids::{Sku, StoreId, TenantId};
use holdfast_shared::time::UtcMs;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What lies on the shelves of stores, by SKU.
pub(super) type OnShelves = BTreeMap<Sku, Vec<(StoreId, Shelf)>>;

/// What a run knows of a tenant's stock beside the positions themselves.
#[derive(Debug)]
pub(super) struct Shelves {
    /// How each store sells.
    policies: BTreeMap<StoreId, Arc<StockPolicy>>,
    policy: Arc<StockPolicy>,
    records: BTreeMap<StoreId, Records>,
}

impl Shelves {
    pub(super) async fn load<S: Stock + ?Sized>(
        store: &S,
        policy: &dyn Steers,
        tenant: &TenantId,
        stores: &[StoreRecord],
    ) -> Result<Self, FlowError> {
        let policies = stores
            .iter()
            .map(|record| (record.store.store.clone(), policy.stock_at(tenant, &record.store)))
            .collect();
        let records = store.check_records(tenant, None).await?;
        Ok(Self { policies, policy: policy.stock(tenant), records })
    }

    pub(super) async fn offering<S: Stock + ?Sized>(
        &self,
        store: &S,
        demand: &Demand,
        cart: &[CartUnits],
        now: UtcMs,
    ) -> Result<Offering, FlowError> {
        let mut wanted: BTreeMap<&Sku, i64> = BTreeMap::new();
        for line in &demand.lines {
            let units = wanted.entry(&line.sku).or_default();
            *units = units.saturating_add(line.quantity);
        }
        let skus: Vec<Sku> = wanted.keys().map(|sku| (*sku).clone()).collect();
        let asked = Asked { channel: &demand.channel, kind: Some(demand.kind) };
        let unchecked = Records::default();
        let offer = |mut known: Known| {
            // What its own cart holds is not in the order's way.
            for own in cart {
                if own.store == known.store && own.sku == known.sku {
                    known.release(own.quantity, own.ceded);
                }
            }
            let records = self.records.get(&known.store).unwrap_or(&unchecked);
            let class = self.policies.get(&known.store).unwrap_or(&self.policy).of(&known.class);
            let sold = sellable(&known, records, class, asked, now);
            let units = wanted.get(&known.sku).map_or(1, |wanted| sold.units.clamp(1, (*wanted).max(1)));
            let confidence = known.evidence(records, now).that_free(units);
            Offer { known, sold, confidence, hold_ttl_ms: class.hold_ttl_ms }
        };
        let known = store.known_stock(&demand.tenant, &skus).await?;
        Ok(Offering { offers: known.into_iter().map(offer).collect() })
    }
}

/// One position, as far as it is sold to this demand.
#[derive(Debug)]
struct Offer {
    known: Known,
    sold: Sellable,
    /// That the units that would be taken are there.
    confidence: f64,
    hold_ttl_ms: Option<i64>,
}

/// The positions that one demand may draw on.
#[derive(Debug)]
pub(super) struct Offering {
    offers: Vec<Offer>,
}

impl Offering {
    /// As routing reads them, of each SKU that is asked for: also of one that nobody has.
    pub(super) fn shelves(&self, demand: &Demand) -> OnShelves {
        let mut shelves: OnShelves = demand.lines.iter().map(|line| (line.sku.clone(), Vec::new())).collect();
        for Offer { known, sold, confidence, .. } in &self.offers {
            let shelf = Shelf {
                units: sold.units,
                confidence: Some(*confidence),
                as_of: Some(known.last_word()),
                words: sold.words(),
                markdown_permille: None,
            };
            shelves.entry(known.sku.clone()).or_default().push((known.store.clone(), shelf));
        }
        shelves
    }

    /// The shortest hold that the classes of these lines allow at that store.
    pub(super) fn hold_ttl_ms(&self, store: &StoreId, lines: &[DemandLine]) -> Option<i64> {
        let of_line = |line: &DemandLine| {
            let here = |offer: &&Offer| offer.known.sku == line.sku && offer.known.store == *store;
            self.offers.iter().find(here)?.hold_ttl_ms
        };
        lines.iter().filter_map(of_line).min()
    }

    /// What was kept back of the lines that this choice decided.
    pub(super) fn withheld(&self, demand: &Demand, fleet: &FleetIndex, choice: &Choice) -> Vec<Withheld> {
        let far = |store: &StoreId| {
            fleet.find(store).map_or(f64::MAX, |node| distance_km(demand.destination, node.store.place))
        };
        let mut found = Vec::new();
        for line in &demand.lines {
            // How far away the farthest unit of it comes from.
            let taken_km = match choice {
                Choice::Assign(plan) => {
                    let has = |lines: &[DemandLine]| lines.iter().any(|part| part.line == line.line);
                    let from = plan.parcels.iter().filter(|parcel| has(&parcel.lines));
                    let farthest = from.map(|parcel| far(&parcel.store)).reduce(f64::max);
                    let Some(farthest) = farthest else { continue };
                    Some(farthest)
                }
                Choice::Backorder { .. } => None,
                Choice::Hold { .. } => continue,
            };
            let kept: Vec<KeptBack<'_>> = self
                .offers
                .iter()
                .filter(|offer| offer.known.sku == line.sku && !offer.sold.kept.is_empty())
                .filter(|offer| {
                    fleet.find(&offer.known.store).is_some_and(|node| would_be_asked(demand, node))
                })
                .map(|Offer { known, sold, .. }| KeptBack {
                    store: &known.store,
                    distance_km: far(&known.store),
                    sellable: sold,
                })
                .collect();
            let wanted = Wanted { line: line.line, sku: &line.sku, quantity: line.quantity, taken_km };
            found.extend(withheld(wanted, &kept));
        }
        found
    }
}

/// But for its stock.
fn would_be_asked(demand: &Demand, node: &Node) -> bool {
    let bound = demand.pickup_store.as_ref().is_none_or(|store| *store == node.store.store);
    let able = match node.eligibility.standing {
        Standing::Eligible | Standing::Suspect => node.eligibility.kinds.contains(&demand.kind),
        Standing::Ineligible => false,
    };
    bound && able && !node.recovering && !demand.tried.contains(&node.store.store)
}
