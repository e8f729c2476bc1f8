//! Signals over MQTT v5, through `rumqttc`.
//!
//! The client has sharp edges, and this is how they are kept away from everything else:
//!
//! 1. The default client keeps 13 MB for packets in flight: the limit is set low.
//! 2. A frozen broker makes `poll` wait for ever: each poll has a timeout, and then the connection
//!    is thrown away.
//! 3. What was accepted may be dropped when the broker restarts: only signals are sent here, and
//!    losing one is allowed. Facts go over HTTPS.
//! 4. `publish().await` in the poll loop deadlocks: only `try_publish` is used.
//! 5. The event loop reconnects without a pause: one [`MqttUplink::connection`] is one connection,
//!    and the owner waits between two of them.
//! 6. A collision of packet ids can stall a client for good: each connection is a new client, and
//!    nothing of the last one is sent again. An old heartbeat is worth nothing.

mod payload;

use crate::ports::ledger::Identity;
use crate::ports::uplink::{NotSent, Uplink};
use async_trait::async_trait;
use holdfast_shared::wire::signal::{self, Freshness, Heartbeat, Poke};
use holdfast_shared::wire::topic::{Channel, Topic, client_id};
use payload::{Outgoing, message_expiry_s};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{ConnectReturnCode, LastWill, Packet, PublishProperties};
use rumqttc::v5::{AsyncClient, ConnectionError, Event, EventLoop, MqttOptions};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How often the client shows the broker that it is there.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// A healthy `poll` answers within the keep-alive; past this the connection is dead.
const POLL_MAX: Duration = Duration::from_secs(13);
/// How long a clean goodbye may take.
const GOODBYE_MAX: Duration = Duration::from_millis(1500);
const INFLIGHT_MAX: u16 = 64;
/// Signals that wait for the socket.
const QUEUE_MAX: usize = 64;

/// Where the broker is, and who this is there.
#[derive(Clone)]
pub struct Broker {
    pub host: String,
    pub port: u16,
    pub secret: String,
}

impl std::fmt::Debug for Broker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Broker").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionEnd {
    #[error("the agent said goodbye")]
    Goodbye,
    #[error("the broker refused this agent's credential: {0:?}")]
    Refused(ConnectReturnCode),
    #[error("the broker went silent")]
    Silent,
    #[error("the connection to the broker broke")]
    Broken(#[source] Box<ConnectionError>),
}

/// The agent's side of the broker. Sends while a connection stands, and says so when none does.
pub struct MqttUplink {
    identity: Identity,
    broker: Broker,
    /// Only while connected.
    client: Mutex<Option<AsyncClient>>,
}

impl std::fmt::Debug for MqttUplink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MqttUplink").field("broker", &self.broker).finish_non_exhaustive()
    }
}

impl MqttUplink {
    #[must_use]
    pub const fn new(identity: Identity, broker: Broker) -> Self {
        Self { identity, broker, client: Mutex::new(None) }
    }

    fn topic(&self, channel: Channel) -> String {
        Topic::new(self.identity.tenant.clone(), self.identity.store.clone(), channel).to_string()
    }

    fn options(&self) -> MqttOptions {
        let Identity { tenant, store, replica, boot } = &self.identity;
        let id = client_id(tenant, store, replica, boot);
        let mut options = MqttOptions::new(id, &self.broker.host, self.broker.port);
        options
            .set_keep_alive(KEEP_ALIVE)
            .set_clean_start(true)
            .set_credentials(replica.as_str(), &self.broker.secret)
            .set_outgoing_inflight_upper_limit(INFLIGHT_MAX);
        if let Ok(gone) = payload::presence(&self.identity, false, false) {
            let topic = self.topic(Channel::Presence);
            options.set_last_will(LastWill::new(topic, gone, QoS::AtLeastOnce, true, None));
        }
        options
    }

    /// One connection, from its first byte to its end. Pokes are told to `on_poke`, and each change
    /// of the connection to `on_change`. When `stop` is cancelled, it says a planned goodbye.
    pub async fn connection(
        &self,
        stop: &CancellationToken,
        on_poke: &(dyn Fn(Poke) + Send + Sync),
        on_change: &(dyn Fn(bool) + Send + Sync),
    ) -> ConnectionEnd {
        let (client, mut events) = AsyncClient::new(self.options(), QUEUE_MAX);
        let end = loop {
            let polled = tokio::select! {
                biased;
                () = stop.cancelled() => {
                    self.say_goodbye(&client, &mut events).await;
                    break ConnectionEnd::Goodbye;
                }
                polled = timeout(POLL_MAX, events.poll()) => polled,
            };
            match polled {
                Err(_) => break ConnectionEnd::Silent,
                Ok(Err(ConnectionError::ConnectionRefused(code))) => break ConnectionEnd::Refused(code),
                Ok(Err(error)) => break ConnectionEnd::Broken(Box::new(error)),
                Ok(Ok(event)) => self.hear(&event, &client, on_poke, on_change),
            }
        };
        events.clean();
        let was_connected = self.slot().take().is_some();
        if was_connected {
            on_change(false);
        }
        end
    }

