//! Returns as facts tell them, for tests.

use super::fact::{AskedLine, Receipt, ReturnFact, Said};
use super::request::{AskedBy, ReturnReason};
use super::state::Return;
use holdfast_shared::domain::bring_back::Condition;
use holdfast_shared::ids::LineNo;
use holdfast_shared::time::UtcMs;

pub(crate) fn asked(line: u32, quantity: i64) -> Said {
    let (sku, line, reason) = (sku(line), LineNo(line), ReturnReason::ChangedMind);
    Said::Asked {
        lines: vec![AskedLine { line, sku, quantity, reason }],
        asked_by: AskedBy::Customer,
        note: None,
    }
}

pub(crate) fn sku(line: u32) -> holdfast_shared::ids::Sku {
    format!("SKU-{line}").parse().unwrap()
}

pub(crate) fn approved() -> Said {
    Said::Approved { words: "the rules allow it".into() }
}

pub(crate) fn received(fact: u32, line: u32, units: i64, condition: Condition) -> Said {
    let fact = format!("till.1.{fact}").parse().unwrap();
    let (store, sku) = ("leeds".parse().unwrap(), sku(line));
    Said::Received(Receipt { fact, store, line: LineNo(line), sku, units, condition })
}

pub(crate) fn facts(said: impl IntoIterator<Item = Said>) -> Vec<ReturnFact> {
    let fact = |(sequence, said): (u32, Said)| ReturnFact {
        sequence,
        at: UtcMs(i64::from(sequence)),
        by: "ann".parse().unwrap(),
        said,
    };
    (1..).zip(said).map(fact).collect()
}

pub(crate) fn folded(number: u32, facts: &[ReturnFact]) -> Return {
    Return::fold(&format!("o-r{number}").parse().unwrap(), &"o".parse().unwrap(), number, facts)
}

pub(crate) fn a_return(said: impl IntoIterator<Item = Said>) -> Return {
    folded(1, &facts(said))
}
