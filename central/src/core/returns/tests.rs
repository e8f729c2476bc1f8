use super::fact::{ReturnFact, Said};
use super::judge::{Verdict, judge};
use super::matching::place;
use super::next::{Book, Next, next, waits_for_person};
use super::policy::{Decides, ReturnPolicy, ReturnRules};
use super::request::{AskedBy, BadReturn, ReturnRequest, check};
use super::standing::{PaidBack, after_returns};
use super::state::{Act, Return, ReturnState, act};
use super::tally::{left, tally};
use super::test_support::{a_return, approved, asked, facts, folded, received, sku};
use crate::core::order::{OrderLine, OrderState};
use crate::core::saga::refund::{RefundAsked, RefundLine, RefundRequest, amount};
use crate::core::shares::Amounts;
use holdfast_shared::domain::bring_back::{Condition, ReturnRef};
use holdfast_shared::ids::LineNo;
use holdfast_shared::money::{Currency, Money};
use holdfast_shared::time::UtcMs;
use proptest::prelude::*;
use std::collections::BTreeMap;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const SELLABLE: Condition = Condition::Sellable;
const DAMAGED: Condition = Condition::Damaged;

fn eur() -> Currency {
    "EUR".parse().unwrap()
}

fn line(number: u32, quantity: i64, finished: i64) -> OrderLine {
    let price = Some(Money { minor: 333, currency: eur() });
    let ordered = OrderLine::ordered(LineNo(number), sku(number), quantity, price);
    let amounts = Some(Amounts { discounts: 100, taxes: 41, shipping: 495, ..Amounts::none(eur()) });
    OrderLine { open: quantity - finished, finished, amounts, ..ordered }
}

