//! From the text that a person wrote to a document, or to everything that is wrong with it at once.

use super::document::Document;
use super::found::Found;
use super::layers::{LayerKind, Layers, Region, lay_over_places, picked};
use super::places::{Step, written};
use super::section::Kind;
use super::sifting::{Text, note, sift, unknown_key};
use holdfast_shared::ids::{BadId, BrandId, RegionId, SkuClass, StoreId};
use holdfast_shared::limits::POLICY_BYTES_MAX;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::str::FromStr;
use toml::de::{DeTable, DeValue};
use toml::{Spanned, Table, Value};

pub type Read = Result<Document, Vec<Found>>;

const ABOUT: &str = "about";
const OWNER: &str = "owner";
const WITHIN: &str = "within";

/// In which region each store lies: what both say must be meant together.
pub type Placed = BTreeMap<StoreId, RegionId>;

/// Reads a document of these sections.
pub fn read(text: &str, kinds: &[Kind]) -> Read {
    check_length(text)?;
    read_all(text, text.len(), kinds, &Placed::new())
}

/// The same; sections that it does not name stand in it as they do in the other.
pub fn read_over(text: &str, usual: &Document, kinds: &[Kind], placed: &Placed) -> Read {
    check_length(text)?;
    let own = text.len();
    // What is no TOML is told by its reader.
    let Ok(written) = text.parse::<Table>() else { return read_all(text, own, kinds, placed) };
    let mut unnamed = usual.sections.clone();
    unnamed.retain(|name, _| !written.contains_key(name));
    // Behind the text, so that the places of everything in it stay what they are.
    match toml::to_string(&unnamed) {
        Ok(unnamed) => read_all(&format!("{text}\n{unnamed}"), own, kinds, placed),
        Err(error) => Err(vec![Found { line: 1, column: 1, at: String::new(), what: error.to_string() }]),
    }
}

fn check_length(text: &str) -> Result<(), Vec<Found>> {
    if text.len() <= POLICY_BYTES_MAX {
        return Ok(());
    }
    let what = format!("a policy has at most {POLICY_BYTES_MAX} bytes; this one has {}", text.len());
    Err(vec![Found { line: 1, column: 1, at: String::new(), what }])
}

fn read_all(text: &str, own: usize, kinds: &[Kind], placed: &Placed) -> Read {
    let (root, errors) = DeTable::parse_recoverable(text);
    let places = Text { text, root: root.get_ref(), own };
    if !errors.is_empty() {
        let told = |error: &toml::de::Error| {
            let at = error.span().map_or(0, |span| span.start);
            places.found(
                at,
                String::new(),
                format!("this is not TOML: {}", error.message().replace('\n', ", ")),
            )
        };
        return Err(errors.iter().map(told).collect());
    }
    let mut reader = Reader { text: places, kinds, placed, found: Vec::new() };
    let document = reader.document();
    let mut found = reader.found;
    found.sort_by_key(|found| (found.line, found.column));
    match document {
        Some(document) if found.is_empty() => Ok(document),
        _ => Err(found),
    }
}

struct Reader<'a> {
    text: Text<'a>,
    kinds: &'a [Kind],
    placed: &'a Placed,
    found: Vec<Found>,
}

impl<'a> Reader<'a> {
    fn document(&mut self) -> Option<Document> {
        let layers = LayerKind::ALL.map(LayerKind::as_str);
        let mut known: Vec<&str> = self.kinds.iter().map(|kind| kind.name).collect();
        known.extend([ABOUT, OWNER].iter().chain(&layers));
        for (key, _) in self.text.root {
            if !known.contains(&key.get_ref().as_ref()) {
                self.unknown(key, &[], &known);
            }
        }
        let (about, owner) = (self.words(ABOUT), self.words(OWNER));
        let mut sections = Table::new();
        for kind in self.kinds {
            let (under, span) = (vec![Step::Key(kind.name.to_owned())], self.span_of(kind.name));
            let Some(values) = self.table_at(self.text.root, &under) else { continue };
            let values = values.cloned().unwrap_or_default();
            if let Some(section) = sift(self.text, kind, (&under, span), values, &mut self.found) {
                sections.insert(kind.name.to_owned(), Value::Table(section));
            }
        }
        let layers = self.layers();
        if !self.found.is_empty() {
            return None;
        }
        let document = Document::new(about, owner, sections, layers);
        document
            .map_err(|error| note(&mut self.found, self.text.found(0, String::new(), error.to_string())))
            .ok()
    }

