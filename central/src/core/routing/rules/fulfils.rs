//! Whether the node does this kind of work at all.

use super::{Ask, Rule};
use crate::core::routing::decision::Node;

#[derive(Debug)]
pub(super) struct Fulfils;

impl Rule for Fulfils {
    fn name(&self) -> &'static str {
        "fulfils"
    }

    fn refuse(&self, ask: &Ask<'_>, node: &Node) -> Option<String> {
        let kind = ask.demand.kind;
        (!node.store.fulfils.contains(&kind)).then(|| format!("does not do {}", kind.as_str()))
    }
}
