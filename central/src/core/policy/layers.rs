//! What differs by brand, region, store or class of SKUs: tables laid over the tenant's own values, the
//! narrower over the wider.

use holdfast_shared::ids::{BrandId, RegionId, SkuClass, StoreId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use toml::de::{DeTable, DeValue};
use toml::{Table, Value};
use utoipa::ToSchema;

/// From the widest to the narrowest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LayerKind {
    Brand,
    Region,
    Store,
    Class,
}

impl LayerKind {
    pub const ALL: [Self; 4] = [Self::Brand, Self::Region, Self::Store, Self::Class];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Brand => "brand",
            Self::Region => "region",
            Self::Store => "store",
            Self::Class => "class",
        }
    }
}

/// Who says a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    Tenant,
    Brand(BrandId),
    Region(RegionId),
    Store(StoreId),
    Class(SkuClass),
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tenant => f.write_str("tenant"),
            Self::Brand(brand) => write!(f, "brand {brand}"),
            Self::Region(region) => write!(f, "region {region}"),
            Self::Store(store) => write!(f, "store {store}"),
            Self::Class(class) => write!(f, "class {class}"),
        }
    }
}

/// What is asked about: any of them may be unknown or not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// Of the order.
    pub brand: Option<BrandId>,
    pub region: Option<RegionId>,
    pub store: Option<StoreId>,
    pub class: Option<SkuClass>,
}

/// Sections by name, with the keys that a layer overrides in each.
pub type Overrides = Table;

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Region {
    /// The wider region that it lies in.
    pub within: Option<RegionId>,
    pub overrides: Overrides,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Layers {
    pub brands: BTreeMap<BrandId, Overrides>,
    pub regions: BTreeMap<RegionId, Region>,
    pub stores: BTreeMap<StoreId, Overrides>,
    pub classes: BTreeMap<SkuClass, Overrides>,
}

impl Layers {
    /// The region with those that it lies in, the widest first. A loop ends where it began.
    #[must_use]
    pub fn lineage(&self, region: &RegionId) -> Vec<RegionId> {
        let mut lineage = Vec::new();
        let mut next = Some(region.clone());
        while let Some(region) = next.filter(|region| !lineage.contains(region)) {
            next = self.regions.get(&region).and_then(|known| known.within.clone());
            lineage.push(region);
        }
        lineage.reverse();
        lineage
    }

    /// Whether following `within` from here comes back to here.
    #[must_use]
    pub fn loops(&self, region: &RegionId) -> bool {
        let up = |region: &RegionId| self.regions.get(region).and_then(|known| known.within.clone());
        let mut at = up(region);
        for _ in 0..=self.regions.len() {
            match at {
                Some(above) if above == *region => return true,
                Some(above) => at = up(&above),
                None => return false,
            }
        }
        // It runs into a loop of others, which is told there.
        false
    }

    /// Those that say something about the target, the widest first.
    #[must_use]
    pub fn over(&self, target: &Target) -> Vec<(Layer, &Overrides)> {
        let mut over = Vec::new();
        let brand = target.brand.as_ref().and_then(|brand| self.brands.get_key_value(brand));
        over.extend(brand.map(|(brand, overrides)| (Layer::Brand(brand.clone()), overrides)));
        for region in target.region.iter().flat_map(|region| self.lineage(region)) {
            if let Some(known) = self.regions.get(&region) {
                over.push((Layer::Region(region), &known.overrides));
            }
        }
        let store = target.store.as_ref().and_then(|store| self.stores.get_key_value(store));
        over.extend(store.map(|(store, overrides)| (Layer::Store(store.clone()), overrides)));
        let class = target.class.as_ref().and_then(|class| self.classes.get_key_value(class));
        over.extend(class.map(|(class, overrides)| (Layer::Class(class.clone()), overrides)));
        over
    }
}

/// Lays one table over another: tables are merged, all else is replaced.
pub(super) fn lay_over(below: &mut Table, above: &Table) {
    for (key, value) in above {
        match (below.get_mut(key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => lay_over(below, above),
            _ => {
                below.insert(key.clone(), value.clone());
            }
        }
    }
}

/// The same with the places of the text.
pub(super) fn lay_over_places<'i>(below: &mut DeTable<'i>, above: &DeTable<'i>) {
    for (key, value) in above {
        let both = below.get_mut(key.get_ref().as_ref()).map(toml::Spanned::get_mut);
        if let (Some(DeValue::Table(below)), DeValue::Table(above)) = (both, value.get_ref()) {
            lay_over_places(below, above);
            continue;
        }
        // The key with its own place, which an insert alone would leave as it was.
        below.remove(key.get_ref().as_ref());
        below.insert(key.clone(), value.clone());
    }
}

/// The values that `overrides` names, as they were understood: `5` and `5.0` are one number.
pub(super) fn picked(overrides: &Table, understood: &Table) -> Table {
    let pick = |(key, value): (&String, &Value)| {
        let value = match (value, understood.get(key)) {
            (Value::Table(inner), Some(Value::Table(understood))) => Value::Table(picked(inner, understood)),
            (_, Some(understood)) => understood.clone(),
            (value, None) => value.clone(),
        };
        (key.clone(), value)
    };
    overrides.iter().map(pick).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(text: &str) -> RegionId {
        text.parse().unwrap()
    }

    fn layers(within: &[(&str, Option<&str>)]) -> Layers {
        let one = |(name, within): &(&str, Option<&str>)| {
            (region(name), Region { within: within.map(region), overrides: Table::new() })
        };
        Layers { regions: within.iter().map(one).collect(), ..Layers::default() }
    }

    #[test]
    fn the_narrower_lies_over_the_wider() {
        let mut layers = layers(&[("uk", None), ("north", Some("uk"))]);
        layers.stores.insert("leeds".parse().unwrap(), Table::new());
        layers.classes.insert("hot".parse().unwrap(), Table::new());
        layers.brands.insert("luxe".parse().unwrap(), Table::new());
        let target = Target {
            brand: "luxe".parse().ok(),
            region: Some(region("north")),
            store: "leeds".parse().ok(),
            class: "hot".parse().ok(),
        };
        let names: Vec<String> = layers.over(&target).iter().map(|(layer, _)| layer.to_string()).collect();
        assert_eq!(names, ["brand luxe", "region uk", "region north", "store leeds", "class hot"]);
        assert!(layers.over(&Target { store: "york".parse().ok(), ..Target::default() }).is_empty());
    }

    #[test]
    fn a_loop_of_regions_ends_and_is_told_by_those_within_it() {
        let layers = layers(&[("a", Some("b")), ("b", Some("a")), ("c", Some("a")), ("d", Some("d"))]);
        assert_eq!(layers.lineage(&region("c")), [region("b"), region("a"), region("c")]);
        assert!(layers.loops(&region("a")) && layers.loops(&region("b")) && layers.loops(&region("d")));
        assert!(!layers.loops(&region("c")), "it only leads into one");
    }

    #[test]
    fn tables_merge_and_lists_are_replaced() {
        let table = |text: &str| text.parse::<Table>().unwrap();
        let mut below = table("a = 1\nlist = [1, 2]\n[t]\nx = 1\ny = 2");
        lay_over(&mut below, &table("list = [3]\n[t]\ny = 5\nz = 6"));
        assert_eq!(below, table("a = 1\nlist = [3]\n[t]\nx = 1\ny = 5\nz = 6"));
        assert_eq!(picked(&table("[t]\ny = 5"), &table("a = 1\n[t]\ny = 5.0")), table("[t]\ny = 5.0"));
    }
}
