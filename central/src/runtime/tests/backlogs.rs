//! A consumer for which as much waits as may: a person is told, can have all of it tried again, and is told no more when it
//! has caught up.

use super::bench::{Bench, bench};
use super::deliveries::{Carried, acme, no_more, of_orders, placed};
use super::receiver::Receiver;
use crate::core::events::consumer::Consumer;
use crate::flows::deliver::Step;
use crate::ports::deliveries::{Done, Stays, Waits};
use axum::http::{Method, StatusCode};
use holdfast_shared::limits::EVENTS_WAITING_MAX;
use holdfast_shared::time::UtcMs;
use serde_json::{Value, json};

const HOUR_MS: i64 = 60 * 60_000;
/// Beyond what any log of these tests numbers.
const FIRST: u64 = 1_000_000;

async fn consumer(bench: &Bench) -> Consumer {
    let now = bench.app.clock.now().utc;
    bench.app.storage.consumer(&acme(), &"erp".parse().unwrap(), now).await.unwrap().unwrap().0
}

/// Behind one that is put aside.
fn behind(sequence: u64) -> Waits {
    let stays = if sequence == FIRST { Stays::Parked(UtcMs(1)) } else { Stays::Behind };
    let first_at = Some(UtcMs(1_790_000_000_000));
    Waits { sequence, key: String::from("o-0"), tries: 0, refusals: 0, first_at, stays, why: None }
}

async fn wait(bench: &Bench, count: u32) {
    let waits = (FIRST..FIRST + u64::from(count)).map(behind).collect();
    let done = Done { waits, ..Done::default() };
    let now = bench.app.clock.now().utc;
    assert!(bench.app.storage.note_deliveries(&consumer(bench).await, done, now).await.unwrap());
}

async fn go(bench: &Bench, from: u32, to: u32) {
    let gone = (from..to).map(|nth| (FIRST + u64::from(nth), String::from("o-0"))).collect();
    let done = Done { gone, ..Done::default() };
    let now = bench.app.clock.now().utc;
    assert!(bench.app.storage.note_deliveries(&consumer(bench).await, done, now).await.unwrap());
}

/// What people are told of that the consumer is full.
async fn told(bench: &Bench, admin: &str) -> Option<Value> {
    let all = bench.get("/v1/exceptions", admin).await.json();
    let all = all["exceptions"].as_array().unwrap().clone();
    all.into_iter().find(|one| one["failure"]["code"] == "events_full")
}

#[tokio::test]
async fn when_as_much_waits_as_may_a_person_is_told_and_no_more_once_it_has_caught_up() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let receiver = Receiver::start().await;
    let mut carried = Carried::of(&bench, &admin, "erp", &receiver.url("/in"), no_more()).await;
    carried.run().await;
    assert_eq!(told(&bench, &admin).await, None);
    wait(&bench, EVENTS_WAITING_MAX).await;
    placed(&bench, &admin, 1).await;
    assert!(matches!(carried.run().await, Step::Idle { .. }));
    assert_eq!(receiver.heard().len(), 0, "nothing new is read");
    let first = told(&bench, &admin).await.unwrap();
    assert_eq!((&first["category"], &first["times"]), (&json!("undelivered"), &json!(1)));
    for (name, value) in [
        ("consumer", "erp"),
        ("owner", "erp"),
        ("contact", "them@example.com"),
        ("waiting", "10000"),
        ("parked", "1"),
        ("keys", "1"),
        ("since", "2026-09-21 14:13Z"),
    ] {
        assert_eq!(first["failure"]["values"][name], value, "{name}");
    }
    assert!(first["detail"].as_str().unwrap().contains("(them@example.com)"), "{first}");
    carried.run_for(3, 1_000).await;
    assert_eq!(told(&bench, &admin).await.unwrap()["times"], 1, "once");
    carried.run_for(1, HOUR_MS).await;
    assert_eq!(told(&bench, &admin).await.unwrap()["times"], 2, "it is so still");

    go(&bench, 0, EVENTS_WAITING_MAX / 4).await;
    carried.run().await;
    assert_eq!(receiver.heard().len(), 1, "there is room");
    assert!(told(&bench, &admin).await.is_some(), "it may be full again in a moment");
    go(&bench, EVENTS_WAITING_MAX / 4, EVENTS_WAITING_MAX).await;
    carried.run().await;
    assert_eq!(told(&bench, &admin).await, None, "it has caught up");
}

#[tokio::test]
async fn what_people_were_told_before_a_restart_ends_after_it() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let receiver = Receiver::start().await;
    let mut carried = Carried::of(&bench, &admin, "erp", &receiver.url("/in"), no_more()).await;
    wait(&bench, EVENTS_WAITING_MAX).await;
    carried.run().await;
    assert!(told(&bench, &admin).await.is_some());
    go(&bench, 0, EVENTS_WAITING_MAX).await;
    let mut carried = Carried::again(&bench, "erp").await;
    carried.run().await;
    assert_eq!(told(&bench, &admin).await, None);

    placed(&bench, &admin, 10).await;
    receiver.poison("specversion", 503);
    carried.run_for(30, 60_000).await;
    let silent = async || bench.get("/v1/exceptions", &admin).await.json()["exceptions"].to_string();
    assert!(silent().await.contains("nothing has got through"));
    receiver.mend();
    let mut carried = Carried::again(&bench, "erp").await;
    carried.run_for(2, HOUR_MS).await;
    assert_eq!(silent().await, "[]", "it gets through again");
}

#[tokio::test]
async fn a_person_who_reads_the_exception_has_all_of_it_tried_again_in_one_call() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let receiver = Receiver::start().await;
    let retry = json!({ "filter": of_orders(), "retry": { "first_ms": 1_000, "wait_ms_max": 5_000, "age_ms_max": 60_000, "refusals_max": 1 } });
    let mut carried = Carried::of(&bench, &admin, "erp", &receiver.url("/in"), retry).await;
    let orders = placed(&bench, &admin, 3).await;
    receiver.poison("specversion", 422);
    carried.run().await;
    let queue = async || bench.get("/v1/exceptions", &admin).await.json()["exceptions"].clone();
    let raised = queue().await;
    assert_eq!(raised.as_array().unwrap().len(), 3, "each key is put aside: {raised}");
    let one = raised[0]["exception"].as_str().unwrap();
    let path = format!("/v1/exceptions/{one}");
    let shown = bench.get(&path, &admin).await.json().to_string();
    assert!(shown.contains("erp is sent what waits for it now: 3 events, 3 of them put aside"), "{shown}");
    receiver.mend();
    let repair = json!({ "repair": "deliver_again", "reason": "they have mended their schema" });
    let done = bench.ask(Method::POST, &format!("{path}/repair"), &admin, Some(&repair)).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    assert_eq!(done.json()["outcome"], "done");
    assert!(
        done.text.contains("3 events that were put aside for erp are tried again, 0 are not"),
        "{}",
        done.text
    );
    assert_eq!(queue().await, json!([]));
    let from = receiver.heard().len();
    carried.run().await;
    let mut heard: Vec<String> = receiver.heard().split_off(from).into_iter().map(|(key, _)| key).collect();
    heard.sort();
    let mut all = orders.clone();
    all.sort();
    assert_eq!(heard, all);
}
