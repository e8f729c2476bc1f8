//! Parcels: they begin and end with the work of stores, each fact is written once, and what carriers tell is kept once.

use super::agent::Agent;
use super::world::{LINE, assigned, at, new_order, order_id, request, stocked, tenant};
use holdfast_central::core::order::OrderState;
use holdfast_central::core::parcel::fact::{Ask, AskId, Label, Said, Source, Wish};
use holdfast_central::core::parcel::fold::{Parcel, ParcelState};
use holdfast_central::core::parcel::needs::{Needs, needs};
use holdfast_central::core::parcel::notice::{NoticeOutcome, STRANGE_MS, TrackingNotice};
use holdfast_central::core::parcel::tracking::{Track, TrackStatus};
use holdfast_central::core::trace::{Place, trace};
use holdfast_central::flows::read_tracking::read_tracking;
use holdfast_central::ports::shipments::{Account, NewParcelFact, ParcelKey, Shipment, Written};
use holdfast_central::ports::{PageRequest, Storage};
use holdfast_shared::domain::task::{FulfilmentKind, TaskEvent};
use holdfast_shared::ids::{CarrierAccount, TaskId, TenantId};
use holdfast_shared::time::UtcMs;

pub(super) fn parcels() -> CarrierAccount {
    CarrierAccount::new("parcels").unwrap()
}

pub(super) fn account(name: &str, services: &[&str]) -> Account {
    let services = services.iter().map(|service| (*service).to_owned()).collect();
    Account { tenant: tenant(), name: CarrierAccount::new(name).unwrap(), services }
}

pub(super) async fn with_accounts(storage: &dyn Storage, accounts: &[Account]) {
    storage.set_accounts(accounts).await.unwrap();
}

async fn with_account(storage: &dyn Storage) {
    with_accounts(storage, &[account("parcels", &[])]).await;
}

/// An order of two units that this store picks.
pub(super) async fn picking_of(storage: &dyn Storage, leeds: &mut Agent, order: &str, ms: i64) -> ParcelKey {
    let new = new_order(order, &format!("k-{order}"), request(FulfilmentKind::Ship, &[("A", 2)]));
    storage.place(new).await.unwrap();
    let (task, _) = assigned(storage, order, "leeds").await;
    leeds.sync(storage, at(ms)).await;
    leeds.say(&task, TaskEvent::Accepted);
    leeds.say(&task, TaskEvent::PickingStarted);
    leeds.sync(storage, at(ms + 1)).await;
    ParcelKey { tenant: tenant(), task }
}

async fn offered(storage: &dyn Storage, kind: FulfilmentKind) -> (Agent, TaskId) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    let new = new_order("o1", "k1", request(kind, &[("A", 2)]));
    storage.place(new).await.unwrap();
    let (task, _) = assigned(storage, "o1", "leeds").await;
    leeds.sync(storage, at(25)).await;
    (leeds, task)
}

async fn picking(storage: &dyn Storage) -> (Agent, ParcelKey) {
    let (mut leeds, task) = offered(storage, FulfilmentKind::Ship).await;
    leeds.say(&task, TaskEvent::Accepted);
    leeds.say(&task, TaskEvent::PickingStarted);
    leeds.sync(storage, at(26)).await;
    (leeds, ParcelKey { tenant: tenant(), task })
}

pub(super) async fn shipment(storage: &dyn Storage, key: &ParcelKey) -> Shipment {
    storage.shipment(key).await.unwrap().unwrap()
}

async fn due(storage: &dyn Storage, now: i64) -> Vec<ParcelKey> {
    storage.due_parcels(&parcels(), at(now).utc, UtcMs(i64::MAX), 9).await.unwrap()
}

pub(super) async fn say(
    storage: &dyn Storage,
    key: &ParcelKey,
    after: u32,
    id: Option<AskId>,
    said: Said,
    ms: i64,
) -> Written {
    let (key, source) = (key.clone(), Source::Answer);
    let fact = NewParcelFact { key, after, id, said, source, next_at: at(ms).utc };
    storage.write_parcel(&fact, at(ms).utc).await.unwrap()
}

const LABEL: AskId = AskId { ask: Ask::Label, run: 0 };

pub(super) fn label() -> Label {
    Label {
        reference: "l-1".into(),
        carrier: "ups".into(),
        service: "ups_ground".into(),
        tracking_number: "1Z9".into(),
        url: None,
        cost: None,
    }
}

pub(super) async fn labelled(storage: &dyn Storage, key: &ParcelKey, ms: i64) {
    let wish = Wish { service: None, units: 2, label: None };
    let asked = Said::Asked { attempt: 1, key: "k/label".parse().unwrap(), wish };
    assert_eq!(say(storage, key, 0, Some(LABEL), asked, ms).await, Written::Yes);
    let made = Said::Made { label: label() };
    assert_eq!(say(storage, key, 1, Some(LABEL), made, ms).await, Written::Yes);
}

