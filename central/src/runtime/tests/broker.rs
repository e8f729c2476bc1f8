//! The embedded broker, with the client that agents use.

use super::bench::storage;
use crate::adapters::mqtt_broker::{BrokerSettings, CANARY, EmbeddedBroker, OBSERVER};
use crate::adapters::mqtt_canary::{CanarySettings, MqttCanary};
use crate::adapters::mqtt_client::{ExternalBroker, ExternalSettings};
use crate::adapters::sqlite::SqliteStore;
use crate::core::fleet::Store;
use crate::flows::enrol::{code_hash, token_hash};
use crate::ports::access::{Access, ReplicaIdentity};
use crate::ports::fleet::Fleet;
use crate::ports::poke::Poke;
use crate::ports::signals::Heard;
use holdfast_platform::secret::Secret;
use holdfast_shared::time::UtcMs;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{ConnectReturnCode, LastWill, Packet, PubAckReason, SubscribeReasonCode};
use rumqttc::v5::{AsyncClient, ConnectionError, Event, EventLoop, MqttOptions};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

const HEARTBEAT: &str = "holdfast/v1/acme/leeds/heartbeat";
const LEEDS: &str = "acme.leeds.leeds-a.b1";
const PRESENCE: &str = "holdfast/v1/acme/leeds/presence";

struct Stand {
    port: u16,
    poke: Arc<dyn Poke>,
    heard: mpsc::Receiver<Heard>,
    leeds: ReplicaIdentity,
    _stop: DropGuard,
}

async fn enrolled(access: &SqliteStore, store: &str) -> ReplicaIdentity {
    let tenant = "acme".parse().unwrap();
    let json = super::bench::store_json(store);
    let described: Store = serde_json::from_value(json).unwrap();
    access.put_store(&tenant, &described, UtcMs(1)).await.unwrap();
    access.offer_enrolment(&tenant, &described.store, code_hash(store), UtcMs(1_000)).await.unwrap();
    let secret = token_hash(&format!("{store}-secret"));
    access.enrol(code_hash(store), secret, None, UtcMs(1)).await.unwrap().unwrap()
}

async fn stand() -> Stand {
    let access = storage();
    let leeds = enrolled(&access, "leeds").await;
    enrolled(&access, "york").await;
    let settings = BrokerSettings {
        listen: "127.0.0.1:0".parse().unwrap(),
        observer_password: Some(Secret::new("look")),
        canary_password: Secret::new("tweet"),
    };
    let (sender, heard) = mpsc::channel(16);
    let broker = EmbeddedBroker::bind(settings, Arc::new(access), sender).await.unwrap();
    let (port, poke) = (broker.address().port(), Arc::new(broker.poker()));
    let stop = CancellationToken::new();
    tokio::spawn(broker.run(stop.clone()));
    Stand { port, poke, heard, leeds, _stop: stop.drop_guard() }
}

fn options(stand: &Stand, id: &str, user: &str, password: &str) -> MqttOptions {
    let mut options = MqttOptions::new(id, "127.0.0.1", stand.port);
    options.set_credentials(user, password).set_outgoing_inflight_upper_limit(8);
    options
}

/// Connects, or says why not.
async fn connect(options: MqttOptions) -> Result<(AsyncClient, EventLoop), ConnectReturnCode> {
    let (client, mut events) = AsyncClient::new(options, 8);
    loop {
        match events.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(_))) => return Ok((client, events)),
            Ok(_) => {}
            Err(ConnectionError::ConnectionRefused(code)) => return Err(code),
            Err(error) => panic!("{error}"),
        }
    }
}

async fn leeds(stand: &Stand) -> (AsyncClient, EventLoop) {
    connect(options(stand, LEEDS, "leeds-a", "leeds-secret")).await.unwrap()
}

/// Publishes, and waits for what the broker says to it.
async fn publish(client: &AsyncClient, events: &mut EventLoop, topic: &str, payload: &str) -> PubAckReason {
    client.try_publish(topic, QoS::AtLeastOnce, false, payload.to_owned()).unwrap();
    loop {
        if let Event::Incoming(Packet::PubAck(ack)) = events.poll().await.unwrap() {
            return ack.reason;
        }
    }
}

