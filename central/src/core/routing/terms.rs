//! The terms of a score, kept as they were calculated. They get their names where somebody reads them or where
//! they are saved: most are compared once and never read.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The name of a rule or scorer: one of the product's own, or one that was read from a record.
pub type Word = Cow<'static, str>;

/// As many scorers as there may be.
pub const TERMS_MAX: usize = 10;

#[derive(Debug, Clone)]
pub struct Terms(Source);

#[derive(Debug, Clone)]
enum Source {
    Scorers(Counted),
    Record(BTreeMap<Word, f64>),
}

#[derive(Debug, Clone)]
struct Counted {
    names: &'static [&'static str],
    /// In the order of the names, and a bit for each that counts.
    terms: [f64; TERMS_MAX],
    counts: u16,
}

impl Counted {
    fn of_those_that_count(&self) -> impl Iterator<Item = (usize, f64)> {
        let all = self.terms.iter().copied().enumerate();
        all.filter(|(place, _)| self.counts >> place & 1 == 1)
    }
}

impl Terms {
    /// In the order of the names, none where a scorer does not count.
    pub fn of(names: &'static [&'static str], counted: impl Iterator<Item = Option<f64>>) -> Self {
        let (mut terms, mut counts) = ([0.0; TERMS_MAX], 0);
        for ((place, term), counted) in terms.iter_mut().enumerate().zip(counted) {
            *term = counted.unwrap_or(0.0);
            counts |= u16::from(counted.is_some()) << place;
        }
        Self(Source::Scorers(Counted { names, terms, counts }))
    }

    #[must_use]
    pub fn total(&self) -> f64 {
        match &self.0 {
            Source::Scorers(counted) => counted.of_those_that_count().map(|(_, term)| term).sum(),
            Source::Record(terms) => terms.values().sum(),
        }
    }

    /// By name, in the order of the names.
    #[must_use]
    pub fn by_name(&self) -> BTreeMap<&str, f64> {
        match &self.0 {
            Source::Scorers(counted) => {
                let named = counted.of_those_that_count();
                named.filter_map(|(place, term)| Some((*counted.names.get(place)?, term))).collect()
            }
            Source::Record(terms) => terms.iter().map(|(name, term)| (name.as_ref(), *term)).collect(),
        }
    }
}

impl FromIterator<(Word, f64)> for Terms {
    fn from_iter<I: IntoIterator<Item = (Word, f64)>>(terms: I) -> Self {
        Self(Source::Record(terms.into_iter().collect()))
    }
}

impl PartialEq for Terms {
    fn eq(&self, other: &Self) -> bool {
        self.by_name() == other.by_name()
    }
}

impl Serialize for Terms {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.by_name())
    }
}

impl<'de> Deserialize<'de> for Terms {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BTreeMap::deserialize(deserializer).map(|terms| Self(Source::Record(terms)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_calculated_reads_like_what_was_recorded() {
        let counted = Terms::of(&["load", "distance", "cost"], [Some(0.5), None, Some(0.1)].into_iter());
        let record = serde_json::to_string(&counted).unwrap();
        assert_eq!(record, r#"{"cost":0.1,"load":0.5}"#, "by name, and only what counted");
        let read: Terms = serde_json::from_str(&record).unwrap();
        assert_eq!(read, counted);
        assert_eq!(read.total().to_bits(), counted.total().to_bits());
        assert_ne!(Terms::of(&["load", "distance", "cost"], [Some(0.5)].into_iter()), counted);
    }
}
