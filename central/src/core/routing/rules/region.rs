//! A rung may ask only nodes of the customer's region, or of those that it names. A pickup has no
//! region: the customer chose the store.

use super::{About, Ask, Rule, Seen};
use crate::core::routing::policy::Regions;

#[derive(Debug)]
pub(super) struct Region;

impl Rule for Region {
    fn name(&self) -> &'static str {
        "region"
    }

    fn about(&self) -> About {
        About::Rung
    }

    fn applies(&self, ask: &Ask<'_>) -> bool {
        ask.demand.pickup_store.is_none() && !ask.rung.region.is_any()
    }

    fn refuses(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> bool {
        let Some(region) = &seen.node.store.region else { return !ask.rung.region.is_any() };
        match &ask.rung.region {
            Regions::Any => false,
            Regions::Same => ask.home != Some(region),
            Regions::Named(names) => !names.contains(region),
        }
    }

    fn words(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> String {
        let lies = seen.node.store.region.as_ref();
        let lies =
            lies.map_or_else(|| String::from("lies in no region"), |region| format!("lies in {region}"));
        match (&ask.rung.region, ask.home) {
            (Regions::Any, _) => lies,
            (Regions::Same, None) => format!("{lies}; in which region the customer lives is not known"),
            (Regions::Same, Some(home)) => format!("{lies}; this rung asks the customer's region, {home}"),
            (Regions::Named(names), _) => {
                let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
                format!("{lies}; this rung asks {}", names.join(", "))
            }
        }
    }
}
