//! Reading what central tells as JSON: what is absent reads as nothing.

use serde_json::Value;
#[cfg(test)]
use std::io::Write;

pub(crate) fn rows<'a>(told: &'a Value, path: &str) -> impl Iterator<Item = &'a Value> {
    told.pointer(path).and_then(Value::as_array).into_iter().flatten()
}

pub(crate) fn text<'a>(told: &'a Value, path: &str) -> &'a str {
    told.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

pub(crate) fn number(told: &Value, path: &str) -> u64 {
    told.pointer(path).and_then(Value::as_u64).unwrap_or_default()
}

/// What is written of that at a terminal.
#[cfg(test)]
pub(crate) fn shown(write: fn(&Value, &mut dyn Write) -> anyhow::Result<()>, told: &Value) -> String {
    let mut out = Vec::new();
    write(told, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}
