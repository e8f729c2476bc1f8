//! Of traces and the spans that go to a collector.

/// Members of what others let travel with a trace, and their characters together: as the W3C says.
pub const TRACE_STATE_MEMBERS_MAX: usize = 32;
pub const TRACE_STATE_CHARS_MAX: usize = 512;
/// Requests about one order, or one promise, of which the trace keeps whose they were.
pub const TRACE_CALLS_MAX: u32 = 200;
/// Steps of one order that its trace shows; the oldest are kept.
pub const TRACE_STEPS_MAX: usize = 2_000;
/// Spans that wait for the collector. More are dropped, and counted.
pub const TRACE_SPANS_QUEUED_MAX: usize = 4_096;
/// Spans of one message to the collector.
pub const TRACE_SPANS_SENT_MAX: usize = 512;
/// Tries of one message to the collector.
pub const TRACE_TRIES_MAX: u32 = 5;
/// Bytes of a collector's answer that are read.
pub const TRACE_ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Entries of timelines whose steps wait to be told to a collector. Older ones are passed over, and counted.
pub const TRACE_BACKLOG_MAX: u32 = 100_000;
/// Entries of timelines that one look reads.
pub const TRACE_ENTRIES_READ_MAX: u32 = 200;
/// Orders of which it is remembered which spans were told.
pub const TRACE_ORDERS_REMEMBERED_MAX: usize = 2_000;
