//! The bytes of a sync message, read with limits: on what comes, on what it unpacks to, and on what
//! that takes in memory.

use super::{SYNC_VERSION, SYNC_VERSION_MIN, SyncRequest, SyncResponse};
use crate::error::Code;
use crate::limits::{DOCUMENT_FACTS_MAX, SYNC_BYTES_MAX, SYNC_DOCUMENTS_MAX, SYNC_PLAIN_BYTES_MAX};
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use std::fmt;
use std::io::Read;
use std::marker::PhantomData;

const MAGIC: [u8; 4] = *b"HFS1";
const ZSTD_LEVEL: i32 = 6;
/// The largest window that a sender may ask of us: 8 MiB.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;
/// Shorter than any change: frame, writer and columns alone take more.
const CHANGE_BYTES_MIN: usize = 40;

#[derive(Debug, thiserror::Error)]
pub enum SyncCodecError {
    #[error("the sync message does not start with HFS1")]
    NotASyncMessage,
    #[error("the sync message has {what}; the limit is {limit}")]
    TooLarge { what: &'static str, limit: usize },
    #[error("the sync message cannot be unpacked")]
    Compression(#[source] std::io::Error),
    #[error("the sync message cannot be read")]
    Malformed(#[source] rmp_serde::decode::Error),
    #[error("the sync message has version {0}; this side reads {SYNC_VERSION_MIN} to {SYNC_VERSION}")]
    Version(u16),
    #[error("the sync message cannot be written")]
    Encode(#[source] rmp_serde::encode::Error),
}

impl SyncCodecError {
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::NotASyncMessage => Code::UnsupportedMediaType,
            Self::TooLarge { .. } => Code::BodyTooLarge,
            Self::Compression(_) | Self::Malformed(_) => Code::DamagedSync,
            Self::Version(_) => Code::InvalidRequest,
            Self::Encode(_) => Code::Internal,
        }
    }

    /// What to do now, where the code alone does not say it.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Version(version) if *version > SYNC_VERSION => Some(
                "Update central first, and speak an older version until then; agents do so by themselves.",
            ),
            Self::Version(_) => Some("Update the agent: this central does not read its version any more."),
            Self::NotASyncMessage
            | Self::TooLarge { .. }
            | Self::Compression(_)
            | Self::Malformed(_)
            | Self::Encode(_) => None,
        }
    }
}

/// A message of a sync round.
pub trait SyncMessage: Serialize + DeserializeOwned {
    /// Entries of its longest list.
    fn longest(&self) -> usize;

    fn encode(&self) -> Result<Vec<u8>, SyncCodecError> {
        limit("too many documents", self.longest(), SYNC_DOCUMENTS_MAX)?;
        let plain = rmp_serde::to_vec_named(self).map_err(SyncCodecError::Encode)?;
        limit("too many bytes when unpacked", plain.len(), SYNC_PLAIN_BYTES_MAX)?;
        let packed = zstd::bulk::compress(&plain, ZSTD_LEVEL).map_err(SyncCodecError::Compression)?;
        let mut bytes = MAGIC.to_vec();
        bytes.extend(packed);
        limit("too many bytes", bytes.len(), SYNC_BYTES_MAX)?;
        Ok(bytes)
    }

    fn decode(bytes: &[u8]) -> Result<Self, SyncCodecError> {
        limit("too many bytes", bytes.len(), SYNC_BYTES_MAX)?;
        let packed = bytes.strip_prefix(&MAGIC).ok_or(SyncCodecError::NotASyncMessage)?;
        let plain = unpack(packed)?;
        // The version first: another one may have other fields.
        let Versioned { version } = rmp_serde::from_slice(&plain).map_err(SyncCodecError::Malformed)?;
        if !(SYNC_VERSION_MIN..=SYNC_VERSION).contains(&version) {
            return Err(SyncCodecError::Version(version));
        }
        rmp_serde::from_slice(&plain).map_err(SyncCodecError::Malformed)
    }
}

impl SyncMessage for SyncRequest {
    fn longest(&self) -> usize {
        self.documents.len().max(self.asks.len()).max(self.own.len()).max(self.losses.len())
    }
}

impl SyncMessage for SyncResponse {
    fn longest(&self) -> usize {
        self.documents.len().max(self.acknowledged.len()).max(self.errors.len()).max(self.seals.len())
    }
}

#[derive(Deserialize)]
struct Versioned {
    version: u16,
}

fn limit(what: &'static str, size: usize, limit: usize) -> Result<(), SyncCodecError> {
    if size > limit { Err(SyncCodecError::TooLarge { what, limit }) } else { Ok(()) }
}

/// Stops at the limit, whatever the frame says about its size.
fn unpack(packed: &[u8]) -> Result<Vec<u8>, SyncCodecError> {
    let mut decoder =
        zstd::stream::read::Decoder::with_buffer(packed).map_err(SyncCodecError::Compression)?;
    decoder.window_log_max(ZSTD_WINDOW_LOG_MAX).map_err(SyncCodecError::Compression)?;
    let one_too_many = u64::try_from(SYNC_PLAIN_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    let mut plain = Vec::new();
    decoder.take(one_too_many).read_to_end(&mut plain).map_err(SyncCodecError::Compression)?;
    limit("too many bytes when unpacked", plain.len(), SYNC_PLAIN_BYTES_MAX)?;
    Ok(plain)
}

/// A list of documents: it stops at the limit, before it takes memory for more.
pub(super) fn bounded<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    struct Documents<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Documents<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "at most {SYNC_DOCUMENTS_MAX} documents")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
            let mut documents = Vec::new();
            while documents.len() < SYNC_DOCUMENTS_MAX {
                match list.next_element()? {
                    Some(document) => documents.push(document),
                    None => return Ok(documents),
                }
            }
            match list.next_element::<IgnoredAny>()? {
                Some(IgnoredAny) => Err(serde::de::Error::invalid_length(SYNC_DOCUMENTS_MAX + 1, &self)),
                None => Ok(documents),
            }
        }
    }

    deserializer.deserialize_seq(Documents(PhantomData))
}

/// The changes of one document. Pieces too short to be a change would take ten times their size in
/// memory, so only the first is kept: it is enough for the document to be refused.
pub(super) fn changes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<ByteBuf>, D::Error> {
    struct Changes;

    impl<'de> Visitor<'de> for Changes {
        type Value = Vec<ByteBuf>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "at most {DOCUMENT_FACTS_MAX} changes")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<ByteBuf>, A::Error> {
            let mut changes: Vec<ByteBuf> = Vec::new();
            let mut short = false;
            while let Some(change) = list.next_element::<ByteBuf>()? {
                let is_short = change.len() < CHANGE_BYTES_MIN;
                if changes.len() <= DOCUMENT_FACTS_MAX && !(is_short && short) {
                    changes.push(change);
                }
                short |= is_short;
            }
            Ok(changes)
        }
    }

    deserializer.deserialize_seq(Changes)
}
