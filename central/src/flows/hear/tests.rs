use super::*;
use crate::core::health::store::DigestVerdict;
use crate::core::test_support::{at_ms, beat, tenant};
use crate::flows::test_support::{Ram, identity, key};
use crate::ports::replication::StoreDigest;
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::signal::encode;

const LEEDS: &str = "holdfast/v1/acme/leeds/heartbeat";

async fn say(ram: &Ram, watch: &Watch, topic: &str, sender: Option<&str>, payload: &[u8]) -> Outcome {
    let sender = sender.map(identity);
    hear(ram, watch, topic, sender.as_ref(), payload, at_ms(0)).await.unwrap()
}

fn payload(name: &str) -> Vec<u8> {
    encode(&beat(name, "b1", 1)).unwrap()
}

#[tokio::test]
async fn a_heartbeat_is_written_and_its_digest_compared() {
    let ram = Ram::default();
    let watch = Watch::default();
    let pair = |digest: &str| StoreDigest {
        root: String::from("r1"),
        stock_digest: digest.to_owned(),
        as_of: UtcMs(0),
    };
    ram.told(|told| told.digests = vec![pair("other")]);
    assert_eq!(
        say(&ram, &watch, LEEDS, Some("leeds"), &payload("leeds")).await,
        Outcome::Heard(Heard::Taken)
    );
    watch.with(|observatory| {
        let health = observatory.book.store(&key("leeds")).unwrap();
        assert_eq!((health.digest, health.drift_beats), (DigestVerdict::Drift, 1));
    });
    assert_eq!(
        say(&ram, &watch, LEEDS, Some("leeds"), &payload("leeds")).await,
        Outcome::Heard(Heard::OldSequence)
    );
    assert_eq!(ram.done(|done| done.digest_reads), 1, "an old beat costs no read");
}

#[tokio::test]
async fn what_is_not_json_is_counted() {
    let ram = Ram::default();
    let watch = Watch::default();
    for junk in [&b"\xff\xfe"[..], b"", b"[]", b"{\"tenant\":\"acme\"}"] {
        assert_eq!(say(&ram, &watch, LEEDS, Some("leeds"), junk).await, Outcome::Unreadable);
    }
    assert_eq!(say(&ram, &watch, "some/other/topic", None, b"{}").await, Outcome::Unreadable);
    assert_eq!(watch.with(|observatory| observatory.counts.unreadable), 5);
    assert!(ram.raised_keys().is_empty());
}

#[tokio::test]
async fn a_claim_to_be_another_store_is_not_believed_and_told_once() {
    let ram = Ram::default();
    let watch = Watch::default();
    for _ in 0..3 {
        assert_eq!(say(&ram, &watch, LEEDS, Some("leeds"), &payload("york")).await, Outcome::Foreign);
    }
    assert_eq!(
        say(&ram, &watch, "holdfast/v1/acme/york/heartbeat", Some("leeds"), &payload("york")).await,
        Outcome::Foreign
    );
    assert_eq!(say(&ram, &watch, LEEDS, None, &payload("york")).await, Outcome::Foreign);
    watch.with(|observatory| {
        assert_eq!(observatory.counts.foreign, 5);
        assert!(observatory.book.store(&key("york")).is_none());
    });
    assert_eq!(ram.raised_keys().len(), 3, "one per sender and topic");
}

#[tokio::test]
async fn a_claim_to_be_another_tenant_is_told_to_the_tenant_of_the_credential() {
    let ram = Ram::default();
    let watch = Watch::default();
    let topic = "holdfast/v1/rival/leeds/heartbeat";
    assert_eq!(say(&ram, &watch, topic, Some("leeds"), &payload("leeds")).await, Outcome::Foreign);
    assert_eq!(ram.done(|done| done.raised[0].0.clone()), tenant());
}

#[tokio::test]
async fn another_replica_of_the_same_store_cannot_speak_for_this_one() {
    let ram = Ram::default();
    let watch = Watch::default();
    let mut forged = beat("leeds", "b1", 1);
    forged.replica = "leeds-b".parse().unwrap();
    let forged = encode(&forged).unwrap();
    assert_eq!(say(&ram, &watch, LEEDS, Some("leeds"), &forged).await, Outcome::Foreign);
}

#[tokio::test]
async fn an_external_broker_vouches_for_the_topic() {
    let ram = Ram::default();
    let watch = Watch::default();
    assert_eq!(say(&ram, &watch, LEEDS, None, &payload("leeds")).await, Outcome::Heard(Heard::Taken));
    assert_eq!(say(&ram, &watch, "holdfast/v1/acme/leeds/poke", None, b"{}").await, Outcome::Own);
}

#[tokio::test]
async fn a_goodbye_reaches_the_book() {
    let ram = Ram::default();
    let watch = Watch::default();
    say(&ram, &watch, LEEDS, Some("leeds"), &payload("leeds")).await;
    let goodbye = br#"{"store":"leeds","replica":"leeds-a","boot":"b1","online":false,"planned":true}"#;
    let topic = "holdfast/v1/acme/leeds/presence";
    assert_eq!(say(&ram, &watch, topic, Some("leeds"), goodbye).await, Outcome::Heard(Heard::Taken));
    watch.with(|observatory| {
        assert!(observatory.book.store(&key("leeds")).unwrap().gone().unwrap().planned);
    });
}
