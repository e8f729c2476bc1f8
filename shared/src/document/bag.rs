//! One document in memory.

use super::actor::WriterId;
use super::apply::{Fresh, Proof, apply, library};
use super::chunk::Change;
use super::error::DocumentError;
use super::heads::{ChangeHash, Heads};
use super::history::{History, Steps};
use crate::ids::FactId;
use crate::limits::{CHANGE_BYTES_MAX, CHANGE_FACTS_MAX, DOCUMENT_FACTS_MAX, FACT_BYTES_MAX};
use automerge::transaction::{CommitOptions, Transactable};
use automerge::{Automerge, ROOT, ReadDoc, ScalarValue, ScalarValueRef, Value, ValueRef};
use serde_bytes::ByteBuf;
use std::collections::{BTreeMap, BTreeSet};

/// Bytes of a change that are not facts: frame, dependencies, lengths.
const CHANGE_FRAME_BYTES: usize = 16 * 1024;

/// One document: facts under their ids, put once, in the order of the writers' changes.
#[derive(Debug)]
pub struct Bag {
    doc: Automerge,
    writer: WriterId,
    history: History,
}

/// A change as it is stored and sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredChange {
    pub hash: ChangeHash,
    pub writer: WriterId,
    pub seq: u64,
    pub bytes: Vec<u8>,
}

impl StoredChange {
    /// The ids of the facts that it put.
    pub fn fact_ids(&self) -> Result<Vec<FactId>, DocumentError> {
        Ok(Change::parse(&self.bytes)?.facts.into_iter().map(|(id, _)| id).collect())
    }
}

/// What [`Bag::record`] did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recorded {
    pub changes: Vec<StoredChange>,
    /// Facts that were not put, because their id is there with another body.
    pub conflicts: Vec<Conflict>,
}

/// Several bodies under one id. The one with the smallest hash counts, on every side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    pub id: FactId,
    pub kept: String,
    pub others: Vec<String>,
}

/// What the other side sent for one document.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    /// The heads that its changes build on.
    pub base: &'a Heads,
    /// The heads that it declares to have after them.
    pub heads: &'a Heads,
    pub changes: &'a [ByteBuf],
}

/// A part of what the other side lacks. Each builds on the ones before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub base: Heads,
    pub heads: Heads,
    pub changes: Vec<StoredChange>,
}

/// What a merge brought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Merged {
    /// Facts whose id was not here before, each once, with the body that counts.
    pub facts: Vec<(FactId, String)>,
    /// Changes that were not here before, in an order in which they can be applied.
    pub changes: Vec<StoredChange>,
    /// Ids that have another body because of this merge.
    pub conflicts: Vec<Conflict>,
    pub heads: Heads,
}

impl Bag {
    #[must_use]
    pub fn new(writer: WriterId) -> Self {
        let doc = Automerge::new().with_actor(writer.to_automerge());
        Self { doc, writer, history: History::default() }
    }

