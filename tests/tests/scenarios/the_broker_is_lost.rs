//! The broker is gone: no heartbeat of any store arrives. All stores are alive and sync, but for one
//! that is truly dead. The work of the living stays where it is, whatever central makes of the
//! silence; the dead one's is judged.

use holdfast_shared::domain::task::Status;
use holdfast_tests::stage::Stage;

const SECOND: i64 = 1_000;
const STORES: [&str; 6] = ["bath", "derby", "leeds", "ripon", "wells", "york"];
const DEAD: &str = "leeds";

/// Every store has an order, offered to it.
async fn every_store_has_work() -> Stage {
    let mut stage = Stage::open().await;
    for name in STORES {
        stage.store(name, &[("A", 1)]).await;
    }
    stage.live(20 * SECOND).await;
    for n in 0..STORES.len() {
        stage.order(&format!("o{n}"), &[("A", 1)]).await;
    }
    stage.decide().await;
    for name in STORES {
        stage.sync(name).await;
    }
    stage
}

/// The task of a store, and of everyone else.
async fn task_of(stage: &Stage, name: &str) -> String {
    for n in 0..STORES.len() {
        let task = format!("o{n}-1");
        if stage.task(&task).await.store.as_str() == name {
            return task;
        }
    }
    panic!("{name} has no work")
}

/// Nobody beats. The living sync every so often; central looks every second.
async fn without_broker(stage: &mut Stage, for_s: i64, sync_every_s: i64) {
    for second in 1..=for_s {
        stage.wait(SECOND);
        if second % sync_every_s == 0 {
            for name in STORES.into_iter().filter(|name| *name != DEAD) {
                stage.sync(name).await;
            }
        }
        stage.decide().await;
    }
}

async fn work_of_the_living_stays(stage: &Stage) {
    for name in STORES.into_iter().filter(|name| *name != DEAD) {
        let task = task_of(stage, name).await;
        assert_eq!(stage.task(&task).await.status(), Status::Offered, "{name}");
    }
}

#[tokio::test]
async fn the_broker_is_lost_with_all_stores_alive_and_one_truly_dead() {
    let mut stage = every_store_has_work().await;
    let dead = task_of(&stage, DEAD).await;
    // A sync is a word as good as a heartbeat, so one store alone is silent.
    without_broker(&mut stage, 60, 10).await;
    work_of_the_living_stays(&stage).await;
    assert!(stage.task(&dead).await.recall.is_some(), "the dead one is told from the living");
    stage.sound().await;
}

#[tokio::test]
async fn when_syncs_are_rare_too_nothing_moves_until_the_broker_is_back() {
    let mut stage = every_store_has_work().await;
    let dead = task_of(&stage, DEAD).await;
    // All fall silent at once: that is evidence against central and not against the stores.
    without_broker(&mut stage, 80, 45).await;
    work_of_the_living_stays(&stage).await;
    assert_eq!(stage.task(&dead).await.status(), Status::Offered, "nothing is moved because of the silence");
    let told = stage.exceptions().await;
    assert!(told.iter().any(|told| told.contains("fell silent at once")), "{told:?}");
    // The broker is back: the living speak, and the dead one is judged by itself.
    for _ in 0..10 {
        stage.wait(5 * SECOND);
        for name in STORES.into_iter().filter(|name| *name != DEAD) {
            stage.sync(name).await;
            stage.beat(name).await;
        }
        stage.decide().await;
    }
    work_of_the_living_stays(&stage).await;
    assert!(stage.task(&dead).await.recall.is_some(), "silent for longer than is borne, alone");
    stage.sound().await;
}
