//! Kafka: each event is one record under its key, so that a partition has the events of a key in order. Acknowledged by
//! all replicas, and idempotent, so that what the client itself tries again is there once.

use crate::core::events::cloud::{CloudEvent, STRUCTURED};
use crate::ports::sinks::{SendEnd, Sent, Sink, Spoken};
use async_trait::async_trait;
use holdfast_platform::clock::Clock;
use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use std::sync::Arc;
use std::time::Duration;

const PATIENCE_MS: &str = "10000";
/// Events wait here for the broker, and not for a place before it.
const QUEUE: Duration = Duration::from_secs(1);

pub(super) struct KafkaSink {
    topic: String,
    producer: FutureProducer,
    clock: Arc<dyn Clock>,
}

impl KafkaSink {
    pub(super) fn new(
        settings: &[(String, String)],
        topic: &str,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, String> {
        let mut config = ClientConfig::new();
        config.set("enable.idempotence", "true").set("message.timeout.ms", PATIENCE_MS);
        for (name, value) in settings {
            config.set(name, value);
        }
        let producer = config.create().map_err(|error| format!("Kafka's settings are not right: {error}"))?;
        Ok(Self { topic: topic.to_owned(), producer, clock })
    }
}

fn meaning(error: &KafkaError) -> SendEnd {
    let why = format!("not produced: {error}");
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::MessageSizeTooLarge | RDKafkaErrorCode::InvalidMessage) => {
            SendEnd::Refused { why }
        }
        _ => SendEnd::Failed { why, asked_ms: None },
    }
}

#[async_trait]
impl Sink for KafkaSink {
    async fn send(&self, id: &str, key: &str, kind: &str, event: &CloudEvent) -> Sent {
        let began = self.clock.now();
        let body = event.structured().to_string();
        let heads = [("content-type", STRUCTURED), ("id", id), ("kind", kind)];
        let heads = heads.into_iter().fold(OwnedHeaders::new(), |heads, (key, value)| {
            heads.insert(Header { key, value: Some(value) })
        });
        let record = FutureRecord::to(&self.topic).key(key).payload(&body).headers(heads);
        let end = match self.producer.send(record, QUEUE).await {
            Ok(_) => SendEnd::Taken,
            Err((error, _)) => meaning(&error),
        };
        let spoken =
            Spoken { status: None, asked: Some(format!("produce {} {key}", self.topic)), answered: None };
        Sent { end, spoken, began, ended: self.clock.now() }
    }

    fn logs_what_went(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::events::Class;
    use crate::core::events::cloud::Naming;
    use crate::core::events::stored::OutboxEvent;
    use holdfast_platform::clock::ManualClock;
    use holdfast_shared::time::UtcMs;
    use rdkafka::Message;
    use rdkafka::consumer::{Consumer, StreamConsumer};
    use rdkafka::mocking::MockCluster;
    use serde_json::{Value, json};

    fn event(number: u64) -> OutboxEvent {
        OutboxEvent {
            sequence: number,
            id: format!("evt-{number}"),
            tenant: "acme".parse().unwrap(),
            kind: "OrderShipped".to_owned(),
            key: "o-1".to_owned(),
            key_sequence: number,
            class: Class::Confirm,
            at: UtcMs(0),
            root_key: None,
            trace_id: None,
            body: json!({ "order": "o-1" }),
        }
    }

    #[tokio::test]
    async fn events_of_a_key_are_in_one_partition_in_order() {
        let cluster = MockCluster::new(1).unwrap();
        cluster.create_topic("events", 3, 1).unwrap();
        let servers = cluster.bootstrap_servers();
        let settings = [("bootstrap.servers".to_owned(), servers.clone())];
        let sink = KafkaSink::new(&settings, "events", Arc::new(ManualClock::default())).unwrap();
        for number in 1..=5 {
            let cloud = CloudEvent::of(&event(number), &Naming::default(), false);
            let sent = sink.send(&format!("evt-{number}"), "o-1", "OrderShipped", &cloud).await;
            assert_eq!(sent.end, SendEnd::Taken);
        }
        let reader: StreamConsumer = ClientConfig::new()
            .set("bootstrap.servers", &servers)
            .set("group.id", "test")
            .set("auto.offset.reset", "earliest")
            .create()
            .unwrap();
        reader.subscribe(&["events"]).unwrap();
        let mut heard = Vec::new();
        for _ in 0..5 {
            let message = reader.recv().await.unwrap();
            assert_eq!(message.key(), Some("o-1".as_bytes()));
            let cloud: Value = serde_json::from_slice(message.payload().unwrap()).unwrap();
            heard.push((message.partition(), cloud["keysequence"].as_str().unwrap().to_owned()));
        }
        let partition = heard[0].0;
        let expected: Vec<(i32, String)> = (1..=5).map(|number| (partition, number.to_string())).collect();
        assert_eq!(heard, expected);
    }
}
