//! Events on an open line: who hears what, and where a line goes on.

use super::bench::{Bench, bench, order_json};
use crate::ports::access::Scope;
use axum::http::StatusCode;
use futures::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message};

async fn placed(bench: &Bench, token: &str, key: &str) -> String {
    let answer = bench.place(token, key, &order_json(1)).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
    answer.json()["order"].as_str().unwrap().to_owned()
}

fn data(frame: &str) -> Value {
    let line = frame.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
    serde_json::from_str(line).unwrap()
}

#[tokio::test]
async fn a_stream_goes_on_after_the_last_event_that_its_reader_saw() {
    let bench = bench();
    let (admin, rival) = (bench.tenant("acme").await, bench.tenant("rival").await);
    placed(&bench, &rival, "k0").await;
    let first = placed(&bench, &admin, "k1").await;
    let second = placed(&bench, &admin, "k2").await;
    let opened = bench.open_stream("/v1/events/stream?after=0", &admin).await;
    let told = opened.first().await;
    assert!(told.contains("event: OrderPlaced") && told.contains("id: 2"), "{told}");
    let cloud = data(&told);
    assert_eq!((&cloud["subject"], &cloud["tenant"]), (&Value::from(first), &Value::from("acme")));
    assert_eq!(cloud["idempotencykey"], "k1");
    let again = bench.open_stream_with("/v1/events/stream", &admin, &[("last-event-id", "2")]).await;
    assert_eq!(data(&again.first().await)["subject"], second);
}

#[tokio::test]
async fn what_happens_while_a_line_is_open_is_told_on_it() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    placed(&bench, &admin, "before").await;
    let opened = bench.open_stream("/v1/events/stream?kinds=OrderPlaced", &admin).await;
    let order = placed(&bench, &admin, "k1").await;
    let event = bench.app.storage.recent_events(&"acme".parse().unwrap(), 1).await.unwrap().remove(0);
    bench.app.events.publish(event.into());
    assert_eq!(data(&opened.first().await)["subject"], order);
}

#[tokio::test]
async fn a_storefront_hears_of_orders_and_of_no_store() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let shop = bench.key("acme", &[Scope::OrdersRead]).await;
    for (query, code) in [
        ("?audience=owner", "forbidden"),
        ("?audience=store&store=leeds", "forbidden"),
        ("?kinds=OrderPlacd", "invalid_request"),
        ("?kind=x", "unknown_field"),
    ] {
        let refused = bench.get(&format!("/v1/events/stream{query}"), &shop).await;
        assert_eq!(refused.problem().1, code, "{query}");
    }
    placed(&bench, &admin, "k1").await;
    let opened = bench.open_stream("/v1/events/stream?after=0", &shop).await;
    assert_eq!(data(&opened.first().await)["data"]["state"], "placed");
}

#[tokio::test]
async fn a_reader_whose_place_is_kept_no_more_is_told_to_look_anew() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    for key in ["k1", "k2", "k3", "k4"] {
        placed(&bench, &admin, key).await;
    }
    bench.app.storage.published(2, bench.app.clock.now().utc).await.unwrap();
    bench.clock.advance(60 * 24 * 60 * 60 * 1_000);
    bench.app.storage.keep_house(Default::default(), bench.app.clock.now()).await.unwrap();
    let lost = bench.open_stream_with("/v1/events/stream", &admin, &[("last-event-id", "1")]).await;
    assert!(lost.first().await.starts_with("event: reload"));
    let kept = bench.open_stream_with("/v1/events/stream", &admin, &[("last-event-id", "3")]).await;
    assert!(kept.first().await.contains("id: 4"));
}

#[tokio::test]
async fn a_socket_tells_the_same_and_asks_for_the_same() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let order = placed(&bench, &admin, "k1").await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(axum::serve(listener, bench.router.clone()).into_future());
    let url = |query: &str| format!("ws://{address}/v1/events/socket{query}");
    let refused = tokio_tungstenite::connect_async(url("")).await.unwrap_err();
    assert!(matches!(refused, tungstenite::Error::Http(answer) if answer.status() == 401));
    let mut request = url("?after=0").into_client_request().unwrap();
    request.headers_mut().insert("authorization", format!("Bearer {admin}").parse().unwrap());
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    socket.send(Message::text("hello")).await.unwrap();
    let told = loop {
        if let Message::Text(text) = socket.next().await.unwrap().unwrap() {
            break text;
        }
    };
    let cloud: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&cloud["specversion"], &cloud["subject"]), (&Value::from("1.0"), &Value::from(order)));
    server.abort();
}
