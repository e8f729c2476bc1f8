//! Agents of older versions beside newer ones: they read everything that they are sent, lose nothing,
//! are level, and get the rest when they were updated.

use super::agent::Agent;
use super::world::{
    assigned, at, demand, enrolled, placed, position, sound, state, stocked, store_id, tenant,
};
use holdfast_central::core::exception::Category;
use holdfast_central::core::order::OrderState;
use holdfast_central::ports::housekeeping::Retention;
use holdfast_central::ports::work::{RecallOutcome, TakeBackOutcome};
use holdfast_central::ports::{PageRequest, Storage};
use holdfast_shared::domain::task::Status;
use holdfast_shared::ids::{Actor, DocumentId, TaskId};
use holdfast_shared::wire::sync::SYNC_VERSION;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Two boxes of leeds: one of this version, and one of the time when 1 was the newest.
async fn two_ages(storage: &dyn Storage, version: u16) -> (Agent, Agent) {
    let new = stocked(storage, "leeds", 20).await;
    let mut old = enrolled(storage, "leeds", "old box").await;
    old.version = version;
    old.sync(storage, at(2)).await;
    (new, old)
}

async fn offered(storage: &dyn Storage, agent: &mut Agent, order: &str) -> TaskId {
    placed(storage, order, &[("A", 2)]).await;
    let (task, _) = assigned(storage, order, "leeds").await;
    agent.sync(storage, at(30)).await;
    task
}

async fn level(storage: &dyn Storage, agent: &mut Agent, ms: i64) {
    agent.sync(storage, at(ms)).await;
    let last = agent.sync(storage, at(ms)).await.response;
    assert!(last.level && !last.more && last.root == agent.root(), "{last:?}");
    assert!(last.errors.is_empty() && last.documents.is_empty(), "{last:?}");
    let kept = storage.digests(&tenant(), &store_id("leeds")).await.unwrap();
    let told = (agent.root().hex(), agent.stock_digest().hex());
    let known = kept.iter().any(|pair| (pair.root.clone(), pair.stock_digest.clone()) == told);
    assert!(known, "its heartbeat can be compared");
}

pub async fn an_agent_of_the_first_version_lives_a_whole_life(storage: &dyn Storage) {
    a_whole_life(storage, 1).await;
}

pub async fn an_agent_of_the_second_version_lives_a_whole_life(storage: &dyn Storage) {
    a_whole_life(storage, 2).await;
}

async fn a_whole_life(storage: &dyn Storage, version: u16) {
    let (mut new, mut old) = two_ages(storage, version).await;
    // An order, from offer to hand-over.
    let shipped = offered(storage, &mut old, "o1").await;
    old.pack(&shipped);
    old.sync(storage, at(31)).await;
    old.hand_over(&shipped);
    old.sync(storage, at(32)).await;
    assert_eq!(state(storage, "o1").await, OrderState::Shipped);
    // Work that is recalled while it is dark: it is not given back, which it would not understand.
    let recalled = offered(storage, &mut old, "o2").await;
    let fence = old.task(&recalled).unwrap().fence;
    let done = storage.recall(&tenant(), &recalled, fence, "dark", at(40)).await.unwrap();
    assert_eq!(done, RecallOutcome::Recalled);
    old.pack(&recalled);
    old.sync(storage, at(41)).await;
    assert_eq!(old.task(&recalled).unwrap().status(), Status::PuttingBack);
    old.put_back(&recalled);
    old.sync(storage, at(42)).await;
    assert!(demand(storage, "o2").await.is_some(), "its units are open again");
    // A person takes released work back: the old box cannot be told, and goes on.
    let taken = offered(storage, &mut old, "o3").await;
    old.pack(&taken);
    old.sync(storage, at(51)).await;
    let (why, who) = ("the van broke down", Actor::new("key:ann").unwrap());
    let done = storage.take_back(&tenant(), &taken, why, &who, at(52)).await.unwrap();
    assert!(matches!(done, TakeBackOutcome::TakenBack { released: true, .. }));
    level(storage, &mut old, 53).await;
    assert_eq!(old.task(&taken).unwrap().status(), Status::Ready);
    old.sale("A", 1);
    // The other box ends its day. The old one gets the sale, and not the last word.
    new.sync(storage, at(60)).await;
    new.sale("A", 3);
    new.close_day();
    new.sync(storage, at(61)).await;
    level(storage, &mut old, 62).await;
    let kept = storage.keep_house(Retention::default(), at(2 * DAY_MS)).await.unwrap();
    assert_eq!(kept.tasks_sealed, 0);
    level(storage, &mut old, 2 * DAY_MS).await;
    assert_eq!(position(storage, "leeds").await.on_hand, 20 - 2 - 3 - 1);
    it_is_updated(storage, &mut old, &taken, &new.stock_document()).await;
    sound(storage, 1).await;
}

async fn it_is_updated(storage: &dyn Storage, old: &mut Agent, taken: &TaskId, closed: &DocumentId) {
    old.version = SYNC_VERSION;
    let facts = old.documents[closed].len();
    level(storage, old, 2 * DAY_MS + 1).await;
    assert_eq!(old.task(taken).unwrap().status(), Status::PuttingBack);
    assert_eq!(old.documents[closed].len(), facts + 1, "the last word of the other box");
    // Nobody needs the day open any more.
    let kept = storage.keep_house(Retention::default(), at(2 * DAY_MS + 2)).await.unwrap();
    assert!(kept.tasks_sealed > 0);
    let told = old.sync(storage, at(2 * DAY_MS + 3)).await.response;
    assert!(told.seals.iter().any(|seal| seal.document().as_ref() == Ok(closed)), "{:?}", told.seals);
}

pub async fn what_is_closed_is_sealed_when_nobody_needs_it_open(storage: &dyn Storage) {
    let (mut new, mut old) = two_ages(storage, 1).await;
    new.sale("A", 1);
    new.close_day();
    assert!(new.sync(storage, at(60)).await.response.seals.is_empty());
    storage.keep_house(Retention::default(), at(6 * DAY_MS)).await.unwrap();
    assert!(new.sync(storage, at(6 * DAY_MS)).await.response.seals.is_empty(), "the old box spoke this week");
    storage.keep_house(Retention::default(), at(8 * DAY_MS)).await.unwrap();
    assert_eq!(new.sync(storage, at(8 * DAY_MS)).await.response.seals.len(), 1);
    // It comes back after all, as a box that was updated meanwhile.
    old.version = SYNC_VERSION;
    let answer = old.sync(storage, at(9 * DAY_MS)).await.response;
    assert_eq!(answer.seals.len(), 1);
    assert_eq!(sound(storage, 0).await.baseline_mismatch, 0);
}

pub async fn an_old_box_that_is_new_in_a_store_with_a_past_is_told_of(storage: &dyn Storage) {
    let mut new = stocked(storage, "leeds", 5).await;
    new.close_day();
    assert_eq!(new.sync(storage, at(3)).await.response.seals.len(), 1);
    let mut old = enrolled(storage, "leeds", "old box").await;
    old.version = 1;
    old.sync(storage, at(4)).await;
    let page = PageRequest { cursor: None, limit: 9 };
    let raised = storage.exceptions(&tenant(), true, &page).await.unwrap().rows;
    let told = raised.iter().find(|exception| exception.category == Category::Sealing).unwrap();
    assert!(told.detail.contains("Update its agent"), "{}", told.detail);
    // What it records counts all the same.
    old.sale("A", 1);
    old.sync(storage, at(5)).await;
    assert_eq!(position(storage, "leeds").await.on_hand, 4);
}
