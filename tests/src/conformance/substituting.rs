//! Other goods in place of those that cannot be had, and the dates of those that wait: never a unit twice,
//! never a word twice.

use super::promises::{ended, held, promise_id};
use super::world::{
    assigned, at, decision, demand, new_order, order_id, placed, position, request, sku, sound, state,
    stocked, store_id, tenant, the_order,
};
use holdfast_central::core::backorder::{Dated, Expected};
use holdfast_central::core::order::{Consent, OrderRequest, OrderState};
use holdfast_central::core::routing::decision::Choice;
use holdfast_central::core::substitution::{Substitute, SubstitutionState};
use holdfast_central::ports::Storage;
use holdfast_central::ports::promises::{CartHeld, CartUnits, PromiseEnd};
use holdfast_central::ports::substitutions::{AnswerOutcome, NewSubstitution, SubstituteOutcome};
use holdfast_shared::domain::stock::Movement;
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::{Actor, LineNo};
use holdfast_shared::time::UtcMs;

const ANSWER_MS: i64 = 60_000;

/// An order of units of B, of which there are none.
async fn wanted(storage: &dyn Storage, order: &str, units: i64, consent: Consent) {
    let asked = request(FulfilmentKind::Ship, &[("B", units)]);
    storage
        .place(new_order(order, order, OrderRequest { substitution: Some(consent), ..asked }))
        .await
        .unwrap();
}

/// Units of A from Leeds in place of them.
fn instead(order: &str, units: i64, ask: bool) -> NewSubstitution {
    let from =
        CartUnits { store: store_id("leeds"), sku: sku("A"), quantity: units, ceded: false, gathered: 0 };
    NewSubstitution {
        tenant: tenant(),
        order: order_id(order),
        kind: FulfilmentKind::Ship,
        assignments: 0,
        line: LineNo(1),
        sku: sku("B"),
        instead: sku("A"),
        quantity: units,
        unit_price: None,
        units: vec![from],
        answer_by: ask.then(|| at(20 + ANSWER_MS).utc),
        passed: Vec::new(),
    }
}

async fn proposed(storage: &dyn Storage, order: &str, units: i64) -> SubstituteOutcome {
    storage.substitute(&instead(order, units, true), at(20).utc).await.unwrap()
}

async fn answered(storage: &dyn Storage, order: &str, accept: bool, ms: i64) -> AnswerOutcome {
    let by = Actor::new("customer").unwrap();
    storage.answer_substitution(&tenant(), &order_id(order), 1, accept, &by, at(ms).utc).await.unwrap()
}

async fn stands(storage: &dyn Storage, order: &str) -> SubstitutionState {
    storage.substitutions(&tenant(), &order_id(order)).await.unwrap()[0].state
}

pub async fn two_proposals_never_hold_the_same_unit(storage: &dyn Storage) {
    stocked(storage, "leeds", 3).await;
    for order in ["o1", "o2"] {
        wanted(storage, order, 2, Consent::Ask).await;
    }
    assert_eq!(proposed(storage, "o1", 2).await, SubstituteOutcome::Proposed);
    assert_eq!(proposed(storage, "o2", 2).await, SubstituteOutcome::StockGone { sku: sku("A") });
    assert!(
        storage.substitutions(&tenant(), &order_id("o2")).await.unwrap().is_empty(),
        "nothing was written"
    );
    assert_eq!(position(storage, "leeds").await.reserved, 2);
    placed(storage, "o3", &[("A", 2)]).await;
    let others = demand(storage, "o3").await.unwrap();
    let gone = storage.assign(&super::world::assignment(&others, "leeds", at(21)), at(21)).await.unwrap();
    assert!(matches!(gone, holdfast_central::ports::work::AssignOutcome::StockGone { .. }), "{gone:?}");
    sound(storage, 0).await;
}

pub async fn an_accepted_proposal_becomes_a_line_and_its_assignment_takes_its_units(storage: &dyn Storage) {
    stocked(storage, "leeds", 2).await;
    wanted(storage, "o1", 2, Consent::Ask).await;
    proposed(storage, "o1", 2).await;
    assert!(demand(storage, "o1").await.is_none(), "it waits for the answer");
    let AnswerOutcome::Answered { substitution, replayed: false } = answered(storage, "o1", true, 30).await
    else {
        panic!("not taken")
    };
    assert_eq!((substitution.state, substitution.new_line), (SubstitutionState::Made, Some(LineNo(1_001))));
    let again = answered(storage, "o1", true, 31).await;
    assert!(matches!(again, AnswerOutcome::Answered { replayed: true, .. }), "{again:?}");
    assert!(matches!(answered(storage, "o1", false, 32).await, AnswerOutcome::Over(_)));
    let lines = the_order(storage, "o1").await.lines;
    let units: Vec<_> = lines.iter().map(|line| (line.open, line.cancelled, line.substitutes)).collect();
    assert_eq!(units, [(0, 2, None), (2, 0, Some(LineNo(1)))]);
    assert_eq!(position(storage, "leeds").await.reserved, 2, "still set aside, once");
    assigned(storage, "o1", "leeds").await;
    assert_eq!(position(storage, "leeds").await.reserved, 2, "held once");
    assert_eq!(state(storage, "o1").await, OrderState::Allocated);
    sound(storage, 1).await;
}

