//! A return as its facts tell it, and what may be done with it.

use super::fact::{Receipt, ReturnFact, Said};
use super::request::{AskedBy, ReturnReason};
use crate::core::saga::refund::RefundLine;
use holdfast_shared::domain::bring_back::Condition;
use holdfast_shared::ids::{Actor, LineNo, OrderId, ReturnId, Sku, StoreId};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReturnState {
    /// A person has to decide.
    Asked,
    Approved,
    /// Some of it is here, and the rest is waited for.
    Received,
    /// All that comes is here, and what can be sold is on the shelf.
    Restocked,
    /// All that comes is here, and nothing of it can be sold.
    WrittenOff,
    /// The money is with the customer.
    Refunded,
    /// Nothing more is to be done.
    Closed,
    Refused,
    Cancelled,
    /// It never came.
    Expired,
}

impl ReturnState {
    pub const ALL: [Self; 10] = [
        Self::Asked,
        Self::Approved,
        Self::Received,
        Self::Restocked,
        Self::WrittenOff,
        Self::Refunded,
        Self::Closed,
        Self::Refused,
        Self::Cancelled,
        Self::Expired,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Approved => "approved",
            Self::Received => "received",
            Self::Restocked => "restocked",
            Self::WrittenOff => "written_off",
            Self::Refunded => "refunded",
            Self::Closed => "closed",
            Self::Refused => "refused",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }

    /// Units may come and belong to it; later ones are another return.
    #[must_use]
    pub const fn is_open(self) -> bool {
        match self {
            Self::Asked | Self::Approved | Self::Received | Self::Restocked | Self::WrittenOff => true,
            Self::Refunded | Self::Closed | Self::Refused | Self::Cancelled | Self::Expired => false,
        }
    }
}

/// Units of one line of the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReturnLine {
    pub line: LineNo,
    pub sku: Sku,
    /// 0 of what came without being asked for.
    pub asked: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReturnReason>,
    pub sellable: i64,
    pub damaged: i64,
    pub missing: i64,
    /// Units about whose money is decided: it goes back, or does not.
    pub settled: i64,
}

impl ReturnLine {
    #[must_use]
    pub fn here(&self) -> i64 {
        self.sellable.saturating_add(self.damaged)
    }

    /// Units that were asked for, and neither came nor are known to be missing.
    #[must_use]
    pub fn awaited(&self) -> i64 {
        self.asked.saturating_sub(self.here()).saturating_sub(self.missing).max(0)
    }
}

/// A refund that was asked for because goods came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReturnRefund {
    /// Its number within the order.
    pub refund: u32,
    /// In minor units of the order's currency.
    pub amount: i64,
    /// Absent until the provider says that it went back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refunded_at: Option<UtcMs>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Return {
    #[serde(rename = "return")]
    pub id: ReturnId,
    pub order: OrderId,
    /// From 1 on, within the order.
    pub number: u32,
    pub state: ReturnState,
    pub lines: Vec<ReturnLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked_by: Option<AskedBy>,
    /// The store that brought it without being asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adopted_from: Option<StoreId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<Actor>,
    /// Whether damaged units are paid back; absent until somebody says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_damaged: Option<bool>,
    pub refunds: Vec<ReturnRefund>,
    pub asked_at: UtcMs,
    pub changed_at: UtcMs,
    /// Each store's word that counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub receipts: Vec<Receipt>,
    /// Of the newest fact.
    #[serde(skip)]
    pub sequence: u32,
    #[serde(skip)]
    over: Option<ReturnState>,
    /// Nothing more is waited for.
    #[serde(skip)]
    expired: bool,
    #[serde(skip)]
    approved_at: Option<UtcMs>,
}

impl Return {
    /// Whatever the order in which facts are handed over: their numbers say how they followed.
    #[must_use]
    pub fn fold(id: &ReturnId, order: &OrderId, number: u32, facts: &[ReturnFact]) -> Self {
        let mut sorted: Vec<&ReturnFact> = facts.iter().collect();
        sorted.sort_by_key(|fact| fact.sequence);
        sorted.dedup_by_key(|fact| fact.sequence);
        let began = sorted.first().map_or(UtcMs(0), |fact| fact.at);
        let mut folded = Self {
            id: id.clone(),
            order: order.clone(),
            number,
            state: ReturnState::Asked,
            lines: Vec::new(),
            asked_by: None,
            adopted_from: None,
            approved_by: None,
            refund_damaged: None,
            refunds: Vec::new(),
            asked_at: began,
            changed_at: began,
            receipts: Vec::new(),
            sequence: 0,
            over: None,
            expired: false,
            approved_at: None,
        };
        sorted.into_iter().for_each(|fact| folded.take(fact));
        folded.count_receipts();
        folded.state = folded.state_now();
        folded
    }

