//! Readings of the clock on a store's wall, as moments in UTC.

use super::no_date::NoDate;
use crate::core::fleet::{OpeningHours, Weekday};
use crate::core::hours::{weekday, zone_of};
use holdfast_shared::limits::CALENDAR_DAYS_MAX;
use holdfast_shared::time::UtcMs;
use jiff::civil::{Date, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, Zoned};

const DAY_MINUTES: u16 = 24 * 60;
const MINUTE_MS: i64 = 60_000;

#[derive(Debug)]
pub(super) struct Calendar {
    zone: TimeZone,
}

impl Calendar {
    pub(super) fn of(zone: &str) -> Result<Self, NoDate> {
        zone_of(zone).map(|zone| Self { zone }).map_err(NoDate::Zone)
    }

    pub(super) fn date(&self, at: UtcMs) -> Result<Date, NoDate> {
        let at = Timestamp::from_millisecond(at.0).map_err(|_| NoDate::Time(at.0))?;
        Ok(Zoned::new(at, self.zone.clone()).date())
    }

    /// When something ends. A reading that the wall skips is over before it would come, so the last
    /// moment before the leap counts; of one that comes twice, the first.
    pub(super) fn end(&self, date: Date, minute: u16) -> Result<UtcMs, NoDate> {
        self.moment(date, minute, Edge::End)
    }

    /// When something begins: after the leap, and at the second of two.
    pub(super) fn begin(&self, date: Date, minute: u16) -> Result<UtcMs, NoDate> {
        self.moment(date, minute, Edge::Begin)
    }

    fn moment(&self, date: Date, minute: u16, edge: Edge) -> Result<UtcMs, NoDate> {
        let mut date = date;
        for _ in 0..minute.checked_div(DAY_MINUTES).unwrap_or(0) {
            date = next(date)?;
        }
        let minute = minute.checked_rem(DAY_MINUTES).unwrap_or(0);
        let (hour, past) = (minute.checked_div(60).unwrap_or(0), minute.checked_rem(60).unwrap_or(0));
        let (hour, past) = (i8::try_from(hour).unwrap_or(0), i8::try_from(past).unwrap_or(0));
        let time = Time::new(hour, past, 0, 0).map_err(|_| NoDate::Beyond)?;
        let wall = date.to_datetime(time);
        let read = |offset: jiff::tz::Offset| offset.to_timestamp(wall).map_err(|_| NoDate::Beyond);
        let at = match (self.zone.to_ambiguous_timestamp(wall).offset(), edge) {
            (AmbiguousOffset::Unambiguous { offset }, _) => read(offset)?,
            (AmbiguousOffset::Gap { after, .. }, edge) => {
                // With the later offset the reading lies before the leap that skips it.
                let leap = self.zone.following(read(after)?).next().ok_or(NoDate::Beyond)?.timestamp();
                match edge {
                    Edge::Begin => leap,
                    Edge::End => return Ok(UtcMs(leap.as_millisecond()).plus(-1)),
                }
            }
            (AmbiguousOffset::Fold { before, .. }, Edge::End) => read(before)?,
            (AmbiguousOffset::Fold { after, .. }, Edge::Begin) => read(after)?,
        };
        Ok(UtcMs(at.as_millisecond()))
    }

    /// The last moment of a day.
    pub(super) fn end_of_day(&self, date: Date) -> Result<UtcMs, NoDate> {
        let begin = next(date)?.to_zoned(self.zone.clone()).map_err(|_| NoDate::Beyond)?;
        Ok(UtcMs(begin.timestamp().as_millisecond()).plus(-1))
    }

    /// When the store has been open for so long since then.
    pub(super) fn after_opening_time(
        &self,
        hours: &[OpeningHours],
        from: UtcMs,
        minutes: u32,
    ) -> Result<UtcMs, NoDate> {
        let mut left_ms = i64::from(minutes).saturating_mul(MINUTE_MS);
        if hours.is_empty() {
            return Ok(from.plus(left_ms));
        }
        let mut at = from;
        // Hours of the day before may reach into this one.
        let mut date = self.date(from)?.yesterday().map_err(|_| NoDate::Beyond)?;
        for _ in 0..CALENDAR_DAYS_MAX {
            for (opens, closes) in self.openings(hours, date)? {
                let begin = at.max(opens);
                let open_ms = closes.since(begin);
                if open_ms < 0 {
                    continue;
                }
                if open_ms >= left_ms {
                    return Ok(begin.plus(left_ms));
                }
                left_ms = left_ms.saturating_sub(open_ms);
                at = closes;
            }
            date = next(date)?;
        }
        Err(NoDate::TooLittleOpen { minutes })
    }

    fn openings(&self, hours: &[OpeningHours], date: Date) -> Result<Vec<(UtcMs, UtcMs)>, NoDate> {
        let day = day_of(date);
        let mut openings: Vec<(UtcMs, UtcMs)> = hours
            .iter()
            .filter(|span| span.day == day)
            .map(|span| Ok((self.begin(date, span.opens_minute)?, self.end(date, span.closes_minute)?)))
            .collect::<Result<_, NoDate>>()?;
        openings.sort_unstable();
        Ok(openings)
    }
}

#[derive(Debug, Clone, Copy)]
enum Edge {
    Begin,
    End,
}

pub(super) fn next(date: Date) -> Result<Date, NoDate> {
    date.tomorrow().map_err(|_| NoDate::Beyond)
}

pub(super) fn day_of(date: Date) -> Weekday {
    weekday(date.weekday())
}
