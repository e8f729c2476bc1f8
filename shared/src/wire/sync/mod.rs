//! The messages of one sync round, and their bytes.
//!
//! No state of a conversation is kept: heads and dependencies are enough after any loss. A message
//! is `HFS1`, then zstd over MessagePack with named fields. Unknown fields are skipped, so that an
//! agent two versions behind still syncs; a version that this side cannot read is a clear error.
//!
//! Document names, heads and changes are raw in here and are checked one document at a time: a bad
//! document is answered as an error for that document, and never blocks the others.

mod codec;
mod escrow;
mod parcels;
#[cfg(test)]
mod tests;
mod version;

pub use codec::{SyncCodecError, SyncMessage};
pub use escrow::{EscrowTarget, EscrowTargets};
pub use parcels::{
    ExpectedLine, ExpectedParcel, LabelBecomes, LabelMade, LabelNews, LabelReport, ParcelNews,
};
pub use version::{ESCROW_SINCE, SEALS_SINCE};

use crate::document::{BadHeads, ChangeHash, DocumentError, Heads, Piece, StoredChange};
use crate::error::Code;
use crate::ids::{BadId, BootId, DocumentId, ReplicaId, Sku, StoreId};
use crate::set_hash::SetHash;
use crate::time::{Hlc, UtcMs};
use codec::{bounded, changes};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use std::ops::Not;
use version::is_zero;

/// Raised when a side must know what the other understands. 1: documents and asks. 2: who speaks is
/// told from its copies (boot numbers, challenges, losses). 3: documents are sealed and dropped. 4: stores
/// cede units of scarce SKUs. 5: stores take back goods of orders. Each side speaks the version of the older one.
pub const SYNC_VERSION: u16 = 5;
/// The oldest version that this side still reads.
pub const SYNC_VERSION_MIN: u16 = 1;
/// The header in which central tells the newest version that it speaks. The first central did not.
pub const SYNC_VERSION_HEADER: &str = "holdfast-sync-version";
pub const SYNC_CONTENT_TYPE: &str = "application/vnd.holdfast.sync";

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
    /// Counts the starts of this database. 0 from an agent that does not count.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub boot_number: u64,
    /// The last boot of this database, before this one, that heard from central; where none did, the
    /// first that spoke.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_boot: Option<BootId>,
    /// Boots between the two that spoke and heard nothing: central may have heard them all the same.
    #[serde(default, deserialize_with = "bounded", skip_serializing_if = "Vec::is_empty")]
    pub spoken_boots: Vec<BootId>,
    /// The newest stamp in this database when this boot began. Every request is stamped and the stamp
    /// written down before it is sent, so a disk that nobody put back knows the newest that central saw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumed: Option<Hlc>,
    /// The first message of this boot: `own` names every own stock document that is not sealed.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub first: bool,
    #[serde(default, deserialize_with = "bounded", skip_serializing_if = "Vec::is_empty")]
    pub own: Vec<DocumentHeads>,
    /// Send the replica's own changes too: it lost some.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub rehydrating: bool,
    /// What central told this boot when it took it for one that another has followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<String>,
    /// What a person calls the box.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub box_name: Option<String>,
    /// What was acknowledged in the store and cannot be read any more.
    #[serde(default, deserialize_with = "bounded", skip_serializing_if = "Vec::is_empty")]
    pub losses: Vec<Loss>,
    /// The next piece of what sealed documents add up to, for a replica that lacks some of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<BaselineAsk>,
    /// Over the escrow targets that this replica knows.
    #[serde(default, skip_serializing_if = "escrow::is_empty")]
    pub escrow: SetHash,
    /// Ceded SKUs of which a manager wants units back: central keeps no more than so many.
    #[serde(default, deserialize_with = "bounded", skip_serializing_if = "Vec::is_empty")]
    pub asked_back: Vec<EscrowTarget>,
    /// Over the parcel news that this replica knows; none from one that does not show them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parcels: Option<SetHash>,
    /// It shows labels that central had made.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub shows_labels: bool,
    /// Labels that staff could not make, and that central has not noted.
    #[serde(default, deserialize_with = "bounded", skip_serializing_if = "Vec::is_empty")]
    pub label_reports: Vec<LabelReport>,
}

