use super::central_is_restored::{recovery, replay};
use holdfast_agent::core::command::TaskAct;
use holdfast_agent::ports::ledger::Ledger;
use holdfast_central::core::lineage::Standing;
use holdfast_central::flows::quarantine::{ABox, decide};
use holdfast_central::ports::PageRequest;
use holdfast_central::ports::boxes::{BootSeen, Boxes, BranchOutcome, Decided, Decision};
use holdfast_central::ports::replication::Replication;
use holdfast_shared::guard::Guard;
use holdfast_shared::ids::{Actor, BootId};
use holdfast_tests::conformance::world;
use holdfast_tests::stage::Stage;

/// Two boxes with one identity, both at work; the copy began later.
async fn cloned() -> Stage {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 20), ("B", 20)]).await;
    stage.order("o1", &[("A", 1)]).await;
    stage.decide().await;
    stage.sync("leeds").await;
    // Recorded before the image was made, and not told yet: both boxes have it.
    stage.sell("leeds", "B", 1).await;
    let image = stage.copy_disk("leeds");
    stage.boot_copy("leeds", &image, "copy");
    stage
}

/// What central has of the replica's boots, newest first.
async fn boots(stage: &Stage) -> Vec<BootSeen> {
    let seen = stage.office.store().replicas(&world::tenant(), &world::store_id("leeds")).await.unwrap();
    seen.into_iter().flat_map(|replica| replica.boots).collect()
}

async fn copy(stage: &Stage) -> Option<BootId> {
    boots(stage).await.into_iter().find_map(|boot| boot.copy)
}

async fn decided(stage: &mut Stage, decision: Decision) -> u64 {
    let from = stage.shop("leeds").identity.clone();
    let boot = copy(stage).await.unwrap();
    let about = ABox { tenant: from.tenant, store: from.store, replica: from.replica, boot };
    let by = Actor::new("key:tech").unwrap();
    let decided = Decided { decision, reason: "looked at both boxes".to_owned(), by };
    let office = &stage.office;
    let now = stage.now().utc;
    decide(office.store(), &office.watch, &office.pokes, &about, decided, now).await.unwrap().merged_facts
}

/// Outcomes of everything in the branch.
async fn outcomes(stage: &mut Stage, copy: &BootId) -> Vec<(String, BranchOutcome)> {
    let from = stage.shop("leeds").identity.clone();
    let page = PageRequest { cursor: None, limit: 500 };
    let store = stage.office.store();
    let branch = store.branch(&from.tenant, &from.store, &from.replica, copy, &page).await.unwrap();
    branch.rows.into_iter().map(|fact| (fact.fact.to_string(), fact.outcome)).collect()
}

async fn quarantined(stage: &mut Stage, name: &str) -> bool {
    stage.shop(name).ledger().clone().summary().await.unwrap().quarantined.is_some()
}

/// Both boxes sold and spoke; the copy is kept apart.
async fn kept_apart() -> Stage {
    let mut stage = cloned().await;
    stage.sync("copy").await;
    stage.sell("leeds", "A", 2).await;
    stage.sync("leeds").await;
    stage.sell("copy", "A", 3).await;
    stage.sync("copy").await;
    stage
}

#[tokio::test]
async fn an_image_is_cloned() {
    let mut stage = kept_apart().await;

    let told = stage.exceptions().await.join("\n");
    assert!(told.contains("leeds (boot leeds-1") && told.contains("copy (boot copy-1"), "{told}");
    assert!(quarantined(&mut stage, "copy").await && !quarantined(&mut stage, "leeds").await);
    // Nothing of the copy counts: 20 less the 2 that the real box sold.
    assert_eq!(
        (stage.position("leeds", "A").await.on_hand, stage.position("leeds", "B").await.on_hand),
        (18, 19)
    );
    stage.level("leeds").await;
    // It sells and counts, and leaves orders alone; the real box goes on.
    assert!(stage.act("copy", "o1-1", TaskAct::Accept).await.is_err());
    stage.work("leeds", "o1-1").await;
    stage.sync("leeds").await;
    // A new start does not get it out.
    stage.restart("copy");
    stage.sell("copy", "A", 1).await;
    stage.sync("copy").await;
    assert!(quarantined(&mut stage, "copy").await);
    assert_eq!(stage.position("leeds", "A").await.on_hand, 17);
    assert_eq!(stage.shop("copy").ledger().clone().summary().await.unwrap().unsynced, 0, "all of it is kept");

    assert_eq!(decided(&mut stage, Decision::Merge).await, 2);

    assert_eq!(stage.position("leeds", "A").await.on_hand, 13);
    stage.sync("leeds").await;
    stage.level("leeds").await;
    assert_eq!(stage.on_hand_at("leeds", "A").await, 13);
    assert_eq!(stage.exceptions().await, Vec::<String>::new());
    stage.sound().await;
}

