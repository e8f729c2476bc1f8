//! Work that leaves its store: at a pace that holds whoever moves it, and on record to its end.

use super::agent::Agent;
use super::world::{
    assigned, assignment, at, demand, new_order, order_id, placed, position, request, sound, stocked,
    store_id, tenant, units,
};
use holdfast_central::core::exception::Category;
use holdfast_central::core::failover::drill::Stayed;
use holdfast_central::core::failover::plan::{Cause, Leaving};
use holdfast_central::core::failover::policy::Pace;
use holdfast_central::core::failover::telling::Telling;
use holdfast_central::core::fleet::{Closure, ClosureCause};
use holdfast_central::core::order::OrderRequest;
use holdfast_central::ports::drills::{DrillBegun, NewDrill};
use holdfast_central::ports::moves::{Departure, MoveOutcome, MovesOf, PACE_MS};
use holdfast_central::ports::work::AssignOutcome;
use holdfast_central::ports::{PageRequest, Storage};
use holdfast_shared::domain::fence::Fence;
use holdfast_shared::domain::task::{FulfilmentKind, Phase, TaskEvent};
use holdfast_shared::ids::{Actor, DrillId, TaskId};
use holdfast_shared::time::UtcMs;
use std::collections::BTreeSet;

const PACE: Pace = Pace { moves_per_minute: 100, moves_per_store_per_minute: 100 };

fn departure(order: &str, task: &TaskId, store: &str, fence: Fence) -> Departure {
    let leaving = Leaving {
        tenant: tenant(),
        order: order_id(order),
        task: task.clone(),
        store: store_id(store),
        fence,
        phase: Phase::Offered,
        cause: Cause::StoreFails,
        why: "no word for 40 s".to_owned(),
        rule: "What is offered leaves at once".to_owned(),
        lasts_ms: 40_000,
        promise_by: None,
    };
    Departure {
        leaving,
        words: format!("{task} leaves {store}"),
        plan_b: Vec::new(),
        telling: Telling::default(),
    }
}

/// An order at leeds that leaves it at this time.
async fn moved(storage: &dyn Storage, order: &str, at_ms: i64, pace: Pace) -> MoveOutcome {
    placed(storage, order, &[("A", 1)]).await;
    let (task, fence) = assigned(storage, order, "leeds").await;
    storage.move_away(&departure(order, &task, "leeds", fence), pace, at(at_ms)).await.unwrap()
}

async fn told(storage: &dyn Storage, order: &str) -> Vec<(String, String)> {
    let events = storage.timeline(&tenant(), &order_id(order)).await.unwrap();
    events.into_iter().map(|event| (event.kind, event.words)).collect()
}

async fn events(storage: &dyn Storage) -> Vec<(String, String, serde_json::Value)> {
    let events = storage.unpublished(500).await.unwrap();
    events.into_iter().map(|event| (event.kind, event.class.as_str().to_owned(), event.body)).collect()
}

pub async fn a_move_opens_the_lines_and_is_on_record_to_its_end(storage: &dyn Storage) {
    stocked(storage, "leeds", 5).await;
    stocked(storage, "york", 5).await;
    placed(storage, "o1", &[("A", 2)]).await;
    let (task, fence) = assigned(storage, "o1", "leeds").await;
    let mut leaving = departure("o1", &task, "leeds", fence);
    leaving.plan_b = vec![store_id("york")];
    assert_eq!(storage.move_away(&leaving, PACE, at(30)).await.unwrap(), MoveOutcome::Moved);
    assert_eq!(units(storage, "o1").await, (2, 0, 0));
    assert_eq!(storage.move_away(&leaving, PACE, at(31)).await.unwrap(), MoveOutcome::Moot);
    let waiting = storage.moves(&tenant(), &MovesOf::All, 9).await.unwrap();
    assert_eq!(waiting.len(), 1);
    assert_eq!((waiting[0].moved_at, &waiting[0].next), (at(30).utc, &None));

    let open = storage.open_demand(&tenant(), &order_id("o1")).await.unwrap().unwrap();
    assert_eq!(Some(&open), demand(storage, "o1").await.as_ref());
    assert_eq!(open.tried, BTreeSet::from([store_id("leeds")]));
    let (second, _) = assigned(storage, "o1", "york").await;
    let done = &storage.moves(&tenant(), &MovesOf::All, 9).await.unwrap()[0];
    let next = done.next.as_ref().unwrap();
    assert_eq!((&next.task, &next.store, done.went_by_plan_b()), (&second, &store_id("york"), true));
    let told = told(storage, "o1").await;
    let kinds: Vec<&str> = told.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["placed", "allocated", "recalled", "moved", "allocated", "moved_on"]);
    assert_eq!(told[2].1, "recalled from leeds: leeds: no word for 40 s");
    assert!(told[5].1.contains("york takes over from leeds: it stood second"), "{}", told[5].1);
    assert!(storage.open_demand(&tenant(), &order_id("o1")).await.unwrap().is_none());
    sound(storage, 1).await;
}

