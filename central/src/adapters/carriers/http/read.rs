//! What one who speaks with carriers answers, as the port's words. An answer that says less than it should is no answer:
//! then nobody knows, and it is looked up.

use crate::core::outside::notice::BadNotice;
use crate::core::parcel::fact::Label;
use crate::core::parcel::notice::TrackingNotice;
use crate::core::parcel::tracking::{Track, TrackStatus};
use crate::ports::carriers::{Answer, Did, Rate};
use holdfast_platform::outside::{Got, text, words};
use holdfast_shared::limits::{CARRIER_WORD_CHARS_MAX, LABEL_URL_CHARS_MAX};
use holdfast_shared::money::{Currency, Money};
use holdfast_shared::time::UtcMs;
use serde_json::Value;
use std::collections::BTreeMap;

/// Rates that one answer is read for.
const RATES_MAX: usize = 100;

fn word(told: &Value, path: &str) -> Option<String> {
    let found = text(told, path)?.trim();
    let fits = (1..=CARRIER_WORD_CHARS_MAX).contains(&found.chars().count());
    (fits && !found.chars().any(char::is_control)).then(|| found.to_owned())
}

/// Amounts come as decimals of the major unit.
fn money(told: &Value, path: &str) -> Option<Money> {
    let amount = told.pointer(path)?;
    let currency: Currency = text(amount, "/currency")?.to_ascii_uppercase().parse().ok()?;
    let said = amount.get("amount")?;
    let written = said.as_str().map_or_else(|| said.to_string(), str::to_owned);
    let (major, minor) = written.split_once('.').unwrap_or((&written, ""));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(major) || !(minor.is_empty() || digits(minor)) {
        return None;
    }
    // As many digits as the currency has, whatever was written: more are no money.
    let places = currency.places()?;
    let rest: String = minor.chars().chain(std::iter::repeat('0')).take(places).collect();
    let minor = format!("{major}{rest}").parse().ok()?;
    Some(Money { minor, currency })
}

/// Only `https` is shown to people as something to open.
fn url(told: &Value) -> Option<String> {
    let found = text(told, "/label_download/href").or_else(|| text(told, "/label_download/pdf"))?;
    let fits = found.len() <= LABEL_URL_CHARS_MAX
        && !found.chars().any(|letter| letter.is_control() || letter == ' ');
    (fits && found.starts_with("https://")).then(|| found.to_owned())
}

pub(super) fn label(told: &Value) -> Answer {
    let whole = || {
        Some(Label {
            reference: word(told, "/label_id").filter(|id| is_name(id))?,
            carrier: word(told, "/carrier_code")?,
            service: word(told, "/service_code")?,
            tracking_number: word(told, "/tracking_number")?,
            url: url(told),
            cost: money(told, "/shipment_cost"),
        })
    };
    match (text(told, "/status"), whole()) {
        (Some("completed"), Some(label)) => Answer::Done(Did::Made(label)),
        // Given back under this key, by whoever asked before a restore or at the carrier itself: another key makes another.
        (Some("voided"), _) => Answer::Soft {
            code: String::from("voided"),
            words: String::from("the label was given back before"),
        },
        (Some("error"), _) => {
            let said = text(told, "/error_message").unwrap_or("the carrier made no label");
            Answer::Declined { code: String::from("label_error"), words: words(said) }
        }
        (status, _) => Answer::Unknown {
            words: format!("a label without its number, or {}", words(status.unwrap_or("no status"))),
        },
    }
}

/// It becomes part of a path.
fn is_name(id: &str) -> bool {
    id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

pub(super) fn is_void(told: &Value) -> bool {
    text(told, "/status") == Some("voided")
}

pub(super) fn voided(told: &Value) -> Answer {
    match told.get("approved").and_then(Value::as_bool) {
        Some(true) => Answer::Done(Did::Voided),
        Some(false) => {
            let said = text(told, "/message").unwrap_or("the carrier does not take it back");
            Answer::Declined { code: String::from("void_refused"), words: words(said) }
        }
        None => Answer::Unknown { words: String::from("the answer does not say whether it is void") },
    }
}

/// The label of that key, among those that were found.
pub(super) fn found<'a>(told: &'a Value, key: &str) -> Option<&'a Value> {
    let all = told.get("labels")?.as_array()?;
    all.iter().find(|label| text(label, "/external_shipment_id") == Some(key))
}

