use super::super::fact::Said;
use super::super::test_support::{approved, asked, facts, folded, received, sku};
use super::*;
use holdfast_shared::domain::bring_back::Condition;

fn line(number: u32, of_sku: u32, finished: i64) -> OrderLine {
    OrderLine { finished, ..OrderLine::ordered(LineNo(number), sku(of_sku), 9, None) }
}

fn of(number: u32, said: impl IntoIterator<Item = Said>) -> Return {
    folded(number, &facts(said))
}

fn order() -> ReturnRef {
    ReturnRef::Order("o".parse().unwrap())
}

fn slip(number: u32) -> ReturnRef {
    ReturnRef::Return(format!("o-r{number}").parse().unwrap())
}

/// Return, line, units, and whether nobody announced them.
fn placed(
    of: &ReturnRef,
    units: i64,
    lines: &[OrderLine],
    known: &[Return],
) -> Vec<(Option<u32>, u32, i64, bool)> {
    let all = place(of, (&sku(1), units), lines, known);
    all.iter().map(|at| (at.number, at.line.0, at.units, at.unexpected)).collect()
}

#[test]
fn units_go_to_the_returns_that_wait_for_them_one_after_the_other_and_no_further() {
    let lines = [line(1, 1, 9)];
    let known = [of(1, [asked(1, 2), approved()]), of(2, [asked(1, 3), approved()])];
    assert_eq!(placed(&order(), 1, &lines, &known), [(Some(1), 1, 1, false)]);
    assert_eq!(placed(&order(), 4, &lines, &known), [(Some(1), 1, 2, false), (Some(2), 1, 2, false)]);
    let three = [(Some(1), 1, 2, false), (Some(2), 1, 3, false), (None, 1, 1, true)];
    assert_eq!(placed(&order(), 6, &lines, &known), three);
}

#[test]
fn a_slip_names_its_return_and_goods_of_another_sku_are_not_what_it_waits_for() {
    let lines = [line(1, 1, 9), line(2, 2, 9)];
    let known = [of(1, [asked(1, 2), approved()]), of(2, [asked(1, 2), asked(2, 2), approved()])];
    assert_eq!(placed(&slip(2), 2, &lines, &known), [(Some(2), 1, 2, false)]);
    assert_eq!(placed(&slip(2), 3, &lines, &known), [(Some(2), 1, 2, false), (Some(2), 1, 1, true)]);
    let other = [of(1, [asked(2, 2), approved()])];
    assert_eq!(placed(&order(), 1, &lines, &other), [(None, 1, 1, true)]);
}

#[test]
fn what_is_not_announced_is_taken_for_lines_of_which_something_is_with_the_customer() {
    let lines = [line(1, 1, 1), line(2, 2, 9), line(3, 1, 2)];
    assert_eq!(placed(&order(), 2, &lines, &[]), [(None, 1, 1, true), (None, 3, 1, true)]);
    let back = [of(1, [asked(1, 1), approved(), received(1, 1, 1, Condition::Sellable)])];
    assert_eq!(placed(&order(), 1, &lines, &back), [(None, 3, 1, true)]);
}

#[test]
fn what_is_more_than_left_is_here_all_the_same() {
    let lines = [line(1, 1, 2)];
    assert_eq!(placed(&order(), 5, &lines, &[]), [(None, 1, 5, true)], "one entry for the line");
    let nothing = [line(1, 1, 0)];
    assert_eq!(placed(&order(), 1, &nothing, &[]), [(None, 1, 1, true)]);
    let known = [of(1, [asked(1, 2), approved()])];
    let beside = [(Some(1), 1, 2, false), (None, 1, 1, true)];
    assert_eq!(placed(&order(), 3, &lines, &known), beside, "what was announced stays as it was announced");
}
