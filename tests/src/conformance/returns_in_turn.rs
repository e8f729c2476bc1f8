//! Returns in lists and in time: who sees which, when each is looked at, and what the rules of the tenant read.

use super::agent::Agent;
use super::world::{
    LINE, assigned, at, hash, item, new_order, order_id, placed, request, state, stocked, store_id, tenant,
};
use holdfast_central::core::order::OrderState;
use holdfast_central::core::returns::fact::Said;
use holdfast_central::core::returns::policy::{Decides, ReturnPolicy, ReturnRules};
use holdfast_central::core::returns::request::{
    AskedBy, BadReturn, ReturnLineRequest, ReturnReason, ReturnRequest, Wished,
};
use holdfast_central::core::returns::state::{Act, Return, ReturnState};
use holdfast_central::ports::fleet::CatalogueItem;
use holdfast_central::ports::returns::{NewReturn, ReturnFilter, ReturnTaken};
use holdfast_central::ports::{PageRequest, Storage};
use holdfast_shared::domain::bring_back::{Condition, ReturnRef};
use holdfast_shared::domain::fact::Body;
use holdfast_shared::domain::stock::{Movement, StockFact};
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::{Actor, IdempotencyKey, ReturnId, TenantId};
use holdfast_shared::limits::RETURNS_MAX;
use holdfast_shared::time::UtcMs;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Leeds hands over this order, and central hears of it then.
async fn handed_over(storage: &dyn Storage, leeds: &mut Agent, order: &str, ms: i64) {
    let (task, _) = assigned(storage, order, "leeds").await;
    leeds.sync(storage, at(ms - 2)).await;
    leeds.pack(&task);
    leeds.sync(storage, at(ms - 1)).await;
    leeds.hand_over(&task);
    leeds.sync(storage, at(ms)).await;
    assert_eq!(state(storage, order).await, OrderState::Shipped);
}

/// Orders of two units each that have left, the first one first.
async fn shipped(storage: &dyn Storage, orders: &[&str]) -> Agent {
    let mut leeds = stocked(storage, "leeds", 99).await;
    for (order, ms) in orders.iter().zip((30..).step_by(10)) {
        placed(storage, order, &[("A", 2)]).await;
        handed_over(storage, &mut leeds, order, ms).await;
    }
    leeds
}

fn wish(order: &str, key: &str, quantity: i64) -> NewReturn {
    let lines = vec![ReturnLineRequest { line: LINE, quantity, reason: ReturnReason::WrongSize }];
    NewReturn {
        tenant: tenant(),
        order: order_id(order),
        request: ReturnRequest { lines, asked_by: AskedBy::Customer, wished: Wished::Refund, note: None },
        idempotency: IdempotencyKey::new(key).unwrap(),
        request_hash: hash(&format!("{quantity}")),
        by: Actor::new("storefront").unwrap(),
        rules: ReturnRules::default(),
    }
}

async fn asked_at(storage: &dyn Storage, new: &NewReturn, ms: i64) -> Return {
    match storage.ask_return(new, at(ms).utc).await.unwrap() {
        ReturnTaken::New(of) => *of,
        other => panic!("it is new: {other:?}"),
    }
}

fn of_order(order: &str) -> ReturnRef {
    ReturnRef::Order(order_id(order))
}

async fn listed(storage: &dyn Storage, filter: &ReturnFilter) -> Vec<String> {
    let mut page = PageRequest { cursor: None, limit: 1 };
    let mut ids = Vec::new();
    loop {
        let found = storage.returns(&tenant(), filter, &page).await.unwrap();
        ids.extend(found.rows.iter().map(|of| of.id.to_string()));
        assert!(ids.len() < 20, "it ends: {ids:?}");
        let Some(next) = found.next else { return ids };
        page.cursor = Some(next);
    }
}

