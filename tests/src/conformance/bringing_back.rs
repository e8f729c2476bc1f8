//! Goods that come back: announced, taken in at a store, counted once, and never more of them than left.

use super::agent::Agent;
use super::world::{
    LINE, assigned, at, hash, order_id, placed, position, sound, state, stocked, store_id, tenant, the_order,
};
use holdfast_central::core::exception::Category;
use holdfast_central::core::order::OrderState;
use holdfast_central::core::returns::policy::{ReturnPolicy, ReturnRules};
use holdfast_central::core::returns::request::{
    AskedBy, BadReturn, ReturnLineRequest, ReturnReason, ReturnRequest, Wished,
};
use holdfast_central::core::returns::state::{Act, Return, ReturnState};
use holdfast_central::ports::returns::{ActOutcome, NewReturn, ReturnFilter, ReturnTaken};
use holdfast_central::ports::{PageRequest, Storage};
use holdfast_shared::domain::bring_back::{Condition, ReturnRef};
use holdfast_shared::ids::{Actor, IdempotencyKey};
use holdfast_shared::time::UtcMs;

/// Two of five that Leeds had were handed over at 40.
async fn shipped(storage: &dyn Storage) -> Agent {
    let mut leeds = stocked(storage, "leeds", 5).await;
    placed(storage, "o1", &[("A", 2)]).await;
    let (task, _) = assigned(storage, "o1", "leeds").await;
    leeds.sync(storage, at(25)).await;
    leeds.pack(&task);
    leeds.sync(storage, at(30)).await;
    leeds.hand_over(&task);
    leeds.sync(storage, at(40)).await;
    assert_eq!(state(storage, "o1").await, OrderState::Shipped);
    leeds
}

fn wish(key: &str, quantity: i64) -> NewReturn {
    let lines = vec![ReturnLineRequest { line: LINE, quantity, reason: ReturnReason::WrongSize }];
    NewReturn {
        tenant: tenant(),
        order: order_id("o1"),
        request: ReturnRequest { lines, asked_by: AskedBy::Customer, wished: Wished::Refund, note: None },
        idempotency: IdempotencyKey::new(key).unwrap(),
        request_hash: hash(&format!("{quantity}")),
        by: Actor::new("storefront").unwrap(),
        rules: ReturnRules::default(),
    }
}

async fn asked(storage: &dyn Storage, key: &str, quantity: i64) -> ReturnTaken {
    storage.ask_return(&wish(key, quantity), at(50).utc).await.unwrap()
}

async fn known(storage: &dyn Storage) -> Vec<Return> {
    storage.returns_of(&tenant(), &order_id("o1")).await.unwrap()
}

/// All that is to be done by itself.
async fn advanced(storage: &dyn Storage, ms: i64) {
    for (of, id) in storage.due_returns(at(ms).utc, UtcMs(i64::MAX), 99).await.unwrap() {
        storage.advance_return(&of, &id, &ReturnPolicy::default(), at(ms).utc).await.unwrap();
    }
}

async fn open(storage: &dyn Storage) -> Vec<Category> {
    let page = PageRequest { cursor: None, limit: 99 };
    let rows = storage.exceptions(&tenant(), true, &page).await.unwrap().rows;
    rows.into_iter().map(|exception| exception.category).collect()
}

fn order() -> ReturnRef {
    ReturnRef::Order(order_id("o1"))
}

pub async fn more_than_left_cannot_be_announced_however_it_is_asked(storage: &dyn Storage) {
    placed(storage, "o2", &[("A", 1)]).await;
    let early = NewReturn { order: order_id("o2"), ..wish("early", 1) };
    let told = storage.ask_return(&early, at(20).utc).await.unwrap();
    assert_eq!(told, ReturnTaken::Refused(BadReturn::NotLeft { state: "placed" }));
    shipped(storage).await;
    assert!(
        matches!(asked(storage, "k1", 1).await, ReturnTaken::New(of) if of.state == ReturnState::Approved)
    );
    let told = asked(storage, "k2", 2).await;
    assert_eq!(told, ReturnTaken::Refused(BadReturn::TooManyUnits { line: LINE, left: 1, asked: 2 }));
    assert!(matches!(asked(storage, "k3", 1).await, ReturnTaken::New(_)));
    assert!(matches!(asked(storage, "k4", 1).await, ReturnTaken::Refused(_)));
    let first = known(storage).await.remove(0);
    let (cancel, by) = (Act::Cancel { reason: "kept".into() }, Actor::new("ann").unwrap());
    let done = storage.act_on_return(&tenant(), &first.id, &cancel, &by, at(60).utc).await.unwrap();
    assert!(matches!(done, ActOutcome::Done(of) if of.state == ReturnState::Cancelled));
    assert!(matches!(asked(storage, "k5", 1).await, ReturnTaken::New(_)), "it may be announced again");
    sound(storage, 0).await;
}

