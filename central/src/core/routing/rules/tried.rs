//! A node that lost or refused this order is not asked again by itself.

use super::{Ask, Rule};
use crate::core::routing::decision::Node;

#[derive(Debug)]
pub(super) struct Tried;

impl Rule for Tried {
    fn name(&self) -> &'static str {
        "tried"
    }

    fn refuse(&self, ask: &Ask<'_>, node: &Node) -> Option<String> {
        ask.demand
            .tried
            .contains(&node.store.store)
            .then(|| String::from("had this order before, and lost or refused it"))
    }
}
