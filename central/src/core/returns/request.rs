//! What is asked for: which units, and why.

use crate::core::order_request::holds_card_number;
use holdfast_shared::error::Code;
use holdfast_shared::ids::LineNo;
use holdfast_shared::limits::{NOTE_CHARS_MAX, ORDER_LINES_MAX, RETURNS_MAX};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// `POST /v1/orders/{order}/returns`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnRequest {
    pub lines: Vec<ReturnLineRequest>,
    #[serde(default)]
    pub asked_by: AskedBy,
    #[serde(default)]
    pub wished: Wished,
    /// For whoever decides; nothing personal belongs here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnLineRequest {
    pub line: LineNo,
    #[schema(example = 1)]
    pub quantity: i64,
    pub reason: ReturnReason,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AskedBy {
    #[default]
    Customer,
    /// What a rule is against, a person may allow.
    Support,
    Till,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Wished {
    #[default]
    Refund,
    /// Not made here; named so that the answer can say what to do instead.
    Exchange,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReturnReason {
    ChangedMind,
    WrongSize,
    Damaged,
    Faulty,
    WrongGoods,
    NotAsDescribed,
    TooLate,
    /// It came back without reaching the customer.
    NotDelivered,
    Other,
}

impl ReturnReason {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ChangedMind => "changed_mind",
            Self::WrongSize => "wrong_size",
            Self::Damaged => "damaged",
            Self::Faulty => "faulty",
            Self::WrongGoods => "wrong_goods",
            Self::NotAsDescribed => "not_as_described",
            Self::TooLate => "too_late",
            Self::NotDelivered => "not_delivered",
            Self::Other => "other",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadReturn {
    #[error("lines names what comes back: expected 1 to {ORDER_LINES_MAX} lines")]
    Lines,
    #[error("lines[{index}].quantity is {quantity}: expected 1 or more")]
    Quantity { index: usize, quantity: i64 },
    #[error("lines[{index}] names line {line} a second time; add the quantities up")]
    Twice { index: usize, line: LineNo },
    #[error("note has at most {NOTE_CHARS_MAX} characters, without control characters")]
    Note,
    #[error("note holds what looks like a card number; nothing was stored")]
    CardNumber,
    #[error("an exchange is not made here: return the goods for a refund, and order the others")]
    Exchange,
    #[error("line {line} is not one of the order's")]
    NoSuchLine { line: LineNo },
    #[error(
        "of line {line} {left} units left and are neither back nor announced; {asked} are too many. What has not left is \
         cancelled, not returned"
    )]
    TooManyUnits { line: LineNo, left: i64, asked: i64 },
    #[error("the order is {state}: goods can be returned when it is shipped, collected or delivered")]
    NotLeft { state: &'static str },
    #[error("the order has {RETURNS_MAX} returns already")]
    TooMany,
}

impl BadReturn {
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Lines
            | Self::Twice { .. }
            | Self::Note
            | Self::CardNumber
            | Self::Exchange
            | Self::NoSuchLine { .. } => Code::InvalidRequest,
            Self::Quantity { .. } => Code::InvalidQuantity,
            Self::TooManyUnits { .. } | Self::NotLeft { .. } | Self::TooMany => Code::IllegalTransition,
        }
    }
}

/// What can be said without the order.
pub fn check(request: &ReturnRequest) -> Result<(), BadReturn> {
    match request.wished {
        Wished::Refund => {}
        Wished::Exchange => return Err(BadReturn::Exchange),
    }
    if request.lines.is_empty() || request.lines.len() > ORDER_LINES_MAX {
        return Err(BadReturn::Lines);
    }
    let note = request.note.as_deref().unwrap_or_default();
    if note.chars().count() > NOTE_CHARS_MAX || note.chars().any(char::is_control) {
        return Err(BadReturn::Note);
    }
    if holds_card_number(note) {
        return Err(BadReturn::CardNumber);
    }
    let mut seen = BTreeSet::new();
    for (index, ReturnLineRequest { line, quantity, .. }) in request.lines.iter().enumerate() {
        if *quantity < 1 {
            return Err(BadReturn::Quantity { index, quantity: *quantity });
        }
        if !seen.insert(*line) {
            return Err(BadReturn::Twice { index, line: *line });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(lines: usize, note: Option<String>) -> ReturnRequest {
        let line = |number| ReturnLineRequest {
            line: LineNo(number),
            quantity: 1,
            reason: ReturnReason::ChangedMind,
        };
        let lines = (1..).take(lines).map(line).collect();
        ReturnRequest { lines, asked_by: AskedBy::Customer, wished: Wished::Refund, note }
    }

    #[test]
    fn a_wish_has_no_more_lines_than_an_order() {
        assert_eq!(check(&wish(ORDER_LINES_MAX, None)), Ok(()));
        assert_eq!(check(&wish(ORDER_LINES_MAX + 1, None)), Err(BadReturn::Lines));
    }

    #[test]
    fn a_note_is_short_and_of_one_line() {
        let note = |text: String| check(&wish(1, Some(text)));
        assert_eq!(note("\u{fc}".repeat(NOTE_CHARS_MAX)), Ok(()), "characters, not bytes");
        assert_eq!(note("x".repeat(NOTE_CHARS_MAX + 1)), Err(BadReturn::Note));
        assert_eq!(note("torn\u{7}".to_owned()), Err(BadReturn::Note));
    }
}
