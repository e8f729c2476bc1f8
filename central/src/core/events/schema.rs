//! The JSON Schema of a kind's body, from its fields.

use super::kind::{Audience, Field, Kind, Shape};
use serde_json::{Map, Value, json};

/// How far a schema goes in what it lets pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// As readers should: fields and words that they do not know may come.
    Open,
    /// As we hold ourselves to it: nothing that is not written down.
    Strict,
}

/// What is published. A reader that follows it goes on reading when something is added.
#[must_use]
pub fn published(kind: &Kind) -> Value {
    let mut schema = record(kind.body, Reading::Open);
    let mut audience: Vec<&str> = kind.audience.iter().map(|audience| audience.as_str()).collect();
    audience.push(Audience::Owner.as_str());
    let head = [
        ("$schema", json!("https://json-schema.org/draft/2020-12/schema")),
        ("$id", json!(format!("urn:holdfast:event:{}:v{}", kind.name, kind.version))),
        ("title", json!(kind.name)),
        ("description", json!(kind.tells)),
        ("x-version", json!(kind.version)),
        ("x-class", json!(kind.class)),
        ("x-key", json!(kind.keyed_by)),
        ("x-audience", json!(audience)),
        ("examples", json!([example(kind)])),
    ];
    if let Some(fields) = schema.as_object_mut() {
        fields.extend(head.into_iter().map(|(name, value)| (name.to_owned(), value)));
    }
    schema
}

/// By which what is written is checked: a field that the catalogue does not name is a mistake.
#[must_use]
pub fn strict(kind: &Kind) -> Value {
    record(kind.body, Reading::Strict)
}

/// A test reads each of them, so the fallback is never seen.
#[must_use]
pub fn example(kind: &Kind) -> Value {
    serde_json::from_str(kind.example).unwrap_or(Value::Null)
}

/// Where the schema of a kind lies among the published files.
#[must_use]
pub fn file_name(kind: &Kind) -> String {
    format!("{}.v{}.json", kind.name, kind.version)
}

fn record(fields: &[Field], reading: Reading) -> Value {
    let properties: Map<String, Value> = fields
        .iter()
        .map(|field| {
            let mut schema = shape(field.shape, reading);
            if let Some(parts) = schema.as_object_mut() {
                parts.insert("description".to_owned(), json!(field.tells));
            }
            (field.name.to_owned(), schema)
        })
        .collect();
    let required: Vec<&str> = fields.iter().filter(|field| field.required).map(|field| field.name).collect();
    json!({
        "type": "object", "properties": properties, "required": required,
        "additionalProperties": reading == Reading::Open,
    })
}

fn shape(shape_of: Shape, reading: Reading) -> Value {
    match shape_of {
        Shape::Id => json!({ "type": "string", "minLength": 1 }),
        Shape::Text => json!({ "type": "string" }),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Time => json!({ "type": "string", "format": "date-time" }),
        Shape::Whole => json!({ "type": "integer" }),
        Shape::Count => json!({ "type": "integer", "minimum": 0 }),
        Shape::Words(words) if reading == Reading::Strict => json!({ "type": "string", "enum": words }),
        Shape::Words(words) => {
            json!({ "type": "string", "anyOf": [{ "enum": words }, { "type": "string" }] })
        }
        Shape::Money => json!({
            "type": "object",
            "properties": {
                "minor": { "type": "integer" },
                "currency": { "type": "string", "pattern": "^[A-Z]{3}$" }
            },
            "required": ["minor", "currency"],
            "additionalProperties": reading == Reading::Open,
        }),
        Shape::Record(fields) => record(fields, reading),
        Shape::List(fields) => json!({ "type": "array", "items": record(fields, reading) }),
        Shape::Each(inner) => json!({ "type": "array", "items": shape(*inner, reading) }),
        Shape::OrNull(inner) => or_null(shape(*inner, reading)),
    }
}

fn or_null(mut schema: Value) -> Value {
    if let Some(parts) = schema.as_object_mut() {
        if let Some(kind) = parts.remove("type") {
            parts.insert("type".to_owned(), json!([kind, "null"]));
        }
        if let Some(words) = parts.get_mut("enum").and_then(Value::as_array_mut) {
            words.push(Value::Null);
        }
        if let Some(ways) = parts.get_mut("anyOf").and_then(Value::as_array_mut) {
            ways.push(json!({ "type": "null" }));
        }
    }
    schema
}
