//! The embedded MQTT v5 broker: what central uses when no broker is named in its configuration.
//!
//! The library is wrapped here and nowhere else. Its own TLS listener and certificate provider
//! are not used: a silent peer blocks the one, and the other lets one certificate speak for
//! another. Its file backend is not used either: what it holds are signals, and losing every one
//! of them may delay, never corrupt.

mod auth;
mod ear;

use crate::ports::access::Access;
use crate::ports::poke::Poke;
use crate::ports::signals::Heard;
use auth::Doorkeeper;
use ear::Ear;
use holdfast_platform::secret::Secret;
use holdfast_shared::ids::{StoreId, TenantId};
use holdfast_shared::limits::MQTT_PAYLOAD_BYTES_MAX;
use holdfast_shared::wire::signal;
use holdfast_shared::wire::topic::{Channel, Topic};
use mqtt5::QoS;
use mqtt5::broker::config::{StorageBackend, StorageConfig};
use mqtt5::broker::router::MessageRouter;
use mqtt5::broker::{BrokerConfig, MqttBroker};
use mqtt5::packet::publish::PublishPacket;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub use auth::{CANARY, OBSERVER};

/// Connections at once.
const CONNECTIONS_MAX: usize = 20_000;
/// Topic, properties and framing beside a payload.
const PACKET_OVERHEAD_BYTES: usize = 2_048;
/// Retained messages: one presence per store.
const RETAINED_MAX: usize = 20_000;
/// Messages kept for one client that is away. A poke that is lost costs nothing but time.
const QUEUED_PER_CLIENT_MAX: usize = 16;
const CLIENT_CHANNEL_MAX: usize = 256;
const SUBSCRIPTIONS_PER_CLIENT_MAX: usize = 8;
const SESSION_KEPT: Duration = Duration::from_secs(300);
/// A poke that nobody fetched by then is of no use.
const POKE_EXPIRY_S: u32 = 30;

#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    #[error("the MQTT broker cannot listen on {address}")]
    Listen {
        address: SocketAddr,
        #[source]
        source: mqtt5::MqttError,
    },
    #[error("the MQTT broker stopped")]
    Stopped(#[source] mqtt5::MqttError),
}

/// What the broker needs to know.
#[derive(Debug)]
pub struct BrokerSettings {
    /// Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Without one, nobody but agents may log in.
    pub observer_password: Option<Secret>,
    /// Of central's own bird.
    pub canary_password: Secret,
}

/// A broker that listens; it serves while [`EmbeddedBroker::run`] runs.
pub struct EmbeddedBroker {
    broker: MqttBroker,
    address: SocketAddr,
}

impl std::fmt::Debug for EmbeddedBroker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmbeddedBroker").field("address", &self.address).finish_non_exhaustive()
    }
}

impl EmbeddedBroker {
    pub async fn bind(
        settings: BrokerSettings,
        access: Arc<dyn Access>,
        heard: mpsc::Sender<Heard>,
    ) -> Result<Self, BrokerError> {
        let storage = StorageConfig::default()
            .with_backend(StorageBackend::Memory)
            .with_max_queued_messages_per_client(QUEUED_PER_CLIENT_MAX);
        let config = BrokerConfig::default()
            .with_bind_address(settings.listen)
            .with_max_clients(CONNECTIONS_MAX)
            .with_max_packet_size(MQTT_PAYLOAD_BYTES_MAX.saturating_add(PACKET_OVERHEAD_BYTES))
            .with_session_expiry(SESSION_KEPT)
            .with_maximum_qos(1)
            .with_max_subscriptions_per_client(SUBSCRIPTIONS_PER_CLIENT_MAX)
            .with_max_retained_messages(RETAINED_MAX)
            .with_max_retained_message_size(MQTT_PAYLOAD_BYTES_MAX)
            .with_client_channel_capacity(CLIENT_CHANNEL_MAX)
            .with_sys_topics_enabled(false)
            .with_storage(storage)
            .with_event_handler(Arc::new(Ear::new(heard)));
        let refused = |source| BrokerError::Listen { address: settings.listen, source };
        let broker = MqttBroker::with_config(config).await.map_err(refused)?;
        let address = broker.local_addr().unwrap_or(settings.listen);
        let BrokerSettings { observer_password, canary_password, .. } = settings;
        let doorkeeper = Doorkeeper { access, observer_password, canary_password };
        Ok(Self { broker: broker.with_auth_provider(Arc::new(doorkeeper)), address })
    }

    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends pokes through this broker.
    #[must_use]
    pub fn poker(&self) -> BrokerPoke {
        BrokerPoke { router: self.broker.router() }
    }

    /// Serves until `stop`. Connections are told that the server shuts down.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), BrokerError> {
        let handle = self.broker.shutdown_handle();
        let mut running = std::pin::pin!(self.broker.run());
        tokio::select! {
            ended = &mut running => return ended.map_err(BrokerError::Stopped),
            () = stop.cancelled() => handle.shutdown(),
        }
        running.await.map_err(BrokerError::Stopped)
    }
}

/// Hands pokes straight to the broker's router, in process.
pub struct BrokerPoke {
    router: Arc<MessageRouter>,
}

impl std::fmt::Debug for BrokerPoke {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BrokerPoke").finish_non_exhaustive()
    }
}

impl Poke for BrokerPoke {
    fn poke(&self, tenant: &TenantId, store: &StoreId, why: &str) {
        let topic = Topic::new(tenant.clone(), store.clone(), Channel::Poke).to_string();
        let Ok(payload) = signal::encode(&signal::Poke { why: why.to_owned() }) else { return };
        let packet =
            PublishPacket::new(topic, payload, QoS::AtLeastOnce).with_message_expiry_interval(POKE_EXPIRY_S);
        let router = Arc::clone(&self.router);
        // Ends by itself: routing only hands the packet to bounded queues.
        tokio::spawn(async move { router.route_message(&packet, None).await });
    }
}
