//! The pairs of root and stock digest that central itself has had of a store, as the last sync or the last
//! look into storage told them: what a heartbeat is compared with, so that it costs no look of its own.

use holdfast_shared::limits::DIGEST_PAIRS_MAX;
use holdfast_shared::time::MonoMs;

/// Another process of central may have answered a sync meanwhile: what is not known here is believed to be
/// unknown for so long.
const TRUSTED_MS: i64 = 60_000;

/// What memory says of a heartbeat's pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recalled {
    /// Central has had the same.
    Equal,
    /// Central has not had this root, or not yet.
    Unknown,
    /// Memory is too old, or speaks of other stock: storage says what is so.
    Unsure,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pairs {
    /// Newest first. Marks in place of the texts: it is looked for equals only.
    known: Vec<(u64, u64)>,
    learnt_at: Option<MonoMs>,
}

impl Pairs {
    /// All that storage keeps, newest first.
    pub fn learn<'a>(&mut self, pairs: impl Iterator<Item = (&'a str, &'a str)>, now: MonoMs) {
        let marked = pairs.take(DIGEST_PAIRS_MAX).map(|(root, stock)| (mark(root), mark(stock)));
        (self.known, self.learnt_at) = (marked.collect(), Some(now));
    }

    /// Something may have changed of which it was not told.
    pub const fn doubt(&mut self) {
        self.learnt_at = None;
    }

    #[must_use]
    pub fn recall(&self, root: &str, stock: &str, now: MonoMs) -> Recalled {
        let root = mark(root);
        let mut same_root = self.known.iter().filter(|(known, _)| *known == root).peekable();
        if same_root.peek().is_some() {
            // What was equal once is equal.
            let stock = mark(stock);
            return if same_root.any(|(_, known)| *known == stock) {
                Recalled::Equal
            } else {
                Recalled::Unsure
            };
        }
        match self.learnt_at {
            Some(at) if now.since(at) < TRUSTED_MS => Recalled::Unknown,
            Some(_) | None => Recalled::Unsure,
        }
    }
}

fn mark(text: &str) -> u64 {
    let hash = blake3::hash(text.as_bytes());
    hash.as_bytes().first_chunk::<8>().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_there_is_forgotten_in_time() {
        let mut pairs = Pairs::default();
        assert_eq!(pairs.recall("r1", "d1", MonoMs(0)), Recalled::Unsure, "nothing was learnt");
        pairs.learn([("r2", "d2"), ("r1", "d1")].into_iter(), MonoMs(0));
        assert_eq!(pairs.recall("r1", "d1", MonoMs(TRUSTED_MS)), Recalled::Equal);
        assert_eq!(pairs.recall("r3", "d1", MonoMs(TRUSTED_MS - 1)), Recalled::Unknown);
        assert_eq!(pairs.recall("r3", "d1", MonoMs(TRUSTED_MS)), Recalled::Unsure);
    }

    #[test]
    fn other_stock_under_a_known_root_is_for_storage_to_say() {
        let mut pairs = Pairs::default();
        pairs.learn([("r1", "d1")].into_iter(), MonoMs(0));
        assert_eq!(pairs.recall("r1", "d2", MonoMs(0)), Recalled::Unsure);
    }

    #[test]
    fn in_doubt_it_denies_nothing() {
        let mut pairs = Pairs::default();
        pairs.learn([("r1", "d1")].into_iter(), MonoMs(0));
        pairs.doubt();
        assert_eq!(pairs.recall("r2", "d2", MonoMs(0)), Recalled::Unsure);
        assert_eq!(pairs.recall("r1", "d1", MonoMs(0)), Recalled::Equal);
    }
}
