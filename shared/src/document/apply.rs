//! Applying checked changes with the library, as if they were not checked.

use super::chunk::Change;
use super::error::DocumentError;
use super::heads::{ChangeHash, Heads};
use super::history::History;
use automerge::{Automerge, ROOT, ReadDoc};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Changes that passed the check, and the history with them.
pub(super) struct Fresh {
    pub(super) changes: Vec<(Change, Vec<u8>)>,
    pub(super) history: History,
}

/// How much the library has to prove after it applied changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// The heads are the ones that we computed ourselves.
    Heads,
    /// Also: it gives back the same bytes, and the saved form loads again.
    SavedForm,
}

/// Applies to a copy. Whatever the library does, the document stays as it was.
pub(super) fn apply(doc: &Automerge, fresh: &Fresh, proof: Proof) -> Result<Automerge, DocumentError> {
    let attempt = AssertUnwindSafe(|| try_apply(doc, fresh, proof));
    catch_unwind(attempt).unwrap_or_else(|_| Err(DocumentError::Library("it panicked".to_owned())))
}

fn try_apply(doc: &Automerge, fresh: &Fresh, proof: Proof) -> Result<Automerge, DocumentError> {
    let disagrees = |what: &str| Err(DocumentError::Library(format!("it disagrees about {what}")));
    let mut copy = doc.clone();
    let changes = fresh
        .changes
        .iter()
        .map(|(_, bytes)| automerge::Change::from_bytes(bytes.clone()).map_err(|error| library(&error)))
        .collect::<Result<Vec<_>, _>>()?;
    copy.apply_changes(changes).map_err(|error| library(&error))?;
    if heads_of(&copy)? != fresh.history.heads() {
        return disagrees("the heads");
    }
    if proof == Proof::Heads {
        return Ok(copy);
    }
    let given: BTreeMap<_, _> = fresh.changes.iter().map(|(change, bytes)| (change.hash, bytes)).collect();
    let again = copy.get_changes(&doc.get_heads());
    let same = |change: &automerge::Change| {
        given.get(&change.hash().into()).is_some_and(|bytes| bytes.as_slice() == change.raw_bytes())
    };
    if again.len() != given.len() || !again.iter().all(same) {
        return disagrees("the bytes of a change");
    }
    let loaded = Automerge::load(&copy.save_nocompress()).map_err(|error| library(&error))?;
    if heads_of(&loaded)? != fresh.history.heads() || loaded.length(ROOT) != copy.length(ROOT) {
        return disagrees("its own saved form");
    }
    Ok(copy)
}

fn heads_of(doc: &Automerge) -> Result<Heads, DocumentError> {
    Ok(Heads::new(doc.get_heads().into_iter().map(ChangeHash::from))?)
}

pub(super) fn library(error: &dyn std::error::Error) -> DocumentError {
    DocumentError::Library(error.to_string())
}
