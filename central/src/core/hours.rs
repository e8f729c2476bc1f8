//! Opening hours, in the store's own zone. A shop opens and closes by the clock on its wall, so
//! the local reading counts, also on the days when that clock is put forward or back.

use super::fleet::{DatedHours, OpeningHours, Span, Weekday};
use holdfast_shared::time::UtcMs;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, civil};

const DAY_MINUTES: u16 = 24 * 60;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opening {
    Open,
    /// With the local time that was compared.
    Closed {
        local: String,
    },
    /// The zone or the time cannot be read: unknown, which is not open.
    Unknown {
        why: String,
    },
}

#[must_use]
pub fn opening(hours: &[OpeningHours], zone: &str, at: UtcMs) -> Opening {
    opening_on(hours, &[], zone, at)
}

/// As the week says, but for the days of the calendar that have hours of their own.
#[must_use]
pub fn opening_on(hours: &[OpeningHours], dated: &[DatedHours], zone: &str, at: UtcMs) -> Opening {
    if hours.is_empty() && dated.is_empty() {
        return Opening::Open;
    }
    let local = match local_time(zone, at) {
        Ok(local) => local,
        Err(why) => return Opening::Unknown { why },
    };
    let (today, minute) = (local.date(), minute_of_day(local));
    let of_today = |span: Span| (span.opens_minute..span.closes_minute).contains(&minute);
    let since_yesterday =
        |span: Span| (span.opens_minute..span.closes_minute).contains(&minute.saturating_add(DAY_MINUTES));
    let yesterday = today.yesterday().ok();
    let open = spans(hours, dated, today).into_iter().any(of_today)
        || yesterday.is_some_and(|date| spans(hours, dated, date).into_iter().any(since_yesterday));
    if open { Opening::Open } else { Opening::Closed { local: local.strftime("%A %H:%M").to_string() } }
}

/// For how long it has been open by the clock on its wall, in whole minutes; none when it is closed or
/// nobody can know. Spans that meet are one; more than yesterday and today is not looked at.
#[must_use]
pub fn open_for_minutes(hours: &[OpeningHours], dated: &[DatedHours], zone: &str, at: UtcMs) -> Option<u16> {
    let local = local_time(zone, at).ok()?;
    let now = minute_of_day(local).saturating_add(DAY_MINUTES);
    let today = local.date();
    // Counted from yesterday's midnight.
    let later = |span: Span| Span {
        opens_minute: span.opens_minute.saturating_add(DAY_MINUTES),
        closes_minute: span.closes_minute.saturating_add(DAY_MINUTES),
    };
    let yesterday = today.yesterday().map_or_else(|_| Vec::new(), |date| spans(hours, dated, date));
    let mut known: Vec<Span> =
        yesterday.into_iter().chain(spans(hours, dated, today).into_iter().map(later)).collect();
    known.sort_by_key(|span| std::cmp::Reverse(span.closes_minute));
    let now_in = |span: &&Span| (span.opens_minute..span.closes_minute).contains(&now);
    let since = known.iter().filter(now_in).map(|span| span.opens_minute).min()?;
    // The latest end first: a span that reaches this far back joins before any that it reaches itself.
    let since = known.iter().fold(since, |since, span| {
        if span.closes_minute >= since { since.min(span.opens_minute) } else { since }
    });
    Some(now.saturating_sub(since))
}

/// When it opens next after `from`; none when it always is open, never is, or nobody can know.
#[must_use]
pub fn next_opening(hours: &[OpeningHours], zone: &str, from: UtcMs) -> Option<UtcMs> {
    let known = zone_of(zone).ok()?;
    let today = local_time(zone, from).ok()?.date();
    // Two weeks: of one, the only opening may lie within what the clock leaves out.
    let days = (0..=14).filter_map(|ahead| today.checked_add(jiff::Span::new().days(ahead)).ok());
    let openings = days.flat_map(|day| {
        let on_day = hours.iter().filter(move |span| span.day == weekday(day.weekday()));
        on_day.flat_map(|span| instants(&known, day, span.opens_minute)).collect::<Vec<_>>()
    });
    let is_open = |at: &UtcMs| opening(hours, zone, *at) == Opening::Open;
    openings.filter(|at| *at > from && !hours.is_empty()).filter(is_open).min()
}

