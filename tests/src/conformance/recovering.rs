//! What a restored central takes from stores, and from whom it takes nothing.

use super::agent::Agent;
use super::world::{LINE, at, described, position, sku, sound, state, stocked, store_id, tenant, the_order};
use holdfast_central::core::order::OrderState;
use holdfast_central::ports::Storage;
use holdfast_central::ports::access::ReplicaIdentity;
use holdfast_shared::domain::fact::{Body, Fact};
use holdfast_shared::domain::fence::Fence;
use holdfast_shared::domain::stock::{Movement, StockFact};
use holdfast_shared::domain::task::{
    FulfilmentKind, Offer, OfferLine, Phase, ReleasePoint, TaskEvent, TaskFact,
};
use holdfast_shared::error::Code;
use holdfast_shared::ids::{Actor, DocumentId, TaskId};
use holdfast_shared::time::{Hlc, UtcMs};
use holdfast_shared::wire::fact::encode;

fn task_id(text: &str) -> TaskId {
    TaskId::new(text).unwrap()
}

/// A fact of central's own, of a time that this central does not remember.
fn said(task: &str, number: u32, incarnation: u32, event: TaskEvent) -> Fact {
    Fact {
        id: format!("central.{incarnation}.{number}").parse().unwrap(),
        at: Hlc { wall: UtcMs(super::world::BEGIN + i64::from(number)), counter: 0 },
        actor: Actor::new("central").unwrap(),
        after: None,
        trace: None,
        body: Body::Task(TaskFact { task: task_id(task), fence: Fence { incarnation, number: 70 }, event }),
    }
}

fn offer(order: &str, store: &str, quantity: i64) -> TaskEvent {
    TaskEvent::Offered(Offer {
        order: super::world::order_id(order),
        store: store_id(store),
        kind: FulfilmentKind::Ship,
        release_point: ReleasePoint::Packed,
        lines: vec![OfferLine { line: LINE, sku: sku("A"), quantity, ceded: false }],
        accept_by: at(60_000).utc,
        promise_by: None,
        note: None,
    })
}

fn hears(agent: &mut Agent, fact: &Fact) {
    let Body::Task(said) = &fact.body else { panic!("central says nothing of stock") };
    agent.hear_of_central(&DocumentId::Task(said.task.clone()), fact);
}

async fn errors(agent: &mut Agent, storage: &dyn Storage, ms: i64) -> Vec<Option<Code>> {
    let told = agent.sync(storage, at(ms)).await.response;
    told.errors.iter().map(holdfast_shared::wire::sync::DocumentProblem::code).collect()
}

pub async fn lost_work_is_adopted_while_a_store_replays_and_not_otherwise(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    hears(&mut leeds, &said("o9-1", 70, 1, offer("o9", "leeds", 2)));
    assert_eq!(errors(&mut leeds, storage, 20).await, [Some(Code::UnknownTask)]);

    storage.begin_recovery("a drill", at(21).utc).await.unwrap();
    assert_eq!(errors(&mut leeds, storage, 22).await, []);
    assert_eq!(state(storage, "o9").await, OrderState::Allocated);
    assert!(the_order(storage, "o9").await.request_lost);
    assert_eq!(position(storage, "leeds").await.reserved, 2);
    sound(storage, 1).await;
    errors(&mut leeds, storage, 23).await;
    assert!(storage.recovery(&tenant()).await.unwrap().unwrap().over);

    // It has told all: from now on central's word comes from central alone.
    let release = TaskEvent::Released { replica: leeds.identity.replica.clone() };
    hears(&mut leeds, &said("o9-1", 71, 1, release));
    assert_eq!(errors(&mut leeds, storage, 24).await, [Some(Code::Forbidden)]);
    assert!(storage.task(&tenant(), &task_id("o9-1")).await.unwrap().unwrap().release.is_none());
}

