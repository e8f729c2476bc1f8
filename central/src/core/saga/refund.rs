//! Money that somebody wants to go back: by units that left, or an amount. Never more than what was taken.

use crate::core::order::OrderLine;
use crate::core::order_request::holds_card_number;
use holdfast_shared::error::Code;
use holdfast_shared::ids::{Actor, LineNo};
use holdfast_shared::limits::{NOTE_CHARS_MAX, ORDER_LINES_MAX, REFUNDS_MAX};
use holdfast_shared::money::{Currency, Money};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// `POST /v1/orders/{order}/refunds`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundRequest {
    /// Units that left, with what they cost. Not together with `amount`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<RefundLine>,
    /// A sum that belongs to no units: goodwill, a shipping fee.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    #[schema(example = "arrived broken")]
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundLine {
    pub line: LineNo,
    #[schema(example = 1)]
    pub quantity: i64,
}

/// A refund that was taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundAsked {
    /// From 1 on, within the order.
    pub number: u32,
    pub amount: i64,
    pub currency: Currency,
    pub lines: Vec<RefundLine>,
    pub reason: String,
    pub by: Actor,
    pub at: UtcMs,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRefund {
    #[error("a refund names lines with quantities, or one amount; this one has {0}")]
    Form(&'static str),
    #[error("reason says why, in 1 to {NOTE_CHARS_MAX} characters")]
    Reason,
    #[error("reason holds what looks like a card number; nothing was stored")]
    CardNumber,
    #[error("lines[{index}].quantity is {quantity}: expected 1 or more")]
    Quantity { index: usize, quantity: i64 },
    #[error("lines[{index}] names line {line} a second time; add the quantities up")]
    Twice { index: usize, line: LineNo },
    #[error("line {line} is not one of the order's")]
    NoSuchLine { line: LineNo },
    #[error(
        "of line {line} {left} units left and were not refunded yet; {asked} are too many. What has not left is cancelled, not refunded"
    )]
    TooManyUnits { line: LineNo, left: i64, asked: i64 },
    #[error("amount is {0}: expected more than 0")]
    Amount(i64),
    #[error("the order is in {expected}, and the refund in {found}")]
    OtherCurrency { found: Currency, expected: Currency },
    #[error("{left} was taken and not given back yet; {asked} is more")]
    TooMuch { left: Money, asked: Money },
    #[error("the order has no payment that could be given back")]
    NotPaid,
    #[error("the order has {REFUNDS_MAX} refunds already")]
    TooMany,
    #[error("the amounts are too large to add up")]
    TooLarge,
}

impl BadRefund {
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Form(_)
            | Self::Reason
            | Self::CardNumber
            | Self::Twice { .. }
            | Self::NoSuchLine { .. }
            | Self::Amount(_)
            | Self::OtherCurrency { .. }
            | Self::TooLarge => Code::InvalidRequest,
            Self::Quantity { .. } => Code::InvalidQuantity,
            Self::TooManyUnits { .. } | Self::TooMuch { .. } | Self::NotPaid | Self::TooMany => {
                Code::IllegalTransition
            }
        }
    }
}

/// What can be said without the order.
pub fn check(request: &RefundRequest) -> Result<(), BadRefund> {
    match (request.lines.is_empty(), request.amount) {
        (true, None) => return Err(BadRefund::Form("neither")),
        (false, Some(_)) => return Err(BadRefund::Form("both")),
        (true, Some(money)) if money.minor <= 0 => return Err(BadRefund::Amount(money.minor)),
        (true, Some(_)) | (false, None) => {}
    }
    if request.lines.len() > ORDER_LINES_MAX {
        return Err(BadRefund::Form("more lines than an order may have"));
    }
    let reason = request.reason.trim();
    if reason.is_empty() || reason.chars().count() > NOTE_CHARS_MAX || reason.chars().any(char::is_control) {
        return Err(BadRefund::Reason);
    }
    if holds_card_number(reason) {
        return Err(BadRefund::CardNumber);
    }
    let mut seen = BTreeSet::new();
    for (index, RefundLine { line, quantity }) in request.lines.iter().enumerate() {
        if *quantity < 1 {
            return Err(BadRefund::Quantity { index, quantity: *quantity });
        }
        if !seen.insert(*line) {
            return Err(BadRefund::Twice { index, line: *line });
        }
    }
    Ok(())
}

/// What it comes to. `taken` was captured, or is about to be, because the goods have left; what earlier refunds asked for
/// goes off it.
pub fn amount(
    request: &RefundRequest,
    lines: &[OrderLine],
    earlier: &[RefundAsked],
    (taken, currency): (i64, Currency),
) -> Result<i64, BadRefund> {
    let asked = match request.amount {
        Some(money) if money.currency != currency => {
            return Err(BadRefund::OtherCurrency { found: money.currency, expected: currency });
        }
        Some(money) => money.minor,
        None => of_lines(request, lines, earlier)?,
    };
    let gone = earlier.iter().map(|refund| refund.amount).fold(0, i64::saturating_add);
    let left = taken.saturating_sub(gone).max(0);
    if asked > left {
        let money = |minor| Money { minor, currency };
        return Err(BadRefund::TooMuch { left: money(left), asked: money(asked) });
    }
    if asked <= 0 {
        return Err(BadRefund::Amount(asked));
    }
    Ok(asked)
}

/// Units are counted from the first that left, each with its own share: two refunds of one unit are as much as one of two.
fn of_lines(request: &RefundRequest, lines: &[OrderLine], earlier: &[RefundAsked]) -> Result<i64, BadRefund> {
    let mut before: BTreeMap<LineNo, i64> = BTreeMap::new();
    for refunded in earlier.iter().flat_map(|refund| &refund.lines) {
        let units = before.entry(refunded.line).or_default();
        *units = units.saturating_add(refunded.quantity);
    }
    let mut sum: i64 = 0;
    for RefundLine { line: number, quantity } in &request.lines {
        let found = lines.iter().find(|line| line.line == *number);
        let line = found.ok_or(BadRefund::NoSuchLine { line: *number })?;
        let from = before.get(number).copied().unwrap_or(0);
        let left = line.finished.saturating_sub(from).max(0);
        if *quantity > left {
            return Err(BadRefund::TooManyUnits { line: *number, left, asked: *quantity });
        }
        let money = line.money().ok_or(BadRefund::NotPaid)?;
        let share = money.units(from, *quantity).map_err(|_| BadRefund::TooLarge)?;
        sum = sum.checked_add(share.total).ok_or(BadRefund::TooLarge)?;
    }
    Ok(sum)
}

#[cfg(test)]
mod tests;
