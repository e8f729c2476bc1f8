//! What a section of a policy must be able to do, and the table by which a document is read.

use super::Fault;
use super::layers::LayerKind;
use serde::Serialize;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::Table;
use toml::de::{DeTable, Deserializer, Error};

/// A key that layers may override, and which of them.
pub type Layered = (&'static str, &'static [LayerKind]);

/// A key that somebody may look for in this section although it is set elsewhere, and what to say then.
pub type Elsewhere = (&'static str, &'static str);

/// One part of a policy. Unknown keys are refused, absent ones have their default.
pub trait Section: Serialize + DeserializeOwned + Default {
    const NAME: &'static str;
    const LAYERED: &'static [Layered];
    const ELSEWHERE: &'static [Elsewhere] = &[];

    /// Everything in it that cannot be meant.
    fn faults(&self) -> Vec<Fault>;
}

/// A section as the reader of documents knows it.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    pub name: &'static str,
    pub layered: &'static [Layered],
    pub(super) elsewhere: &'static [Elsewhere],
    pub(super) read: fn(Spanned<DeTable<'_>>) -> Result<Whole, Error>,
}

/// A section that could be read: with every value, and what cannot be meant in it.
#[derive(Debug, Clone)]
pub(super) struct Whole {
    pub(super) values: Table,
    pub(super) faults: Vec<Fault>,
}

impl Kind {
    #[must_use]
    pub const fn of<S: Section>() -> Self {
        Self { name: S::NAME, layered: S::LAYERED, elsewhere: S::ELSEWHERE, read: whole::<S> }
    }

    /// Whether a layer of this kind may say something about a key of this section.
    #[must_use]
    pub fn may_differ(&self, key: &str, by: LayerKind) -> bool {
        self.layered.iter().any(|(known, kinds)| *known == key && kinds.contains(&by))
    }

    /// The keys that a layer of this kind may override.
    #[must_use]
    pub fn may_override(&self, by: LayerKind) -> Vec<&'static str> {
        self.layered.iter().filter(|(_, kinds)| kinds.contains(&by)).map(|(key, _)| *key).collect()
    }
}

fn whole<S: Section>(table: Spanned<DeTable<'_>>) -> Result<Whole, Error> {
    let section = S::deserialize(Deserializer::from(table))?;
    let values = Table::try_from(&section)
        .map_err(|error| <Error as serde::de::Error>::custom(format!("cannot be written down: {error}")))?;
    Ok(Whole { values, faults: section.faults() })
}
