use super::*;
use crate::domain::fence::Fence;
use crate::domain::stock::{HoldRef, Movement, OnHand, StockFact};
use crate::ids::{LineNo, Sku, TaskId};
use crate::time::Hlc;
use proptest::prelude::*;
use std::collections::BTreeMap;

#[test]
fn the_till_sells_what_nobody_else_has_a_claim_to() {
    let shelf = Shelf { on_hand: 10, rights: 4, set_aside: 3, set_aside_ceded: 1 };
    assert_eq!(shelf.free(), 10 - 2 - 4);
    assert_eq!(shelf.to_cede(4), 0, "central has what it wants");
    assert_eq!(shelf.to_cede(6), 2);
    assert_eq!(shelf.to_cede(60), 4, "and never more than is free");
    let over = Shelf { on_hand: 2, ..shelf };
    assert_eq!((over.free(), over.to_cede(60), over.overdrawn()), (-4, 0, 2));
}

#[test]
fn work_that_arrives_before_the_rights_it_came_from_is_not_sold_again() {
    let shelf = Shelf { on_hand: 3, rights: 0, set_aside: 2, set_aside_ceded: 2 };
    assert_eq!((shelf.free(), shelf.to_cede(3)), (1, 1));
}

#[test]
fn central_gives_back_only_what_it_has_promised_to_nobody() {
    let ceded = Ceded { rights: 5, held: 3 };
    assert_eq!((ceded.unheld(), ceded.to_return(0), ceded.to_return(4), ceded.to_return(9)), (2, 2, 1, 0));
    assert_eq!(Ceded { rights: 1, held: 2 }.unheld(), 0);
}

/// What can happen. Messages pass in the order in which they were said, and only when they pass.
#[derive(Debug, Clone, Copy)]
enum Step {
    Received(i64),
    SoldAtTheTill(i64),
    /// Units leave for orders, are put back, or are not found: of the oldest work that the store knows.
    HandedOver,
    PutBack,
    NotFound,
    Cedes,
    Wants(i64),
    /// Central notices that it has more than it wants.
    Returns,
    Promised(i64),
    StoreIsHeard(usize),
    CentralIsHeard(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => (1_i64..6).prop_map(Step::Received),
        1 => (1_i64..6).prop_map(Step::SoldAtTheTill),
        1 => Just(Step::HandedOver),
        1 => Just(Step::PutBack),
        1 => Just(Step::NotFound),
        3 => Just(Step::Cedes),
        1 => (0_i64..8).prop_map(Step::Wants),
        2 => Just(Step::Returns),
        3 => (1_i64..4).prop_map(Step::Promised),
        2 => (1_usize..6).prop_map(Step::StoreIsHeard),
        2 => (1_usize..6).prop_map(Step::CentralIsHeard),
    ]
}

/// What one side tells the other.
#[derive(Debug, Clone)]
enum Word {
    Fact(StockFact),
    Offer(u32, i64),
    Target(i64),
}

#[derive(Debug, Default)]
struct World {
    /// The store's fold, what it set aside for orders, and what it was told to cede.
    store: OnHand,
    set_aside: BTreeMap<u32, i64>,
    target: i64,
    /// Central's fold, its holds, and what it wants.
    central: OnHand,
    held: BTreeMap<u32, i64>,
    wanted: i64,
    promises: u32,
    /// On their way: how much of each side's words the other has heard.
    of_store: Vec<StockFact>,
    of_central: Vec<Word>,
    heard_of_store: usize,
    heard_of_central: usize,
    /// What there was, and what became of it.
    had: i64,
    sold: i64,
}

impl World {
    fn shelf(&self) -> Shelf {
        let set_aside = self.set_aside.values().sum();
        Shelf { on_hand: self.store.units, rights: self.store.rights, set_aside, set_aside_ceded: set_aside }
    }

    fn ceded(&self) -> Ceded {
        Ceded { rights: self.central.rights, held: self.held.values().sum() }
    }

    fn store_says(&mut self, delta: i64, movement: Movement) {
        let fact = StockFact { sku: Sku::new("A").unwrap(), delta, movement, note: None };
        fact.check().unwrap();
        self.store.apply(&fact, Hlc::default());
        self.of_store.push(fact);
    }

    fn central_says(&mut self, movement: Movement) {
        let fact = StockFact { sku: Sku::new("A").unwrap(), delta: 0, movement, note: None };
        fact.check().unwrap();
        self.central.apply(&fact, Hlc::default());
        self.of_central.push(Word::Fact(fact));
    }

