//! One POST for each event, signed. What the receiver answers decides; its redirects are not followed, and its answer is
//! read no further than a log wants.

mod addresses;
mod answer;

use crate::core::events::cloud::{BINARY, CloudEvent, STRUCTURED};
use crate::core::events::consumer::Form;
use crate::core::events::signing::signatures;
use crate::ports::consumers::ConsumerSecret;
use crate::ports::sinks::{SendEnd, Sent, Sink, Spoken};
use addresses::Resolver;
use async_trait::async_trait;
use holdfast_platform::clock::Clock;
use holdfast_shared::limits::WEBHOOK_ANSWER_BYTES_MAX;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Response, StatusCode, Url};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

const CONNECT: Duration = Duration::from_secs(5);

#[derive(Debug, Clone)]
pub(super) struct Terms {
    pub(super) url: Url,
    pub(super) form: Form,
    pub(super) answer_ms: u32,
    /// Whether the receiver may be in our own network.
    pub(super) private: bool,
}

pub(super) struct WebhookSink {
    terms: Terms,
    secrets: Vec<ConsumerSecret>,
    http: Client,
    clock: Arc<dyn Clock>,
}

/// The address of a receiver, or why it is none.
pub(super) fn receiver(url: &str, private: bool) -> Result<Url, String> {
    let parsed = Url::parse(url).map_err(|error| format!("sink.url: {url:?} is no address: {error}"))?;
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err("sink.url: put no password into it; what is sent is signed".to_owned());
    }
    match parsed.scheme() {
        "https" => {}
        "http" if private => {}
        "http" => {
            return Err("sink.url: use https, or allow receivers of your own network \
                (events.private_receivers in the settings)"
                .to_owned());
        }
        other => return Err(format!("sink.url: {other} is not spoken here; use https")),
    }
    if parsed.host().is_none() {
        return Err("sink.url: it names no host".to_owned());
    }
    if !private && parsed.host_str().is_some_and(addresses::is_private_literal) {
        return Err("sink.url: the address is one of a private network; allow those in the settings \
            (events.private_receivers) if that is meant"
            .to_owned());
    }
    Ok(parsed)
}

impl WebhookSink {
    pub(super) fn new(
        terms: Terms,
        secrets: Vec<ConsumerSecret>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, String> {
        // It is there already when anything else has spoken TLS before.
        let _already = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder()
            .timeout(Duration::from_millis(terms.answer_ms.into()))
            .connect_timeout(CONNECT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .dns_resolver(Arc::new(Resolver { private: terms.private }))
            .user_agent(concat!("holdfast-central/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| format!("no HTTP client: {error}"))?;
        Ok(Self { terms, secrets, http, clock })
    }

    /// Heads and body of one event.
    fn letter(&self, id: &str, event: &CloudEvent, at_s: i64) -> (HeaderMap, Vec<u8>) {
        let mut heads = HeaderMap::new();
        let (kind, body) = match self.terms.form {
            Form::Structured => (STRUCTURED, event.structured().to_string()),
            Form::Binary => (BINARY, event.data().to_string()),
        };
        let body = body.into_bytes();
        heads.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        let secrets = self.secrets.iter().map(|secret| secret.secret.as_str());
        let key_ids: Vec<&str> = self.secrets.iter().map(|secret| secret.key_id.as_str()).collect();
        let mut own = vec![
            ("webhook-id".to_owned(), id.to_owned()),
            ("webhook-timestamp".to_owned(), at_s.to_string()),
            ("webhook-signature".to_owned(), signatures(secrets, id, at_s, &body)),
            ("holdfast-key-ids".to_owned(), key_ids.join(" ")),
        ];
        own.extend(
            event
                .heads("ce-")
                .filter(|(name, _)| self.terms.form == Form::Binary || name == "ce-traceparent"),
        );
        for (name, value) in own {
            // The trace is read by everybody under its own name.
            let name = if name == "ce-traceparent" { "traceparent" } else { name.as_str() };
            let parsed = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(&value));
            if let (Ok(name), Ok(value)) = parsed {
                heads.insert(name, value);
            }
        }
        (heads, body)
    }

    async fn post(&self, heads: HeaderMap, body: Vec<u8>) -> (SendEnd, Option<u16>, Option<String>) {
        let now = self.clock.now().utc;
        match self.http.post(self.terms.url.clone()).headers(heads).body(body).send().await {
            Err(error) => (SendEnd::Failed { why: answer::no_answer(&error), asked_ms: None }, None, None),
            Ok(response) => {
                let (status, head) = (response.status(), response.headers().clone());
                let asked_ms = answer::retry_after_ms(&head, now);
                let (text, broken) = read(response).await;
                let end = match broken {
                    Some(why) if status.is_success() => {
                        SendEnd::Failed { why: format!("answered {status}, and then {why}"), asked_ms }
                    }
                    Some(_) | None => answer::meaning(status, &head, asked_ms),
                };
                (end, Some(status.as_u16()), Some(told(status, &head, &text)))
            }
        }
    }
}

/// How the body begins, and what went wrong while it came.
async fn read(mut response: Response) -> (String, Option<String>) {
    let mut bytes = Vec::new();
    while bytes.len() < WEBHOOK_ANSWER_BYTES_MAX {
        match response.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => return (String::from_utf8_lossy(&bytes).into_owned(), None),
            Err(error) => {
                return (String::from_utf8_lossy(&bytes).into_owned(), Some(answer::broke_off(&error)));
            }
        }
    }
    // Whoever has more to say has said enough.
    bytes.truncate(WEBHOOK_ANSWER_BYTES_MAX);
    (String::from_utf8_lossy(&bytes).into_owned(), None)
}

fn heads_of(heads: &HeaderMap) -> String {
    heads.iter().fold(String::new(), |mut lines, (name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        // Writing into a string cannot fail.
        let _fits = writeln!(lines, "{name}: {value}");
        lines
    })
}

fn told(status: StatusCode, heads: &HeaderMap, body: &str) -> String {
    format!("{status}\n{}\n{body}", heads_of(heads))
}

#[async_trait]
impl Sink for WebhookSink {
    async fn send(&self, id: &str, _key: &str, _kind: &str, event: &CloudEvent) -> Sent {
        let began = self.clock.now();
        let (heads, body) = self.letter(id, event, began.utc.0.div_euclid(1_000));
        let asked = format!("POST {}\n{}", self.terms.url, heads_of(&heads));
        let (end, status, answered) = self.post(heads, body).await;
        Sent { end, spoken: Spoken { status, asked: Some(asked), answered }, began, ended: self.clock.now() }
    }

    fn logs_what_went(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests;