    fn take(&mut self, fact: &ReturnFact) {
        self.sequence = fact.sequence;
        self.changed_at = fact.at;
        match &fact.said {
            Said::Asked { lines, asked_by, note: _ } => {
                self.asked_by = Some(*asked_by);
                for asked in lines {
                    let line = self.line(asked.line, &asked.sku);
                    line.asked = line.asked.saturating_add(asked.quantity);
                    line.reason = Some(asked.reason);
                }
            }
            Said::Adopted { store } => self.adopted_from = Some(store.clone()),
            Said::Approved { .. } => {
                self.approved_by = Some(fact.by.clone());
                self.approved_at = Some(fact.at);
            }
            Said::Refused { .. } => self.over = Some(ReturnState::Refused),
            Said::Cancelled { .. } => self.over = Some(ReturnState::Cancelled),
            Said::Expired => self.expired = true,
            Said::Received(receipt) => {
                let known = |other: &Receipt| other.fact == receipt.fact && other.line == receipt.line;
                if !self.receipts.iter().any(known) {
                    // What follows may settle its units before all receipts are counted.
                    self.line(receipt.line, &receipt.sku);
                    self.receipts.push(receipt.clone());
                }
            }
            Said::Unsaid { fact } => self.receipts.retain(|receipt| receipt.fact != *fact),
            Said::Decided { refund_damaged, .. } => self.refund_damaged = Some(*refund_damaged),
            Said::RefundAsked { refund, lines, amount } => {
                self.settle(lines);
                self.refunds.push(ReturnRefund { refund: *refund, amount: *amount, refunded_at: None });
            }
            Said::NotRefunded { lines, .. } => self.settle(lines),
            Said::Refunded { refund, .. } => {
                for known in self.refunds.iter_mut().filter(|known| known.refund == *refund) {
                    known.refunded_at = Some(fact.at);
                }
            }
            Said::Closed => self.over = Some(ReturnState::Closed),
        }
    }

    fn line(&mut self, line: LineNo, sku: &Sku) -> &mut ReturnLine {
        let place = self.lines.iter().position(|known| known.line == line).unwrap_or(self.lines.len());
        if place == self.lines.len() {
            let (sku, reason) = (sku.clone(), None);
            let new =
                ReturnLine { line, sku, asked: 0, reason, sellable: 0, damaged: 0, missing: 0, settled: 0 };
            self.lines.push(new);
        }
        #[expect(clippy::indexing_slicing, reason = "the place was found, or made, just above")]
        &mut self.lines[place]
    }

    fn settle(&mut self, lines: &[RefundLine]) {
        for RefundLine { line, quantity } in lines {
            for known in self.lines.iter_mut().filter(|known| known.line == *line) {
                known.settled = known.settled.saturating_add(*quantity);
            }
        }
    }

    fn count_receipts(&mut self) {
        let receipts = self.receipts.clone();
        for Receipt { line, sku, units, condition, .. } in receipts {
            let line = self.line(line, &sku);
            let count = match condition {
                Condition::Sellable => &mut line.sellable,
                Condition::Damaged => &mut line.damaged,
                Condition::Missing => &mut line.missing,
            };
            *count = count.saturating_add(units);
        }
        self.lines.sort_by_key(|line| line.line);
    }

    fn state_now(&self) -> ReturnState {
        if let Some(over) = self.over {
            return over;
        }
        if self.approved_by.is_none() {
            return ReturnState::Asked;
        }
        match (self.has_come(), self.waits_for_goods(), self.expired) {
            (false, _, true) => ReturnState::Expired,
            (false, true, false) => ReturnState::Approved,
            (true, true, _) => ReturnState::Received,
            (_, false, _) if !self.refunds.is_empty() && self.is_paid_back() => ReturnState::Refunded,
            (_, false, _) if self.lines.iter().any(|line| line.sellable > 0) => ReturnState::Restocked,
            (_, false, _) => ReturnState::WrittenOff,
        }
    }