pub async fn a_proposal_nobody_answers_ends_and_gives_its_units_back(storage: &dyn Storage) {
    stocked(storage, "leeds", 2).await;
    wanted(storage, "o1", 2, Consent::Ask).await;
    proposed(storage, "o1", 2).await;
    assert!(storage.expire_substitutions(at(19 + ANSWER_MS).utc).await.unwrap().is_empty());
    let ended = storage.expire_substitutions(at(20 + ANSWER_MS).utc).await.unwrap();
    assert_eq!(ended.get(&tenant()), Some(&1));
    assert_eq!(stands(storage, "o1").await, SubstitutionState::Expired);
    assert_eq!(position(storage, "leeds").await.reserved, 0);
    assert_eq!(demand(storage, "o1").await.unwrap().lines[0].quantity, 2, "routed as it was ordered");
    let terms = storage.substitution_terms(&tenant(), &order_id("o1")).await.unwrap();
    assert!(terms.lines.is_empty(), "nobody is asked twice");
    // A clock that was put back would keep it for as long as it was put back.
    wanted(storage, "o2", 2, Consent::Ask).await;
    proposed(storage, "o2", 2).await;
    assert_eq!(storage.expire_substitutions(UtcMs(0)).await.unwrap().len(), 1);
    // Also when it was put back by less than a question may take.
    wanted(storage, "o3", 2, Consent::Ask).await;
    proposed(storage, "o3", 2).await;
    assert!(
        storage.expire_substitutions(at(-30_000).utc).await.unwrap().is_empty(),
        "a small step is forgiven"
    );
    assert_eq!(storage.expire_substitutions(at(-600_000).utc).await.unwrap().len(), 1);
    sound(storage, 0).await;
}

pub async fn a_cancel_ends_a_proposal_and_an_answer_comes_too_late(storage: &dyn Storage) {
    stocked(storage, "leeds", 2).await;
    wanted(storage, "o1", 2, Consent::Ask).await;
    proposed(storage, "o1", 2).await;
    let actor = Actor::new("shop").unwrap();
    storage.cancel(&tenant(), &order_id("o1"), "changed their mind", &actor, at(25).utc).await.unwrap();
    assert_eq!(stands(storage, "o1").await, SubstitutionState::Withdrawn);
    assert_eq!(position(storage, "leeds").await.reserved, 0);
    assert!(matches!(answered(storage, "o1", true, 30).await, AnswerOutcome::Over(_)));
    assert_eq!(state(storage, "o1").await, OrderState::Cancelled);
    wanted(storage, "o2", 2, Consent::Ask).await;
    proposed(storage, "o2", 2).await;
    let late = answered(storage, "o2", true, 20 + ANSWER_MS).await;
    assert!(
        matches!(&late, AnswerOutcome::Over(told) if told.state == SubstitutionState::Expired),
        "{late:?}"
    );
    sound(storage, 0).await;
}

pub async fn an_order_that_moved_on_is_not_substituted(storage: &dyn Storage) {
    stocked(storage, "leeds", 9).await;
    wanted(storage, "o1", 2, Consent::Allow).await;
    let moved = NewSubstitution { assignments: 1, ..instead("o1", 2, false) };
    assert_eq!(storage.substitute(&moved, at(20).utc).await.unwrap(), SubstituteOutcome::OrderMoved);
    let more = instead("o1", 3, false);
    assert_eq!(storage.substitute(&more, at(20).utc).await.unwrap(), SubstituteOutcome::OrderMoved);
    let made = storage.substitute(&instead("o1", 2, false), at(20).utc).await.unwrap();
    assert_eq!(made, SubstituteOutcome::Made { line: LineNo(1_001) });
    let again = storage.substitute(&instead("o1", 2, false), at(20).utc).await.unwrap();
    assert_eq!(again, SubstituteOutcome::OrderMoved, "the units are those of another line");
    assert_eq!(position(storage, "leeds").await.reserved, 2);
    sound(storage, 0).await;
}

