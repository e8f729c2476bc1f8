use super::*;
use crate::core::test_support::{order_request, record, tenant};
use crate::flows::test_support::Ram;
use holdfast_shared::domain::task::FulfilmentKind;

fn command(request: OrderRequest) -> PlaceOrder {
    PlaceOrder {
        tenant: tenant(),
        order: "o1".parse().unwrap(),
        request,
        key: "k1".parse().unwrap(),
        actor: "web".parse().unwrap(),
        trace: TraceId::new("0".repeat(32)).unwrap(),
        upstream: None,
        duplicate_within_ms: 0,
        priority: Priority::Standard,
    }
}

async fn refused(ram: &Ram, request: OrderRequest) -> (Code, String) {
    let error = place_order(ram, command(request), UtcMs(0)).await.unwrap_err();
    (error.code(), error.to_string())
}

#[tokio::test]
async fn a_good_order_is_written_with_a_hash_of_what_was_understood() {
    let ram = Ram::default();
    assert_eq!(place_order(&ram, command(order_request()), UtcMs(7)).await.unwrap(), Placed::New);
    let mut other = order_request();
    other.lines[0].quantity = 3;
    place_order(&ram, command(other), UtcMs(8)).await.unwrap();
    place_order(&ram, command(order_request()), UtcMs(9)).await.unwrap();
    let hashes: Vec<_> = ram.done(|done| done.orders.iter().map(|order| order.request_hash).collect());
    assert!(hashes[0] == hashes[2] && hashes[0] != hashes[1]);
}

#[tokio::test]
async fn nothing_is_written_of_an_order_that_is_refused() {
    let ram = Ram::default();
    let mut card = order_request();
    card.note = Some(String::from("4111 1111 1111 1111"));
    let (code, words) = refused(&ram, card).await;
    assert_eq!(code, Code::InvalidRequest);
    assert!(!words.contains("1111"));

    ram.told(|told| told.unknown_skus = vec!["TEA".parse().unwrap()]);
    assert_eq!(
        refused(&ram, order_request()).await,
        (Code::UnknownSku, String::from("the catalogue has no TEA"))
    );
    assert!(ram.done(|done| done.orders.is_empty()));
}

#[tokio::test]
async fn a_pickup_at_a_store_that_is_not_known_is_refused() {
    let ram = Ram::default();
    let mut pickup = order_request();
    pickup.kind = FulfilmentKind::Pickup;
    pickup.pickup_store = Some("leeds".parse().unwrap());
    assert_eq!(refused(&ram, pickup.clone()).await.0, Code::UnknownStore);
    ram.told(|told| told.stores = vec![record("leeds")]);
    assert!(place_order(&ram, command(pickup), UtcMs(0)).await.is_ok());
}

#[tokio::test]
async fn the_key_of_another_order_is_refused_and_a_replay_is_told() {
    let ram = Ram::default();
    ram.told(|told| told.placed = Some(Placed::KeyReused));
    assert_eq!(refused(&ram, order_request()).await.0, Code::IdempotencyKeyReused);
    let first =
        Placed::Replayed { order: "o0".parse().unwrap(), trace: TraceId::new("1".repeat(32)).unwrap() };
    ram.told(|told| told.placed = Some(first.clone()));
    assert_eq!(place_order(&ram, command(order_request()), UtcMs(0)).await.unwrap(), first);
}

#[test]
fn an_older_request_is_written_as_it_always_was() {
    let written = serde_json::to_string(&order_request()).unwrap();
    let expected = concat!(
        r#"{"reference":"web-1001","channel":"web","kind":"ship","destination":{"latitude":51.5,"longitude":-0.12},"#,
        r#""pickup_store":null,"lines":[{"sku":"TEA","quantity":2,"unit_price":null}],"promise_by":null,"note":null}"#
    );
    assert_eq!(written, expected, "or a key that came before an update is called another request after it");
}

#[tokio::test]
async fn a_channel_says_who_goes_first_where_the_order_says_nothing() {
    let ram = Ram::default();
    let of_channel = |order| PlaceOrder { priority: Priority::High, ..command(order) };
    place_order(&ram, of_channel(order_request()), UtcMs(7)).await.unwrap();
    let low = OrderRequest { priority: Priority::Low, ..order_request() };
    place_order(&ram, of_channel(low), UtcMs(8)).await.unwrap();
    // The policy has changed since: the same request again is the same request.
    place_order(&ram, command(order_request()), UtcMs(9)).await.unwrap();
    let written: Vec<_> = ram
        .done(|done| done.orders.iter().map(|order| (order.request.priority, order.request_hash)).collect());
    assert_eq!(written[0].0, Priority::High);
    assert_eq!(written[1].0, Priority::Low, "what an order says of itself counts");
    assert_eq!(written[0].1, written[2].1);
}