#[tokio::test]
async fn every_fact_of_both_boxes_is_in_the_ledger_or_in_the_branch() {
    for decision in [Decision::Merge, Decision::Discard, Decision::TradePlaces] {
        let mut stage = kept_apart().await;
        let apart = copy(&stage).await.unwrap();
        decided(&mut stage, decision).await;
        stage.sync("leeds").await;
        stage.sync("copy").await;
        let branch = outcomes(&mut stage, &apart).await;
        let mut told = stage.shop("leeds").acknowledged.clone();
        told.extend(stage.shop("copy").acknowledged.clone());
        let leeds = world::store_id("leeds");
        let missing = stage.office.store().missing_intents(&world::tenant(), &leeds, &told).await.unwrap();
        for fact in missing {
            let listed = branch.iter().find(|(id, _)| *id == fact.to_string());
            assert!(listed.is_some(), "{decision:?}: {fact} is nowhere; {branch:?}");
            assert_ne!(listed.map(|(_, outcome)| *outcome), Some(BranchOutcome::Merged), "{fact}");
        }
    }
}

#[tokio::test]
async fn the_copy_trades_places_with_the_first() {
    let mut stage = kept_apart().await;
    decided(&mut stage, Decision::TradePlaces).await;
    assert_eq!(stage.position("leeds", "A").await.on_hand, 15);
    stage.sync("copy").await;
    assert!(!quarantined(&mut stage, "copy").await);
    assert_eq!(stage.on_hand_at("copy", "A").await, 15);
    stage.level("copy").await;
    stage.sell("leeds", "A", 1).await;
    stage.sync("leeds").await;
    assert!(quarantined(&mut stage, "leeds").await);
    assert_eq!(stage.position("leeds", "A").await.on_hand, 15);
    stage.work("copy", "o1-1").await;
    stage.sync("copy").await;
    stage.sound().await;
}

/// Central takes no more for the document, and the first box lacks how it was closed.
#[tokio::test]
async fn a_copy_closes_the_document_that_the_first_still_writes() {
    let mut stage = cloned().await;
    for _ in 0..3 {
        stage.sync("copy").await;
    }
    stage.sell("leeds", "A", 2).await;
    stage.sync("leeds").await;
    stage.sync("leeds").await;
    assert!(!quarantined(&mut stage, "leeds").await);
    assert_eq!(stage.position("leeds", "A").await.on_hand, 18);
    assert_eq!(stage.shop("leeds").ledger().clone().summary().await.unwrap().unsynced, 0);
    stage.level("leeds").await;
    stage.sound().await;
}

/// What the first sent for a document that is sealed by now is in its branch, and nowhere else.
#[tokio::test]
async fn two_boxes_trade_places_twice() {
    let mut stage = kept_apart().await;
    decided(&mut stage, Decision::TradePlaces).await;
    stage.sell("leeds", "A", 1).await;
    stage.sync("leeds").await;
    assert!(quarantined(&mut stage, "leeds").await);
    // The copy is the store now: it closes what the first began.
    for _ in 0..3 {
        stage.sync("copy").await;
    }
    decided(&mut stage, Decision::TradePlaces).await;
    for _ in 0..3 {
        stage.sync("leeds").await;
    }
    assert!(!quarantined(&mut stage, "leeds").await);
    // 20 less 2 and 1 of the first, and 3 of the copy.
    assert_eq!(stage.position("leeds", "A").await.on_hand, 14);
    assert_eq!(stage.on_hand_at("leeds", "A").await, 14);
    stage.level("leeds").await;
    stage.sound().await;
}

