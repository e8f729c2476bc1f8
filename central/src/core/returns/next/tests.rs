use super::super::test_support::{a_return, approved, asked, received, sku};
use super::*;
use holdfast_shared::domain::bring_back::Condition;

const SELLABLE: Condition = Condition::Sellable;
const DAMAGED: Condition = Condition::Damaged;

fn line(number: u32, finished: i64) -> OrderLine {
    OrderLine { finished, ..OrderLine::ordered(LineNo(number), sku(number), 9, None) }
}

fn units(line: u32, quantity: i64) -> Vec<RefundLine> {
    vec![RefundLine { line: LineNo(line), quantity }]
}

fn asked_for(number: u32, lines: Vec<RefundLine>, amount: i64) -> RefundAsked {
    RefundAsked {
        number,
        amount,
        currency: "EUR".parse().unwrap(),
        lines,
        reason: "return".into(),
        by: "ann".parse().unwrap(),
        at: UtcMs(1),
    }
}

/// What is next of a return of an order of which five left.
fn told(said: Vec<Said>, refunds: &[(RefundAsked, i64)], policy: &ReturnPolicy) -> Next {
    let of = [a_return(said)];
    let lines = [line(1, 5), line(2, 5)];
    let book = Book { lines: &lines, returns: &of, refunds: Some(refunds) };
    next(&of[0], &book, policy, UtcMs(9))
}

fn person() -> ReturnPolicy {
    ReturnPolicy::default()
}

#[test]
fn a_refund_is_written_down_when_all_of_it_went_back_and_as_the_one_that_it_is() {
    let refund = Said::RefundAsked { refund: 2, lines: units(1, 1), amount: 100 };
    let said = vec![asked(1, 1), approved(), received(1, 1, 1, SELLABLE), refund];
    let (other, own) = (asked_for(1, units(2, 1), 50), asked_for(2, units(1, 1), 100));
    let back =
        |of_other, of_own| told(said.clone(), &[(other.clone(), of_other), (own.clone(), of_own)], &person());
    assert_eq!(back(50, 0), Next::Rest(None), "another refund went back");
    assert_eq!(back(0, 99), Next::Rest(None), "a part of it");
    assert_eq!(back(0, 100), Next::Write(Said::Refunded { refund: 2, amount: 100 }));
    let known = [said.clone(), vec![Said::Refunded { refund: 2, amount: 100 }]].concat();
    assert_eq!(told(known, &[(other, 50), (own, 100)], &person()), Next::Write(Said::Closed), "once");
}

#[test]
fn no_more_is_paid_back_than_was_not_asked_for_before_without_a_return() {
    let said = || vec![asked(1, 4), approved(), received(1, 1, 4, SELLABLE)];
    assert_eq!(told(said(), &[], &person()), Next::Refund(units(1, 4)));
    let before = asked_for(1, units(1, 3), 300);
    assert_eq!(told(said(), &[(before, 0)], &person()), Next::Refund(units(1, 2)), "of five that left");
    let all = asked_for(1, units(1, 5), 500);
    let Next::Write(Said::NotRefunded { lines, why }) = told(said(), &[(all, 0)], &person()) else {
        panic!("their money was asked for before")
    };
    assert!(lines == units(1, 4) && why.contains("before"), "{why}");
}

#[test]
fn units_beyond_those_that_left_are_not_paid_back() {
    let said = vec![asked(1, 5), approved(), received(1, 1, 7, SELLABLE)];
    assert_eq!(told(said.clone(), &[], &person()), Next::Refund(units(1, 5)));
    let settled = Said::RefundAsked { refund: 1, lines: units(1, 5), amount: 500 };
    let paid = asked_for(1, units(1, 5), 500);
    let after = told([said, vec![settled]].concat(), &[(paid, 0)], &person());
    assert_eq!(after, Next::Rest(None), "they wait until it is known that more left");
}

