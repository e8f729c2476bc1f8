//! The one who sends: what is queued, in messages of a bounded size, again and again for a bounded time.

use super::{EXIT, Exit, Settings, Span, count_dropped, count_sent, otlp};
use crate::service::Ticker;
use holdfast_shared::limits::{
    TRACE_ANSWER_BYTES_MAX, TRACE_SPANS_QUEUED_MAX, TRACE_SPANS_SENT_MAX, TRACE_TRIES_MAX,
};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, StatusCode};
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

const EVERY: Duration = Duration::from_millis(500);
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// When the process stops, nobody waits longer for the collector.
const LAST_WITHIN: Duration = Duration::from_secs(1);
/// Ticks between tries grow up to this many.
const REST_TICKS_MAX: u32 = 32;

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the client for the collector of traces cannot be set up")]
    Client(#[from] reqwest::Error),
    #[error("a header for the collector of traces cannot be written")]
    Header,
}

/// Sends until it is stopped.
#[derive(Debug)]
pub struct Sender {
    queue: mpsc::Receiver<Span>,
    client: Client,
    endpoint: String,
    service: String,
    /// What is tried again.
    pending: Vec<Span>,
    tries: u32,
    rest: u32,
    told: Option<String>,
}

/// How one try ended.
enum Tried {
    Taken { rejected: u64 },
    Again(String),
    Never(String),
}

fn client(settings: &Settings) -> Result<Client, StartError> {
    let mut headers = HeaderMap::new();
    for (name, value) in &settings.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| StartError::Header)?;
        let mut value = HeaderValue::from_str(value.reveal()).map_err(|_| StartError::Header)?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    // Installed by whoever comes first in this process; a second one changes nothing.
    let _already = rustls::crypto::ring::default_provider().install_default();
    let builder = || {
        let none = reqwest::redirect::Policy::none();
        Client::builder().timeout(ANSWER_WITHIN).redirect(none).default_headers(headers.clone())
    };
    // A small container has no CA certificates, and without TLS it needs none.
    match builder().build() {
        Err(_) if settings.endpoint.starts_with("http://") => Ok(builder().tls_certs_only([]).build()?),
        built => Ok(built?),
    }
}

impl Sender {
    /// From now on spans are recorded. None: this process tells somebody already.
    pub fn start(settings: &Settings) -> Result<Option<Self>, StartError> {
        let client = client(settings)?;
        let (sender, queue) = mpsc::channel(TRACE_SPANS_QUEUED_MAX);
        if EXIT.set(Exit { queue: sender, share: settings.share }).is_err() {
            return Ok(None);
        }
        Ok(Some(Self::new(queue, client, settings)))
    }

    fn new(queue: mpsc::Receiver<Span>, client: Client, settings: &Settings) -> Self {
        let (endpoint, service) = (settings.endpoint.clone(), settings.service.clone());
        Self { queue, client, endpoint, service, pending: Vec::new(), tries: 0, rest: 0, told: None }
    }

