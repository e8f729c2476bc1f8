//! Goods of an order come back: by the return that was agreed, or by the order alone.
//!
//! The store does not know whether so many left, and takes in what is on the counter; central finds the return, or
//! tells a person. Each condition is a fact of its own, and only what can be sold again adds to the stock.

use crate::core::command::{BringBackLine, BringBackRequest, Refusal};
use crate::core::outcome::{Outcome, Reply, Said, Undecided, text_fits};
use crate::core::view::View;
use holdfast_shared::domain::fact::Body;
use holdfast_shared::domain::stock::{Movement, StockFact};
use holdfast_shared::ids::Sku;
use holdfast_shared::limits::{MOVEMENTS_MAX, POSITION_MAX, QUANTITY_MAX};
use std::collections::{BTreeMap, BTreeSet};

pub fn decide<V: View>(view: &V, request: &BringBackRequest) -> Result<Outcome, Undecided<V::Error>> {
    let BringBackRequest { of, lines, note } = request;
    text_fits("note", note.as_deref())?;
    if lines.is_empty() || lines.len() > MOVEMENTS_MAX {
        let told = format!("name between 1 and {MOVEMENTS_MAX} lines that came back, not {}", lines.len());
        return Err(Refusal::Invalid(told).into());
    }
    let mut named = BTreeSet::new();
    let mut on_hand: BTreeMap<&Sku, i64> = BTreeMap::new();
    let mut said = Vec::with_capacity(lines.len());
    for BringBackLine { sku, units, condition } in lines {
        if !named.insert((sku, condition)) {
            let told = format!("{sku} is named twice as {}; add the units up", condition.as_str());
            return Err(Refusal::Invalid(told).into());
        }
        if !(1..=QUANTITY_MAX).contains(units) {
            let told = format!("{units} units of {sku} are out of range: send 1 to {QUANTITY_MAX}");
            return Err(Refusal::Quantity(told).into());
        }
        let before = match on_hand.get(sku) {
            Some(units) => *units,
            None => {
                let position = view.position(sku).map_err(Undecided::View)?;
                position.ok_or_else(|| Refusal::UnknownSku(sku.clone()))?.on_hand
            }
        };
        let delta = condition.adds(*units);
        let after = before.saturating_add(delta);
        if after.saturating_abs() > POSITION_MAX {
            let told = format!("the stock of {sku} would pass {POSITION_MAX} units");
            return Err(Refusal::Quantity(told).into());
        }
        on_hand.insert(sku, after);
        let movement = Movement::BroughtBack { of: of.clone(), condition: *condition, units: *units };
        let fact = StockFact { sku: sku.clone(), delta, movement, note: note.clone() };
        fact.check().map_err(|bad| Refusal::Quantity(bad.to_string()))?;
        said.push(Said { after: None, body: Body::Stock(fact) });
    }
    let skus = on_hand.into_keys().cloned().collect();
    Ok(Outcome::facts(said, Reply::Moved(skus)))
}