    /// From the stored changes, in any order. Damage on disk is an error, never a panic.
    pub fn load(
        writer: WriterId,
        changes: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> Result<Self, DocumentError> {
        let mut bag = Self::new(writer);
        let fresh = bag.check(changes, &|_| true, Steps::unlimited())?;
        if !fresh.changes.is_empty() {
            let doc = apply(&bag.doc, &fresh, Proof::Heads)?;
            bag = Self { doc, writer, history: fresh.history };
        }
        Ok(bag)
    }

    /// Puts facts. Known ones are skipped; one whose id is there with another body is told.
    ///
    /// After [`DocumentError::Library`], and when storing the changes fails, this bag is thrown away
    /// and loaded again under a new writer: it may hold what was not stored.
    pub fn record(&mut self, facts: &[(FactId, String)]) -> Result<Recorded, DocumentError> {
        let mut recorded = Recorded::default();
        let mut fresh: BTreeMap<&FactId, &str> = BTreeMap::new();
        let mut order: Vec<(&FactId, &str)> = Vec::new();
        for (id, body) in facts {
            if body.is_empty() || body.len() > FACT_BYTES_MAX {
                return Err(DocumentError::BadBody(id.clone()));
            }
            let known = fresh.get(id).map(|known| (*known).to_owned()).or_else(|| self.get(id));
            match known {
                None => {
                    fresh.insert(id, body);
                    order.push((id, body));
                }
                Some(kept) if kept == *body => {}
                Some(kept) => {
                    recorded.conflicts.push(Conflict { id: id.clone(), kept, others: vec![body.clone()] });
                }
            }
        }
        if self.history.ops().saturating_add(order.len()) > DOCUMENT_FACTS_MAX {
            return Err(DocumentError::TooLarge { what: "facts of one document", limit: DOCUMENT_FACTS_MAX });
        }
        for piece in pieces(&order) {
            recorded.changes.push(self.commit(&piece)?);
        }
        Ok(recorded)
    }

    /// One change. It must pass the check that the other side will make.
    fn commit(&mut self, facts: &[(&FactId, &str)]) -> Result<StoredChange, DocumentError> {
        let mut transaction = self.doc.transaction();
        for (id, body) in facts {
            let put = transaction.put(ROOT, id.as_str(), ScalarValue::Str((*body).into()));
            if let Err(error) = put {
                transaction.rollback();
                return Err(library(&error));
            }
        }
        let (hash, _) = transaction.commit_with(CommitOptions::default().with_time(0));
        let change = hash.and_then(|hash| self.doc.get_change_by_hash(&hash));
        let bytes = change.ok_or_else(|| DocumentError::Library("it lost a change".to_owned()))?;
        let bytes = bytes.raw_bytes().to_vec();
        let change = Change::parse(&bytes)?;
        self.history.admit(&change, &mut Steps::unlimited())?;
        Ok(StoredChange { hash: change.hash, writer: change.writer, seq: change.seq, bytes })
    }

    /// Takes in what the other side sent, or nothing of it.
    ///
    /// `allowed` says which writers may have written these changes.
    pub fn merge(
        &mut self,
        incoming: &Incoming<'_>,
        allowed: &dyn Fn(&WriterId) -> bool,
    ) -> Result<Merged, DocumentError> {
        let missing = self.history.unknown(incoming.base.iter());
        if !missing.is_empty() {
            return Err(DocumentError::Missing { heads: missing });
        }
        let fresh = self.check(incoming.changes, allowed, Steps::of_a_merge())?;
        let missing = fresh.history.unknown(incoming.heads.iter());
        if !missing.is_empty() {
            return Err(DocumentError::Missing { heads: missing });
        }
        if fresh.changes.is_empty() {
            return Ok(Merged { heads: self.heads(), ..Merged::default() });
        }
        let doc = apply(&self.doc, &fresh, Proof::SavedForm)?;
        let after = Self { doc, writer: self.writer, history: fresh.history };
        let mut merged = Merged { heads: after.heads(), ..Merged::default() };
        let mut puts: BTreeMap<FactId, u32> = BTreeMap::new();
        for (id, _) in fresh.changes.iter().flat_map(|(change, _)| &change.facts) {
            *puts.entry(id.clone()).or_default() += 1;
        }
        for (change, bytes) in fresh.changes {
            let Change { hash, writer, seq, facts, .. } = change;
            for (id, body) in facts {
                let before = bodies(&self.doc, &id);
                match puts.remove(&id) {
                    Some(1) if before.is_empty() => merged.facts.push((id, body)),
                    Some(_) => compare(&id, &before, &after, &mut merged),
                    // Put several times, and compared already.
                    None => {}
                }
            }
            merged.changes.push(StoredChange { hash, writer, seq, bytes });
        }
        *self = after;
        Ok(merged)
    }

    /// Reads changes without the library, and leaves out the known ones.
    fn check(
        &self,
        changes: impl IntoIterator<Item = impl AsRef<[u8]>>,
        allowed: &dyn Fn(&WriterId) -> bool,
        mut steps: Steps,
    ) -> Result<Fresh, DocumentError> {
        let mut fresh: Vec<(Change, Vec<u8>)> = Vec::new();
        let mut seen = BTreeSet::new();
        for bytes in changes {
            let bytes = bytes.as_ref();
            let change = Change::parse(bytes)?;
            if !allowed(&change.writer) {
                return Err(DocumentError::ForeignWriter(change.writer));
            }
            if !self.history.contains(&change.hash) && seen.insert(change.hash) {
                if fresh.len() >= DOCUMENT_FACTS_MAX {
                    let limit = DOCUMENT_FACTS_MAX;
                    return Err(DocumentError::TooLarge { what: "changes of one document", limit });
                }
                fresh.push((change, bytes.to_vec()));
            }
        }
        // A change numbers its operations after all that it depends on: this is a causal order.
        fresh.sort_by_key(|(change, _)| (change.first_op, change.seq));
        let mut history = self.history.clone();
        for (change, _) in &fresh {
            history.admit(change, &mut steps)?;
        }
        history.finish()?;
        Ok(Fresh { changes: fresh, history })
    }

    /// What the other side lacks, given what it has.
    pub fn changes_since(&self, have: &Heads) -> Result<Vec<StoredChange>, DocumentError> {
        let unknown = self.history.unknown(have.iter());
        if !unknown.is_empty() {
            return Err(DocumentError::Ahead { heads: unknown });
        }
        let have: Vec<_> = have.iter().map(|hash| hash.to_automerge()).collect();
        self.doc.get_changes(&have).iter().map(stored).collect()
    }

    /// What the other side lacks, in pieces of about this many bytes, to be sent in this order.
    pub fn pieces_since(&self, have: &Heads, bytes_max: usize) -> Result<Vec<Piece>, DocumentError> {
        let mut pieces: Vec<Piece> = Vec::new();
        let mut bytes = 0_usize;
        for change in self.changes_since(have)? {
            bytes = bytes.saturating_add(change.bytes.len());
            match pieces.last_mut() {
                Some(piece) if bytes <= bytes_max => piece.changes.push(change),
                Some(_) | None => {
                    bytes = change.bytes.len();
                    let (base, heads) = (Heads::empty(), Heads::empty());
                    pieces.push(Piece { base, heads, changes: vec![change] });
                }
            }
        }
        let mut reached = have.clone();
        for piece in &mut pieces {
            piece.base = reached;
            let hashes = piece.changes.iter().map(|change| &change.hash);
            piece.heads = self.history.heads_after(&piece.base, hashes);
            reached = piece.heads.clone();
        }
        Ok(pieces)
    }

    #[must_use]
    pub fn heads(&self) -> Heads {
        self.history.heads()
    }

    /// Whether this change is in the document.
    #[must_use]
    pub fn contains(&self, change: &ChangeHash) -> bool {
        self.history.contains(change)
    }

    #[must_use]
    pub const fn writer(&self) -> WriterId {
        self.writer
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.doc.length(ROOT)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The body that counts.
    #[must_use]
    pub fn get(&self, id: &FactId) -> Option<String> {
        bodies(&self.doc, id).into_iter().next()
    }

    /// All facts in the order of their ids, each with the body that counts.
    pub fn facts(&self) -> impl Iterator<Item = (FactId, String)> {
        self.doc.map_range(ROOT, ..).filter_map(|item| {
            let id: FactId = item.key.parse().ok()?;
            let body = match item.value {
                ValueRef::Scalar(ScalarValueRef::Str(body)) if !item.conflict => body.into_owned(),
                ValueRef::Scalar(_) | ValueRef::Object(_) => self.get(&id)?,
            };
            Some((id, body))
        })
    }
}

fn stored(change: &automerge::Change) -> Result<StoredChange, DocumentError> {
    let writer = WriterId::try_from(change.actor_id().to_bytes());
    let writer = writer.map_err(|error| DocumentError::Library(error.to_string()))?;
    let bytes = change.raw_bytes().to_vec();
    Ok(StoredChange { hash: change.hash().into(), writer, seq: change.seq(), bytes })
}

/// What is new about one id.
fn compare(id: &FactId, before: &[String], after: &Bag, merged: &mut Merged) {
    let mut now = bodies(&after.doc, id);
    if now.is_empty() {
        return;
    }
    let (count, kept) = (now.len(), now.remove(0));
    if before.is_empty() {
        merged.facts.push((id.clone(), kept.clone()));
    }
    if count > before.len().max(1) {
        merged.conflicts.push(Conflict { id: id.clone(), kept, others: now });
    }
}

/// The different bodies under one id, the one that counts first.
fn bodies(doc: &Automerge, id: &FactId) -> Vec<String> {
    let values = doc.get_all(ROOT, id.as_str()).unwrap_or_default();
    let mut bodies: Vec<String> = values
        .into_iter()
        .filter_map(|(value, _)| match value {
            Value::Scalar(scalar) => scalar.as_str().map(ToOwned::to_owned),
            Value::Object(_) => None,
        })
        .collect();
    if bodies.len() > 1 {
        bodies.sort_by_cached_key(|body| (*blake3::hash(body.as_bytes()).as_bytes(), body.clone()));
        bodies.dedup();
    }
    bodies
}

/// Cuts facts into changes, by number and by bytes.
fn pieces<'a>(facts: &[(&'a FactId, &'a str)]) -> Vec<Vec<(&'a FactId, &'a str)>> {
    let mut pieces = Vec::new();
    let mut piece: Vec<(&FactId, &str)> = Vec::new();
    let mut bytes = CHANGE_FRAME_BYTES;
    for (id, body) in facts {
        let more = id.as_str().len() + body.len();
        if piece.len() == CHANGE_FACTS_MAX || bytes + more > CHANGE_BYTES_MAX {
            pieces.push(std::mem::take(&mut piece));
            bytes = CHANGE_FRAME_BYTES;
        }
        bytes += more;
        piece.push((id, body));
    }
    if !piece.is_empty() {
        pieces.push(piece);
    }
    pieces
}
