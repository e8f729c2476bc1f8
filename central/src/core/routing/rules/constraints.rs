//! Goods that ask for something (to be kept cold, a check of age) go out only where that is done.

use super::giving::{Giving, givings, handles};
use super::{Ask, Rule, Seen};
use crate::core::routing::policy::Cover;

#[derive(Debug)]
pub(super) struct Constraints;

impl Rule for Constraints {
    fn name(&self) -> &'static str {
        "constraints"
    }

    fn applies(&self, ask: &Ask<'_>) -> bool {
        !ask.demand.needs.is_empty()
    }

    fn refuses(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> bool {
        let mut lacks = ask.wanted.iter().map(|wanted| !handles(seen, wanted));
        match ask.rung.cover {
            Cover::Whole => lacks.any(|lacks| lacks),
            Cover::Part => {
                let units = givings(ask, seen).any(|giving| matches!(giving, Giving::Units(1..)));
                !units && lacks.any(|lacks| lacks)
            }
        }
    }

    fn words(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> String {
        let lacking = ask.wanted.iter().find_map(|wanted| {
            let lacking = wanted.needs?.difference(&seen.node.store.handles);
            let names: Vec<&str> = lacking.map(|need| need.as_str()).collect();
            (!names.is_empty()).then(|| format!("{} needs {}", wanted.line.sku, names.join(" and ")))
        });
        lacking.map_or_else(
            || String::from("cannot handle these goods"),
            |what| format!("{what}, which is not done there"),
        )
    }
}
