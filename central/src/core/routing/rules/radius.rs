//! How far the rung reaches to a store. A pickup has no distance: the customer chose the store.

use super::{Ask, Rule};
use crate::core::fleet::StoreKind;
use crate::core::routing::decision::Node;

#[derive(Debug)]
pub(super) struct Radius;

impl Rule for Radius {
    fn name(&self) -> &'static str {
        "radius"
    }

    fn refuse(&self, ask: &Ask<'_>, node: &Node) -> Option<String> {
        let ships_everywhere = match node.store.kind {
            StoreKind::Store => false,
            StoreKind::DistributionCentre => true,
        };
        if ships_everywhere || ask.demand.pickup_store.is_some() {
            return None;
        }
        let radius_km = ask.rung.radius_km?;
        (ask.distance_km > radius_km)
            .then(|| format!("{:.1} km away; this rung reaches {radius_km:.0} km", ask.distance_km))
    }
}
