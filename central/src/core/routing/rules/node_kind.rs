//! A rung asks stores, distribution centres, or both.

use super::{About, Ask, Rule, Seen};
use crate::core::fleet::StoreKind;

#[derive(Debug)]
pub(super) struct NodeKind;

impl Rule for NodeKind {
    fn name(&self) -> &'static str {
        "node_kind"
    }

    fn about(&self) -> About {
        About::Rung
    }

    fn applies(&self, ask: &Ask<'_>) -> bool {
        // Else a rung asks nobody of another kind.
        ask.demand.pickup_store.is_some()
    }

    fn refuses(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> bool {
        !ask.rung.kinds.contains(&seen.node.store.kind)
    }

    fn words(&self, _: &Ask<'_>, seen: &Seen<'_>) -> String {
        match seen.node.store.kind {
            StoreKind::Store => String::from("a store; this rung is for distribution centres"),
            StoreKind::DistributionCentre => String::from("a distribution centre; this rung is for stores"),
        }
    }
}
