//! What a change of a published schema breaks.
//!
//! A reader keeps what it has built, and may read old events again by replay. So a field goes neither away nor into
//! another shape, what was always there stays always there, and what comes is optional: the events of yesterday do not
//! have it. Words may be added, as readers are told that more may come.

use serde_json::Value;
use std::collections::BTreeSet;

/// Empty when who read the old one reads the new one.
#[must_use]
pub fn breaks(old: &Value, new: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (mark, what) in [("x-class", "class"), ("x-key", "key")] {
        if old.get(mark) != new.get(mark) {
            found.push(format!("its {what} is another"));
        }
    }
    for audience in words(old.get("x-audience")).difference(&words(new.get("x-audience"))) {
        found.push(format!("the audience {audience} hears it no more"));
    }
    compare("", old, new, &mut found);
    found
}

fn words(value: Option<&Value>) -> BTreeSet<String> {
    let listed = value.and_then(Value::as_array).into_iter().flatten();
    listed.map(|word| word.as_str().map_or_else(|| word.to_string(), str::to_owned)).collect()
}

/// One type, or a list of them.
fn types(schema: &Value) -> BTreeSet<String> {
    match schema.get("type") {
        Some(Value::String(one)) => BTreeSet::from([one.clone()]),
        several => words(several),
    }
}

fn enumerated(schema: &Value) -> BTreeSet<String> {
    words(schema.get("enum").or_else(|| schema.pointer("/anyOf/0/enum")))
}

fn compare(at: &str, old: &Value, new: &Value, found: &mut Vec<String>) {
    let named = if at.is_empty() { "the body" } else { at };
    if types(old) != types(new) {
        found.push(format!("{named} is {:?}, and was {:?}", types(new), types(old)));
        return;
    }
    for word in enumerated(old).difference(&enumerated(new)) {
        found.push(format!("{named} is never {word} any more"));
    }
    for rule in ["format", "pattern", "minimum", "minLength"] {
        if old.get(rule) != new.get(rule) {
            found.push(format!("{named} has another {rule}"));
        }
    }
    let (was, is) = (words(old.get("required")), words(new.get("required")));
    for name in was.difference(&is) {
        found.push(format!("{at}/{name} may be absent now"));
    }
    for name in is.difference(&was) {
        found.push(format!("{at}/{name} is required, and events told before lack it"));
    }
    let fields =
        |schema: &Value| schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    let after = fields(new);
    for (name, before) in fields(old) {
        let path = format!("{at}/{name}");
        match after.get(&name) {
            Some(after) => compare(&path, &before, after, found),
            None => found.push(format!("{path} is gone")),
        }
    }
    if let (Some(before), Some(after)) = (old.get("items"), new.get("items")) {
        compare(&format!("{at}[]"), before, after, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::events::kinds::{orders, substitutions};
    use crate::core::events::schema::published;
    use serde_json::json;

    fn changed(change: impl FnOnce(&mut Value)) -> Vec<String> {
        let old = published(&orders::ORDER_PLACED);
        let mut new = old.clone();
        change(&mut new);
        breaks(&old, &new)
    }

    #[test]
    fn what_only_adds_breaks_nobody() {
        assert_eq!(changed(|_| {}), Vec::<String>::new());
        assert_eq!(
            changed(|new| new["properties"]["gift"] = json!({ "type": "boolean" })),
            Vec::<String>::new()
        );
        let more = changed(|new| {
            new["properties"]["state"]["anyOf"][0]["enum"].as_array_mut().unwrap().push(json!("returned"));
        });
        assert_eq!(more, Vec::<String>::new());
    }

    #[test]
    fn what_a_reader_rests_on_does_not_change() {
        let gone = changed(|new| {
            new["properties"].as_object_mut().unwrap().remove("channel");
        });
        assert_eq!(gone, ["/channel is gone"]);
        let retyped = changed(|new| new["properties"]["order"]["type"] = json!("integer"));
        assert!(retyped[0].starts_with("/order is"), "{retyped:?}");
        let renamed = changed(|new| {
            let fields = new["properties"]["lines"]["items"]["properties"].as_object_mut().unwrap();
            let sku = fields.remove("sku").unwrap();
            fields.insert("article".to_owned(), sku);
        });
        assert_eq!(renamed, ["/lines[]/sku is gone"]);
        let fewer = changed(|new| {
            new["properties"]["state"]["anyOf"][0]["enum"]
                .as_array_mut()
                .unwrap()
                .retain(|word| word != "ready");
        });
        assert_eq!(fewer, ["/state is never ready any more"]);
        let nullable = changed(|new| new["properties"]["channel"]["type"] = json!(["string", "null"]));
        assert!(nullable[0].starts_with("/channel is"), "{nullable:?}");
        assert_eq!(changed(|new| new["x-class"] = json!("update")), ["its class is another"]);
        assert_eq!(
            changed(|new| new["x-audience"] = json!(["owner"])),
            ["the audience customer hears it no more"]
        );
    }

    #[test]
    fn what_is_required_stays_so_and_nothing_becomes_so() {
        let loosened = changed(|new| new["required"].as_array_mut().unwrap().retain(|name| name != "order"));
        assert_eq!(loosened, ["/order may be absent now"]);
        let tightened = changed(|new| new["required"].as_array_mut().unwrap().push(json!("brand")));
        assert_eq!(tightened, ["/brand is required, and events told before lack it"]);
        let old = published(&substitutions::SUBSTITUTION_MADE);
        let mut narrowed = old.clone();
        narrowed["properties"]["unit_price"]["type"] = json!("object");
        assert_eq!(breaks(&old, &narrowed).len(), 1, "who reads null today may still meet it in a replay");
    }
}
