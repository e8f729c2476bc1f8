//! Which open orders follow a version that is tried. Made again from storage before each run.

use super::FlowError;
use crate::core::fleet::Store;
use crate::core::order::OrderRequest;
use crate::core::rollout::Rollout;
use crate::core::rollout::cohort::Subject;
use crate::core::routing::geo::distance_km;
use crate::core::steering::Steering;
use crate::ports::fleet::Fleet;
use crate::ports::rollouts::{OpenOrder, Rollouts, Running};
use holdfast_shared::ids::{OrderId, RegionId, TenantId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

#[derive(Debug)]
pub(super) struct Trial {
    pub(super) steering: Arc<Steering>,
    pub(super) inside: BTreeSet<OrderId>,
}

/// One that cannot be read steers nothing: its orders follow what is in force.
pub(super) async fn load_trials<S: Rollouts + Fleet + ?Sized>(
    store: &S,
) -> Result<BTreeMap<TenantId, Trial>, FlowError> {
    let mut trials = BTreeMap::new();
    for Running { tenant, rollout, canonical } in store.rollouts_running().await? {
        let Ok(steering) = Steering::kept(rollout.version, &canonical).map(Arc::new) else { continue };
        let orders = store.open_orders(&tenant).await?;
        let stores: Vec<Store> =
            store.stores(&tenant).await?.into_iter().map(|record| record.store).collect();
        let inside = inside(&tenant, &rollout, orders, &stores);
        trials.insert(tenant, Trial { steering, inside });
    }
    Ok(trials)
}

fn inside(
    tenant: &TenantId,
    rollout: &Rollout,
    orders: Vec<OpenOrder>,
    stores: &[Store],
) -> BTreeSet<OrderId> {
    // Another version deals the customers anew.
    let name = format!("{tenant} {}", rollout.version);
    let cohort = &rollout.plan.cohort;
    let fits = |open: &OpenOrder| {
        let region = if cohort.regions.is_empty() { None } else { region_of(&open.request, stores) };
        cohort.includes(&name, rollout.percent, &subject(open, region))
    };
    orders.into_iter().filter(fits).map(|open| open.order).collect()
}

fn subject(open: &OpenOrder, region: Option<RegionId>) -> Subject {
    Subject {
        key: open.request.reference.clone().unwrap_or_else(|| open.order.to_string()),
        channel: open.request.channel.clone(),
        region,
        brand: open.request.brand.clone(),
        classes: open.classes.clone(),
        unclassed: open.unclassed,
        in_stock: open.in_stock,
        simple_shipping: open.simple_shipping,
    }
}

/// Of the store where the customer collects, or else of the nearest one.
fn region_of(request: &OrderRequest, stores: &[Store]) -> Option<RegionId> {
    let chosen = request.pickup_store.as_ref();
    let chosen = chosen.and_then(|chosen| stores.iter().find(|store| store.store == *chosen));
    let far = |store: &Store| distance_km(request.destination, store.place);
    let nearest = || stores.iter().min_by(|one, other| far(one).total_cmp(&far(other)));
    chosen.or_else(nearest)?.region.clone()
}
