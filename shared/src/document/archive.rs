//! The changes of a document that is complete, as one compressed row.

use super::StoredChange;
use crate::limits::{ARCHIVE_BYTES_MAX, DOCUMENT_FACTS_MAX};
use serde_bytes::ByteBuf;
use std::io::Read;

const ZSTD_LEVEL: i32 = 3;

/// Damage of an archive.
#[derive(Debug, thiserror::Error)]
pub enum BadArchive {
    #[error("the archive of a document cannot be written")]
    Pack(#[source] std::io::Error),
    #[error("the changes of an archive cannot be written")]
    Encode(#[source] rmp_serde::encode::Error),
    #[error("the archive of a document cannot be unpacked")]
    Unpack(#[source] std::io::Error),
    #[error("the archive of a document cannot be read")]
    Decode(#[source] rmp_serde::decode::Error),
    #[error(
        "the archive of a document has more than {ARCHIVE_BYTES_MAX} bytes or {DOCUMENT_FACTS_MAX} changes"
    )]
    TooLarge,
}

/// All changes of a document, in an order in which they can be applied.
pub fn pack(changes: &[StoredChange]) -> Result<Vec<u8>, BadArchive> {
    let changes: Vec<_> = changes.iter().map(|change| serde_bytes::Bytes::new(&change.bytes)).collect();
    let plain = rmp_serde::to_vec(&changes).map_err(BadArchive::Encode)?;
    zstd::bulk::compress(&plain, ZSTD_LEVEL).map_err(BadArchive::Pack)
}

/// The bytes of the changes, to be checked as any that are loaded.
pub fn unpack(archive: &[u8]) -> Result<Vec<Vec<u8>>, BadArchive> {
    let decoder = zstd::stream::read::Decoder::with_buffer(archive).map_err(BadArchive::Unpack)?;
    let one_too_many = u64::try_from(ARCHIVE_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    let mut plain = Vec::new();
    decoder.take(one_too_many).read_to_end(&mut plain).map_err(BadArchive::Unpack)?;
    if plain.len() > ARCHIVE_BYTES_MAX {
        return Err(BadArchive::TooLarge);
    }
    let changes: Vec<ByteBuf> = rmp_serde::from_slice(&plain).map_err(BadArchive::Decode)?;
    if changes.len() > DOCUMENT_FACTS_MAX {
        return Err(BadArchive::TooLarge);
    }
    Ok(changes.into_iter().map(ByteBuf::into_vec).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Bag, Heads, WriterId};
    use crate::ids::ReplicaId;

    #[test]
    fn a_document_comes_back_as_it_was_and_damage_is_an_error() {
        let writer = WriterId::new(&ReplicaId::new("leeds-a").unwrap(), [1; 8]);
        let mut bag = Bag::new(writer);
        for n in 1..=3 {
            bag.record(&[(format!("t.1.{n}").parse().unwrap(), format!("body {n}"))]).unwrap();
        }
        let changes = bag.changes_since(&Heads::empty()).unwrap();
        let archive = pack(&changes).unwrap();
        let again = Bag::load(writer, unpack(&archive).unwrap()).unwrap();
        assert_eq!(again.heads(), bag.heads());
        let cut = archive.get(..archive.len() / 2).unwrap();
        assert!(unpack(cut).is_err());
    }
}
