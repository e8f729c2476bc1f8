use holdfast_agent::core::command::{Command, MovementKind, MovementRequest};
use holdfast_central::core::backorder::{Expected, Standing};
use holdfast_central::core::order::OrderState;
use holdfast_central::flows::date_backorders::{date_backorders, date_sku};
use holdfast_central::ports::PageRequest;
use holdfast_central::ports::backorders::Backorders;
use holdfast_central::ports::outbox::Outbox;
use holdfast_shared::ids::{Actor, LineNo};
use holdfast_shared::time::UtcMs;
use holdfast_tests::conformance::world::{sku, store_id, tenant};
use holdfast_tests::stage::Stage;
use serde_json::Value;

const DAY_MS: i64 = 24 * 60 * 60_000;

async fn receive(stage: &mut Stage, units: i64) {
    let receipt = MovementRequest {
        kind: MovementKind::Receipt,
        sku: sku("A"),
        quantity: units,
        peer: None,
        note: None,
    };
    stage.say("leeds", Command::Move(vec![receipt])).await.unwrap();
    stage.sync("leeds").await;
    stage.decide().await;
}

async fn expect(stage: &Stage, receipts: &[(i64, i64)]) {
    let now = stage.office.clock(stage.now()).utc;
    let receipt = |(days, quantity): &(i64, i64)| Expected {
        store: store_id("leeds"),
        quantity: *quantity,
        expected_at: day(*days),
    };
    let expected: Vec<Expected> = receipts.iter().map(receipt).collect();
    let (store, by) = (stage.office.store(), Actor::new("buyer").unwrap());
    store.put_expected(&tenant(), &sku("A"), &expected, &by, now).await.unwrap();
    date_sku(store, &tenant(), &sku("A"), now).await.unwrap();
}

fn day(days: i64) -> UtcMs {
    holdfast_tests::stage::BEGIN.plus(days * DAY_MS)
}

/// What the customer of each was told last.
async fn dates(stage: &Stage, orders: &[&str]) -> Vec<Option<UtcMs>> {
    let mut dates = Vec::new();
    for order in orders {
        dates.push(stage.the_order(order).await.lines[0].expected_at);
    }
    dates
}

async fn told(stage: &Stage) -> Vec<(String, Value)> {
    let events = stage.office.store().recent_events(&tenant(), 100).await.unwrap();
    let dated = events.into_iter().rev().filter(|event| event.kind == "BackorderDated");
    dated.map(|event| (event.key, event.body["expected_at"].clone())).collect()
}

/// Two units each, one after the other, and nothing is there.
async fn waiting(orders: &[&str]) -> Stage {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 0)]).await;
    for order in orders {
        stage.wait(1_000);
        stage.order(order, &[("A", 2)]).await;
        stage.decide().await;
        assert_eq!(stage.state(order).await, OrderState::Backordered);
    }
    stage
}

#[tokio::test]
async fn who_waits_longest_is_served_first_also_before_a_new_order() {
    let mut stage = waiting(&["o1", "o2"]).await;
    // Stock for one of them arrives in the same moment as a new order.
    stage.wait(1_000);
    stage.order("o3", &[("A", 2)]).await;
    receive(&mut stage, 2).await;
    let states = [stage.state("o1").await, stage.state("o2").await, stage.state("o3").await];
    assert_eq!(states, [OrderState::Allocated, OrderState::Backordered, OrderState::Backordered]);
    receive(&mut stage, 4).await;
    let states = [stage.state("o2").await, stage.state("o3").await];
    assert_eq!(states, [OrderState::Allocated, OrderState::Allocated]);
    stage.sound().await;
}