/// Of an answer that is no yes.
pub(super) fn refusal(got: Got) -> Answer {
    let (status, retry_after_ms, body) = match got {
        Got::Told { status, retry_after_ms, body } => (status, retry_after_ms, body),
        Got::NotSent(words) => return Answer::Busy { retry_after_ms: None, words },
        Got::Silence(words) => return Answer::Unknown { words },
    };
    let said = words(text(&body, "/errors/0/message").unwrap_or("without a word"));
    let code = words(text(&body, "/errors/0/error_code").unwrap_or("refused"));
    match status {
        429 => Answer::Busy { retry_after_ms, words: said },
        // The same question is under way there.
        409 => Answer::Unknown { words: said },
        401 | 403 => {
            Answer::Busy { retry_after_ms, words: format!("the carrier does not know our key: {said}") }
        }
        400..=499 if code == "carrier_unavailable" || code == "timeout" => Answer::Soft { code, words: said },
        400..=499 => Answer::Declined { code, words: said },
        _ => Answer::Unknown { words: format!("the carrier answered with {status}: {said}") },
    }
}

pub(super) fn rates(told: &Value, services: &BTreeMap<String, String>) -> Vec<Rate> {
    let nothing = Vec::new();
    let all = told.pointer("/rate_response/rates").and_then(Value::as_array).unwrap_or(&nothing);
    let ours = |code: &str| services.iter().find(|(_, theirs)| *theirs == code).map(|(ours, _)| ours.clone());
    let read = |rate: &Value| {
        let code = word(rate, "/service_code")?;
        let days =
            rate.get("delivery_days").and_then(Value::as_u64).and_then(|days| u16::try_from(days).ok());
        Some(Rate {
            carrier: word(rate, "/carrier_code")?,
            service: ours(&code).unwrap_or(code),
            cost: money(rate, "/shipping_amount")?,
            days,
        })
    };
    let mut rates: Vec<Rate> = all.iter().take(RATES_MAX).filter_map(read).collect();
    rates.sort_by(|one, other| (one.cost.minor, &one.service).cmp(&(other.cost.minor, &other.service)));
    rates
}

pub(super) fn notice(body: &[u8]) -> Result<TrackingNotice, BadNotice> {
    let event: Value = serde_json::from_slice(body).map_err(|bad| BadNotice::Unreadable(bad.to_string()))?;
    let named =
        |path: &str| word(&event, path).ok_or_else(|| BadNotice::Unreadable(format!("{path} is missing")));
    let (id, kind) = (named("/event_id")?, named("/data/status_code")?);
    let tracking_number = named("/data/tracking_number")?;
    let happened_at = text(&event, "/data/occurred_at").and_then(|text| text.parse::<jiff::Timestamp>().ok());
    let happened_at = happened_at.ok_or_else(|| {
        BadNotice::Unreadable(String::from("/data/occurred_at is no time like 2026-11-22T10:00:00Z"))
    })?;
    let track = status(&kind).map(|status| Track {
        status,
        happened_at: UtcMs(happened_at.as_millisecond()),
        words: words(text(&event, "/data/status_description").unwrap_or_default()),
    });
    Ok(TrackingNotice { event: id, kind, tracking_number, track })
}

/// The two letters that carriers' statuses are told by.
fn status(code: &str) -> Option<TrackStatus> {
    Some(match code {
        "NY" | "AC" => TrackStatus::Announced,
        "IT" => TrackStatus::InTransit,
        "OD" | "SP" => TrackStatus::OutForDelivery,
        "EX" | "AT" => TrackStatus::Exception,
        "LO" => TrackStatus::Lost,
        "RS" => TrackStatus::Returned,
        "DE" => TrackStatus::Delivered,
        _ => return None,
    })
}