pub async fn a_replaying_store_cannot_say_everything(storage: &dyn Storage) {
    storage.put_store(&tenant(), &described("york"), at(0).utc).await.unwrap();
    let leeds = stocked(storage, "leeds", 5).await;
    let now = storage.begin_recovery("a drill", at(20).utc).await.unwrap();
    let forged = [
        said("o9-1", 70, 1, offer("o9", "york", 2)),
        said("x-1", 70, 1, offer("o9", "leeds", 2)),
        said("o9-1", 70, now, offer("o9", "leeds", 2)),
        said("o9-1", 70, 1, TaskEvent::Accepted),
    ];
    for fact in forged {
        let mut forger = Agent::booted(leeds.identity.clone(), 3);
        hears(&mut forger, &fact);
        let codes = errors(&mut forger, storage, 21).await;
        assert_eq!(codes, [Some(Code::Forbidden)], "{fact:?}");
    }
    // An answer without its question is not adopted either.
    let mut forger = Agent::booted(leeds.identity.clone(), 4);
    hears(&mut forger, &said("o9-1", 70, 1, TaskEvent::Recalled { reason: "moved".to_owned() }));
    assert_eq!(errors(&mut forger, storage, 22).await, [Some(Code::UnknownTask)]);
    assert!(storage.orders(&tenant(), &[], &Default::default()).await.unwrap().rows.is_empty());
}

pub async fn a_hold_that_ended_before_its_task_was_known_has_ended(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    storage.begin_recovery("a drill", at(20).utc).await.unwrap();
    hears(&mut leeds, &said("o9-1", 70, 1, offer("o9", "leeds", 3)));
    leeds.say(&task_id("o9-1"), TaskEvent::Accepted);
    leeds.say(&task_id("o9-1"), TaskEvent::PickingStarted);
    leeds.short(&task_id("o9-1"), LINE, 1);
    let mut request = leeds.request();
    let stock = leeds.stock_document().to_string();
    request.documents.retain(|frame| frame.name() == stock);
    storage.exchange(&leeds.identity, None, &request, at(21)).await.unwrap();
    assert_eq!(position(storage, "leeds").await.on_hand, 4);
    leeds.sync(storage, at(22)).await;
    assert_eq!(position(storage, "leeds").await.reserved, 2);
    sound(storage, 1).await;
}

pub async fn nobody_leaps_far_ahead_of_central(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    leeds.incarnation = Some(1_000_000);
    let refused = storage.exchange(&leeds.identity, None, &leeds.request(), at(20)).await;
    assert_eq!(refused.unwrap_err().code, Code::InvalidRequest);
    assert_eq!(storage.recovery(&tenant()).await.unwrap(), None);
    leeds.incarnation = Some(3);
    assert!(leeds.sync(storage, at(21)).await.response.incarnation > 3);
}

pub async fn what_was_heard_beyond_the_last_change_proves_a_restore(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    assert_eq!(leeds.sync(storage, at(20)).await.response.incarnation, 1);
    leeds.cursor += 1;
    let raised = leeds.sync(storage, at(21)).await.response.incarnation;
    assert!(raised > 1, "{raised}");
    assert_eq!(leeds.sync(storage, at(22)).await.response.incarnation, raised);
}

/// Of two bodies the same one counts, whichever came first.
pub async fn of_two_bodies_the_smaller_hash_counts(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 100).await;
    let mut left = 100;
    for turned in [false, true] {
        let sold = |units: i64| {
            let (sku, movement) = (sku("A"), Movement::Sale);
            Body::Stock(StockFact { sku, delta: -units, movement, note: None })
        };
        let mut bodies = [leeds.fact(None, sold(1)), leeds.fact(None, sold(2))];
        bodies[1].id = bodies[0].id.clone();
        bodies.sort_by_key(|fact| *blake3_of(&encode(fact).unwrap()).as_bytes());
        let Body::Stock(counting) = &bodies[0].body else { panic!("stock") };
        left += counting.delta;
        if turned {
            bodies.reverse();
        }
        for (boot, fact) in (10_u8..).zip(&bodies) {
            let mut clone = Agent::booted(leeds.identity.clone(), boot + u8::from(turned) * 20);
            let document = clone.stock_document();
            clone.put(&document, fact);
            clone.sync(storage, at(30)).await;
        }
        assert_eq!(position(storage, "leeds").await.on_hand, left);
    }
}

