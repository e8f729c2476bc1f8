//! A TOML file as flat dotted keys, each with its line.

use std::collections::BTreeMap;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

#[derive(Debug)]
pub(super) struct Leaf {
    pub(super) value: toml::Value,
    pub(super) line: usize,
}

impl Leaf {
    pub(super) fn is_empty_table(&self) -> bool {
        self.value.as_table().is_some_and(toml::Table::is_empty)
    }
}

type Errors = Vec<(usize, String)>;

fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

/// Every value of the file by its dotted key, or every place where it is not TOML.
pub(super) fn leaves(text: &str) -> Result<BTreeMap<String, Leaf>, Errors> {
    let told = |error: &toml::de::Error| {
        let line = error.span().map_or(1, |span| line_of(text, span.start));
        (line, error.message().replace('\n', ", "))
    };
    let (places, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Err(errors.iter().map(told).collect());
    }
    let values: toml::Table = text.parse().map_err(|error| vec![told(&error)])?;
    let mut leaves = BTreeMap::new();
    walk(text, "", &values, places.get_ref(), &mut leaves);
    Ok(leaves)
}

// TOML's own nesting limit bounds the recursion.
fn walk(
    text: &str,
    above: &str,
    values: &toml::Table,
    places: &DeTable<'_>,
    leaves: &mut BTreeMap<String, Leaf>,
) {
    for (name, place) in places {
        let Some(value) = values.get(name.get_ref().as_ref()) else { continue };
        let key =
            if above.is_empty() { name.get_ref().to_string() } else { format!("{above}.{}", name.get_ref()) };
        match (value, inner(place)) {
            (toml::Value::Table(table), Some(inner)) if !table.is_empty() => {
                walk(text, &key, table, inner, leaves);
            }
            (value, _) => {
                let line = line_of(text, name.span().start);
                leaves.insert(key, Leaf { value: value.clone(), line });
            }
        }
    }
}

fn inner<'a, 'i>(place: &'a Spanned<DeValue<'i>>) -> Option<&'a DeTable<'i>> {
    place.get_ref().as_table()
}
