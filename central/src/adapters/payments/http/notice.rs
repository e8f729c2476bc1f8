//! Webhooks of a provider of payment intents. What they are about, central had written into their metadata.

use super::read::{CAPTURE_MARK, authorized, metadata, refunded, refusal, status};
use crate::core::saga::fact::{Call, CallId, Said};
use crate::core::saga::notice::Notice;
use crate::ports::payments::{Answer, BadNotice};
use holdfast_platform::outside::text;
use serde_json::Value;

const EVENT_CHARS_MAX: usize = 128;

pub(super) fn read(body: &[u8]) -> Result<Notice, BadNotice> {
    let event: Value = serde_json::from_slice(body).map_err(|bad| BadNotice::Unreadable(bad.to_string()))?;
    let named = |path: &str| {
        let found = text(&event, path).filter(|text| (1..=EVENT_CHARS_MAX).contains(&text.len()));
        found.map(str::to_owned).ok_or_else(|| BadNotice::Unreadable(format!("{path} is missing")))
    };
    let (id, kind) = (named("/id")?, named("/type")?);
    let nothing = Value::Null;
    let object = event.pointer("/data/object").unwrap_or(&nothing);
    let asked = metadata(object, "holdfast_call").and_then(call);
    let (call, said) = match kind.as_str() {
        "payment_intent.amount_capturable_updated" => (asked, ended(authorized(object))),
        "payment_intent.payment_failed" => {
            (asked, ended(refusal(object.pointer("/last_payment_error").unwrap_or(&nothing))))
        }
        "payment_intent.canceled" => {
            (asked, Some(Said::Lapsed { words: String::from("the provider ended the authorization") }))
        }
        "payment_intent.succeeded" => (newest_capture(object), taken(object)),
        "refund.created" | "refund.updated" if status(object) != "pending" => {
            (asked, ended(refunded(object)))
        }
        _ => (asked, None),
    };
    Ok(Notice {
        event: id,
        kind,
        reference: text(object, "/id").map(str::to_owned),
        order: metadata(object, "holdfast_order").and_then(|text| text.parse().ok()),
        call,
        said,
    })
}

/// `capture/2`
fn call(text: &str) -> Option<CallId> {
    let (name, run) = text.split_once('/')?;
    let call = Call::ALL.into_iter().find(|call| call.as_str() == name)?;
    Some(CallId { call, run: run.parse().ok()? })
}

fn newest_capture(intent: &Value) -> Option<CallId> {
    let marks = intent.get("metadata")?.as_object()?.keys();
    let runs = marks.filter_map(|name| name.strip_prefix(CAPTURE_MARK)?.parse().ok());
    runs.max().map(|run| CallId { call: Call::Capture, run })
}

/// Each capture counts with what it was asked for, and never for more.
fn taken(intent: &Value) -> Option<Said> {
    let amount = intent.get("amount_received").and_then(Value::as_i64)?;
    Some(Said::Done { reference: text(intent, "/id")?.to_owned(), amount, lapses_at: None })
}

/// Only what is known for good.
fn ended(answer: Answer) -> Option<Said> {
    match answer {
        Answer::Done(_) | Answer::Declined { .. } | Answer::Soft { .. } => Some(answer.into()),
        Answer::Busy { .. } | Answer::Unknown { .. } => None,
    }
}
