//! A replica that sends what it must not: an answer for that document, and nothing else happens.

use super::agent::Agent;
use super::world::{at, position, stocked, tenant};
use holdfast_central::core::exception::{Category, Exception};
use holdfast_central::ports::{PageRequest, Storage};
use holdfast_shared::document::{Bag, Heads, WriterId};
use holdfast_shared::domain::fact::Body;
use holdfast_shared::domain::stock::{Movement, StockFact};
use holdfast_shared::domain::task::{TaskEvent, TaskFact};
use holdfast_shared::error::Code;
use holdfast_shared::ids::{DocumentId, ReplicaId};
use holdfast_shared::wire::fact::encode;
use holdfast_shared::wire::sync::DocumentFrame;

async fn raised(storage: &dyn Storage) -> Vec<Exception> {
    let page = PageRequest { cursor: None, limit: 9 };
    storage.exceptions(&tenant(), true, &page).await.unwrap().rows
}

async fn the_one_raised(storage: &dyn Storage) -> Category {
    let raised = raised(storage).await;
    assert_eq!(raised.len(), 1, "{raised:?}");
    raised[0].category
}

pub async fn a_damaged_document_does_not_block_the_others(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    leeds.sale("A", 1);
    let good = leeds.request();
    let mut other = Agent::booted(leeds.identity.clone(), 2);
    other.sale("A", 1);
    let mut bad = other.request().documents.remove(0);
    let byte = bad.changes[0].len() / 2;
    bad.changes[0][byte] ^= 1;
    let mut request = good.clone();
    request.documents.insert(0, bad);
    let exchanged = storage.exchange(&leeds.identity, None, &request, at(30)).await.unwrap();
    assert_eq!(exchanged.response.errors.len(), 1);
    assert_eq!(exchanged.response.errors[0].code(), Some(Code::DamagedSync));
    assert_eq!(exchanged.new_facts, 1);
    assert_eq!(position(storage, "leeds").await.on_hand, 4);
    assert_eq!(the_one_raised(storage).await, Category::DamagedSync);
}

pub async fn a_document_of_another_store_is_refused(storage: &dyn Storage) {
    let leeds = stocked(storage, "leeds", 5).await;
    let mut york = stocked(storage, "york", 5).await;
    york.sale("A", 1);
    let mut request = leeds.request();
    request.documents = york.request().documents;
    let exchanged = storage.exchange(&leeds.identity, None, &request, at(30)).await.unwrap();
    assert_eq!(exchanged.response.errors[0].code(), Some(Code::Forbidden));
    assert!(exchanged.response.acknowledged.is_empty());
    assert_eq!(position(storage, "york").await.on_hand, 5);
    assert_eq!(the_one_raised(storage).await, Category::ForeignClaim);
}

pub async fn a_store_cannot_write_into_anothers_documents(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    let mut york = stocked(storage, "york", 5).await;
    super::world::placed(storage, "o1", &[("A", 1)]).await;
    let (task, _) = super::world::assigned(storage, "o1", "york").await;
    york.sync(storage, at(25)).await;
    let body = Body::Stock(StockFact {
        sku: super::world::sku("A"),
        delta: -1,
        movement: Movement::Sale,
        note: None,
    });
    let sold = leeds.fact(None, body);
    let declined = Body::Task(TaskFact {
        task: task.clone(),
        fence: york.task(&task).unwrap().fence,
        event: TaskEvent::Declined { reason: "not mine".to_owned() },
    });
    let declined = leeds.fact(None, declined);
    let mut forger = Agent::booted(leeds.identity.clone(), 5);
    forger.put(&york.stock_document(), &sold);
    forger.put(&DocumentId::Task(task.clone()), &declined);
    let exchanged = storage.exchange(&leeds.identity, None, &forger.request(), at(30)).await.unwrap();
    let codes: Vec<_> = exchanged.response.errors.iter().map(|problem| problem.code()).collect();
    assert_eq!(codes, [Some(Code::Forbidden), Some(Code::Forbidden)]);
    assert_eq!(exchanged.new_facts, 0);
    assert_eq!(position(storage, "york").await.on_hand, 5);
    assert!(storage.task(&tenant(), &task).await.unwrap().unwrap().decline_reason.is_none());
}