#[tokio::test]
async fn two_agents_alternate_under_one_id() {
    let mut stage = cloned().await;
    for _ in 0..5 {
        stage.wait(5_000);
        for name in ["copy", "leeds"] {
            stage.sell(name, "A", 1).await;
            stage.sync(name).await;
            stage.beat(name).await;
        }
    }
    let standings: Vec<_> =
        boots(&stage).await.into_iter().map(|boot| (boot.boot.to_string(), boot.standing)).collect();
    assert_eq!(
        standings,
        [("copy-1".to_owned(), Standing::Quarantined), ("leeds-1".to_owned(), Standing::Current)]
    );
    assert_eq!(stage.exceptions().await.len(), 1);
    stage.level("leeds").await;
    stage.sound().await;
}

#[tokio::test]
async fn a_late_message_of_an_old_boot_keeps_nobody_apart() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 20)]).await;
    stage.sell("leeds", "A", 1).await;
    stage.sync("leeds").await;
    let (late, from) = (stage.shop("leeds").sent.clone(), stage.shop("leeds").identity.clone());
    stage.restart("leeds");
    stage.sync("leeds").await;
    for request in late.iter().chain(&late) {
        assert!(stage.arrives_again(&from, request).await.superseded.is_some());
    }
    stage.sell("leeds", "A", 1).await;
    stage.sync("leeds").await;
    assert!(!quarantined(&mut stage, "leeds").await);
    assert_eq!(stage.exceptions().await, Vec::<String>::new());
    stage.level("leeds").await;
}

/// The proof that the scenario above would notice: without the guard the copy's sales count.
#[tokio::test]
async fn without_the_quarantine_a_copy_would_be_merged() {
    Guard::take_away(Some(Guard::CloneQuarantine));
    let mut stage = kept_apart().await;
    stage.sync("copy").await;
    stage.sync("copy").await;
    let on_hand = stage.position("leeds", "A").await.on_hand;
    Guard::take_away(None);
    assert_eq!(on_hand, 15, "20 less the 2 of the first and the 3 of the copy");
}

/// What the copy said was heard, and the answer lost: it does not know, and neither does its next start.
#[tokio::test]
async fn a_copy_that_never_heard_of_it_stays_apart_over_its_starts() {
    let mut stage = cloned().await;
    stage.shop("copy").cut_off_after(0);
    stage.sync("copy").await;
    let (sent, from) = (stage.shop("copy").sent.clone(), stage.shop("copy").identity.clone());
    assert!(stage.arrives_again(&from, &sent[0]).await.superseded.is_none());
    stage.sell("leeds", "A", 2).await;
    stage.sync("leeds").await;
    assert!(copy(&stage).await.is_some());

    stage.restart("copy");
    stage.shop("copy").cut_off_after(0);
    stage.sync("copy").await;
    stage.restart("copy");
    stage.sell("copy", "A", 3).await;
    stage.sync("copy").await;
    assert!(quarantined(&mut stage, "copy").await);
    assert_eq!(stage.position("leeds", "A").await.on_hand, 18);
    stage.sync("leeds").await;
    stage.level("leeds").await;
}

/// The copy was thrown away after it was merged: only its sibling still knows.
#[tokio::test]
async fn what_was_merged_of_a_copy_comes_back_after_a_restore() {
    let mut stage = cloned().await;
    let backup = stage.back_up_central();
    stage.sync("copy").await;
    stage.sell("leeds", "A", 2).await;
    stage.sync("leeds").await;
    stage.sell("copy", "A", 3).await;
    stage.sync("copy").await;
    assert_eq!(decided(&mut stage, Decision::Merge).await, 1);
    stage.sync("leeds").await;
    assert_eq!(stage.on_hand_at("leeds", "A").await, 15);

    stage.office.put_back(&backup);
    stage.office.start();
    assert_eq!(stage.position("leeds", "A").await.on_hand, 20);
    replay(&mut stage, "leeds").await;
    assert_eq!(stage.position("leeds", "A").await.on_hand, 15);
    assert!(recovery(&stage).await.unwrap().over);
    stage.level("leeds").await;
    let foreign = stage.exceptions().await.into_iter().find(|detail| detail.contains("refused"));
    assert_eq!(foreign, None);
}
