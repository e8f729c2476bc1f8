//! Signals through a broker of the customer's, by configuration. The broker's own access list
//! must keep each agent to its own topics; `packaging/` has one for Mosquitto.
//!
//! rumqttc needs care: a connection that hangs while sending is not noticed by itself, hence the
//! time limit around `poll`; there is no pause between attempts, hence ours; and `publish().await`
//! beside `poll` in one task deadlocks, hence `try_publish`. A `poll` that is dropped half-way may lose an
//! acknowledgement, hence one that has begun is waited for.

mod breath;

use crate::ports::poke::Poke;
use crate::ports::signals::Heard;
use breath::Breath;
use holdfast_platform::secret::Secret;
use holdfast_shared::ids::{StoreId, TenantId};
use holdfast_shared::limits::MQTT_PAYLOAD_BYTES_MAX;
use holdfast_shared::wire::signal;
use holdfast_shared::wire::topic::{Channel, Topic};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Packet, Publish, PublishProperties};
use rumqttc::v5::{AsyncClient, ConnectionError, Event, EventLoop, MqttOptions};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

const KEEP_ALIVE: Duration = Duration::from_secs(5);
/// Longer than a healthy broker is ever silent.
const POLL_LIMIT: Duration = Duration::from_secs(8);
const PAUSE_MIN: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(15);
/// The library's default takes 13 MB per client.
const INFLIGHT_MAX: u16 = 64;
const REQUESTS_MAX: usize = 1_024;
const POKE_EXPIRY_S: u32 = 30;
const PACKET_OVERHEAD_BYTES: usize = 2_048;

/// Where the broker is, and who central is to it.
#[derive(Debug, Clone)]
pub struct ExternalSettings {
    pub host: String,
    pub port: u16,
    /// Different for each central that shares a broker.
    pub client_id: String,
    pub username: Option<String>,
    pub password: Option<Secret>,
}

/// The subscriber of every store's signals.
pub struct ExternalBroker {
    client: AsyncClient,
    events: EventLoop,
    heard: mpsc::Sender<Heard>,
    address: String,
}

impl std::fmt::Debug for ExternalBroker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExternalBroker").field("address", &self.address).finish_non_exhaustive()
    }
}

impl ExternalBroker {
    #[must_use]
    pub fn new(settings: &ExternalSettings, heard: mpsc::Sender<Heard>) -> Self {
        let mut options = MqttOptions::new(&settings.client_id, &settings.host, settings.port);
        options
            .set_keep_alive(KEEP_ALIVE)
            .set_clean_start(true)
            .set_outgoing_inflight_upper_limit(INFLIGHT_MAX)
            .set_max_packet_size(
                u32::try_from(MQTT_PAYLOAD_BYTES_MAX.saturating_add(PACKET_OVERHEAD_BYTES)).ok(),
            );
        if let (Some(username), Some(password)) = (&settings.username, &settings.password) {
            options.set_credentials(username, password.reveal());
        }
        let (client, events) = AsyncClient::new(options, REQUESTS_MAX);
        let address = format!("{}:{}", settings.host, settings.port);
        Self { client, events, heard, address }
    }

    /// Sends pokes through the same connection.
    #[must_use]
    pub fn poker(&self) -> ExternalPoke {
        ExternalPoke { client: self.client.clone() }
    }

    /// Listens until `stop`, and connects again for ever.
    pub async fn run(self, stop: CancellationToken) {
        let Self { client, mut events, heard, address } = self;
        let (mut pause, mut breath) = (PAUSE_MIN, Breath::default());
        loop {
            let polled = tokio::select! {
                () = stop.cancelled() => break,
                polled = tokio::time::timeout(POLL_LIMIT, next(&mut events, &mut breath, &stop)) => polled,
            };
            let trouble = match polled {
                Ok(Ok(event)) => {
                    if let Event::Incoming(Packet::ConnAck(_)) = &event {
                        tracing::info!(broker = %address, "connected to the MQTT broker");
                        pause = PAUSE_MIN;
                        subscribe(&client);
                    }
                    if let Event::Incoming(Packet::Publish(publish)) = event {
                        breath.took_one();
                        take(&heard, &publish).await;
                    }
                    continue;
                }
                Ok(Err(error)) => error.to_string(),
                Err(_elapsed) => "the broker does not answer".to_owned(),
            };
            metrics::counter!("holdfast_mqtt_disconnects_total").increment(1);
            tracing::warn!(broker = %address, trouble, "no MQTT connection; trying again");
            events.clean();
            // Wakes early to stop; the time itself is the wait.
            if tokio::time::timeout(pause, stop.cancelled()).await.is_ok() {
                break;
            }
            pause = pause.saturating_mul(2).min(PAUSE_MAX);
        }
        if client.try_disconnect().is_ok() {
            // Lets the goodbye out; a broker that does not take it is left.
            let _ = tokio::time::timeout(PAUSE_MIN, events.poll()).await;
        }
    }
}

/// What is there already at once; else what comes, some of it together.
async fn next(
    events: &mut EventLoop,
    breath: &mut Breath,
    stop: &CancellationToken,
) -> Result<Event, ConnectionError> {
    let mut polling = pin!(events.poll());
    if let Poll::Ready(event) = futures::poll!(polling.as_mut()) {
        return event;
    }
    let rest = breath.rest();
    if !rest.is_zero() {
        // Wakes early to stop; the time itself is the wait.
        let _rested = tokio::time::timeout(rest, stop.cancelled()).await;
    }
    polling.await
}

fn subscribe(client: &AsyncClient) {
    for channel in Channel::ALL.into_iter().filter(|channel| channel.from_agent()) {
        if let Err(error) = client.try_subscribe(Topic::filter_all(channel), QoS::AtLeastOnce) {
            tracing::error!(%error, channel = channel.as_str(), "cannot subscribe");
        }
    }
}

async fn take(heard: &mpsc::Sender<Heard>, publish: &Publish) {
    let Ok(topic) = String::from_utf8(publish.topic.to_vec()) else { return };
    let message = Heard { topic, payload: publish.payload.to_vec(), from: None };
    if heard.send(message).await.is_err() {
        tracing::debug!("a message came in while central stops");
    }
}

#[derive(Debug, Clone)]
pub struct ExternalPoke {
    client: AsyncClient,
}

impl Poke for ExternalPoke {
    fn poke(&self, tenant: &TenantId, store: &StoreId, why: &str) {
        let topic = Topic::new(tenant.clone(), store.clone(), Channel::Poke).to_string();
        let Ok(payload) = signal::encode(&signal::Poke { why: why.to_owned() }) else { return };
        let properties = PublishProperties {
            message_expiry_interval: Some(POKE_EXPIRY_S),
            ..PublishProperties::default()
        };
        // A full queue means that the broker is away; the agents then sync by their own timer.
        let sent =
            self.client.try_publish_with_properties(topic, QoS::AtLeastOnce, false, payload, properties);
        if sent.is_err() {
            metrics::counter!("holdfast_mqtt_pokes_dropped_total").increment(1);
        }
    }
}