pub async fn a_store_cannot_say_what_only_central_says(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    super::world::placed(storage, "o1", &[("A", 1)]).await;
    let (task, _) = super::world::assigned(storage, "o1", "leeds").await;
    leeds.sync(storage, at(25)).await;
    leeds.pack(&task);
    leeds.say(&task, TaskEvent::Released { replica: leeds.identity.replica.clone() });
    let exchanged = leeds.sync_unheard(storage, at(30)).await;
    assert_eq!(exchanged.response.errors[0].code(), Some(Code::Forbidden));
    let known = storage.task(&tenant(), &task).await.unwrap().unwrap();
    assert!(known.release.is_none());
    assert_eq!(the_one_raised(storage).await, Category::ForeignClaim);
}

pub async fn a_foreign_writer_is_refused(storage: &dyn Storage) {
    let leeds = stocked(storage, "leeds", 5).await;
    for author in ["york-a", "central"] {
        let mut forger = Agent::booted(leeds.identity.clone(), 3);
        let body = Body::Stock(StockFact {
            sku: super::world::sku("A"),
            delta: -1,
            movement: Movement::Sale,
            note: None,
        });
        let fact = forger.fact(None, body);
        let mut bag = Bag::new(WriterId::new(&ReplicaId::new(author).unwrap(), [9; 8]));
        let changes = bag.record(&[(fact.id.clone(), encode(&fact).unwrap())]).unwrap().changes;
        let document = forger.stock_document();
        let mut request = forger.request();
        request.documents = vec![DocumentFrame::new(&document, &Heads::empty(), &bag.heads(), changes)];
        let exchanged = storage.exchange(&leeds.identity, None, &request, at(30)).await.unwrap();
        assert_eq!(exchanged.response.errors[0].code(), Some(Code::Forbidden), "{author}");
    }
    assert_eq!(position(storage, "leeds").await.on_hand, 5);
}

pub async fn another_replicas_name_is_refused(storage: &dyn Storage) {
    let leeds = stocked(storage, "leeds", 5).await;
    let york = stocked(storage, "york", 5).await;
    let refused = storage.exchange(&leeds.identity, None, &york.request(), at(30)).await;
    assert_eq!(refused.unwrap_err().code, Code::Forbidden);
    let mut unknown = leeds.request();
    let body = Body::Stock(StockFact {
        sku: super::world::sku("A"),
        delta: -1,
        movement: Movement::Sale,
        note: None,
    });
    let mut stray = Agent::booted(leeds.identity.clone(), 4);
    let fact = stray.fact(None, body);
    let document: DocumentId = "task/nobody-1".parse().unwrap();
    stray.put(&document, &fact);
    unknown.documents = stray.request().documents;
    let exchanged = storage.exchange(&leeds.identity, None, &unknown, at(31)).await.unwrap();
    assert_eq!(exchanged.response.errors[0].code(), Some(Code::UnknownTask));
}

pub async fn two_bodies_under_one_id_are_told(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    leeds.sale("A", 1);
    let mut cloned = Agent::booted(leeds.identity.clone(), 2);
    let sold = |units: i64| {
        let (sku, movement) = (super::world::sku("A"), Movement::Sale);
        Body::Stock(StockFact { sku, delta: -units, movement, note: None })
    };
    let one = leeds.fact(None, sold(1));
    let mut two = cloned.fact(None, sold(2));
    two.id = one.id.clone();
    let document = leeds.stock_document();
    leeds.put(&document, &one);
    leeds.sync(storage, at(30)).await;
    let document = cloned.stock_document();
    cloned.put(&document, &two);
    cloned.sync(storage, at(31)).await;
    assert!((2..=3).contains(&position(storage, "leeds").await.on_hand), "one of the two counts");
    assert_eq!(the_one_raised(storage).await, Category::FactConflict);
}
