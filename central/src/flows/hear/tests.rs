use super::*;
use crate::core::eligibility::Standing;
use crate::core::health::store::DigestVerdict;
use crate::core::test_support::{at_ms, beat, record, tenant};
use crate::flows::digest::heed_sync;
use crate::flows::evaluate::evaluate;
use crate::flows::test_support::{Ram, identity, key};
use crate::ports::replication::StoreDigest;
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::signal::{ClosureNote, encode};

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
async fn a_root_that_central_does_not_have_yet_is_looked_up_once_and_not_at_each_beat() {
    let ram = Ram::default();
    let watch = Watch::default();
    let pair =
        |root: &str| StoreDigest { root: root.to_owned(), stock_digest: String::from("d"), as_of: UtcMs(0) };
    ram.told(|told| told.digests = vec![pair("r0")]);
    let verdict = || watch.with(|observatory| observatory.book.store(&key("leeds")).unwrap().digest);
    for sequence in 1..=5 {
        changed(&ram, &watch, |beat| {
            (beat.sequence, beat.root, beat.stock_digest) =
                (sequence, format!("r{sequence}"), "d".to_owned());
        })
        .await;
        assert_eq!(verdict(), DigestVerdict::Unknown);
    }
    assert_eq!(ram.done(|done| done.digest_reads), 1);
    // What a sync told meanwhile needs no look either.
    heed_sync(&watch, &key("leeds"), &[pair("r6"), pair("r5")], at_ms(0).mono);
    changed(&ram, &watch, |beat| {
        (beat.sequence, beat.root, beat.stock_digest) = (6, "r6".to_owned(), "d".to_owned());
    })
    .await;
    assert_eq!((verdict(), ram.done(|done| done.digest_reads)), (DigestVerdict::Equal, 1));
    // A sync that told nothing may have changed something.
    heed_sync(&watch, &key("leeds"), &[], at_ms(0).mono);
    changed(&ram, &watch, |beat| (beat.sequence, beat.root) = (7, "r7".to_owned())).await;
    assert_eq!(ram.done(|done| done.digest_reads), 2);
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

/// What a heartbeat does that was changed so.
async fn changed(ram: &Ram, watch: &Watch, change: impl FnOnce(&mut Heartbeat)) -> Outcome {
    let mut told = beat("leeds", "b1", 1);
    change(&mut told);
    say(ram, watch, LEEDS, Some("leeds"), &encode(&told).unwrap()).await
}

#[tokio::test]
async fn the_stores_own_clock_makes_a_heartbeat_neither_old_nor_new() {
    let ram = Ram::default();
    let watch = Watch::default();
    for (sequence, sent_at) in [(1, 253_370_764_799_999), (2, 0), (3, -62_167_219_200_000)] {
        let told = changed(&ram, &watch, |beat| (beat.sequence, beat.sent_at) = (sequence, UtcMs(sent_at)));
        assert_eq!(told.await, Outcome::Heard(Heard::Taken));
    }
    let late = changed(&ram, &watch, |beat| (beat.sequence, beat.sent_at) = (2, UtcMs(i64::from(u32::MAX))));
    assert_eq!(late.await, Outcome::Heard(Heard::OldSequence), "its number says so");
    let heard_at = watch.with(|observatory| observatory.book.store(&key("leeds")).unwrap().last_word());
    assert_eq!(heard_at, Some(at_ms(0).mono), "by central's clock");
}

#[tokio::test]
async fn a_heartbeat_of_a_boot_that_another_followed_is_old() {
    let ram = Ram::default();
    let watch = Watch::default();
    let of_boot = |boot: &'static str, sequence| {
        changed(&ram, &watch, move |beat| (beat.boot, beat.sequence) = (boot.parse().unwrap(), sequence))
    };
    assert_eq!(of_boot("b1", 7).await, Outcome::Heard(Heard::Taken));
    assert_eq!(of_boot("b2", 1).await, Outcome::Heard(Heard::Taken));
    assert_eq!(of_boot("b1", 8).await, Outcome::Heard(Heard::OldBoot));
    assert_eq!(watch.with(|observatory| observatory.book.ignored().old_boot), 1);
}

#[tokio::test]
async fn numbers_that_no_machine_measures_are_unknown_and_counted() {
    let ram = Ram::default();
    let watch = Watch::default();
    let absurd = changed(&ram, &watch, |beat| {
        beat.uptime_ms = i64::MIN;
        beat.vitals.pos_seen_ms_ago = Some(-5);
        beat.vitals.handheld_seen_ms_ago = Some(i64::MAX);
        beat.vitals.unsynced_facts = u64::MAX;
        beat.vitals.disk_free_bytes = Some(u64::MAX);
    });
    assert_eq!(absurd.await, Outcome::Heard(Heard::Taken));
    ram.told(|told| told.stores = vec![record("leeds")]);
    evaluate(&ram, &watch, at_ms(1_000)).await.unwrap();
    watch.with(|observatory| {
        assert_eq!(observatory.counts.absurd, 1);
        let vitals = observatory.book.store(&key("leeds")).unwrap().vitals().unwrap();
        assert_eq!((vitals.pos_seen_ms_ago, vitals.disk_free_bytes), (None, None));
        let judged = observatory.eligibility(&key("leeds")).unwrap();
        assert_eq!(judged.standing, Standing::Ineligible);
        assert!(judged.reasons.iter().any(|reason| reason.signal == "sync_lag"), "{judged:?}");
    });
}

#[tokio::test]
async fn words_longer_than_any_real_one_are_refused() {
    let ram = Ram::default();
    let watch = Watch::default();
    for field in 0..3 {
        let long = "x".repeat(5_000);
        let told = changed(&ram, &watch, |beat| match field {
            0 => beat.version = long,
            1 => beat.stock_digest = long,
            _ => {
                let (since, until) = (UtcMs(0), None);
                beat.vitals.closure =
                    Some(ClosureNote { hard: true, cause: long, author: "amy".into(), since, until });
            }
        });
        assert_eq!(told.await, Outcome::Unreadable);
    }
    watch.with(|observatory| {
        assert_eq!(observatory.counts.unreadable, 3);
        assert!(observatory.book.store(&key("leeds")).is_none(), "nothing of it was taken");
    });
}

#[tokio::test]
async fn a_quiet_store_that_was_found_equal_costs_no_more_reads() {
    let ram = Ram::default();
    let watch = Watch::default();
    let pair = StoreDigest { root: "r1".into(), stock_digest: "d1".into(), as_of: UtcMs(0) };
    ram.told(|told| told.digests = vec![pair]);
    for sequence in 1..=5 {
        changed(&ram, &watch, |beat| beat.sequence = sequence).await;
    }
    assert_eq!(ram.done(|done| done.digest_reads), 1);
    changed(&ram, &watch, |beat| (beat.sequence, beat.stock_digest) = (6, "d2".into())).await;
    assert_eq!(ram.done(|done| done.digest_reads), 2, "another digest is looked up");
    watch.with(|observatory| {
        assert_eq!(observatory.book.store(&key("leeds")).unwrap().digest, DigestVerdict::Drift);
    });
}
