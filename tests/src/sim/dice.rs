//! A small stream of chance. Each decision of a run has its own, drawn from the seed and from what
//! the decision is, so that taking one away leaves all others as they were.

use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug)]
pub struct Dice(AtomicU64);

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// Splitmix64: small, and the same on every machine.
const fn mix(state: u64) -> u64 {
    let mut mixed = state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

impl Dice {
    /// The stream that belongs to these numbers.
    #[must_use]
    pub fn of(parts: &[u64]) -> Self {
        Self(AtomicU64::new(parts.iter().fold(STEP, |state, part| mix(state ^ part.wrapping_mul(STEP)))))
    }

    pub fn next(&self) -> u64 {
        mix(self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP))
    }

    /// From `from` up to but not including `to`.
    pub fn between(&self, from: i64, to: i64) -> i64 {
        let span = to.saturating_sub(from).max(1).unsigned_abs();
        from.saturating_add_unsigned(self.next() % span)
    }

    pub fn steps(&self, from: u64, to: u64) -> u64 {
        from + self.next() % to.saturating_sub(from).max(1)
    }

    pub fn index(&self, len: usize) -> usize {
        usize::try_from(self.next()).unwrap_or(usize::MAX) % len.max(1)
    }

    pub fn pick<'a, T>(&self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.index(from.len()))
    }

    /// In so many of a thousand cases.
    pub fn happens(&self, permille: u64) -> bool {
        self.next() % 1000 < permille
    }
}