    fn has_come(&self) -> bool {
        !self.receipts.is_empty()
    }

    fn waits_for_goods(&self) -> bool {
        !self.expired && self.lines.iter().any(|line| line.awaited() > 0)
    }

    /// Every refund went back, and about no unit that is here is it open whether one will.
    #[must_use]
    pub fn is_paid_back(&self) -> bool {
        self.refunds.iter().all(|refund| refund.refunded_at.is_some())
            && self.lines.iter().all(|line| line.settled >= line.here())
    }

    /// As a storefront may see it.
    #[must_use]
    pub fn without_stores(self) -> Self {
        Self { adopted_from: None, receipts: Vec::new(), ..self }
    }

    /// Units that may still come: nobody else may announce them.
    #[must_use]
    pub fn coming_back(&self) -> BTreeMap<LineNo, i64> {
        let open = self.over.is_none() && !self.expired;
        let awaited = self.lines.iter().map(|line| (line.line, line.awaited()));
        awaited.filter(|(_, units)| open && *units > 0).collect()
    }

    /// Since when it is waited for: the approval, or the newest that came.
    #[must_use]
    pub fn waits_since(&self) -> Option<UtcMs> {
        self.approved_at
            .filter(|_| self.waits_for_goods() && self.over.is_none())
            .map(|at| at.max(self.changed_at))
    }

    /// Units for which money goes back by what is decided, beside those about which it was decided before.
    #[must_use]
    pub fn refundable(&self, damaged_too: bool) -> BTreeMap<LineNo, i64> {
        if self.over.is_some() || self.approved_by.is_none() {
            return BTreeMap::new();
        }
        let units = |line: &ReturnLine| {
            let damaged = if damaged_too { line.damaged } else { 0 };
            line.sellable.saturating_add(damaged).saturating_sub(line.settled)
        };
        self.lines.iter().map(|line| (line.line, units(line))).filter(|(_, units)| *units > 0).collect()
    }

    /// Damaged units about whose money a person has to decide.
    #[must_use]
    pub fn has_damaged(&self) -> bool {
        self.lines.iter().any(|line| line.damaged > 0)
    }
}

/// What a person does with a return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    Approve { words: String },
    Refuse { reason: String },
    Cancel { reason: String },
    Decide { refund_damaged: bool, reason: String },
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("return {id} is {}: {why}", state.as_str())]
pub struct Illegal {
    pub id: ReturnId,
    pub state: ReturnState,
    pub why: &'static str,
}

/// The fact that an act becomes.
pub fn act(of: &Return, act: Act) -> Result<Said, Illegal> {
    let illegal = |why| Err(Illegal { id: of.id.clone(), state: of.state, why });
    match act {
        Act::Approve { words } if of.state == ReturnState::Asked => Ok(Said::Approved { words }),
        Act::Approve { .. } => illegal("only what is asked can be approved"),
        Act::Refuse { reason } if of.state == ReturnState::Asked => Ok(Said::Refused { reason }),
        Act::Refuse { .. } => {
            illegal("only what is asked can be refused; what was approved can be cancelled")
        }
        Act::Cancel { .. } if of.has_come() => {
            illegal("goods of it are here already, so it cannot be cancelled")
        }
        Act::Cancel { reason } => match of.state {
            ReturnState::Asked | ReturnState::Approved => Ok(Said::Cancelled { reason }),
            ReturnState::Received
            | ReturnState::Restocked
            | ReturnState::WrittenOff
            | ReturnState::Refunded
            | ReturnState::Closed
            | ReturnState::Refused
            | ReturnState::Cancelled
            | ReturnState::Expired => illegal("it is over, so it cannot be cancelled"),
        },
        Act::Decide { .. } if !of.state.is_open() => illegal("it is over, so nothing is left to decide"),
        Act::Decide { .. } if !of.has_damaged() => illegal("nothing damaged came, so nothing is to decide"),
        Act::Decide { .. } if of.refund_damaged.is_some() => illegal("it was decided before"),
        Act::Decide { refund_damaged, reason } => Ok(Said::Decided { refund_damaged, reason }),
    }
}

#[cfg(test)]
mod tests;
