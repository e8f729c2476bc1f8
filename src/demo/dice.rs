//! Repeatable chance: the demo's customers and tills do the same for the same seed.

/// SplitMix64. Good enough to choose an article, and nothing else hangs on it.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    #[must_use]
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) const fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// One of the given; none of nothing.
    pub(super) fn choose<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let count = u64::try_from(from.len()).ok().filter(|count| *count > 0)?;
        from.get(usize::try_from(self.roll() % count).ok()?)
    }

    /// 1 to `most`.
    pub(super) fn units(&mut self, most: u64) -> i64 {
        i64::try_from(self.roll() % most.max(1)).unwrap_or(0).saturating_add(1)
    }

    /// True in `percent` of all cases.
    pub(super) const fn chance(&mut self, percent: u64) -> bool {
        self.roll() % 100 < percent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_rolls_the_same() {
        let rolls = |seed| {
            let mut dice = Dice::new(seed);
            [dice.roll(), dice.roll(), dice.roll()]
        };
        assert_eq!(rolls(7), rolls(7));
        assert_ne!(rolls(7), rolls(8));
    }

    #[test]
    fn units_stay_within_what_was_asked() {
        let mut dice = Dice::new(1);
        assert!((0..100).all(|_| (1..=3).contains(&dice.units(3))));
        assert_eq!(dice.choose::<u8>(&[]), None);
    }
}
