//! How far the rung reaches to a store. A pickup has no distance: the customer chose the store.

use super::{About, Ask, Rule, Seen};

#[derive(Debug)]
pub(super) struct Radius;

impl Rule for Radius {
    fn name(&self) -> &'static str {
        "radius"
    }

    fn about(&self) -> About {
        About::Rung
    }

    fn refuses(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> bool {
        if seen.node.store.kind.ships_everywhere() || ask.demand.pickup_store.is_some() {
            return false;
        }
        ask.rung.radius_km.is_some_and(|radius_km| seen.distance_km > radius_km)
    }

    fn words(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> String {
        let radius_km = ask.rung.radius_km.unwrap_or(f64::INFINITY);
        format!("{:.1} km away; this rung reaches {radius_km:.0} km", seen.distance_km)
    }
}
