//! What differs between two policies, value by value.

use super::document::{Document, flat};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use toml::Value;
use utoipa::ToSchema;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Difference {
    #[schema(example = "routing.ladder[closest].radius_km")]
    pub path: String,
    /// Absent: it was not there before.
    #[schema(value_type = Option<Object>)]
    pub before: Option<serde_json::Value>,
    /// Absent: it is not there any more.
    #[schema(value_type = Option<Object>)]
    pub after: Option<serde_json::Value>,
}

/// Every value that is not the same in both, by path. The order of the entries of a list counts, too.
#[must_use]
pub fn diff(before: &Document, after: &Document) -> Vec<Difference> {
    let (mut before, mut after) = (before.table(), after.table());
    for table in [&mut before, &mut after] {
        let orders = orders(&Value::Table(table.clone()), "");
        table.extend(orders.into_iter().map(|(path, names)| (path, Value::Array(names))));
    }
    let (before, after) = (flat(&before), flat(&after));
    let paths: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    paths
        .into_iter()
        .filter(|path| before.get(*path) != after.get(*path))
        .map(|path| Difference {
            path: path.clone(),
            before: before.get(path).cloned(),
            after: after.get(path).cloned(),
        })
        .collect()
}

/// The names of each list of named entries, in their order.
fn orders(value: &Value, path: &str) -> Vec<(String, Vec<Value>)> {
    match value {
        Value::Table(table) => {
            let below = |key: &String| if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            table.iter().flat_map(|(key, value)| orders(value, &below(key))).collect()
        }
        Value::Array(entries) => {
            let names: Vec<Value> = entries.iter().filter_map(|entry| entry.get("name")).cloned().collect();
            if names.is_empty() { Vec::new() } else { vec![(format!("{path}, in order"), names)] }
        }
        Value::String(_) | Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => {
            Vec::new()
        }
    }
}
