//! Stock as one run knows it: each SKU read once, less what the run has given away since. It may be
//! older than the rows: an assignment asks those again, and what they refuse is read and routed anew.

use super::FlowError;
use super::selling::{Offer, Selling};
use super::shelves::{gathered, wanted, without_cart};
use crate::core::routing::decision::{Choice, Demand, DemandLine};
use crate::core::routing::fleet_index::FleetIndex;
use crate::core::routing::geo::distance_km;
use crate::core::routing::shelved::Shelved;
use crate::core::stock::Known;
use crate::core::stock::class::Channel;
use crate::core::stock::sellable::Asked;
use crate::core::stock::withheld::{KeptBack, Wanted, Withheld, withheld};
use crate::ports::promises::CartUnits;
use crate::ports::stock::Stock;
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::{Sku, StoreId, TenantId};
use holdfast_shared::limits::LAYOUTS_KEPT_MAX;
use holdfast_shared::time::UtcMs;
use std::collections::{BTreeSet, HashMap};

#[derive(Debug, Default)]
pub(super) struct Stocked {
    skus: HashMap<Sku, OfSku>,
    positions: usize,
}

#[derive(Debug, Default)]
struct OfSku {
    /// By store.
    known: Vec<Known>,
    /// The one that lies in the index is the last.
    layouts: Vec<Layout>,
}

/// The positions of one SKU, cut for demands that are all alike in what matters to it.
#[derive(Debug)]
struct Layout {
    /// None: for one order alone, whose cart holds some of it.
    asker: Option<Asker>,
    offers: Vec<Offer>,
    /// While it does not lie in the index.
    aside: Option<Shelved>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Asker {
    channel: Channel,
    kind: FulfilmentKind,
    wanted: i64,
}

impl Asker {
    const fn asked(&self) -> Asked<'_> {
        Asked { channel: &self.channel, kind: Some(self.kind) }
    }
}

/// What stock is cut by and laid out in.
pub(super) struct Hall<'a> {
    pub(super) selling: &'a Selling,
    pub(super) fleet: &'a mut FleetIndex,
    pub(super) now: UtcMs,
}

impl Stocked {
    /// Positions that are kept in memory.
    pub(super) const fn positions(&self) -> usize {
        self.positions
    }

    pub(super) fn knows(&self, sku: &Sku) -> bool {
        self.skus.contains_key(sku)
    }

    pub(super) fn forget_all(&mut self) {
        (self.positions, self.skus) = (0, HashMap::new());
    }

    /// They are read again when they are asked for.
    pub(super) fn forget<'s>(&mut self, skus: impl Iterator<Item = &'s Sku>) {
        for sku in skus {
            let gone = self.skus.remove(sku);
            let positions = gone.map_or(0, |gone| gone.known.len());
            self.positions = self.positions.saturating_sub(positions);
        }
    }

    /// Reads those that are not known yet.
    pub(super) async fn read<S: Stock + ?Sized>(
        &mut self,
        store: &S,
        tenant: &TenantId,
        skus: &BTreeSet<&Sku>,
    ) -> Result<(), FlowError> {
        let missing: Vec<Sku> =
            skus.iter().filter(|sku| !self.knows(sku)).map(|sku| (*sku).clone()).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let mut found: HashMap<Sku, OfSku> =
            missing.iter().map(|sku| (sku.clone(), OfSku::default())).collect();
        for known in store.known_stock(tenant, &missing).await? {
            if let Some(of_sku) = found.get_mut(&known.sku) {
                of_sku.known.push(known);
            }
        }
        for of_sku in found.values_mut() {
            of_sku.known.sort_by(|one, other| one.store.cmp(&other.store));
            self.positions = self.positions.saturating_add(of_sku.known.len());
        }
        self.skus.extend(found);
        Ok(())
    }

    /// Lays out in the index what this demand may draw on.
    pub(super) fn lay_out(&mut self, hall: &mut Hall<'_>, demand: &Demand, cart: &[CartUnits]) {
        for (sku, wanted) in wanted(demand) {
            let of_sku = self.skus.entry(sku.clone()).or_default();
            let asker = Asker { channel: demand.channel.clone(), kind: demand.kind, wanted };
            if cart.iter().any(|own| own.sku == *sku) {
                of_sku.lay_out_for_cart(hall, sku, &asker, cart);
            } else {
                of_sku.lay_out(hall, sku, &asker);
            }
        }
    }

    /// Units of it are given away, or come back when they are fewer than none.
    pub(super) fn take(&mut self, hall: &mut Hall<'_>, store: &StoreId, sku: &Sku, units: i64) {
        self.change(hall, store, sku, |known| known.release(units.saturating_neg(), known.ceded.is_some()));
    }

    /// What the cart of an order holds is held no more.
    pub(super) fn free(&mut self, hall: &mut Hall<'_>, own: &CartUnits) {
        self.change(hall, &own.store, &own.sku, |known| known.release(own.quantity, own.ceded));
    }

    /// Storage says that nothing of it is free there.
    pub(super) fn gone(&mut self, hall: &mut Hall<'_>, store: &StoreId, sku: &Sku) {
        let all_held = |known: &mut Known| {
            let free = known.free().max(0);
            known.release(free.saturating_neg(), known.ceded.is_some());
        };
        self.change(hall, store, sku, all_held);
    }

    fn change(&mut self, hall: &mut Hall<'_>, store: &StoreId, sku: &Sku, change: impl Fn(&mut Known)) {
        if let Some(of_sku) = self.skus.get_mut(sku) {
            of_sku.change(hall, store, sku, change);
        }
    }

    /// The shortest hold that the classes of these lines allow at that store.
    pub(super) fn hold_ttl_ms(
        &self,
        selling: &Selling,
        store: &StoreId,
        lines: &[DemandLine],
    ) -> Option<i64> {
        let of_line = |line: &DemandLine| {
            let of_sku = self.skus.get(&line.sku)?;
            selling.class(of_sku.known.get(of_sku.place(store)?)?).hold_ttl_ms
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
                .laid_out(&line.sku)
                .filter(|(_, offer)| !offer.sold.kept.is_empty() && offer.sold.units < line.quantity)
                .filter(|(known, _)| fleet.find(&known.store).is_some_and(|node| node.would_be_asked(demand)))
                .map(|(known, offer)| KeptBack {
                    store: &known.store,
                    distance_km: far(&known.store),
                    sellable: &offer.sold,
                })
                .collect();
            let wanted = Wanted { line: line.line, sku: &line.sku, quantity: line.quantity, taken_km };
            found.extend(withheld(wanted, &kept));
        }
        found
    }

    fn laid_out(&self, sku: &Sku) -> impl Iterator<Item = (&Known, &Offer)> {
        let shown = self.skus.get(sku).and_then(|of_sku| Some((of_sku, of_sku.layouts.last()?)));
        shown.into_iter().flat_map(|(of_sku, layout)| of_sku.known.iter().zip(&layout.offers))
    }
}

