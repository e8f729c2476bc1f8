//! Secrets: not printed, compared without telling how far they agreed, stored only as hashes.

use std::fmt;
use subtle::ConstantTimeEq;

/// A text that no log shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself. Each use is a place to look at.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

impl<'de> serde::Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <String as serde::Deserialize>::deserialize(deserializer).map(Self)
    }
}

/// Whether two secrets are the same, in time that does not depend on where they differ.
#[must_use]
pub fn same(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

/// What is stored of a token: a hash under the installation's key, so that a stolen table of
/// short codes cannot be tried out elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    #[must_use]
    pub fn of(key: &[u8; 32], token: &str) -> Self {
        Self(*blake3::keyed_hash(key, token.as_bytes()).as_bytes())
    }

    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        same(&self.0, &other.0)
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_printed() {
        let secret = Secret::new("hunter2");
        let hash = TokenHash::of(&[1; 32], "hunter2");
        assert_eq!(format!("{secret:?} {hash:?}"), "Secret(hidden) TokenHash(hidden)");
        assert_eq!(secret.reveal(), "hunter2");
    }

    #[test]
    fn the_key_is_part_of_the_hash() {
        let hash = TokenHash::of(&[1; 32], "a");
        assert!(hash.matches(&TokenHash::of(&[1; 32], "a")));
        assert!(!hash.matches(&TokenHash::of(&[2; 32], "a")));
        assert!(!hash.matches(&TokenHash::of(&[1; 32], "b")));
        assert!(!same(b"a", b"ab"));
    }
}
