//! What a provider of payment intents answers, as the port's words. An answer that says less than it should is no answer:
//! then nobody knows, and it is looked up.

use crate::ports::payments::{Answer, Paid};
use holdfast_platform::outside::{text, words};
use holdfast_shared::time::UtcMs;
use serde_json::Value;

/// The bank may say yes to the same card a moment later.
const SOFT: &[&str] = &[
    "approve_with_id",
    "issuer_not_available",
    "processing_error",
    "reenter_transaction",
    "try_again_later",
];

pub(super) fn status(told: &Value) -> &str {
    text(told, "/status").unwrap_or_default()
}

pub(super) fn metadata<'a>(told: &'a Value, name: &str) -> Option<&'a str> {
    told.get("metadata")?.get(name)?.as_str()
}

/// Under which name a capture leaves its key on the intent.
pub(super) fn capture_mark(run: u32) -> String {
    format!("{CAPTURE_MARK}{run}")
}

pub(super) const CAPTURE_MARK: &str = "holdfast_capture_";

fn number(told: &Value, path: &str) -> Option<i64> {
    told.pointer(path).and_then(Value::as_i64)
}

fn unknown(what: &str) -> Answer {
    Answer::Unknown { words: what.to_owned() }
}

pub(super) fn authorized(intent: &Value) -> Answer {
    let Some(id) = text(intent, "/id") else { return unknown("the answer names no payment") };
    let lapses_at = number(intent, "/latest_charge/payment_method_details/card/capture_before")
        .map(|seconds| UtcMs(seconds.saturating_mul(1_000)));
    match status(intent) {
        "requires_capture" | "succeeded" => {
            match number(intent, "/amount_capturable").or(number(intent, "/amount")) {
                Some(amount) => {
                    // Of one that was captured since, what could be captured once.
                    let received = number(intent, "/amount_received").unwrap_or(0);
                    let amount = amount.saturating_add(received);
                    Answer::Done(Paid { reference: id.to_owned(), amount, lapses_at })
                }
                None => unknown("the answer names no amount"),
            }
        }
        "requires_action" => Answer::Declined {
            code: String::from("authentication_required"),
            words: String::from("the customer has to confirm the payment with their bank"),
        },
        "requires_payment_method" => refusal(intent.pointer("/last_payment_error").unwrap_or(&Value::Null)),
        "canceled" => Answer::Declined {
            code: String::from("canceled"),
            words: String::from("the payment was cancelled at the provider"),
        },
        other => unknown(&format!("the payment is {}", words(other))),
    }
}

pub(super) fn captured(intent: &Value, amount: i64) -> Answer {
    match (text(intent, "/id"), status(intent)) {
        (Some(id), "succeeded" | "requires_capture") => {
            Answer::Done(Paid { reference: id.to_owned(), amount, lapses_at: None })
        }
        (Some(_) | None, other) => unknown(&format!("the payment is {}", words(other))),
    }
}

pub(super) fn voided(intent: &Value, amount: i64) -> Answer {
    match (text(intent, "/id"), status(intent)) {
        (Some(id), "canceled") => Answer::Done(Paid { reference: id.to_owned(), amount, lapses_at: None }),
        (Some(_) | None, other) => unknown(&format!("the payment is {}", words(other))),
    }
}

pub(super) fn refunded(refund: &Value) -> Answer {
    match (text(refund, "/id"), status(refund), number(refund, "/amount")) {
        // On its way: it ends by itself, and a failure is told by webhook.
        (Some(id), "succeeded" | "pending", Some(amount)) => {
            Answer::Done(Paid { reference: id.to_owned(), amount, lapses_at: None })
        }
        (Some(_), "failed" | "canceled", _) => Answer::Declined {
            code: words(text(refund, "/failure_reason").unwrap_or("refund_failed")),
            words: String::from("the refund did not go through"),
        },
        (_, other, _) => unknown(&format!("the refund is {}", words(other))),
    }
}

pub(super) fn found_refund<'a>(list: &'a Value, key: &str) -> Option<&'a Value> {
    let all = list.get("data")?.as_array()?;
    all.iter().find(|refund| metadata(refund, "holdfast_key") == Some(key))
}

/// A card's refusal, for good or for now.
pub(super) fn refusal(error: &Value) -> Answer {
    let code = text(error, "/decline_code").or(text(error, "/code")).unwrap_or("declined");
    let told = words(text(error, "/message").unwrap_or("the payment was declined"));
    let code = words(code);
    if SOFT.contains(&code.as_str()) {
        Answer::Soft { code, words: told }
    } else {
        Answer::Declined { code, words: told }
    }
}

pub(super) fn error(status: u16, retry_after_ms: Option<i64>, body: &Value) -> Answer {
    let nothing = Value::Null;
    let error = body.get("error").unwrap_or(&nothing);
    let kind = text(error, "/type").unwrap_or_default();
    let told = words(text(error, "/message").unwrap_or_default());
    match (status, kind) {
        (402, _) | (_, "card_error") => refusal(error),
        // The key is busy with the same question, or came before with another: what came of it is looked up.
        (_, "idempotency_error") if status != 409 => unknown("the key came before with another question"),
        (409 | 429, _) => Answer::Busy { retry_after_ms, words: format!("not taken in ({status}): {told}") },
        (401 | 403, _) => Answer::Busy {
            retry_after_ms,
            words: format!("the provider refuses central's key ({status}); look at its configuration"),
        },
        // It may have happened already: only a look tells.
        (400, "invalid_request_error") if text(error, "/code") == Some("payment_intent_unexpected_state") => {
            unexpected_state(error)
        }
        (400..=499, _) => {
            Answer::Declined { code: words(text(error, "/code").unwrap_or("refused")), words: told }
        }
        _ => unknown(&format!("the provider answered with {status}")),
    }
}

/// The intent is not in a state for it; the error carries the intent.
fn unexpected_state(error: &Value) -> Answer {
    match text(error, "/payment_intent/status") {
        Some("canceled") => Answer::Declined {
            code: String::from("canceled"),
            words: String::from("the authorization was cancelled, or has lapsed"),
        },
        Some(_) | None => unknown("the payment is in another state than was thought"),
    }
}
