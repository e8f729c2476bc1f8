//! What some nodes have of each line, node by node. It is fetched of all of them before one of them is looked
//! at: shelves lie far apart in memory, and so one wait for it brings many.

use super::fleet_index::{Holders, NodeNo};
use super::shelved::OnShelf;
use std::ops::Range;

/// As many nodes as are fetched at once, so that what was fetched is still near when it is looked at.
const FETCHED_MAX: usize = 256;

/// Room that is used again for the next nodes.
#[derive(Debug, Default)]
pub(super) struct Fetched<'a> {
    nodes: Vec<NodeNo>,
    lines: usize,
    found: Vec<Option<OnShelf<'a>>>,
}

impl<'a> Fetched<'a> {
    /// Instead of what was there before.
    pub(super) fn fetch(&mut self, runs: &[Range<NodeNo>], holders: &[Holders<'a>]) {
        self.nodes.clear();
        self.nodes.extend(runs.iter().cloned().flatten());
        self.lines = holders.len();
        self.found.clear();
        self.found.resize(self.nodes.len().saturating_mul(self.lines), None);
        for (line, holders) in holders.iter().enumerate() {
            let mut first = line;
            for run in runs {
                holders.each(run.clone(), |node, shelf| {
                    let row = node.saturating_sub(run.start).saturating_mul(self.lines);
                    if let Some(found) = self.found.get_mut(first.saturating_add(row)) {
                        *found = Some(shelf);
                    }
                });
                first = first.saturating_add(run.len().saturating_mul(self.lines));
            }
        }
    }

    /// Of one node.
    pub(super) fn of(&mut self, node: NodeNo, holders: &[Holders<'a>]) -> &[Option<OnShelf<'a>>] {
        self.nodes.clear();
        self.found.clear();
        self.found.extend(holders.iter().map(|holders| holders.of(node)));
        &self.found
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Each with what it has of each line.
    pub(super) fn rows(&self) -> impl Iterator<Item = (NodeNo, &[Option<OnShelf<'a>>])> {
        let row = |row: usize| {
            let from = row.saturating_mul(self.lines);
            self.found.get(from..from.saturating_add(self.lines)).unwrap_or_default()
        };
        self.nodes.iter().copied().zip((0..).map(row))
    }
}

/// The same nodes in parts that can be fetched at once.
pub(super) fn in_parts(reach: Vec<Range<NodeNo>>) -> Vec<Vec<Range<NodeNo>>> {
    if reach.iter().map(ExactSizeIterator::len).sum::<usize>() <= FETCHED_MAX {
        return vec![reach];
    }
    let (mut parts, mut part, mut room) = (Vec::new(), Vec::new(), FETCHED_MAX);
    for mut run in reach {
        while !run.is_empty() {
            let end = run.end.min(run.start.saturating_add(room));
            room = room.saturating_sub(end.saturating_sub(run.start));
            part.push(run.start..end);
            run.start = end;
            if room == 0 {
                room = FETCHED_MAX;
                parts.push(std::mem::take(&mut part));
            }
        }
    }
    parts.push(part);
    parts
}
