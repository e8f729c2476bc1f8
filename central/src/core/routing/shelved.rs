//! Who has one SKU, kept so that one shelf can be changed without looking at the others, and in few bytes:
//! a chain has millions of shelves, and a decision reads some hundreds that lie far apart in memory.

use super::decision::Shelf;
use crate::core::stock::sellable::Kept as KeptBack;
use holdfast_shared::set_hash::SetHash;
use holdfast_shared::time::UtcMs;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::OnceLock;

/// The shelves of one SKU, by the numbers of the nodes in the index that they were made for.
#[derive(Debug, Default)]
pub struct Shelved {
    nodes: Nodes,
    cells: Vec<Cell>,
    /// When each was last heard of, `i64::MIN` where that is not known. Apart, for no rule asks.
    as_of: Vec<i64>,
    besides: Vec<Besides>,
    digest: OnceLock<SetHash>,
}

/// Whose shelves these are, in the order of their numbers.
#[derive(Debug)]
enum Nodes {
    /// Everybody's up to that number: it need not be written down.
    First(usize),
    Some(Vec<u32>),
}

impl Default for Nodes {
    fn default() -> Self {
        Self::First(0)
    }
}

/// What rules and scorers ask of a shelf; four of them are one line of the processor's cache.
#[derive(Debug, Clone, Copy)]
struct Cell {
    /// With the bits of [`UNKNOWN`] where nobody knows it.
    confidence: f64,
    units: i32,
    /// Which of those that stand beside the cells; 0 is none, 1 the first.
    besides: u32,
}

/// No confidence is this number, which is none.
const UNKNOWN: u64 = u64::MAX;

/// What few shelves have, or many alike: it is written down once for all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct Besides {
    /// More than a cell has room for.
    units: Option<i64>,
    words: Option<String>,
    kept: Vec<(KeptBack, i64)>,
    markdown_permille: Option<u16>,
}

impl Besides {
    fn of(shelf: &Shelf) -> Option<Self> {
        let Shelf { units, confidence: _, as_of: _, words, kept, markdown_permille } = shelf;
        let units = i32::try_from(*units).is_err().then_some(*units);
        let besides =
            Self { units, words: words.clone(), kept: kept.clone(), markdown_permille: *markdown_permille };
        (besides != Self::default()).then_some(besides)
    }
}

/// One shelf as it is kept; whoever changes it gets a [`Shelf`].
#[derive(Debug, Clone, Copy)]
pub struct OnShelf<'a> {
    cell: Cell,
    of: &'a Shelved,
    place: usize,
}

impl<'a> OnShelf<'a> {
    #[must_use]
    pub fn units(self) -> i64 {
        self.besides().and_then(|besides| besides.units).unwrap_or_else(|| i64::from(self.cell.units))
    }

    #[must_use]
    pub fn confidence(self) -> Option<f64> {
        (self.cell.confidence.to_bits() != UNKNOWN).then_some(self.cell.confidence)
    }

    #[must_use]
    pub fn markdown_permille(self) -> Option<u16> {
        self.besides()?.markdown_permille
    }

    #[must_use]
    pub fn words(self) -> Option<&'a str> {
        self.besides()?.words.as_deref()
    }

    /// All that is known of it.
    #[must_use]
    pub fn whole(self) -> Shelf {
        Shelf {
            units: self.units(),
            confidence: self.confidence(),
            as_of: self.as_of().map(UtcMs),
            words: self.words().map(str::to_owned),
            kept: self.besides().map(|besides| besides.kept.clone()).unwrap_or_default(),
            markdown_permille: self.markdown_permille(),
        }
    }

    fn as_of(self) -> Option<i64> {
        self.of.as_of.get(self.place).copied().filter(|at| *at != i64::MIN)
    }

    fn besides(self) -> Option<&'a Besides> {
        // Nearly all have none, and then nothing is looked up.
        self.of.besides_at(self.cell.besides)
    }

    /// All of it that a rule may look at. What is kept back is told by the words, and no rule counts it.
    fn seen_bytes(self, number: usize) -> Vec<u8> {
        let words = self.words().unwrap_or_default();
        let mut bytes = Vec::with_capacity(words.len().saturating_add(34));
        bytes.extend(number.to_le_bytes());
        bytes.extend(self.units().to_le_bytes());
        bytes.extend(self.cell.confidence.to_bits().to_le_bytes());
        bytes.extend(self.markdown_permille().unwrap_or(u16::MAX).to_le_bytes());
        bytes.extend(self.as_of().unwrap_or(i64::MIN).to_le_bytes());
        bytes.extend(words.as_bytes());
        bytes
    }
}