/// When the clock on the wall shows that minute: twice when it was put back over it. Where it was put
/// forward over it, the moment of that counts.
fn instants(zone: &TimeZone, day: civil::Date, minute: u16) -> Vec<UtcMs> {
    let (hour, minute) = (i8::try_from(minute / 60), i8::try_from(minute % 60));
    let (Ok(hour), Ok(minute)) = (hour, minute) else { return Vec::new() };
    let Ok(time) = civil::Time::new(hour, minute, 0, 0) else { return Vec::new() };
    let wall = day.to_datetime(time);
    let at = |offset: jiff::tz::Offset| offset.to_timestamp(wall).ok();
    let found = match zone.to_ambiguous_timestamp(wall).offset() {
        AmbiguousOffset::Unambiguous { offset } => vec![at(offset)],
        AmbiguousOffset::Fold { before, after } => vec![at(before), at(after)],
        AmbiguousOffset::Gap { after, .. } => {
            vec![at(after).and_then(|early| zone.following(early).next().map(|change| change.timestamp()))]
        }
    };
    found.into_iter().flatten().map(|at| UtcMs(at.as_millisecond())).collect()
}

/// The day of the calendar that it is at the store, if that day has hours of its own.
#[must_use]
pub fn dated_today<'a>(dated: &'a [DatedHours], zone: &str, at: UtcMs) -> Option<&'a DatedHours> {
    if dated.is_empty() {
        return None;
    }
    let today = local_time(zone, at).ok()?.date();
    dated.iter().find(|day| day.date == today)
}

fn spans(hours: &[OpeningHours], dated: &[DatedHours], date: civil::Date) -> Vec<Span> {
    if let Some(day) = dated.iter().find(|day| day.date == date) {
        return day.spans.clone();
    }
    if hours.is_empty() {
        return vec![Span { opens_minute: 0, closes_minute: DAY_MINUTES }];
    }
    let weekday = weekday(date.weekday());
    let of_day = hours.iter().filter(|span| span.day == weekday);
    of_day.map(|span| Span { opens_minute: span.opens_minute, closes_minute: span.closes_minute }).collect()
}

/// What is wrong with days that have hours of their own, before they are taken over.
pub fn check_dated(dated: &[DatedHours]) -> Result<(), String> {
    for (at, day) in dated.iter().enumerate() {
        if dated.iter().take(at).any(|before| before.date == day.date) {
            return Err(format!("{} is named twice: give all of its hours in one entry", day.date));
        }
        day.spans.iter().try_for_each(|span| check_span(span.opens_minute, span.closes_minute))?;
    }
    Ok(())
}

/// What is wrong with a store's zone and hours, before they are taken over.
pub fn check(hours: &[OpeningHours], zone: &str) -> Result<(), String> {
    zone_of(zone)?;
    hours.iter().try_for_each(|span| check_span(span.opens_minute, span.closes_minute))
}

fn check_span(opens: u16, closes: u16) -> Result<(), String> {
    if opens >= DAY_MINUTES || closes <= opens || closes > opens.saturating_add(DAY_MINUTES) {
        return Err(format!(
            "hours from minute {opens} to {closes}: expected opens_minute below 1440, and closes_minute up \
             to a day after it"
        ));
    }
    Ok(())
}

pub(super) fn zone_of(zone: &str) -> Result<TimeZone, String> {
    TimeZone::get(zone).map_err(|_| {
        let told: String = zone.chars().take(60).collect();
        format!("time zone {told:?} is not known: expected an IANA name like Europe/London")
    })
}

fn local_time(zone: &str, at: UtcMs) -> Result<civil::DateTime, String> {
    let zone = zone_of(zone)?;
    let at = Timestamp::from_millisecond(at.0).map_err(|_| format!("time {} cannot be a date", at.0))?;
    Ok(at.to_zoned(zone).datetime())
}