fn blake3_of(text: &str) -> blake3::Hash {
    blake3::hash(text.as_bytes())
}

/// A box that was enrolled after the backup was told that its sales are safe, and central forgot its name.
pub async fn what_a_forgotten_box_said_comes_back_with_its_sibling(storage: &dyn Storage) {
    storage.put_store(&tenant(), &described("york"), at(0).utc).await.unwrap();
    let mut leeds = stocked(storage, "leeds", 5).await;
    storage.begin_recovery("a drill", at(20).utc).await.unwrap();
    let identity = |store: &str, replica: &str| {
        let (store, replica) = (store_id(store), replica.parse().unwrap());
        ReplicaIdentity { tenant: tenant(), store, replica }
    };
    let forgotten = [("leeds", "leeds-b"), ("york", "york-a"), ("leeds", "york-a"), ("leeds", "central")];
    for (n, (store, replica)) in (10..).zip(forgotten) {
        let mut other = Agent::booted(identity(store, replica), n);
        other.sale("A", 1);
        leeds.documents.extend(other.documents);
    }
    // Central took a branch over, once; and another says so of an incarnation that has not been.
    let mut sibling = Agent::booted(identity("leeds", "leeds-b"), 20);
    for (n, boot) in (20..).zip(["i1", "i4000000000"]) {
        let mut central = Agent::booted(identity("leeds", "central"), n);
        let DocumentId::Stock { store, replica, n, .. } = central.stock_document() else { panic!() };
        let document = DocumentId::Stock { store, replica, boot: boot.parse().unwrap(), n };
        let sold = StockFact { sku: sku("A"), delta: -1, movement: Movement::Sale, note: None };
        central.put(&document, &sibling.fact(None, Body::Stock(sold)));
        leeds.documents.extend(central.documents);
    }
    hears(&mut leeds, &said("o9-1", 70, 1, offer("o9", "leeds", 2)));
    sibling.documents = std::mem::take(&mut leeds.documents);
    sibling.say(&task_id("o9-1"), TaskEvent::Accepted);
    leeds.documents = sibling.documents;
    assert_eq!(errors(&mut leeds, storage, 21).await, [Some(Code::Forbidden); 4]);
    assert_eq!(position(storage, "leeds").await.on_hand, 3);
    let adopted = storage.task(&tenant(), &task_id("o9-1")).await.unwrap().unwrap();
    assert_eq!(adopted.phase, Phase::Accepted);
}

/// York sends goods to where another order was to come together, and central knows of neither any more.
pub async fn goods_for_a_gathering_that_is_forgotten_are_asked_back(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    storage.begin_recovery("a drill", at(20).utc).await.unwrap();
    let child = holdfast_central::core::routing::gather::child_of(&super::world::order_id("o9")).unwrap();
    hears(&mut leeds, &said("o9-g-1", 70, 1, offer(child.as_str(), "leeds", 2)));
    leeds.say(&task_id("o9-g-1"), TaskEvent::Accepted);
    errors(&mut leeds, storage, 21).await;
    errors(&mut leeds, storage, 22).await;
    assert!(storage.recovery(&tenant()).await.unwrap().unwrap().over);
    let asked = storage.task(&tenant(), &task_id("o9-g-1")).await.unwrap().unwrap();
    assert!(asked.recall.is_some_and(|recall| recall.cancel), "nobody waits for it");
    leeds.sync(storage, at(23)).await;
    leeds.put_back(&task_id("o9-g-1"));
    errors(&mut leeds, storage, 24).await;
    assert_eq!(state(storage, child.as_str()).await, OrderState::Cancelled);
    assert_eq!(position(storage, "leeds").await.reserved, 0);
    sound(storage, 0).await;
    let page = holdfast_central::ports::PageRequest { cursor: None, limit: 99 };
    let open = storage.exceptions(&tenant(), true, &page).await.unwrap().rows;
    assert!(
        open.iter().all(|told| told.order.is_none()),
        "nobody is asked to find out whose it is: {open:?}"
    );
}
