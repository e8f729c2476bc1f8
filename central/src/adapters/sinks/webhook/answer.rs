//! What a receiver's answer means.

use crate::ports::sinks::SendEnd;
use holdfast_shared::time::UtcMs;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, LOCATION, RETRY_AFTER};
use std::error::Error;

pub(super) fn meaning(status: StatusCode, heads: &HeaderMap, asked_ms: Option<i64>) -> SendEnd {
    match status.as_u16() {
        200..=299 => SendEnd::Taken,
        410 => SendEnd::Gone { why: "the receiver answered 410: it is gone for good".to_owned() },
        // About this one event: others may be wanted.
        400 | 409 | 413 | 415 | 422 => SendEnd::Refused { why: format!("answered {status}") },
        300..=399 => {
            let to = heads.get(LOCATION).and_then(|to| to.to_str().ok()).unwrap_or("elsewhere");
            let why =
                format!("answered {status} to {to}; redirects are not followed: register the new address");
            SendEnd::Failed { why, asked_ms }
        }
        // Of the receiver as a whole: its login, its path, its load.
        _ => SendEnd::Failed { why: format!("answered {status}"), asked_ms },
    }
}

/// Seconds, or a date.
pub(super) fn retry_after_ms(heads: &HeaderMap, now: UtcMs) -> Option<i64> {
    let text = heads.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(i64::from(seconds).saturating_mul(1_000));
    }
    let at = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(at.timestamp().as_millisecond().saturating_sub(now.0).max(0))
}

pub(super) fn no_answer(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    format!("no answer: {}", deepest(error))
}

pub(super) fn broke_off(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "said nothing more in time".to_owned();
    }
    format!("broke off: {}", deepest(error))
}

/// The cause that a person can do something with.
fn deepest(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    fn of(status: u16) -> SendEnd {
        meaning(StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), Some(7))
    }

    #[test]
    fn what_is_about_one_event_is_told_from_what_is_about_the_receiver() {
        assert_eq!(of(204), SendEnd::Taken);
        assert!(matches!(of(410), SendEnd::Gone { .. }));
        for one in [400, 409, 413, 422] {
            assert!(matches!(of(one), SendEnd::Refused { .. }), "{one}");
        }
        for all in [301, 401, 403, 404, 408, 425, 429, 500, 502, 503] {
            assert!(matches!(of(all), SendEnd::Failed { asked_ms: Some(7), .. }), "{all}");
        }
    }

    #[test]
    fn a_receiver_says_when_to_come_again_in_seconds_or_as_a_date() {
        let asked = |text: &str| {
            let mut heads = HeaderMap::new();
            heads.insert(RETRY_AFTER, HeaderValue::from_str(text).unwrap());
            retry_after_ms(&heads, UtcMs(1_800_000_000_000))
        };
        assert_eq!(asked("120"), Some(120_000));
        assert_eq!(asked("Fri, 15 Jan 2027 08:00:30 GMT"), Some(30_000));
        assert_eq!(asked("Fri, 15 Jan 2027 07:00:30 GMT"), Some(0));
        assert_eq!(asked("soon"), None);
    }
}
