//! In which regions a rung looks for nodes.

use holdfast_shared::ids::RegionId;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeSet;
use std::fmt;

const ANY: &str = "any";
const SAME: &str = "same";

/// Written as `"any"`, `"same"`, or a list of names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Regions {
    /// Wherever a node lies, also in no region.
    #[default]
    Any,
    /// The customer's own: that of the node nearest to where the goods go.
    Same,
    /// These, and those that a policy says to lie within them.
    Named(BTreeSet<RegionId>),
}

impl Regions {
    /// For serde: what stands there by itself is not written down.
    #[must_use]
    pub fn is_any(&self) -> bool {
        *self == Self::Any
    }

    /// Whether whoever lies in the other's regions lies in these as well.
    #[must_use]
    pub fn cover(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, _) | (Self::Same, Self::Same) => true,
            (Self::Named(these), Self::Named(those)) => those.is_subset(these),
            (Self::Same | Self::Named(_), Self::Any | Self::Same | Self::Named(_)) => false,
        }
    }
}

impl Serialize for Regions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Any => serializer.serialize_str(ANY),
            Self::Same => serializer.serialize_str(SAME),
            Self::Named(names) => names.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Regions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written)
    }
}

struct Written;

impl<'de> Visitor<'de> for Written {
    type Value = Regions;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"any\", \"same\" or a list of regions")
    }

    fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Regions, E> {
        match word {
            ANY => Ok(Regions::Any),
            SAME => Ok(Regions::Same),
            other => Err(E::unknown_variant(other, &[ANY, SAME])),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Regions, A::Error> {
        let mut named = BTreeSet::new();
        while let Some(name) = names.next_element()? {
            named.insert(name);
        }
        Ok(Regions::Named(named))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(names: &[&str]) -> Regions {
        Regions::Named(names.iter().map(|name| name.parse().unwrap()).collect())
    }

    #[test]
    fn regions_are_written_as_a_word_or_as_names() {
        for (text, regions) in [
            (r#""any""#, Regions::Any),
            (r#""same""#, Regions::Same),
            (r#"["north","south"]"#, named(&["north", "south"])),
        ] {
            assert_eq!(serde_json::from_str::<Regions>(text).unwrap(), regions);
            assert_eq!(serde_json::to_string(&regions).unwrap(), text);
        }
        let told = serde_json::from_str::<Regions>(r#""north""#).unwrap_err().to_string();
        assert!(told.contains("north") && told.contains("same"), "{told}");
        assert!(serde_json::from_str::<Regions>(r#"["North Sea"]"#).is_err());
    }

    #[test]
    fn wider_regions_cover_narrower_ones() {
        let (one, two) = (named(&["north"]), named(&["north", "south"]));
        assert!(Regions::Any.cover(&one) && Regions::Same.cover(&Regions::Same) && two.cover(&one));
        assert!(!one.cover(&two) && !one.cover(&Regions::Any) && !Regions::Same.cover(&one));
        assert!(!one.cover(&Regions::Same), "the customer may live elsewhere");
    }
}