    /// A stop sends what is queued once more, and waits little.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), Infallible> {
        let mut ticker = Ticker::new(EVERY, stop);
        while ticker.tick().await {
            if self.rest > 0 {
                self.rest -= 1;
                continue;
            }
            while self.fill() {
                if !self.send().await {
                    break;
                }
            }
        }
        let last = async { while self.fill() && self.send().await {} };
        let _in_time = tokio::time::timeout(LAST_WITHIN, last).await;
        self.queue.close();
        let mut left = u64::try_from(self.pending.len()).unwrap_or(u64::MAX);
        while self.queue.try_recv().is_ok() {
            left = left.saturating_add(1);
        }
        if left > 0 {
            count_dropped(left);
            tracing::warn!(spans = left, "spans were not told: the process stops");
        }
        Ok(())
    }

    /// Whether there is anything to send.
    fn fill(&mut self) -> bool {
        while self.pending.len() < TRACE_SPANS_SENT_MAX && self.tries == 0 {
            match self.queue.try_recv() {
                Ok(span) => self.pending.push(span),
                Err(_) => break,
            }
        }
        !self.pending.is_empty()
    }

    /// Whether the next message may follow at once.
    async fn send(&mut self) -> bool {
        let spans = u64::try_from(self.pending.len()).unwrap_or(u64::MAX);
        match self.attempt().await {
            Tried::Taken { rejected } => {
                count_sent(spans.saturating_sub(rejected));
                count_dropped(rejected.min(spans));
                if self.told.take().is_some() {
                    tracing::info!("the collector of traces takes spans again");
                }
                self.done();
                true
            }
            Tried::Again(why) => {
                self.tell(why);
                self.tries = self.tries.saturating_add(1);
                self.rest = 1_u32.checked_shl(self.tries).unwrap_or(REST_TICKS_MAX).min(REST_TICKS_MAX);
                if self.tries >= TRACE_TRIES_MAX {
                    count_dropped(spans);
                    self.done();
                }
                false
            }
            Tried::Never(why) => {
                self.tell(why);
                count_dropped(spans);
                self.done();
                false
            }
        }
    }

    fn done(&mut self) {
        self.pending.clear();
        self.tries = 0;
    }

    fn tell(&mut self, why: String) {
        if self.told.as_ref() != Some(&why) {
            tracing::warn!(
                why,
                "the collector of traces takes no spans; orders go on, spans wait or are dropped"
            );
            self.told = Some(why);
        }
    }

    async fn attempt(&self) -> Tried {
        let body = otlp::encode(&self.service, &self.pending);
        let request = self.client.post(&self.endpoint).header(CONTENT_TYPE, "application/x-protobuf");
        let mut response = match request.body(body).send().await {
            Ok(response) => response,
            // Without its address, which may hold a key.
            Err(error) => return Tried::Again(error.without_url().to_string()),
        };
        let status = response.status();
        if !status.is_success() {
            let why = format!("it answered {status}");
            return match status {
                StatusCode::TOO_MANY_REQUESTS
                | StatusCode::BAD_GATEWAY
                | StatusCode::SERVICE_UNAVAILABLE
                | StatusCode::GATEWAY_TIMEOUT => Tried::Again(why),
                _ => Tried::Never(why),
            };
        }
        let mut answer = Vec::new();
        while let Ok(Some(piece)) = response.chunk().await {
            if answer.len().saturating_add(piece.len()) > TRACE_ANSWER_BYTES_MAX {
                break;
            }
            answer.extend_from_slice(&piece);
        }
        Tried::Taken { rejected: otlp::rejected(&answer) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{TURN, told};
    use super::*;
    use axum::Router;
    use axum::http::{StatusCode as Status, header};
    use axum::routing::post;
    use holdfast_shared::trace::SpanId;
    use std::collections::BTreeMap;
    use tokio::net::TcpListener;

    fn span(name: &str) -> Span {
        Span {
            trace: "4bf92f3577b34da6a3ce929d0e0e4736".parse().unwrap(),
            span: SpanId::of_record(name),
            parent: None,
            link: None,
            name: name.to_owned(),
            kind: crate::telemetry::SpanKind::Internal,
            begin_ns: 0,
            end_ns: 1,
            attributes: Vec::new(),
            failed: false,
        }
    }

    /// Somebody who has so many spans to tell to whoever is at this address.
    fn sender(endpoint: String, spans: usize) -> Sender {
        let (queued, queue) = mpsc::channel(TRACE_SPANS_QUEUED_MAX);
        (0..spans).for_each(|n| queued.try_send(span(&n.to_string())).unwrap());
        let headers = BTreeMap::new();
        let settings = Settings { endpoint, headers, share: 1.0, service: "holdfast-x".to_owned() };
        Sender::new(queue, client(&settings).unwrap(), &settings)
    }

    /// A collector that always answers so.
    async fn collector(status: Status, body: &'static [u8]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let elsewhere = format!("http://{address}/elsewhere");
        let answer = move || async move { (status, [(header::LOCATION, elsewhere)], body) };
        let router = Router::new().route("/v1/traces", post(answer)).route("/elsewhere", post(|| async {}));
        tokio::spawn(axum::serve(listener, router).into_future());
        format!("http://{address}/v1/traces")
    }

    #[tokio::test]
    async fn what_a_collector_did_not_want_is_counted_as_dropped_and_never_more_than_was_sent() {
        let _turn = TURN.lock().await;
        let mut before = told();
        // Seven of three: what it says cannot be.
        let answers: [(&'static [u8], u64, u64); 3] =
            [(b"", 3, 0), (b"\x0a\x02\x08\x01", 2, 1), (b"\x0a\x02\x08\x07", 0, 3)];
        for (answer, sent, dropped) in answers {
            let mut sender = sender(collector(Status::OK, answer).await, 3);
            assert!(sender.fill() && sender.send().await);
            let now = told();
            assert_eq!((now.sent - before.sent, now.dropped - before.dropped), (sent, dropped), "{answer:?}");
            assert!(!sender.fill(), "they are told once");
            before = now;
        }
    }

    #[tokio::test]
    async fn a_collector_that_is_busy_is_asked_again_less_and_less_often_and_not_for_ever() {
        let _turn = TURN.lock().await;
        for status in [
            Status::SERVICE_UNAVAILABLE,
            Status::TOO_MANY_REQUESTS,
            Status::BAD_GATEWAY,
            Status::GATEWAY_TIMEOUT,
        ] {
            let mut sender = sender(collector(status, b"").await, TRACE_SPANS_SENT_MAX + 1);
            let before = told().dropped;
            for (tries, rest) in [(1, 2), (2, 4), (3, 8), (4, 16)] {
                assert!(sender.fill() && !sender.send().await, "{status}");
                assert_eq!(
                    (sender.tries, sender.rest, sender.pending.len()),
                    (tries, rest, TRACE_SPANS_SENT_MAX)
                );
            }
            assert!(sender.fill() && !sender.send().await);
            assert_eq!((sender.tries, sender.pending.len()), (0, 0), "given up");
            let dropped = told().dropped - before;
            assert_eq!(dropped, u64::try_from(TRACE_SPANS_SENT_MAX).unwrap());
            assert!(sender.fill() && sender.pending.len() == 1, "the next ones have tries of their own");
        }
    }

    #[tokio::test]
    async fn what_a_collector_refuses_or_sends_elsewhere_is_dropped_at_once() {
        let _turn = TURN.lock().await;
        for status in [Status::BAD_REQUEST, Status::UNAUTHORIZED, Status::PERMANENT_REDIRECT] {
            let mut sender = sender(collector(status, b"").await, 2);
            let before = told().dropped;
            assert!(sender.fill() && !sender.send().await, "{status}");
            assert_eq!((sender.pending.len(), sender.tries), (0, 0), "{status}");
            assert_eq!(told().dropped - before, 2, "{status}");
        }
    }

    #[tokio::test]
    async fn what_is_told_of_a_collector_that_is_away_holds_no_address() {
        // Bound and let go again: nobody is there.
        let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let mut sender = sender(format!("http://{address}/v1/traces?key=zq-secret"), 1);
        assert!(sender.fill() && !sender.send().await);
        let why = sender.told.unwrap();
        assert!(!why.contains("zq-secret") && !why.contains(&address.to_string()), "{why}");
    }

    #[test]
    fn a_header_that_is_a_secret_is_not_shown_with_the_client() {
        let headers = [("x-key".to_owned(), crate::secret::Secret::new("zq-secret"))].into();
        let endpoint = "http://127.0.0.1:4318/v1/traces".to_owned();
        let settings = Settings { endpoint, headers, share: 1.0, service: "holdfast-x".to_owned() };
        let shown = format!("{:?}", client(&settings).unwrap());
        assert!(shown.contains("x-key") && !shown.contains("zq-secret"), "{shown}");
    }
}