#[tokio::test]
async fn a_bird_comes_back_through_the_brokers_address_and_is_no_signal_of_a_store() {
    let mut stand = stand().await;
    let settings = CanarySettings {
        host: "127.0.0.1".to_owned(),
        port: stand.port,
        client_id: CANARY.to_owned(),
        username: Some(CANARY.to_owned()),
        password: Some(Secret::new("tweet")),
    };
    let (landed, mut lands) = mpsc::unbounded_channel();
    let flown = AtomicU64::new(0);
    let stop = CancellationToken::new();
    let flying = tokio::spawn(MqttCanary::new(&settings).run(
        move || Some(flown.fetch_add(1, Ordering::Relaxed) + 1),
        move |number| landed.send(number).unwrap(),
        stop.clone(),
    ));
    let first = lands.recv().await.unwrap();
    assert!(lands.recv().await.unwrap() > first);
    stop.cancel();
    flying.await.unwrap();
    assert!(stand.heard.try_recv().is_err());
}

#[tokio::test]
async fn a_heartbeat_is_heard_with_its_sender() {
    let mut stand = stand().await;
    let (client, mut events) = leeds(&stand).await;
    let reason = publish(&client, &mut events, HEARTBEAT, "beat").await;
    assert!(matches!(reason, PubAckReason::Success | PubAckReason::NoMatchingSubscribers));
    let heard = stand.heard.recv().await.unwrap();
    assert_eq!((heard.topic.as_str(), heard.payload.as_slice()), (HEARTBEAT, b"beat".as_slice()));
    assert_eq!(heard.from.as_ref(), Some(&stand.leeds));
}

#[tokio::test]
async fn a_login_is_one_replica_with_its_own_secret_and_id() {
    let stand = stand().await;
    for (id, user, password) in [
        (LEEDS, "leeds-a", "wrong"),
        (LEEDS, "leeds-a", "york-secret"),
        ("leeds-a", "leeds-a", "leeds-secret"),
        ("acme.york.york-a.b1", "leeds-a", "leeds-secret"),
        ("other.leeds.leeds-a.b1", "leeds-a", "leeds-secret"),
        (LEEDS, "york-a", "leeds-secret"),
        ("x", OBSERVER, "wrong"),
    ] {
        let refused = connect(options(&stand, id, user, password)).await.err().unwrap();
        assert_eq!(refused, ConnectReturnCode::BadUserNamePassword, "{id} {user} {password}");
    }
    let mut anonymous = MqttOptions::new(LEEDS, "127.0.0.1", stand.port);
    anonymous.set_outgoing_inflight_upper_limit(8);
    assert_eq!(connect(anonymous).await.err().unwrap(), ConnectReturnCode::BadUserNamePassword);
}

/// With one id for both they would put each other out, and connect again, for ever.
#[tokio::test]
async fn a_box_and_its_copy_are_connected_beside_each_other() {
    let mut stand = stand().await;
    let mut both = Vec::new();
    for boot in ["b1", "b2"] {
        let id = format!("acme.leeds.leeds-a.{boot}");
        both.push(connect(options(&stand, &id, "leeds-a", "leeds-secret")).await.unwrap());
    }
    for (client, events) in &mut both {
        publish(client, events, HEARTBEAT, "beat").await;
        assert_eq!(stand.heard.recv().await.unwrap().payload, b"beat");
    }
}

#[tokio::test]
async fn what_is_published_to_another_store_is_not_heard() {
    let mut stand = stand().await;
    let (client, mut events) = leeds(&stand).await;
    for foreign in ["holdfast/v1/acme/york/heartbeat", "holdfast/v1/acme/leeds/poke", "else"] {
        let reason = publish(&client, &mut events, foreign, "lie").await;
        assert_eq!(reason, PubAckReason::NotAuthorized, "{foreign}");
    }
    publish(&client, &mut events, HEARTBEAT, "truth").await;
    assert_eq!(stand.heard.recv().await.unwrap().payload, b"truth");
}

#[tokio::test]
async fn a_last_will_on_a_foreign_topic_refuses_the_login() {
    let stand = stand().await;
    let mut options = options(&stand, LEEDS, "leeds-a", "leeds-secret");
    let will = LastWill::new("holdfast/v1/acme/york/presence", "gone", QoS::AtLeastOnce, true, None);
    options.set_last_will(will);
    assert_eq!(connect(options).await.err().unwrap(), ConnectReturnCode::NotAuthorized);
}