fn minute_of_day(local: civil::DateTime) -> u16 {
    let minutes = i64::from(local.hour()).saturating_mul(60).saturating_add(i64::from(local.minute()));
    u16::try_from(minutes).unwrap_or(0)
}

pub(super) const fn weekday(day: civil::Weekday) -> Weekday {
    match day {
        civil::Weekday::Monday => Weekday::Monday,
        civil::Weekday::Tuesday => Weekday::Tuesday,
        civil::Weekday::Wednesday => Weekday::Wednesday,
        civil::Weekday::Thursday => Weekday::Thursday,
        civil::Weekday::Friday => Weekday::Friday,
        civil::Weekday::Saturday => Weekday::Saturday,
        civil::Weekday::Sunday => Weekday::Sunday,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> UtcMs {
        UtcMs(text.parse::<Timestamp>().unwrap().as_millisecond())
    }

    fn hours(day: Weekday, opens_minute: u16, closes_minute: u16) -> Vec<OpeningHours> {
        vec![OpeningHours { day, opens_minute, closes_minute }]
    }

    #[test]
    fn nine_on_the_wall_is_nine_before_and_after_the_clock_is_put_forward() {
        let mondays = hours(Weekday::Monday, 9 * 60, 17 * 60);
        let zone = "Europe/London";
        // In winter London's wall clock is UTC; from 29 March 2026 it is an hour ahead.
        assert_eq!(opening(&mondays, zone, at("2026-03-23T09:00:00Z")), Opening::Open);
        assert!(matches!(opening(&mondays, zone, at("2026-03-23T08:30:00Z")), Opening::Closed { .. }));
        assert_eq!(opening(&mondays, zone, at("2026-03-30T08:30:00Z")), Opening::Open);
        assert!(matches!(opening(&mondays, zone, at("2026-03-30T16:00:00Z")), Opening::Closed { .. }));
    }

    #[test]
    fn an_hour_that_does_not_exist_is_neither_open_nor_in_the_way() {
        // Berlin, 29 March 2026: after 01:59 comes 03:00.
        let zone = "Europe/Berlin";
        let nights = hours(Weekday::Sunday, 2 * 60, 3 * 60);
        for at_utc in ["2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"] {
            assert!(matches!(opening(&nights, zone, at(at_utc)), Opening::Closed { .. }), "{at_utc}");
        }
        // Hours that begin or end within it go by what the wall shows: from 03:00 on, until 01:59.
        let from = hours(Weekday::Sunday, 2 * 60 + 30, 10 * 60);
        assert!(matches!(opening(&from, zone, at("2026-03-29T00:59:59Z")), Opening::Closed { .. }));
        assert_eq!(opening(&from, zone, at("2026-03-29T01:00:00Z")), Opening::Open, "03:00");
        let until = hours(Weekday::Saturday, 20 * 60, 26 * 60 + 30);
        assert_eq!(opening(&until, zone, at("2026-03-29T00:59:59Z")), Opening::Open, "01:59");
        assert!(matches!(opening(&until, zone, at("2026-03-29T01:00:00Z")), Opening::Closed { .. }), "03:00");
    }

    #[test]
    fn how_long_it_has_been_open_counts_from_the_first_of_spans_that_meet() {
        let span = |day, opens_minute, closes_minute| OpeningHours { day, opens_minute, closes_minute };
        let week = [
            span(Weekday::Monday, 20 * 60, 26 * 60),
            span(Weekday::Tuesday, 60, 3 * 60),
            span(Weekday::Tuesday, 9 * 60, 12 * 60),
            span(Weekday::Tuesday, 12 * 60, 17 * 60),
        ];
        // 3 November 2026 is a Tuesday, and London's wall clock is UTC.
        for (at_utc, minutes) in [
            ("2026-11-03T00:30:00Z", Some(4 * 60 + 30)),
            ("2026-11-03T02:30:59Z", Some(6 * 60 + 30)),
            ("2026-11-03T08:59:59Z", None),
            ("2026-11-03T09:00:00Z", Some(0)),
            ("2026-11-03T16:00:00Z", Some(7 * 60)),
        ] {
            assert_eq!(open_for_minutes(&week, &[], "Europe/London", at(at_utc)), minutes, "{at_utc}");
        }
        assert_eq!(open_for_minutes(&week, &[], "Mars/Olympus", at("2026-11-03T09:00:00Z")), None);
        let always = open_for_minutes(&[], &[], "Europe/London", at("2026-11-03T00:30:00Z"));
        assert_eq!(always, Some(24 * 60 + 30), "no midnight interrupts it");
    }

    #[test]
    fn an_hour_that_comes_twice_is_open_twice() {
        // Berlin, 25 October 2026: 02:00 to 02:59 comes twice.
        let zone = "Europe/Berlin";
        let nights = hours(Weekday::Sunday, 2 * 60, 3 * 60);
        let open =
            ["2026-10-25T00:00:00Z", "2026-10-25T00:59:59Z", "2026-10-25T01:00:00Z", "2026-10-25T01:59:59Z"];
        for at_utc in open {
            assert_eq!(opening(&nights, zone, at(at_utc)), Opening::Open, "{at_utc}");
        }
        for at_utc in ["2026-10-24T23:59:59Z", "2026-10-25T02:00:00Z"] {
            assert!(matches!(opening(&nights, zone, at(at_utc)), Opening::Closed { .. }), "{at_utc}");
        }
    }

    #[test]
    fn a_clock_that_has_lost_its_time_is_read_all_the_same() {
        let mondays = hours(Weekday::Monday, 9 * 60, 17 * 60);
        for lost in [UtcMs(0), UtcMs(-1), UtcMs(i64::MIN).writable(), UtcMs(i64::MAX).writable()] {
            assert_ne!(opening(&mondays, "Europe/London", lost), Opening::Open);
        }
    }

    #[test]
    fn hours_past_midnight_run_into_the_next_day() {
        let late = hours(Weekday::Saturday, 20 * 60, 26 * 60);
        let zone = "Europe/Berlin";
        assert_eq!(opening(&late, zone, at("2026-11-22T00:30:00Z")), Opening::Open, "Sunday 01:30");
        assert_eq!(
            opening(&late, zone, at("2026-11-22T01:00:00Z")),
            Opening::Closed { local: String::from("Sunday 02:00") }
        );
    }

    #[test]
    fn the_next_opening_is_found_over_the_week_and_over_changes_of_the_clock() {
        let zone = "Europe/Berlin";
        let sundays = hours(Weekday::Sunday, 2 * 60 + 30, 10 * 60);
        let next = |hours: &[OpeningHours], from: &str| next_opening(hours, zone, at(from));
        // An ordinary Sunday; then the one on which 02:00 to 02:59 does not come, and it opens at 03:00.
        assert_eq!(next(&sundays, "2026-03-20T12:00:00Z"), Some(at("2026-03-22T01:30:00Z")));
        assert_eq!(next(&sundays, "2026-03-22T01:30:00Z"), Some(at("2026-03-29T01:00:00Z")));
        // The one on which it comes twice: the first time counts, and after a short span the second.
        assert_eq!(next(&sundays, "2026-10-24T12:00:00Z"), Some(at("2026-10-25T00:30:00Z")));
        let short = hours(Weekday::Sunday, 2 * 60 + 30, 2 * 60 + 45);
        assert_eq!(next(&short, "2026-10-25T00:45:00Z"), Some(at("2026-10-25T01:30:00Z")));
        // Hours that lie within what was left out are no opening.
        assert_eq!(next(&short, "2026-03-28T12:00:00Z"), Some(at("2026-04-05T00:30:00Z")));
        assert_eq!(next_opening(&[], zone, UtcMs(0)), None);
        assert_eq!(next_opening(&sundays, "Nowhere/Land", UtcMs(0)), None);
        let lost = next_opening(&sundays, zone, UtcMs(i64::MAX));
        assert_eq!(lost, None);
    }

    #[test]
    fn the_next_opening_of_the_same_day_a_week_later_is_found() {
        let mondays = hours(Weekday::Monday, 9 * 60, 17 * 60);
        let after_closing = next_opening(&mondays, "Europe/London", at("2026-11-16T18:00:00Z"));
        assert_eq!(after_closing, Some(at("2026-11-23T09:00:00Z")));
    }

    #[test]
    fn no_hours_is_always_open_and_a_bad_zone_is_a_reason() {
        assert_eq!(opening(&[], "Nowhere/Land", at("2026-11-22T00:30:00Z")), Opening::Open);
        let weird = opening(&hours(Weekday::Monday, 0, 1440), "Nowhere/Land", UtcMs(0));
        assert!(matches!(weird, Opening::Unknown { why } if why.contains("Nowhere/Land")));
        let never = opening(&hours(Weekday::Monday, 0, 1440), "Europe/London", UtcMs(i64::MAX));
        assert!(matches!(never, Opening::Unknown { .. }));
    }

    #[test]
    fn hours_that_cannot_be_are_refused_before_they_are_stored() {
        assert!(check(&hours(Weekday::Monday, 0, 1440), "Europe/London").is_ok());
        assert!(check(&hours(Weekday::Monday, 600, 600), "Europe/London").is_err());
        assert!(check(&hours(Weekday::Monday, 1440, 1500), "Europe/London").is_err());
        assert!(check(&[], "London").is_err());
    }

    fn on(date: &str, spans: &[(u16, u16)]) -> DatedHours {
        let span = |(opens_minute, closes_minute): &(u16, u16)| Span {
            opens_minute: *opens_minute,
            closes_minute: *closes_minute,
        };
        DatedHours { date: date.parse().unwrap(), spans: spans.iter().map(span).collect(), why: None }
    }

    #[test]
    fn a_day_of_the_calendar_has_hours_of_its_own() {
        let zone = "Europe/Berlin";
        // 24 December 2026 is a Thursday.
        let thursdays = hours(Weekday::Thursday, 9 * 60, 20 * 60);
        let short = [on("2026-12-24", &[(9 * 60, 13 * 60)])];
        assert_eq!(opening_on(&thursdays, &short, zone, at("2026-12-24T08:00:00Z")), Opening::Open);
        let afternoon = at("2026-12-24T13:00:00Z");
        assert!(matches!(opening_on(&thursdays, &short, zone, afternoon), Opening::Closed { .. }));
        assert_eq!(opening_on(&thursdays, &short, zone, at("2026-12-17T13:00:00Z")), Opening::Open);
        assert_eq!(dated_today(&short, zone, at("2026-12-23T23:30:00Z")), short.first(), "00:30 there");
        assert_eq!(dated_today(&short, zone, at("2026-12-23T22:30:00Z")), None);
    }

    #[test]
    fn a_closed_day_closes_a_store_that_is_always_open_and_ends_no_late_night() {
        let zone = "Europe/Berlin";
        let closed = [on("2026-12-25", &[])];
        assert!(matches!(opening_on(&[], &closed, zone, at("2026-12-25T11:00:00Z")), Opening::Closed { .. }));
        assert_eq!(opening_on(&[], &closed, zone, at("2026-12-26T11:00:00Z")), Opening::Open);
        // The night of Thursday runs until 02:00 of the day that is closed.
        let late = hours(Weekday::Thursday, 20 * 60, 26 * 60);
        assert_eq!(opening_on(&late, &closed, zone, at("2026-12-25T00:30:00Z")), Opening::Open, "01:30");
        // And the closed day itself sends nothing into the next.
        let fridays = hours(Weekday::Friday, 20 * 60, 26 * 60);
        assert!(matches!(
            opening_on(&fridays, &closed, zone, at("2026-12-26T00:30:00Z")),
            Opening::Closed { .. }
        ));
    }

    #[test]
    fn days_that_cannot_be_are_refused() {
        assert!(check_dated(&[on("2026-12-24", &[(0, 1440)]), on("2026-12-25", &[])]).is_ok());
        let twice = check_dated(&[on("2026-12-24", &[]), on("2026-12-24", &[(0, 60)])]).unwrap_err();
        assert!(twice.starts_with("2026-12-24 is named twice"), "{twice}");
        assert!(check_dated(&[on("2026-12-24", &[(600, 540)])]).is_err());
        assert!("2026-02-30".parse::<civil::Date>().is_err());
    }
}
