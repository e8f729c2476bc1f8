//! What the demo knows at this moment: written by its actors and watchers, read by the screen
//! and by the summary.

use holdfast_shared::ids::{OrderId, StoreId};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Lines of the feed that are kept.
const FEED_LINES_MAX: usize = 200;

#[derive(Debug, Clone, Default)]
pub struct Board {
    inner: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
pub struct State {
    pub stores: BTreeMap<StoreId, StoreRow>,
    pub orders: BTreeMap<String, u64>,
    pub exceptions_open: u64,
    /// Newest first.
    pub feed: VecDeque<FeedLine>,
    /// Intents that a store acknowledged; each must be found at central in the end.
    pub acknowledged: BTreeMap<StoreId, Vec<String>>,
    pub placed: Vec<OrderId>,
    pub refused_orders: u64,
    pub sales: u64,
    pub transitions: u64,
    pub running_for: Duration,
}

#[derive(Debug, Clone, Default)]
pub struct StoreRow {
    pub name: String,
    pub is_centre: bool,
    pub standing: String,
    /// Why, in central's words; empty while all is well.
    pub why: String,
    pub open_tasks: u64,
    pub uplink_cut: bool,
    pub running: bool,
    pub closed: bool,
    /// When it turned to each standing, by the demo's clock.
    pub turned: BTreeMap<String, Vec<Duration>>,
}

#[derive(Debug, Clone)]
pub struct FeedLine {
    pub after: Duration,
    pub tone: Tone,
    pub words: String,
}

/// How a line of the feed is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Good,
    Plain,
    Warn,
    Bad,
}

impl State {
    pub fn acknowledge(&mut self, store: &StoreId, intent: String) {
        self.acknowledged.entry(store.clone()).or_default().push(intent);
    }

    /// The row of a store; an empty one when nothing was told of it yet.
    pub fn row(&mut self, store: &StoreId) -> &mut StoreRow {
        self.stores.entry(store.clone()).or_default()
    }
}

impl Board {
    /// A writer that panicked has left whole values behind: each field is set in one go.
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn tell(&self, tone: Tone, words: impl Into<String>) {
        let mut state = self.lock();
        let line = FeedLine { after: state.running_for, tone, words: words.into() };
        state.feed.push_front(line);
        state.feed.truncate(FEED_LINES_MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_feed_keeps_the_newest_and_no_more() {
        let board = Board::default();
        for n in 0..=FEED_LINES_MAX {
            board.tell(Tone::Plain, n.to_string());
        }
        let state = board.lock();
        assert_eq!(state.feed.len(), FEED_LINES_MAX);
        assert_eq!(state.feed.front().unwrap().words, FEED_LINES_MAX.to_string());
    }
}
