//! What health looks at beside signals: arrangements, hours of work, and which stores changed.

use super::world::{LINE, assigned, at, described, enrolled, placed, stocked, store_id, tenant};
use holdfast_central::core::arranged::{Arrangement, Unfit};
use holdfast_central::core::fleet::{
    Closure, ClosureCause, HourOfWork, PlannedClosure, Staffing, StoreRecord,
};
use holdfast_central::core::work_hours::within;
use holdfast_central::ports::Storage;
use holdfast_central::ports::vetoes::Peer;
use holdfast_shared::domain::task::TaskEvent;
use holdfast_shared::ids::{Actor, TenantId};

async fn record(storage: &dyn Storage, store: &str) -> StoreRecord {
    storage.store(&tenant(), &store_id(store)).await.unwrap().unwrap()
}

fn planned() -> Arrangement {
    Arrangement::Plan(PlannedClosure {
        number: 0,
        hard: true,
        cause: ClosureCause::Maintenance,
        author: Actor::new("ann").unwrap(),
        from: at(5_000).utc,
        until: at(9_000).utc,
    })
}

fn half_the_staff() -> Arrangement {
    let author = Actor::new("ann").unwrap();
    let staffing = Some(Staffing { permille: 500, until: None, author });
    Arrangement::Capacity { tasks_per_hour: Some(8), staffing }
}

pub async fn what_is_arranged_stands_beside_the_description(storage: &dyn Storage) {
    storage.put_store(&tenant(), &described("leeds"), at(0).utc).await.unwrap();
    let leeds = store_id("leeds");
    let arrange = |change: Arrangement| {
        let leeds = leeds.clone();
        async move { storage.arrange(&tenant(), &leeds, &change, at(10).utc).await.unwrap().unwrap() }
    };
    assert!(arrange(half_the_staff()).await.is_ok());
    assert!(arrange(planned()).await.is_ok());
    assert_eq!(arrange(Arrangement::Unplan(7)).await, Err(Unfit::NotPlanned(7)));
    storage.put_store(&tenant(), &described("leeds"), at(11).utc).await.unwrap();
    let kept = record(storage, "leeds").await;
    assert_eq!((kept.capacity_now(at(12).utc), kept.hourly_capacity(at(12).utc)), (20, Some(4)));
    assert_eq!(kept.arranged.planned.iter().map(|planned| planned.number).collect::<Vec<_>>(), [1]);
    assert!(!kept.closed_hard(at(4_999).utc) && kept.closed_hard(at(5_000).utc));
    assert!(!kept.closed_hard(at(9_000).utc));
    let other = TenantId::new("other").unwrap();
    assert_eq!(storage.arrange(&other, &leeds, &planned(), at(10).utc).await.unwrap(), None);
    assert_eq!(storage.arrange(&tenant(), &store_id("york"), &planned(), at(10).utc).await.unwrap(), None);
}

/// The stores that changed since the reading before.
async fn changed(storage: &dyn Storage, up_to: &mut u64) -> Vec<StoreRecord> {
    let read = storage.changed_stores(*up_to).await.unwrap();
    assert!(read.up_to >= *up_to);
    *up_to = read.up_to;
    read.records
}

fn names(records: &[StoreRecord]) -> Vec<&str> {
    records.iter().map(|record| record.store.store.as_str()).collect()
}

