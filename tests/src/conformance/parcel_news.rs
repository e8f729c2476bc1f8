//! What stores are told of parcels, and what they tell of those for which they have no label.

use super::agent::Agent;
use super::dates::{promised, sent};
use super::gathering::{begun, comes, left};
use super::world::{at, enrolled, order_id, stocked, store_id, tenant};
use holdfast_central::core::carriers::Journey;
use holdfast_central::core::gathering::GatheringEnd;
use holdfast_central::core::labels::LabelOutcome;
use holdfast_central::ports::Storage;
use holdfast_central::ports::labels::Settling;
use holdfast_shared::ids::{Actor, TaskId};
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::sync::{LabelBecomes, LabelReport};

fn report(task: &TaskId, id: &str) -> LabelReport {
    LabelReport {
        id: id.to_owned(),
        task: task.clone(),
        service: None,
        reason: "the label does not print".to_owned(),
        by: Actor::new("amy").unwrap(),
        at: UtcMs(1),
    }
}

pub async fn a_label_that_staff_could_not_make_is_on_record_once(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    promised(storage, "o1").await;
    let (task, _) = sent(storage, "o1", "leeds", 400_000).await;
    leeds.sync(storage, at(40)).await;
    leeds.label_reports = vec![report(&task, "hh-1/1")];
    leeds.sync_unheard(storage, at(50)).await;
    let done = leeds.sync(storage, at(51)).await;
    assert_eq!(done.changed_tasks, std::slice::from_ref(&task), "somebody sees to it at once");
    assert!(leeds.label_reports.is_empty(), "noted, though the first answer was lost");
    let known = storage.label_failures(&tenant(), &task).await.unwrap();
    assert_eq!((known.len(), known[0].service.as_deref()), (1, Some("standard")));
    assert_eq!(known[0].reason, "the label does not print");
    let events = storage.timeline(&tenant(), &order_id("o1")).await.unwrap();
    assert_eq!(events.iter().filter(|event| event.kind == "label_failed").count(), 1);
}

pub async fn a_store_reports_no_label_of_anothers_work(storage: &dyn Storage) {
    stocked(storage, "leeds", 5).await;
    let mut york = stocked(storage, "york", 5).await;
    promised(storage, "o1").await;
    let (task, _) = sent(storage, "o1", "leeds", 400_000).await;
    york.label_reports = vec![report(&task, "hh-1/1"), report(&"o9-1".parse().unwrap(), "hh-1/2")];
    york.sync(storage, at(50)).await;
    assert!(york.label_reports.is_empty(), "it need not be said again");
    assert!(storage.label_failures(&tenant(), &task).await.unwrap().is_empty());
    assert!(york.parcels.labels.is_empty());
}

pub async fn a_store_is_told_what_becomes_of_a_parcel(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    promised(storage, "o1").await;
    let (task, _) = sent(storage, "o1", "leeds", 400_000).await;
    leeds.label_reports = vec![report(&task, "hh-1/1")];
    leeds.sync(storage, at(50)).await;
    assert_eq!(leeds.parcels.labels[0].becomes, LabelBecomes::Waits);
    let waiting = storage.waiting_labels(9).await.unwrap().remove(0);
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
    storage.settle_label(&waiting, &settling, at(60).utc).await.unwrap();
    assert!(leeds.sync(storage, at(61)).await.response.parcels.is_some());
    let told = &leeds.parcels.labels[0];
    assert_eq!((told.becomes, told.instead.as_deref()), (LabelBecomes::AnotherService, Some("post")));
    assert!(leeds.sync(storage, at(62)).await.response.parcels.is_none(), "it is told once");
    leeds.pack(&task);
    leeds.sync(storage, at(63)).await;
    leeds.hand_over(&task);
    leeds.sync(storage, at(64)).await;
    assert!(leeds.parcels.labels.is_empty(), "it has left");
}

fn coming(leeds: &Agent) -> Vec<(&str, i64, bool, bool)> {
    let parcels = leeds.parcels.expected.iter();
    parcels
        .map(|parcel| (parcel.from.as_str(), parcel.lines[0].units, parcel.left_at.is_some(), parcel.late))
        .collect()
}

pub async fn a_hub_is_told_what_comes_from_whom_until_it_has_it(storage: &dyn Storage) {
    let (mut leeds, mut york) = begun(storage).await;
    leeds.sync(storage, at(21)).await;
    assert_eq!(coming(&leeds), [], "nobody has it to make ready yet");
    left(storage, &mut york).await;
    leeds.sync(storage, at(33)).await;
    assert_eq!(coming(&leeds), [("york", 2, true, false)]);
    assert_eq!(leeds.parcels.expected[0].parcel, order_id("o1-g"));
    let known = storage.gatherings_now(&tenant(), Some(&store_id("leeds")), at(34).utc).await.unwrap();
    assert_eq!((known[0].parcels[0].from.as_str(), known[0].gathering.order.as_str()), ("york", "o1"));
    assert_eq!(storage.gatherings_now(&tenant(), None, at(34).utc).await.unwrap(), known);
    comes(storage, &mut leeds, 1, 40).await;
    assert_eq!(coming(&leeds), [("york", 1, true, false)], "with the answer that takes the fact in");
    comes(storage, &mut leeds, 1, 41).await;
    assert_eq!(coming(&leeds), []);
    assert!(storage.gatherings_now(&tenant(), None, at(42).utc).await.unwrap().is_empty());
}

pub async fn what_is_late_is_still_listed_until_it_comes(storage: &dyn Storage) {
    let (mut leeds, mut york) = begun(storage).await;
    left(storage, &mut york).await;
    let late = at(super::gathering::DUE_MS + 1);
    assert_eq!(storage.end_gatherings_over(late.utc).await.unwrap().ended, 1);
    leeds.sync(storage, late).await;
    assert_eq!(coming(&leeds), [("york", 2, true, true)]);
    let ended = super::gathering::gathering(storage).await.ended_by;
    assert_eq!(ended, Some(GatheringEnd::Late));
    comes(storage, &mut leeds, 2, super::gathering::DUE_MS + 2).await;
    assert_eq!(coming(&leeds), []);
}

pub async fn an_agent_that_shows_no_parcels_is_told_of_none(storage: &dyn Storage) {
    let (_leeds, mut york) = begun(storage).await;
    left(storage, &mut york).await;
    let mut old = enrolled(storage, "leeds", "old box").await;
    old.version = 3;
    let answer = old.sync(storage, at(40)).await.response;
    assert_eq!((answer.parcels, answer.labels_noted), (None, Vec::new()));
    // One of this version of sync, from before parcels were told.
    let mut request = old.request().in_version(4);
    (request.version, request.parcels) = (4, None);
    let done = storage.exchange(&old.identity, None, &request, at(41)).await.unwrap();
    assert_eq!(done.response.parcels, None);
}
