//! What receivers are sent, when they fail, delay, lie, and are gone: a real one, over HTTP, and the log that tells.

use super::bench::{Bench, bench, order_json};
use super::receiver::{Receiver, Says};
use crate::core::events::consumer::Consumer;
use crate::flows::deliver::{Courier, Step, deliver};
use crate::ports::consumers::ConsumerSecret;
use crate::ports::deliveries::{Deliveries, Delivery, Done, Work};
use crate::ports::{Page, PageRequest, StoreError};
use async_trait::async_trait;
use axum::http::{Method, StatusCode};
use holdfast_shared::error::Code;
use holdfast_shared::ids::{ConsumerId, TenantId};
use holdfast_shared::time::UtcMs;
use serde_json::{Value, json};
use std::sync::Arc;

const MINUTE_MS: i64 = 60_000;

/// A consumer whose steps the test takes.
pub(super) struct Carried<'a> {
    bench: &'a Bench,
    name: ConsumerId,
    courier: Courier,
}

pub(super) fn acme() -> TenantId {
    "acme".parse().unwrap()
}

impl<'a> Carried<'a> {
    pub(super) async fn of(bench: &'a Bench, admin: &str, name: &str, url: &str, more: Value) -> Self {
        let mut consumer = json!({
            "owner": name, "contact": "them@example.com",
            "sink": { "kind": "webhook", "url": url, "answer_ms": 300 },
        });
        consumer.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let path = format!("/v1/consumers/{name}");
        let made = bench.ask(Method::PUT, &path, admin, Some(&json!({ "consumer": consumer }))).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        Self::again(bench, name).await
    }

    /// As after a restart: nothing is remembered but what is written.
    pub(super) async fn again(bench: &'a Bench, name: &str) -> Self {
        let name: ConsumerId = name.parse().unwrap();
        let now = bench.app.clock.now();
        let (consumer, _) = bench.app.storage.consumer(&acme(), &name, now.utc).await.unwrap().unwrap();
        let secrets: Vec<ConsumerSecret> = bench.app.storage.consumer_secrets(&acme(), &name).await.unwrap();
        let sink = bench.app.sinks.open(&consumer, &secrets).await.unwrap();
        let courier = Courier::new(sink, Arc::clone(&bench.app.naming), || 0, now);
        Self { bench, name, courier }
    }

    pub(super) async fn step(&mut self) -> Step {
        let storage = &*self.bench.app.storage;
        self.step_on(storage).await.unwrap()
    }

    async fn step_on(
        &mut self,
        storage: &(impl Deliveries + ?Sized),
    ) -> Result<Step, crate::flows::FlowError> {
        let now = self.bench.app.clock.now();
        let found = self.bench.app.storage.consumer(&acme(), &self.name, now.utc).await.unwrap();
        deliver(storage, &mut self.courier, &found.unwrap().0, now).await
    }

    /// Until nothing is to be done now.
    pub(super) async fn run(&mut self) -> Step {
        for _ in 0..100 {
            let step = self.step().await;
            if step != Step::Again {
                return step;
            }
        }
        panic!("it never comes to rest");
    }

    /// Time goes by, and it is tried again and again.
    pub(super) async fn run_for(&mut self, times: usize, each_ms: i64) {
        for _ in 0..times {
            self.bench.clock.advance(each_ms);
            self.run().await;
        }
    }

    async fn log(&self) -> Vec<Delivery> {
        let page = PageRequest { cursor: None, limit: 500 };
        let mut log =
            self.bench.app.storage.delivery_log(&acme(), &self.name, None, &page).await.unwrap().rows;
        log.reverse();
        log
    }

    async fn stands(&self, admin: &str) -> Value {
        self.bench.get(&format!("/v1/consumers/{}", self.name), admin).await.json()
    }
}

pub(super) async fn placed(bench: &Bench, admin: &str, count: usize) -> Vec<String> {
    let mut orders = Vec::new();
    for _ in 0..count {
        let key = format!("k{}", bench.app.storage.outline(&acme()).await.unwrap().newest);
        let answer = bench.place(admin, &key, &order_json(1)).await;
        orders.push(answer.json()["order"].as_str().unwrap().to_owned());
    }
    orders
}

async fn cancelled(bench: &Bench, admin: &str, order: &str) {
    let path = format!("/v1/orders/{order}/cancel");
    let answer = bench.ask(Method::POST, &path, admin, Some(&json!({ "reason": "changed mind" }))).await;
    assert!(answer.status.is_success(), "{}", answer.text);
}