    fn unknown(&mut self, key: &Spanned<Cow<'_, str>>, above: &[Step], known: &[&str]) {
        let path = [above, &[Step::Key(key.get_ref().to_string())]].concat();
        let what = unknown_key(key.get_ref(), known);
        let found = self.text.found(key.span().start, written(&path), what);
        note(&mut self.found, found);
    }

    fn span_of(&self, name: &str) -> std::ops::Range<usize> {
        self.text.root.get(name).map_or(0..0, Spanned::span)
    }

    fn words(&mut self, name: &str) -> Option<String> {
        let value = self.text.root.get(name)?;
        if let Some(words) = value.get_ref().as_str() {
            return Some(words.to_owned());
        }
        let what = format!("expected words in quotes, this is of type {}", value.get_ref().type_str());
        note(&mut self.found, self.text.found_under(&[Step::Key(name.to_owned())], what));
        None
    }

    /// The table under the last step of the path; none within when it is absent, none at all when it
    /// is something else.
    fn table_at(&mut self, of: &'a DeTable<'a>, path: &[Step]) -> Option<Option<&'a DeTable<'a>>> {
        let Some(Step::Key(name)) = path.last() else { return Some(None) };
        let Some(value) = of.get(name.as_str()) else { return Some(None) };
        if let DeValue::Table(table) = value.get_ref() {
            return Some(Some(table));
        }
        let what = format!("expected a table, this is of type {}", value.get_ref().type_str());
        note(&mut self.found, self.text.found_under(path, what));
        None
    }

    fn layers(&mut self) -> Layers {
        let regions = self.named::<RegionId>(LayerKind::Region);
        let mut layers = Layers::default();
        for (region, table) in &regions {
            let within = self.within(region, table);
            layers.regions.insert(region.clone(), Region { within, overrides: Table::new() });
        }
        for region in regions.keys() {
            self.check_within(&layers, region);
        }
        for region in regions.keys() {
            let lineage = layers.lineage(region);
            let chain: Vec<&DeTable<'a>> =
                lineage.iter().filter_map(|region| regions.get(region).copied()).collect();
            let overrides = self.overrides(LayerKind::Region, region.as_str(), &chain);
            if let Some(known) = layers.regions.get_mut(region) {
                known.overrides = overrides;
            }
        }
        for (store, table) in self.named::<StoreId>(LayerKind::Store) {
            let lineage = self.placed.get(&store).map(|region| layers.lineage(region)).unwrap_or_default();
            let wider = lineage.iter().filter_map(|region| regions.get(region).copied());
            let chain: Vec<&DeTable<'a>> = wider.chain([table]).collect();
            let overrides = self.overrides(LayerKind::Store, store.as_str(), &chain);
            layers.stores.insert(store, overrides);
        }
        for (brand, table) in self.named::<BrandId>(LayerKind::Brand) {
            let overrides = self.overrides(LayerKind::Brand, brand.as_str(), &[table]);
            layers.brands.insert(brand, overrides);
        }
        for (class, table) in self.named::<SkuClass>(LayerKind::Class) {
            let overrides = self.overrides(LayerKind::Class, class.as_str(), &[table]);
            layers.classes.insert(class, overrides);
        }
        layers
    }

    /// The tables of `[brand.*]`, `[region.*]`, `[store.*]` or `[class.*]`, each under its checked name.
    fn named<T: FromStr<Err = BadId> + Ord>(&mut self, kind: LayerKind) -> BTreeMap<T, &'a DeTable<'a>> {
        let above = Step::Key(kind.as_str().to_owned());
        let mut named = BTreeMap::new();
        let all = self.table_at(self.text.root, std::slice::from_ref(&above));
        let Some(all) = all.flatten() else { return named };
        for (name, _) in all {
            let path = [above.clone(), Step::Key(name.get_ref().to_string())];
            match name.get_ref().parse::<T>() {
                Ok(id) => named.extend(self.table_at(all, &path).flatten().map(|table| (id, table))),
                Err(bad) => note(&mut self.found, self.text.found_under(&path, bad.to_string())),
            }
        }
        named
    }

