//! The words of a comparison, and those of another system.

use crate::core::policy::version::PolicyVersion;
use holdfast_shared::ids::{OrderId, StoreId};
use holdfast_shared::limits::ID_CHARS_MAX;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use utoipa::ToSchema;

/// What another system calls an order, a node, a kind. Checked only for its length.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, example = "LEEDS-01")]
pub struct Foreign(String);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no name: expected 1 to {ID_CHARS_MAX} characters, none of them a control character")]
pub struct BadForeign(String);

impl Foreign {
    pub fn new(text: impl Into<String>) -> Result<Self, BadForeign> {
        let text = text.into();
        let fits = !text.trim().is_empty() && text.chars().count() <= ID_CHARS_MAX;
        if fits && !text.chars().any(char::is_control) {
            return Ok(Self(text));
        }
        Err(BadForeign(text.chars().take(80).collect()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Two names that differ in case and punctuation alone are probably of the same thing.
    #[must_use]
    pub fn resembles(&self, other: &str) -> bool {
        let letters = |text: &str| -> String {
            text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
        };
        letters(&self.0) == letters(other)
    }
}

/// Ids of central are shorter than that, and hold nothing but letters, digits and dashes.
impl From<&StoreId> for Foreign {
    fn from(store: &StoreId) -> Self {
        Self(store.as_str().to_owned())
    }
}

impl From<&OrderId> for Foreign {
    fn from(order: &OrderId) -> Self {
        Self(order.as_str().to_owned())
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Foreign {
    type Err = BadForeign;

    fn from_str(text: &str) -> Result<Self, BadForeign> {
        Self::new(text)
    }
}

impl<'de> Deserialize<'de> for Foreign {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// Whom central's decisions are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Against {
    Version(PolicyVersion),
    /// The system that decided before, or still does.
    Legacy,
}

const LEGACY: &str = "legacy";

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is nobody to compare with: expected a version, like v3, or legacy")]
pub struct BadAgainst(String);

impl fmt::Display for Against {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => write!(f, "v{version}"),
            Self::Legacy => f.write_str(LEGACY),
        }
    }
}

impl FromStr for Against {
    type Err = BadAgainst;

    fn from_str(text: &str) -> Result<Self, BadAgainst> {
        if text == LEGACY {
            return Ok(Self::Legacy);
        }
        let bad = |_| BadAgainst(text.chars().take(40).collect());
        text.parse().map(Self::Version).map_err(bad)
    }
}

impl From<Against> for String {
    fn from(against: Against) -> Self {
        against.to_string()
    }
}

impl TryFrom<String> for Against {
    type Error = BadAgainst;

    fn try_from(text: String) -> Result<Self, BadAgainst> {
        text.parse()
    }
}

/// Why two sides differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DiffClass {
    /// Stock or eligibility was seen differently.
    Data,
    /// The same was seen, and another rule or score decided.
    Rules,
    /// A node, SKU, channel or kind that one side does not know, or calls otherwise.
    Mapping,
    /// What was seen changed between the two times.
    Timing,
    /// The other side decided, and central never did.
    MissingHere,
    /// Central decided, and the other side never did.
    MissingThere,
    /// Nobody can say from what is kept.
    Unclassified,
}

impl DiffClass {
    pub const ALL: [Self; 7] = [
        Self::Data,
        Self::Rules,
        Self::Mapping,
        Self::Timing,
        Self::MissingHere,
        Self::MissingThere,
        Self::Unclassified,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Rules => "rules",
            Self::Mapping => "mapping",
            Self::Timing => "timing",
            Self::MissingHere => "missing_here",
            Self::MissingThere => "missing_there",
            Self::Unclassified => "unclassified",
        }
    }
}

/// How bad it would have been for the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DiffSeverity {
    /// Not but in words.
    None,
    /// Another node, and the customer is served as well.
    Minor,
    /// Later, or dearer.
    Major,
    /// A promise is lost, or units have no node.
    Critical,
}

impl DiffSeverity {
    pub const ALL: [Self; 4] = [Self::None, Self::Minor, Self::Major, Self::Critical];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Critical => "critical",
        }
    }
}

/// What a person made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Triage {
    /// Nobody looked at it yet.
    Open,
    /// One side is wrong and is to be mended.
    Defect,
    /// Meant so.
    PolicyDifference,
    /// Not worth mending.
    AcceptableDrift,
}

impl Triage {
    pub const ALL: [Self; 4] = [Self::Open, Self::Defect, Self::PolicyDifference, Self::AcceptableDrift];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Defect => "defect",
            Self::PolicyDifference => "policy_difference",
            Self::AcceptableDrift => "acceptable_drift",
        }
    }

    /// Whether it still counts as a mismatch: a person who says that it is meant takes it out.
    #[must_use]
    pub const fn counts(self) -> bool {
        match self {
            Self::Open | Self::Defect => true,
            Self::PolicyDifference | Self::AcceptableDrift => false,
        }
    }
}
