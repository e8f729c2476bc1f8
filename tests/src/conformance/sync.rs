//! Sync rounds under loss, repetition and reordering.

use super::agent::Agent;
use super::world::{assigned, at, placed, position, sound, stocked, store_id, tenant};
use holdfast_central::ports::Storage;
use holdfast_shared::domain::fact::Body;
use holdfast_shared::domain::stock::{Movement, StockFact};
use holdfast_shared::domain::task::TaskEvent;
use holdfast_shared::error::Code;
use holdfast_shared::ids::DocumentId;
use holdfast_shared::wire::sync::{DocumentFrame, DocumentHeads};

pub async fn the_same_request_twice_has_the_effect_of_once(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    placed(storage, "o1", &[("A", 1)]).await;
    let (task, _) = assigned(storage, "o1", "leeds").await;
    leeds.sync(storage, at(25)).await;
    leeds.sale("A", 2);
    leeds.say(&task, TaskEvent::Accepted);
    let first = leeds.sync_unheard(storage, at(30)).await;
    let second = leeds.sync_unheard(storage, at(31)).await;
    assert_eq!((first.new_facts, second.new_facts), (2, 0));
    assert!(second.changed_tasks.is_empty());
    assert_eq!(first.response.root, second.response.root);
    assert_eq!(position(storage, "leeds").await.on_hand, 3);
    let timeline = storage.timeline(&tenant(), &super::world::order_id("o1")).await.unwrap();
    assert_eq!(timeline.iter().filter(|event| event.kind == "accepted").count(), 1);
    sound(storage, 1).await;
}

pub async fn changes_out_of_order_are_asked_for(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    leeds.sale("A", 1);
    let earlier = leeds.request();
    let document = leeds.stock_document();
    let base = leeds.documents[&document].heads();
    leeds.sale("A", 1);
    let mut later = leeds.request();
    let bag = &leeds.documents[&document];
    let changes = bag.changes_since(&base).unwrap();
    later.documents = vec![DocumentFrame::new(&document, &base, &bag.heads(), changes)];
    let refused = storage.exchange(&leeds.identity, None, &later, at(30)).await.unwrap();
    assert_eq!(refused.response.errors[0].code(), Some(Code::MissingChanges));
    assert!(!refused.response.errors[0].missing().unwrap().is_empty());
    assert_eq!(position(storage, "leeds").await.on_hand, 5);
    storage.exchange(&leeds.identity, None, &earlier, at(31)).await.unwrap();
    storage.exchange(&leeds.identity, None, &later, at(32)).await.unwrap();
    assert_eq!(position(storage, "leeds").await.on_hand, 3);
    let page = holdfast_central::ports::PageRequest { cursor: None, limit: 9 };
    let raised = storage.exceptions(&tenant(), true, &page).await.unwrap().rows;
    assert!(raised.is_empty(), "a gap is no defect: {raised:?}");
}

pub async fn a_lost_answer_is_given_again(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    placed(storage, "o1", &[("A", 1)]).await;
    let (task, _) = assigned(storage, "o1", "leeds").await;
    let lost = leeds.sync_unheard(storage, at(30)).await;
    assert_eq!(lost.response.documents.len(), 1);
    leeds.sync(storage, at(31)).await;
    assert!(leeds.task(&task).is_some());
    let quiet = leeds.sync(storage, at(32)).await.response;
    assert!(quiet.documents.is_empty() && quiet.acknowledged.is_empty() && !quiet.more);
}

pub async fn a_new_incarnation_sends_everything_again(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    placed(storage, "o1", &[("A", 1)]).await;
    let (task, _) = assigned(storage, "o1", "leeds").await;
    leeds.sync(storage, at(30)).await;
    assert!(leeds.sync(storage, at(31)).await.response.documents.is_empty());
    storage.begin_recovery("a drill", at(32).utc).await.unwrap();
    let again = leeds.sync(storage, at(32)).await.response;
    let sent: Vec<_> = again.documents.iter().map(|frame| frame.document().unwrap()).collect();
    assert_eq!(sent, [DocumentId::Task(task)]);
    assert_eq!(leeds.incarnation, Some(again.incarnation));
}

