//! The money of orders: facts that are added one after the other, and what follows from each in the same transaction.

use super::promises::{ended, held, reserved};
use super::world::{
    assignment, at, demand, hash, new_order, order_id, request, sound, state, stocked, tenant,
};
use holdfast_central::core::order::OrderState;
use holdfast_central::core::order_terms::{Payment, PaymentToken};
use holdfast_central::core::saga::fact::{Call, CallId, Said, Source, Wish};
use holdfast_central::core::saga::notice::{Notice, NoticeOutcome};
use holdfast_central::core::saga::refund::{BadRefund, RefundRequest};
use holdfast_central::ports::orders::Placed;
use holdfast_central::ports::promises::PromiseEnd;
use holdfast_central::ports::sagas::{NewRefund, NewSagaFact, RefundTaken, Saga, SagaKey, Written};
use holdfast_central::ports::work::AssignOutcome;
use holdfast_central::ports::{PageRequest, Storage};
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::{Actor, IdempotencyKey, PaymentProvider, PromiseId, TenantId};
use holdfast_shared::money::Money;

fn cards() -> PaymentProvider {
    PaymentProvider::new("cards").unwrap()
}

fn key() -> SagaKey {
    SagaKey { tenant: tenant(), order: order_id("o1") }
}

fn money(minor: i64) -> Money {
    Money { minor, currency: "EUR".parse().unwrap() }
}

/// Two units at 5.00, that are paid for.
async fn placed(storage: &dyn Storage, promise: Option<&str>) {
    let mut wish = request(FulfilmentKind::Ship, &[("A", 2)]);
    wish.lines[0].unit_price = Some(money(500));
    let token = PaymentToken::new("tok_visa").unwrap();
    wish.payment = Some(Payment { provider: cards(), token, method: None });
    wish.promise = promise.map(|text| PromiseId::new(text).unwrap());
    assert_eq!(storage.place(new_order("o1", "k1", wish)).await.unwrap(), Placed::New);
}

async fn saga(storage: &dyn Storage) -> Saga {
    storage.saga(&key()).await.unwrap().unwrap()
}

async fn say(storage: &dyn Storage, after: u32, call: Call, said: Said) -> Written {
    let id = CallId { call, run: 0 };
    let (source, next_at) = (Source::Answer, at(20).utc);
    let fact = NewSagaFact { key: key(), after, id, said, source, next_at };
    storage.write_saga(&fact, at(20).utc).await.unwrap()
}

fn asked(call: Call) -> Said {
    let authorization = (call != Call::Authorize).then_some(0);
    let wish = Wish { amount: 1_000, authorization, refund: None, last: false };
    let key = IdempotencyKey::new(format!("acme:k1/{}/-/n0", call.as_str())).unwrap();
    Said::Asked { attempt: 1, key, wish }
}

fn done() -> Said {
    Said::Done { reference: "r1".to_owned(), amount: 1_000, lapses_at: None }
}

fn declined() -> Said {
    Said::Declined { code: "no_funds".to_owned(), words: "not enough money".to_owned() }
}

async fn authorized(storage: &dyn Storage) {
    assert_eq!(say(storage, 0, Call::Authorize, asked(Call::Authorize)).await, Written::Yes);
    assert_eq!(say(storage, 1, Call::Authorize, done()).await, Written::Yes);
}

async fn told(storage: &dyn Storage) -> Vec<String> {
    let mut events = storage.recent_events(&tenant(), 99).await.unwrap();
    events.reverse();
    events.into_iter().filter(|event| event.key == "o1").map(|event| event.kind).collect()
}

