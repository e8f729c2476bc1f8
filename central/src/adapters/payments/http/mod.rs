//! A provider of payment intents, as the best known one speaks: forms over HTTPS, an `Idempotency-Key` with each question,
//! authorizations that are captured by hand, errors by type and decline code, signed webhooks.
//!
//! What came of a question is found by the key that was written into the provider's own record (`metadata`): of an
//! authorization by a search, of a capture and a void on the intent itself, of a refund among the intent's refunds. The
//! search may lag behind; what it does not find yet is asked again under the same key, which does nothing twice.

mod notice;
mod read;

use crate::core::outside::signed::verify;
use crate::core::saga::fact::Call;
use crate::core::saga::notice::Notice;
use crate::core::saga::plan::Capabilities;
use crate::ports::payments::{Answer, BadNotice, Known, Payments, Question};
use async_trait::async_trait;
use holdfast_platform::http::TRACEPARENT;
use holdfast_platform::outside::{self, Got, ask};
use holdfast_platform::secret::Secret;
use holdfast_shared::time::UtcMs;
use read::{authorized, captured, error, found_refund, refunded, voided};
use reqwest::{Client, RequestBuilder};
use serde_json::Value;
use std::time::Duration;

const WHOM: &str = "the provider";
const SIGNATURE: &str = "stripe-signature";
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// Refunds of one intent that are looked through.
const REFUNDS_LOOKED_AT: &str = "100";

#[derive(Debug, Clone)]
pub struct IntentsSettings {
    /// `https://api.example.com`
    pub url: String,
    pub secret: Secret,
    /// Both of them while one is changed.
    pub webhook_secrets: Vec<Secret>,
    /// For one question, its answer and all. Shorter than the saga's patience.
    pub timeout: Duration,
    pub several_captures: bool,
    pub renewable: bool,
}

#[derive(Debug)]
pub struct Intents {
    client: Client,
    settings: IntentsSettings,
}

impl Intents {
    pub fn new(settings: IntentsSettings) -> Result<Self, reqwest::Error> {
        Ok(Self { client: outside::client(settings.timeout)?, settings })
    }

    fn path(&self, rest: &str) -> String {
        format!("{}/v1/{rest}", self.settings.url.trim_end_matches('/'))
    }

    fn post(&self, rest: &str, question: &Question, form: &[(String, String)]) -> RequestBuilder {
        let request = self.client.post(self.path(rest)).bearer_auth(self.settings.secret.reveal());
        let request = request.header(TRACEPARENT, question.parent.to_string());
        request.header("Idempotency-Key", question.key.as_str()).form(form)
    }

    fn get(&self, rest: &str, query: &[(&str, &str)]) -> RequestBuilder {
        self.client.get(self.path(rest)).bearer_auth(self.settings.secret.reveal()).query(query)
    }

    async fn authorize(&self, question: &Question) -> Answer {
        let id = question.id.to_string();
        let mut form = vec![
            field("amount", question.wish.amount.to_string()),
            field("currency", question.currency.to_string().to_ascii_lowercase()),
            field("payment_method", question.token.reveal()),
            field("capture_method", "manual"),
            field("confirm", "true"),
            field("off_session", "true"),
            field("expand[]", "latest_charge"),
            field("metadata[holdfast_order]", question.order.as_str()),
            field("metadata[holdfast_call]", id),
            field("metadata[holdfast_key]", question.key.as_str()),
        ];
        if self.settings.several_captures {
            let several = "payment_method_options[card][request_multicapture]";
            form.push(field(several, "if_available"));
        }
        answered(ask(WHOM, self.post("payment_intents", question, &form)).await, authorized)
    }

    async fn capture(&self, question: &Question, intent: &str) -> Answer {
        let mut form = vec![
            field("amount_to_capture", question.wish.amount.to_string()),
            field(&format!("metadata[{}]", read::capture_mark(question.id.run)), question.key.as_str()),
        ];
        if self.settings.several_captures {
            form.push(field("final_capture", question.wish.last.to_string()));
        }
        let sent = ask(WHOM, self.post(&format!("payment_intents/{intent}/capture"), question, &form)).await;
        answered(sent, |told| captured(told, question.wish.amount))
    }

    async fn void(&self, question: &Question, intent: &str) -> Answer {
        let form = [field("cancellation_reason", "abandoned")];
        let sent = ask(WHOM, self.post(&format!("payment_intents/{intent}/cancel"), question, &form)).await;
        answered(sent, |told| voided(told, question.wish.amount))
    }

    async fn refund(&self, question: &Question, intent: &str) -> Answer {
        let form = [
            field("payment_intent", intent),
            field("amount", question.wish.amount.to_string()),
            field("metadata[holdfast_order]", question.order.as_str()),
            field("metadata[holdfast_call]", question.id.to_string()),
            field("metadata[holdfast_key]", question.key.as_str()),
        ];
        answered(ask(WHOM, self.post("refunds", question, &form)).await, refunded)
    }

