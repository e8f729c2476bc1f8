//! A policy that was checked: every section with every value, and the layers over them.

use super::layers::{Layer, Layers, Target, lay_over};
use super::section::Section;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use toml::{Table, Value};
use utoipa::ToSchema;

/// Of the canonical text; equal hashes mean that nothing differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyHash(pub [u8; 32]);

impl PolicyHash {
    #[must_use]
    pub fn of(canonical: &str) -> Self {
        Self(*blake3::hash(canonical.as_bytes()).as_bytes())
    }

    #[must_use]
    pub fn to_hex(self) -> String {
        data_encoding::HEXLOWER.encode(&self.0)
    }

    /// Enough to tell two versions apart where a person reads it.
    #[must_use]
    pub fn short(self) -> String {
        self.to_hex().chars().take(12).collect()
    }
}

/// Only [`super::read`] makes one, so that what is at hand can be meant.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    pub about: Option<String>,
    pub owner: Option<String>,
    /// Each section by its name, with every value: a default that changes later changes nothing here.
    pub(super) sections: Table,
    pub(super) layers: Layers,
    canonical: String,
}

/// A value, and who says it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Explained {
    #[schema(example = "routing.accept_within_ms")]
    pub path: String,
    #[schema(value_type = serde_json::Value)]
    pub value: serde_json::Value,
    /// `tenant`, `brand luxe`, `region north`, `store leeds` or `class hot`.
    #[schema(example = "store leeds")]
    pub layer: String,
    /// What wider layers say, the widest first, and is covered here.
    pub covers: Vec<Covered>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = CoveredValue)]
pub struct Covered {
    pub layer: String,
    #[schema(value_type = serde_json::Value)]
    pub value: serde_json::Value,
}

impl Document {
    pub(super) fn new(
        about: Option<String>,
        owner: Option<String>,
        sections: Table,
        layers: Layers,
    ) -> Result<Self, toml::ser::Error> {
        let mut document = Self { about, owner, sections, layers, canonical: String::new() };
        document.canonical = toml::to_string(&document.table())?;
        Ok(document)
    }

    /// The one text of this policy: every value, keys in order, no comments.
    #[must_use]
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    #[must_use]
    pub fn hash(&self) -> PolicyHash {
        PolicyHash::of(&self.canonical)
    }

    #[must_use]
    pub const fn layers(&self) -> &Layers {
        &self.layers
    }

    /// Everything, as one table.
    pub(super) fn table(&self) -> Table {
        let text = |text: &Option<String>| text.clone().map(Value::String);
        let mut table = self.sections.clone();
        table.extend(text(&self.about).map(|about| ("about".to_owned(), about)));
        table.extend(text(&self.owner).map(|owner| ("owner".to_owned(), owner)));
        let regions = self.layers.regions.iter().map(|(name, region)| {
            let mut inner = region.overrides.clone();
            inner.extend(region.within.iter().map(|within| ("within".to_owned(), within.as_str().into())));
            (name.to_string(), Value::Table(inner))
        });
        let named = |(name, overrides): (String, &Table)| (name, Value::Table(overrides.clone()));
        let stores = self.layers.stores.iter().map(|(store, of)| named((store.to_string(), of)));
        let classes = self.layers.classes.iter().map(|(class, of)| named((class.to_string(), of)));
        let brands = self.layers.brands.iter().map(|(brand, of)| named((brand.to_string(), of)));
        let layers: [(&str, Table); 4] = [
            ("brand", brands.collect()),
            ("region", regions.collect()),
            ("store", stores.collect()),
            ("class", classes.collect()),
        ];
        table.extend(
            layers
                .into_iter()
                .filter(|(_, of)| !of.is_empty())
                .map(|(kind, of)| (kind.to_owned(), of.into())),
        );
        table
    }

    /// A section as it stands for the target. None when the layers together cannot be meant.
    #[must_use]
    pub fn section<S: Section>(&self, target: &Target) -> Option<S> {
        let mut values = self.sections.get(S::NAME).and_then(Value::as_table).cloned().unwrap_or_default();
        for (_, overrides) in self.layers.over(target) {
            if let Some(above) = overrides.get(S::NAME).and_then(Value::as_table) {
                lay_over(&mut values, above);
            }
        }
        let section: S = values.try_into().ok()?;
        section.faults().is_empty().then_some(section)
    }

    /// Every value that holds for the target, with the layer that set it.
    #[must_use]
    pub fn explain(&self, target: &Target) -> Vec<Explained> {
        let mut told: BTreeMap<String, Vec<(Layer, serde_json::Value)>> = BTreeMap::new();
        let over = self.layers.over(target);
        for (layer, values) in std::iter::once((Layer::Tenant, &self.sections)).chain(over) {
            for (path, value) in flat(values) {
                told.entry(path).or_default().push((layer.clone(), value));
            }
        }
        let explained = told.into_iter().filter_map(|(path, mut said)| {
            let (layer, value) = said.pop()?;
            let covers = said.into_iter().map(|(layer, value)| Covered { layer: layer.to_string(), value });
            Some(Explained { path, value, layer: layer.to_string(), covers: covers.collect() })
        });
        explained.collect()
    }
}

/// Every value by its path. Entries of a list that have a name go by it, so that one that is put
/// between others changes only itself.
pub(super) fn flat(table: &Table) -> BTreeMap<String, serde_json::Value> {
    let mut values = BTreeMap::new();
    for (key, value) in table {
        flatten(key.clone(), value, &mut values);
    }
    values
}

// What it walks was parsed as TOML, whose own nesting limit bounds the recursion.
fn flatten(path: String, value: &Value, values: &mut BTreeMap<String, serde_json::Value>) {
    match value {
        Value::Table(table) => {
            for (key, value) in table {
                flatten(format!("{path}.{key}"), value, values);
            }
        }
        Value::Array(entries) if entries.first().is_some_and(Value::is_table) => {
            for (index, entry) in entries.iter().enumerate() {
                let name = entry.get("name").and_then(Value::as_str);
                let name = name.map_or_else(|| index.to_string(), str::to_owned);
                flatten(format!("{path}[{name}]"), entry, values);
            }
        }
        leaf @ (Value::String(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::Datetime(_)
        | Value::Array(_)) => {
            values.insert(path, serde_json::to_value(leaf).unwrap_or_default());
        }
    }
}
