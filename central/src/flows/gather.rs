//! Orders that come together at one store before they go out: how that begins when an order is routed, and
//! the reconciler that ends what does not come to its end by itself. It takes no input.

use super::date_backorders::key_of;
use super::fleet_view::FleetView;
use super::shelves::OnShelves;
use super::{FlowError, Watch};
use crate::core::carriers::{CarrierPolicy, NoDate, Trip};
use crate::core::health::StoreKey;
use crate::core::promise::{Part, PromiseOption, options};
use crate::core::routing::Guide;
use crate::core::routing::decision::{Decision, Demand, DemandLine};
use crate::core::routing::geo::distance_km;
use crate::core::routing::policy::RoutingPolicy;
use crate::ports::fleet::Fleet;
use crate::ports::gatherings::{GatherOutcome, Gatherings, NewGathering};
use crate::ports::promises::CartUnits;
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::{Sku, StoreId};
use holdfast_shared::time::{Now, UtcMs};

/// What came of the wish to gather an order.
pub(super) enum Gathered {
    /// It is carried out as it was decided.
    Not,
    Begun,
    StockGone(Sku),
    OrderMoved,
}

pub(super) async fn gather<S: Gatherings + Fleet + ?Sized>(
    store: &S,
    new: &NewGathering,
    now: Now,
) -> Result<Gathered, FlowError> {
    Ok(match store.gather(new, now.utc).await? {
        GatherOutcome::Begun { .. } => {
            let key = key_of(&new.demand.order);
            store.settle(&new.demand.tenant, &key, "others send what was lacking", now.utc).await?;
            Gathered::Begun
        }
        GatherOutcome::StockGone { sku } => Gathered::StockGone(sku),
        GatherOutcome::OrderMoved => Gathered::OrderMoved,
        GatherOutcome::Refused => Gathered::Not,
    })
}

/// Instead of what was decided, when policy, stock and time allow it.
pub(super) fn planned(
    guide: &Guide<'_>,
    view: &FleetView,
    demand: &Demand,
    decided: &Decision,
    now: UtcMs,
) -> Option<NewGathering> {
    let gather = guide.gather(demand, &view.fleet, decided, now)?;
    let place = view.fleet.find(&gather.store)?.store.place;
    let words = format!("{} Instead of: {}", gather.words, decided.words);
    let decision = Decision { gather: Some(gather.clone()), words, ..decided.clone() };
    Some(NewGathering { demand: demand.clone(), gather, place, decision })
}

/// What of it a checkout is told.
pub(super) struct Collected {
    /// For which dates the whole of it would be ready, the way to the store counted in.
    pub(super) options: Result<Vec<PromiseOption>, NoDate>,
    /// What it would take, there and elsewhere.
    pub(super) units: Vec<CartUnits>,
}

/// A pickup of which the chosen store lacks units, when others would send them.
pub(super) fn collected(
    (policy, carriers): (&RoutingPolicy, &CarrierPolicy),
    view: &FleetView,
    demand: &Demand,
    shelves: &OnShelves,
    decided: &Decision,
    now: UtcMs,
) -> Option<Collected> {
    if demand.kind != FulfilmentKind::Pickup {
        return None;
    }
    let gather = Guide::of(policy).with_carriers(carriers).gather(demand, &view.fleet, decided, now)?;
    let node = view.fleet.find(&gather.store)?;
    let here = std::iter::once((&gather.store, &gather.own));
    let parts: Vec<(&StoreId, &DemandLine)> = here
        .chain(gather.feeders.iter().map(|parcel| (&parcel.store, &parcel.lines)))
        .flat_map(|(store, lines)| lines.iter().map(move |line| (store, line)))
        .collect();
    let confidence = parts
        .iter()
        .map(|(store, line)| shelves.get(&line.sku)?.iter().find(|(at, _)| at == *store)?.1.confidence);
    let trip = Trip {
        store: &node.store,
        kind: demand.kind,
        distance_km: distance_km(demand.destination, node.store.place),
        units: demand.lines.iter().map(|line| line.quantity).fold(0, i64::saturating_add),
        open_tasks: node.open_tasks,
    };
    let part = Part { trip, confidence: confidence.collect() };
    let options = match gather.arrives_by {
        Some(arrives_by) => options(carriers, demand.kind, &[part], arrives_by.max(now)),
        None => Err(NoDate::NoService(FulfilmentKind::Ship)),
    };
    let units = parts.into_iter().map(|(store, line)| CartUnits {
        store: store.clone(),
        sku: line.sku.clone(),
        quantity: line.quantity,
        ceded: false,
        gathered: 0,
    });
    Some(Collected { options, units: units.collect() })
}

/// Ends gatherings whose time is up, that nothing more comes for, or whose store serves nobody now. How many.
pub async fn end_gatherings<S: Gatherings + ?Sized>(
    store: &S,
    watch: &Watch,
    now: Now,
) -> Result<u32, FlowError> {
    let mut ended: u32 = 0;
    loop {
        let over = store.end_gatherings_over(now.utc).await?;
        ended = ended.saturating_add(over.ended);
        if !over.more {
            break;
        }
    }
    for (tenant, at) in store.gathering_stores().await? {
        let key = StoreKey::new(tenant.clone(), at.clone());
        // Dark, or closed hard: its work moves away. At night it is only closed.
        let lost = watch
            .with(|observatory| observatory.eligibility(&key).is_some_and(|known| known.fail_over))
            && !watch.with(|observatory| observatory.holds(&tenant));
        if lost {
            ended = ended.saturating_add(store.end_gatherings_at(&tenant, &at, now.utc).await?.ended);
        }
    }
    Ok(ended)
}

#[cfg(test)]
mod tests;
