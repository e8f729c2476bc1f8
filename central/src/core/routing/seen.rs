//! What a node is, but for how busy it is and what lies on its shelves: the same for many decisions.

use super::beside::Seen;
use super::decision::{Node, Shelf};
use crate::core::eligibility::Eligibility;
use crate::core::fleet::Store;
use holdfast_shared::ids::Sku;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Serialize)]
struct Said<'a> {
    store: &'a Store,
    eligibility: &'a Eligibility,
    recovering: bool,
}

/// None of what has no text. Nobody decides by the name of a node.
#[must_use]
pub(super) fn seen(node: &Node) -> Option<Seen> {
    let store = Store { name: String::new(), ..node.store.clone() };
    let said = Said { store: &store, eligibility: &node.eligibility, recovering: node.recovering };
    serde_json::to_string(&said).ok().map(Seen::new)
}

/// The same, read again.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct KnownNode {
    store: Store,
    eligibility: Eligibility,
    recovering: bool,
}

impl KnownNode {
    #[must_use]
    pub fn with(self, open_tasks: u32, shelves: BTreeMap<Sku, Shelf>) -> Node {
        let Self { store, eligibility, recovering } = self;
        Node { store, eligibility, open_tasks, recovering, shelves }
    }
}