async fn leave(storage: &dyn Storage, leeds: &mut Agent, task: &TaskId) {
    leeds.say(task, TaskEvent::Picked { line: LINE, quantity: 2 });
    leeds.say(task, TaskEvent::Packed);
    leeds.sync(storage, at(50)).await;
    leeds.hand_over(task);
    leeds.sync(storage, at(60)).await;
}

pub(super) fn tracked(status: TrackStatus, happened_at: i64) -> Said {
    Said::Tracked { track: Track { status, happened_at: UtcMs(happened_at), words: String::new() } }
}

pub async fn a_parcel_begins_when_picking_does_and_only_where_labels_are_made_here(storage: &dyn Storage) {
    let (mut leeds, task) = offered(storage, FulfilmentKind::Ship).await;
    leeds.say(&task, TaskEvent::Accepted);
    leeds.say(&task, TaskEvent::PickingStarted);
    leeds.sync(storage, at(26)).await;
    let key = ParcelKey { tenant: tenant(), task: task.clone() };
    assert_eq!(storage.shipment(&key).await.unwrap(), None, "its stores make their own labels");
    with_account(storage).await;
    leave(storage, &mut leeds, &task).await;
    let begun = shipment(storage, &key).await;
    assert_eq!((begun.number, begun.root.as_str(), begun.served), (1, "k1", true));
}

pub async fn a_pickup_and_an_accepted_task_are_no_parcel(storage: &dyn Storage) {
    with_account(storage).await;
    let (mut leeds, task) = offered(storage, FulfilmentKind::Pickup).await;
    leeds.say(&task, TaskEvent::Accepted);
    leeds.say(&task, TaskEvent::PickingStarted);
    leeds.sync(storage, at(26)).await;
    assert_eq!(storage.shipments(&tenant(), &order_id("o1")).await.unwrap(), []);
}

pub async fn of_two_that_write_about_the_same_parcel_one_is_told_to_look_again(storage: &dyn Storage) {
    with_account(storage).await;
    let (_leeds, key) = picking(storage).await;
    assert_eq!(due(storage, 99).await, std::slice::from_ref(&key));
    let wish = Wish { service: None, units: 2, label: None };
    let asked = || Said::Asked { attempt: 1, key: "k/label".parse().unwrap(), wish: wish.clone() };
    assert_eq!(say(storage, &key, 0, Some(LABEL), asked(), 40).await, Written::Yes);
    assert_eq!(say(storage, &key, 0, Some(LABEL), asked(), 40).await, Written::Moved);
    assert_eq!(shipment(storage, &key).await.facts.len(), 1, "nobody asks twice");
}

pub async fn work_that_goes_on_wakes_its_parcel(storage: &dyn Storage) {
    with_account(storage).await;
    let (mut leeds, key) = picking(storage).await;
    let read = shipment(storage, &key).await;
    assert_eq!(needs(&read.task, read.served), Needs::Label);
    leeds.say(&key.task, TaskEvent::Picked { line: LINE, quantity: 2 });
    leeds.sync(storage, at(30)).await;
    assert_eq!(storage.rest_parcel(&read, None).await.unwrap(), Written::Moved, "it was read before");
    let read = shipment(storage, &key).await;
    assert_eq!(storage.rest_parcel(&read, None).await.unwrap(), Written::Yes);
    assert_eq!(due(storage, 99).await, []);
    leeds.put_back(&key.task);
    leeds.sync(storage, at(31)).await;
    assert_eq!(due(storage, 99).await, [key], "its label has to be given back");
}

pub async fn an_order_is_delivered_when_its_carrier_says_so_and_never_goes_back(storage: &dyn Storage) {
    with_account(storage).await;
    let (mut leeds, key) = picking(storage).await;
    labelled(storage, &key, 40).await;
    let state = async || storage.order(&tenant(), &order_id("o1")).await.unwrap().unwrap().state;
    leave(storage, &mut leeds, &key.task).await;
    assert_eq!(state().await, OrderState::Shipped);
    let sequence = async || Parcel::fold(&shipment(storage, &key).await.facts).sequence;
    say(storage, &key, sequence().await, Some(LABEL), tracked(TrackStatus::InTransit, 70), 40).await;
    assert_eq!(state().await, OrderState::Shipped);
    say(storage, &key, sequence().await, Some(LABEL), tracked(TrackStatus::Delivered, 80), 40).await;
    assert_eq!(state().await, OrderState::Delivered);
    say(storage, &key, sequence().await, Some(LABEL), tracked(TrackStatus::Lost, 90), 40).await;
    assert_eq!(state().await, OrderState::Delivered);
    assert_eq!(Parcel::fold(&shipment(storage, &key).await.facts).state(), ParcelState::Delivered);
    let told = storage.recent_events(&tenant(), 99).await.unwrap();
    let times = |kind: &str| told.iter().filter(|event| event.kind == kind).count();
    assert_eq!(times("ShipmentLabelled") + times("ShipmentInTransit") + times("ShipmentDelivered"), 3);
    assert_eq!(times("OrderDelivered"), 1);
}

