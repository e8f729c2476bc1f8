//! Times as the LAN API writes and reads them.

use holdfast_shared::time::UtcMs;

/// RFC 3339 in UTC. A time outside of what can be written is told as absent.
#[must_use]
pub fn stamp(at: UtcMs) -> Option<String> {
    jiff::Timestamp::from_millisecond(at.0).ok().map(|time| time.to_string())
}

/// Reads a time that a client wrote.
pub fn parse_stamp(text: &str) -> Option<UtcMs> {
    text.parse::<jiff::Timestamp>().ok().map(|time| UtcMs(time.as_millisecond()))
}
