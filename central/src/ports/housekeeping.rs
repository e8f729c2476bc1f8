//! What bounds central's storage.

use super::StoreError;
use async_trait::async_trait;
use holdfast_shared::time::Now;

/// How long what is over is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// From the end of a task until its document is sealed. No safety rests on it: a late fact opens
    /// the document again.
    pub ended_tasks_ms: i64,
    /// Changes of sealed documents: longer than the age of any backup that may be restored.
    pub archives_ms: i64,
    /// Facts of sealed documents, for audit. Never shorter than their archives.
    pub facts_ms: i64,
    /// Idempotency keys of all wishes about an order, from when it is final: longer than any client retries, and
    /// than the slowest reconciliation takes.
    pub keys_ms: i64,
    /// What is personal of an order, from when it is final.
    pub personal_ms: i64,
    /// Events that were published.
    pub events_ms: i64,
    /// Changes of eligibility, but for each store's newest.
    pub eligibility_ms: i64,
    /// Decisions of orders that are final.
    pub decisions_ms: i64,
    /// Days of the stock report.
    pub stock_ms: i64,
}

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

impl Default for Retention {
    fn default() -> Self {
        Self {
            ended_tasks_ms: DAY_MS,
            archives_ms: 90 * DAY_MS,
            facts_ms: 400 * DAY_MS,
            keys_ms: 30 * DAY_MS,
            personal_ms: 180 * DAY_MS,
            events_ms: 30 * DAY_MS,
            eligibility_ms: 400 * DAY_MS,
            decisions_ms: 400 * DAY_MS,
            stock_ms: 400 * DAY_MS,
        }
    }
}

/// What one step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Kept {
    pub tasks_sealed: usize,
    pub archives: usize,
    pub facts: usize,
    pub keys: usize,
    pub events: usize,
    pub eligibility: usize,
    pub decisions: usize,
    /// Lines of the stock report.
    pub stock: usize,
    pub moves: usize,
    /// Records of changes of orders, with their keys.
    pub changes: usize,
    /// Orders of which what was personal is erased.
    pub personal: usize,
    /// A step is bounded: there is more to do.
    pub more: bool,
}

#[async_trait]
pub trait Housekeeping: Send + Sync {
    /// Seals the documents of ended tasks, and deletes what is over, in one bounded step. Doing it
    /// again does no harm.
    async fn keep_house(&self, retention: Retention, now: Now) -> Result<Kept, StoreError>;
}