pub async fn an_order_is_routed_when_its_money_is_set_aside_and_not_before(storage: &dyn Storage) {
    stocked(storage, "leeds", 5).await;
    placed(storage, None).await;
    assert!(demand(storage, "o1").await.is_none());
    authorized(storage).await;
    assert_eq!(state(storage, "o1").await, OrderState::Authorized);
    let open = demand(storage, "o1").await.unwrap();
    // Its time ends before the assignment is written.
    let over = Said::Lapsed { words: "over".to_owned() };
    assert_eq!(say(storage, 2, Call::Authorize, over).await, Written::Yes);
    assert_eq!(state(storage, "o1").await, OrderState::Placed);
    let outcome = storage.assign(&assignment(&open, "leeds", at(30)), at(30)).await.unwrap();
    assert_eq!(outcome, AssignOutcome::OrderMoved);
    assert_eq!(
        told(storage).await,
        ["OrderPlaced", "PaymentAuthorized", "OrderAuthorized", "PaymentVoided", "OrderReopened"]
    );
    sound(storage, 0).await;
}

pub async fn an_order_that_cannot_be_paid_ends_and_frees_its_cart(storage: &dyn Storage) {
    stocked(storage, "leeds", 5).await;
    held(storage, "p1", &[("leeds", 2)]).await;
    placed(storage, Some("p1")).await;
    assert_eq!(reserved(storage, "leeds").await, 2);
    say(storage, 0, Call::Authorize, asked(Call::Authorize)).await;
    say(storage, 1, Call::Authorize, declined()).await;
    assert_eq!(state(storage, "o1").await, OrderState::Placed, "whether it is tried again, the plan says");
    let Said::Declined { code, words } = declined() else { return };
    say(storage, 2, Call::Authorize, Said::Rejected { code, words }).await;
    assert_eq!(state(storage, "o1").await, OrderState::Rejected);
    assert_eq!(reserved(storage, "leeds").await, 0, "the next customer may have them");
    assert_ne!(ended(storage, "p1").await, None::<PromiseEnd>);
    assert_eq!(told(storage).await, ["OrderPlaced", "PaymentFailed", "OrderRejected"]);
    sound(storage, 0).await;
}

pub async fn of_two_that_write_about_the_same_money_one_is_told_to_look_again(storage: &dyn Storage) {
    placed(storage, None).await;
    assert_eq!(say(storage, 0, Call::Authorize, asked(Call::Authorize)).await, Written::Yes);
    assert_eq!(say(storage, 0, Call::Authorize, asked(Call::Authorize)).await, Written::Moved);
    assert_eq!(saga(storage).await.facts.len(), 1, "nobody asks twice");
}

pub async fn what_changes_while_somebody_looks_is_looked_at_again(storage: &dyn Storage) {
    placed(storage, None).await;
    authorized(storage).await;
    let read = saga(storage).await;
    let actor = Actor::new("support").unwrap();
    storage.cancel(&tenant(), &order_id("o1"), "changed my mind", &actor, at(30).utc).await.unwrap();
    assert_eq!(storage.rest_saga(&read, None, at(31).utc).await.unwrap(), Written::Moved);
    let due = storage.due_sagas(&cards(), at(31).utc, 9).await.unwrap();
    assert_eq!(due, [key()], "its money has to be set free");
    let read = saga(storage).await;
    assert_eq!(storage.rest_saga(&read, None, at(32).utc).await.unwrap(), Written::Yes);
    assert_eq!(storage.due_sagas(&cards(), at(99).utc, 9).await.unwrap(), []);
}

pub async fn a_clock_that_was_put_back_lets_no_money_rest_for_ever(storage: &dyn Storage) {
    placed(storage, None).await;
    let read = saga(storage).await;
    storage.rest_saga(&read, Some(at(1_000_000).utc), at(20).utc).await.unwrap();
    assert_eq!(storage.due_sagas(&cards(), at(30).utc, 9).await.unwrap(), []);
    assert_eq!(storage.due_sagas(&cards(), at(19).utc, 9).await.unwrap(), [key()]);
    let others = storage.sagas_without(&[cards()], at(2_000_000).utc, 9).await.unwrap();
    assert_eq!(others, [], "its provider is there");
    let strange = PaymentProvider::new("others").unwrap();
    assert_eq!(storage.sagas_without(&[strange], at(2_000_000).utc, 9).await.unwrap().len(), 1);
}

