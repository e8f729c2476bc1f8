//! Whether the node does this kind of work at all.

use super::{Ask, Rule, Seen};

#[derive(Debug)]
pub(super) struct Fulfils;

impl Rule for Fulfils {
    fn name(&self) -> &'static str {
        "fulfils"
    }

    fn spares_the_clear(&self) -> bool {
        true
    }

    fn refuses(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> bool {
        !seen.glance.for_kind(ask.demand.kind).fulfils
    }

    fn words(&self, ask: &Ask<'_>, _: &Seen<'_>) -> String {
        format!("does not do {}", ask.demand.kind.as_str())
    }
}