    async fn intent(&self, intent: &str) -> Got {
        ask(WHOM, self.get(&format!("payment_intents/{intent}"), &[])).await
    }

    async fn search(&self, question: &Question) -> Known {
        let key = question.key.as_str().replace('\\', "\\\\").replace('\'', "\\'");
        let query = format!("metadata['holdfast_key']:'{key}'");
        let found = ask(WHOM, self.get("payment_intents/search", &[("query", &query), ("limit", "1")])).await;
        looked(found, |told| {
            told.pointer("/data/0").map_or(Known::Absent, |intent| Known::Ended(authorized(intent)))
        })
    }
}

fn field(name: &str, value: impl Into<String>) -> (String, String) {
    (name.to_owned(), value.into())
}

fn answered(got: Got, read: impl FnOnce(&Value) -> Answer) -> Answer {
    match got {
        Got::Told { status: 200..=299, body, .. } => read(&body),
        Got::Told { status, retry_after_ms, body } => error(status, retry_after_ms, &body),
        Got::NotSent(words) => Answer::Busy { retry_after_ms: None, words },
        Got::Silence(words) => Answer::Unknown { words },
    }
}

/// A look-up that failed tells nothing of what was asked.
fn looked(got: Got, read: impl FnOnce(&Value) -> Known) -> Known {
    match got {
        Got::Told { status: 200..=299, body, .. } => read(&body),
        Got::Told { status: 404, .. } => Known::Absent,
        Got::Told { status: 429, retry_after_ms, .. } => {
            let words = String::from("the provider asks for fewer questions");
            Known::Ended(Answer::Busy { retry_after_ms, words })
        }
        Got::Told { status, .. } => {
            Known::Ended(Answer::Unknown { words: format!("the look-up was answered with {status}") })
        }
        Got::NotSent(words) | Got::Silence(words) => Known::Ended(Answer::Unknown { words }),
    }
}

#[async_trait]
impl Payments for Intents {
    fn can(&self) -> Capabilities {
        Capabilities {
            several_captures: self.settings.several_captures,
            partial_refund: true,
            renewable: self.settings.renewable,
            authorization_ms: 7 * DAY_MS,
        }
    }

    async fn ask(&self, question: &Question) -> Answer {
        match (question.id.call, &question.reference) {
            (Call::Authorize, _) => self.authorize(question).await,
            (Call::Capture, Some(intent)) => self.capture(question, intent).await,
            (Call::Void, Some(intent)) => self.void(question, intent).await,
            (Call::Refund, Some(intent)) => self.refund(question, intent).await,
            (Call::Capture | Call::Void | Call::Refund, None) => Answer::Declined {
                code: String::from("no_authorization"),
                words: String::from("there is no authorization to draw on"),
            },
        }
    }

    async fn look_up(&self, question: &Question) -> Known {
        let amount = question.wish.amount;
        match (question.id.call, &question.reference) {
            (Call::Authorize, _) => self.search(question).await,
            (Call::Capture, Some(intent)) => {
                let mark = read::capture_mark(question.id.run);
                looked(self.intent(intent).await, |told| match read::metadata(told, &mark) {
                    Some(key) if key == question.key.as_str() => Known::Ended(captured(told, amount)),
                    Some(_) | None => Known::Absent,
                })
            }
            (Call::Void, Some(intent)) => looked(self.intent(intent).await, |told| {
                if read::status(told) == "canceled" {
                    Known::Ended(voided(told, amount))
                } else {
                    Known::Absent
                }
            }),
            (Call::Refund, Some(intent)) => {
                let query = [("payment_intent", intent.as_str()), ("limit", REFUNDS_LOOKED_AT)];
                let all = ask(WHOM, self.get("refunds", &query)).await;
                looked(all, |told| {
                    let found = found_refund(told, question.key.as_str());
                    found.map_or(Known::Absent, |refund| Known::Ended(refunded(refund)))
                })
            }
            (Call::Capture | Call::Void | Call::Refund, None) => Known::Absent,
        }
    }

    fn signature_header(&self) -> &'static str {
        SIGNATURE
    }

    fn read_notice(&self, signature: Option<&str>, body: &[u8], now: UtcMs) -> Result<Notice, BadNotice> {
        let header = signature.ok_or(BadNotice::Unsigned(SIGNATURE))?;
        let secrets: Vec<&str> = self.settings.webhook_secrets.iter().map(Secret::reveal).collect();
        verify(&secrets, header, body, now)?;
        notice::read(body)
    }
}

#[cfg(test)]
mod tests;
