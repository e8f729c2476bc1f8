//! Changes of an order before it is picked: what may be asked for, and what it takes. Pure: the order as it
//! stands in, the plan or the refusal out.
//!
//! A unit that no store has is taken off at once. One that a store has and has not begun with is recalled
//! with its whole task, and what is left of that is routed anew. Where a store has begun, or the goods were
//! released to it, nothing is changed: the answer says what can be done instead. A change is done as a whole
//! or not at all.

use super::fleet::Place;
use super::order::{OrderLine, OrderLineRequest, OrderRequest, OrderState, stands_in_for};
use super::order_request::{BadOrder, check_added, check_place};
use super::order_terms::{Gift, Shipping, Tax};
use super::personal::{BadPersonal, Customer, Personal, check_customer, check_personal_text};
use super::totals::{BadMoney, allot_added};
use holdfast_shared::domain::task::{FulfilmentKind, Phase, TaskState};
use holdfast_shared::ids::{LineNo, StoreId, TaskId};
use holdfast_shared::limits::{CHANGE_LINES_MAX, ORDER_LINES_MAX, QUANTITY_MAX};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

mod plan;
mod refusal;

pub use plan::{Plan, Standing, plan, plan_cancel};
pub use refusal::CannotChange;

/// `POST /v1/orders/{order}/changes`. What it does not name stays as it is.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeRequest {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<LineChange>,
    /// Goods that come on top, each as a line of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub add: Vec<OrderLineRequest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<Place>,
    /// Of a pickup that no store has yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pickup_store: Option<StoreId>,
    /// In place of all that was said of the customer before.
    #[serde(default, skip_serializing)]
    #[schema(value_type = Option<Customer>)]
    pub customer: Option<Personal<Customer>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping: Option<Shipping>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gift: Option<Gift>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promise_by: Option<UtcMs>,
}

/// How many units of a line are wanted now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineChange {
    pub line: LineNo,
    /// 0 removes the line. More than before come on top as a line of their own, at the price of this one.
    #[schema(example = 1)]
    pub quantity: i64,
}

/// How many units of a line are wanted no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineUnits {
    pub line: LineNo,
    #[schema(example = 1)]
    pub quantity: i64,
}

/// Why a change cannot be meant, whatever the order is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadChange {
    #[error(
        "it changes nothing: name lines, add, destination, pickup_store, customer, shipping, gift or promise_by"
    )]
    Nothing,
    #[error("lines and add have at most {CHANGE_LINES_MAX} entries together")]
    TooMany,
    #[error("line {0} is named twice")]
    LineTwice(LineNo),
    #[error("the quantity of line {line} is {quantity}: expected {least} to {QUANTITY_MAX}")]
    Quantity { line: LineNo, quantity: i64, least: i64 },
    #[error(transparent)]
    Order(#[from] BadOrder),
    #[error(transparent)]
    Money(#[from] BadMoney),
    #[error(transparent)]
    Personal(#[from] BadPersonal),
}

pub fn check(change: &ChangeRequest) -> Result<(), BadChange> {
    if *change == ChangeRequest::default() {
        return Err(BadChange::Nothing);
    }
    if change.lines.len().saturating_add(change.add.len()) > CHANGE_LINES_MAX {
        return Err(BadChange::TooMany);
    }
    check_units(change.lines.iter().map(|line| (line.line, line.quantity)), 0)?;
    for (index, line) in change.add.iter().enumerate() {
        check_added(index, line)?;
        allot_added(line, &format!("add[{index}]"))?;
    }
    if let Some(place) = change.destination {
        check_place(place)?;
    }
    if let Some(customer) = &change.customer {
        check_customer(customer.reveal())?;
    }
    let message = change.gift.as_ref().and_then(|gift| gift.message.as_ref());
    Ok(check_personal_text("gift.message", message.map(|said| said.reveal().as_str()))?)
}

pub fn check_cancel(lines: &[LineUnits]) -> Result<(), BadChange> {
    if lines.is_empty() {
        return Err(BadChange::Nothing);
    }
    if lines.len() > CHANGE_LINES_MAX {
        return Err(BadChange::TooMany);
    }
    check_units(lines.iter().map(|line| (line.line, line.quantity)), 1)
}

fn check_units(lines: impl Iterator<Item = (LineNo, i64)>, least: i64) -> Result<(), BadChange> {
    let mut seen = BTreeSet::new();
    for (line, quantity) in lines {
        if !(least..=QUANTITY_MAX).contains(&quantity) {
            return Err(BadChange::Quantity { line, quantity, least });
        }
        if !seen.insert(line) {
            return Err(BadChange::LineTwice(line));
        }
    }
    Ok(())
}

impl ChangeRequest {
    /// Whether it is about all of the order, and not only about some units of it.
    #[must_use]
    pub const fn moves_the_order(&self) -> bool {
        self.destination.is_some() || self.pickup_store.is_some() || self.promise_by.is_some()
    }

    /// What it is about, in the words of its fields; nothing of what they hold.
    #[must_use]
    pub fn fields(&self) -> Vec<&'static str> {
        let named = [
            ("lines", !self.lines.is_empty()),
            ("add", !self.add.is_empty()),
            ("destination", self.destination.is_some()),
            ("pickup_store", self.pickup_store.is_some()),
            ("customer", self.customer.is_some()),
            ("shipping", self.shipping.is_some()),
            ("gift", self.gift.is_some()),
            ("promise_by", self.promise_by.is_some()),
        ];
        named.into_iter().filter(|(_, there)| *there).map(|(field, _)| field).collect()
    }
}

#[cfg(test)]
mod tests;
