//! A pickup is served by the store that the customer chose, and by no other.

use super::{Ask, Rule};
use crate::core::routing::decision::Node;

#[derive(Debug)]
pub(super) struct PickupStore;

impl Rule for PickupStore {
    fn name(&self) -> &'static str {
        "pickup_store"
    }

    fn refuse(&self, ask: &Ask<'_>, node: &Node) -> Option<String> {
        match &ask.demand.pickup_store {
            Some(chosen) if *chosen != node.store.store => Some(format!("the customer collects at {chosen}")),
            Some(_) | None => None,
        }
    }
}