pub async fn a_return_is_asked_for_once_under_its_key(storage: &dyn Storage) {
    shipped(storage).await;
    let ReturnTaken::New(first) = asked(storage, "k1", 1).await else { panic!("it is new") };
    assert_eq!(asked(storage, "k1", 1).await, ReturnTaken::Replayed(first));
    assert_eq!(asked(storage, "k1", 2).await, ReturnTaken::KeyReused);
    let stranger = NewReturn { order: order_id("nobody"), ..wish("k9", 1) };
    assert_eq!(storage.ask_return(&stranger, at(50).utc).await.unwrap(), ReturnTaken::UnknownOrder);
    assert_eq!(known(storage).await.len(), 1);
}

pub async fn what_was_announced_comes_back_and_is_sold_again(storage: &dyn Storage) {
    let mut leeds = shipped(storage).await;
    asked(storage, "k1", 2).await;
    leeds.bring_back("A", 1, &order(), Condition::Sellable);
    leeds.sync(storage, at(60)).await;
    assert_eq!(
        (known(storage).await.remove(0).state, position(storage, "leeds").await.on_hand),
        (ReturnState::Received, 4)
    );
    assert_eq!(the_order(storage, "o1").await.lines.remove(0).came_back, 1);
    assert_eq!(state(storage, "o1").await, OrderState::Shipped, "some of it came back");
    let id = known(storage).await.remove(0).id;
    leeds.bring_back("A", 1, &ReturnRef::Return(id.clone()), Condition::Damaged);
    leeds.sync(storage, at(70)).await;
    assert_eq!(position(storage, "leeds").await.on_hand, 4, "nobody can buy it");
    assert_eq!(state(storage, "o1").await, OrderState::Returned);
    advanced(storage, 80).await;
    let of = known(storage).await.remove(0);
    assert_eq!((of.state, of.receipts.len()), (ReturnState::Restocked, 2));
    assert_eq!(open(storage).await, [Category::ReturnWaits], "whether damaged goods are paid back");
    let (act, by) =
        (Act::Decide { refund_damaged: false, reason: "worn".into() }, Actor::new("ann").unwrap());
    storage.act_on_return(&tenant(), &id, &act, &by, at(90).utc).await.unwrap();
    advanced(storage, 100).await;
    assert_eq!(known(storage).await.remove(0).state, ReturnState::Closed);
    assert_eq!(open(storage).await, []);
    let filter = ReturnFilter { state: Some(ReturnState::Closed), store: Some(store_id("leeds")) };
    let page = PageRequest { cursor: None, limit: 9 };
    assert_eq!(storage.returns(&tenant(), &filter, &page).await.unwrap().rows.len(), 1);
    sound(storage, 0).await;
}

pub async fn goods_that_nobody_announced_are_a_return_and_a_person_says_what_of_it(storage: &dyn Storage) {
    let mut leeds = shipped(storage).await;
    leeds.bring_back("A", 1, &order(), Condition::Sellable);
    leeds.sync(storage, at(60)).await;
    advanced(storage, 70).await;
    let of = known(storage).await.remove(0);
    assert_eq!((of.state, of.adopted_from), (ReturnState::Asked, Some(store_id("leeds"))));
    assert_eq!(open(storage).await, [Category::UnexpectedReturn]);
    assert!(matches!(asked(storage, "k1", 2).await, ReturnTaken::Refused(_)), "one of them is back already");
    let (act, by) = (Act::Approve { words: "fine".into() }, Actor::new("ann").unwrap());
    storage.act_on_return(&tenant(), &of.id, &act, &by, at(80).utc).await.unwrap();
    advanced(storage, 90).await;
    assert_eq!((known(storage).await.remove(0).state, open(storage).await), (ReturnState::Closed, vec![]));
}

