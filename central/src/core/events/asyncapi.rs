//! The events as an AsyncAPI document: each kind a message, and the ways on which they go.

use super::cloud::STRUCTURED;
use super::schema::{example, published};
use super::{ALL, Kind};
use serde_json::{Map, Value, json};

/// The document, made of the catalogue.
#[must_use]
pub fn document() -> Value {
    let messages: Map<String, Value> = ALL.iter().map(|kind| (message_name(kind), message(kind))).collect();
    let every: Map<String, Value> = messages
        .keys()
        .map(|name| (name.clone(), json!({ "$ref": format!("#/components/messages/{name}") })))
        .collect();
    let channel =
        |address: &str, tells: &str| json!({ "address": address, "description": tells, "messages": every });
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Holdfast events",
            "version": "1.0.0",
            "license": { "name": "Apache-2.0" },
            "description": "What central tells the outside, as CloudEvents 1.0. At least once: a reader knows an event \
                that comes again by its id. Events of one key (subject) keep their order, and keysequence counts them.",
        },
        "defaultContentType": STRUCTURED,
        "channels": {
            "webhook": channel("{receiver}", "POST to the address that a consumer registered (POST /v1/consumers), signed"),
            "stream": channel("/v1/events/stream", "Server-sent events; Last-Event-ID goes on where a stream ended"),
            "socket": channel("/v1/events/socket", "WebSocket; the query goes on where a socket ended"),
            "nats": channel("{prefix}.{tenant}.{kind}.{key}", "NATS JetStream; Nats-Msg-Id is the event's id"),
            "kafka": channel("{topic}", "Kafka; the record's key is the event's"),
        },
        "operations": {
            "tell": { "action": "send", "channel": { "$ref": "#/channels/webhook" } },
            "stream": { "action": "send", "channel": { "$ref": "#/channels/stream" } },
            "socket": { "action": "send", "channel": { "$ref": "#/channels/socket" } },
            "nats": { "action": "send", "channel": { "$ref": "#/channels/nats" } },
            "kafka": { "action": "send", "channel": { "$ref": "#/channels/kafka" } },
        },
        "components": { "messages": messages },
    })
}

fn message_name(kind: &Kind) -> String {
    kind.name.replace('.', "_")
}

fn message(kind: &Kind) -> Value {
    json!({
        "name": kind.name,
        "title": kind.name,
        "summary": kind.tells,
        "contentType": STRUCTURED,
        "payload": {
            "type": "object",
            "required": ["specversion", "id", "source", "type", "subject", "time", "data"],
            "properties": {
                "specversion": { "const": "1.0" },
                "id": { "type": "string", "description": "The same however often it is sent" },
                "source": { "type": "string", "format": "uri" },
                "type": { "type": "string", "pattern": format!("\\.{}\\.v{}$", kind.name.replace('.', "\\."), kind.version) },
                "subject": { "type": "string", "description": "The key: events of one key keep their order" },
                "time": { "type": "string", "format": "date-time" },
                "tenant": { "type": "string" },
                "eventclass": { "const": kind.class },
                "sequence": { "type": "string", "pattern": "^[0-9]+$" },
                "keysequence": { "type": "string", "pattern": "^[0-9]+$" },
                "backfill": { "type": "boolean", "description": "Told again, or late: act on what is, not on the news" },
                "idempotencykey": { "type": "string", "description": "The key under which the order was placed" },
                "traceparent": { "type": "string" },
                "data": published(kind),
            },
        },
        "examples": [{ "payload": example(kind) }],
    })
}