#[tokio::test]
async fn a_last_will_is_heard_when_the_connection_is_cut() {
    let mut stand = stand().await;
    let mut options = options(&stand, LEEDS, "leeds-a", "leeds-secret");
    options.set_last_will(LastWill::new(PRESENCE, "gone", QoS::AtLeastOnce, true, None));
    drop(connect(options).await.unwrap());
    let heard = stand.heard.recv().await.unwrap();
    assert_eq!((heard.topic.as_str(), heard.payload.as_slice()), (PRESENCE, b"gone".as_slice()));
}

async fn subscribe(client: &AsyncClient, events: &mut EventLoop, filter: &str) -> SubscribeReasonCode {
    client.try_subscribe(filter, QoS::AtLeastOnce).unwrap();
    loop {
        if let Event::Incoming(Packet::SubAck(ack)) = events.poll().await.unwrap() {
            return ack.return_codes[0];
        }
    }
}

#[tokio::test]
async fn a_poke_reaches_its_store_and_no_other() {
    let stand = stand().await;
    let (client, mut events) = leeds(&stand).await;
    for foreign in ["holdfast/v1/acme/york/poke", "holdfast/v1/acme/+/poke", "#"] {
        let refused = subscribe(&client, &mut events, foreign).await;
        assert_eq!(refused, SubscribeReasonCode::NotAuthorized, "{foreign}");
    }
    let own = subscribe(&client, &mut events, "holdfast/v1/acme/leeds/poke").await;
    assert!(matches!(own, SubscribeReasonCode::Success(_)), "{own:?}");
    stand.poke.poke(&stand.leeds.tenant, &"york".parse().unwrap(), "not for leeds");
    stand.poke.poke(&stand.leeds.tenant, &stand.leeds.store, "offer");
    loop {
        if let Event::Incoming(Packet::Publish(publish)) = events.poll().await.unwrap() {
            assert_eq!(publish.topic, "holdfast/v1/acme/leeds/poke");
            assert_eq!(publish.payload, r#"{"why":"offer"}"#);
            break;
        }
    }
}

#[tokio::test]
async fn the_observer_sees_heartbeats_and_says_nothing() {
    let stand = stand().await;
    let (watcher, mut seen) = connect(options(&stand, "tech", OBSERVER, "look")).await.unwrap();
    subscribe(&watcher, &mut seen, "holdfast/v1/#").await;
    assert_eq!(publish(&watcher, &mut seen, HEARTBEAT, "lie").await, PubAckReason::NotAuthorized);
    let (client, mut events) = leeds(&stand).await;
    publish(&client, &mut events, HEARTBEAT, "beat").await;
    loop {
        if let Event::Incoming(Packet::Publish(publish)) = seen.poll().await.unwrap() {
            assert_eq!(publish.payload, "beat");
            break;
        }
    }
}

/// To the client it makes no difference whose broker it is; here it is our own, and the login is
/// the observer's, who may listen to every store.
#[tokio::test]
async fn signals_come_in_through_a_broker_outside() {
    let stand = stand().await;
    let settings = ExternalSettings {
        host: "127.0.0.1".to_owned(),
        port: stand.port,
        client_id: "holdfast-central".to_owned(),
        username: Some(OBSERVER.to_owned()),
        password: Some(Secret::new("look")),
    };
    let (sender, mut heard) = mpsc::channel(16);
    let stop = CancellationToken::new();
    let listening = tokio::spawn(ExternalBroker::new(&settings, sender).run(stop.clone()));
    let (client, mut events) = leeds(&stand).await;
    // The subscription may come after the first of them.
    let message = loop {
        publish(&client, &mut events, HEARTBEAT, "beat").await;
        if let Ok(message) = heard.try_recv() {
            break message;
        }
    };
    assert_eq!((message.topic.as_str(), message.payload.as_slice()), (HEARTBEAT, b"beat".as_slice()));
    assert_eq!(message.from, None, "an outside broker does not tell who published");
    stop.cancel();
    listening.await.unwrap();
}
