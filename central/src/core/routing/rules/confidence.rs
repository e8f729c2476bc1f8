//! Stock that is probably gone is not promised. A rung that asks for a minimum also refuses stock of
//! which nobody knows how sure it is; the policy's own minimum does not.

use super::giving::{Giving, givings, minimum};
use super::{Ask, Rule, Seen};
use crate::core::routing::policy::Cover;
use crate::core::routing::why::Why;

#[derive(Debug)]
pub(super) struct Confidence;

impl Rule for Confidence {
    fn name(&self) -> &'static str {
        "confidence"
    }

    fn applies(&self, ask: &Ask<'_>) -> bool {
        minimum(ask).is_some()
    }

    fn refuses(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> bool {
        let mut doubted = givings(ask, seen).map(|giving| giving == Giving::Doubted);
        match ask.rung.cover {
            Cover::Whole => doubted.any(|doubted| doubted),
            Cover::Part => {
                let units = givings(ask, seen).any(|giving| matches!(giving, Giving::Units(1..)));
                !units && doubted.any(|doubted| doubted)
            }
        }
    }

    fn words(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> String {
        self.why(ask, seen).to_string()
    }

    fn why(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> Why {
        let lines = ask.wanted.iter().zip(seen.shelves).zip(givings(ask, seen));
        let mut doubted = lines.filter(|(_, giving)| *giving == Giving::Doubted);
        let why = doubted.find_map(|((wanted, shelf), _)| {
            let (sku, sure, least) = (wanted.line.sku.clone(), (*shelf)?.confidence(), minimum(ask)?);
            Some(Why::Doubted { sku, sure, least })
        });
        why.unwrap_or_else(|| Why::Told(String::from("stock is not sure enough")))
    }
}
