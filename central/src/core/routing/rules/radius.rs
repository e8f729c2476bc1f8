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

    fn applies(&self, ask: &Ask<'_>) -> bool {
        ask.demand.pickup_store.is_none()
    }

    fn refuses(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> bool {
        // Asked first: nearly all are surely within, and nothing else of the node has to be fetched for that.
        let near = ask.edge.is_none_or(|edge| edge.is_within(seen.chord_squared));
        let beyond = !near && ask.rung.radius_km.is_some_and(|radius_km| seen.distance_km() > radius_km);
        beyond && !seen.glance.kind.reaches_everywhere(ask.demand.kind)
    }

    fn words(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> String {
        let radius_km = ask.rung.radius_km.unwrap_or(f64::INFINITY);
        format!("{:.1} km away; this rung reaches {radius_km:.0} km", seen.distance_km())
    }
}
