//! The clock on a store's wall and the hours on its door, as one number.

use crate::core::fleet::Store;

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