/// Not of exceptions, which tell of these very troubles.
pub(super) fn of_orders() -> Value {
    json!({ "kinds": ["OrderPlaced", "OrderCancelled"] })
}

pub(super) fn no_more() -> Value {
    json!({ "filter": of_orders() })
}

#[tokio::test]
async fn a_receiver_that_fails_delays_and_lies_loses_nothing_and_the_log_tells_its_story() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let (bad, good) = (Receiver::start().await, Receiver::start().await);
    let mut to_bad = Carried::of(&bench, &admin, "bad", &bad.url("/in"), no_more()).await;
    let mut to_good = Carried::of(&bench, &admin, "good", &good.url("/in"), no_more()).await;
    bad.will_say(&[
        Says::Status(500),
        Says::RetryAfter(429, "30"),
        Says::WrongLength,
        Says::NeverEnds,
        Says::Status(302),
    ]);
    let orders = placed(&bench, &admin, 6).await;
    to_bad.run().await;
    to_good.run().await;
    assert_eq!(good.heard().len(), 6, "another receiver has all of it meanwhile");
    to_bad.run_for(30, MINUTE_MS).await;
    let mut heard: Vec<String> = bad.heard().into_iter().map(|(key, _)| key).collect();
    heard.dedup();
    assert!(orders.iter().all(|order| heard.contains(order)), "{heard:?}");
    let log = to_bad.log().await;
    let told: Vec<(&str, Option<u16>)> =
        log.iter().map(|line| (line.outcome.as_str(), line.status)).collect();
    for wanted in [
        ("failed", Some(500)),
        ("failed", Some(429)),
        ("failed", Some(200)),
        ("failed", Some(302)),
        ("taken", Some(204)),
    ] {
        assert!(told.contains(&wanted), "{wanted:?} is not in {told:?}");
    }
    let why: String = log.iter().filter_map(|line| line.why.clone()).collect::<Vec<_>>().join("; ");
    for part in ["broke off", "said nothing more in time", "redirects are not followed"] {
        assert!(why.contains(part), "{part} is not in {why}");
    }
    let taken: Vec<u64> = log.iter().filter(|l| l.outcome.as_str() == "taken").map(|l| l.sequence).collect();
    assert_eq!(taken.len(), 6, "each is taken once: {taken:?}");
    let stood = to_bad.stands(&admin).await;
    assert_eq!((&stood["progress"]["behind"], &stood["progress"]["waiting"]), (&json!(0), &json!(0)));
    let asked = log[0].asked.as_deref().unwrap();
    assert!(
        asked.starts_with("POST http://127.0.0.1") && asked.contains("webhook-signature: v1,"),
        "{asked}"
    );
}

#[tokio::test]
async fn retry_after_is_kept_to() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let receiver = Receiver::start().await;
    let mut carried = Carried::of(&bench, &admin, "c", &receiver.url("/in"), no_more()).await;
    receiver.will_say(&[Says::RetryAfter(503, "600")]);
    placed(&bench, &admin, 1).await;
    carried.run().await;
    carried.run_for(9, MINUTE_MS).await;
    assert_eq!(receiver.letters().len(), 1, "it asked for ten minutes");
    carried.run_for(2, MINUTE_MS).await;
    assert_eq!(receiver.letters().len(), 2);
}

#[tokio::test]
async fn what_is_refused_parks_its_key_and_no_other_until_a_person_has_looked() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let receiver = Receiver::start().await;
    let retry = json!({ "filter": of_orders(), "retry": { "first_ms": 1_000, "wait_ms_max": 5_000, "age_ms_max": 60_000, "refusals_max": 3 } });
    let mut carried = Carried::of(&bench, &admin, "erp", &receiver.url("/in"), retry).await;
    let orders = placed(&bench, &admin, 3).await;
    receiver.poison(&orders[1], 422);
    carried.run().await;
    cancelled(&bench, &admin, &orders[1]).await;
    cancelled(&bench, &admin, &orders[2]).await;
    carried.run_for(10, 6_000).await;
    let heard = receiver.heard();
    assert!(heard.contains(&(orders[2].clone(), "2".to_owned())), "others go on: {heard:?}");
    assert_eq!(heard.iter().filter(|(key, _)| *key == orders[1]).count(), 3, "tried thrice: {heard:?}");
    assert!(!heard.contains(&(orders[1].clone(), "2".to_owned())), "what comes after waits for it");
    let parked = bench.get("/v1/consumers/erp/dead-letters", &admin).await.json();
    let letter = &parked["dead_letters"][0];
    assert_eq!((&letter["key"], &letter["behind"]), (&json!(orders[1]), &json!(1)));
    let told = bench.get("/v1/exceptions", &admin).await.json();
    assert_eq!(
        (&told["exceptions"][0]["category"], &told["exceptions"][0]["order"]),
        (&json!("undelivered"), &json!(orders[1]))
    );

    receiver.mend();
    let path = format!("/v1/consumers/erp/dead-letters/{}/retry", letter["sequence"]);
    assert_eq!(bench.ask(Method::POST, &path, &admin, None).await.status, StatusCode::NO_CONTENT);
    carried.run_for(2, 1_000).await;
    let of_key: Vec<String> =
        receiver.heard().into_iter().filter(|(key, _)| *key == orders[1]).map(|(_, number)| number).collect();
    assert_eq!(of_key, ["1", "1", "1", "1", "2"], "in their order");
    assert_eq!(bench.ask(Method::POST, &path, &admin, None).await.problem().0, 404);
    assert_eq!(bench.get("/v1/exceptions", &admin).await.json()["exceptions"], json!([]));
}

