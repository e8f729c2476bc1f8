//! Who wrote a change: an automerge actor that says which replica it belongs to.

use crate::ids::ReplicaId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An automerge actor of 16 bytes: the first half names the replica, the second is drawn anew at
/// each process start and after every restore, because the same actor on a restored disk would
/// give out sequence numbers twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WriterId([u8; 16]);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a writer id is 16 bytes")]
pub struct BadWriter;

impl WriterId {
    #[must_use]
    pub fn new(replica: &ReplicaId, random: [u8; 8]) -> Self {
        let mut bytes = [0; 16];
        for (to, from) in bytes.iter_mut().zip(prefix(replica).into_iter().chain(random)) {
            *to = from;
        }
        Self(bytes)
    }

    #[must_use]
    pub fn belongs_to(&self, replica: &ReplicaId) -> bool {
        self.0.starts_with(&prefix(replica))
    }

    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    pub(super) fn to_automerge(self) -> automerge::ActorId {
        automerge::ActorId::from(self.0.as_slice())
    }
}

fn prefix(replica: &ReplicaId) -> [u8; 8] {
    let mut prefix = [0; 8];
    let hash = blake3::hash(replica.as_str().as_bytes());
    for (to, from) in prefix.iter_mut().zip(hash.as_bytes()) {
        *to = *from;
    }
    prefix
}

impl TryFrom<&[u8]> for WriterId {
    type Error = BadWriter;

    fn try_from(bytes: &[u8]) -> Result<Self, BadWriter> {
        Ok(Self(bytes.try_into().map_err(|_| BadWriter)?))
    }
}

impl fmt::Display for WriterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for WriterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_writer_belongs_to_its_replica_only() {
        let leeds = ReplicaId::new("leeds-a").unwrap();
        let york = ReplicaId::new("york-a").unwrap();
        let writer = WriterId::new(&leeds, [7; 8]);
        assert!(writer.belongs_to(&leeds));
        assert!(!writer.belongs_to(&york));
        assert_ne!(writer, WriterId::new(&leeds, [8; 8]));
        assert_eq!(WriterId::try_from(writer.as_bytes().as_slice()), Ok(writer));
    }
}