pub async fn why_the_second_did_not_get_it_is_told_with_who_did(storage: &dyn Storage) {
    stocked(storage, "leeds", 5).await;
    stocked(storage, "hull", 5).await;
    placed(storage, "o1", &[("A", 2)]).await;
    let (task, fence) = assigned(storage, "o1", "leeds").await;
    let mut leaving = departure("o1", &task, "leeds", fence);
    leaving.plan_b = vec![store_id("york")];
    storage.move_away(&leaving, PACE, at(30)).await.unwrap();
    storage.refuse_plan_b(&tenant(), &task, "york is suspect: silent").await.unwrap();
    assigned(storage, "o1", "hull").await;
    let told = told(storage, "o1").await;
    let words = &told.last().unwrap().1;
    assert!(words.ends_with("found anew: york stood second, and york is suspect: silent"), "{words}");
    // It is over: nothing is changed afterwards.
    storage.refuse_plan_b(&tenant(), &task, "another reason").await.unwrap();
    let kept = &storage.moves(&tenant(), &MovesOf::All, 9).await.unwrap()[0];
    assert_eq!(kept.plan_b_refused.as_deref(), Some("york is suspect: silent"));
}

pub async fn a_move_says_which_of_the_causes_it_has(storage: &dyn Storage) {
    stocked(storage, "leeds", 50).await;
    let causes =
        [Cause::StoreFails, Cause::KindWithdrawn, Cause::NotAccepted, Cause::StaleStock, Cause::LabelFailed];
    for (n, cause) in causes.into_iter().enumerate() {
        let order = format!("o{n}");
        placed(storage, &order, &[("A", 1)]).await;
        let (task, fence) = assigned(storage, &order, "leeds").await;
        let mut leaving = departure(&order, &task, "leeds", fence);
        leaving.leaving.cause = cause;
        let outcome = storage.move_away(&leaving, PACE, at(30)).await.unwrap();
        assert_eq!(outcome, MoveOutcome::Moved, "{cause:?}");
    }
    let mut moved = storage.moves(&tenant(), &MovesOf::All, 9).await.unwrap();
    moved.reverse();
    assert_eq!(moved.iter().map(|moved| moved.cause).collect::<Vec<_>>(), causes);
}

pub async fn no_minute_has_more_moves_than_its_pace(storage: &dyn Storage) {
    stocked(storage, "leeds", 50).await;
    let pace = Pace { moves_per_minute: 4, moves_per_store_per_minute: 2 };
    let (first, full) = (1_000, 1_000 + PACE_MS);
    assert_eq!(moved(storage, "o1", first, pace).await, MoveOutcome::Moved);
    assert_eq!(moved(storage, "o2", first + 1, pace).await, MoveOutcome::Moved);
    let waits = moved(storage, "o3", full - 1, pace).await;
    let MoveOutcome::Waits(why) = waits else { panic!("{waits:?}") };
    assert_eq!(why, "no more than 2 moves a minute from leeds");
    assert_eq!(units(storage, "o3").await, (0, 0, 0), "what waits stays where it is");
    let lately = storage.moved_lately(&tenant(), at(full - 1).utc).await.unwrap();
    assert_eq!(lately, [(store_id("leeds"), 2)].into());
    assert_eq!(moved(storage, "o4", full, pace).await, MoveOutcome::Moved, "the first is a minute ago");
    let of_all = Pace { moves_per_minute: 2, moves_per_store_per_minute: 50 };
    assert!(matches!(moved(storage, "o5", full, of_all).await, MoveOutcome::Waits(_)));
    let put_back = storage.moved_lately(&tenant(), at(0).utc).await.unwrap();
    assert!(put_back.is_empty(), "a clock that was put back does not stop everything");
}

