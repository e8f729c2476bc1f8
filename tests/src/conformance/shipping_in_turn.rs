//! Parcels of several orders, stores and accounts beside each other: each is looked at in its turn, and found by its own.

use super::agent::Agent;
use super::shipping::{account, label, labelled, parcels, picking_of, say, shipment, tracked, with_accounts};
use super::world::{at, order_id, stocked, store_id, tenant};
use holdfast_central::core::parcel::fact::{Ask, AskId, Label, Said, Wish};
use holdfast_central::core::parcel::notice::{NoticeOutcome, TrackingNotice};
use holdfast_central::core::parcel::tracking::TrackStatus;
use holdfast_central::ports::Storage;
use holdfast_central::ports::shipments::{ParcelKey, Written};
use holdfast_shared::domain::task::TaskEvent;
use holdfast_shared::ids::CarrierAccount;
use holdfast_shared::time::UtcMs;

const NEVER: UtcMs = UtcMs(i64::MAX);

async fn due(
    storage: &dyn Storage,
    of: &CarrierAccount,
    now: i64,
    beyond: UtcMs,
    limit: u32,
) -> Vec<ParcelKey> {
    storage.due_parcels(of, at(now).utc, beyond, limit).await.unwrap()
}

async fn rested(storage: &dyn Storage, key: &ParcelKey, next_at: Option<i64>) {
    let read = shipment(storage, key).await;
    let rested = storage.rest_parcel(&read, next_at.map(|ms| at(ms).utc)).await.unwrap();
    assert_eq!(rested, Written::Yes);
}

/// Two orders that leeds picks.
async fn two(storage: &dyn Storage) -> (Agent, ParcelKey, ParcelKey) {
    with_accounts(storage, &[account("parcels", &[])]).await;
    let mut leeds = stocked(storage, "leeds", 9).await;
    let first = picking_of(storage, &mut leeds, "o1", 25).await;
    let second = picking_of(storage, &mut leeds, "o2", 35).await;
    (leeds, first, second)
}

pub async fn parcels_are_looked_at_in_turn_and_by_their_own_account(storage: &dyn Storage) {
    let (_leeds, first, second) = two(storage).await;
    rested(storage, &first, Some(70)).await;
    rested(storage, &second, Some(60)).await;
    assert_eq!(due(storage, &parcels(), 59, NEVER, 9).await, []);
    assert_eq!(due(storage, &parcels(), 60, NEVER, 9).await, std::slice::from_ref(&second));
    assert_eq!(
        due(storage, &parcels(), 70, NEVER, 1).await,
        std::slice::from_ref(&second),
        "who waited longest"
    );
    assert_eq!(due(storage, &parcels(), 70, NEVER, 9).await, [second.clone(), first.clone()]);
    assert_eq!(due(storage, &CarrierAccount::new("other").unwrap(), 99, NEVER, 9).await, []);
    let ahead = due(storage, &parcels(), 50, at(60).utc, 9).await;
    assert_eq!(ahead, [first], "a clock was ahead when it rested");
}

pub async fn an_account_takes_the_services_that_it_is_configured_for_and_none_when_it_is_gone(
    storage: &dyn Storage,
) {
    let (mut leeds, first, _) = two(storage).await;
    assert!(shipment(storage, &first).await.served, "any");
    with_accounts(storage, &[account("parcels", &["express"])]).await;
    assert!(shipment(storage, &first).await.served, "it has no service of its own, so any will do");
    with_accounts(storage, &[]).await;
    assert!(!shipment(storage, &first).await.served);
    let third = picking_of(storage, &mut leeds, "o3", 45).await;
    assert_eq!(storage.shipment(&third).await.unwrap(), None, "its stores make their own labels again");
}

pub async fn parcels_of_an_order_are_counted_and_looked_at_one_after_the_other(storage: &dyn Storage) {
    let (_leeds, first, second) = two(storage).await;
    let numbers = (shipment(storage, &first).await.number, shipment(storage, &second).await.number);
    assert_eq!(numbers, (1, 1), "each order has a first one");
    for (order, key) in [("o1", &first), ("o2", &second)] {
        let all = storage.shipments(&tenant(), &order_id(order)).await.unwrap();
        assert_eq!(all.iter().map(|shipment| &shipment.key).collect::<Vec<_>>(), [key]);
    }
}

fn another(number: &str) -> Said {
    Said::Made { label: Label { tracking_number: number.to_owned(), ..label() } }
}

