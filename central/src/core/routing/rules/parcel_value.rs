//! A parcel must be worth sending when the order comes in several: on a rung that splits, and where others
//! have a part of it already. Goods of which no price is known do not object, nor do prices in another
//! currency.

use super::giving::{units, worth};
use super::{Ask, Rule, Seen};
use crate::core::routing::policy::Cover;
use holdfast_shared::money::Money;

#[derive(Debug)]
pub(super) struct ParcelValue;

impl Rule for ParcelValue {
    fn name(&self) -> &'static str {
        "parcel_value"
    }

    fn applies(&self, ask: &Ask<'_>) -> bool {
        let several = ask.rung.cover == Cover::Part || ask.demand.sharing() > 0;
        several && ask.policy.split_min_value.is_some()
    }

    fn refuses(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> bool {
        let Some(least) = ask.policy.split_min_value else { return false };
        let one_more =
            ask.demand.pickup_store.is_none() && ask.demand.is_shared_without(&seen.node.store.store);
        let one_of_several = match ask.rung.cover {
            Cover::Whole => one_more,
            Cover::Part => one_more || !has_all(ask, seen),
        };
        one_of_several && value(ask, seen).is_some_and(|value| value.minor < least.minor)
    }

    fn words(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> String {
        let spoken = |money: Option<Money>| {
            money.map_or_else(
                || String::from("nothing"),
                |money| format!("{} {}", hundredths(money.minor), money.currency),
            )
        };
        format!(
            "all that it has of it is worth {}; a parcel of a split is worth {} at least",
            spoken(value(ask, seen)),
            spoken(ask.policy.split_min_value)
        )
    }
}

fn has_all(ask: &Ask<'_>, seen: &Seen<'_>) -> bool {
    ask.wanted.iter().zip(units(ask, seen)).all(|(wanted, units)| units >= wanted.line.quantity)
}

fn value(ask: &Ask<'_>, seen: &Seen<'_>) -> Option<Money> {
    worth(ask.wanted, units(ask, seen), ask.policy.split_min_value?.currency)
}

fn hundredths(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}
