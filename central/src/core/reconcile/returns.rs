//! Returns against what stores said, what left, and the money that followed.

use super::book::{LineBook, OrderBook, ReceiptRow, ReturnRow};
use super::finding::{Difference, FindingKind};
use super::order::about;
use super::policy::ReconcilePolicy;
use crate::core::exception::clock::moment;
use crate::core::returns::state::ReturnState;
use holdfast_shared::domain::bring_back::Condition;
use holdfast_shared::ids::LineNo;
use holdfast_shared::time::UtcMs;

/// For so long at least a store's facts are kept one by one.
const FACTS_KEPT_MS: i64 = 7 * 24 * 60 * 60 * 1000;

pub(super) fn differences(book: &OrderBook, policy: &ReconcilePolicy, now: UtcMs) -> Vec<Difference> {
    let receipts = &book.returns.receipts;
    let mut all: Vec<Difference> = receipts.iter().filter_map(|receipt| told(book, receipt, now)).collect();
    all.extend(book.lines.iter().filter_map(|line| counted(book, line)));
    for of in &book.returns.returns {
        all.extend(money(book, of, policy, now));
    }
    all
}

fn units(rows: impl Iterator<Item = i64>) -> i64 {
    rows.fold(0, i64::saturating_add)
}

const fn is_here(condition: Condition) -> bool {
    matches!(condition, Condition::Sellable | Condition::Damaged)
}

/// What a return counts of a store's fact, against that fact. More units than it speaks of were counted twice.
fn told(book: &OrderBook, receipt: &ReceiptRow, now: UtcMs) -> Option<Difference> {
    let of_fact = book
        .returns
        .receipts
        .iter()
        .filter(|other| other.fact == receipt.fact && other.store == receipt.store);
    let first = of_fact.clone().map(|other| (other.number, other.line)).min();
    if first != Some((receipt.number, receipt.line)) {
        return None;
    }
    let counted = units(of_fact.map(|other| other.units));
    let should = match receipt.condition {
        Condition::Sellable => counted,
        Condition::Damaged | Condition::Missing => 0,
    };
    let found = match receipt.told {
        Some((delta, said)) if delta == should && said == counted => return None,
        Some((delta, said)) => format!("{said} units, {delta} of them into stock"),
        // Old facts are kept as sums alone.
        None if now.since(receipt.at) > FACTS_KEPT_MS => return None,
        None => "nothing".to_owned(),
    };
    let expected = format!("{counted} units, {should} of them into stock");
    let words = format!(
        "a return of order {} counts {expected}, and {} told of {found}. Ask the store what came back",
        book.order, receipt.store
    );
    let subject = format!("return/{}/{}/{}", book.order, receipt.store, receipt.fact);
    let base = about(book, FindingKind::ReturnUnits, subject, "return_receipt.units");
    let (store, sku) = (Some(receipt.store.clone()), Some(receipt.sku.clone()));
    Some(Difference { store, sku, expected, found, words, harm: true, ..base })
}

/// What a line counts as back, against what came and what left.
fn counted(book: &OrderBook, LineBook { line, .. }: &LineBook) -> Option<Difference> {
    let of_line = book.returns.receipts.iter().filter(|receipt| receipt.line == line.line);
    let here = units(of_line.filter(|receipt| is_here(receipt.condition)).map(|receipt| receipt.units));
    let should = here.min(line.finished);
    let words = if line.came_back != should {
        format!(
            "of line {} of order {} {should} units are back, and {} count",
            line.line, book.order, line.came_back
        )
    } else if here > line.finished && book.state.is_final() {
        format!(
            "{here} units of line {} of order {} came back, and {} left. Ask the stores what they took",
            line.line, book.order, line.finished
        )
    } else {
        return None;
    };
    let base = about(
        book,
        FindingKind::ReturnUnits,
        format!("came_back/{}/{}", book.order, line.line),
        "order_line.came_back",
    );
    let (expected, found) = (should.to_string(), line.came_back.max(here).to_string());
    Some(Difference { sku: Some(line.sku.clone()), expected, found, words, harm: true, ..base })
}

