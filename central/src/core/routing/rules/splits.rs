//! How many nodes may share one order. A pickup is not shared.

use super::{Ask, Rule};
use crate::core::routing::decision::Node;
use crate::core::routing::policy::Cover;

#[derive(Debug)]
pub(super) struct Splits;

impl Rule for Splits {
    fn name(&self) -> &'static str {
        "splits"
    }

    fn refuse(&self, ask: &Ask<'_>, _: &Node) -> Option<String> {
        match ask.rung.cover {
            Cover::Whole => None,
            Cover::Part if ask.demand.pickup_store.is_some() => {
                Some(String::from("a pickup is handed over in one piece"))
            }
            Cover::Part => {
                let (sharing, most) = (ask.demand.sharing(), ask.policy.splits_max);
                (sharing >= most).then(|| format!("{sharing} nodes share this order already (limit {most})"))
            }
        }
    }
}