impl OfSku {
    fn place(&self, store: &StoreId) -> Option<usize> {
        self.known.binary_search_by(|known| known.store.cmp(store)).ok()
    }

    fn lay_out(&mut self, hall: &mut Hall<'_>, sku: &Sku, asker: &Asker) {
        let alike = |layout: &Layout| layout.asker.as_ref() == Some(asker);
        if self.layouts.last().is_some_and(alike) {
            return;
        }
        let mut layout = match self.layouts.iter().position(alike) {
            Some(place) => self.layouts.remove(place),
            None => self.cut(hall, Some(asker.clone()), asker, &[]),
        };
        self.show(hall, sku, layout.aside.take(), layout);
    }

    fn lay_out_for_cart(&mut self, hall: &mut Hall<'_>, sku: &Sku, asker: &Asker, cart: &[CartUnits]) {
        let mut layout = self.cut(hall, None, asker, cart);
        self.show(hall, sku, layout.aside.take(), layout);
    }

    fn cut(&self, hall: &Hall<'_>, whose: Option<Asker>, asker: &Asker, cart: &[CartUnits]) -> Layout {
        let offer = |known: &Known| {
            let came = gathered(known, cart);
            let offer =
                |known: &Known| hall.selling.offer_with(known, asker.asked(), (asker.wanted, came), hall.now);
            if cart.is_empty() { offer(known) } else { offer(&without_cart(known.clone(), cart)) }
        };
        let offers: Vec<Offer> = self.known.iter().map(offer).collect();
        let shelves = self.known.iter().zip(&offers);
        let shelves = shelves.map(|(known, offer)| (known.store.clone(), offer.shelf(known)));
        let aside = Some(hall.fleet.shelved(shelves));
        Layout { asker: whose, offers, aside }
    }

    /// Puts it into the index, and what lay there aside.
    fn show(&mut self, hall: &mut Hall<'_>, sku: &Sku, ready: Option<Shelved>, layout: Layout) {
        let before = hall.fleet.show(sku, ready.unwrap_or_default());
        if let Some(last) = self.layouts.last_mut() {
            last.aside = before;
        }
        // What was cut for one order is good for no other, and what is asked in many ways is cut again.
        self.layouts.retain(|layout| layout.asker.is_some());
        if self.layouts.len() >= LAYOUTS_KEPT_MAX {
            self.layouts.remove(0);
        }
        self.layouts.push(layout);
    }

    fn change(&mut self, hall: &mut Hall<'_>, store: &StoreId, sku: &Sku, change: impl Fn(&mut Known)) {
        let Some(place) = self.place(store) else { return };
        let Some(known) = self.known.get_mut(place) else { return };
        change(known);
        for layout in &mut self.layouts {
            let Some(asker) = &layout.asker else { continue };
            let Some(offer) = layout.offers.get_mut(place) else { continue };
            *offer = hall.selling.offer(known, asker.asked(), asker.wanted, hall.now);
            let shelf = offer.shelf(known);
            match &mut layout.aside {
                Some(shelved) => hall.fleet.reshelve_in(shelved, store, &shelf),
                None => hall.fleet.reshelve(sku, store, &shelf),
            }
        }
    }
}
