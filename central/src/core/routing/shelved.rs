//! Who has one SKU, kept so that one shelf can be changed without looking at the others.

use super::decision::Shelf;
use holdfast_shared::set_hash::SetHash;
use std::sync::OnceLock;

/// The shelves of one SKU, by the numbers of the nodes in the index that they were made for.
#[derive(Debug, Default)]
pub struct Shelved {
    nodes: Vec<usize>,
    shelves: Vec<Shelf>,
    digest: OnceLock<SetHash>,
}

impl Shelved {
    pub(super) fn of_numbered(mut known: Vec<(usize, Shelf)>) -> Self {
        known.sort_by_key(|(number, _)| *number);
        let (nodes, shelves) = known.into_iter().unzip();
        Self { nodes, shelves, digest: OnceLock::new() }
    }

    /// After all that is there: the numbers come in order.
    pub(super) fn push(&mut self, node: usize, shelf: Shelf) {
        self.nodes.push(node);
        self.shelves.push(shelf);
    }

    pub(super) fn of(&self, node: usize) -> Option<&Shelf> {
        self.shelves.get(self.place(node)?)
    }

    /// Another shelf where there is one; nothing where there is none.
    pub(super) fn replace(&mut self, node: usize, shelf: Shelf) {
        let place = self.place(node);
        let Some(there) = place.and_then(|place| self.shelves.get_mut(place)) else { return };
        if let Some(digest) = self.digest.get_mut() {
            digest.remove(&seen_bytes(node, there));
            digest.insert(&seen_bytes(node, &shelf));
        }
        *there = shelf;
    }

    fn place(&self, node: usize) -> Option<usize> {
        // Where every node has it, its number is its place.
        if self.nodes.get(node) == Some(&node) {
            return Some(node);
        }
        self.nodes.binary_search(&node).ok()
    }

    /// What is known of the SKU anywhere. The numbers stand for the nodes: the same fleet has the same.
    pub(super) fn digest(&self) -> [u8; 32] {
        let all = || {
            let mut digest = SetHash::EMPTY;
            for (number, shelf) in self.nodes.iter().zip(&self.shelves) {
                digest.insert(&seen_bytes(*number, shelf));
            }
            digest
        };
        self.digest.get_or_init(all).to_bytes()
    }
}

/// All of a shelf that a rule may look at.
fn seen_bytes(number: usize, shelf: &Shelf) -> Vec<u8> {
    // What is kept back is told by the words, and no rule counts it.
    let Shelf { units, confidence, as_of, words, kept: _, markdown_permille } = shelf;
    let words = words.as_deref().unwrap_or_default();
    let mut bytes = Vec::with_capacity(words.len().saturating_add(34));
    bytes.extend(number.to_le_bytes());
    bytes.extend(units.to_le_bytes());
    bytes.extend(confidence.map_or(u64::MAX, f64::to_bits).to_le_bytes());
    bytes.extend(markdown_permille.unwrap_or(u16::MAX).to_le_bytes());
    bytes.extend(as_of.map_or(i64::MIN, |at| at.0).to_le_bytes());
    bytes.extend(words.as_bytes());
    bytes
}