pub async fn returns_are_listed_newest_first_by_state_and_by_who_took_something_in(storage: &dyn Storage) {
    let mut leeds = shipped(storage, &["o1", "o2"]).await;
    let mut york = stocked(storage, "york", 5).await;
    asked_at(storage, &wish("o1", "k1", 1), 60).await;
    asked_at(storage, &wish("o1", "k2", 1), 61).await;
    asked_at(storage, &wish("o2", "k3", 2), 62).await;
    york.bring_back("A", 1, &ReturnRef::Return("o1-r1".parse().unwrap()), Condition::Sellable);
    york.sync(storage, at(70)).await;
    leeds.bring_back("A", 1, &of_order("o2"), Condition::Sellable);
    leeds.sync(storage, at(71)).await;
    let by = |state, store: Option<&str>| ReturnFilter { state, store: store.map(store_id) };
    assert_eq!(listed(storage, &by(None, None)).await, ["o2-r1", "o1-r2", "o1-r1"]);
    assert_eq!(listed(storage, &by(None, Some("york"))).await, ["o1-r1"]);
    assert_eq!(listed(storage, &by(None, Some("leeds"))).await, ["o2-r1"]);
    assert_eq!(listed(storage, &by(Some(ReturnState::Approved), None)).await, ["o1-r2"]);
    assert_eq!(listed(storage, &by(Some(ReturnState::Received), Some("york"))).await, Vec::<String>::new());
    let page = PageRequest { cursor: None, limit: 9 };
    let other = TenantId::new("rival").unwrap();
    assert_eq!(storage.returns(&other, &by(None, None), &page).await.unwrap().rows, []);
    let known = storage.returns_of(&tenant(), &order_id("o1")).await.unwrap();
    assert_eq!(known.iter().map(|of| of.number).collect::<Vec<_>>(), [1, 2], "the first one first");
}

async fn due(storage: &dyn Storage, now: UtcMs, beyond: UtcMs, limit: u32) -> Vec<String> {
    let due = storage.due_returns(now, beyond, limit).await.unwrap();
    due.into_iter().map(|(_, id)| id.to_string()).collect()
}

pub async fn a_return_is_looked_at_when_it_is_time_and_also_when_a_clock_was_put_back(storage: &dyn Storage) {
    shipped(storage, &["o1", "o2"]).await;
    let never = UtcMs(i64::MAX);
    let policy = ReturnPolicy::default();
    asked_at(storage, &wish("o2", "k1", 1), 60).await;
    asked_at(storage, &wish("o1", "k2", 1), 70).await;
    assert_eq!(due(storage, at(59).utc, never, 9).await, Vec::<String>::new());
    assert_eq!(due(storage, at(60).utc, never, 9).await, ["o2-r1"]);
    assert_eq!(due(storage, at(70).utc, never, 1).await, ["o2-r1"], "who has waited longest");
    let (first, second): (ReturnId, ReturnId) = ("o2-r1".parse().unwrap(), "o1-r1".parse().unwrap());
    for id in [&first, &second] {
        assert!(
            !storage.advance_return(&tenant(), id, &policy, at(80).utc).await.unwrap(),
            "it is waited for"
        );
    }
    let until = at(60).utc.plus(policy.wait_ms());
    assert_eq!(due(storage, UtcMs(until.0 - 1), never, 9).await, Vec::<String>::new());
    assert_eq!(due(storage, until, never, 9).await, ["o2-r1"]);
    let ahead = async |beyond: i64| due(storage, at(80).utc, UtcMs(beyond), 9).await.len();
    assert_eq!(
        (ahead(until.0 - 1).await, ahead(until.0).await),
        (2, 1),
        "a clock was ahead when they rested"
    );
    assert!(storage.advance_return(&tenant(), &first, &policy, until).await.unwrap());
    let (of, _) = storage.return_of(&tenant(), &first).await.unwrap().unwrap();
    assert_eq!(of.state, ReturnState::Expired);
    let line = storage.order(&tenant(), &order_id("o2")).await.unwrap().unwrap().lines.remove(0);
    assert_eq!((line.finished, line.came_back), (2, 0));
    asked_at(storage, &wish("o2", "k3", 2), 90).await;
}