#[tokio::test]
async fn what_a_person_skips_is_on_record_and_its_key_goes_on() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let receiver = Receiver::start().await;
    let retry = json!({ "filter": of_orders(), "retry": { "first_ms": 1_000, "wait_ms_max": 5_000, "age_ms_max": 60_000, "refusals_max": 1 } });
    let mut carried = Carried::of(&bench, &admin, "erp", &receiver.url("/in"), retry).await;
    let order = placed(&bench, &admin, 1).await.remove(0);
    receiver.poison(&order, 400);
    carried.run().await;
    cancelled(&bench, &admin, &order).await;
    carried.run().await;
    receiver.mend();
    let parked = bench.get("/v1/consumers/erp/dead-letters", &admin).await.json();
    let path = format!("/v1/consumers/erp/dead-letters/{}/skip", parked["dead_letters"][0]["sequence"]);
    let silent = bench.ask(Method::POST, &path, &admin, Some(&json!({ "reason": " " }))).await;
    assert_eq!(silent.problem().1, "invalid_request");
    let why = json!({ "reason": "they have it from the file" });
    assert_eq!(bench.ask(Method::POST, &path, &admin, Some(&why)).await.status, StatusCode::NO_CONTENT);
    carried.run().await;
    assert_eq!(receiver.heard().last().unwrap(), &(order, "2".to_owned()));
    let log = carried.log().await;
    let skipped = log.iter().find(|line| line.outcome.as_str() == "skipped").unwrap();
    assert_eq!(skipped.why.as_deref(), Some("they have it from the file"));
    assert_eq!(skipped.by_hand.as_deref(), Some("key:acme-admin"));
}

#[tokio::test]
async fn one_event_that_always_fails_holds_up_no_other() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let receiver = Receiver::start().await;
    let mut carried = Carried::of(&bench, &admin, "c", &receiver.url("/in"), no_more()).await;
    let orders = placed(&bench, &admin, 2).await;
    receiver.poison(&orders[0], 500);
    carried.run().await;
    carried.run_for(20, 10 * MINUTE_MS).await;
    assert!(matches!(carried.run().await, Step::Idle { .. }), "the receiver is not left alone for it");
    let more = placed(&bench, &admin, 1).await;
    carried.run().await;
    assert!(receiver.heard().iter().any(|(key, _)| *key == more[0]));
}

#[tokio::test]
async fn a_receiver_that_is_down_is_left_alone_and_then_gets_everything_in_order() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let receiver = Receiver::start().await;
    let mut carried = Carried::of(&bench, &admin, "c", &receiver.url("/in"), no_more()).await;
    let orders = placed(&bench, &admin, 40).await;
    receiver.poison("specversion", 503);
    carried.run().await;
    for order in &orders {
        cancelled(&bench, &admin, order).await;
    }
    let before = receiver.letters().len();
    carried.run_for(30, MINUTE_MS).await;
    let tries = receiver.letters().len() - before;
    assert!(tries <= 30, "{tries} tries in half an hour");
    let told = bench.get("/v1/exceptions", &admin).await.json();
    assert!(told["exceptions"][0]["detail"].as_str().unwrap().contains("nothing has got through"), "{told}");
    receiver.mend();
    let from = receiver.letters().len();
    carried.run_for(40, MINUTE_MS).await;
    let heard = receiver.heard().split_off(from);
    for order in &orders {
        let of: Vec<&str> = heard.iter().filter(|(key, _)| key == order).map(|(_, n)| n.as_str()).collect();
        assert_eq!(of, ["1", "2"], "{order}");
    }
    assert_eq!(bench.get("/v1/exceptions", &admin).await.json()["exceptions"], json!([]));
}

