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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::reconcile::test_support::book;
    use crate::core::saga::refund::RefundAsked;
    use crate::core::saga::test_scene::Facts;
    use holdfast_shared::time::UtcMs;

    fn found(captured: i64, refunded: i64, asked: i64) -> Vec<&'static str> {
        let mut facts = Facts::new();
        facts.asked(Call::Capture, 0, 100, Some(0)).done(Call::Capture, 0, 100);
        facts.done(Call::Capture, 0, 100).asked(Call::Refund, 0, 40, Some(0)).done(Call::Refund, 0, 60);
        let refund = RefundAsked {
            number: 1,
            amount: asked,
            currency: "EUR".parse().unwrap(),
            lines: Vec::new(),
            reason: "goodwill".to_owned(),
            by: "ann".parse().unwrap(),
            at: UtcMs(0),
        };
        let money = MoneyBook { captured, refunded, facts: facts.all, refunds: vec![refund] };
        let book = OrderBook { money: Some(money), ..book() };
        differences(&book).into_iter().map(|one| one.field).collect()
    }

    #[test]
    fn sums_are_those_of_the_answers_once_each_and_no_more_than_was_asked_for() {
        assert_eq!(found(100, 40, 40), [""; 0]);
        assert_eq!(found(200, 40, 40), ["payment.captured"]);
        assert_eq!(found(100, 60, 40), ["payment.refunded"]);
        assert_eq!(found(100, 40, 101), ["refund.amount"]);
    }
}