/// A key is of one tenant, and says one thing about one order.
pub async fn a_key_says_one_thing_about_one_order(storage: &dyn Storage) {
    shipped(storage, &["o1", "o2"]).await;
    asked_at(storage, &wish("o1", "k1", 1), 60).await;
    let other = storage.ask_return(&wish("o2", "k1", 1), at(61).utc).await.unwrap();
    assert_eq!(other, ReturnTaken::KeyReused, "of another order");
    let stranger = NewReturn { tenant: TenantId::new("rival").unwrap(), ..wish("o1", "k1", 1) };
    assert_eq!(storage.ask_return(&stranger, at(62).utc).await.unwrap(), ReturnTaken::UnknownOrder);
    assert_eq!(storage.returns_of(&tenant(), &order_id("o2")).await.unwrap(), []);
}

pub async fn the_returns_of_an_order_have_an_end(storage: &dyn Storage) {
    shipped(storage, &["o1"]).await;
    let (cancel, by) = (Act::Cancel { reason: "kept".into() }, Actor::new("ann").unwrap());
    for n in 0..RETURNS_MAX {
        let of = asked_at(storage, &wish("o1", &format!("k{n}"), 2), 60).await;
        storage.act_on_return(&tenant(), &of.id, &cancel, &by, at(61).utc).await.unwrap();
    }
    let told = storage.ask_return(&wish("o1", "one-more", 1), at(62).utc).await;
    assert_eq!(told.unwrap(), ReturnTaken::Refused(BadReturn::TooMany));
}

/// Two boxes of one store say different things under one id: neither is taken at its word twice.
pub async fn what_came_with_two_bodies_counts_as_one_of_them(storage: &dyn Storage) {
    let mut leeds = shipped(storage, &["o1"]).await;
    let mut york = stocked(storage, "york", 5).await;
    asked_at(storage, &wish("o1", "k1", 2), 60).await;
    york.bring_back("A", 1, &of_order("o1"), Condition::Sellable);
    york.sync(storage, at(61)).await;
    let mut cloned = Agent::booted(leeds.identity.clone(), 2);
    let back = |condition: Condition| {
        let movement = Movement::BroughtBack { of: of_order("o1"), condition, units: 1 };
        Body::Stock(StockFact { sku: super::world::sku("A"), delta: condition.adds(1), movement, note: None })
    };
    let one = leeds.fact(None, back(Condition::Sellable));
    let mut two = cloned.fact(None, back(Condition::Damaged));
    two.id = one.id.clone();
    for (agent, fact, ms) in [(&mut leeds, &one, 70), (&mut cloned, &two, 71)] {
        let document = agent.stock_document();
        agent.put(&document, fact);
        agent.sync(storage, at(ms)).await;
    }
    let (of, facts) = storage.return_of(&tenant(), &"o1-r1".parse().unwrap()).await.unwrap().unwrap();
    let unsaid =
        facts.iter().filter(|fact| matches!(&fact.said, Said::Unsaid { fact } if *fact == one.id)).count();
    let here: i64 = of.lines.iter().map(|line| line.here()).sum();
    assert!(unsaid <= 1 && (1..=2).contains(&here), "what york took in stays: {facts:?}");
    assert_eq!(of.receipts.iter().filter(|receipt| receipt.store == store_id("york")).count(), 1);
    let line = storage.order(&tenant(), &order_id("o1")).await.unwrap().unwrap().lines.remove(0);
    assert_eq!(line.came_back, here, "the order counts what the return counts");
}

async fn classed(storage: &dyn Storage, class: &str) {
    let item = CatalogueItem { class: Some(class.to_owned()), ..item("A") };
    storage.put_catalogue(&tenant(), &[item]).await.unwrap();
}

