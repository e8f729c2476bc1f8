//! What a run is made from: a seed, a size, and what was taken away to make it shorter.

use super::dice::Dice;
use super::kind::{Class, Kind};
use holdfast_shared::guard::Guard;
use std::collections::BTreeSet;
use std::fmt;

/// One thing that happened by chance. What it is drawn from, so that it can be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Event {
    pub step: u64,
    pub kind: Kind,
    /// The store or the slot that it happened to.
    pub of: usize,
    /// How many opportunities of this kind it had in this step before.
    pub n: u32,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { step, kind, of, n } = self;
        write!(f, "step {step:>3}: {} ({} {of}.{n})", kind.words(), kind.mark())
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub seed: u64,
    pub steps: u64,
    pub stores: usize,
    /// A guard of the product that is taken away.
    pub broken: Option<Guard>,
    /// Kinds that happen often here, to look closely at what they do.
    pub often: BTreeSet<Kind>,
    pub without_kinds: BTreeSet<Kind>,
    pub without: BTreeSet<Event>,
}

const STEPS: &[u64] = &[60, 90, 120, 160, 200, 260];
const LARGE: &[usize] = &[12, 20, 35, 50];
/// Of a large chain fewer steps say as much.
const STEPS_LARGE: u64 = 40;

const OFTEN_TIMES: u64 = 6;
const OFTEN_PERMILLE_MAX: u64 = 400;

impl Plan {
    /// Most chains are small, for that is where most is tried in a second; a few are large. No two
    /// seeds have the same mixture of faults: what never happens is an opportunity too.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let dice = Dice::of(&[seed, 1]);
        let large = dice.happens(8);
        let stores = if large {
            dice.pick(LARGE).copied().unwrap_or(12)
        } else {
            // The least of two draws, and never none.
            1 + dice.index(8).min(dice.index(8)) + usize::from(dice.happens(500))
        };
        let steps = if large { STEPS_LARGE } else { dice.pick(STEPS).copied().unwrap_or(120) };
        let spared = [0, 200, 350, 500, 700].get(dice.index(5)).copied().unwrap_or(350);
        let without = Kind::ALL.iter().copied().filter(|kind| {
            let drawn = dice.happens(spared);
            match kind.class() {
                Class::Fault => drawn,
                Class::Act => false,
            }
        });
        Self {
            seed,
            steps,
            stores: stores.min(50),
            broken: None,
            often: BTreeSet::new(),
            without_kinds: without.collect(),
            without: BTreeSet::new(),
        }
    }

    #[must_use]
    pub fn sized(mut self, steps: Option<u64>, stores: Option<usize>) -> Self {
        self.steps = steps.unwrap_or(self.steps);
        self.stores = stores.unwrap_or(self.stores).clamp(1, 50);
        self
    }

    #[must_use]
    pub fn breaking(mut self, guard: Option<Guard>) -> Self {
        self.broken = guard;
        self
    }

    #[must_use]
    pub fn often(mut self, kinds: &[Kind]) -> Self {
        self.often.extend(kinds);
        self.without_kinds.retain(|kind| !kinds.contains(kind));
        self
    }

    /// In how many of a thousand opportunities this kind happens here.
    #[must_use]
    pub fn permille(&self, kind: Kind) -> u64 {
        if !kind.is_on() || self.without_kinds.contains(&kind) {
            return 0;
        }
        if self.often.contains(&kind) {
            return (kind.permille() * OFTEN_TIMES).min(OFTEN_PERMILLE_MAX);
        }
        let strength = Dice::of(&[self.seed, 2, kind as u64]);
        match kind.class() {
            Class::Act => kind.permille(),
            Class::Fault => kind.permille() * strength.pick(&[1, 2, 2, 4, 8]).copied().unwrap_or(2) / 2,
        }
    }
}
