//! Days that a question names: like 2026-11-01, in UTC, both counted.

use super::answer::{Answer, Refused, internal};
use crate::core::stock::report::Day;
use holdfast_shared::error::Code;
use holdfast_shared::time::UtcMs;

const DAY_MS: i64 = 86_400_000;

/// From the first to the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Days {
    pub(super) first: Day,
    pub(super) last: Day,
}

/// The last is today when nobody names it, the first so many days up to it.
pub(super) fn named(
    (from, to): (Option<&str>, Option<&str>),
    (usual, most): (i64, i64),
    now: UtcMs,
) -> Answer<Days> {
    let last = to.map_or_else(|| Ok(Day::of(now)), day)?;
    let first = from.map_or_else(|| Ok(Day(last.0.saturating_sub(usual.saturating_sub(1)))), day)?;
    let days = first.up_to(last);
    if (1..=most).contains(&days) {
        return Ok(Days { first, last });
    }
    let detail = format!("from and to name {days} days; 1 to {most} can be asked for");
    Err(Refused::new(Code::InvalidRequest, detail))
}

pub(super) const fn after(day: Day) -> Day {
    Day(day.0.saturating_add(1))
}

pub(super) const fn begins(day: Day) -> UtcMs {
    UtcMs(day.0.saturating_mul(DAY_MS))
}

pub(super) fn day(text: &str) -> Answer<Day> {
    let date = text.parse::<jiff::civil::Date>().ok();
    let midnight = date.and_then(|date| date.to_zoned(jiff::tz::TimeZone::UTC).ok());
    let shown: String = text.chars().take(40).collect();
    midnight.map(|midnight| Day::of(UtcMs(midnight.timestamp().as_millisecond()))).ok_or_else(|| {
        Refused::new(Code::InvalidRequest, format!("{shown:?} is not a day; expected one like 2026-11-01"))
    })
}

pub(super) fn date(day: Day) -> Answer<String> {
    let midnight = jiff::Timestamp::from_millisecond(begins(day).0);
    let midnight = midnight.map_err(|error| internal("a date", error))?;
    Ok(midnight.strftime("%Y-%m-%d").to_string())
}
