//! Parcels that no carrier takes: reported once, and seen to once.

use super::dates::{promised, sent};
use super::world::{at, order_id, placed, stocked, tenant};
use holdfast_central::core::carriers::Journey;
use holdfast_central::core::exception::Category;
use holdfast_central::core::labels::{LabelFailure, LabelOutcome};
use holdfast_central::ports::labels::{NewLabelFailure, Settling};
use holdfast_central::ports::{PageRequest, Storage};
use holdfast_shared::ids::{Actor, TaskId};

fn failure(task: &TaskId, service: Option<&str>) -> NewLabelFailure {
    NewLabelFailure {
        tenant: tenant(),
        task: task.clone(),
        service: service.map(str::to_owned),
        reason: "no such postcode".to_owned(),
        by: Actor::new("key:carrier").unwrap(),
    }
}

async fn reported(storage: &dyn Storage, task: &TaskId, service: Option<&str>) -> LabelFailure {
    storage.report_label(&failure(task, service), at(50).utc).await.unwrap().unwrap()
}

async fn kinds(storage: &dyn Storage) -> Vec<String> {
    let events = storage.timeline(&tenant(), &order_id("o1")).await.unwrap();
    events.into_iter().map(|event| event.kind).collect()
}

pub async fn a_failure_is_reported_once_and_names_the_planned_service(storage: &dyn Storage) {
    stocked(storage, "leeds", 5).await;
    promised(storage, "o1").await;
    let (task, _) = sent(storage, "o1", "leeds", 400_000).await;
    let first = reported(storage, &task, None).await;
    assert_eq!((first.service.as_deref(), &first.settled), (Some("standard"), &None));
    assert_eq!(reported(storage, &task, Some("standard")).await, first);
    assert_eq!(kinds(storage).await, ["placed", "allocated", "label_failed"]);
    assert_eq!(storage.waiting_labels(9).await.unwrap(), [first]);
    let unknown: TaskId = "o9-1".parse().unwrap();
    assert_eq!(storage.report_label(&failure(&unknown, None), at(50).utc).await.unwrap(), None);
}

pub async fn another_service_is_planned_anew_and_its_date_told(storage: &dyn Storage) {
    stocked(storage, "leeds", 5).await;
    promised(storage, "o1").await;
    let (task, _) = sent(storage, "o1", "leeds", 400_000).await;
    let waiting = reported(storage, &task, None).await;
    let journey = Journey {
        service: Some("post".to_owned()),
        ready_at: at(60).utc,
        hand_over_by: at(70).utc,
        arrives_by: at(950_000).utc,
        days: 2,
        cost: None,
    };
    let words = "post takes it instead".to_owned();
    let settling = Settling { outcome: LabelOutcome::AnotherService, words, journey: Some(journey) };
    for _ in 0..2 {
        storage.settle_label(&waiting, &settling, at(60).utc).await.unwrap();
    }
    let known = reported(storage, &task, None).await;
    assert_eq!(known.service.as_deref(), Some("standard"), "the same report, and not one about post");
    let settled = known.settled.unwrap();
    assert_eq!(
        (settled.outcome, settled.next_service.as_deref()),
        (LabelOutcome::AnotherService, Some("post"))
    );
    assert!(storage.waiting_labels(9).await.unwrap().is_empty());
    assert_eq!(
        kinds(storage).await,
        ["placed", "allocated", "label_failed", "another_service", "promise_changed"]
    );
    let change = storage.promise_change(&tenant(), &order_id("o1")).await.unwrap().unwrap();
    assert_eq!(change.new_by, Some(at(950_000).utc));
    let next = reported(storage, &task, Some("post")).await;
    assert_eq!(next.settled, None, "the one that is planned now has failed as well");
}

pub async fn what_a_person_must_decide_is_an_exception(storage: &dyn Storage) {
    stocked(storage, "leeds", 5).await;
    placed(storage, "o1", &[("A", 1)]).await;
    let (task, _) = super::world::assigned(storage, "o1", "leeds").await;
    let waiting = reported(storage, &task, None).await;
    assert_eq!(waiting.service, None, "none was planned");
    let words = "o1-1 was released to leeds-a".to_owned();
    let settling = Settling { outcome: LabelOutcome::Person, words, journey: None };
    storage.settle_label(&waiting, &settling, at(60).utc).await.unwrap();
    let page = PageRequest { cursor: None, limit: 9 };
    let open = storage.exceptions(&tenant(), true, &page).await.unwrap().rows;
    let stuck: Vec<_> = open.iter().filter(|open| open.category == Category::LabelFailed).collect();
    assert_eq!((stuck.len(), stuck[0].task.as_ref()), (1, Some(&task)));
}