pub async fn what_has_left_does_not_hide_what_is_left(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    placed(storage, "o1", &[("A", 1)]).await;
    let (released, _) = assigned(storage, "o1", "leeds").await;
    leeds.sync(storage, at(25)).await;
    leeds.pack(&released);
    leeds.sync(storage, at(26)).await;
    assert_eq!(moved(storage, "o2", 30, PACE).await, MoveOutcome::Moved);
    placed(storage, "o3", &[("A", 1)]).await;
    let (left, _) = assigned(storage, "o3", "leeds").await;
    let leeds = store_id("leeds");
    let first = storage.movable(&tenant(), &leeds, 1).await.unwrap();
    assert_eq!(first[0].state.task, left, "before what is released, and without what has left");
    let all = storage.movable(&tenant(), &leeds, 9).await.unwrap();
    assert_eq!(all.iter().map(|row| &row.state.task).collect::<Vec<_>>(), [&left, &released]);
}

pub async fn a_move_decides_on_the_row_of_the_release(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    placed(storage, "o1", &[("A", 1)]).await;
    let (task, fence) = assigned(storage, "o1", "leeds").await;
    leeds.sync(storage, at(25)).await;
    leeds.pack(&task);
    leeds.sync(storage, at(30)).await;
    let outcome = storage.move_away(&departure("o1", &task, "leeds", fence), PACE, at(40)).await.unwrap();
    assert_eq!(outcome, MoveOutcome::ReleasedAlready);
    assert!(storage.moves(&tenant(), &MovesOf::All, 9).await.unwrap().is_empty());
    assert!(storage.moved_lately(&tenant(), at(41).utc).await.unwrap().is_empty(), "it costs no pace");
}

pub async fn a_customer_is_told_without_a_word_of_stores(storage: &dyn Storage) {
    stocked(storage, "leeds", 5).await;
    stocked(storage, "york", 5).await;
    let promised =
        OrderRequest { promise_by: Some(at(500).utc), ..request(FulfilmentKind::Ship, &[("A", 1)]) };
    storage.place(new_order("o1", "o1", promised)).await.unwrap();
    let (task, fence) = assigned(storage, "o1", "leeds").await;
    let mut leaving = departure("o1", &task, "leeds", fence);
    leaving.leaving.promise_by = Some(at(500).utc);
    leaving.telling = Telling { delayed: true, promise_over: false };
    storage.move_away(&leaving, PACE, at(30)).await.unwrap();
    let (task, fence) = assigned(storage, "o1", "york").await;
    let mut again = departure("o1", &task, "york", fence);
    again.leaving.promise_by = Some(at(500).utc);
    again.telling = Telling { delayed: true, promise_over: true };
    storage.move_away(&again, PACE, at(600)).await.unwrap();

    let told: Vec<_> =
        events(storage).await.into_iter().filter(|(kind, ..)| kind.starts_with("customer.")).collect();
    let kinds: Vec<&str> = told.iter().map(|(kind, ..)| kind.as_str()).collect();
    assert_eq!(kinds, ["customer.delayed", "customer.promise_changed"]);
    for (_, class, body) in &told {
        assert_eq!(class, "compensate");
        let text = body.to_string();
        assert!(!text.contains("leeds") && !text.contains("york") && !text.contains("o1-"), "{text}");
    }
    assert_eq!((&told[0].2["left_ms"], &told[1].2["left_ms"]), (&470.into(), &0.into()));
    assert!(told[1].2["promise_by"].is_null() && told[1].2["promised_by"].is_string());
    let page = PageRequest { cursor: None, limit: 9 };
    let open = storage.exceptions(&tenant(), true, &page).await.unwrap().rows;
    let missed: Vec<_> = open.iter().filter(|open| open.category == Category::PromiseMissed).collect();
    assert_eq!(missed.len(), 1);
    assert_eq!(missed[0].order, Some(order_id("o1")));
}

