//! Enough to sell of every line, or of one unit where the rung may split. Absent is unknown, and
//! counts as none.

use super::giving::units;
use super::{Ask, Rule, Seen, Wanted};
use crate::core::routing::policy::Cover;
use crate::core::routing::shelved::OnShelf;
use crate::core::routing::why::Why;

#[derive(Debug)]
pub(super) struct Stock;

impl Rule for Stock {
    fn name(&self) -> &'static str {
        "stock"
    }

    fn refuses(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> bool {
        match ask.rung.cover {
            Cover::Whole => {
                let mut lines = ask.wanted.iter().zip(units(ask, seen));
                ask.wanted.is_empty() || lines.any(|(wanted, units)| units < wanted.line.quantity)
            }
            Cover::Part => !units(ask, seen).any(|units| units > 0),
        }
    }

    fn words(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> String {
        self.why(ask, seen).to_string()
    }

    fn why(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> Why {
        let mut lines = ask.wanted.iter().zip(seen.shelves).zip(units(ask, seen));
        let lacking = lines.find(|((wanted, _), units)| *units < wanted.line.quantity);
        lacking.map_or_else(
            || Why::Told(String::from("nothing is asked for")),
            |((wanted, shelf), _)| match shelf {
                None => Why::Told(format!("stock of {} is not known there", wanted.line.sku)),
                Some(shelf) => lacks(wanted, *shelf),
            },
        )
    }
}

fn lacks(wanted: &Wanted<'_>, shelf: OnShelf<'_>) -> Why {
    Why::Lacks {
        sku: wanted.line.sku.clone(),
        units: shelf.units(),
        wanted: wanted.before.saturating_add(wanted.line.quantity),
        kept: shelf.words().map(Box::from),
    }
}