impl Shelved {
    pub(super) fn of_numbered(mut known: Vec<(usize, Shelf)>) -> Self {
        known.sort_by_key(|(number, _)| *number);
        let all = known.iter().enumerate().all(|(place, (number, _))| place == *number);
        let number = |(number, _): &(usize, Shelf)| u32::try_from(*number).unwrap_or(u32::MAX);
        let nodes = match all {
            true => Nodes::First(known.len()),
            false => Nodes::Some(known.iter().map(number).collect()),
        };
        let mut shelved = Self { nodes, ..Self::default() };
        let mut numbers: HashMap<Besides, u32> = HashMap::new();
        shelved.cells.reserve_exact(known.len());
        shelved.as_of.reserve_exact(known.len());
        for (_, shelf) in known {
            let besides = Besides::of(&shelf).map_or(0, |besides| {
                *numbers.entry(besides).or_insert_with_key(|besides| shelved.keep(besides.clone()))
            });
            shelved.cells.push(cell(&shelf, besides));
            shelved.as_of.push(as_of(&shelf));
        }
        shelved
    }

    fn keep(&mut self, besides: Besides) -> u32 {
        self.besides.push(besides);
        u32::try_from(self.besides.len()).unwrap_or(u32::MAX)
    }

    fn besides_at(&self, number: u32) -> Option<&Besides> {
        self.besides.get(usize::try_from(number).ok()?.checked_sub(1)?)
    }

    pub(super) fn of(&self, node: usize) -> Option<OnShelf<'_>> {
        self.at(self.place(node)?)
    }

    /// Of those among these nodes that have it, in the order of their numbers.
    pub(super) fn each<'s>(&'s self, nodes: Range<usize>, mut found: impl FnMut(usize, OnShelf<'s>)) {
        let places = self.first_from(nodes.start)..self.first_from(nodes.end);
        let cells = self.cells.get(places.clone()).unwrap_or_default().iter().zip(places.clone());
        let shelves = cells.map(|(cell, place)| OnShelf { cell: *cell, of: self, place });
        match &self.nodes {
            Nodes::First(_) => shelves.for_each(|shelf| found(shelf.place, shelf)),
            Nodes::Some(nodes) => {
                for (number, shelf) in nodes.get(places).unwrap_or_default().iter().zip(shelves) {
                    found(usize::try_from(*number).unwrap_or(usize::MAX), shelf);
                }
            }
        }
    }

    fn first_from(&self, node: usize) -> usize {
        match &self.nodes {
            Nodes::First(many) => node.min(*many),
            Nodes::Some(nodes) => {
                let node = u32::try_from(node).unwrap_or(u32::MAX);
                nodes.partition_point(|number| *number < node)
            }
        }
    }

    fn at(&self, place: usize) -> Option<OnShelf<'_>> {
        Some(OnShelf { cell: *self.cells.get(place)?, of: self, place })
    }

    /// Another shelf where there is one; nothing where there is none.
    pub(super) fn replace(&mut self, node: usize, shelf: &Shelf) {
        let Some(place) = self.place(node) else { return };
        let Some(bytes) = self.at(place).map(|there| there.seen_bytes(node)) else { return };
        let besides = self.besides_of(place, shelf);
        if let (Some(there), Some(at)) = (self.cells.get_mut(place), self.as_of.get_mut(place)) {
            (*there, *at) = (cell(shelf, besides), as_of(shelf));
        }
        let now = self.at(place).map(|now| now.seen_bytes(node)).unwrap_or_default();
        if let Some(digest) = self.digest.get_mut() {
            digest.remove(&bytes);
            digest.insert(&now);
        }
        self.sweep();
    }

    /// Where it stands already, or from now on.
    fn besides_of(&mut self, place: usize, shelf: &Shelf) -> u32 {
        let Some(besides) = Besides::of(shelf) else { return 0 };
        let there = self.cells.get(place).map_or(0, |cell| cell.besides);
        match self.besides_at(there) {
            Some(same) if *same == besides => there,
            Some(_) | None => self.keep(besides),
        }
    }

    /// What no shelf has any more is thrown away before it takes more room than what they have.
    fn sweep(&mut self) {
        if self.besides.len() <= self.cells.len().saturating_mul(2).saturating_add(8) {
            return;
        }
        let old = std::mem::take(&mut self.besides);
        let mut numbers: HashMap<Besides, u32> = HashMap::new();
        for cell in &mut self.cells {
            let had = usize::try_from(cell.besides).ok().and_then(|number| old.get(number.checked_sub(1)?));
            cell.besides = had.map_or(0, |had| {
                let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX).saturating_add(1);
                *numbers.entry(had.clone()).or_insert(next)
            });
        }
        let mut kept: Vec<(Besides, u32)> = numbers.into_iter().collect();
        kept.sort_by_key(|(_, number)| *number);
        self.besides = kept.into_iter().map(|(besides, _)| besides).collect();
    }

    fn place(&self, node: usize) -> Option<usize> {
        match &self.nodes {
            Nodes::First(many) => (node < *many).then_some(node),
            Nodes::Some(nodes) => nodes.binary_search(&u32::try_from(node).ok()?).ok(),
        }
    }

    fn number(&self, place: usize) -> usize {
        match &self.nodes {
            Nodes::First(_) => place,
            Nodes::Some(nodes) => {
                nodes.get(place).and_then(|number| usize::try_from(*number).ok()).unwrap_or(place)
            }
        }
    }

    /// What is known of the SKU anywhere. The numbers stand for the nodes: the same fleet has the same.
    pub(super) fn digest(&self) -> [u8; 32] {
        let all = || {
            let mut digest = SetHash::EMPTY;
            for place in 0..self.cells.len() {
                let bytes = self.at(place).map(|shelf| shelf.seen_bytes(self.number(place)));
                digest.insert(&bytes.unwrap_or_default());
            }
            digest
        };
        self.digest.get_or_init(all).to_bytes()
    }
}