pub async fn substitutes_are_replaced_as_a_whole_and_stay_in_their_order(storage: &dyn Storage) {
    let list = |names: &[&str]| -> Vec<Substitute> {
        names.iter().map(|name| Substitute { sku: sku(name), unit_price: None }).collect()
    };
    for names in [&["C", "A"][..], &["A", "C", "D"], &["A"], &[]] {
        storage.put_substitutes(&tenant(), &sku("B"), &list(names)).await.unwrap();
        assert_eq!(storage.substitutes(&tenant(), &sku("B")).await.unwrap(), list(names));
    }
}

pub async fn a_date_is_told_once_and_goes_with_the_wait(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 0).await;
    placed(storage, "o1", &[("A", 2)]).await;
    let waiting = demand(storage, "o1").await.unwrap();
    let choice = Choice::Backorder { why: "no stock".to_owned() };
    let decided = decision(&waiting.order, waiting.lines.clone(), choice, at(20).utc);
    storage.backorder(&waiting, &decided, at(20)).await.unwrap();
    let (soon, by) = (at(90_000).utc, Actor::new("buyer").unwrap());
    let expected = [Expected { store: store_id("leeds"), quantity: 2, expected_at: soon }];
    storage.put_expected(&tenant(), &sku("A"), &expected, &by, at(21).utc).await.unwrap();
    let queues = storage.queues(None, at(22).utc).await.unwrap();
    assert_eq!((queues.len(), queues[0].queue.waiting.len(), queues[0].queue.expected.len()), (1, 1, 1));
    let after = (tenant(), sku("A"));
    assert!(storage.queues(Some(&after), at(22).utc).await.unwrap().is_empty(), "pages end");
    let dated = [Dated { order: order_id("o1"), line: LineNo(1), expected_at: Some(soon) }];
    assert_eq!(storage.tell_dates(&tenant(), &sku("A"), &dated, at(23).utc).await.unwrap(), 1);
    assert_eq!(storage.tell_dates(&tenant(), &sku("A"), &dated, at(24).utc).await.unwrap(), 0, "once");
    assert_eq!(the_order(storage, "o1").await.lines[0].expected_at, Some(soon));
    leeds.stock(&sku("A"), 2, Movement::Receipt);
    leeds.sync(storage, at(30)).await;
    assert!(storage.expected(&tenant(), &sku("A"), at(31).utc).await.unwrap().is_empty(), "it came");
    assigned(storage, "o1", "leeds").await;
    let queue = storage.queue_of(&tenant(), &sku("A"), at(32).utc).await.unwrap();
    assert!(queue.stale && queue.queue.waiting.is_empty());
    assert_eq!(storage.tell_dates(&tenant(), &sku("A"), &[], at(33).utc).await.unwrap(), 0);
    assert_eq!(the_order(storage, "o1").await.lines[0].expected_at, None, "who waits no more has no date");
    sound(storage, 1).await;
}

/// An order whose checkout had units of it set aside is asked about the rest.
pub async fn accepted_goods_stay_set_aside_beside_what_a_checkout_held(storage: &dyn Storage) {
    stocked(storage, "leeds", 3).await;
    assert_eq!(held(storage, "p1", &[("leeds", 1)]).await, CartHeld::New);
    let asked = request(FulfilmentKind::Ship, &[("B", 2), ("A", 1)]);
    let promise = Some(promise_id("p1"));
    let asked = OrderRequest { substitution: Some(Consent::Ask), promise, ..asked };
    storage.place(new_order("o1", "o1", asked)).await.unwrap();
    assert_eq!(proposed(storage, "o1", 2).await, SubstituteOutcome::Proposed);
    assert_eq!(position(storage, "leeds").await.reserved, 3);
    assert!(matches!(answered(storage, "o1", true, 30).await, AnswerOutcome::Answered { .. }));
    assert_eq!(position(storage, "leeds").await.reserved, 3, "nobody else gets what was accepted");
    placed(storage, "o2", &[("A", 1)]).await;
    let others = demand(storage, "o2").await.unwrap();
    let gone = storage.assign(&super::world::assignment(&others, "leeds", at(31)), at(31)).await.unwrap();
    assert!(matches!(gone, holdfast_central::ports::work::AssignOutcome::StockGone { .. }), "{gone:?}");
    assigned(storage, "o1", "leeds").await;
    assert_eq!(position(storage, "leeds").await.reserved, 3);
    sound(storage, 2).await;
    // The wait for the answer does not end the cart early.
    assert_eq!(ended(storage, "p1").await, Some(PromiseEnd::Order));
}
