//! A document that nobody has yet: its first change is written down without the library, which would only
//! give the same bytes back.

use super::actor::WriterId;
use super::bag::StoredChange;
use super::chunk::Change;
use super::error::DocumentError;
use super::heads::{ChangeHash, Heads};
use crate::ids::FactId;
use crate::limits::FACT_BYTES_MAX;

impl StoredChange {
    /// The change that puts one fact into a document that is empty, and the heads that this leaves.
    pub fn first(writer: WriterId, id: &FactId, body: &str) -> Result<(Self, Heads), DocumentError> {
        if body.is_empty() || body.len() > FACT_BYTES_MAX {
            return Err(DocumentError::BadBody(id.clone()));
        }
        let facts = vec![(id.clone(), body.to_owned())];
        // The hash is that of the bytes, and is not written.
        let hash = ChangeHash::new([0; 32]);
        let bytes = Change { hash, deps: Vec::new(), writer, seq: 1, first_op: 1, facts }.encode();
        // As any change: it must pass the check that the other side will make.
        let Change { hash, writer, seq, .. } = Change::parse(&bytes)?;
        let heads = Heads::new([hash]).map_err(|error| DocumentError::Library(error.to_string()))?;
        Ok((Self { hash, writer, seq, bytes }, heads))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Bag;
    use crate::ids::{DeviceId, ReplicaId};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_what_the_library_would_have_written(
            (device, generation, number) in ("[a-z]{1,12}", 0..1_000_u32, 0..1_000_000_u64),
            body in "[ -~äß€]{1,400}",
            seed: [u8; 8],
        ) {
            let writer = WriterId::new(&ReplicaId::new("central").unwrap(), seed);
            let id = FactId::new(&DeviceId::new(device).unwrap(), generation, number).unwrap();
            let mut bag = Bag::new(writer);
            let recorded = bag.record(&[(id.clone(), body.clone())]).unwrap();
            let (change, heads) = StoredChange::first(writer, &id, &body).unwrap();
            prop_assert_eq!(&recorded.changes, &[change]);
            prop_assert_eq!(bag.heads(), heads);
        }
    }
}