pub async fn a_label_waits_at_its_store_until_the_parcel_leaves(storage: &dyn Storage) {
    with_account(storage).await;
    let (mut leeds, key) = picking(storage).await;
    labelled(storage, &key, 40).await;
    leeds.sync(storage, at(45)).await;
    let made = leeds.parcels.made.iter().map(|made| made.tracking_number.as_str());
    assert_eq!(made.collect::<Vec<_>>(), ["1Z9"]);
    leave(storage, &mut leeds, &key.task).await;
    assert_eq!(leeds.parcels.made, [], "it is on the parcel");
}

pub async fn a_carriers_word_is_kept_once_and_finds_its_parcel_by_number(storage: &dyn Storage) {
    with_account(storage).await;
    let (_leeds, key) = picking(storage).await;
    labelled(storage, &key, 40).await;
    let track = Track { status: TrackStatus::InTransit, happened_at: UtcMs(5), words: String::new() };
    let notice = TrackingNotice {
        event: "e1".into(),
        kind: "IT".into(),
        tracking_number: "1Z9".into(),
        track: Some(track),
    };
    let take = async || storage.take_in_tracking(&tenant(), &parcels(), &notice, at(50).utc).await.unwrap();
    assert!(take().await && !take().await, "once");
    let found = storage.parcel_of(&tenant(), &parcels(), "1Z9").await.unwrap();
    assert_eq!(found, Some((key, 0)));
    let other = TenantId::new("rival").unwrap();
    assert_eq!(storage.parcel_of(&other, &parcels(), "1Z9").await.unwrap(), None, "of its own tenant alone");
    let waiting = async || storage.waiting_tracking(at(51).utc, UtcMs(i64::MAX), 9).await.unwrap();
    let found = waiting().await;
    assert_eq!(found.len(), 1);
    storage.settle_tracking(&found[0], NoticeOutcome::Applied, at(51).utc).await.unwrap();
    assert_eq!(waiting().await, []);
}

/// The carrier tells of a parcel. Its number says of which.
async fn scanned(storage: &dyn Storage, event: &str, number: &str) {
    let track = Track { status: TrackStatus::InTransit, happened_at: UtcMs(5), words: String::new() };
    let (event, kind, tracking_number) = (event.into(), "IT".into(), number.into());
    let notice = TrackingNotice { event, kind, tracking_number, track: Some(track) };
    assert!(storage.take_in_tracking(&tenant(), &parcels(), &notice, at(45).utc).await.unwrap());
}

/// What became of each, oldest first.
async fn outcomes(storage: &dyn Storage) -> Vec<Option<NoticeOutcome>> {
    let page = PageRequest { cursor: None, limit: 99 };
    let mut told = storage.tracking(&tenant(), &page).await.unwrap().rows;
    told.reverse();
    told.into_iter().map(|received| received.outcome).collect()
}

async fn is_on_its_way(storage: &dyn Storage, key: &ParcelKey) -> bool {
    Parcel::fold(&shipment(storage, key).await.facts).state() == ParcelState::InTransit
}

pub async fn a_scan_before_its_label_is_known_waits_for_it_and_others_do_not_wait_for_the_scan(
    storage: &dyn Storage,
) {
    with_account(storage).await;
    let (_leeds, key) = picking(storage).await;
    let wish = Wish { service: None, units: 2, label: None };
    let asked = Said::Asked { attempt: 1, key: "k/label".parse().unwrap(), wish };
    assert_eq!(say(storage, &key, 0, Some(LABEL), asked, 40).await, Written::Yes);
    scanned(storage, "e1", "1Z9").await;
    let read = async |ms: i64| read_tracking(storage, at(ms).utc).await.unwrap();
    assert_eq!((read(46).await, read(47).await), (1, 0), "it is looked at once, and later");
    assert_eq!(outcomes(storage).await, [None]);
    let asked_by = async |tenant: &TenantId, ms: i64| {
        storage.label_asked_by(tenant, &parcels(), at(ms).utc).await.unwrap()
    };
    assert!(asked_by(&tenant(), 45).await && !asked_by(&tenant(), 39).await, "the question is of 40");
    assert!(!asked_by(&TenantId::new("rival").unwrap(), 45).await);
    // However long it takes.
    assert_eq!(read(45 + STRANGE_MS).await, 1);
    assert_eq!((outcomes(storage).await, is_on_its_way(storage, &key).await), (vec![None], false));
    assert_eq!(say(storage, &key, 1, Some(LABEL), Said::Made { label: label() }, 40).await, Written::Yes);
    assert!(!asked_by(&tenant(), 45).await, "it is known");
    assert_eq!(read(50).await, 1, "at once");
    assert_eq!(outcomes(storage).await, [Some(NoticeOutcome::Applied)]);
    assert!(is_on_its_way(storage, &key).await);
}

