//! Questions to systems of others over HTTPS, and what came back of them. Nothing here holds a secret or personal data:
//! what a transport error says is told, without where it went.

use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::Value;
use std::time::Duration;

/// Of an answer; more is not read.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// Of what they say for people; more is not kept.
const WORDS_CHARS_MAX: usize = 200;

/// What came back of a request.
#[derive(Debug)]
pub enum Got {
    /// The body is null when it is not JSON.
    Told { status: u16, retry_after_ms: Option<i64>, body: Value },
    /// It never left.
    NotSent(String),
    /// Nobody knows whether it was heard.
    Silence(String),
}

/// So much time for one question, its answer and all.
pub fn client(timeout: Duration) -> Result<Client, reqwest::Error> {
    let _already = rustls::crypto::ring::default_provider().install_default();
    // A redirect would carry the secret, and whom it is about, somewhere else.
    Client::builder().timeout(timeout).redirect(Policy::none()).build()
}

/// `whom` is asked: `the carrier`.
pub async fn ask(whom: &str, request: RequestBuilder) -> Got {
    match request.send().await {
        Ok(response) => read(response).await,
        Err(error) if error.is_connect() || error.is_builder() => {
            Got::NotSent(format!("{whom} cannot be reached: {}", error.without_url()))
        }
        Err(error) if error.is_timeout() => Got::Silence(String::from("no answer came in time")),
        Err(error) => Got::Silence(format!("the answer broke off: {}", error.without_url())),
    }
}

async fn read(mut response: Response) -> Got {
    let status = response.status().as_u16();
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
    let seconds = header("retry-after").and_then(|text| text.parse::<i64>().ok());
    let retry_after_ms = seconds.filter(|seconds| *seconds >= 0).map(|seconds| seconds.saturating_mul(1_000));
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len().saturating_add(chunk.len()) <= ANSWER_BYTES_MAX => {
                body.extend_from_slice(&chunk);
            }
            Ok(Some(_)) => return Got::Silence(String::from("the answer is longer than an answer may be")),
            Ok(None) => break,
            Err(error) => return Got::Silence(format!("the answer broke off: {}", error.without_url())),
        }
    }
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    Got::Told { status, retry_after_ms, body }
}

#[must_use]
pub fn text<'a>(told: &'a Value, path: &str) -> Option<&'a str> {
    told.pointer(path).and_then(Value::as_str)
}

/// As it may be shown to people and kept.
#[must_use]
pub fn words(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(WORDS_CHARS_MAX).collect()
}
