//! What is wrong with one value of a policy.

/// A value that cannot be meant, and where it stands in its section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The path below the section, as a person would look it up: `ladder[2].radius_km`.
    pub at: String,
    /// What is wrong, why, and what was expected.
    pub what: String,
}

impl Fault {
    #[must_use]
    pub fn new(at: impl Into<String>, what: impl Into<String>) -> Self {
        Self { at: at.into(), what: what.into() }
    }
}