/// Storage of which the last word is lost, as when the process is killed after the sending.
struct Killed<'a>(&'a dyn crate::ports::Storage);

#[async_trait]
impl Deliveries for Killed<'_> {
    async fn work_of(&self, consumer: &Consumer, rows: u32, now: UtcMs) -> Result<Work, StoreError> {
        self.0.work_of(consumer, rows, now).await
    }

    async fn note_deliveries(&self, _: &Consumer, _: Done, _: UtcMs) -> Result<bool, StoreError> {
        Err(StoreError { code: Code::ShuttingDown, what: "killed".to_owned(), source: None })
    }

    async fn note_redelivery(&self, _: &TenantId, _: &ConsumerId, _: Delivery) -> Result<(), StoreError> {
        Ok(())
    }

    async fn delivery_log(
        &self,
        tenant: &TenantId,
        consumer: &ConsumerId,
        of: Option<u64>,
        page: &PageRequest,
    ) -> Result<Page<Delivery>, StoreError> {
        self.0.delivery_log(tenant, consumer, of, page).await
    }

    async fn note_silence(&self, _: &Consumer, _: Option<UtcMs>, _: UtcMs) -> Result<(), StoreError> {
        Ok(())
    }

    async fn note_full(&self, _: &Consumer, _: bool, _: UtcMs) -> Result<(), StoreError> {
        Ok(())
    }
}

#[tokio::test]
async fn killed_between_sending_and_writing_it_sends_again_with_the_same_ids() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let receiver = Receiver::start().await;
    let mut carried = Carried::of(&bench, &admin, "c", &receiver.url("/in"), no_more()).await;
    placed(&bench, &admin, 3).await;
    carried.step_on(&Killed(&*bench.app.storage)).await.unwrap_err();
    assert_eq!(receiver.letters().len(), 3);
    let mut after = Carried::again(&bench, "c").await;
    after.run().await;
    let ids: Vec<String> = receiver.letters().iter().map(|letter| letter.head("webhook-id")).collect();
    let (first, second) = ids.split_at(3);
    let sorted = |ids: &[String]| {
        let mut ids = ids.to_vec();
        ids.sort();
        ids
    };
    assert_eq!(sorted(first), sorted(second));
    assert!(receiver.letters().iter().all(|letter| letter.path == "/in"));
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_sent_nothing_more_and_a_person_is_told() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let receiver = Receiver::start().await;
    let mut carried = Carried::of(&bench, &admin, "old", &receiver.url("/in"), no_more()).await;
    receiver.will_say(&[Says::Status(410)]);
    placed(&bench, &admin, 1).await;
    carried.step().await;
    let stood = carried.stands(&admin).await;
    assert_eq!(stood["state"], "ended", "{stood}");
    assert_eq!(bench.get("/v1/exceptions", &admin).await.json()["exceptions"][0]["category"], "undelivered");
    let back = json!({ "reason": "they are back under the same address" });
    let resumed = bench.ask(Method::POST, "/v1/consumers/old/resume", &admin, Some(&back)).await;
    assert_eq!(resumed.json()["state"], "active", "{}", resumed.text);
    let mut again = Carried::again(&bench, "old").await;
    again.run_for(1, MINUTE_MS).await;
    assert_eq!(receiver.letters().len(), 2, "what was refused then is sent now");
    assert_eq!(bench.get("/v1/exceptions", &admin).await.json()["exceptions"], json!([]));
}

#[tokio::test]
async fn a_filter_and_a_rate_are_kept_to() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let receiver = Receiver::start().await;
    let more = json!({ "filter": { "kinds": ["OrderCancelled"] }, "rate_per_s": 1 });
    let mut carried = Carried::of(&bench, &admin, "c", &receiver.url("/in"), more).await;
    for order in placed(&bench, &admin, 5).await {
        cancelled(&bench, &admin, &order).await;
    }
    for _ in 0..4 {
        carried.run().await;
        bench.clock.advance(1_000);
    }
    let first = receiver.letters().len();
    assert_eq!(first, 4, "one at once, and one more a second");
    carried.run_for(20, 1_000).await;
    assert_eq!(receiver.letters().len(), 5);
    assert!(
        receiver.letters().iter().all(|letter| letter.cloud()["type"] == "com.holdfast.OrderCancelled.v1")
    );
}
