//! How many nodes may share one order, whichever rungs gave them their parts. A pickup is never shared.

use super::{Ask, Rule, Seen};
use crate::core::routing::policy::Cover;

#[derive(Debug)]
pub(super) struct Splits;

impl Rule for Splits {
    fn name(&self) -> &'static str {
        "splits"
    }

    fn applies(&self, ask: &Ask<'_>) -> bool {
        parcels_left(ask) == 0 || (ask.rung.cover == Cover::Part && ask.demand.pickup_store.is_some())
    }

    fn refuses(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> bool {
        let pickup = ask.demand.pickup_store.is_some();
        match ask.rung.cover {
            // The rest may go to who has a part already: nobody more shares the order then.
            Cover::Whole => {
                !pickup && parcels_left(ask) == 0 && ask.demand.is_shared_without(&seen.node.store.store)
            }
            Cover::Part => pickup || parcels_left(ask) == 0,
        }
    }

    fn words(&self, ask: &Ask<'_>, _: &Seen<'_>) -> String {
        if ask.demand.pickup_store.is_some() {
            return String::from("a pickup is handed over in one piece");
        }
        format!("{} nodes share this order already (limit {})", ask.demand.sharing(), ask.policy.splits_max)
    }
}

/// How many more nodes may have a part of the order.
pub fn parcels_left(ask: &Ask<'_>) -> u32 {
    ask.policy.splits_max.saturating_sub(ask.demand.sharing())
}
