//! Those who are sent events: their place in the log, what waits for them, and what is kept for them.

use super::world::{assigned, at, order_id, placed, stocked, tenant};
use holdfast_central::core::events::consumer::{Consumer, ConsumerState, ConsumerTerms, From};
use holdfast_central::core::exception::Category;
use holdfast_central::ports::consumers::{ConsumerMade, TriedAgain};
use holdfast_central::ports::deliveries::{Done, Stays, Waits};
use holdfast_central::ports::housekeeping::Retention;
use holdfast_central::ports::{PageRequest, Storage};
use holdfast_shared::ids::ConsumerId;
use holdfast_shared::time::UtcMs;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

fn erp() -> ConsumerId {
    ConsumerId::new("erp").unwrap()
}

async fn registered(storage: &dyn Storage, from: From) -> Consumer {
    let terms: ConsumerTerms = serde_json::from_value(serde_json::json!({
        "owner": "accounting", "contact": "a@b.c", "sink": { "kind": "webhook", "url": "https://a.example" },
    }))
    .unwrap();
    let made = storage.put_consumer(&tenant(), &erp(), &terms, (from, None), at(1).utc).await.unwrap();
    assert_eq!(made, ConsumerMade::Made);
    the_consumer(storage).await
}

async fn the_consumer(storage: &dyn Storage) -> Consumer {
    storage.consumer(&tenant(), &erp(), at(1).utc).await.unwrap().unwrap().0
}

fn waits(sequence: u64, key: &str, stays: Stays) -> Waits {
    let why = Some("answered 422".to_owned());
    Waits { sequence, key: key.to_owned(), tries: 1, refusals: 1, first_at: Some(UtcMs(1)), stays, why }
}

async fn undelivered(storage: &dyn Storage) -> usize {
    let page = PageRequest { cursor: None, limit: 50 };
    let open = storage.exceptions(&tenant(), true, &page).await.unwrap().rows;
    open.iter().filter(|exception| exception.category == Category::Undelivered).count()
}

pub async fn events_of_a_key_are_counted_and_carry_the_key_of_their_order(storage: &dyn Storage) {
    stocked(storage, "leeds", 5).await;
    placed(storage, "o1", &[("A", 1)]).await;
    placed(storage, "o2", &[("A", 1)]).await;
    assigned(storage, "o1", "leeds").await;
    let events = storage.events_after(&tenant(), 0, 99).await.unwrap();
    let told: Vec<_> = events.iter().map(|event| (event.key.as_str(), event.key_sequence)).collect();
    assert_eq!(told, [("leeds/A", 1), ("o1", 1), ("o2", 1), ("o1", 2)]);
    let mut ids: Vec<&str> = events.iter().map(|event| event.id.as_str()).collect();
    ids.dedup();
    assert_eq!(ids.len(), 4);
    assert_eq!(events[0].root_key, None);
    assert!(events[1].root_key.is_some() && events[1].root_key == events[3].root_key);
    let again = storage.event(&tenant(), events[3].sequence).await.unwrap();
    assert_eq!(again.as_ref(), Some(&events[3]), "read again it is the same");
}

pub async fn what_waits_goes_by_key_and_the_next_of_it_after_the_first(storage: &dyn Storage) {
    let consumer = registered(storage, From::Now).await;
    placed(storage, "o1", &[("A", 1)]).await;
    placed(storage, "o2", &[("A", 1)]).await;
    let work = storage.work_of(&consumer, 10, at(2).utc).await.unwrap();
    let numbers: Vec<u64> = work.next.iter().map(|event| event.sequence).collect();
    let done = Done {
        position: numbers.last().copied(),
        waits: vec![
            waits(numbers[0], "o1", Stays::Until(at(50).utc)),
            waits(numbers[1], "o1", Stays::Behind),
        ],
        ..Done::default()
    };
    assert!(storage.note_deliveries(&consumer, done, at(3).utc).await.unwrap());
    let consumer = the_consumer(storage).await;
    let early = storage.work_of(&consumer, 10, at(49).utc).await.unwrap();
    assert_eq!((early.again.len(), early.next.len(), early.next_due), (0, 0, Some(at(50).utc)));
    assert!(early.keys_waiting.contains("o1"));
    let due = storage.work_of(&consumer, 10, at(50).utc).await.unwrap();
    assert_eq!(due.again.iter().map(|due| due.event.sequence).collect::<Vec<_>>(), numbers[..1]);
    let gone = Done { gone: vec![(numbers[0], "o1".to_owned())], ..Done::default() };
    assert!(storage.note_deliveries(&consumer, gone, at(51).utc).await.unwrap());
    let next = storage.work_of(&consumer, 10, at(51).utc).await.unwrap();
    assert_eq!(next.again.iter().map(|due| due.event.sequence).collect::<Vec<_>>(), numbers[1..2]);
}

