//! What lies beside a decision in storage, as bytes that nobody reads on the way: what the decision looked at, and
//! under its hash what each of the nodes is.

use data_encoding::BASE64_NOPAD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::sync::Arc;

const KEY_BYTES: usize = 16;

/// Half of a hash: what is said alike has it alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeenKey([u8; KEY_BYTES]);

impl SeenKey {
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    fn of(text: &str) -> Self {
        let mut key = [0; KEY_BYTES];
        for (to, from) in key.iter_mut().zip(blake3::hash(text.as_bytes()).as_bytes()) {
            *to = *from;
        }
        Self(key)
    }
}

impl Serialize for SeenKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64_NOPAD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for SeenKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = BASE64_NOPAD.decode(text.as_bytes()).map_err(D::Error::custom)?;
        bytes.try_into().map(Self).map_err(|_| D::Error::custom("it is not as long as the key of a node"))
    }
}

/// What a node is, in words that many decisions share.
#[derive(Debug, PartialEq, Eq)]
pub struct Seen {
    key: SeenKey,
    text: String,
}

impl Seen {
    #[must_use]
    pub fn new(text: String) -> Self {
        Self { key: SeenKey::of(&text), text }
    }

    #[must_use]
    pub const fn key(&self) -> &SeenKey {
        &self.key
    }

    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// All of one decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    packed: Vec<u8>,
    nodes: Vec<Arc<Seen>>,
}

impl Kept {
    #[must_use]
    pub const fn new(packed: Vec<u8>, nodes: Vec<Arc<Seen>>) -> Self {
        Self { packed, nodes }
    }

    #[must_use]
    pub fn packed(&self) -> &[u8] {
        &self.packed
    }

    /// Those that it speaks of by their keys.
    #[must_use]
    pub fn nodes(&self) -> &[Arc<Seen>] {
        &self.nodes
    }
}