pub async fn what_is_sold_for_good_is_known_by_the_class_of_the_catalogue(storage: &dyn Storage) {
    shipped(storage, &["o1"]).await;
    classed(storage, "underwear").await;
    let policy =
        ReturnPolicy { final_sale: ["underwear".parse().unwrap()].into(), ..ReturnPolicy::default() };
    let of =
        |key: &str, policy: &ReturnPolicy| NewReturn { rules: policy.clone().into(), ..wish("o1", key, 1) };
    assert_eq!(asked_at(storage, &of("k1", &policy), 60).await.state, ReturnState::Refused);
    // No policy can name such a class; the goods are like others.
    for class in ["Shirts & ties, summer", ""] {
        classed(storage, class).await;
        let taken = asked_at(storage, &of(&format!("k-{}", class.len()), &policy), 61).await;
        assert_eq!(taken.state, ReturnState::Approved, "{class:?}");
    }
}

/// The window begins when the last of the goods left, whatever was written about the order since.
pub async fn the_window_begins_when_the_goods_left(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 9).await;
    placed(storage, "o1", &[("A", 2)]).await;
    handed_over(storage, &mut leeds, "o1", 30).await;
    let policy = ReturnPolicy { window_days: 1, approve: Decides::Rule, ..ReturnPolicy::default() };
    let of = |key| NewReturn { rules: policy.clone().into(), ..wish("o1", key, 1) };
    assert_eq!(asked_at(storage, &of("k1"), 30 + DAY_MS).await.state, ReturnState::Approved);
    assert_eq!(asked_at(storage, &of("k2"), 31 + DAY_MS).await.state, ReturnState::Refused, "a moment later");
}

pub async fn a_pickup_may_come_back_within_the_window_that_began_at_the_counter(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 9).await;
    storage.place(new_order("o1", "o1", request(FulfilmentKind::Pickup, &[("A", 2)]))).await.unwrap();
    let (task, _) = assigned(storage, "o1", "leeds").await;
    leeds.sync(storage, at(25)).await;
    leeds.pack(&task);
    leeds.sync(storage, at(DAY_MS)).await;
    leeds.hand_over(&task);
    leeds.sync(storage, at(3 * DAY_MS)).await;
    assert_eq!(state(storage, "o1").await, OrderState::Collected);
    let policy = ReturnPolicy { window_days: 1, ..ReturnPolicy::default() };
    let of = |key| NewReturn { rules: policy.clone().into(), ..wish("o1", key, 1) };
    assert_eq!(asked_at(storage, &of("k1"), 4 * DAY_MS).await.state, ReturnState::Approved);
    assert_eq!(asked_at(storage, &of("k2"), 4 * DAY_MS + 1).await.state, ReturnState::Refused);
}

pub async fn goods_of_two_baskets_begin_one_return_a_store_and_none_that_is_over(storage: &dyn Storage) {
    let mut leeds = shipped(storage, &["o1"]).await;
    let mut york = stocked(storage, "york", 5).await;
    leeds.bring_back("A", 1, &of_order("o1"), Condition::Sellable);
    leeds.sync(storage, at(60)).await;
    york.bring_back("A", 1, &of_order("o1"), Condition::Sellable);
    york.sync(storage, at(61)).await;
    let known = async || storage.returns_of(&tenant(), &order_id("o1")).await.unwrap();
    let of = |all: &[Return]| -> Vec<Option<String>> {
        all.iter().map(|of| of.adopted_from.as_ref().map(ToString::to_string)).collect()
    };
    assert_eq!(of(&known().await), [Some("leeds".to_owned()), Some("york".to_owned())], "one of each store");
    leeds.bring_back("A", 1, &of_order("o1"), Condition::Damaged);
    leeds.sync(storage, at(62)).await;
    assert_eq!(known().await.len(), 2, "of leeds it is the one that is open");
    let (refuse, by) = (Act::Refuse { reason: "not ours".into() }, Actor::new("ann").unwrap());
    let first = known().await.remove(0).id;
    storage.act_on_return(&tenant(), &first, &refuse, &by, at(63).utc).await.unwrap();
    leeds.bring_back("A", 1, &of_order("o1"), Condition::Damaged);
    leeds.sync(storage, at(64)).await;
    assert_eq!(known().await.len(), 3, "what is over takes nothing more in");
}
