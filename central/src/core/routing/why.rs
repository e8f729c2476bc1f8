//! Why a rule refused a node, with the values that it used. Most are never read: the commonest become a sentence
//! only where somebody reads or saves them.

use holdfast_shared::ids::Sku;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

#[derive(Debug, Clone)]
pub enum Why {
    /// In words already.
    Told(String),
    /// Too few units of a SKU to sell, with what is said of those that are kept back.
    Lacks { sku: Sku, units: i64, wanted: i64, kept: Option<Box<str>> },
    /// Not sure enough; none: nobody knows how sure.
    Doubted { sku: Sku, sure: Option<f64>, least: f64 },
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Told(words) => f.write_str(words),
            Self::Lacks { sku, units, wanted, kept: None } => {
                write!(f, "{units} of {sku} to sell, {wanted} wanted")
            }
            Self::Lacks { sku, units, wanted, kept: Some(kept) } => {
                write!(f, "{units} of {sku} to sell ({kept}), {wanted} wanted")
            }
            Self::Doubted { sku, sure: Some(sure), least } => {
                write!(f, "{sku} is there with a confidence of {sure:.2}; at least {least:.2} is asked for")
            }
            Self::Doubted { sku, sure: None, least } => {
                write!(f, "how sure {sku} is there is not known; a confidence of {least:.2} is asked for")
            }
        }
    }
}

impl From<String> for Why {
    fn from(words: String) -> Self {
        Self::Told(words)
    }
}

/// Who reads it sees the words alone.
impl PartialEq for Why {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Told(one), Self::Told(other)) => one == other,
            (Self::Told(_) | Self::Lacks { .. } | Self::Doubted { .. }, _) => {
                self.to_string() == other.to_string()
            }
        }
    }
}

impl Serialize for Why {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Why {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::Told)
    }
}
