//! Stock that is probably gone is not promised. A rung that asks for a minimum also refuses stock of
//! which nobody knows how sure it is; the policy's own minimum does not.

use super::giving::{Giving, givings, minimum};
use super::{Ask, Rule, Seen};
use crate::core::routing::policy::Cover;

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
        let lines = ask.wanted.iter().zip(seen.shelves).zip(givings(ask, seen));
        let doubted =
            lines.filter(|(_, giving)| *giving == Giving::Doubted).find_map(|((wanted, shelf), _)| {
                let shelf = (*shelf)?;
                Some((&wanted.line.sku, shelf.confidence, minimum(ask)?))
            });
        match doubted {
            Some((sku, Some(sure), least)) => {
                format!("{sku} is there with a confidence of {sure:.2}; at least {least:.2} is asked for")
            }
            Some((sku, None, least)) => {
                format!("how sure {sku} is there is not known; a confidence of {least:.2} is asked for")
            }
            None => String::from("stock is not sure enough"),
        }
    }
}
