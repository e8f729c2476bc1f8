//! What tests write is held against the catalogue: an event that is not as published fails whichever test wrote it.

use super::outbox::NewEvent;
use crate::core::events::schema::strict;
use std::cell::RefCell;
use std::collections::BTreeMap;

thread_local! {
    static KNOWN: RefCell<BTreeMap<&'static str, jsonschema::Validator>> = const { RefCell::new(BTreeMap::new()) };
}

pub(super) fn assert_as_published(event: &NewEvent<'_>) {
    let kind = event.kind;
    assert_eq!(event.key.keyed_by(), kind.keyed_by, "{}: the key is of another sort", kind.name);
    KNOWN.with_borrow_mut(|known| {
        let validator =
            known.entry(kind.name).or_insert_with(|| jsonschema::validator_for(&strict(kind)).unwrap());
        let told: Vec<String> = validator
            .iter_errors(event.body)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(told.is_empty(), "{} is not as its schema says: {told:#?}\n{}", kind.name, event.body);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::events::key::Key;
    use crate::core::events::kinds::stock::INVENTORY_ADJUSTED;
    use holdfast_shared::time::UtcMs;
    use serde_json::json;

    fn adjusted(body: &serde_json::Value) {
        let key = Key::StoreAndSku("leeds".parse().unwrap(), "A".parse().unwrap());
        assert_as_published(&NewEvent { kind: &INVENTORY_ADJUSTED, key: &key, at: UtcMs(1), body });
    }

    #[test]
    #[should_panic(expected = "is not as its schema says")]
    fn a_field_that_nobody_wrote_down_is_told() {
        let mut body = json!({ "store": "leeds", "sku": "A", "on_hand": 1, "reserved": 0, "change": 1 });
        adjusted(&body);
        body["colour"] = json!("red");
        adjusted(&body);
    }
}
