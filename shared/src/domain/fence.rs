//! The fence: grows with every (re)assignment of an order line, over all incarnations of central.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Of two assignments of one line, the one with the greater fence counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Fence {
    pub incarnation: u32,
    pub number: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a fence: expected incarnation.number, like 1.7")]
pub struct BadFence(String);

impl fmt::Display for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.incarnation, self.number)
    }
}

impl FromStr for Fence {
    type Err = BadFence;

    fn from_str(text: &str) -> Result<Self, BadFence> {
        let refused = || BadFence(text.chars().take(40).collect());
        let (incarnation, number) = text.split_once('.').ok_or_else(refused)?;
        let fence = Self {
            incarnation: incarnation.parse().map_err(|_| refused())?,
            number: number.parse().map_err(|_| refused())?,
        };
        if fence.to_string() == text { Ok(fence) } else { Err(refused()) }
    }
}

impl Serialize for Fence {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fence {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_incarnation_is_greater_than_every_number_before_it() {
        let old: Fence = "1.999".parse().unwrap();
        let new: Fence = "2.0".parse().unwrap();
        assert!(new > old);
        assert!("1".parse::<Fence>().is_err() && "01.2".parse::<Fence>().is_err());
    }
}
