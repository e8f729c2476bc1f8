//! The ways out: each is a folder, and nothing but this file names them all.

#[cfg(feature = "kafka")]
mod kafka;
mod nats;
mod webhook;

use crate::core::events::consumer::{Consumer, ConsumerTerms, SinkTerms};
use crate::ports::consumers::ConsumerSecret;
use crate::ports::sinks::{Sink, Sinks};
use async_trait::async_trait;
use holdfast_platform::clock::Clock;
use holdfast_platform::secret::Secret;
use std::path::PathBuf;
use std::sync::Arc;

/// What the settings say of the ways out.
#[derive(Debug, Clone, Default)]
pub struct SinkSettings {
    /// Receivers in the chain's own network, and without TLS.
    pub private_receivers: bool,
    pub nats: Option<NatsSettings>,
    /// As librdkafka reads them: `bootstrap.servers` and the like.
    pub kafka: Vec<(String, String)>,
}

#[derive(Debug, Clone)]
pub struct NatsSettings {
    pub url: String,
    pub user: Option<String>,
    pub password: Option<Secret>,
    pub credentials_file: Option<PathBuf>,
}

pub struct WaysOut {
    settings: SinkSettings,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for WaysOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WaysOut").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl WaysOut {
    #[must_use]
    pub fn new(settings: SinkSettings, clock: Arc<dyn Clock>) -> Self {
        Self { settings, clock }
    }

    #[cfg(feature = "kafka")]
    fn open_kafka(&self, topic: &str) -> Result<Arc<dyn Sink>, String> {
        Ok(Arc::new(kafka::KafkaSink::new(&self.settings.kafka, topic, Arc::clone(&self.clock))?))
    }

    #[cfg(not(feature = "kafka"))]
    #[expect(clippy::unused_self, reason = "the other one needs it")]
    fn open_kafka(&self, topic: &str) -> Result<Arc<dyn Sink>, String> {
        Err(format!("this build of central has no Kafka, so nothing goes to {topic}"))
    }

    fn nats(&self) -> Result<&NatsSettings, String> {
        self.settings
            .nats
            .as_ref()
            .ok_or_else(|| "the settings name no NATS server: set events.nats.url".to_owned())
    }
}

#[async_trait]
impl Sinks for WaysOut {
    fn check(&self, terms: &ConsumerTerms) -> Result<(), String> {
        match &terms.sink {
            SinkTerms::Webhook { url, .. } => {
                webhook::receiver(url, self.settings.private_receivers).map(drop)
            }
            SinkTerms::Nats { .. } => self.nats().map(drop),
            SinkTerms::Kafka { .. } if cfg!(not(feature = "kafka")) => {
                Err("this build of central has no Kafka: build it with the feature `kafka`".to_owned())
            }
            SinkTerms::Kafka { .. } if self.settings.kafka.is_empty() => {
                Err("the settings name no Kafka brokers: set events.kafka.brokers".to_owned())
            }
            SinkTerms::Pull {} | SinkTerms::Kafka { .. } => Ok(()),
        }
    }

    async fn open(&self, consumer: &Consumer, secrets: &[ConsumerSecret]) -> Result<Arc<dyn Sink>, String> {
        let clock = Arc::clone(&self.clock);
        match &consumer.terms.sink {
            SinkTerms::Pull {} => Err("it fetches for itself: nothing is sent".to_owned()),
            SinkTerms::Webhook { url, form, answer_ms } => {
                let url = webhook::receiver(url, self.settings.private_receivers)?;
                let terms = webhook::Terms {
                    url,
                    form: *form,
                    answer_ms: *answer_ms,
                    private: self.settings.private_receivers,
                };
                Ok(Arc::new(webhook::WebhookSink::new(terms, secrets.to_vec(), clock)?))
            }
            SinkTerms::Nats { prefix } => {
                let tenant = consumer.tenant.clone();
                Ok(Arc::new(nats::NatsSink::new(self.nats()?.clone(), prefix.clone(), tenant, clock)))
            }
            SinkTerms::Kafka { topic } => self.open_kafka(topic),
        }
    }
}
