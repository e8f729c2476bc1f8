//! Central's own bird: a connection to the broker's public address, like a store's. What it publishes
//! there it must hear there again.

use holdfast_platform::secret::Secret;
use holdfast_shared::wire::topic::CANARY_TOPIC;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Packet, PublishProperties};
use rumqttc::v5::{AsyncClient, Event, EventLoop, MqttOptions};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const KEEP_ALIVE: Duration = Duration::from_secs(5);
/// Between two looks whether it is time to fly.
const LOOK: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_secs(2);
const REQUESTS_MAX: usize = 8;
const INFLIGHT_MAX: u16 = 8;
const EXPIRY_S: u32 = 30;

/// Where stores reach the broker, and who central is there.
#[derive(Debug, Clone)]
pub struct CanarySettings {
    pub host: String,
    pub port: u16,
    /// Different for each central that shares a broker: each hears its own birds only.
    pub client_id: String,
    pub username: Option<String>,
    pub password: Option<Secret>,
}

pub struct MqttCanary {
    client: AsyncClient,
    events: EventLoop,
    name: String,
}

impl std::fmt::Debug for MqttCanary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MqttCanary").field("name", &self.name).finish_non_exhaustive()
    }
}

impl MqttCanary {
    #[must_use]
    pub fn new(settings: &CanarySettings) -> Self {
        let mut options = MqttOptions::new(&settings.client_id, &settings.host, settings.port);
        options
            .set_keep_alive(KEEP_ALIVE)
            .set_clean_start(true)
            .set_outgoing_inflight_upper_limit(INFLIGHT_MAX);
        if let (Some(username), Some(password)) = (&settings.username, &settings.password) {
            options.set_credentials(username, password.reveal());
        }
        let (client, events) = AsyncClient::new(options, REQUESTS_MAX);
        Self { client, events, name: settings.client_id.clone() }
    }

    /// Flies until `stop`. `next` gives the number of a bird when it is time for one, `back` is told of
    /// each that came back.
    pub async fn run(
        self,
        next: impl Fn() -> Option<u64> + Send,
        back: impl Fn(u64) + Send,
        stop: CancellationToken,
    ) {
        let Self { client, mut events, name } = self;
        let mut looks = tokio::time::interval(LOOK);
        loop {
            let polled = tokio::select! {
                () = stop.cancelled() => return,
                _ = looks.tick() => {
                    // A way that is closed is flown at too: a bird that cannot start is missing.
                    if let Some(number) = next() {
                        fly(&client, &name, number);
                    }
                    continue;
                }
                polled = events.poll() => polled,
            };
            match polled {
                Ok(Event::Incoming(Packet::ConnAck(_))) => {
                    if let Err(error) = client.try_subscribe(CANARY_TOPIC, QoS::AtMostOnce) {
                        tracing::debug!(%error, "the canary cannot listen");
                    }
                }
                Ok(Event::Incoming(Packet::Publish(publish))) => {
                    if let Some(number) = number_of(&publish.payload, &name) {
                        back(number);
                    }
                }
                Ok(Event::Incoming(_) | Event::Outgoing(_)) => {}
                Err(error) => {
                    tracing::debug!(%error, "the canary has no connection");
                    events.clean();
                    if tokio::time::timeout(PAUSE, stop.cancelled()).await.is_ok() {
                        return;
                    }
                }
            }
        }
    }
}

/// A full queue means that the way is closed; the next one tries again.
fn fly(client: &AsyncClient, name: &str, number: u64) {
    let properties =
        PublishProperties { message_expiry_interval: Some(EXPIRY_S), ..PublishProperties::default() };
    let payload = format!("{name} {number}");
    let sent = client.try_publish_with_properties(CANARY_TOPIC, QoS::AtMostOnce, false, payload, properties);
    if let Err(error) = sent {
        tracing::debug!(%error, "a canary could not start");
    }
}

fn number_of(payload: &[u8], name: &str) -> Option<u64> {
    let (whose, number) = std::str::from_utf8(payload).ok()?.rsplit_once(' ')?;
    if whose == name { number.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_birds_come_back() {
        assert_eq!(number_of(b"central-1 7", "central-1"), Some(7));
        for other in [&b"central-2 7"[..], b"central-1 seven", b"7", b"\xff 7", b""] {
            assert_eq!(number_of(other, "central-1"), None);
        }
    }
}