fn cell(shelf: &Shelf, besides: u32) -> Cell {
    let confidence = shelf.confidence.unwrap_or(f64::from_bits(UNKNOWN));
    Cell { confidence, units: i32::try_from(shelf.units).unwrap_or(0), besides }
}

fn as_of(shelf: &Shelf) -> i64 {
    shelf.as_of.map_or(i64::MIN, |at| at.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_shelf() -> impl Strategy<Value = Shelf> {
        let units = prop_oneof![0_i64..20, Just(i64::MAX), Just(i64::from(i32::MAX) + 1), Just(-7)];
        let words = prop::option::of(prop::sample::select(&["1 kept as buffer", "2 kept as buffer"]));
        let kept = prop::collection::vec((Just(KeptBack::Buffer), 1_i64..3), 0..2);
        let as_of = prop::option::of(0_i64..9);
        (units, prop::option::of(0.0..=1.0_f64), as_of, words, kept, prop::option::of(0_u16..3)).prop_map(
            |(units, confidence, as_of, words, kept, markdown_permille)| Shelf {
                units,
                confidence,
                as_of: as_of.map(UtcMs),
                words: words.map(str::to_owned),
                kept,
                markdown_permille,
            },
        )
    }

    fn numbered(shelves: &[Option<Shelf>]) -> Vec<(usize, Shelf)> {
        shelves.iter().cloned().enumerate().filter_map(|(n, shelf)| Some((n, shelf?))).collect()
    }

    proptest! {
        #[test]
        fn what_is_put_there_is_found_there_whole(
            before in prop::collection::vec(prop::option::weighted(0.8, any_shelf()), 1..12),
            changes in prop::collection::vec((0_usize..12, any_shelf()), 0..80),
        ) {
            let (mut there, mut expected) = (Shelved::of_numbered(numbered(&before)), before);
            // Known from here on, so that each change has to keep it right.
            there.digest();
            for (node, shelf) in changes {
                there.replace(node, &shelf);
                if let Some(Some(known)) = expected.get_mut(node) {
                    *known = shelf;
                }
            }
            for (node, shelf) in expected.iter().enumerate() {
                prop_assert_eq!(there.of(node).map(OnShelf::whole), shelf.clone());
            }
            prop_assert!(there.of(expected.len()).is_none());
            let (from, to) = (expected.len() / 3, expected.len());
            let mut run = Vec::new();
            there.each(from..to + 1, |node, shelf| run.push((node, shelf.whole())));
            prop_assert_eq!(run, numbered(&expected).into_iter().filter(|(n, _)| *n >= from).collect::<Vec<_>>());
            prop_assert_eq!(there.digest(), Shelved::of_numbered(numbered(&expected)).digest());
            prop_assert!(there.besides.len() <= there.cells.len() * 2 + 8, "{}", there.besides.len());
        }
    }

    #[test]
    fn shelves_that_say_the_same_say_it_once() {
        let shelf = |units| Shelf { units, words: Some("1 kept as buffer".to_owned()), ..Shelf::default() };
        let shelved = Shelved::of_numbered((0..100).map(|n| (n, shelf(3))).collect());
        assert_eq!(shelved.besides.len(), 1);
        assert_eq!(size_of::<Cell>(), 16, "ten million of them are 160 MB");
    }
}