#[test]
fn an_order_that_is_not_paid_for_here_is_told_so_and_closes() {
    let said = vec![asked(1, 1), approved(), received(1, 1, 1, SELLABLE)];
    let of = [a_return(said.clone())];
    let lines = [line(1, 5)];
    let book = Book { lines: &lines, returns: &of, refunds: None };
    let Next::Write(not) = next(&of[0], &book, &person(), UtcMs(9)) else { panic!("it says so") };
    assert!(matches!(&not, Said::NotRefunded { lines, .. } if *lines == units(1, 1)), "{not:?}");
    let of = [a_return([said, vec![not]].concat())];
    let book = Book { lines: &lines, returns: &of, refunds: None };
    assert_eq!(next(&of[0], &book, &person(), UtcMs(9)), Next::Write(Said::Closed));
}

#[test]
fn damaged_goods_that_a_person_does_not_pay_for_are_settled_and_whole_ones_are_paid() {
    let decided = |refund_damaged| Said::Decided { refund_damaged, reason: "so".into() };
    let come = || vec![asked(1, 3), approved(), received(1, 1, 1, SELLABLE), received(2, 1, 2, DAMAGED)];
    assert_eq!(told([come(), vec![decided(true)]].concat(), &[], &person()), Next::Refund(units(1, 3)));
    let paid = Said::RefundAsked { refund: 1, lines: units(1, 1), amount: 100 };
    let refund = [(asked_for(1, units(1, 1), 100), 0)];
    let open = [come(), vec![paid]].concat();
    assert_eq!(told(open.clone(), &refund, &person()), Next::Rest(None), "a person has not said");
    let Next::Write(kept) = told([open.clone(), vec![decided(false)]].concat(), &refund, &person()) else {
        panic!("it is written down")
    };
    assert!(matches!(&kept, Said::NotRefunded { lines, .. } if *lines == units(1, 2)), "{kept:?}");
    let after = told([open, vec![decided(false), kept]].concat(), &refund, &person());
    assert_eq!(after, Next::Rest(None), "once; the refund has not gone back yet");
    let rule = ReturnPolicy { damaged: Decides::Rule, ..person() };
    assert_eq!(
        told([come(), vec![decided(false)]].concat(), &[], &rule),
        Next::Refund(units(1, 1)),
        "a word wins"
    );
}

#[test]
fn goods_that_nobody_announced_are_approved_where_the_policy_trusts_stores_and_nowhere_else() {
    let adopted = || vec![Said::Adopted { store: "leeds".parse().unwrap() }, received(1, 1, 1, SELLABLE)];
    let trusting = ReturnPolicy { unasked: Decides::Rule, approve: Decides::Person, ..person() };
    assert_eq!(told(adopted(), &[], &person()), Next::Rest(None));
    assert!(matches!(told(adopted(), &[], &trusting), Next::Write(Said::Approved { .. })));
    assert_eq!(
        told(vec![asked(1, 1)], &[], &trusting),
        Next::Rest(None),
        "what a customer asks, a person decides"
    );
    let waits = |said, policy: &ReturnPolicy| waits_for_person(&a_return(said), policy).is_some();
    assert!(waits(adopted(), &person()) && !waits(adopted(), &trusting));
}

#[test]
fn a_person_is_asked_about_damaged_goods_once_and_never_about_whole_ones() {
    let come = |condition| vec![asked(1, 1), approved(), received(1, 1, 1, condition)];
    let waits = |said| waits_for_person(&a_return(said), &person()).is_some();
    assert!(waits(come(DAMAGED)) && !waits(come(SELLABLE)));
    let decided = Said::Decided { refund_damaged: false, reason: "so".into() };
    assert!(!waits([come(DAMAGED), vec![decided]].concat()));
}

#[test]
fn whole_goods_that_are_not_known_to_have_left_are_not_written_off_with_the_damaged_ones() {
    let decided = Said::Decided { refund_damaged: false, reason: "worn".into() };
    let of = [a_return([
        asked(2, 1),
        approved(),
        received(1, 1, 1, SELLABLE),
        received(2, 2, 1, DAMAGED),
        decided,
    ])];
    let lines = [line(1, 0), line(2, 5)];
    let book = Book { lines: &lines, returns: &of, refunds: Some(&[]) };
    let Next::Write(Said::NotRefunded { lines, .. }) = next(&of[0], &book, &person(), UtcMs(9)) else {
        panic!("the damaged ones are settled")
    };
    assert_eq!(lines, units(2, 1), "the others are paid when it is known that they left");
}
