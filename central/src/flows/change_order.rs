//! Changes an order before it is picked, or takes a part of it off. Stores that had the work and had not begun
//! are told at once; what is left of theirs is routed anew.

use super::FlowError;
use super::cancel::{check_reason, too_late};
use super::place_order::{hash, unknown_words};
use crate::core::order_change::{BadChange, ChangeRequest, check, check_cancel};
use crate::core::personal::Personal;
use crate::ports::changes::{ChangeDone, ChangeOutcome, Changes, NewChange, Wish};
use crate::ports::fleet::Fleet;
use crate::ports::poke::Poke;
use holdfast_shared::error::Code;
use holdfast_shared::ids::{Actor, IdempotencyKey, OrderId, Sku, TenantId};
use holdfast_shared::time::UtcMs;

#[derive(Debug, Clone)]
pub struct ChangeOrder {
    pub tenant: TenantId,
    pub order: OrderId,
    pub key: IdempotencyKey,
    pub wish: Wish,
    pub actor: Actor,
}

/// What was done, and whether that was before.
pub async fn change_order<S: Changes + Fleet + ?Sized>(
    store: &S,
    poke: &dyn Poke,
    command: ChangeOrder,
    now: UtcMs,
) -> Result<(ChangeDone, bool), FlowError> {
    let ChangeOrder { tenant, order, key, wish, actor } = command;
    let (wish, request_hash) = match wish {
        Wish::Change(change) => {
            check(&change).map_err(|why| bad(&why))?;
            check_names(store, &tenant, &change).await?;
            let hash = change_hash(&order, &change)?;
            (Wish::Change(change), hash)
        }
        Wish::Cancel { lines, reason } => {
            if !lines.is_empty() {
                check_cancel(&lines).map_err(|why| bad(&why))?;
            }
            check_reason(&reason)?;
            let hash = hash(&(&order, &lines))?;
            (Wish::Cancel { lines, reason: reason.trim().to_owned() }, hash)
        }
    };
    let new = NewChange { tenant: tenant.clone(), order, key, request_hash, wish, actor, now };
    let (order, key) = (new.order.clone(), new.key.clone());
    match store.change_order(new).await? {
        ChangeOutcome::Done { done, stores } => {
            for store in stores {
                poke.poke(&tenant, &store, "the order changed");
            }
            Ok((done, false))
        }
        ChangeOutcome::Replayed(done) => Ok((done, true)),
        ChangeOutcome::KeyReused => {
            let what = format!("the key {key} came before with another wish");
            Err(FlowError::refused(Code::IdempotencyKeyReused, what))
        }
        ChangeOutcome::Cannot(why) => Err(FlowError::refused(why.code(), why.to_string())),
        ChangeOutcome::TooLate(state) => Err(too_late(&order, state)),
        ChangeOutcome::Held => {
            let what =
                "central was restored from a backup: stores are asked first what they did with the order";
            Err(FlowError::refused(Code::Busy, what))
        }
        ChangeOutcome::Unknown => {
            Err(FlowError::refused(Code::UnknownOrder, format!("order {order} is not known")))
        }
    }
}

fn bad(bad: &BadChange) -> FlowError {
    let code = match bad {
        BadChange::Quantity { .. } => Code::InvalidQuantity,
        BadChange::Order(order) => order.code(),
        BadChange::Nothing
        | BadChange::TooMany
        | BadChange::LineTwice(_)
        | BadChange::Money(_)
        | BadChange::Personal(_) => Code::InvalidRequest,
    };
    FlowError::refused(code, bad.to_string())
}

async fn check_names<S: Fleet + ?Sized>(
    store: &S,
    tenant: &TenantId,
    change: &ChangeRequest,
) -> Result<(), FlowError> {
    let skus: Vec<Sku> = change.add.iter().map(|line| line.sku.clone()).collect();
    let unknown = if skus.is_empty() { Vec::new() } else { store.unknown_skus(tenant, &skus).await? };
    if !unknown.is_empty() {
        return Err(FlowError::refused(Code::UnknownSku, unknown_words(&unknown)));
    }
    match &change.pickup_store {
        Some(chosen) if store.store(tenant, chosen).await?.is_none() => {
            Err(FlowError::refused(Code::UnknownStore, format!("pickup_store {chosen} is not known")))
        }
        Some(_) | None => Ok(()),
    }
}

/// What is personal is part of the wish, although it is not written down with it.
fn change_hash(order: &OrderId, change: &ChangeRequest) -> Result<[u8; 32], FlowError> {
    let customer = change.customer.as_ref().map(Personal::reveal);
    let message = change.gift.as_ref().and_then(|gift| gift.message.as_ref()).map(Personal::reveal);
    hash(&(order, change, customer, message))
}
