use super::*;
use crate::core::fleet::{Closure, ClosureCause};
use crate::core::health::policy::HealthPolicy;
use crate::core::health::store::DigestVerdict;
use crate::core::test_support::{at_ms, beat, record};
use crate::flows::evaluate::evaluate;
use crate::flows::test_support::{Ram, identity, key};
use crate::ports::replication::StoreDigest;
use holdfast_shared::set_hash::SetHash;
use holdfast_shared::time::{Hlc, MonoMs, UtcMs};
use holdfast_shared::wire::sync::{SYNC_VERSION, SyncResponse};

fn request(name: &str) -> SyncRequest {
    SyncRequest::bare(
        name.parse().unwrap(),
        format!("{name}-a").parse().unwrap(),
        "b1".parse().unwrap(),
        Hlc::default(),
    )
}

fn answers(ram: &Ram, new_facts: u64) {
    let response = SyncResponse {
        superseded: None,
        quarantined: None,
        seals: Vec::new(),
        baseline: None,
        losses_noted: Vec::new(),
        parcels: None,
        labels_noted: Vec::new(),
        escrow: None,
        version: SYNC_VERSION,
        incarnation: 1,
        cursor: 0,
        central_time: UtcMs(0),
        hlc: Hlc::default(),
        lease_ms: 60_000,
        next_sync_ms: 5_000,
        root: SetHash::default(),
        level: true,
        documents: Vec::new(),
        acknowledged: Vec::new(),
        errors: Vec::new(),
        more: false,
        rehydrate: false,
    };
    ram.told(|told| {
        told.exchanged = Some(Exchanged {
            response,
            new_facts,
            changed_tasks: Vec::new(),
            stock_grew: false,
            lags_ms: Vec::new(),
            digests: Vec::new(),
        });
    });
}

async fn sync(ram: &Ram, watch: &Watch, request: &SyncRequest, now_ms: i64) -> Result<Exchanged, FlowError> {
    exchange(ram, watch, ram, (&identity("leeds"), None), request, at_ms(now_ms)).await
}

#[tokio::test]
async fn a_sync_is_a_sign_of_life() {
    let ram = Ram::default();
    let watch = Watch::default();
    answers(&ram, 0);
    sync(&ram, &watch, &request("leeds"), 7_000).await.unwrap();
    watch.with(|observatory| {
        assert_eq!(observatory.book.store(&key("leeds")).unwrap().last_word(), Some(MonoMs(7_000)));
    });
}

#[tokio::test]
async fn a_lease_is_written_down_before_it_is_answered_and_its_length_only_when_it_changes() {
    let ram = Ram::default();
    let watch = Watch::default();
    answers(&ram, 0);
    for now_ms in [0, 1_000] {
        let told = sync(&ram, &watch, &request("leeds"), now_ms).await.unwrap();
        assert_eq!(told.response.lease_ms, 60_000);
    }
    assert_eq!(ram.done(|done| done.leases.clone()), [(key("leeds"), 60_000)]);
    let shorter = HealthPolicy { lease_ms: 10_000, ..HealthPolicy::default() };
    watch.with(|observatory| observatory.set_policy(shorter));
    sync(&ram, &watch, &request("leeds"), 2_000).await.unwrap();
    assert_eq!(ram.done(|done| done.leases.len()), 2);
}

#[tokio::test]
async fn a_store_that_is_closed_hard_is_granted_no_lease_and_keeps_what_it_was_promised() {
    let ram = Ram::default();
    let watch = Watch::default();
    answers(&ram, 0);
    ram.told(|told| told.stores = vec![record("leeds")]);
    evaluate(&ram, &watch, at_ms(0)).await.unwrap();
    sync(&ram, &watch, &request("leeds"), 0).await.unwrap();
    let closure = Closure {
        hard: true,
        cause: ClosureCause::Weather,
        author: "ops".parse().unwrap(),
        since: at_ms(0).utc,
        until: None,
        from_store: false,
    };
    ram.told(|told| told.stores[0].closures.push(closure));
    evaluate(&ram, &watch, at_ms(1_000)).await.unwrap();
    assert_eq!(sync(&ram, &watch, &request("leeds"), 30_000).await.unwrap().response.lease_ms, 0);
    let ended = |now_ms| watch.with(|observatory| observatory.lease_ended(&key("leeds"), MonoMs(now_ms)));
    assert!(!ended(61_999) && ended(62_000));
}

#[tokio::test]
async fn a_credential_syncs_for_its_own_replica_only() {
    let ram = Ram::default();
    let watch = Watch::default();
    let error = sync(&ram, &watch, &request("york"), 0).await.unwrap_err();
    assert_eq!(error.code(), Code::Forbidden);
    let mut other = request("leeds");
    other.replica = "leeds-b".parse().unwrap();
    assert!(sync(&ram, &watch, &other, 0).await.is_err());
    watch.with(|observatory| assert_eq!(observatory.counts.foreign, 2));
}

#[tokio::test]
async fn health_comes_with_the_sync_while_mqtt_is_lost() {
    let ram = Ram::default();
    let watch = Watch::default();
    answers(&ram, 0);
    let mut lost = request("leeds");
    lost.health = Some(serde_json::to_string(&beat("leeds", "b1", 1)).unwrap());
    sync(&ram, &watch, &lost, 1_000).await.unwrap();
    lost.health = Some(serde_json::to_string(&beat("york", "b1", 1)).unwrap());
    sync(&ram, &watch, &lost, 2_000).await.unwrap();
    watch.with(|observatory| {
        assert!(observatory.book.store(&key("leeds")).unwrap().voice().is_some());
        assert!(observatory.book.store(&key("york")).is_none());
    });
}

#[tokio::test]
async fn a_beat_that_was_ahead_of_its_sync_is_compared_again() {
    let ram = Ram::default();
    let watch = Watch::default();
    answers(&ram, 3);
    watch.with(|observatory| observatory.hear(beat("leeds", "b1", 1), MonoMs(0)));
    let now_has = StoreDigest { root: String::from("r1"), stock_digest: String::from("d1"), as_of: UtcMs(0) };
    ram.told(|told| told.digests = vec![now_has]);
    sync(&ram, &watch, &request("leeds"), 1_000).await.unwrap();
    watch.with(|observatory| {
        assert_eq!(observatory.book.store(&key("leeds")).unwrap().digest, DigestVerdict::Equal);
    });
}

#[tokio::test]
async fn the_other_replicas_of_a_store_are_poked_when_facts_came() {
    let ram = Ram::default();
    let watch = Watch::default();
    let mut twin = record("leeds");
    twin.enrolled_replicas = 2;
    ram.told(|told| told.stores = vec![twin]);
    evaluate(&ram, &watch, at_ms(0)).await.unwrap();
    for (new_facts, pokes) in [(0, 0), (2, 1)] {
        answers(&ram, new_facts);
        sync(&ram, &watch, &request("leeds"), 0).await.unwrap();
        assert_eq!(ram.poked().len(), pokes);
    }
}