pub async fn a_promise_that_is_over_is_told_once(storage: &dyn Storage) {
    stocked(storage, "leeds", 5).await;
    stocked(storage, "york", 5).await;
    let promised =
        OrderRequest { promise_by: Some(at(25).utc), ..request(FulfilmentKind::Ship, &[("A", 1)]) };
    storage.place(new_order("o1", "o1", promised)).await.unwrap();
    for (store, ms) in [("leeds", 30), ("york", 40)] {
        let (task, fence) = assigned(storage, "o1", store).await;
        let mut leaving = departure("o1", &task, store, fence);
        leaving.telling = Telling { delayed: false, promise_over: true };
        storage.move_away(&leaving, PACE, at(ms)).await.unwrap();
    }
    let changed = events(storage).await.into_iter().filter(|(kind, ..)| kind == "customer.promise_changed");
    assert_eq!(changed.count(), 1);
}

pub async fn work_that_is_given_back_is_told_as_that(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    placed(storage, "o1", &[("A", 1)]).await;
    let (task, fence) = assigned(storage, "o1", "leeds").await;
    leeds.sync(storage, at(25)).await;
    leeds.say(&task, TaskEvent::Accepted);
    leeds.say(&task, TaskEvent::PickingStarted);
    leeds.sync(storage, at(26)).await;
    storage.move_away(&departure("o1", &task, "leeds", fence), PACE, at(30)).await.unwrap();
    leeds.sync(storage, at(40)).await;
    let back = &storage.moves(&tenant(), &MovesOf::All, 9).await.unwrap()[0];
    assert!(back.went_back(), "{back:?}");
    assert!(
        told(storage, "o1").await.iter().any(|(_, words)| words == "leeds is back and goes on with o1-1")
    );
}

fn drill(stores: &[&str], until_ms: i64) -> NewDrill {
    NewDrill {
        tenant: tenant(),
        stores: stores.iter().map(|store| store_id(store)).collect(),
        reason: "before the peak".to_owned(),
        author: Actor::new("mia").unwrap(),
        until: at(until_ms).utc,
    }
}

async fn begun(storage: &dyn Storage, stores: &[&str], until_ms: i64) -> DrillId {
    match storage.begin_drill(&drill(stores, until_ms), at(10).utc).await.unwrap() {
        DrillBegun::Begun(drill) => drill.drill,
        other => panic!("{other:?}"),
    }
}

async fn closures(storage: &dyn Storage, store: &str) -> Vec<Closure> {
    storage.store(&tenant(), &store_id(store)).await.unwrap().unwrap().closures
}

pub async fn a_drill_closes_its_stores_and_opens_them_again(storage: &dyn Storage) {
    let mut leeds: Agent = stocked(storage, "leeds", 5).await;
    stocked(storage, "york", 5).await;
    let id = begun(storage, &["leeds", "york"], 900).await;
    let closed = &closures(storage, "leeds").await[0];
    assert_eq!((closed.hard, closed.cause, closed.until), (true, ClosureCause::Drill, Some(at(900).utc)));
    let twice = storage.begin_drill(&drill(&["york"], 900), at(20).utc).await.unwrap();
    assert_eq!(twice, DrillBegun::InDrill(store_id("york")));

    assert_eq!(moved(storage, "o1", 30, PACE).await, MoveOutcome::Moved);
    placed(storage, "o2", &[("A", 1)]).await;
    let (released, _) = assigned(storage, "o2", "leeds").await;
    leeds.sync(storage, at(35)).await;
    leeds.pack(&released);
    leeds.sync(storage, at(36)).await;

    let by = Actor::new("mia").unwrap();
    let ended = storage.end_drill(&tenant(), &id, &by, at(50).utc).await.unwrap().unwrap();
    assert_eq!((ended.ended_at, ended.ended_by.as_ref()), (Some(at(50).utc), Some(&by)));
    assert_eq!(ended.stores[0].stayed, Some(Stayed { released: 1, pickup: 0, not_due: 0 }));
    assert!(closures(storage, "leeds").await.is_empty() && closures(storage, "york").await.is_empty());
    let again = storage.end_drill(&tenant(), &id, &by, at(60).utc).await.unwrap();
    assert_eq!(again, Some(ended), "ending it again changes nothing");
    let of_drill = storage.moves(&tenant(), &MovesOf::Drill(id.clone()), 9).await.unwrap();
    assert_eq!(of_drill.len(), 1);
    assert_eq!(of_drill[0].drill, Some(id));
    assert_eq!(position(storage, "leeds").await.reserved, 1, "what was released is still held");
}

