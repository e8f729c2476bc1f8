//! Stock moved: sold, returned, received, counted, adjusted, sent to or come from another store.
//!
//! What happened is recorded even when the books say that it could not: a sale at the till may
//! take on hand below zero, or the units that an order reserved. Only absurd numbers are refused.

use crate::core::command::{MovementKind, MovementRequest, Refusal};
use crate::core::outcome::{Outcome, Reply, Said, Undecided, text_fits};
use crate::core::view::View;
use holdfast_shared::domain::fact::Body;
use holdfast_shared::domain::stock::{Movement, StockFact};
use holdfast_shared::ids::{Sku, StoreId};
use holdfast_shared::limits::{MOVEMENTS_MAX, POSITION_MAX, QUANTITY_MAX};
use std::collections::BTreeMap;

pub fn decide<V: View>(view: &V, requests: &[MovementRequest]) -> Result<Outcome, Undecided<V::Error>> {
    if requests.is_empty() || requests.len() > MOVEMENTS_MAX {
        let told = format!("send between 1 and {MOVEMENTS_MAX} movements at once, not {}", requests.len());
        return Err(Refusal::Invalid(told).into());
    }
    let mut on_hand: BTreeMap<&Sku, i64> = BTreeMap::new();
    let mut said = Vec::with_capacity(requests.len());
    for request in requests {
        let before = match on_hand.get(&request.sku) {
            Some(units) => *units,
            None => {
                let position = view.position(&request.sku).map_err(Undecided::View)?;
                position.ok_or_else(|| Refusal::UnknownSku(request.sku.clone()))?.on_hand
            }
        };
        let fact = fact(request, before)?;
        on_hand.insert(&request.sku, before.saturating_add(fact.delta));
        said.push(Said { after: None, body: Body::Stock(fact) });
    }
    let skus = on_hand.into_keys().cloned().collect();
    Ok(Outcome::facts(said, Reply::Moved(skus)))
}

fn fact(request: &MovementRequest, before: i64) -> Result<StockFact, Refusal> {
    text_fits("note", request.note.as_deref())?;
    let quantity = request.quantity;
    let least = match request.kind {
        MovementKind::Adjustment => -QUANTITY_MAX,
        MovementKind::Count => 0,
        MovementKind::Sale
        | MovementKind::Return
        | MovementKind::Receipt
        | MovementKind::TransferOut
        | MovementKind::TransferIn => 1,
    };
    if !(least..=QUANTITY_MAX).contains(&quantity) {
        return Err(Refusal::Quantity(format!(
            "a quantity of {quantity} is out of range: send {least} to {QUANTITY_MAX}"
        )));
    }
    let (delta, movement) = movement(request, before)?;
    let fact = StockFact { sku: request.sku.clone(), delta, movement, note: request.note.clone() };
    fact.check().map_err(|bad| Refusal::Quantity(bad.to_string()))?;
    if before.saturating_add(delta).saturating_abs() > POSITION_MAX {
        return Err(Refusal::Quantity(format!(
            "the stock of {} would pass {POSITION_MAX} units",
            request.sku
        )));
    }
    Ok(fact)
}

fn movement(request: &MovementRequest, before: i64) -> Result<(i64, Movement), Refusal> {
    let quantity = request.quantity;
    let moved = match request.kind {
        MovementKind::TransferOut => {
            return Ok((quantity.saturating_neg(), Movement::TransferOut { to: peer(request)? }));
        }
        MovementKind::TransferIn => return Ok((quantity, Movement::TransferIn { from: peer(request)? })),
        MovementKind::Sale => (quantity.saturating_neg(), Movement::Sale),
        MovementKind::Return => (quantity, Movement::Return),
        MovementKind::Receipt => (quantity, Movement::Receipt),
        MovementKind::Adjustment => (quantity, Movement::Adjustment),
        // Only differences sum, so a count is the difference that it found.
        MovementKind::Count => (quantity.saturating_sub(before), Movement::Count { found: quantity }),
    };
    if request.peer.is_some() {
        return Err(Refusal::Invalid("only a transfer has a peer".into()));
    }
    Ok(moved)
}

fn peer(request: &MovementRequest) -> Result<StoreId, Refusal> {
    let missing = || Refusal::Invalid("name the other store of the transfer as peer".into());
    request.peer.clone().ok_or_else(missing)
}
