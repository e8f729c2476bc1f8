//! A digest of a set that is kept up to date in constant time: insert and remove undo each other,
//! and order does not matter.
//!
//! Each item's blake3 hash, read as four 64-bit numbers, is added; removing subtracts. It finds
//! drift between two honest sides. It is not a signature: who may choose items freely could
//! construct a collision, which is why nothing is accepted because of an equal digest.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The sum over a set of items. The empty set is all zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SetHash([u64; 4]);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a set hash is 32 bytes, written as 64 lower-case hexadecimal digits")]
pub struct BadSetHash;

impl SetHash {
    pub const EMPTY: Self = Self([0; 4]);

    /// Adds an item. The caller makes its bytes unambiguous (lengths or separators between parts).
    pub fn insert(&mut self, item: &[u8]) {
        self.combine(item, u64::wrapping_add);
    }

    /// Takes out an item that was inserted before.
    pub fn remove(&mut self, item: &[u8]) {
        self.combine(item, u64::wrapping_sub);
    }

    fn combine(&mut self, item: &[u8], with: fn(u64, u64) -> u64) {
        let hash = words(blake3::hash(item).as_bytes());
        for (sum, word) in self.0.iter_mut().zip(hash) {
            *sum = with(*sum, word);
        }
    }

    #[must_use]
    pub fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (chunk, word) in bytes.chunks_exact_mut(8).zip(self.0) {
            chunk.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(words(&bytes))
    }

    #[must_use]
    pub fn hex(self) -> String {
        data_encoding::HEXLOWER.encode(&self.to_bytes())
    }
}

fn words(bytes: &[u8; 32]) -> [u64; 4] {
    let mut words = [0; 4];
    for (word, chunk) in words.iter_mut().zip(bytes.chunks_exact(8)) {
        *word = u64::from_le_bytes(chunk.try_into().unwrap_or_default());
    }
    words
}

impl fmt::Display for SetHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex())
    }
}

impl FromStr for SetHash {
    type Err = BadSetHash;

    fn from_str(text: &str) -> Result<Self, BadSetHash> {
        let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).map_err(|_| BadSetHash)?;
        Ok(Self::from_bytes(bytes.try_into().map_err(|_| BadSetHash)?))
    }
}

/// Hexadecimal where a person may read it (JSON), 32 bytes on the sync wire.
impl Serialize for SetHash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_bytes(&self.to_bytes())
        }
    }
}

impl<'de> Deserialize<'de> for SetHash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wrong = serde::de::Error::custom;
        if deserializer.is_human_readable() {
            return String::deserialize(deserializer)?.parse().map_err(wrong);
        }
        let bytes = serde_bytes::ByteBuf::deserialize(deserializer)?.into_vec();
        Ok(Self::from_bytes(bytes.try_into().map_err(|_| wrong(BadSetHash))?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_does_not_matter_and_removal_undoes() {
        let mut forth = SetHash::EMPTY;
        forth.insert(b"a");
        forth.insert(b"b");
        let mut back = SetHash::EMPTY;
        back.insert(b"b");
        back.insert(b"a");
        assert_eq!(forth, back);
        back.remove(b"b");
        let mut only_a = SetHash::EMPTY;
        only_a.insert(b"a");
        assert_eq!(back, only_a);
        back.remove(b"a");
        assert_eq!(back, SetHash::EMPTY);
    }

    #[test]
    fn written_and_read_back() {
        let mut hash = SetHash::EMPTY;
        hash.insert(b"a");
        assert_eq!(hash.hex().parse(), Ok(hash));
        assert_eq!(serde_json::from_value::<SetHash>(serde_json::to_value(hash).unwrap()).unwrap(), hash);
        assert_eq!(rmp_serde::from_slice::<SetHash>(&rmp_serde::to_vec(&hash).unwrap()).unwrap(), hash);
        assert!("00".parse::<SetHash>().is_err());
    }
}
