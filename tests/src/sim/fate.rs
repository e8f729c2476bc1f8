//! The one source of chance, and what is remembered of a run: its trace, what happened, the states
//! that it reached, and the first thing that was wrong.

use super::dice::Dice;
use super::kind::Kind;
use super::plan::{Event, Plan};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a failure shows of the way to it.
const LINES_SHOWN: usize = 60;

#[derive(Debug)]
pub struct Fate {
    plan: Plan,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// Without it nothing goes wrong any more.
    cruel: bool,
    step: u64,
    /// Opportunities of this step so far.
    met: BTreeMap<(u64, usize), u32>,
    happened: BTreeSet<Event>,
    lines: Vec<String>,
    hash: DefaultHasher,
    marks: BTreeMap<&'static str, u64>,
    wrong: Option<String>,
}

impl Fate {
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        let inner = Inner {
            cruel: true,
            step: 0,
            met: BTreeMap::new(),
            happened: BTreeSet::new(),
            lines: Vec::new(),
            hash: DefaultHasher::new(),
            marks: BTreeMap::new(),
            wrong: None,
        };
        Self { plan, inner: Mutex::new(inner) }
    }

    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Chance for what happens anyway, such as the moment of a sync.
    pub fn dice(&self, what: &str, of: usize) -> Dice {
        let mut hasher = DefaultHasher::new();
        what.hash(&mut hasher);
        let key = hasher.finish();
        let mut inner = self.inner();
        let n = inner.meet(key, of);
        Dice::of(&[self.plan.seed, 3, inner.step, key, number(of), u64::from(n)])
    }

    /// Whether this happens now; if so, with the chance that decides how. Never once all is healed.
    pub fn strikes(&self, kind: Kind, of: usize) -> Option<Dice> {
        let mut inner = self.inner();
        let n = inner.meet(kind as u64, of);
        let event = Event { step: inner.step, kind, of, n };
        let dice = Dice::of(&[self.plan.seed, 4, inner.step, kind as u64, number(of), u64::from(n)]);
        let strikes = dice.happens(self.plan.permille(kind));
        if !strikes || !inner.cruel || self.plan.without.contains(&event) {
            return None;
        }
        inner.happened.insert(event);
        drop(inner);
        self.mark(kind.mark());
        Some(dice)
    }

    pub fn heal(&self) {
        self.inner().cruel = false;
    }

    pub fn is_cruel(&self) -> bool {
        self.inner().cruel
    }

    pub fn begin_step(&self, step: u64) {
        let mut inner = self.inner();
        inner.step = step;
        inner.met.clear();
    }

    pub fn say(&self, line: impl Display) {
        let mut inner = self.inner();
        let line = format!("{:>4} {line}", inner.step);
        inner.hash.write(line.as_bytes());
        inner.lines.push(line);
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

    pub fn happened(&self) -> Vec<Event> {
        self.inner().happened.iter().copied().collect()
    }

    pub fn last_lines(&self) -> String {
        let inner = self.inner();
        let from = inner.lines.len().saturating_sub(LINES_SHOWN);
        inner.lines[from..].join("\n")
    }

    /// Every line of the trace that speaks of it.
    pub fn lines_about(&self, order: &str) -> Vec<String> {
        let about = |line: &&String| line.split(|letter: char| !letter.is_alphanumeric()).any(|w| w == order);
        self.inner().lines.iter().filter(about).cloned().collect()
    }
}

impl Inner {
    fn meet(&mut self, key: u64, of: usize) -> u32 {
        let met = self.met.entry((key, of)).or_default();
        *met += 1;
        *met
    }
}

fn number(of: usize) -> u64 {
    u64::try_from(of).unwrap_or(u64::MAX)
}
