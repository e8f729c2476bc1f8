//! An event as it is written down with the state that it tells of.

use super::kind::Class;
use holdfast_shared::ids::{IdempotencyKey, TenantId, TraceId};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OutboxEvent {
    /// Of all events, in the order in which they were written.
    pub sequence: u64,
    /// The same however often it is sent: made of what happened, to what, and which time.
    pub id: String,
    pub tenant: TenantId,
    /// `OrderPlaced`, `InventoryAdjusted`, ...: see `GET /v1/events/catalogue`.
    pub kind: String,
    /// Events of one key keep their order: an order, store and SKU, or an exception.
    pub key: String,
    /// The how manieth event of its key, from one on. A number that is left out is a gap.
    pub key_sequence: u64,
    /// create, update, compensate or confirm.
    pub class: Class,
    pub at: UtcMs,
    /// The key under which the order was placed that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_key: Option<IdempotencyKey>,
    /// That of the order that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<TraceId>,
    pub body: serde_json::Value,
}

/// The id of an event. Told again under the same number of its key with the same words, it is the same event; other
/// words at the same place, after a restore, are another.
#[must_use]
pub fn event_id(tenant: &TenantId, (kind, key): (&str, &str), key_sequence: u64, body: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in ["holdfast event", tenant.as_str(), kind, key, &key_sequence.to_string(), body] {
        hasher.update(part.as_bytes()).update(&[0]);
    }
    let hash = hasher.finalize();
    let half = hash.as_bytes().first_chunk::<16>().copied().unwrap_or_default();
    format!("evt-{}", data_encoding::BASE32_DNSSEC.encode(&half))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_of_what_happened_and_of_its_place() {
        let tenant = "acme".parse().unwrap();
        let id = |kind, key, n, body| event_id(&tenant, (kind, key), n, body);
        let first = id("OrderPlaced", "o-1", 1, "{}");
        assert_eq!(first, id("OrderPlaced", "o-1", 1, "{}"));
        for other in [
            id("OrderShipped", "o-1", 1, "{}"),
            id("OrderPlaced", "o-2", 1, "{}"),
            id("OrderPlaced", "o-1", 2, "{}"),
            id("OrderPlaced", "o-1", 1, "{\"a\":1}"),
            event_id(&"rival".parse().unwrap(), ("OrderPlaced", "o-1"), 1, "{}"),
        ] {
            assert_ne!(first, other);
        }
        assert!(first.len() < 40 && first.starts_with("evt-"), "{first}");
    }
}