pub async fn a_refund_is_taken_in_once_for_its_key_and_for_no_more_than_was_taken(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    placed(storage, None).await;
    let new = |key: &str, amount: i64| NewRefund {
        key: self::key(),
        request: RefundRequest { lines: Vec::new(), amount: Some(money(amount)), reason: "broken".into() },
        idempotency: IdempotencyKey::new(key).unwrap(),
        request_hash: hash(&amount.to_string()),
        by: Actor::new("support").unwrap(),
    };
    let ask = async |key: &str, amount: i64| storage.ask_refund(&new(key, amount), at(50).utc).await.unwrap();
    assert_eq!(ask("r1", 400).await, RefundTaken::Refused(BadRefund::NotPaid), "nothing was taken");
    authorized(storage).await;
    let (task, _) = super::world::assigned(storage, "o1", "leeds").await;
    leeds.sync(storage, at(25)).await;
    leeds.pack(&task);
    leeds.sync(storage, at(30)).await;
    leeds.hand_over(&task);
    leeds.sync(storage, at(40)).await;
    let RefundTaken::New(first) = ask("r1", 400).await else { panic!("it is new") };
    assert_eq!((first.number, first.amount), (1, 400));
    assert_eq!(ask("r1", 400).await, RefundTaken::Replayed(first));
    assert_eq!(ask("r1", 300).await, RefundTaken::KeyReused);
    let most = BadRefund::TooMuch { left: money(600), asked: money(601) };
    assert_eq!(ask("r2", 601).await, RefundTaken::Refused(most));
    assert!(matches!(ask("r2", 600).await, RefundTaken::New(second) if second.number == 2));
    let elsewhere = SagaKey { order: order_id("o9"), ..key() };
    let unknown =
        storage.ask_refund(&NewRefund { key: elsewhere, ..new("r9", 1) }, at(50).utc).await.unwrap();
    assert_eq!(unknown, RefundTaken::UnknownOrder);
}

fn notice(event: &str) -> Notice {
    Notice {
        event: event.to_owned(),
        kind: "charge.disputed".to_owned(),
        reference: Some("r1".to_owned()),
        order: Some(order_id("o1")),
        call: None,
        said: None,
    }
}

pub async fn a_webhook_is_kept_once_and_shown_whatever_it_says(storage: &dyn Storage) {
    let take = async |event: &str| {
        storage.take_in_notice(&tenant(), &cards(), &notice(event), at(20).utc).await.unwrap()
    };
    assert_eq!([take("e1").await, take("e2").await, take("e1").await], [true, true, false]);
    let waiting = storage.waiting_notices(9).await.unwrap();
    let events: Vec<&str> = waiting.iter().map(|received| received.notice.event.as_str()).collect();
    assert_eq!(events, ["e1", "e2"]);
    storage.settle_notice(&waiting[0], NoticeOutcome::NotOurs, at(21).utc).await.unwrap();
    assert_eq!(storage.waiting_notices(9).await.unwrap().len(), 1);
    let page = PageRequest { cursor: None, limit: 1 };
    let newest = storage.notices(&tenant(), &page).await.unwrap();
    assert_eq!((newest.rows[0].notice.event.as_str(), newest.rows[0].outcome), ("e2", None));
    let next = PageRequest { cursor: newest.next, limit: 1 };
    let oldest = storage.notices(&tenant(), &next).await.unwrap();
    assert_eq!(oldest.rows[0].outcome, Some(NoticeOutcome::NotOurs));
    let other = TenantId::new("other").unwrap();
    assert_eq!(storage.notices(&other, &page).await.unwrap().rows, [], "of its own tenant alone");
    let of_other = SagaKey { tenant: other, ..key() };
    assert_eq!(storage.saga(&of_other).await.unwrap(), None);
}