impl SyncRequest {
    /// From one that has nothing to say and has heard nothing.
    #[must_use]
    pub const fn bare(store: StoreId, replica: ReplicaId, boot: BootId, sent_at: Hlc) -> Self {
        Self {
            version: SYNC_VERSION,
            store,
            replica,
            boot,
            incarnation: None,
            cursor: 0,
            root: SetHash::EMPTY,
            stock_digest: SetHash::EMPTY,
            unsynced: 0,
            sent_at,
            documents: Vec::new(),
            asks: Vec::new(),
            health: None,
            more: false,
            boot_number: 0,
            previous_boot: None,
            spoken_boots: Vec::new(),
            resumed: None,
            first: false,
            own: Vec::new(),
            rehydrating: false,
            challenge: None,
            box_name: None,
            losses: Vec::new(),
            baseline: None,
            escrow: SetHash::EMPTY,
            asked_back: Vec::new(),
            parcels: None,
            shows_labels: false,
            label_reports: Vec::new(),
        }
    }
}

/// Asks for the positions behind `after`; for the first ones when it names none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BaselineAsk {
    pub after: Option<Sku>,
}

/// Facts that storage lost, told until central has written it down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// Distinguishes it from every other loss of this replica.
    pub id: String,
    pub found_at: UtcMs,
    /// How many facts; none when that is not known either.
    pub facts: Option<u64>,
    pub detail: String,
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
    /// Another boot of this replica spoke after this one did. Who is still there says so by sending
    /// this challenge back; a message that was merely late cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superseded: Option<String>,
    /// Why nothing of this box is merged until a person decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantined: Option<String>,
    /// Documents that are complete on both sides and change no more, in the order of the cursor.
    #[serde(default, deserialize_with = "bounded", skip_serializing_if = "Vec::is_empty")]
    pub seals: Vec<Seal>,
    /// For a replica that lacks sealed documents: what they add up to, in pieces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Baseline>,
    /// Losses that central has written down.
    #[serde(default, deserialize_with = "bounded", skip_serializing_if = "Vec::is_empty")]
    pub losses_noted: Vec<String>,
    /// What this replica is to cede from now on, where that is not what it said that it knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escrow: Option<EscrowTargets>,
    /// What there is to know of parcels, where that is not what this replica said that it knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parcels: Option<ParcelNews>,
    /// Reports of labels that central has written down.
    #[serde(default, deserialize_with = "bounded", skip_serializing_if = "Vec::is_empty")]
    pub labels_noted: Vec<String>,
}

/// A document that is complete: a writer closed it, and central has all of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    document: String,
    heads: ByteBuf,
    pub facts: u64,
}

impl Seal {
    #[must_use]
    pub fn new(document: &DocumentId, heads: &Heads, facts: u64) -> Self {
        Self { document: document.to_string(), heads: ByteBuf::from(heads.to_bytes()), facts }
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

/// A piece of what all sealed documents of a store add up to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// The sum of the terms of all sealed documents in the root.
    pub sealed_root: SetHash,
    #[serde(deserialize_with = "bounded")]
    pub positions: Vec<BaselinePosition>,
    /// The last SKU of this piece, to ask for the next with; none in the last piece.
    pub next: Option<Sku>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaselinePosition {
    pub sku: Sku,
    pub units: i64,
    /// Units of them that the store has ceded.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rights: i64,
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

    /// One piece of [`crate::document::Bag::pieces_since`].
    #[must_use]
    pub fn of_piece(document: &DocumentId, piece: Piece) -> Self {
        Self::new(document, &piece.base, &piece.heads, piece.changes)
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
