//! The heads of a document: the hashes of its newest changes. Equal heads are equal documents.

use crate::limits::HEADS_MAX;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadHeads {
    #[error("a change hash is 32 bytes, written as 64 lower-case hexadecimal digits")]
    NotAHash,
    #[error("heads are whole hashes of 32 bytes in ascending order, each once")]
    NotSorted,
    #[error("a document has at most {HEADS_MAX} heads, here are {0}")]
    TooMany(usize),
}

/// The SHA-256 of one change. Names it, and everything before it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChangeHash([u8; 32]);

impl ChangeHash {
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(super) const fn to_automerge(self) -> automerge::ChangeHash {
        automerge::ChangeHash(self.0)
    }
}

impl From<automerge::ChangeHash> for ChangeHash {
    fn from(hash: automerge::ChangeHash) -> Self {
        Self(hash.0)
    }
}

impl TryFrom<&[u8]> for ChangeHash {
    type Error = BadHeads;

    fn try_from(bytes: &[u8]) -> Result<Self, BadHeads> {
        Ok(Self(bytes.try_into().map_err(|_| BadHeads::NotAHash)?))
    }
}

impl fmt::Display for ChangeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for ChangeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ChangeHash {
    type Err = BadHeads;

    fn from_str(text: &str) -> Result<Self, BadHeads> {
        let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).map_err(|_| BadHeads::NotAHash)?;
        Self::try_from(bytes.as_slice())
    }
}

/// Hexadecimal in JSON, bytes on the sync wire.
impl Serialize for ChangeHash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_bytes(&self.0)
        }
    }
}

impl<'de> Deserialize<'de> for ChangeHash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let hash = if deserializer.is_human_readable() {
            String::deserialize(deserializer)?.parse()
        } else {
            Self::try_from(serde_bytes::ByteBuf::deserialize(deserializer)?.as_slice())
        };
        hash.map_err(serde::de::Error::custom)
    }
}

/// The heads of one document, sorted; none for a document without changes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Heads(BTreeSet<ChangeHash>);

impl Heads {
    #[must_use]
    pub const fn empty() -> Self {
        Self(BTreeSet::new())
    }

    pub fn new(hashes: impl IntoIterator<Item = ChangeHash>) -> Result<Self, BadHeads> {
        let hashes: BTreeSet<_> = hashes.into_iter().take(HEADS_MAX + 1).collect();
        if hashes.len() > HEADS_MAX { Err(BadHeads::TooMany(hashes.len())) } else { Ok(Self(hashes)) }
    }

    /// The hashes one after the other, as they are stored and sent.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|hash| hash.0).collect()
    }

    /// Reads [`Heads::to_bytes`]. There is one spelling only.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadHeads> {
        if bytes.len() > HEADS_MAX * 32 {
            return Err(BadHeads::TooMany(bytes.len().div_ceil(32)));
        }
        let hashes: BTreeSet<_> = bytes.chunks(32).map(ChangeHash::try_from).collect::<Result<_, _>>()?;
        let heads = Self(hashes);
        if heads.to_bytes() == bytes { Ok(heads) } else { Err(BadHeads::NotSorted) }
    }

    pub fn iter(&self) -> impl Iterator<Item = &ChangeHash> {
        self.0.iter()
    }

    #[must_use]
    pub fn contains(&self, hash: &ChangeHash) -> bool {
        self.0.contains(hash)
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Heads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, hash) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str(",")?;
            }
            write!(f, "{hash}")?;
        }
        Ok(())
    }
}

/// A list of hexadecimal hashes in JSON, the bytes of all on the sync wire.
impl Serialize for Heads {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            self.0.serialize(serializer)
        } else {
            serializer.serialize_bytes(&self.to_bytes())
        }
    }
}

impl<'de> Deserialize<'de> for Heads {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let heads = if deserializer.is_human_readable() {
            Self::new(Vec::<ChangeHash>::deserialize(deserializer)?)
        } else {
            Self::from_bytes(&serde_bytes::ByteBuf::deserialize(deserializer)?)
        };
        heads.map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(byte: u8) -> ChangeHash {
        ChangeHash::new([byte; 32])
    }

    #[test]
    fn stored_sent_and_shown_forms_read_back() {
        let heads = Heads::new([hash(9), hash(1), hash(9)]).unwrap();
        assert_eq!(heads.len(), 2);
        assert_eq!(Heads::from_bytes(&heads.to_bytes()), Ok(heads.clone()));
        let json = serde_json::to_value(&heads).unwrap();
        assert_eq!(json[0], "01".repeat(32));
        assert_eq!(serde_json::from_value::<Heads>(json).unwrap(), heads);
        let packed = rmp_serde::to_vec(&heads).unwrap();
        assert!(packed.len() <= 66);
        assert_eq!(rmp_serde::from_slice::<Heads>(&packed).unwrap(), heads);
    }

    #[test]
    fn there_is_one_spelling_and_a_limit() {
        let swapped: Vec<u8> = [[9; 32], [1; 32]].concat();
        assert_eq!(Heads::from_bytes(&swapped), Err(BadHeads::NotSorted));
        assert_eq!(Heads::from_bytes(&[7; 33]), Err(BadHeads::NotAHash));
        assert!(Heads::from_bytes(&vec![7; 32 * (HEADS_MAX + 1)]).is_err());
        assert!(Heads::new((0..=64).map(hash)).is_err());
    }
}