#[tokio::test]
async fn a_part_of_what_is_waited_for_goes_ahead_and_the_rest_waits_on() {
    let mut stage = waiting(&["o1", "o2"]).await;
    receive(&mut stage, 3).await;
    let open = |order: &holdfast_central::core::order::Order| order.lines[0].open;
    let (first, second) = (stage.the_order("o1").await, stage.the_order("o2").await);
    assert_eq!((open(&first), open(&second)), (0, 1), "two for the first, one for the second");
    assert_eq!(stage.state("o2").await, OrderState::Backordered);
    receive(&mut stage, 1).await;
    assert_eq!(open(&stage.the_order("o2").await), 0);
    stage.sound().await;
}

#[tokio::test]
async fn a_date_is_told_once_and_again_when_it_changes() {
    let mut stage = waiting(&["o1", "o2"]).await;
    expect(&stage, &[(3, 2), (5, 2)]).await;
    assert_eq!(dates(&stage, &["o1", "o2"]).await, [Some(day(3)), Some(day(5))]);
    date_backorders(stage.office.store(), stage.now().utc).await.unwrap();
    let first = told(&stage).await;
    let orders: Vec<&str> = first.iter().map(|(order, _)| order.as_str()).collect();
    assert_eq!(orders, ["o1", "o2"], "once each");
    assert!(!first[0].1.is_null(), "{first:?}");
    let exceptions = stage.exceptions().await.join("\n");
    assert!(exceptions.contains("line 1: 2 of A, expected by"), "{exceptions}");
    let second = stage.the_order("o2").await.order;
    let standings = stage.office.store().standings(&tenant(), &second).await.unwrap();
    assert_eq!(standings, [Standing { line: LineNo(1), place: 2, units_ahead: 2 }]);
    // The next word replaces the one before.
    expect(&stage, &[(4, 2)]).await;
    assert_eq!(dates(&stage, &["o1", "o2"]).await, [Some(day(4)), None]);
    let later = told(&stage).await;
    assert_eq!(later.len(), 4);
    assert!(later[3].1.is_null(), "that nobody knows any more is told, too: {later:?}");
    // What did not come in time is expected no more.
    stage.wait(4 * DAY_MS + 1);
    stage.beat("leeds").await;
    date_backorders(stage.office.store(), stage.now().utc).await.unwrap();
    assert_eq!(dates(&stage, &["o1", "o2"]).await, [None, None]);
}

#[tokio::test]
async fn what_came_in_is_expected_no_more_and_who_got_it_has_no_date() {
    let mut stage = waiting(&["o1", "o2", "o3"]).await;
    expect(&stage, &[(3, 2), (5, 4)]).await;
    receive(&mut stage, 2).await;
    let now = stage.office.clock(stage.now()).utc;
    let left = stage.office.store().expected(&tenant(), &sku("A"), now).await.unwrap();
    let left: Vec<(i64, UtcMs)> = left.iter().map(|left| (left.quantity, left.expected_at)).collect();
    assert_eq!(left, [(4, day(5))], "two came, the earliest first");
    assert_eq!(stage.state("o1").await, OrderState::Allocated);
    assert_eq!(dates(&stage, &["o1", "o2", "o3"]).await, [None, Some(day(5)), Some(day(5))]);
    let before = told(&stage).await.len();
    date_backorders(stage.office.store(), now).await.unwrap();
    assert_eq!(told(&stage).await.len(), before, "whose date did not change is told nothing");
}

#[tokio::test]
async fn the_queue_is_listed_in_pages() {
    let stage = waiting(&["o1", "o2", "o3"]).await;
    let (store, mut request) = (stage.office.store(), PageRequest { cursor: None, limit: 2 });
    let mut seen = Vec::new();
    loop {
        let page = store.backorders(&tenant(), &request).await.unwrap();
        let row = |row: holdfast_central::ports::backorders::Backorder| {
            (row.order.to_string(), row.place, row.units_ahead)
        };
        seen.extend(page.rows.into_iter().map(row));
        let Some(next) = page.next else { break };
        request.cursor = Some(next);
    }
    let row = |order: &str, place, ahead| (order.to_owned(), place, ahead);
    assert_eq!(seen, [row("o1", 1, 0), row("o2", 2, 2), row("o3", 3, 4)]);
}
