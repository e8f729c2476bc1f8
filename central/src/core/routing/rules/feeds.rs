//! Goods that are to come to a store from others are not taken off its own shelf.

use super::{Ask, Rule, Seen};

#[derive(Debug)]
pub(super) struct Feeds;

impl Rule for Feeds {
    fn name(&self) -> &'static str {
        "feeds"
    }

    fn applies(&self, ask: &Ask<'_>) -> bool {
        ask.demand.feeds.is_some()
    }

    fn refuses(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> bool {
        ask.demand.feeds.as_ref() == Some(&seen.node.store.store)
    }

    fn words(&self, _: &Ask<'_>, seen: &Seen<'_>) -> String {
        format!("the goods are to come to {} from others", seen.node.store.store)
    }
}