pub async fn an_ask_is_answered_by_heads(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    leeds.sale("A", 1);
    leeds.sync(storage, at(20)).await;
    let document = leeds.stock_document();
    let mut reborn = Agent::booted(leeds.identity.clone(), 2);
    (reborn.cursor, reborn.incarnation) = (leeds.cursor, leeds.incarnation);
    reborn.asks = vec![DocumentHeads::new(&document, &holdfast_shared::document::Heads::empty())];
    reborn.sync(storage, at(30)).await;
    assert_eq!(reborn.documents[&document].heads(), leeds.documents[&document].heads());
    reborn.asks = vec![DocumentHeads::new(&document, &leeds.documents[&document].heads())];
    let nothing = reborn.sync(storage, at(31)).await.response;
    assert!(nothing.documents.is_empty());
    assert_eq!(nothing.acknowledged.len(), 1);
}

pub async fn both_sides_come_level(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    placed(storage, "o1", &[("A", 1)]).await;
    let (task, _) = assigned(storage, "o1", "leeds").await;
    leeds.sale("A", 1);
    assert!(!leeds.sync(storage, at(30)).await.response.level, "the offer is on its way");
    leeds.pack(&task);
    leeds.sync(storage, at(31)).await;
    let last = leeds.sync(storage, at(32)).await.response;
    assert!(last.level);
    assert_eq!(last.root, leeds.root());
    let kept = storage.digests(&tenant(), &store_id("leeds")).await.unwrap();
    assert_eq!((&kept[0].root, &kept[0].stock_digest), (&leeds.root().hex(), &leeds.stock_digest().hex()));
}

pub async fn a_fact_through_two_documents_counts_once(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    let body = Body::Stock(StockFact {
        sku: super::world::sku("A"),
        delta: -1,
        movement: Movement::Sale,
        note: None,
    });
    let fact = leeds.fact(None, body);
    let document = leeds.stock_document();
    leeds.put(&document, &fact);
    leeds.sync(storage, at(20)).await;
    let mut reborn = Agent::booted(leeds.identity.clone(), 2);
    let document = reborn.stock_document();
    reborn.put(&document, &fact);
    assert_eq!(reborn.sync(storage, at(30)).await.new_facts, 0);
    assert_eq!(position(storage, "leeds").await.on_hand, 4);
}

pub async fn an_intent_is_missing_until_it_or_a_part_of_it_arrives(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    let (sku, movement) = (super::world::sku("A"), Movement::Sale);
    let sold = Body::Stock(StockFact { sku, delta: -1, movement, note: None });
    let (whole, mut part) = (leeds.fact(None, sold.clone()), leeds.fact(None, sold));
    let split = part.id.clone();
    part.id = split.part(2).unwrap();
    let document = leeds.stock_document();
    leeds.put(&document, &whole);
    leeds.put(&document, &part);
    let like = format!("{split}0").parse().unwrap();
    let asked = [whole.id, split, like];
    let leeds_id = store_id("leeds");
    assert_eq!(storage.missing_intents(&tenant(), &leeds_id, &asked).await.unwrap(), asked);
    leeds.sync(storage, at(30)).await;
    assert_eq!(storage.missing_intents(&tenant(), &leeds_id, &asked).await.unwrap(), asked[2..]);
    let other = holdfast_shared::ids::TenantId::new("other").unwrap();
    assert_eq!(storage.missing_intents(&other, &leeds_id, &asked).await.unwrap(), asked);
}

pub async fn a_replica_that_lost_its_disk_gets_its_own_back(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    leeds.sale("A", 1);
    leeds.sync(storage, at(20)).await;
    let mut reborn = Agent::booted(leeds.identity.clone(), 2);
    let exchanged = reborn.sync(storage, at(30)).await;
    assert!(exchanged.response.rehydrate);
    assert_eq!(reborn.stock_digest(), leeds.stock_digest());
    assert!(!reborn.sync(storage, at(31)).await.response.rehydrate);
}
