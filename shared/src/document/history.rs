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

/// Steps that all walks to ancestors of one merge may take together. Honest histories need at most
/// one for each change and writer; a forged one could ask for a walk through all of it each time.
const STEPS_MAX: usize = 2_000_000;

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

/// How far the walks may still go.
#[derive(Debug)]
pub(super) struct Steps(usize);

impl Steps {
    pub(super) const fn of_a_merge() -> Self {
        Self(STEPS_MAX)
    }

    /// For what was taken before: it must load again, however many merges it came in.
    pub(super) const fn unlimited() -> Self {
        Self(usize::MAX)
    }

    fn take(&mut self) -> Result<(), DocumentError> {
        let limit = STEPS_MAX;
        self.0 =
            self.0.checked_sub(1).ok_or(DocumentError::TooLarge { what: "steps through history", limit })?;
        Ok(())
    }
}

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

    /// The heads of a side that was at `base` and took these changes. Never more than may be told:
    /// fewer are a weaker promise, but not a wrong one.
    pub(super) fn heads_after<'a>(
        &self,
        base: &Heads,
        changes: impl IntoIterator<Item = &'a ChangeHash>,
    ) -> Heads {
        let mut heads: BTreeSet<ChangeHash> = base.iter().copied().collect();
        for change in changes {
            for dep in self.nodes.get(change).into_iter().flat_map(|node| &node.deps) {
                heads.remove(dep);
            }
            heads.insert(*change);
        }
        Heads::new(heads.into_iter().take(HEADS_MAX)).unwrap_or_default()
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
            steps.take()?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ReplicaId;

    fn change(number: u8, writer: u8, seq: u64, first_op: u64, deps: &[u8]) -> Change {
        let replica = ReplicaId::new("leeds-a").unwrap();
        Change {
            hash: ChangeHash::new([number; 32]),
            deps: deps.iter().map(|dep| ChangeHash::new([*dep; 32])).collect(),
            writer: WriterId::new(&replica, [writer; 8]),
            seq,
            first_op,
            facts: vec![("hh-3.1.1".parse().unwrap(), "body".to_owned())],
        }
    }

    #[test]
    fn the_walk_to_a_writers_own_change_is_bounded() {
        let mut history = History::default();
        let mut steps = Steps(20);
        history.admit(&change(0, 1, 1, 1, &[]), &mut steps).unwrap();
        for number in 1..10 {
            let seq = u64::from(number);
            history.admit(&change(number, 2, seq, seq + 1, &[number - 1]), &mut steps).unwrap();
        }
        let late = change(10, 1, 2, 11, &[9]);
        let mut few = Steps(5);
        assert!(matches!(history.clone().admit(&late, &mut few), Err(DocumentError::TooLarge { .. })));
        history.admit(&late, &mut Steps(9)).unwrap();
        assert_eq!(history.heads(), Heads::new([late.hash]).unwrap());
    }
}
