//! Spans on their way to a collector: OTLP over HTTP, off unless an endpoint is configured.
//!
//! Whoever has something to tell calls [`record`], which never waits: a span that finds the queue full is dropped
//! and counted. One task sends what is queued, tries again when the collector is away, and gives up in time. Nothing
//! that a customer or a store waits for ever waits for it. What is chosen is chosen by the trace alone, so both
//! processes choose the same traces and none is half told.
//!
//! Absent on purpose: whom a span is about. Its attributes are names and numbers of the system; what a person is
//! called, or wrote, is none of them.

mod otlp;
mod sender;
mod settings;

pub use sender::{Sender, StartError};
pub use settings::{Settings, read, shown};

use holdfast_shared::ids::TraceId;
use holdfast_shared::trace::SpanId;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

/// Who did it, as collectors tell it apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanKind {
    Internal,
    /// A request that was answered.
    Server,
    /// Somebody outside was asked.
    Client,
    /// Something was told that others hear later.
    Producer,
}

/// One closed span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub trace: TraceId,
    pub span: SpanId,
    pub parent: Option<SpanId>,
    /// Another trace that it belongs to as well.
    pub link: Option<(TraceId, SpanId)>,
    pub name: String,
    pub kind: SpanKind,
    pub begin_ns: u64,
    pub end_ns: u64,
    pub attributes: Vec<(&'static str, String)>,
    pub failed: bool,
}

/// What became of spans since the process began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Told {
    pub sent: u64,
    pub dropped: u64,
}

#[derive(Debug, Default)]
struct Counts {
    sent: AtomicU64,
    dropped: AtomicU64,
}

static COUNTS: Counts = Counts { sent: AtomicU64::new(0), dropped: AtomicU64::new(0) };
/// Whose tests count, one after the other.
#[cfg(test)]
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
/// One per process, as its log is: whoever starts first.
static EXIT: OnceLock<Exit> = OnceLock::new();

#[derive(Debug)]
struct Exit {
    queue: mpsc::Sender<Span>,
    share: f64,
}

/// Whether anything is told to a collector.
#[must_use]
pub fn is_on() -> bool {
    EXIT.get().is_some()
}

/// Whether spans of this trace are told.
#[must_use]
pub fn tells_of(trace: &TraceId) -> bool {
    EXIT.get().is_some_and(|exit| is_chosen(trace, exit.share))
}

/// Puts a span on its way, or drops it and counts that.
pub fn record(span: Span) {
    let Some(exit) = EXIT.get().filter(|exit| is_chosen(&span.trace, exit.share)) else { return };
    if let Err(TrySendError::Full(_) | TrySendError::Closed(_)) = exit.queue.try_send(span) {
        count_dropped(1);
    }
}

/// How many more would find room now.
#[must_use]
pub fn room() -> usize {
    EXIT.get().map_or(0, |exit| exit.queue.capacity())
}

/// What nobody will be told of, wherever it was lost.
pub fn count_dropped(spans: u64) {
    COUNTS.dropped.fetch_add(spans, Ordering::Relaxed);
}

fn count_sent(spans: u64) {
    COUNTS.sent.fetch_add(spans, Ordering::Relaxed);
}

#[must_use]
pub fn told() -> Told {
    Told { sent: COUNTS.sent.load(Ordering::Relaxed), dropped: COUNTS.dropped.load(Ordering::Relaxed) }
}

/// By the random half of its id, as other samplers choose too.
fn is_chosen(trace: &TraceId, share: f64) -> bool {
    let random = trace.as_str().get(16..24).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    random.is_some_and(|random| f64::from(random) / 4_294_967_296.0 < share)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(random: &str) -> TraceId {
        TraceId::new(format!("{}{random}{}", "a".repeat(16), "0".repeat(8))).unwrap()
    }

    #[test]
    fn a_trace_is_chosen_by_its_id_alone_so_everybody_chooses_the_same() {
        assert!(is_chosen(&trace("ffffffff"), 1.0), "all of them");
        assert!(!is_chosen(&trace("00000000"), 0.0), "none of them");
        assert!(is_chosen(&trace("3fffffff"), 0.25) && !is_chosen(&trace("40000000"), 0.25));
    }

    #[test]
    fn what_is_chosen_at_a_smaller_share_is_chosen_at_a_greater_one() {
        for random in 0_u32..64 {
            let trace = trace(&format!("{:08x}", random << 26));
            assert!(!is_chosen(&trace, 0.1) || is_chosen(&trace, 0.5));
        }
    }

    #[test]
    fn nothing_is_recorded_where_nobody_listens() {
        let _turn = TURN.blocking_lock();
        let before = told();
        let span = SpanId::of_record("x");
        record(Span {
            trace: trace("00000000"),
            span,
            parent: None,
            link: None,
            name: String::from("x"),
            kind: SpanKind::Internal,
            begin_ns: 0,
            end_ns: 1,
            attributes: Vec::new(),
            failed: false,
        });
        assert_eq!((told(), is_on(), room()), (before, false, 0));
    }
}