fn wish(text: &str) -> ReturnRequest {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_wish_names_lines_once_and_is_no_exchange() {
    let one = r#"{"line": 1, "quantity": 1, "reason": "wrong_size"}"#;
    assert_eq!(check(&wish(&format!(r#"{{"lines": [{one}]}}"#))), Ok(()));
    for (text, bad) in [
        (r#"{"lines": []}"#.to_owned(), BadReturn::Lines),
        (format!(r#"{{"lines": [{one}, {one}]}}"#), BadReturn::Twice { index: 1, line: LineNo(1) }),
        (format!(r#"{{"lines": [{one}], "wished": "exchange"}}"#), BadReturn::Exchange),
        (format!(r#"{{"lines": [{one}], "note": "4111 1111 1111 1111"}}"#), BadReturn::CardNumber),
        (
            r#"{"lines": [{"line": 1, "quantity": 0, "reason": "other"}]}"#.to_owned(),
            BadReturn::Quantity { index: 0, quantity: 0 },
        ),
    ] {
        assert_eq!(check(&wish(&text)), Err(bad), "{text}");
    }
}

#[test]
fn rules_approve_and_refuse_and_leave_to_a_person_what_a_person_asks() {
    let final_sale = ["underwear".parse().unwrap()].into();
    let rules = ReturnRules::from(ReturnPolicy { final_sale, ..ReturnPolicy::default() });
    let class = |name: &str| vec![(LineNo(1), Some(name.parse().unwrap()))];
    let (early, late) = (UtcMs(29 * DAY_MS), UtcMs(31 * DAY_MS));
    let say = |class: &[_], by, now| judge(class, UtcMs(0), by, &rules, now);
    assert!(matches!(say(&class("shirts"), AskedBy::Customer, early), Verdict::Approved(_)));
    assert!(
        matches!(say(&class("shirts"), AskedBy::Customer, late), Verdict::Refused(why) if why.contains("30 days"))
    );
    assert!(matches!(say(&class("underwear"), AskedBy::Till, early), Verdict::Refused(_)));
    assert!(matches!(say(&class("underwear"), AskedBy::Support, early), Verdict::Person(_)));
    let person = ReturnPolicy { approve: Decides::Person, ..rules.whole.clone() };
    let (lines, asked_by) = (class("shirts"), AskedBy::Customer);
    assert!(matches!(judge(&lines, UtcMs(0), asked_by, &person.into(), early), Verdict::Person(_)));
}

#[test]
fn each_line_is_judged_by_the_rules_of_its_class() {
    let class = |name: &str| name.parse().unwrap();
    let electronics = ReturnPolicy { window_days: 14, ..ReturnPolicy::default() };
    let jewels = ReturnPolicy { approve: Decides::Person, ..ReturnPolicy::default() };
    let classes = [(class("electronics"), electronics), (class("jewels"), jewels)].into();
    let rules = ReturnRules { whole: ReturnPolicy::default(), classes };
    let say = |classes: &[&str]| {
        let lines: Vec<_> = (1..).map(LineNo).zip(classes.iter().map(|name| Some(class(name)))).collect();
        judge(&lines, UtcMs(0), AskedBy::Customer, &rules, UtcMs(20 * DAY_MS))
    };
    assert!(matches!(say(&["shirts"]), Verdict::Approved(_)));
    let Verdict::Refused(why) = say(&["shirts", "electronics"]) else { panic!("a line is too late") };
    assert_eq!(why, "the goods of line 2 left more than 14 days ago");
    assert!(matches!(say(&["shirts", "jewels"]), Verdict::Person(_)));
}

#[test]
fn a_return_goes_its_way_by_what_happens_to_it() {
    let state = |said: Vec<Said>| a_return(said).state;
    let two = || vec![asked(1, 2)];
    let with = |more: Vec<Said>| two().into_iter().chain(more).collect::<Vec<_>>();
    let refund = Said::RefundAsked {
        refund: 1,
        lines: vec![RefundLine { line: LineNo(1), quantity: 2 }],
        amount: 666,
    };
    assert_eq!(state(two()), ReturnState::Asked);
    assert_eq!(state(with(vec![Said::Refused { reason: "no".into() }])), ReturnState::Refused);
    assert_eq!(state(with(vec![approved()])), ReturnState::Approved);
    assert_eq!(state(with(vec![approved(), Said::Expired])), ReturnState::Expired);
    let one = received(1, 1, 1, SELLABLE);
    assert_eq!(state(with(vec![approved(), one.clone()])), ReturnState::Received);
    assert_eq!(state(with(vec![approved(), one.clone(), Said::Expired])), ReturnState::Restocked);
    let rest = received(2, 1, 1, Condition::Missing);
    assert_eq!(state(with(vec![approved(), one, rest])), ReturnState::Restocked);
    assert_eq!(state(with(vec![approved(), received(1, 1, 2, DAMAGED)])), ReturnState::WrittenOff);
    let all = vec![approved(), received(1, 1, 2, SELLABLE), refund];
    assert_eq!(state(with(all.clone())), ReturnState::Restocked, "the provider has not answered");
    let back = [all, vec![Said::Refunded { refund: 1, amount: 666 }]].concat();
    assert_eq!(state(with(back.clone())), ReturnState::Refunded);
    assert_eq!(state(with([back, vec![Said::Closed]].concat())), ReturnState::Closed);
}

#[test]
fn a_fact_of_a_store_counts_once_and_not_when_it_is_unsaid() {
    let twice = a_return([asked(1, 3), approved(), received(7, 1, 2, SELLABLE), received(7, 1, 2, SELLABLE)]);
    assert_eq!(twice.lines.first().map(|line| line.sellable), Some(2));
    let unsaid = Said::Unsaid { fact: "till.1.7".parse().unwrap() };
    let none = a_return([asked(1, 3), approved(), received(7, 1, 2, SELLABLE), unsaid]);
    assert_eq!((none.state, none.lines.first().map(|line| line.here())), (ReturnState::Approved, Some(0)));
}

#[test]
fn a_storefront_sees_no_store() {
    let store = "leeds".parse().unwrap();
    let of = a_return([Said::Adopted { store }, approved(), received(1, 1, 1, SELLABLE)]);
    let (all, some) =
        (serde_json::to_string(&of).unwrap(), serde_json::to_string(&of.without_stores()).unwrap());
    assert!(all.contains("leeds") && !some.contains("leeds"), "{some}");
    assert!(some.contains(r#""sellable":1"#), "{some}");
}

#[test]
fn what_may_not_be_done_is_refused_with_its_reason() {
    let reason = || "because".to_owned();
    let acts = || {
        [
            Act::Approve { words: reason() },
            Act::Refuse { reason: reason() },
            Act::Cancel { reason: reason() },
            Act::Decide { refund_damaged: true, reason: reason() },
        ]
    };
    let may = |of: &Return| acts().map(|wish| act(of, wish).is_ok());
    assert_eq!(may(&a_return([asked(1, 1)])), [true, true, true, false]);
    assert_eq!(may(&a_return([asked(1, 1), approved()])), [false, false, true, false]);
    let damaged = [asked(1, 1), approved(), received(1, 1, 1, DAMAGED)];
    assert_eq!(may(&a_return(damaged.clone())), [false, false, false, true]);
    let over = a_return(damaged.into_iter().chain([Said::Closed]));
    assert_eq!(may(&over), [false; 4]);
    let told = act(&over, Act::Cancel { reason: reason() }).unwrap_err().to_string();
    assert!(told.contains("is closed") && told.contains("here already"), "{told}");
}

#[test]
fn goods_find_the_return_that_announced_them_and_else_begin_one() {
    let lines = [line(1, 5, 5)];
    let known = [a_return([asked(1, 2), approved()])];
    let order = ReturnRef::Order("o".parse().unwrap());
    let placed = place(&order, (&sku(1), 3), &lines, &known);
    let (first, second) = (placed.first().unwrap(), placed.get(1).unwrap());
    assert_eq!((first.number, first.units, first.unexpected), (Some(1), 2, false));
    assert_eq!((second.number, second.units, second.unexpected), (None, 1, true));
    let slip = ReturnRef::Return("o-r1".parse().unwrap());
    assert!(place(&slip, (&sku(1), 3), &lines, &known).iter().all(|at| at.number == Some(1)));
    assert_eq!(place(&order, (&sku(9), 1), &lines, &known), [], "the order has none of it");
    let gone = [a_return([asked(1, 2), approved(), Said::Cancelled { reason: "kept".into() }])];
    assert!(place(&slip, (&sku(1), 1), &lines, &gone).iter().all(|at| at.number.is_none()));
}

#[test]
fn damaged_goods_wait_for_a_word_and_the_policy_may_give_it() {
    let lines = [line(1, 2, 2)];
    let of = [a_return([asked(1, 2), approved(), received(1, 1, 1, SELLABLE), received(2, 1, 1, DAMAGED)])];
    let refunds: Vec<(RefundAsked, i64)> = Vec::new();
    let book = Book { lines: &lines, returns: &of, refunds: Some(&refunds) };
    let units = |policy: &ReturnPolicy| match next(&of[0], &book, policy, UtcMs(9)) {
        Next::Refund(lines) => lines.iter().map(|line| line.quantity).sum(),
        Next::Write(_) | Next::Rest(_) => 0_i64,
    };
    let person = ReturnPolicy::default();
    let rule = ReturnPolicy { damaged: Decides::Rule, ..ReturnPolicy::default() };
    assert_eq!((units(&person), units(&rule)), (1, 2));
    assert!(waits_for_person(&of[0], &person).is_some() && waits_for_person(&of[0], &rule).is_none());
}

#[test]
fn what_does_not_come_is_not_waited_for_for_ever() {
    let lines = [line(1, 2, 2)];
    let of = [a_return([asked(1, 2), approved()])];
    let book = Book { lines: &lines, returns: &of, refunds: None };
    let policy = ReturnPolicy::default();
    let until = UtcMs(2).plus(policy.wait_ms());
    assert_eq!(next(&of[0], &book, &policy, UtcMs(3)), Next::Rest(Some(until)));
    assert_eq!(next(&of[0], &book, &policy, until), Next::Write(Said::Expired));
}

#[test]
fn an_order_is_returned_when_all_is_back_and_refunded_when_all_is_paid_back() {
    let back = |came_back| [OrderLine { came_back, ..line(1, 2, 2) }];
    let paid = |captured, refunded| Some(PaidBack { captured, refunded, finished: 1_000 });
    assert_eq!(after_returns(OrderState::Shipped, &back(1), None), OrderState::Shipped);
    assert_eq!(after_returns(OrderState::Collected, &back(2), None), OrderState::Returned);
    assert_eq!(after_returns(OrderState::Shipped, &back(2), paid(1_000, 500)), OrderState::Returned);
    assert_eq!(after_returns(OrderState::Shipped, &back(0), paid(1_000, 1_000)), OrderState::Refunded);
    assert_eq!(
        after_returns(OrderState::Shipped, &back(0), paid(500, 500)),
        OrderState::Shipped,
        "more is captured"
    );
    assert_eq!(after_returns(OrderState::Picking, &back(2), paid(1_000, 1_000)), OrderState::Picking);
}

/// An order, its returns and their money, without a database.
struct World {
    lines: Vec<OrderLine>,
    facts: BTreeMap<u32, Vec<ReturnFact>>,
    refunds: Vec<(RefundAsked, i64)>,
    told: u32,
}

impl World {
    fn new() -> Self {
        let lines = vec![line(1, 5, 0), line(2, 3, 0)];
        Self { lines, facts: BTreeMap::new(), refunds: Vec::new(), told: 0 }
    }

    fn returns(&self) -> Vec<Return> {
        self.facts.iter().map(|(number, facts)| folded(*number, facts)).collect()
    }

    fn say(&mut self, number: u32, said: Said) {
        let known = self.facts.entry(number).or_default();
        let mut fact = facts([said]).remove(0);
        fact.sequence = u32::try_from(known.len()).unwrap() + 1;
        known.push(fact);
    }

    fn next_number(&self) -> u32 {
        u32::try_from(self.facts.len()).unwrap() + 1
    }

    fn ask(&mut self, nth: usize, units: i64) {
        let line = &self.lines[nth];
        if units > left(line, &tally(&self.lines, &self.returns())) {
            return;
        }
        let (number, line) = (self.next_number(), line.line.0);
        self.say(number, asked(line, units));
        self.say(number, approved());
    }

    fn bring(&mut self, nth: usize, units: i64, condition: Condition) {
        let order = ReturnRef::Order("o".parse().unwrap());
        let sku = self.lines[nth].sku.clone();
        self.told += 1;
        let begun = self.next_number();
        for at in place(&order, (&sku, units), &self.lines, &self.returns()) {
            let number = at.number.unwrap_or(begun);
            if at.number.is_none() && !self.facts.contains_key(&begun) {
                self.say(begun, Said::Adopted { store: "leeds".parse().unwrap() });
                self.say(begun, approved());
            }
            self.say(number, received(self.told, at.line.0, at.units, condition));
        }
    }

    fn worth(&self) -> i64 {
        let of = |line: &OrderLine| line.money().unwrap().units(0, line.finished).unwrap().total;
        self.lines.iter().map(of).sum()
    }

    fn advance(&mut self, policy: &ReturnPolicy) {
        for number in self.facts.keys().copied().collect::<Vec<_>>() {
            for _ in 0..32 {
                let returns = self.returns();
                let of = returns.iter().find(|known| known.number == number).unwrap();
                let book = Book { lines: &self.lines, returns: &returns, refunds: Some(&self.refunds) };
                let said = match next(of, &book, policy, UtcMs(1)) {
                    Next::Rest(_) => break,
                    Next::Write(said) => said,
                    Next::Refund(lines) => self.refund(lines),
                };
                self.say(number, said);
            }
        }
    }

    fn refund(&mut self, lines: Vec<RefundLine>) -> Said {
        let request = RefundRequest { lines: lines.clone(), amount: None, reason: "return".into() };
        let earlier: Vec<RefundAsked> = self.refunds.iter().map(|(asked, _)| asked.clone()).collect();
        match amount(&request, &self.lines, &earlier, (self.worth(), eur())) {
            Ok(amount) => {
                let number = u32::try_from(earlier.len()).unwrap() + 1;
                let (reason, by, at) = ("return".to_owned(), "ann".parse().unwrap(), UtcMs(1));
                let refund =
                    RefundAsked { number, amount, currency: eur(), lines: lines.clone(), reason, by, at };
                self.refunds.push((refund, 0));
                Said::RefundAsked { refund: number, lines, amount }
            }
            Err(bad) => Said::NotRefunded { lines, why: bad.to_string() },
        }
    }
}

proptest! {
    #[test]
    fn no_more_come_back_than_left_and_no_more_is_paid_back_than_they_cost(
        acts in prop::collection::vec((0_u8..6, 0_usize..2, 1_i64..4), 1..40),
        by_rule in any::<bool>(),
    ) {
        let damaged = if by_rule { Decides::Rule } else { Decides::Person };
        let policy = ReturnPolicy { damaged, ..ReturnPolicy::default() };
        let mut world = World::new();
        for (act, nth, units) in acts {
            match act {
                0 => {
                    let line = &mut world.lines[nth];
                    line.finished = (line.finished + units).min(line.quantity);
                }
                1 => world.ask(nth, units),
                2 => world.bring(nth, units, Condition::Sellable),
                3 => world.bring(nth, units, Condition::Damaged),
                4 => world.advance(&policy),
                _ => world.refunds.iter_mut().for_each(|(asked, back)| *back = asked.amount),
            }
            world.advance(&policy);
            for (line, counted) in world.lines.iter().zip(tally(&world.lines, &world.returns())) {
                prop_assert!(counted.came_back <= line.finished, "{counted:?}");
            }
            let asked: i64 = world.refunds.iter().map(|(asked, _)| asked.amount).sum();
            prop_assert!(asked <= world.worth(), "{asked} of {}", world.worth());
            let here: i64 = world.returns().iter().flat_map(|of| &of.lines).map(|line| line.here()).sum();
            let paid: i64 = world.refunds.iter().flat_map(|(asked, _)| &asked.lines).map(|line| line.quantity).sum();
            prop_assert!(paid <= here, "{paid} units are paid back, and {here} are here");
        }
    }

    #[test]
    fn facts_fold_to_the_same_return_in_any_order(
        told in prop::collection::vec((0_u8..7, 1_i64..3), 0..12),
        seed in any::<u64>(),
    ) {
        let said = told.into_iter().zip(1..).map(|((kind, units), nth)| match kind {
            0 => approved(),
            1 => Said::Refused { reason: "no".into() },
            2 => received(nth, 1, units, Condition::Sellable),
            3 => received(nth, 2, units, Condition::Damaged),
            4 => Said::Decided { refund_damaged: units == 1, reason: "so".into() },
            5 => Said::Expired,
            _ => Said::Closed,
        });
        let all = facts(std::iter::once(asked(1, 3)).chain(said));
        let mut shuffled = all.clone();
        shuffled.sort_by_key(|fact| seed.wrapping_mul(u64::from(fact.sequence) | 1).rotate_left(fact.sequence));
        prop_assert_eq!(folded(1, &all), folded(1, &shuffled));
    }
}