pub async fn a_scan_that_counted_as_not_ours_is_read_when_its_label_is_made_after_all(storage: &dyn Storage) {
    with_account(storage).await;
    let (_leeds, key) = picking(storage).await;
    scanned(storage, "e1", "1Z9").await;
    scanned(storage, "e2", "another chain's").await;
    read_tracking(storage, at(45 + STRANGE_MS).utc).await.unwrap();
    assert_eq!(outcomes(storage).await, [Some(NoticeOutcome::NotOurs); 2]);
    labelled(storage, &key, 40).await;
    read_tracking(storage, at(46 + STRANGE_MS).utc).await.unwrap();
    assert_eq!(outcomes(storage).await, [Some(NoticeOutcome::Applied), Some(NoticeOutcome::NotOurs)]);
    assert!(is_on_its_way(storage, &key).await);
}

/// How many wait, since when, and how often one was tried at most.
async fn queue(storage: &dyn Storage, name: &str, ms: i64) -> (i64, Option<UtcMs>, i64) {
    let queues = storage.what_waits(&tenant(), at(ms).utc).await.unwrap();
    let queue = queues.into_iter().find(|queue| queue.queue == name).unwrap();
    (queue.waiting, queue.oldest_since, queue.tries_max)
}

pub async fn what_a_carrier_is_to_be_asked_and_what_it_told_are_queues(storage: &dyn Storage) {
    with_account(storage).await;
    assert_eq!(queue(storage, "labels", 9_000).await, (0, None, 0));
    let (_leeds, key) = picking(storage).await;
    assert_eq!(queue(storage, "labels", 9_000).await, (1, Some(at(26).utc), 0), "since picking began");
    labelled(storage, &key, 40).await;
    assert_eq!(queue(storage, "labels", 39).await.0, 0, "not yet");
    assert_eq!(queue(storage, "labels", 41).await, (1, Some(at(40).utc), 1));
    scanned(storage, "e1", "1Z9").await;
    scanned(storage, "e2", "another's").await;
    assert_eq!(queue(storage, "tracking", 9_000).await, (2, Some(at(45).utc), 0));
    assert_eq!(read_tracking(storage, at(46).utc).await.unwrap(), 2);
    assert_eq!(
        queue(storage, "tracking", 47).await,
        (0, None, 0),
        "one is read, and one waits for its label"
    );
    let (waiting, since, _) = queue(storage, "tracking", 46 + STRANGE_MS).await;
    assert_eq!((waiting, since > Some(at(46).utc)), (1, true), "since it was to be looked at again");
    let rival = TenantId::new("rival").unwrap();
    let queues = storage.what_waits(&rival, at(9_000).utc).await.unwrap();
    assert!(queues.iter().all(|queue| queue.waiting == 0), "{queues:?}");
}

/// Whoever looked before the label was known, and writes after.
pub async fn a_label_that_comes_between_a_look_and_its_end_is_not_missed(storage: &dyn Storage) {
    with_account(storage).await;
    let (_leeds, key) = picking(storage).await;
    scanned(storage, "e1", "1Z9").await;
    let due = async |ms: i64| storage.waiting_tracking(at(ms).utc, UtcMs(i64::MAX), 9).await.unwrap();
    let looked_at = due(46).await.remove(0);
    labelled(storage, &key, 40).await;
    storage.put_off_tracking(&looked_at, at(9_000).utc, true).await.unwrap();
    storage.settle_tracking(&looked_at, NoticeOutcome::NotOurs, at(47).utc).await.unwrap();
    assert_eq!(due(48).await.len(), 1, "it is read now");
}

pub async fn questions_to_a_carrier_are_steps_of_the_orders_trace(storage: &dyn Storage) {
    with_account(storage).await;
    let (_leeds, key) = picking(storage).await;
    labelled(storage, &key, 40).await;
    let known = storage.on_record(&tenant(), &order_id("o1")).await.unwrap().unwrap();
    assert_eq!(known.trace, shipment(storage, &key).await.trace, "the carrier is told the order's");
    let told = trace(&known);
    let step = told.steps.iter().find(|step| step.name == "label").unwrap();
    assert_eq!((step.place, step.task.as_ref()), (Place::Carrier, Some(&key.task)));
    assert_eq!((step.words.as_str(), step.ended_at), ("made", Some(at(40).utc)));
    let offer = told.steps.iter().find(|step| step.name == "offered").unwrap();
    assert_eq!(step.parent, Some(offer.span), "below the offer of its work");
}