pub async fn a_number_that_a_carrier_uses_again_is_that_of_the_newest_label(storage: &dyn Storage) {
    let (_leeds, first, second) = two(storage).await;
    labelled(storage, &first, 40).await;
    labelled(storage, &second, 50).await;
    let found = storage.parcel_of(&tenant(), &parcels(), &label().tracking_number).await.unwrap();
    assert_eq!(found, Some((second, 0)));
    let other = CarrierAccount::new("other").unwrap();
    assert_eq!(storage.parcel_of(&tenant(), &other, &label().tracking_number).await.unwrap(), None);
    let again = Said::TryAgain { by: "ann".into(), reason: "torn".into() };
    say(storage, &first, 2, None, again, 60).await;
    let run = AskId { ask: Ask::Label, run: 1 };
    let wish = Wish { service: None, units: 2, label: None };
    let asked = Said::Asked { attempt: 1, key: "k/label/1".parse().unwrap(), wish };
    say(storage, &first, 3, Some(run), asked, 61).await;
    say(storage, &first, 4, Some(run), another("1Z7"), 62).await;
    assert_eq!(storage.parcel_of(&tenant(), &parcels(), "1Z7").await.unwrap(), Some((first, 1)));
}

pub async fn labels_wait_at_the_store_that_prints_them_and_void_ones_at_none(storage: &dyn Storage) {
    let (mut leeds, first, second) = two(storage).await;
    let mut york = stocked(storage, "york", 1).await;
    labelled(storage, &first, 40).await;
    say(storage, &second, 0, None, Said::Withdrawn { by: "ann".into(), reason: "by hand".into() }, 41).await;
    leeds.sync(storage, at(45)).await;
    york.sync(storage, at(46)).await;
    let made = |agent: &Agent| agent.parcels.made.iter().map(|made| made.task.clone()).collect::<Vec<_>>();
    assert_eq!((made(&leeds), made(&york)), (vec![first.task.clone()], vec![]));
    let again = Said::TryAgain { by: "ann".into(), reason: "torn".into() };
    say(storage, &first, 2, None, again, 50).await;
    leeds.sync(storage, at(51)).await;
    assert_eq!(made(&leeds), [], "it counts no longer");
    assert_eq!(leeds.identity.store, store_id("leeds"));
}

pub async fn an_order_has_arrived_when_all_of_its_parcels_have(storage: &dyn Storage) {
    let (mut leeds, first, _) = two(storage).await;
    labelled(storage, &first, 40).await;
    let state = async || storage.order(&tenant(), &order_id("o1")).await.unwrap().unwrap().state.as_str();
    leeds.say(&first.task, TaskEvent::Picked { line: super::world::LINE, quantity: 2 });
    leeds.say(&first.task, TaskEvent::Packed);
    leeds.sync(storage, at(50)).await;
    leeds.hand_over(&first.task);
    leeds.sync(storage, at(60)).await;
    let sequence = shipment(storage, &first).await.facts.len();
    let label_of = Some(AskId { ask: Ask::Label, run: 0 });
    let after = u32::try_from(sequence).unwrap();
    say(storage, &first, after, label_of, tracked(TrackStatus::Returned, 70), 70).await;
    assert_eq!(state().await, "shipped", "what came back is not at the customer's");
    say(storage, &first, after + 1, label_of, tracked(TrackStatus::Delivered, 80), 80).await;
    assert_eq!(state().await, "delivered");
}

fn notice(event: &str) -> TrackingNotice {
    TrackingNotice { event: event.into(), kind: "IT".into(), tracking_number: "1Z9".into(), track: None }
}

pub async fn what_carriers_tell_is_read_in_its_order_and_settled_for_itself_alone(storage: &dyn Storage) {
    with_accounts(storage, &[account("parcels", &[])]).await;
    let other = CarrierAccount::new("other").unwrap();
    for (carrier, event) in [(&parcels(), "e2"), (&other, "e1"), (&parcels(), "e1")] {
        assert!(storage.take_in_tracking(&tenant(), carrier, &notice(event), at(50).utc).await.unwrap());
    }
    let waiting = storage.waiting_tracking(at(50).utc, UtcMs(i64::MAX), 9).await.unwrap();
    let names = |waiting: &[holdfast_central::core::parcel::notice::ReceivedTracking]| -> Vec<String> {
        waiting.iter().map(|one| format!("{}/{}", one.carrier, one.notice.event)).collect()
    };
    assert_eq!(names(&waiting), ["parcels/e2", "other/e1", "parcels/e1"], "as they came");
    storage.settle_tracking(&waiting[2], NoticeOutcome::NotOurs, at(51).utc).await.unwrap();
    assert_eq!(
        names(&storage.waiting_tracking(at(50).utc, UtcMs(i64::MAX), 9).await.unwrap()),
        ["parcels/e2", "other/e1"]
    );
    assert!(
        !storage.take_in_tracking(&tenant(), &parcels(), &notice("e1"), at(52).utc).await.unwrap(),
        "once"
    );
    assert_eq!(storage.waiting_tracking(at(50).utc, UtcMs(i64::MAX), 1).await.unwrap().len(), 1);
}
