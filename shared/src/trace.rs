//! The trace of one intent through every process, as the W3C writes it (Trace Context), and the spans of what is
//! on record.
//!
//! A span of something durable has an id that follows from the id of the record: whoever knows the record knows the
//! span, and no side has to tell it to the other. So a fact's form needs no room for it, and a store that runs an
//! older version belongs to the same tree.

use crate::ids::{FactId, TraceId};
use crate::limits::{TRACE_STATE_CHARS_MAX, TRACE_STATE_MEMBERS_MAX};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

/// One step of a trace: 16 lower-case hexadecimal digits, not all zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, utoipa::ToSchema)]
#[schema(value_type = String, example = "00f067aa0ba902b7")]
pub struct SpanId(NonZeroU64);

impl SpanId {
    /// That of random bytes; zero is none.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(NonZeroU64::new(u64::from_be_bytes(bytes)).unwrap_or(NonZeroU64::MIN))
    }

    #[must_use]
    pub const fn to_bytes(self) -> [u8; 8] {
        self.0.get().to_be_bytes()
    }

    /// Of a record that has this name within its trace: the same for ever, and on every side.
    #[must_use]
    pub fn of_record(name: &str) -> Self {
        let hash = blake3::hash(name.as_bytes());
        let mut bytes = [0; 8];
        bytes.iter_mut().zip(hash.as_bytes()).for_each(|(byte, of_hash)| *byte = *of_hash);
        Self::from_bytes(bytes)
    }

    #[must_use]
    pub fn of_fact(fact: &FactId) -> Self {
        Self::of_record(&format!("fact/{fact}"))
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A text that is no such id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {0}")]
pub struct BadTrace(&'static str);

fn is_lower_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

impl FromStr for SpanId {
    type Err = BadTrace;

    fn from_str(text: &str) -> Result<Self, BadTrace> {
        let bad = BadTrace("16 lower-case hexadecimal digits that are not all zero");
        if text.len() != 16 || !is_lower_hex(text) {
            return Err(bad);
        }
        let number = u64::from_str_radix(text, 16).map_err(|_| bad)?;
        NonZeroU64::new(number).map(Self).ok_or(bad)
    }
}

impl Serialize for SpanId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SpanId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What a `traceparent` header says.
///
/// ```
/// use holdfast_shared::trace::TraceParent;
/// let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// let parent: TraceParent = text.parse().unwrap();
/// assert!(parent.sampled);
/// assert_eq!(parent.to_string(), text);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceParent {
    pub trace: TraceId,
    pub span: SpanId,
    /// The caller keeps what it measures of this trace.
    pub sampled: bool,
}

const VERSION_DIGITS: usize = 2;
/// Of version 00, and the beginning of every later one.
const PARENT_CHARS: usize = 55;

impl FromStr for TraceParent {
    type Err = BadTrace;

    /// Later versions may say more after a hyphen, and are read as far as this one goes.
    fn from_str(text: &str) -> Result<Self, BadTrace> {
        let bad = BadTrace("version-trace-span-flags in lower-case hexadecimal digits");
        let (known, rest) = text.split_at_checked(PARENT_CHARS).ok_or(bad)?;
        let parts: Vec<&str> = known.split('-').collect();
        let [version, trace, span, flags] = parts.as_slice() else { return Err(bad) };
        let formed = version.len() == VERSION_DIGITS && is_lower_hex(version) && *version != "ff";
        let ends = rest.is_empty() || (*version != "00" && rest.starts_with('-'));
        if !formed || !ends || flags.len() != 2 || !is_lower_hex(flags) || trace.len() != 32 {
            return Err(bad);
        }
        if trace.bytes().all(|byte| byte == b'0') {
            return Err(BadTrace("a trace that is not all zero"));
        }
        let trace = TraceId::new(*trace).map_err(|_| bad)?;
        let flags = u8::from_str_radix(flags, 16).map_err(|_| bad)?;
        Ok(Self { trace, span: span.parse()?, sampled: flags & 1 == 1 })
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{}-{:02x}", self.trace, self.span, u8::from(self.sampled))
    }
}

/// What others let travel with a trace (`tracestate`): passed on as it is, and never read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct TraceState(String);

impl TraceState {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TraceState {
    type Err = BadTrace;

    fn from_str(text: &str) -> Result<Self, BadTrace> {
        let bad = BadTrace("at most 32 members key=value between commas, 512 characters");
        let members: Vec<&str> = text.split(',').map(str::trim).filter(|member| !member.is_empty()).collect();
        let spoken = |byte: u8| matches!(byte, b' '..=b'~');
        let formed = |member: &&str| {
            member.split_once('=').is_some_and(|(key, value)| {
                !key.is_empty() && !value.is_empty() && member.bytes().all(spoken) && !key.contains(' ')
            })
        };
        let fits = (1..=TRACE_STATE_MEMBERS_MAX).contains(&members.len());
        let text = members.join(",");
        if fits && text.len() <= TRACE_STATE_CHARS_MAX && members.iter().all(formed) {
            Ok(Self(text))
        } else {
            Err(bad)
        }
    }
}

/// Where a request stands in a trace that somebody outside began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// The caller's span.
    pub span: SpanId,
    pub sampled: bool,
    pub state: Option<TraceState>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    fn parse(text: &str) -> Option<TraceParent> {
        text.parse().ok()
    }

    #[test]
    fn what_the_standard_forbids_is_no_parent() {
        let zeros = "0".repeat(32);
        for wrong in [
            String::new(),
            "00".to_owned(),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{TRACE}-{SPAN}-1"),
            format!("00-{TRACE}-{SPAN}-zz"),
            format!("00-{TRACE}-{SPAN}-01-more"),
            format!("00-{TRACE}-{SPAN}-01-"),
            format!("00_{TRACE}_{SPAN}_01"),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("FF-{TRACE}-{SPAN}-01"),
            format!("0g-{TRACE}-{SPAN}-01"),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-{TRACE}-{}-01", "00F067AA0BA902B7"),
            format!("00-{zeros}-{SPAN}-01"),
            format!("00-{TRACE}-{}-01", "0".repeat(16)),
            format!("00-{TRACE}-{SPAN}-0A"),
            format!(" 00-{TRACE}-{SPAN}-01"),
            format!("cc-{TRACE}-{SPAN}-01.more"),
            format!("00-{TRACE}é{SPAN}-01"),
        ] {
            assert_eq!(parse(&wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_later_version_is_read_as_far_as_it_is_known() {
        for later in [format!("01-{TRACE}-{SPAN}-01"), format!("cc-{TRACE}-{SPAN}-09-what-the-future-says")] {
            let parent = parse(&later).unwrap();
            assert_eq!((parent.trace.as_str(), parent.span.to_string().as_str()), (TRACE, SPAN));
            assert!(parent.sampled);
        }
        assert!(!parse(&format!("00-{TRACE}-{SPAN}-fe")).unwrap().sampled, "only the lowest bit is meant");
    }

    #[test]
    fn a_state_is_passed_on_or_dropped_whole() {
        let kept = |text: &str| text.parse::<TraceState>().ok().map(|state| state.as_str().to_owned());
        assert_eq!(kept("rojo=00f067,congo=t61 x").as_deref(), Some("rojo=00f067,congo=t61 x"));
        assert_eq!(
            kept(" a=1 , ,b=2").as_deref(),
            Some("a=1,b=2"),
            "empty members are allowed, and mean nothing"
        );
        let many = (0..33).map(|n| format!("k{n}=v")).collect::<Vec<_>>().join(",");
        for wrong in
            ["", "novalue", "=v", "k=", "k=\u{e4}", "a b=c", &many, &format!("k={}", "v".repeat(511))]
        {
            assert_eq!(kept(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_record_has_one_span_for_ever() {
        let fact: FactId = "hh-3.1.42".parse().unwrap();
        assert_eq!(SpanId::of_fact(&fact), SpanId::of_fact(&fact));
        assert_ne!(SpanId::of_fact(&fact), SpanId::of_fact(&"hh-3.1.43".parse().unwrap()));
        assert_eq!(
            SpanId::from_bytes([0; 8]).to_string(),
            "0000000000000001",
            "never the one that means none"
        );
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_written_the_same(trace in 1_u128.., span in 1_u64.., sampled: bool) {
            let text = format!("00-{trace:032x}-{span:016x}-{:02x}", u8::from(sampled));
            prop_assert_eq!(parse(&text).unwrap().to_string(), text);
        }

        #[test]
        fn no_text_makes_it_fall_over(text in "\\PC{0,70}") {
            if let Some(parent) = parse(&text) {
                prop_assert_eq!(parent.trace.as_str().len(), 32);
            }
            let _ = text.parse::<TraceState>();
        }
    }
}
