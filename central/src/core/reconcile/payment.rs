//! The sums of a payment against the provider's answers and the order's lines. Added up here a second time, without the
//! fold that wrote them.

use super::book::{LineBook, MoneyBook, OrderBook};
use super::finding::{Difference, FindingKind};
use super::order::about;
use crate::core::saga::fact::{Call, Said};
use std::collections::BTreeMap;

pub(super) fn differences(book: &OrderBook) -> Vec<Difference> {
    let Some(money) = &book.money else { return Vec::new() };
    let (taken, back) = (answered(money, Call::Capture), answered(money, Call::Refund));
    let asked = money.refunds.iter().map(|refund| refund.amount).fold(0, i64::saturating_add);
    let worth = |LineBook { line, .. }: &LineBook| line.money()?.units(0, line.finished).ok();
    let gone = book.lines.iter().filter_map(worth).map(|sums| sums.total).fold(0, i64::saturating_add);
    let mut all = Vec::new();
    let mut differ = |field: &'static str, expected: i64, found: i64, what: &str| {
        let words = format!(
            "order {}: {what}: {found}, where {expected} is right. Look the payment up at the provider",
            book.order
        );
        let base = about(book, FindingKind::PaymentSums, format!("{field}/{}", book.order), field);
        let (expected, found) = (expected.to_string(), found.to_string());
        all.push(Difference { expected, found, words, harm: true, ..base });
    };
    if money.captured != taken {
        differ("payment.captured", taken, money.captured, "its row counts as taken");
    }
    if money.refunded != back {
        differ("payment.refunded", back, money.refunded, "its row counts as paid back");
    }
    if back > taken {
        differ("payment.refunds", taken, back, "more was paid back than was taken");
    }
    // What has left is about to be taken, where it is not yet.
    if asked > taken.max(gone) {
        differ("refund.amount", taken.max(gone), asked, "refunds ask for more than was taken");
    }
    all
}

/// What the provider says that it moved: once for each question, and no more than it was asked for.
fn answered(money: &MoneyBook, call: Call) -> i64 {
    let mut wished: BTreeMap<u32, i64> = BTreeMap::new();
    let mut done: BTreeMap<u32, i64> = BTreeMap::new();
    for fact in money.facts.iter().filter(|fact| fact.id.call == call) {
        match &fact.said {
            Said::Asked { wish, .. } => {
                wished.entry(fact.id.run).or_insert(wish.amount);
            }
            Said::Done { amount, .. } => {
                done.entry(fact.id.run).or_insert(*amount);
            }
            Said::Declined { .. }
            | Said::Soft { .. }
            | Said::Busy { .. }
            | Said::Unknown { .. }
            | Said::Absent
            | Said::Lapsed { .. }
            | Said::Rejected { .. }
            | Said::Owed { .. }
            | Said::TryAgain { .. }
            | Said::GivenUp { .. } => {}
        }
    }
    let moved = |(run, amount): (u32, i64)| amount.clamp(0, wished.get(&run).copied().unwrap_or(0).max(0));
    done.into_iter().map(moved).fold(0, i64::saturating_add)
}