    fn hear(
        &self,
        event: &Event,
        client: &AsyncClient,
        on_poke: &(dyn Fn(Poke) + Send + Sync),
        on_change: &(dyn Fn(bool) + Send + Sync),
    ) {
        match event {
            Event::Incoming(Packet::ConnAck(_)) => {
                self.greet(client);
                *self.slot() = Some(client.clone());
                on_change(true);
            }
            Event::Incoming(Packet::Publish(publish)) => {
                // Only pokes are subscribed to. One that cannot be read still means: look.
                let poke = signal::decode(&publish.payload);
                on_poke(poke.unwrap_or_else(|_| Poke { why: "unreadable poke".to_owned() }));
            }
            Event::Incoming(_) | Event::Outgoing(_) => {}
        }
    }

    /// A queue that was just made has room for these; a failure shows as a missing presence.
    fn greet(&self, client: &AsyncClient) {
        let online = payload::presence(&self.identity, true, false).unwrap_or_default();
        let told = client.try_publish(self.topic(Channel::Presence), QoS::AtLeastOnce, true, online);
        let asked = client.try_subscribe(self.topic(Channel::Poke), QoS::AtLeastOnce);
        if let Err(error) = told {
            tracing::warn!(%error, "the broker was not told that this agent is here");
        }
        if let Err(error) = asked {
            tracing::warn!(%error, "pokes were not subscribed to");
        }
    }

    async fn say_goodbye(&self, client: &AsyncClient, events: &mut EventLoop) {
        if self.slot().is_none() {
            return;
        }
        let gone = payload::presence(&self.identity, false, true).unwrap_or_default();
        if client.try_publish(self.topic(Channel::Presence), QoS::AtLeastOnce, true, gone).is_err() {
            return;
        }
        // The queue keeps its order, so the broker hears the goodbye before the disconnect. A failure
        // here only means that the last will speaks for us.
        drop(client.try_disconnect());
        let until_sent = async {
            while events.poll().await? != Event::Outgoing(rumqttc::Outgoing::Disconnect) {}
            Ok(())
        };
        let ended: Result<Result<(), ConnectionError>, _> = timeout(GOODBYE_MAX, until_sent).await;
        tracing::debug!(in_time = ended.is_ok(), "left the broker");
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<AsyncClient>> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, channel: Channel, outgoing: Outgoing) -> Result<(), NotSent> {
        let client = self.slot().clone();
        let client = client.ok_or_else(|| NotSent { why: "not connected to the broker".to_owned() })?;
        let properties = PublishProperties {
            message_expiry_interval: Some(message_expiry_s(channel)),
            content_type: Some("application/json".to_owned()),
            ..PublishProperties::default()
        };
        client
            .try_publish_with_properties(self.topic(channel), QoS::AtLeastOnce, false, outgoing.0, properties)
            .map_err(|error| NotSent { why: error.to_string() })
    }
}

#[async_trait]
impl Uplink for MqttUplink {
    async fn heartbeat(&self, beat: &Heartbeat) -> Result<(), NotSent> {
        self.send(Channel::Heartbeat, Outgoing::of(beat)?)
    }

    async fn freshness(&self, freshness: &Freshness) -> Result<(), NotSent> {
        self.send(Channel::Freshness, Outgoing::of(freshness)?)
    }

    fn connected(&self) -> bool {
        self.slot().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uplink() -> MqttUplink {
        let identity = Identity {
            tenant: "acme".parse().unwrap(),
            store: "leeds".parse().unwrap(),
            replica: "leeds-a".parse().unwrap(),
            boot: "b7".parse().unwrap(),
        };
        MqttUplink::new(identity, Broker { host: "localhost".into(), port: 1883, secret: "s3".into() })
    }

    #[test]
    fn the_will_says_which_boot_went_and_stays_for_those_who_come_later() {
        let will = uplink().options().last_will().unwrap();
        assert_eq!(&will.topic[..], b"holdfast/v1/acme/leeds/presence");
        assert!(will.retain);
        let presence: signal::Presence = signal::decode(&will.message).unwrap();
        assert_eq!((presence.boot.as_str(), presence.online, presence.planned), ("b7", false, false));
    }

    #[test]
    fn the_agent_logs_in_as_its_replica_and_keeps_few_packets_in_flight() {
        let options = uplink().options();
        let login = options.credentials().unwrap();
        assert_eq!((login.username.as_str(), login.password.as_str()), ("leeds-a", "s3"));
        assert_eq!(options.client_id(), "acme.leeds.leeds-a.b7", "of this tenant, and of this box alone");
        assert_eq!(options.get_outgoing_inflight_upper_limit(), Some(INFLIGHT_MAX));
        assert!(POLL_MAX > KEEP_ALIVE);
    }

    #[tokio::test]
    async fn without_a_connection_a_signal_is_refused_instead_of_kept() {
        let uplink = uplink();
        let freshness = Freshness {
            tenant: "acme".parse().unwrap(),
            store: "leeds".parse().unwrap(),
            replica: "leeds-a".parse().unwrap(),
            boot: "b7".parse().unwrap(),
            sequence: 1,
            positions: 0,
            last_movement_ms_ago: None,
            last_count_ms_ago: None,
            oldest_unsynced_ms_ago: None,
            unsynced_facts: 0,
        };
        assert!(!uplink.connected());
        assert!(uplink.freshness(&freshness).await.is_err());
    }

    #[test]
    fn the_secret_does_not_reach_a_log() {
        assert!(!format!("{:?}", uplink()).contains("s3"));
    }
}
