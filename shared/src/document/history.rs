//! Which changes a document has, and whether one more fits behind them.
//!
//! automerge trusts that a writer counts its changes, knows its own earlier ones, and numbers its
//! operations from what it has seen. A change that lies about this poisons the document or pushes
//! its clock to the end of the range. So it is checked here, without the library.

use super::actor::WriterId;
use super::chunk::Change;
use super::error::DocumentError;
use super::heads::{ChangeHash, Heads};
use crate::limits::{DOCUMENT_FACTS_MAX, HEADS_MAX};
use std::collections::{BTreeMap, BTreeSet};

/// Steps that all walks to ancestors of one merge may take together. Honest changes need about one
/// step for each change that came between two of the same writer.
const STEPS_MAX: usize = 200_000;

#[derive(Debug, Clone)]
struct Node {
    last_op: u64,
    deps: Vec<ChangeHash>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct History {
    nodes: BTreeMap<ChangeHash, Node>,
    newest: BTreeMap<WriterId, (u64, ChangeHash)>,
    heads: BTreeSet<ChangeHash>,
    ops: usize,
}

/// How far the walks of one merge have gone.
#[derive(Debug, Default)]
pub(super) struct Steps(usize);

impl History {
    pub(super) fn contains(&self, hash: &ChangeHash) -> bool {
        self.nodes.contains_key(hash)
    }

    pub(super) fn heads(&self) -> Heads {
        // Never more than fit: `finish` is asked before a history is kept.
        Heads::new(self.heads.iter().copied()).unwrap_or_default()
    }

    /// Operations so far: facts, and ids that were put twice.
    pub(super) const fn ops(&self) -> usize {
        self.ops
    }

    /// Those of `hashes` that are not here.
    pub(super) fn unknown<'a>(&self, hashes: impl IntoIterator<Item = &'a ChangeHash>) -> Vec<ChangeHash> {
        hashes.into_iter().filter(|hash| !self.contains(hash)).copied().collect()
    }

    /// Takes one change in, if an honest writer could have written it next.
    pub(super) fn admit(&mut self, change: &Change, steps: &mut Steps) -> Result<(), DocumentError> {
        let missing = self.unknown(&change.deps);
        if !missing.is_empty() {
            return Err(DocumentError::Missing { heads: missing });
        }
        self.check_sequence(change, steps)?;
        let seen = change.deps.iter().filter_map(|dep| self.nodes.get(dep)).map(|node| node.last_op).max();
        if change.first_op != seen.unwrap_or(0).saturating_add(1) {
            return Err(DocumentError::Refused("its operations are not numbered after what it has seen"));
        }
        self.ops = self.ops.saturating_add(change.facts.len());
        if self.ops > DOCUMENT_FACTS_MAX {
            return Err(DocumentError::TooLarge { what: "facts of one document", limit: DOCUMENT_FACTS_MAX });
        }
        self.take(change);
        Ok(())
    }

    fn check_sequence(&self, change: &Change, steps: &mut Steps) -> Result<(), DocumentError> {
        let newest = self.newest.get(&change.writer);
        let expected = newest.map_or(1, |(seq, _)| seq.saturating_add(1));
        if change.seq != expected {
            let (writer, got) = (change.writer, change.seq);
            return Err(DocumentError::WrongSequence { writer, expected, got });
        }
        match newest {
            Some((_, own)) if !self.reaches(&change.deps, own, steps)? => {
                Err(DocumentError::Refused("it does not know its writer's change before"))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Whether `target` is among `from` or before them.
    fn reaches(
        &self,
        from: &[ChangeHash],
        target: &ChangeHash,
        steps: &mut Steps,
    ) -> Result<bool, DocumentError> {
        let Some(goal) = self.nodes.get(target) else { return Ok(false) };
        let mut open: Vec<ChangeHash> = from.to_vec();
        let mut seen = BTreeSet::new();
        while let Some(hash) = open.pop() {
            if hash == *target {
                return Ok(true);
            }
            steps.0 += 1;
            if steps.0 > STEPS_MAX {
                return Err(DocumentError::TooLarge { what: "steps through history", limit: STEPS_MAX });
            }
            // Operations grow along the history: what is not newer than the goal cannot lead to it.
            if let Some(node) = self.nodes.get(&hash)
                && node.last_op > goal.last_op
                && seen.insert(hash)
            {
                open.extend(&node.deps);
            }
        }
        Ok(false)
    }

    fn take(&mut self, change: &Change) {
        for dep in &change.deps {
            self.heads.remove(dep);
        }
        self.heads.insert(change.hash);
        self.newest.insert(change.writer, (change.seq, change.hash));
        self.nodes.insert(change.hash, Node { last_op: change.last_op(), deps: change.deps.clone() });
    }

    /// What must hold once all changes of a merge are in.
    pub(super) fn finish(&self) -> Result<(), DocumentError> {
        if self.heads.len() > HEADS_MAX {
            return Err(DocumentError::TooLarge { what: "heads of one document", limit: HEADS_MAX });
        }
        Ok(())
    }
}