pub async fn a_drill_takes_all_of_its_stores_or_none(storage: &dyn Storage) {
    stocked(storage, "leeds", 5).await;
    stocked(storage, "york", 5).await;
    let unknown = storage.begin_drill(&drill(&["leeds", "nowhere"], 900), at(10).utc).await.unwrap();
    assert_eq!(unknown, DrillBegun::UnknownStore(store_id("nowhere")));
    assert!(closures(storage, "leeds").await.is_empty());
    let closure = Closure {
        hard: false,
        cause: ClosureCause::Weather,
        author: Actor::new("ann").unwrap(),
        since: at(5).utc,
        until: None,
        from_store: false,
    };
    storage.close(&tenant(), &store_id("york"), &closure).await.unwrap();
    let closed = storage.begin_drill(&drill(&["leeds", "york"], 900), at(10).utc).await.unwrap();
    assert_eq!(closed, DrillBegun::Closed(store_id("york")));
    assert!(closures(storage, "leeds").await.is_empty());
    assert!(storage.drills(&tenant(), 9).await.unwrap().is_empty());
}

pub async fn a_closure_that_somebody_made_meanwhile_outlives_the_drill(storage: &dyn Storage) {
    stocked(storage, "leeds", 5).await;
    let id = begun(storage, &["leeds"], 900).await;
    assert!(storage.drills_over(at(899).utc).await.unwrap().is_empty());
    assert_eq!(storage.drills_over(at(900).utc).await.unwrap(), [(tenant(), id.clone())]);
    let closure = Closure { cause: ClosureCause::Outage, ..closures(storage, "leeds").await.remove(0) };
    storage.close(&tenant(), &store_id("leeds"), &closure).await.unwrap();
    let central = Actor::new("central").unwrap();
    storage.end_drill(&tenant(), &id, &central, at(900).utc).await.unwrap().unwrap();
    assert_eq!(closures(storage, "leeds").await, [closure]);
    assert!(storage.drills_over(UtcMs(i64::MAX)).await.unwrap().is_empty());
    let other = holdfast_shared::ids::TenantId::new("rival").unwrap();
    assert!(storage.drill(&other, &id).await.unwrap().is_none());
    assert!(storage.end_drill(&other, &id, &central, at(901).utc).await.unwrap().is_none());
}

pub async fn a_move_under_another_fence_does_nothing(storage: &dyn Storage) {
    stocked(storage, "leeds", 5).await;
    placed(storage, "o1", &[("A", 1)]).await;
    let wanted = demand(storage, "o1").await.unwrap();
    let given = storage.assign(&assignment(&wanted, "leeds", at(20)), at(20)).await.unwrap();
    let AssignOutcome::Assigned { task, fence } = given else { panic!("{given:?}") };
    let stale = Fence { number: fence.number + 1, ..fence };
    let outcome = storage.move_away(&departure("o1", &task, "leeds", stale), PACE, at(30)).await.unwrap();
    assert_eq!(outcome, MoveOutcome::Moot);
    assert_eq!(units(storage, "o1").await, (0, 0, 0));
}