    /// The oldest work, and the movement that ends it.
    fn work_ends(&mut self, how: impl FnOnce(HoldRef, i64) -> (i64, Movement)) -> i64 {
        let Some((order, units)) = self.set_aside.pop_first() else { return 0 };
        let task = TaskId::new("o-1").unwrap();
        let hold = HoldRef { task, line: LineNo(order), fence: Fence::default(), ceded: true };
        let (delta, movement) = how(hold, units);
        self.store_says(delta, movement);
        units
    }

    fn happens(&mut self, step: Step) {
        match step {
            Step::Received(units) => {
                self.had += units;
                self.store_says(units, Movement::Receipt);
            }
            Step::SoldAtTheTill(units) if units <= self.shelf().free() => {
                self.sold += units;
                self.store_says(-units, Movement::Sale);
            }
            Step::HandedOver => {
                self.sold += self.work_ends(|hold, units| (-units, Movement::HandOver { hold }));
            }
            Step::PutBack => {
                self.work_ends(|hold, quantity| (0, Movement::PutBack { hold, quantity }));
            }
            Step::NotFound => {
                self.had -= self.work_ends(|hold, units| (-units, Movement::ShortPick { hold }));
            }
            Step::Cedes => {
                let units = self.shelf().to_cede(self.target);
                if units > 0 {
                    self.store_says(0, Movement::Ceded { units });
                }
            }
            Step::Wants(units) => {
                self.wanted = units;
                self.of_central.push(Word::Target(units));
            }
            Step::Returns => {
                let units = self.ceded().to_return(self.wanted);
                if units > 0 {
                    self.central_says(Movement::Returned { units });
                }
            }
            Step::Promised(units) if units <= self.ceded().unheld() => {
                self.promises += 1;
                self.held.insert(self.promises, units);
                self.of_central.push(Word::Offer(self.promises, units));
            }
            Step::SoldAtTheTill(_) | Step::Promised(_) => {}
            Step::StoreIsHeard(words) => self.store_is_heard(words),
            Step::CentralIsHeard(words) => self.central_is_heard(words),
        }
    }

    fn store_is_heard(&mut self, words: usize) {
        let up_to = self.of_store.len().min(self.heard_of_store + words);
        for fact in &self.of_store[self.heard_of_store..up_to] {
            self.central.apply(fact, Hlc::default());
            if let Some((hold, _)) = fact.ends_hold() {
                self.held.remove(&hold.line.0);
            }
        }
        self.heard_of_store = up_to;
    }

    fn central_is_heard(&mut self, words: usize) {
        let up_to = self.of_central.len().min(self.heard_of_central + words);
        for word in &self.of_central[self.heard_of_central..up_to] {
            match word {
                Word::Fact(fact) => self.store.apply(fact, Hlc::default()),
                Word::Offer(order, units) => {
                    self.set_aside.insert(*order, *units);
                }
                Word::Target(units) => self.target = *units,
            }
        }
        self.heard_of_central = up_to;
    }

    /// All that is promised, sold or for sale anywhere is there.
    fn nothing_is_sold_twice(&self) -> Result<(), TestCaseError> {
        prop_assert!(self.sold <= self.had, "sold {} of {}", self.sold, self.had);
        prop_assert!(self.central.rights >= 0 && self.store.rights >= 0, "{self:?}");
        let promised = self.ceded().held + self.ceded().unheld();
        let for_sale = promised.max(self.shelf().set_aside) + self.shelf().free().max(0);
        let on_the_way_back: i64 = self.of_store[self.heard_of_store..]
            .iter()
            .filter_map(|fact| fact.ends_hold())
            .map(|(_, units)| units)
            .sum();
        prop_assert!(for_sale - on_the_way_back <= self.store.units, "{self:?}");
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
    #[test]
    fn neither_side_sells_what_the_other_may_sell_however_long_they_are_cut_off(
        steps in prop::collection::vec(step(), 0..120),
    ) {
        let mut world = World::default();
        for step in steps {
            world.happens(step);
            world.nothing_is_sold_twice()?;
        }
        // Whoever was cut off is heard in the end, and both come to the same.
        world.store_is_heard(usize::MAX / 2);
        world.central_is_heard(usize::MAX / 2);
        prop_assert_eq!(world.central, world.store);
        prop_assert_eq!(world.ceded().held, world.shelf().set_aside);
        world.nothing_is_sold_twice()?;
    }
}
