//! The one source of chance, and what is remembered of a run: its trace, the states it reached,
//! and the first thing that was wrong.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Display;
use std::hash::{DefaultHasher, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a failure shows of the way to it.
const LINES_KEPT: usize = 60;

#[derive(Debug)]
pub struct Fate(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    state: u64,
    /// Without it nothing goes wrong any more.
    cruel: bool,
    step: u64,
    lines: VecDeque<String>,
    hash: DefaultHasher,
    marks: BTreeMap<&'static str, u64>,
    wrong: Option<String>,
}

impl Fate {
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(Inner {
            state: seed,
            cruel: true,
            step: 0,
            lines: VecDeque::new(),
            hash: DefaultHasher::new(),
            marks: BTreeMap::new(),
            wrong: None,
        }))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Splitmix64: small, and the same on every machine.
    pub fn next(&self) -> u64 {
        let mut inner = self.inner();
        inner.state = inner.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = inner.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From `from` up to but not including `to`.
    pub fn between(&self, from: i64, to: i64) -> i64 {
        let span = to.saturating_sub(from).max(1).unsigned_abs();
        from.saturating_add_unsigned(self.next() % span)
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

    /// A fault that happens in so many of a thousand cases, and never once all is healed.
    pub fn strikes(&self, mark: &'static str, permille: u64) -> bool {
        let strikes = self.happens(permille) && self.inner().cruel;
        if strikes {
            self.mark(mark);
        }
        strikes
    }

    pub fn heal(&self) {
        self.inner().cruel = false;
    }

    pub fn begin_step(&self, step: u64) {
        self.inner().step = step;
    }

    pub fn say(&self, line: impl Display) {
        let mut inner = self.inner();
        let line = format!("{:>4} {line}", inner.step);
        inner.hash.write(line.as_bytes());
        if inner.lines.len() >= LINES_KEPT {
            inner.lines.pop_front();
        }
        inner.lines.push_back(line);
    }

    /// This state was reached, this fault did happen.
    pub fn mark(&self, what: &'static str) {
        self.mark_many(what, 1);
    }

    pub fn mark_many(&self, what: &'static str, times: u64) {
        if times > 0 {
            *self.inner().marks.entry(what).or_default() += times;
        }
    }

    /// Told from where no error can be returned; the first one counts.
    pub fn wrong(&self, what: impl Display) {
        self.inner().wrong.get_or_insert_with(|| what.to_string());
    }

    pub fn found_wrong(&self) -> Option<String> {
        self.inner().wrong.clone()
    }

    pub fn step(&self) -> u64 {
        self.inner().step
    }

    pub fn trace_hash(&self) -> u64 {
        self.inner().hash.finish()
    }

    pub fn marks(&self) -> BTreeMap<&'static str, u64> {
        self.inner().marks.clone()
    }

    pub fn last_lines(&self) -> String {
        let inner = self.inner();
        inner.lines.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}
