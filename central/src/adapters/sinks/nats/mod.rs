//! NATS JetStream: each event is one message under its own subject, and counts as sent when the stream has it. The
//! stream drops what comes again with the same id (`Nats-Msg-Id`).

use super::NatsSettings;
use crate::core::events::cloud::{CloudEvent, STRUCTURED};
use crate::ports::sinks::{SendEnd, Sent, Sink, Spoken};
use async_nats::header::HeaderMap;
use async_nats::jetstream::{self, Context, message::PublishMessage, stream};
use async_nats::{Client, ConnectOptions};
use async_trait::async_trait;
use holdfast_platform::clock::Clock;
use holdfast_shared::ids::TenantId;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

const PATIENCE: Duration = Duration::from_secs(10);
/// How long the stream remembers ids: longer than a crash takes to be over.
const REMEMBERS: Duration = Duration::from_secs(2 * 60 * 60);

pub(super) struct NatsSink {
    settings: NatsSettings,
    prefix: String,
    tenant: TenantId,
    clock: Arc<dyn Clock>,
    /// Made with the first event, and kept: it finds its way back to the server by itself.
    context: Mutex<Option<Context>>,
}

impl NatsSink {
    pub(super) fn new(
        settings: NatsSettings,
        prefix: String,
        tenant: TenantId,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { settings, prefix, tenant, clock, context: Mutex::new(None) }
    }

    async fn connect(&self) -> Result<Client, String> {
        let NatsSettings { url, user, password, credentials_file } = &self.settings;
        let mut options = ConnectOptions::new().name("holdfast-central").connection_timeout(PATIENCE);
        if let Some((user, password)) = user.as_ref().zip(password.as_ref()) {
            options = options.user_and_password(user.clone(), password.reveal().to_owned());
        }
        if let Some(file) = credentials_file {
            let read = options.credentials_file(file).await;
            options = read.map_err(|error| format!("{}: {error}", file.display()))?;
        }
        options.connect(url.as_str()).await.map_err(|error| format!("NATS cannot be reached: {error}"))
    }

    /// The stream is there from the first event on. One that somebody made is left as it is.
    async fn context(&self) -> Result<Context, String> {
        let mut kept = self.context.lock().await;
        if let Some(context) = &*kept {
            return Ok(context.clone());
        }
        let context = jetstream::new(self.connect().await?);
        let config = stream::Config {
            name: stream_name(&self.prefix),
            subjects: vec![format!("{}.>", self.prefix)],
            duplicate_window: REMEMBERS,
            ..stream::Config::default()
        };
        let made = context.get_or_create_stream(config).await;
        made.map_err(|error| format!("the stream {} cannot be made: {error}", stream_name(&self.prefix)))?;
        *kept = Some(context.clone());
        Ok(context)
    }

    async fn publish(&self, id: &str, subject: String, event: &CloudEvent) -> Result<(), String> {
        let context = self.context().await?;
        let mut heads = HeaderMap::new();
        heads.insert("content-type", STRUCTURED);
        let body = event.structured().to_string();
        let message = PublishMessage::build().headers(heads).payload(body.into()).message_id(id);
        let sent = context.send_publish(subject, message).await;
        let acknowledged = sent.map_err(|error| format!("not published: {error}"))?;
        acknowledged.await.map(drop).map_err(|error| format!("the stream did not take it: {error}"))
    }
}

fn stream_name(prefix: &str) -> String {
    prefix.to_uppercase().replace('.', "_")
}

/// A key or a kind may hold what parts subjects.
fn token(text: &str) -> String {
    let mut token = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b':') {
            token.push(char::from(byte));
        } else {
            token.push_str(&format!("%{byte:02X}"));
        }
    }
    token
}

/// `holdfast.acme.OrderShipped.o-1042`; store and SKU are two words.
fn subject(prefix: &str, tenant: &TenantId, kind: &str, key: &str) -> String {
    let key: Vec<String> = key.split('/').map(token).collect();
    format!("{prefix}.{tenant}.{}.{}", token(kind), key.join("."))
}

#[async_trait]
impl Sink for NatsSink {
    async fn send(&self, id: &str, key: &str, kind: &str, event: &CloudEvent) -> Sent {
        let began = self.clock.now();
        let subject = subject(&self.prefix, &self.tenant, kind, key);
        let published = tokio::time::timeout(PATIENCE, self.publish(id, subject.clone(), event)).await;
        let end = match published {
            Ok(Ok(())) => SendEnd::Taken,
            Ok(Err(why)) => SendEnd::Failed { why, asked_ms: None },
            Err(_) => SendEnd::Failed { why: "the server did not answer in time".to_owned(), asked_ms: None },
        };
        let spoken = Spoken { status: None, asked: Some(format!("publish {subject}")), answered: None };
        Sent { end, spoken, began, ended: self.clock.now() }
    }

    /// The stream itself is the record.
    fn logs_what_went(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_has_a_word_for_each_part_whatever_stands_in_it() {
        let acme = "acme".parse().unwrap();
        assert_eq!(subject("holdfast", &acme, "OrderShipped", "o-1"), "holdfast.acme.OrderShipped.o-1");
        assert_eq!(
            subject("a.b", &acme, "customer.delayed", "leeds/TEE.1*"),
            "a.b.acme.customer%2Edelayed.leeds.TEE%2E1%2A"
        );
        assert_eq!(stream_name("a.b"), "A_B");
    }
}
