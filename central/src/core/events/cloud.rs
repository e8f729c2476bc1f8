//! An event as it leaves: CloudEvents 1.0, whole (structured) or as heads beside the body (binary).

use super::by_name;
use super::stored::OutboxEvent;
use crate::core::trace::spans;
use holdfast_shared::ids::TraceId;
use holdfast_shared::trace::TraceParent;
use serde_json::{Map, Value, json};

/// How an installation calls itself and its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naming {
    /// A URI; the tenant is added.
    pub source: String,
    /// A domain that is ours or the customer's, backwards: `com.holdfast`.
    pub type_prefix: String,
}

impl Default for Naming {
    fn default() -> Self {
        Self { source: "urn:holdfast".to_owned(), type_prefix: "com.holdfast".to_owned() }
    }
}

pub const STRUCTURED: &str = "application/cloudevents+json; charset=utf-8";
pub const BINARY: &str = "application/json";

/// One event for one reader.
#[derive(Debug, Clone, PartialEq)]
pub struct CloudEvent {
    /// Beside the data: names as CloudEvents allows them, without a prefix.
    attributes: Vec<(&'static str, Value)>,
    data: Value,
}

impl CloudEvent {
    /// `backfill` says that it is told again, or late, and not as it happens.
    #[must_use]
    pub fn of(event: &OutboxEvent, naming: &Naming, backfill: bool) -> Self {
        let version = by_name(&event.kind).map_or(1, |kind| kind.version);
        let mut attributes = vec![
            ("specversion", json!("1.0")),
            ("id", json!(event.id)),
            ("source", json!(format!("{}:{}", naming.source, event.tenant))),
            ("type", json!(format!("{}.{}.v{version}", naming.type_prefix, event.kind))),
            ("subject", json!(event.key)),
            ("time", json!(event.at.writable())),
            ("datacontenttype", json!(BINARY)),
            ("dataschema", json!(format!("urn:holdfast:event:{}:v{version}", event.kind))),
            ("tenant", json!(event.tenant)),
            ("eventclass", json!(event.class)),
            ("partitionkey", json!(event.key)),
            // A string, as the CloudEvents extension of that name wants it.
            ("sequence", json!(event.sequence.to_string())),
            ("keysequence", json!(event.key_sequence.to_string())),
            ("backfill", json!(backfill)),
        ];
        if let Some(root) = &event.root_key {
            attributes.push(("idempotencykey", json!(root)));
        }
        if let Some(parent) = traceparent(event) {
            attributes.push(("traceparent", json!(parent)));
        }
        Self { attributes, data: event.body.clone() }
    }

    /// The whole of it as one JSON object.
    #[must_use]
    pub fn structured(&self) -> Value {
        let mut whole: Map<String, Value> =
            self.attributes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        whole.insert("data".to_owned(), self.data.clone());
        Value::Object(whole)
    }

    #[must_use]
    pub const fn data(&self) -> &Value {
        &self.data
    }

    /// Each attribute as a head: its name after the prefix of the wire, its value as HTTP lets it pass.
    pub fn heads<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (String, String)> + 'a {
        self.attributes.iter().filter(|(name, _)| *name != "datacontenttype").map(move |(name, value)| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            (format!("{prefix}{name}"), percent_encoded(&text))
        })
    }
}

/// Of the trace that the order began, with a span that is this event's for ever.
fn traceparent(event: &OutboxEvent) -> Option<String> {
    let told =
        || event.body.get("trace_id").and_then(Value::as_str).and_then(|trace| TraceId::new(trace).ok());
    let trace = event.trace_id.clone().or_else(told)?;
    Some(TraceParent { trace, span: spans::event(&event.id), sampled: true }.to_string())
}

/// What is neither visible ASCII nor allowed in a head is written as its bytes, as the HTTP binding says.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_graphic() && !matches!(byte, b'"' | b'%') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::events::Class;
    use holdfast_shared::time::UtcMs;

    fn event() -> OutboxEvent {
        OutboxEvent {
            sequence: 12,
            id: "evt-1".to_owned(),
            tenant: "acme".parse().unwrap(),
            kind: "OrderShipped".to_owned(),
            key: "o-1".to_owned(),
            key_sequence: 5,
            class: Class::Confirm,
            at: UtcMs(1_800_000_000_000),
            root_key: Some("cart-7/%".parse().unwrap()),
            trace_id: None,
            body: json!({ "order": "o-1", "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736" }),
        }
    }

    #[test]
    fn all_that_a_reader_needs_stands_around_the_data() {
        let whole = CloudEvent::of(&event(), &Naming::default(), true).structured();
        for (name, value) in [
            ("specversion", "1.0"),
            ("id", "evt-1"),
            ("source", "urn:holdfast:acme"),
            ("type", "com.holdfast.OrderShipped.v1"),
            ("subject", "o-1"),
            ("time", "2027-01-15T08:00:00Z"),
            ("tenant", "acme"),
            ("eventclass", "confirm"),
            ("keysequence", "5"),
            ("idempotencykey", "cart-7/%"),
        ] {
            assert_eq!(whole[name], value, "{name}");
        }
        assert_eq!(whole["backfill"], true);
        assert_eq!(whole["data"], event().body);
        let names = whole.as_object().unwrap().keys();
        assert!(
            names.into_iter().all(|name| name.len() <= 20 && name.bytes().all(|b| b.is_ascii_lowercase()))
        );
    }

    #[test]
    fn a_trace_goes_on_with_a_span_that_stays() {
        let once = CloudEvent::of(&event(), &Naming::default(), false).structured();
        let again = CloudEvent::of(&event(), &Naming::default(), true).structured();
        assert_eq!(once["traceparent"], again["traceparent"]);
        let parent = once["traceparent"].as_str().unwrap();
        assert!(parent.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-") && parent.len() == 55, "{parent}");
    }

    #[test]
    fn what_names_no_trace_itself_goes_on_with_that_of_its_order() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let silent = OutboxEvent { trace_id: Some(trace.parse().unwrap()), body: json!({}), ..event() };
        let parent = &CloudEvent::of(&silent, &Naming::default(), false).structured()["traceparent"];
        assert_eq!(parent, &json!(format!("00-{trace}-{}-01", spans::event("evt-1"))));
        let nobodys = OutboxEvent { trace_id: None, ..silent };
        assert!(
            CloudEvent::of(&nobodys, &Naming::default(), false).structured().get("traceparent").is_none()
        );
    }

    #[test]
    fn heads_say_the_same_and_pass_any_wire() {
        let cloud = CloudEvent::of(&event(), &Naming::default(), false);
        let heads: Vec<(String, String)> = cloud.heads("ce-").collect();
        assert!(heads.contains(&("ce-subject".to_owned(), "o-1".to_owned())));
        assert!(heads.contains(&("ce-idempotencykey".to_owned(), "cart-7/%25".to_owned())));
        assert!(heads.contains(&("ce-backfill".to_owned(), "false".to_owned())));
        assert!(heads.iter().all(|(_, value)| value.is_ascii()));
    }
}
