//! The clock on a store's wall and the hours on its door, as one number.

use crate::core::fleet::Store;
use std::hash::{BuildHasherDefault, Hasher};

/// Stores with the same one have goods ready at the same moments, so that what the calendar said of one is
/// said of all of them. It is the beginning of a hash, and long enough to stand for what it was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Wall(u128);

impl Wall {
    /// Of all that [`ready_at`](super::ready_at) and the cutoffs of a service read of a store.
    #[must_use]
    pub fn of(store: &Store) -> Self {
        let bytes = serde_json::to_vec(&(&store.zone, &store.hours)).unwrap_or_default();
        let hash = blake3::hash(&bytes);
        Self(hash.as_bytes().first_chunk().copied().map_or(0, u128::from_le_bytes))
    }
}

/// For maps by walls: what is the beginning of a hash is mixed with the rest of the key, and not hashed again.
pub(super) type ByWall = BuildHasherDefault<WallHasher>;

#[derive(Debug, Default)]
pub(super) struct WallHasher(u64);

/// The golden ratio in 64 bits: neighbouring numbers come to lie far apart.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

impl Hasher for WallHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(32) ^ number).wrapping_mul(SPREAD);
    }

    fn write_u128(&mut self, number: u128) {
        self.write_u64(u64::try_from(number >> 64).unwrap_or(u64::MAX));
    }
}
