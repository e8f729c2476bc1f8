//! A node that lost or refused this order is not asked again by itself. A pickup is bound to its store:
//! who lost it (it was taken back, or some of it was not found) may get it again, who declined it not.

use super::{Ask, Rule};
use crate::core::routing::decision::Node;

#[derive(Debug)]
pub(super) struct Tried;

impl Rule for Tried {
    fn name(&self) -> &'static str {
        "tried"
    }

    fn refuse(&self, ask: &Ask<'_>, node: &Node) -> Option<String> {
        let (demand, store) = (ask.demand, &node.store.store);
        if demand.pickup_store.as_ref() == Some(store) {
            return demand.declined.contains(store).then(|| String::from("declined this pickup before"));
        }
        let tried = demand.tried.contains(store);
        tried.then(|| String::from("had this order before, and lost or refused it"))
    }
}