    fn within(&mut self, region: &RegionId, table: &DeTable<'_>) -> Option<RegionId> {
        let value = table.get(WITHIN)?;
        let parsed = value.get_ref().as_str().map(RegionId::new);
        if let Some(Ok(within)) = parsed {
            return Some(within);
        }
        let what = format!("expected the name of a region, like within = \"{region}-and-more\"");
        note(&mut self.found, self.text.found_under(&within_path(region), what));
        None
    }

    fn check_within(&mut self, layers: &Layers, region: &RegionId) {
        let Some(within) = layers.regions.get(region).and_then(|known| known.within.as_ref()) else { return };
        let what = if layers.loops(region) {
            format!(
                "{region} lies within {within}, which leads back to {region}: a loop has no widest region"
            )
        } else if layers.regions.contains_key(within) {
            return;
        } else {
            format!("there is no [region.{within}] in this document that {region} could lie within")
        };
        note(&mut self.found, self.text.found_under(&within_path(region), what));
    }

    /// What the last table of the chain overrides, each section checked with the whole chain laid over it.
    fn overrides(&mut self, kind: LayerKind, name: &str, chain: &[&DeTable<'a>]) -> Table {
        let Some(own) = chain.last() else { return Table::new() };
        let above = [kind.as_str(), name].map(|key| Step::Key(key.to_owned()));
        let mut known: Vec<&str> = self.kinds.iter().map(|kind| kind.name).collect();
        known.extend((kind == LayerKind::Region).then_some(WITHIN));
        let mut overrides = Table::new();
        for (key, value) in *own {
            let Some(section) = self.kinds.iter().find(|section| section.name == key.get_ref()) else {
                if !known.contains(&key.get_ref().as_ref()) {
                    self.unknown(key, &above, &known);
                }
                continue;
            };
            let under = [above.as_slice(), &[Step::Key(section.name.to_owned())]].concat();
            let Some(written) = value.get_ref().as_table() else {
                let what = format!("expected a table, this is of type {}", value.get_ref().type_str());
                note(&mut self.found, self.text.found_under(&under, what));
                continue;
            };
            self.may_differ(section, kind, written, &under);
            let mut merged =
                self.text.root.get(section.name).and_then(|value| value.get_ref().as_table()).cloned();
            let merged = merged.get_or_insert_default();
            for table in chain {
                let inner = table.get(section.name).and_then(|value| value.get_ref().as_table());
                inner.inspect(|above| lay_over_places(merged, above));
            }
            let read = sift(self.text, section, (&under, value.span()), merged.clone(), &mut self.found);
            let said =
                Table::deserialize(toml::de::Deserializer::from(Spanned::new(value.span(), written.clone())));
            if let (Some(understood), Ok(said)) = (read, said) {
                overrides.insert(section.name.to_owned(), Value::Table(picked(&said, &understood)));
            }
        }
        overrides
    }

    fn may_differ(&mut self, section: &Kind, kind: LayerKind, said: &DeTable<'_>, under: &[Step]) {
        for (key, _) in said {
            if section.may_differ(key.get_ref(), kind) {
                continue;
            }
            let may = section.may_override(kind);
            let may = if may.is_empty() { "nothing".to_owned() } else { may.join(", ") };
            let (layer, name) = (kind.as_str(), section.name);
            let what = format!("`{}` cannot differ by {layer}; of {name} {may} can", key.get_ref());
            let path = [under, &[Step::Key(key.get_ref().to_string())]].concat();
            let found = self.text.found(key.span().start, written(&path), what);
            note(&mut self.found, found);
        }
    }
}

fn within_path(region: &RegionId) -> [Step; 3] {
    [LayerKind::Region.as_str(), region.as_str(), WITHIN].map(|key| Step::Key(key.to_owned()))
}

#[cfg(test)]
mod tests;