pub async fn only_stores_that_changed_are_read_again(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    storage.put_store(&tenant(), &described("york"), at(0).utc).await.unwrap();
    let mut up_to = 0;
    assert_eq!(names(&changed(storage, &mut up_to).await).len(), 2);
    assert!(changed(storage, &mut up_to).await.is_empty());
    leeds.sync(storage, at(5)).await;
    assert!(changed(storage, &mut up_to).await.is_empty(), "a sync alone is no change");

    placed(storage, "o1", &[("A", 1)]).await;
    let (task, _) = assigned(storage, "o1", "leeds").await;
    let given = changed(storage, &mut up_to).await;
    assert_eq!((names(&given), given[0].open_tasks), (vec!["leeds"], 1));
    leeds.sync(storage, at(25)).await;
    leeds.pack(&task);
    leeds.hand_over(&task);
    leeds.sync(storage, at(40)).await;
    leeds.sync(storage, at(41)).await;
    let ended = changed(storage, &mut up_to).await;
    assert_eq!((names(&ended), ended[0].open_tasks), (vec!["leeds"], 0));

    let york = store_id("york");
    let closure = Closure {
        hard: false,
        cause: ClosureCause::Weather,
        author: Actor::new("ann").unwrap(),
        since: at(50).utc,
        until: None,
        from_store: false,
    };
    storage.close(&tenant(), &york, &closure).await.unwrap();
    assert_eq!(changed(storage, &mut up_to).await[0].closures.len(), 1);
    storage.close(&tenant(), &york, &Closure { hard: true, ..closure }).await.unwrap();
    assert!(changed(storage, &mut up_to).await[0].closures[0].hard);
    storage.reopen(&tenant(), &york, false).await.unwrap();
    assert!(changed(storage, &mut up_to).await[0].closures.is_empty());
    storage.arrange(&tenant(), &york, &half_the_staff(), at(60).utc).await.unwrap().unwrap().unwrap();
    assert_eq!(changed(storage, &mut up_to).await[0].arranged.tasks_per_hour, Some(8));
    enrolled(storage, "york", "a new box").await;
    assert_eq!(changed(storage, &mut up_to).await[0].enrolled_replicas, 1);
    storage.put_store(&tenant(), &described("york"), at(70).utc).await.unwrap();
    assert_eq!(names(&changed(storage, &mut up_to).await), ["york"]);
    assert_eq!(record(storage, "york").await, storage.changed_stores(0).await.unwrap().records[1]);
}

pub async fn how_a_store_works_is_counted_by_the_hour(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 9).await;
    placed(storage, "o1", &[("A", 3)]).await;
    placed(storage, "o2", &[("A", 1)]).await;
    let (task, _) = assigned(storage, "o1", "leeds").await;
    let (declined, _) = assigned(storage, "o2", "leeds").await;
    leeds.sync(storage, at(25)).await;
    leeds.say(&task, TaskEvent::Accepted);
    leeds.say(&declined, TaskEvent::Declined { reason: "no staff".to_owned() });
    leeds.sync(storage, at(2_020)).await;
    leeds.say(&task, TaskEvent::PickingStarted);
    leeds.say(&task, TaskEvent::Picked { line: LINE, quantity: 2 });
    leeds.say(&task, TaskEvent::Short { line: LINE, missing: 1 });
    leeds.sync(storage, at(3_000)).await;
    leeds.sync(storage, at(3_001)).await;
    let work = within(&record(storage, "leeds").await.work, 1, at(4_000).utc);
    let expected = HourOfWork {
        hour: work.hour,
        given: 2,
        accepted: 1,
        accept_ms: 2_000,
        declined: 1,
        picked_units: 2,
        short_units: 1,
    };
    assert_eq!(work, expected);
    // A day and more later only that day is left.
    let day = 25 * 60 * 60 * 1_000;
    placed(storage, "o3", &[("A", 1)]).await;
    let demand = super::world::demand(storage, "o3").await.unwrap();
    let assignment = super::world::assignment(&demand, "leeds", at(day));
    storage.assign(&assignment, at(day)).await.unwrap();
    let kept = record(storage, "leeds").await.work;
    assert_eq!(kept.iter().map(|hour| hour.given).collect::<Vec<_>>(), [1]);
}

pub async fn the_last_word_of_each_replica_of_central_stands(storage: &dyn Storage) {
    let word = |replica: &str, frozen: bool, ms: i64| Peer {
        replica: replica.to_owned(),
        frozen,
        said_at: at(ms).utc,
    };
    assert!(storage.peers("a").await.unwrap().is_empty());
    storage.say(&word("a", true, 1)).await.unwrap();
    storage.say(&word("b", true, 2)).await.unwrap();
    storage.say(&word("b", false, 3)).await.unwrap();
    assert_eq!(storage.peers("a").await.unwrap(), [word("b", false, 3)]);
    assert_eq!(storage.peers("b").await.unwrap(), [word("a", true, 1)]);
    assert_eq!(storage.peers("c").await.unwrap().len(), 2);
}
