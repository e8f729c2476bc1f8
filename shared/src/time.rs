//! Time that is passed in: wall-clock milliseconds, monotonic milliseconds, and the hybrid clock.
//!
//! Nothing here reads a clock. `platform::clock` does, and hands the result down.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use utoipa::ToSchema;

/// Milliseconds since 1970-01-01 UTC. For people and for order, never for safety.
///
/// Written in RFC 3339 wherever a person may read it, as a number in binary forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-11-21T09:30:00.25Z")]
pub struct UtcMs(pub i64);

impl Serialize for UtcMs {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return serializer.serialize_i64(self.0);
        }
        let stamp = Timestamp::from_millisecond(self.0).map_err(serde::ser::Error::custom)?;
        serializer.collect_str(&stamp)
    }
}

impl<'de> Deserialize<'de> for UtcMs {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return i64::deserialize(deserializer).map(Self);
        }
        let stamp: Timestamp =
            String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)?;
        Ok(Self(stamp.as_millisecond()))
    }
}

impl UtcMs {
    #[must_use]
    pub const fn plus(self, duration_ms: i64) -> Self {
        Self(self.0.saturating_add(duration_ms))
    }

    /// Milliseconds from `earlier` to `self`; negative when `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The nearest time that has a year of four digits: what a broken clock said can be beyond that,
    /// and must still be written for people.
    #[must_use]
    pub fn writable(self) -> Self {
        Self(self.0.clamp(WRITABLE_MS.0, WRITABLE_MS.1))
    }
}

/// The years 0 to 9998.
const WRITABLE_MS: (i64, i64) = (-62_167_219_200_000, 253_370_764_799_999);

/// Milliseconds of a monotonic clock that also counts while the machine sleeps.
///
/// Only differences of two readings of the same boot mean anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MonoMs(pub i64);

impl MonoMs {
    #[must_use]
    pub const fn plus(self, duration_ms: i64) -> Self {
        Self(self.0.saturating_add(duration_ms))
    }

    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// The two readings that a decision gets passed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Now {
    pub utc: UtcMs,
    pub mono: MonoMs,
}

/// A stamp of the hybrid logical clock: wall time, then a counter among equal times.
///
/// Written as `wall-counter` in lower-case hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Hlc {
    pub wall: UtcMs,
    pub counter: u32,
}

/// How far ahead of our wall clock a stamp may be and still move our hybrid clock.
pub const HLC_AHEAD_MS_MAX: i64 = 5 * 60 * 1000;

/// The hybrid logical clock of one process.
#[derive(Debug, Clone, Copy, Default)]
pub struct HlcClock {
    last: Hlc,
}

impl HlcClock {
    /// Continues after the greatest stamp that this replica wrote itself.
    #[must_use]
    pub const fn resume(last: Hlc) -> Self {
        Self { last }
    }

    /// A stamp greater than every stamp given or seen before.
    pub fn tick(&mut self, wall: UtcMs) -> Hlc {
        self.last = if wall > self.last.wall {
            Hlc { wall, counter: 0 }
        } else {
            Hlc { wall: self.last.wall, counter: self.last.counter.saturating_add(1) }
        };
        self.last
    }

    /// Takes note of another's stamp. A stamp from the future is left alone, and told so.
    pub fn witness(&mut self, seen: Hlc, wall: UtcMs) -> Witness {
        if seen.wall.since(wall) > HLC_AHEAD_MS_MAX {
            return Witness::FromTheFuture;
        }
        self.last = self.last.max(seen);
        Witness::Taken
    }
}

/// Whether a stamp moved the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Witness {
    Taken,
    FromTheFuture,
}

impl fmt::Display for Hlc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{:x}", self.wall.0.max(0), self.counter)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a stamp; expected hexadecimal wall-counter, like 18c2f00d123-0")]
pub struct BadHlc(String);

impl FromStr for Hlc {
    type Err = BadHlc;

    fn from_str(text: &str) -> Result<Self, BadHlc> {
        let bad = || BadHlc(text.chars().take(40).collect());
        let (wall, counter) = text.split_once('-').ok_or_else(bad)?;
        let stamp = Self {
            wall: UtcMs(i64::from_str_radix(wall, 16).map_err(|_| bad())?),
            counter: u32::from_str_radix(counter, 16).map_err(|_| bad())?,
        };
        // One spelling only: a fact's bytes are compared as they are.
        if stamp.to_string() == text { Ok(stamp) } else { Err(bad()) }
    }
}

impl Serialize for Hlc {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hlc {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_as_people_write_it() {
        let json = serde_json::to_string(&UtcMs(1_795_253_400_250)).unwrap();
        assert_eq!(json, r#""2026-11-21T09:30:00.25Z""#);
        assert_eq!(serde_json::from_str::<UtcMs>(&json).unwrap(), UtcMs(1_795_253_400_250));
        let elsewhere = r#""2026-11-21T10:30:00.25+01:00""#;
        assert_eq!(serde_json::from_str::<UtcMs>(elsewhere).unwrap(), UtcMs(1_795_253_400_250));
        for wild in [UtcMs(i64::MIN), UtcMs(i64::MAX)] {
            assert!(serde_json::to_string(&wild).is_err() && serde_json::to_string(&wild.writable()).is_ok());
        }
        assert!(
            serde_json::from_str::<UtcMs>("5").is_err() && serde_json::to_string(&UtcMs(i64::MAX)).is_err()
        );
    }

    #[test]
    fn stamps_grow_when_the_wall_clock_steps_back() {
        let mut clock = HlcClock::default();
        let first = clock.tick(UtcMs(1000));
        let second = clock.tick(UtcMs(10));
        assert!(second > first);
    }

    #[test]
    fn a_stamp_from_the_future_does_not_move_the_clock() {
        let mut clock = HlcClock::default();
        let far = Hlc { wall: UtcMs(HLC_AHEAD_MS_MAX + 2), counter: 0 };
        assert_eq!(clock.witness(far, UtcMs(1)), Witness::FromTheFuture);
        assert_eq!(clock.tick(UtcMs(5)).wall, UtcMs(5));
    }

    #[test]
    fn a_seen_stamp_is_passed() {
        let mut clock = HlcClock::default();
        let seen = Hlc { wall: UtcMs(100), counter: 7 };
        assert_eq!(clock.witness(seen, UtcMs(50)), Witness::Taken);
        assert!(clock.tick(UtcMs(60)) > seen);
    }

    #[test]
    fn there_is_one_spelling_of_a_stamp() {
        let stamp = Hlc { wall: UtcMs(0xabc), counter: 3 };
        assert_eq!(stamp.to_string().parse(), Ok(stamp));
        for wrong in ["", "abc", "ABC-3", "0abc-3", "abc-03", "-1-0", "abc-3-1"] {
            assert!(wrong.parse::<Hlc>().is_err(), "{wrong}");
        }
    }
}
