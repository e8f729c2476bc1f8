//! Which events somebody wants to hear, and which they may.

use super::kind::{Audience, KeyedBy};
use super::{ALL, by_name};
use holdfast_shared::ids::StoreId;
use holdfast_shared::limits::{EVENT_FILTER_KEYS_MAX, EVENT_KEY_CHARS_MAX};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// Nothing named means everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    #[serde(default)]
    #[schema(example = json!(["OrderShipped", "InventoryAdjusted"]))]
    pub kinds: BTreeSet<String>,
    /// Keys, or beginnings of keys that end with `*`: `o-1042`, `leeds/*`.
    #[serde(default)]
    #[schema(example = json!(["leeds/*"]))]
    pub keys: BTreeSet<String>,
    #[serde(default = "owner")]
    pub audience: Audience,
    /// For the audience `store`: which one.
    #[serde(default)]
    pub store: Option<StoreId>,
}

const fn owner() -> Audience {
    Audience::Owner
}

impl Default for Filter {
    fn default() -> Self {
        Self { kinds: BTreeSet::new(), keys: BTreeSet::new(), audience: owner(), store: None }
    }
}

impl Filter {
    /// What cannot be meant, in words.
    pub fn checked(self) -> Result<Self, String> {
        if let Some(kind) = self.kinds.iter().find(|kind| by_name(kind).is_none()) {
            let known: Vec<&str> = ALL.iter().map(|kind| kind.name).collect();
            let near = known.iter().max_by(|a, b| strsim::jaro(a, kind).total_cmp(&strsim::jaro(b, kind)));
            let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            return Err(format!("there is no kind {kind:?}{hint} GET /v1/events/catalogue lists them"));
        }
        if self.keys.len() > EVENT_FILTER_KEYS_MAX {
            return Err(format!("keys: at most {EVENT_FILTER_KEYS_MAX}"));
        }
        let bad = |key: &&String| {
            let body = key.strip_suffix('*').unwrap_or(key);
            key.is_empty() || key.chars().count() > EVENT_KEY_CHARS_MAX || body.contains('*')
        };
        if let Some(key) = self.keys.iter().find(bad) {
            return Err(format!("keys: {key:?} is no key; a star may stand at its end alone"));
        }
        match (self.audience, &self.store) {
            (Audience::Store, None) => Err("audience store: name the store".to_owned()),
            (Audience::Customer | Audience::Owner, Some(_)) => {
                Err("store: is for the audience store; to hear of one store's stock, use keys".to_owned())
            }
            (Audience::Store, Some(_)) | (Audience::Customer | Audience::Owner, None) => Ok(self),
        }
    }

    /// Whether an event of this kind and key passes. One of a kind that is told no more passes for the owner alone.
    #[must_use]
    pub fn passes(&self, kind: &str, key: &str) -> bool {
        let wanted = self.kinds.is_empty() || self.kinds.contains(kind);
        let keyed = self.keys.is_empty() || self.keys.iter().any(|wanted| matches_key(wanted, key));
        wanted && keyed && self.may_hear(kind, key)
    }

    fn may_hear(&self, kind: &str, key: &str) -> bool {
        let known = by_name(kind);
        let for_them = known.is_some_and(|kind| kind.is_for(self.audience));
        match (self.audience, &self.store) {
            (Audience::Owner, _) => true,
            (Audience::Customer, _) => for_them,
            (Audience::Store, None) => false,
            (Audience::Store, Some(store)) => {
                let keyed_by = known.map(|kind| kind.keyed_by);
                let of_store = key.split_once('/').is_some_and(|(of, _)| of == store.as_str());
                for_them && keyed_by == Some(KeyedBy::StoreAndSku) && of_store
            }
        }
    }
}

fn matches_key(wanted: &str, key: &str) -> bool {
    wanted.strip_suffix('*').map_or_else(|| wanted == key, |beginning| key.starts_with(beginning))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(json: &str) -> Result<Filter, String> {
        serde_json::from_str::<Filter>(json).map_err(|error| error.to_string())?.checked()
    }

    #[test]
    fn nothing_named_is_everything_and_each_name_narrows() {
        assert!(Filter::default().passes("OrderPlaced", "o-1"));
        let some = filter(r#"{"kinds": ["OrderPlaced"], "keys": ["o-1", "leeds/*"]}"#).unwrap();
        assert!(some.passes("OrderPlaced", "o-1") && !some.passes("OrderShipped", "o-1"));
        assert!(!some.passes("OrderPlaced", "o-12"));
        let stock = filter(r#"{"keys": ["leeds/*"]}"#).unwrap();
        assert!(stock.passes("InventoryAdjusted", "leeds/TEE-1"));
        assert!(!stock.passes("InventoryAdjusted", "leeds-2/TEE-1"));
    }

    #[test]
    fn an_audience_hears_what_is_for_it_alone() {
        let customer = filter(r#"{"audience": "customer"}"#).unwrap();
        assert!(customer.passes("OrderShipped", "o-1"));
        assert!(
            !customer.passes("InventoryAdjusted", "leeds/TEE-1") && !customer.passes("CancelAnswered", "o-1")
        );
        assert!(!customer.passes("NobodyKnows", "o-1"));
        let store = filter(r#"{"audience": "store", "store": "leeds"}"#).unwrap();
        assert!(store.passes("InventoryAdjusted", "leeds/TEE-1"));
        assert!(!store.passes("InventoryAdjusted", "york/TEE-1") && !store.passes("OrderShipped", "o-1"));
        assert!(Filter::default().passes("NobodyKnows", "o-1"));
    }

    #[test]
    fn what_cannot_be_meant_is_told_with_what_may_be() {
        let told = filter(r#"{"kinds": ["OrderShiped"]}"#).unwrap_err();
        assert!(told.contains("did you mean OrderShipped?"), "{told}");
        for (json, part) in [
            (r#"{"keys": ["le*ds"]}"#, "star"),
            (r#"{"audience": "store"}"#, "name the store"),
            (r#"{"store": "leeds"}"#, "audience store"),
            (r#"{"kind": []}"#, "unknown field"),
        ] {
            let told = filter(json).unwrap_err();
            assert!(told.contains(part), "{json}: {told}");
        }
    }
}
