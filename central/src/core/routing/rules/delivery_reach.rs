//! A store's own people deliver only so far.

use super::{Ask, Rule, Seen};
use holdfast_shared::domain::task::FulfilmentKind;

#[derive(Debug)]
pub(super) struct DeliveryReach;

impl Rule for DeliveryReach {
    fn name(&self) -> &'static str {
        "delivery_reach"
    }

    fn applies(&self, ask: &Ask<'_>) -> bool {
        match ask.demand.kind {
            FulfilmentKind::Delivery => true,
            FulfilmentKind::Ship | FulfilmentKind::Pickup => false,
        }
    }

    fn refuses(&self, _: &Ask<'_>, seen: &Seen<'_>) -> bool {
        seen.node.store.delivers_km.is_some_and(|km| seen.distance_km() > km)
    }

    fn words(&self, _: &Ask<'_>, seen: &Seen<'_>) -> String {
        let reach = seen.node.store.delivers_km.unwrap_or(f64::INFINITY);
        format!("{:.1} km away; it delivers up to {reach:.1} km", seen.distance_km())
    }
}
