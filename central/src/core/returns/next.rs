//! The one thing to do next about a return. Asked again after each, and nothing is done twice.

use super::fact::Said;
use super::policy::{Decides, ReturnPolicy};
use super::state::{Return, ReturnState};
use super::tally::counting;
use crate::core::order::OrderLine;
use crate::core::saga::refund::{RefundAsked, RefundLine};
use holdfast_shared::ids::LineNo;
use holdfast_shared::time::UtcMs;
use std::collections::BTreeMap;

/// What else is known of the order.
#[derive(Debug, Clone, Copy)]
pub struct Book<'a> {
    pub lines: &'a [OrderLine],
    /// All of the order's, this one among them.
    pub returns: &'a [Return],
    /// None where it is not paid for through here.
    pub refunds: Option<&'a [(RefundAsked, i64)]>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    Write(Said),
    /// Ask for the money of these units.
    Refund(Vec<RefundLine>),
    /// Nothing, until then, or until something of the order changes.
    Rest(Option<UtcMs>),
}

#[must_use]
pub fn next(of: &Return, book: &Book<'_>, policy: &ReturnPolicy, now: UtcMs) -> Next {
    if let Some(said) = paid_back(of, book) {
        return Next::Write(said);
    }
    match of.state {
        ReturnState::Closed | ReturnState::Refused | ReturnState::Cancelled | ReturnState::Expired => {
            return Next::Rest(None);
        }
        ReturnState::Asked if of.adopted_from.is_some() && policy.unasked == Decides::Rule => {
            return Next::Write(Said::Approved { words: "the policy trusts the store".to_owned() });
        }
        ReturnState::Asked => return Next::Rest(None),
        ReturnState::Approved
        | ReturnState::Received
        | ReturnState::Restocked
        | ReturnState::WrittenOff
        | ReturnState::Refunded => {}
    }
    let (units, settled) = to_pay(of, book, policy);
    if book.refunds.is_none() && !units.is_empty() {
        let why = "the order is not paid for through here".to_owned();
        return Next::Write(Said::NotRefunded { lines: units, why });
    }
    if !units.is_empty() {
        return Next::Refund(units);
    }
    if let Some(lines) = settled {
        let why = "a refund of these units was asked for before".to_owned();
        return Next::Write(Said::NotRefunded { lines, why });
    }
    if let Some(since) = of.waits_since() {
        let until = since.plus(policy.wait_ms());
        return if now >= until { Next::Write(Said::Expired) } else { Next::Rest(Some(until)) };
    }
    if let Some(lines) = kept(of) {
        let why = "the policy, or a person, pays nothing back for damaged goods".to_owned();
        return Next::Write(Said::NotRefunded { lines, why });
    }
    if of.is_paid_back() { Next::Write(Said::Closed) } else { Next::Rest(None) }
}

/// Whether somebody has to say something before it goes on.
#[must_use]
pub fn waits_for_person(of: &Return, policy: &ReturnPolicy) -> Option<&'static str> {
    match of.state {
        ReturnState::Asked if of.adopted_from.is_some() => {
            (policy.unasked == Decides::Person).then_some("goods came back, and nobody had asked for that")
        }
        ReturnState::Asked => Some("a return is asked for, and a person decides"),
        ReturnState::Received | ReturnState::Restocked | ReturnState::WrittenOff => {
            let open = of.has_damaged() && of.refund_damaged.is_none() && policy.damaged == Decides::Person;
            open.then_some("damaged goods came back: say whether their money goes back, too")
        }
        ReturnState::Approved
        | ReturnState::Refunded
        | ReturnState::Closed
        | ReturnState::Refused
        | ReturnState::Cancelled
        | ReturnState::Expired => None,
    }
}

/// A refund of it that went back, and of which that is not written down.
fn paid_back(of: &Return, book: &Book<'_>) -> Option<Said> {
    let open = of.refunds.iter().filter(|known| known.refunded_at.is_none());
    open.filter_map(|known| {
        let (asked, back) = book
            .refunds?
            .iter()
            .find(|(asked, back)| asked.number == known.refund && *back >= asked.amount)?;
        Some(Said::Refunded { refund: asked.number, amount: *back })
    })
    .next()
}

/// Units to ask the money of, and units of which it was asked for without the return.
fn to_pay(of: &Return, book: &Book<'_>, policy: &ReturnPolicy) -> (Vec<RefundLine>, Option<Vec<RefundLine>>) {
    let damaged_too = of.refund_damaged.unwrap_or(policy.damaged == Decides::Rule);
    let counting = counting(of, book.lines, book.returns);
    let mut asked: BTreeMap<LineNo, i64> = BTreeMap::new();
    for line in book.refunds.unwrap_or_default().iter().flat_map(|(refund, _)| &refund.lines) {
        let units = asked.entry(line.line).or_default();
        *units = units.saturating_add(line.quantity);
    }
    let (mut pay, mut settled) = (Vec::new(), Vec::new());
    for (line, units) in of.refundable(damaged_too) {
        let known = of.lines.iter().find(|known| known.line == line);
        let before = known.map_or(0, |known| known.settled);
        let counts = counting.get(&line).copied().unwrap_or(0).saturating_sub(before).max(0);
        let units = units.min(counts);
        let finished = book.lines.iter().find(|known| known.line == line).map_or(0, |known| known.finished);
        let room = finished.saturating_sub(asked.get(&line).copied().unwrap_or(0)).max(0);
        let quantity = units.min(room);
        if quantity > 0 {
            pay.push(RefundLine { line, quantity });
        } else if units > 0 {
            settled.push(RefundLine { line, quantity: units });
        }
    }
    (pay, (!settled.is_empty()).then_some(settled))
}

/// Damaged units that are not paid for, by what was decided.
fn kept(of: &Return) -> Option<Vec<RefundLine>> {
    let decided = of.refund_damaged == Some(false);
    let open = of.lines.iter().filter(|line| line.damaged > 0 && line.settled < line.here());
    let lines: Vec<RefundLine> = open
        .map(|line| RefundLine { line: line.line, quantity: line.here().saturating_sub(line.settled) })
        .collect();
    (decided && !lines.is_empty()).then_some(lines)
}

#[cfg(test)]
mod tests;
