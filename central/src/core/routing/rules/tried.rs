//! A node that lost or refused this order is not asked again by itself. A pickup is bound to its store:
//! who lost it (it was taken back, or some of it was not found) may get it again, who declined it not.

use super::{Ask, Rule, Seen};

#[derive(Debug)]
pub(super) struct Tried;

impl Rule for Tried {
    fn name(&self) -> &'static str {
        "tried"
    }

    fn applies(&self, ask: &Ask<'_>) -> bool {
        !ask.demand.tried.is_empty() || !ask.demand.declined.is_empty()
    }

    fn refuses(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> bool {
        let (demand, store) = (ask.demand, &seen.node.store.store);
        if demand.pickup_store.as_ref() == Some(store) {
            return demand.declined.contains(store);
        }
        demand.tried.contains(store)
    }

    fn words(&self, ask: &Ask<'_>, _: &Seen<'_>) -> String {
        String::from(match ask.demand.pickup_store {
            Some(_) => "declined this pickup before",
            None => "had this order before, and lost or refused it",
        })
    }
}
