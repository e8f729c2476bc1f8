//! A rung asks stores, distribution centres, or both.

use super::{Ask, Rule};
use crate::core::fleet::StoreKind;
use crate::core::routing::decision::Node;

#[derive(Debug)]
pub(super) struct NodeKind;

impl Rule for NodeKind {
    fn name(&self) -> &'static str {
        "node_kind"
    }

    fn refuse(&self, ask: &Ask<'_>, node: &Node) -> Option<String> {
        let wanted = ask.rung.kinds.contains(&node.store.kind);
        (!wanted).then(|| match node.store.kind {
            StoreKind::Store => String::from("a store; this rung is for distribution centres"),
            StoreKind::DistributionCentre => String::from("a distribution centre; this rung is for stores"),
        })
    }
}
