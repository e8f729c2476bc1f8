use super::super::test_support::{a_return, approved, asked, facts, folded, received};
use super::*;

const SELLABLE: Condition = Condition::Sellable;
const DAMAGED: Condition = Condition::Damaged;

fn units(line: u32, quantity: i64) -> Vec<RefundLine> {
    vec![RefundLine { line: LineNo(line), quantity }]
}

fn refund(refund: u32, line: u32, quantity: i64) -> Said {
    Said::RefundAsked { refund, lines: units(line, quantity), amount: 100 }
}

fn here(of: &Return) -> Vec<i64> {
    of.lines.iter().map(ReturnLine::here).collect()
}

#[test]
fn one_fact_may_tell_of_several_lines_and_of_each_once() {
    let told =
        [asked(1, 2), asked(2, 2), approved(), received(7, 1, 1, SELLABLE), received(7, 2, 2, SELLABLE)];
    let of = a_return(told.into_iter().chain([received(7, 2, 2, SELLABLE)]));
    assert_eq!(here(&of), [1, 2]);
}

#[test]
fn what_is_unsaid_takes_no_other_fact_along() {
    let told = [asked(1, 3), approved(), received(7, 1, 1, SELLABLE), received(8, 1, 2, DAMAGED)];
    let of = a_return(told.into_iter().chain([Said::Unsaid { fact: "till.1.7".parse().unwrap() }]));
    assert_eq!((here(&of), of.receipts.len()), (vec![2], 1));
}

#[test]
fn each_refund_goes_back_by_itself_and_all_of_them_before_it_is_refunded() {
    let told = [asked(1, 2), approved(), received(1, 1, 2, SELLABLE), refund(1, 1, 1), refund(2, 1, 1)];
    let first = a_return(told.clone().into_iter().chain([Said::Refunded { refund: 1, amount: 100 }]));
    let back: Vec<bool> = first.refunds.iter().map(|refund| refund.refunded_at.is_some()).collect();
    assert_eq!((back, first.is_paid_back(), first.state), (vec![true, false], false, ReturnState::Restocked));
    let both = [Said::Refunded { refund: 1, amount: 100 }, Said::Refunded { refund: 2, amount: 100 }];
    assert_eq!(a_return(told.into_iter().chain(both)).state, ReturnState::Refunded);
}

#[test]
fn units_are_settled_by_the_line_that_is_named_whether_or_not_their_money_goes_back() {
    let kept = Said::NotRefunded { lines: units(1, 1), why: "worn".into() };
    let told =
        [asked(1, 1), asked(2, 1), approved(), received(1, 1, 1, SELLABLE), received(2, 2, 1, SELLABLE)];
    let of = a_return(told.into_iter().chain([kept, refund(1, 2, 1)]));
    assert_eq!(of.lines.iter().map(|line| line.settled).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(of.refundable(true), BTreeMap::new());
}

#[test]
fn a_return_of_which_no_money_goes_back_is_not_refunded() {
    let kept = Said::NotRefunded { lines: units(1, 1), why: "worn".into() };
    let of = a_return([asked(1, 1), approved(), received(1, 1, 1, DAMAGED), kept]);
    assert_eq!((of.is_paid_back(), of.state), (true, ReturnState::WrittenOff));
}

#[test]
fn nothing_is_paid_back_before_somebody_agrees_or_after_somebody_refused() {
    let come = || vec![asked(1, 1), received(1, 1, 1, SELLABLE)];
    assert_eq!(a_return(come()).refundable(true), BTreeMap::new());
    let yes = a_return([come(), vec![approved()]].concat());
    assert_eq!(yes.refundable(true), [(LineNo(1), 1)].into());
    let no = a_return([come(), vec![approved(), Said::Refused { reason: "worn".into() }]].concat());
    assert_eq!(no.refundable(true), BTreeMap::new());
    let damaged = a_return([asked(1, 1), approved(), received(1, 1, 1, DAMAGED)]);
    assert_eq!((damaged.refundable(false), damaged.refundable(true).len()), (BTreeMap::new(), 1));
}

#[test]
fn units_that_are_called_off_or_no_longer_waited_for_may_be_announced_anew() {
    let coming = |more: Vec<Said>| a_return([vec![asked(1, 3), approved()], more].concat()).coming_back();
    assert_eq!(coming(vec![]), [(LineNo(1), 3)].into());
    assert_eq!(coming(vec![received(1, 1, 1, SELLABLE)]), [(LineNo(1), 2)].into());
    assert_eq!(coming(vec![received(1, 1, 1, Condition::Missing)]), [(LineNo(1), 2)].into());
    for over in [Said::Cancelled { reason: "kept".into() }, Said::Expired, Said::Closed] {
        assert_eq!(coming(vec![over]), BTreeMap::new());
    }
}

#[test]
fn it_is_waited_for_since_something_last_happened_and_only_while_it_is_waited_for() {
    let since = |said: Vec<Said>| a_return(said).waits_since();
    assert_eq!(since(vec![asked(1, 2)]), None, "nobody agreed yet");
    assert_eq!(since(vec![asked(1, 2), approved()]), Some(UtcMs(2)));
    assert_eq!(
        since(vec![asked(1, 2), approved(), received(1, 1, 1, SELLABLE)]),
        Some(UtcMs(3)),
        "some came"
    );
    assert_eq!(since(vec![asked(1, 2), approved(), received(1, 1, 2, SELLABLE)]), None, "all is here");
    for over in [Said::Expired, Said::Cancelled { reason: "kept".into() }] {
        assert_eq!(since(vec![asked(1, 2), approved(), over]), None);
    }
}

#[test]
fn damaged_goods_are_decided_upon_once_and_only_while_the_return_is_open() {
    let decide = || Act::Decide { refund_damaged: true, reason: "so".into() };
    let come = || vec![asked(1, 2), approved(), received(1, 1, 2, DAMAGED)];
    assert!(act(&a_return(come()), decide()).is_ok());
    let decided = Said::Decided { refund_damaged: false, reason: "no".into() };
    let again = act(&a_return([come(), vec![decided]].concat()), decide()).unwrap_err();
    assert_eq!(again.why, "it was decided before");
    let over = act(&a_return([come(), vec![Said::Closed]].concat()), decide()).unwrap_err();
    assert_eq!(over.why, "it is over, so nothing is left to decide");
    let whole = act(&a_return([asked(1, 1), approved(), received(1, 1, 1, SELLABLE)]), decide()).unwrap_err();
    assert_eq!(whole.why, "nothing damaged came, so nothing is to decide");
}

#[test]
fn a_fact_that_is_handed_over_twice_counts_once() {
    let told = [asked(1, 2), approved(), received(1, 1, 2, SELLABLE), refund(1, 1, 2)];
    let once = facts(told);
    let twice = [once.clone(), once.clone()].concat();
    assert_eq!(folded(1, &twice), folded(1, &once));
}

#[test]
fn nothing_is_paid_back_as_long_as_it_is_open_about_a_unit() {
    let of = a_return([asked(1, 2), approved(), received(1, 1, 2, SELLABLE)]);
    assert!(!of.is_paid_back(), "no refund is open, and two units are");
    assert!(a_return([asked(1, 2), approved()]).is_paid_back(), "nothing is here");
}
