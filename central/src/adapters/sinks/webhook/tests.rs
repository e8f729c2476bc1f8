//! Where a webhook may go. What its answers do is tested with the whole of central.

use super::*;
use crate::core::events::Class;
use crate::core::events::cloud::Naming;
use crate::core::events::stored::OutboxEvent;
use holdfast_platform::clock::ManualClock;
use holdfast_shared::time::UtcMs;
use serde_json::json;

fn event() -> OutboxEvent {
    OutboxEvent {
        sequence: 1,
        id: "evt-1".to_owned(),
        tenant: "acme".parse().unwrap(),
        kind: "OrderShipped".to_owned(),
        key: "o-1".to_owned(),
        key_sequence: 1,
        class: Class::Confirm,
        at: UtcMs(1_800_000_000_000),
        root_key: None,
        trace_id: None,
        body: json!({ "order": "o-1", "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736" }),
    }
}

fn sink(url: &str, form: Form, private: bool) -> WebhookSink {
    let terms = Terms { url: receiver(url, private).unwrap(), form, answer_ms: 2_000, private };
    WebhookSink::new(terms, Vec::new(), Arc::new(ManualClock::default())).unwrap()
}

#[test]
fn an_address_of_our_own_network_must_be_allowed() {
    for (url, part) in [
        ("http://shop.example/in", "use https"),
        ("https://10.0.0.7/in", "private network"),
        ("https://[::1]/in", "private network"),
        ("https://a:b@shop.example/in", "password"),
        ("file:///etc/passwd", "use https"),
        ("no address", "no address"),
    ] {
        let told = receiver(url, false).unwrap_err();
        assert!(told.contains(part), "{url}: {told}");
    }
    assert!(receiver("http://10.0.0.7:8080/in", true).is_ok());
    assert!(receiver("https://shop.example/in", false).is_ok());
}

#[tokio::test]
async fn a_name_that_leads_into_our_own_network_is_not_followed() {
    let sink = sink("https://localhost:9/in", Form::Structured, false);
    let cloud = CloudEvent::of(&event(), &Naming::default(), false);
    let sent = sink.send("evt-1", "o-1", "OrderShipped", &cloud).await;
    let SendEnd::Failed { why, .. } = sent.end else { panic!("{sent:?}") };
    assert!(why.contains("private network"), "{why}");
}

#[test]
fn both_forms_say_the_same_of_one_event() {
    let cloud = CloudEvent::of(&event(), &Naming::default(), true);
    let (heads, body) = sink("http://127.0.0.1/in", Form::Structured, true).letter("evt-1", &cloud, 7);
    assert_eq!(heads["content-type"], STRUCTURED);
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&body).unwrap(), cloud.structured());
    let (binary, data) = sink("http://127.0.0.1/in", Form::Binary, true).letter("evt-1", &cloud, 7);
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&data).unwrap(), event().body);
    for (name, value) in [("ce-id", "evt-1"), ("ce-backfill", "true"), ("ce-subject", "o-1")] {
        assert_eq!(binary[name], value);
    }
    assert_eq!(heads["traceparent"], binary["traceparent"]);
    assert_eq!(heads["webhook-timestamp"], "7");
}
