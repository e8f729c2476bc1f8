//! The names by which policies speak of SKUs and of where they are sold.

use holdfast_shared::limits::ID_CHARS_MAX;
use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::ToSchema;

/// A class of SKUs, as the catalogue names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, example = "hot")]
pub struct SkuClass(String);

impl SkuClass {
    /// Of SKUs to which the catalogue gives none.
    pub const DEFAULT: &'static str = "default";

    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is wrong with it as a name in a policy.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        name_fault("class", &self.0)
    }
}

impl Default for SkuClass {
    fn default() -> Self {
        Self(String::from(Self::DEFAULT))
    }
}

impl fmt::Display for SkuClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where an order comes from, as its storefront names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, example = "web")]
pub struct Channel(String);

impl Channel {
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is wrong with it as a name in a policy.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        name_fault("channel", &self.0)
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn name_fault(what: &str, name: &str) -> Option<String> {
    let length = name.chars().count();
    let bad = name.trim().is_empty() || length > ID_CHARS_MAX;
    bad.then(|| format!("a {what} has a name of 1 to {ID_CHARS_MAX} characters; this one has {length}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_nobody_can_mean_is_a_fault() {
        assert!(SkuClass::new(" ").fault().is_some());
        assert!(Channel::new("x".repeat(ID_CHARS_MAX + 1)).fault().is_some());
        assert_eq!((SkuClass::default().fault(), Channel::new("web").fault()), (None, None));
    }
}