pub async fn goods_that_came_before_it_was_known_that_they_left_count_when_it_is(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    let mut york = stocked(storage, "york", 5).await;
    placed(storage, "o1", &[("A", 2)]).await;
    let (task, _) = assigned(storage, "o1", "leeds").await;
    leeds.sync(storage, at(25)).await;
    leeds.pack(&task);
    leeds.sync(storage, at(30)).await;
    york.bring_back("A", 2, &order(), Condition::Sellable);
    york.sync(storage, at(35)).await;
    assert_eq!(the_order(storage, "o1").await.lines.remove(0).came_back, 0, "nobody has told that they left");
    assert_eq!(open(storage).await, [Category::UnexpectedReturn]);
    leeds.hand_over(&task);
    leeds.sync(storage, at(40)).await;
    assert_eq!(the_order(storage, "o1").await.lines.remove(0).came_back, 2);
    assert_eq!(state(storage, "o1").await, OrderState::Returned);
    assert!(storage.timeline(&tenant(), &order_id("o1")).await.unwrap().len() > 4);
    let mut events = storage.recent_events(&tenant(), 99).await.unwrap();
    events.reverse();
    let told: Vec<&str> =
        events.iter().filter(|told| told.key == "o1").map(|told| told.kind.as_str()).collect();
    let place = |kind: &str| told.iter().position(|known| *known == kind);
    assert!(place("OrderShipped") < place("OrderReturned") && place("OrderShipped").is_some(), "{told:?}");
    sound(storage, 0).await;
}

pub async fn a_slip_of_nothing_is_told_and_its_goods_are_stock(storage: &dyn Storage) {
    let mut leeds = shipped(storage).await;
    leeds.bring_back("A", 1, &ReturnRef::Order(order_id("nobody")), Condition::Sellable);
    leeds.bring_back("A", 1, &ReturnRef::Return("o1-r7".parse().unwrap()), Condition::Sellable);
    leeds.sync(storage, at(60)).await;
    assert_eq!(position(storage, "leeds").await.on_hand, 5);
    assert_eq!((known(storage).await.len(), open(storage).await), (0, vec![Category::UnexpectedReturn; 2]));
}

pub async fn what_a_store_says_again_counts_once(storage: &dyn Storage) {
    let mut leeds = shipped(storage).await;
    asked(storage, "k1", 2).await;
    leeds.bring_back("A", 1, &order(), Condition::Sellable);
    leeds.sync_unheard(storage, at(60)).await;
    leeds.sync(storage, at(61)).await;
    leeds.sync(storage, at(62)).await;
    let of = known(storage).await.remove(0);
    assert_eq!((of.receipts.len(), of.lines.first().map(|line| line.sellable)), (1, Some(1)));
}

pub async fn a_return_that_was_due_ends_when_the_goods_are_back(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    placed(storage, "o1", &[("A", 2)]).await;
    let (task, _) = assigned(storage, "o1", "leeds").await;
    leeds.sync(storage, at(25)).await;
    leeds.pack(&task);
    leeds.sync(storage, at(30)).await;
    let (order, ann) = (order_id("o1"), Actor::new("ann").unwrap());
    storage.cancel(&tenant(), &order, "changed my mind", &ann, at(35).utc).await.unwrap();
    // The store has not heard of it.
    leeds.hand_over(&task);
    leeds.sync(storage, at(40)).await;
    assert_eq!(open(storage).await, [Category::ReturnDue]);
    asked(storage, "k1", 2).await;
    let slip = ReturnRef::Order(order.clone());
    leeds.bring_back("A", 1, &slip, Condition::Sellable);
    leeds.sync(storage, at(60)).await;
    assert_eq!(open(storage).await, [Category::ReturnDue], "one of them is with the customer still");
    leeds.bring_back("A", 1, &slip, Condition::Sellable);
    leeds.sync(storage, at(70)).await;
    assert_eq!(open(storage).await, []);
    leeds.sync(storage, at(80)).await;
    assert_eq!((open(storage).await, state(storage, "o1").await), (vec![], OrderState::Returned));
    sound(storage, 0).await;
}

pub async fn a_return_that_is_due_does_not_begin_when_the_goods_were_back_before(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    let mut york = stocked(storage, "york", 5).await;
    placed(storage, "o1", &[("A", 1)]).await;
    let (task, _) = assigned(storage, "o1", "leeds").await;
    leeds.sync(storage, at(25)).await;
    leeds.pack(&task);
    leeds.sync(storage, at(30)).await;
    let (order, ann) = (order_id("o1"), Actor::new("ann").unwrap());
    storage.cancel(&tenant(), &order, "changed my mind", &ann, at(35).utc).await.unwrap();
    leeds.hand_over(&task);
    york.bring_back("A", 1, &ReturnRef::Order(order), Condition::Sellable);
    york.sync(storage, at(40)).await;
    leeds.sync(storage, at(50)).await;
    assert!(!open(storage).await.contains(&Category::ReturnDue), "{:?}", open(storage).await);
}
