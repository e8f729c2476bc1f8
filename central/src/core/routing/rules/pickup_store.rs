//! A pickup is served by the store that the customer chose, and by no other.

use super::{About, Ask, Rule, Seen};

#[derive(Debug)]
pub(super) struct PickupStore;

impl Rule for PickupStore {
    fn name(&self) -> &'static str {
        "pickup_store"
    }

    fn about(&self) -> About {
        About::Rung
    }

    fn applies(&self, ask: &Ask<'_>) -> bool {
        ask.demand.pickup_store.is_some()
    }

    fn refuses(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> bool {
        ask.demand.pickup_store.as_ref().is_some_and(|chosen| *chosen != seen.node.store.store)
    }

    fn words(&self, ask: &Ask<'_>, _: &Seen<'_>) -> String {
        let chosen = ask.demand.pickup_store.as_ref();
        chosen.map_or_else(String::new, |chosen| format!("the customer collects at {chosen}"))
    }
}