/// The money of a return against its goods.
fn money(book: &OrderBook, of: &ReturnRow, policy: &ReconcilePolicy, now: UtcMs) -> Option<Difference> {
    let money = book.money.as_ref()?;
    let named = format!("return {}", of.id);
    let paid = |line: LineNo| {
        let of_it = money.refunds.iter().filter(|refund| refund.reason == named);
        units(of_it.flat_map(|refund| &refund.lines).filter(|one| one.line == line).map(|one| one.quantity))
    };
    let came = |line: LineNo, counts: fn(Condition) -> bool| {
        let of_it = book.returns.receipts.iter().filter(|receipt| {
            receipt.number == of.number && receipt.line == line && counts(receipt.condition)
        });
        units(of_it.map(|receipt| receipt.units))
    };
    let over =
        book.lines.iter().map(|line| &line.line).find(|line| paid(line.line) > came(line.line, is_here));
    let subject = |what: &str| format!("{what}/{}", of.id);
    if let Some(line) = over {
        let (expected, found) = (came(line.line, is_here).to_string(), paid(line.line).to_string());
        let words = format!(
            "return {} paid {found} units of line {} back, and {expected} are here. Ask the store for the goods",
            of.id, line.line
        );
        let base = about(book, FindingKind::ReturnMoney, subject("paid"), "refund.lines");
        return Some(Difference { expected, found, words, harm: true, ..base });
    }
    let waits = match of.state {
        ReturnState::Received | ReturnState::Restocked | ReturnState::WrittenOff => true,
        ReturnState::Asked
        | ReturnState::Approved
        | ReturnState::Refunded
        | ReturnState::Closed
        | ReturnState::Refused
        | ReturnState::Cancelled
        | ReturnState::Expired => false,
    };
    let newest = book.returns.receipts.iter().filter(|receipt| receipt.number == of.number);
    let since = newest.map(|receipt| receipt.at).max()?;
    let sellable = |condition| matches!(condition, Condition::Sellable);
    let owed = units(
        book.lines
            .iter()
            .map(|LineBook { line, .. }| came(line.line, sellable).saturating_sub(paid(line.line)).max(0)),
    );
    let asked = money.refunds.iter().filter(|refund| refund.reason == named).map(|refund| refund.amount);
    let asked = asked.fold(0, i64::saturating_add);
    if !waits || now.since(since) <= policy.refund_ms || (owed == 0 && money.refunded >= asked) {
        return None;
    }
    let words = format!(
        "goods of return {} are here since {}, and their money is not with the customer: {owed} units are not \
         refunded. Look at the payment, and pay it back",
        of.id,
        moment(since)
    );
    let base = about(book, FindingKind::ReturnMoney, subject("owed"), "payment.refunded");
    let (expected, found) = (asked.to_string(), money.refunded.to_string());
    let decide_by = Some(now.plus(policy.decide_ms));
    Some(Difference { expected, found, words, decide_by, harm: true, ..base })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::order::OrderState;
    use crate::core::reconcile::book::{MoneyBook, ReturnsBook};
    use crate::core::reconcile::test_support::book;
    use crate::core::saga::refund::{RefundAsked, RefundLine};

    fn receipt(fact: &str, units: i64, told: Option<(i64, i64)>) -> ReceiptRow {
        ReceiptRow {
            number: 1,
            line: LineNo(1),
            sku: "TEA".parse().unwrap(),
            store: "leeds".parse().unwrap(),
            fact: fact.to_owned(),
            units,
            condition: Condition::Sellable,
            at: UtcMs(0),
            told,
        }
    }

    /// Both units left, and `receipts` came back.
    fn back(receipts: Vec<ReceiptRow>, state: ReturnState, refunded_units: i64) -> OrderBook {
        let mut book = book();
        book.state = OrderState::Shipped;
        book.tasks.clear();
        let here: i64 = receipts.iter().map(|receipt| receipt.units).sum();
        for LineBook { line, .. } in &mut book.lines {
            line.finished = 2;
            line.came_back = here.min(2);
        }
        let row = ReturnRow { id: "o1-r1".parse().unwrap(), number: 1, state };
        book.returns = ReturnsBook { returns: vec![row], receipts };
        let refund = RefundAsked {
            number: 1,
            amount: refunded_units * 500,
            currency: "EUR".parse().unwrap(),
            lines: vec![RefundLine { line: LineNo(1), quantity: refunded_units }],
            reason: "return o1-r1".to_owned(),
            by: "central".parse().unwrap(),
            at: UtcMs(0),
        };
        let refunds = if refunded_units > 0 { vec![refund] } else { Vec::new() };
        let refunded = refunded_units * 500;
        book.money = Some(MoneyBook { captured: 1_000, refunded, facts: Vec::new(), refunds });
        book
    }

    fn found(book: &OrderBook, now: i64) -> Vec<(FindingKind, &'static str)> {
        let all = differences(book, &ReconcilePolicy::default(), UtcMs(now));
        all.into_iter().map(|one| (one.kind, one.field)).collect()
    }

    #[test]
    fn goods_that_are_back_and_paid_back_are_no_finding() {
        let told = || vec![receipt("hh-1.1.1", 1, Some((1, 1)))];
        assert_eq!(found(&back(told(), ReturnState::Closed, 1), 0), []);
        assert_eq!(found(&back(told(), ReturnState::Restocked, 0), 0), [], "it has only just come");
    }

    #[test]
    fn what_a_store_did_not_say_or_said_once_is_found() {
        let units = |receipts| found(&back(receipts, ReturnState::Closed, 0), 0);
        let wrong = (FindingKind::ReturnUnits, "return_receipt.units");
        assert_eq!(units(vec![receipt("hh-1.1.1", 1, None)]), [wrong], "nobody said so");
        assert_eq!(units(vec![receipt("hh-1.1.1", 1, Some((0, 1)))]), [wrong], "it is not in the stock");
        let twice = || receipt("hh-1.1.1", 1, Some((1, 1)));
        assert_eq!(units(vec![twice(), ReceiptRow { number: 2, ..twice() }]), [wrong], "restocked twice");
        let old = found(&back(vec![receipt("hh-1.1.1", 1, None)], ReturnState::Closed, 0), FACTS_KEPT_MS + 1);
        assert_eq!(old, [], "its facts are not kept one by one any more");
    }

    #[test]
    fn more_back_than_left_and_a_wrong_count_are_found() {
        let counted = (FindingKind::ReturnUnits, "order_line.came_back");
        let three = vec![receipt("hh-1.1.1", 3, Some((3, 3)))];
        assert_eq!(found(&back(three, ReturnState::Closed, 0), 0), [counted]);
        let mut wrong = back(vec![receipt("hh-1.1.1", 1, Some((1, 1)))], ReturnState::Closed, 0);
        wrong.lines.first_mut().unwrap().line.came_back = 2;
        assert_eq!(found(&wrong, 0), [counted]);
    }

    #[test]
    fn money_without_goods_and_goods_without_money_are_found() {
        assert_eq!(
            found(&back(Vec::new(), ReturnState::Approved, 1), 0),
            [(FindingKind::ReturnMoney, "refund.lines")]
        );
        let here = || vec![receipt("hh-1.1.1", 1, Some((1, 1)))];
        let late = ReconcilePolicy::default().refund_ms + 1;
        assert_eq!(
            found(&back(here(), ReturnState::Restocked, 0), late),
            [(FindingKind::ReturnMoney, "payment.refunded")]
        );
    }
}
