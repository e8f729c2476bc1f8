//! The messages of one sync round, and their bytes.
//!
//! No state of a conversation is kept: heads and dependencies are enough after any loss. A message
//! is `HFS1`, then zstd over MessagePack with named fields. Unknown fields are skipped, so that an
//! agent two versions behind still syncs; a version that this side cannot read is a clear error.
//!
//! Document names, heads and changes are raw in here and are checked one document at a time: a bad
//! document is answered as an error for that document, and never blocks the others.

use crate::document::{BadHeads, ChangeHash, DocumentError, Heads, StoredChange};
use crate::error::Code;
use crate::ids::{BadId, BootId, DocumentId, ReplicaId, StoreId};
use crate::limits::{DOCUMENT_FACTS_MAX, SYNC_BYTES_MAX, SYNC_DOCUMENTS_MAX, SYNC_PLAIN_BYTES_MAX};
use crate::set_hash::SetHash;
use crate::time::{Hlc, UtcMs};
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use std::fmt;
use std::io::Read;
use std::marker::PhantomData;

/// Raised only when an older reader would misunderstand, not when it can skip a field.
pub const SYNC_VERSION: u16 = 1;
/// The oldest version that this side still reads.
pub const SYNC_VERSION_MIN: u16 = 1;
pub const SYNC_CONTENT_TYPE: &str = "application/vnd.holdfast.sync";

const MAGIC: [u8; 4] = *b"HFS1";
const ZSTD_LEVEL: i32 = 6;
/// The largest window that a sender may ask of us: 8 MiB.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;
/// Shorter than any change: frame, writer and columns alone take more.
const CHANGE_BYTES_MIN: usize = 40;

/// What an agent sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncRequest {
    pub version: u16,
    pub store: StoreId,
    pub replica: ReplicaId,
    pub boot: BootId,
    /// The incarnation of central, as last heard.
    pub incarnation: Option<u64>,
    /// Up to which of central's changes for this store the replica has all, within that incarnation.
    pub cursor: u64,
    /// Over the heads of all open documents.
    pub root: SetHash,
    /// Over all stock.
    pub stock_digest: SetHash,
    /// Facts that central has not acknowledged yet.
    pub unsynced: u64,
    pub sent_at: Hlc,
    #[serde(default, deserialize_with = "bounded")]
    pub documents: Vec<DocumentFrame>,
    #[serde(default, deserialize_with = "bounded")]
    pub asks: Vec<DocumentHeads>,
    /// The heartbeat as JSON, while MQTT is lost.
    #[serde(default)]
    pub health: Option<String>,
    /// Another piece follows.
    #[serde(default)]
    pub more: bool,
}

/// What central answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncResponse {
    pub version: u16,
    pub incarnation: u64,
    pub cursor: u64,
    pub central_time: UtcMs,
    pub hlc: Hlc,
    pub lease_ms: u64,
    pub next_sync_ms: u64,
    pub root: SetHash,
    /// The roots are equal after this round.
    pub level: bool,
    #[serde(default, deserialize_with = "bounded")]
    pub documents: Vec<DocumentFrame>,
    /// Central's heads after the merge: what they cover is safe there.
    #[serde(default, deserialize_with = "bounded")]
    pub acknowledged: Vec<DocumentHeads>,
    #[serde(default, deserialize_with = "bounded")]
    pub errors: Vec<DocumentProblem>,
    /// Central has more for this store; sync again at once.
    #[serde(default)]
    pub more: bool,
    /// The replica has less than central has seen of it: fetch everything before new work.
    #[serde(default)]
    pub rehydrate: bool,
}

/// Changes of one document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentFrame {
    document: String,
    base: ByteBuf,
    heads: ByteBuf,
    #[serde(deserialize_with = "changes")]
    pub changes: Vec<ByteBuf>,
}

impl DocumentFrame {
    #[must_use]
    pub fn new(document: &DocumentId, base: &Heads, heads: &Heads, changes: Vec<StoredChange>) -> Self {
        Self {
            document: document.to_string(),
            base: ByteBuf::from(base.to_bytes()),
            heads: ByteBuf::from(heads.to_bytes()),
            changes: changes.into_iter().map(|change| ByteBuf::from(change.bytes)).collect(),
        }
    }

    /// The name as it was sent, for the answer when it is not one.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.document
    }

    pub fn document(&self) -> Result<DocumentId, BadId> {
        self.document.parse()
    }

    /// The heads that the changes build on.
    pub fn base(&self) -> Result<Heads, BadHeads> {
        Heads::from_bytes(&self.base)
    }

    /// The heads that the sender has after them.
    pub fn heads(&self) -> Result<Heads, BadHeads> {
        Heads::from_bytes(&self.heads)
    }

    /// Bytes of its changes, by which a sender cuts pieces.
    #[must_use]
    pub fn change_bytes(&self) -> usize {
        self.changes.iter().map(|change| change.len()).sum()
    }
}

/// A document and its heads at the sender. As an ask: send me what I lack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentHeads {
    document: String,
    heads: ByteBuf,
}

impl DocumentHeads {
    #[must_use]
    pub fn new(document: &DocumentId, heads: &Heads) -> Self {
        Self { document: document.to_string(), heads: ByteBuf::from(heads.to_bytes()) }
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.document
    }

    pub fn document(&self) -> Result<DocumentId, BadId> {
        self.document.parse()
    }

    pub fn heads(&self) -> Result<Heads, BadHeads> {
        Heads::from_bytes(&self.heads)
    }
}

/// Why one document was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentProblem {
    /// The name as it was sent, cut short.
    pub document: String,
    code: String,
    pub detail: String,
    missing: ByteBuf,
}

impl DocumentProblem {
    #[must_use]
    pub fn new(name: &str, code: Code, detail: &str, missing: &Heads) -> Self {
        Self {
            document: name.chars().take(400).collect(),
            code: code.as_str().to_owned(),
            detail: detail.chars().take(1_000).collect(),
            missing: ByteBuf::from(missing.to_bytes()),
        }
    }

    #[must_use]
    pub fn from_error(name: &str, error: &DocumentError) -> Self {
        Self::new(name, error.code(), &error.to_string(), &error.heads())
    }

    /// None for a code that a newer central knows.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.as_str() == self.code)
    }

    /// Changes that central lacks to go on.
    pub fn missing(&self) -> Result<Vec<ChangeHash>, BadHeads> {
        Ok(Heads::from_bytes(&self.missing)?.iter().copied().collect())
    }
}

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
}

/// A message of a sync round.
pub trait SyncMessage: Serialize + DeserializeOwned {
    fn version(&self) -> u16;

    fn encode(&self) -> Result<Vec<u8>, SyncCodecError> {
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
    fn version(&self) -> u16 {
        self.version
    }
}

impl SyncMessage for SyncResponse {
    fn version(&self) -> u16 {
        self.version
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
fn bounded<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
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
fn changes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<ByteBuf>, D::Error> {
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
