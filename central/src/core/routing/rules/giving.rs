//! What a node can give of each line. Not a rule: what several of them rest on.

use super::{Ask, Seen, Wanted};
use crate::core::routing::shelved::OnShelf;
use holdfast_shared::money::{Currency, Money};

/// What a node can do about one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Giving {
    Units(i64),
    /// The goods ask for something that is not done there.
    Unfit,
    /// There are units, but not surely enough.
    Doubted,
}

/// For each line, in their order.
pub fn givings<'a>(ask: &'a Ask<'_>, seen: &'a Seen<'_>) -> impl Iterator<Item = Giving> + 'a {
    ask.wanted.iter().zip(seen.shelves).map(|(wanted, shelf)| match shelf {
        _ if !handles(seen, wanted) => Giving::Unfit,
        None => Giving::Units(0),
        Some(shelf) => {
            let units = shelf.units().saturating_sub(wanted.before).clamp(0, wanted.line.quantity);
            if units > 0 && !is_sure(ask, *shelf) { Giving::Doubted } else { Giving::Units(units) }
        }
    })
}

/// How many units of each line the node can give, in the order of the lines.
pub fn units<'a>(ask: &'a Ask<'_>, seen: &'a Seen<'_>) -> impl Iterator<Item = i64> + 'a {
    givings(ask, seen).map(|giving| match giving {
        Giving::Units(units) => units,
        Giving::Unfit | Giving::Doubted => 0,
    })
}

/// What these units of the lines, in their order, are sold for; none when a price is not known in that
/// currency.
pub fn worth(wanted: &[Wanted<'_>], units: impl Iterator<Item = i64>, currency: Currency) -> Option<Money> {
    let nothing = Money { minor: 0, currency };
    wanted.iter().zip(units).filter(|(_, units)| *units > 0).try_fold(nothing, |sum, (wanted, units)| {
        let price = wanted.price?;
        sum.plus(price.times(units).ok()?).ok()
    })
}

/// Whether the node does all that the goods of the line ask for.
pub(super) fn handles(seen: &Seen<'_>, wanted: &Wanted<'_>) -> bool {
    seen.trade.handles.cover(wanted.asks)
}

/// Whether these units may be counted on.
pub(super) fn is_sure(ask: &Ask<'_>, shelf: OnShelf<'_>) -> bool {
    match (minimum(ask), shelf.confidence()) {
        (None, _) => true,
        (Some(least), Some(sure)) => sure >= least,
        (Some(_), None) => ask.rung.confidence_min.is_none(),
    }
}

/// How sure stock must be on this rung.
pub(super) fn minimum(ask: &Ask<'_>) -> Option<f64> {
    ask.rung.confidence_min.or(ask.policy.confidence_min)
}