pub async fn a_step_of_before_a_change_writes_nothing(storage: &dyn Storage) {
    placed(storage, "o1", &[("A", 1)]).await;
    let before = registered(storage, From::Sequence(0)).await;
    assert!(
        storage
            .set_consumer_state(&tenant(), &erp(), ConsumerState::Paused, "by hand", at(2).utc)
            .await
            .unwrap()
    );
    let parked = waits(1, order_id("o1").as_str(), Stays::Parked(at(3).utc));
    let done = Done { position: Some(1), waits: vec![parked], ..Done::default() };
    assert!(!storage.note_deliveries(&before, done.clone(), at(3).utc).await.unwrap());
    assert_eq!((the_consumer(storage).await.position, undelivered(storage).await), (0, 0));
    let now = the_consumer(storage).await;
    assert!(storage.note_deliveries(&now, done, at(3).utc).await.unwrap());
    assert_eq!((the_consumer(storage).await.position, undelivered(storage).await), (1, 1));
}

pub async fn events_are_kept_for_whoever_has_not_been_sent_them_and_not_for_ever(storage: &dyn Storage) {
    placed(storage, "o1", &[("A", 1)]).await;
    registered(storage, From::Sequence(0)).await;
    storage.published(1, at(1).utc).await.unwrap();
    let kept = Retention::default();
    let days = |days: i64| at(days * DAY_MS);
    storage.keep_house(kept, days(40)).await.unwrap();
    assert_eq!(storage.outline(&tenant()).await.unwrap().first, 1, "somebody has not been sent it");
    assert_eq!(undelivered(storage).await, 0);
    storage.keep_house(kept, days(70)).await.unwrap();
    assert_eq!(
        storage.outline(&tenant()).await.unwrap().first,
        2,
        "the news of it is the oldest that is left"
    );
    assert_eq!(undelivered(storage).await, 1, "what is lost is told");
}

pub async fn what_everybody_has_passed_is_dropped_when_it_is_old(storage: &dyn Storage) {
    placed(storage, "o1", &[("A", 1)]).await;
    registered(storage, From::Now).await;
    storage.published(1, at(1).utc).await.unwrap();
    storage.keep_house(Retention::default(), at(29 * DAY_MS)).await.unwrap();
    assert_eq!(storage.outline(&tenant()).await.unwrap().first, 1);
    storage.keep_house(Retention::default(), at(31 * DAY_MS)).await.unwrap();
    assert_eq!(storage.outline(&tenant()).await.unwrap().first, 0);
    placed(storage, "o2", &[("A", 1)]).await;
    let next = storage.work_of(&the_consumer(storage).await, 10, at(31 * DAY_MS).utc).await.unwrap().next;
    assert_eq!(next.len(), 1, "it goes on");
    assert_eq!(undelivered(storage).await, 0);
}

pub async fn what_is_put_aside_is_tried_again_in_one_call(storage: &dyn Storage) {
    let consumer = registered(storage, From::Now).await;
    placed(storage, "o1", &[("A", 1)]).await;
    placed(storage, "o2", &[("A", 1)]).await;
    let work = storage.work_of(&consumer, 10, at(2).utc).await.unwrap();
    let numbers: Vec<u64> = work.next.iter().map(|event| event.sequence).collect();
    let waiting = vec![
        waits(numbers[0], "o1", Stays::Parked(at(3).utc)),
        waits(numbers[1], "o2", Stays::Until(at(DAY_MS).utc)),
    ];
    let gone = Some("410".to_owned());
    let done = Done { position: numbers.last().copied(), waits: waiting, ended: gone, ..Done::default() };
    assert!(storage.note_deliveries(&consumer, done, at(3).utc).await.unwrap());
    assert_eq!(undelivered(storage).await, 2, "of the key, and of the consumer");
    let by = "support".parse().unwrap();
    let again = async |now| storage.deliver_again(&tenant(), &erp(), &by, now).await.unwrap();
    assert_eq!(again(at(4).utc).await, Some(TriedAgain { events: 1, left: 0 }));
    let consumer = the_consumer(storage).await;
    assert_eq!((consumer.state, undelivered(storage).await), (ConsumerState::Active, 0));
    let due = storage.work_of(&consumer, 10, at(4).utc).await.unwrap();
    assert_eq!((due.again.len(), due.waiting), (2, 2), "all of it is tried now");
    assert_eq!(again(at(5).utc).await, Some(TriedAgain { events: 0, left: 0 }), "once");
    let nobody = ConsumerId::new("nobody").unwrap();
    assert_eq!(storage.deliver_again(&tenant(), &nobody, &by, at(6).utc).await.unwrap(), None);
}
