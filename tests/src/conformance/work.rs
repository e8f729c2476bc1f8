//! Assignments, recalls, releases: of two that race, one wins.

use super::world::{
    FAR, LINE, assigned, assignment, at, decision, demand, described, placed, position, sound, state,
    stocked, tenant, units,
};
use futures::future::join_all;
use holdfast_central::core::order::OrderState;
use holdfast_central::core::routing::decision::Choice;
use holdfast_central::ports::Storage;
use holdfast_central::ports::work::{AssignOutcome, Assignment, RecallOutcome};
use holdfast_shared::domain::fence::Fence;
use holdfast_shared::domain::task::{Phase, Status, TaskEvent};
use holdfast_shared::time::UtcMs;

pub async fn an_assignment_reserves_and_offers(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    placed(storage, "o1", &[("A", 2)]).await;
    let (task, fence) = assigned(storage, "o1", "leeds").await;
    assert_eq!(task.as_str(), "o1-1");
    let held = position(storage, "leeds").await;
    assert_eq!((held.on_hand, held.reserved, held.available), (5, 2, 3));
    assert_eq!(units(storage, "o1").await, (0, 0, 0));
    assert_eq!(state(storage, "o1").await, OrderState::Allocated);
    leeds.sync(storage, at(30)).await;
    let offered = leeds.task(&task).unwrap();
    assert_eq!((offered.phase, offered.fence, offered.lines[0].quantity), (Phase::Offered, fence, 2));
    assert_eq!(storage.task(&tenant(), &task).await.unwrap(), Some(offered));
    assert!(demand(storage, "o1").await.is_none());
    sound(storage, 1).await;
}

pub async fn nothing_is_promised_beyond_what_is_there(storage: &dyn Storage) {
    stocked(storage, "leeds", 2).await;
    placed(storage, "o1", &[("A", 1), ("A", 2)]).await;
    let wanted = demand(storage, "o1").await.unwrap();
    let outcome = storage.assign(&assignment(&wanted, "leeds", at(20)), at(20)).await.unwrap();
    assert_eq!(outcome, AssignOutcome::StockGone { sku: super::world::sku("A") });
    assert_eq!(position(storage, "leeds").await.reserved, 0, "the first line is undone too");
    assert_eq!(demand(storage, "o1").await, Some(wanted));
    assert!(storage.decisions(&tenant(), &super::world::order_id("o1")).await.unwrap().is_empty());
    sound(storage, 0).await;
}

pub async fn of_fifty_at_once_only_as_many_as_there_are_units(storage: &dyn Storage) {
    stocked(storage, "leeds", 7).await;
    for n in 0..50 {
        placed(storage, &format!("o{n}"), &[("A", 1)]).await;
    }
    let demands = storage.demands(100, UtcMs(0), FAR).await.unwrap();
    let wanted: Vec<_> = demands.iter().map(|demand| assignment(demand, "leeds", at(20))).collect();
    let outcomes = join_all(wanted.iter().map(|assignment| storage.assign(assignment, at(20)))).await;
    let won = |outcome: &AssignOutcome| matches!(outcome, AssignOutcome::Assigned { .. });
    assert_eq!(outcomes.iter().filter(|outcome| won(outcome.as_ref().unwrap())).count(), 7);
    assert_eq!(position(storage, "leeds").await.available, 0);
    sound(storage, 7).await;
}

pub async fn many_are_each_written_or_refused_for_itself(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    for (order, units) in [("o1", 2), ("o2", 4), ("o3", 2), ("o4", 1), ("o5", 1)] {
        placed(storage, order, &[("A", units)]).await;
    }
    let demands = storage.demands(100, UtcMs(0), FAR).await.unwrap();
    let mut wanted: Vec<_> = demands.iter().map(|demand| assignment(demand, "leeds", at(20))).collect();
    // Its second part, which must not go out before the first.
    let second = Assignment { assignments: 1, ..wanted[1].clone() };
    wanted.insert(2, second);
    let outcomes = storage.assign_all(wanted, at(20)).await;
    let told: Vec<&str> = outcomes
        .iter()
        .map(|outcome| match outcome.as_ref().unwrap() {
            AssignOutcome::Assigned { task, .. } => task.as_str(),
            AssignOutcome::StockGone { .. } => "gone",
            AssignOutcome::OrderMoved => "moved",
        })
        .collect();
    assert_eq!(told, ["o1-1", "gone", "moved", "o3-1", "o4-1", "gone"]);
    let fences: Vec<Fence> = outcomes
        .iter()
        .filter_map(|outcome| match outcome {
            Ok(AssignOutcome::Assigned { fence, .. }) => Some(*fence),
            _ => None,
        })
        .collect();
    assert!(fences.is_sorted_by(|one, next| one < next), "each greater than all before: {fences:?}");
    assert_eq!(position(storage, "leeds").await.available, 0);
    assert_eq!(units(storage, "o2").await, (4, 0, 0), "nothing is left of what was refused");
    leeds.sync(storage, at(30)).await;
    for task in ["o1-1", "o3-1", "o4-1"] {
        let task = task.parse().unwrap();
        assert_eq!(storage.task(&tenant(), &task).await.unwrap(), leeds.task(&task));
    }
    let given = storage.stores(&tenant()).await.unwrap()[0].work[0].given;
    assert_eq!(given, 3, "each counts for its hour");
    stocked(storage, "york", 1).await;
    let (_, later) = assigned(storage, "o5", "york").await;
    assert!(later > fences[2]);
    sound(storage, 4).await;
}

pub async fn one_that_cannot_be_written_harms_no_other(storage: &dyn Storage) {
    stocked(storage, "leeds", 5).await;
    placed(storage, "o1", &[("A", 1)]).await;
    placed(storage, "o2", &[("A", 1)]).await;
    placed(storage, "o3", &[("A", 1)]).await;
    let demands = storage.demands(100, UtcMs(0), FAR).await.unwrap();
    let mut wanted: Vec<_> = demands.iter().map(|demand| assignment(demand, "leeds", at(20))).collect();
    wanted[1].store = super::world::store_id("nowhere");
    let outcomes = storage.assign_all(wanted, at(20)).await;
    let written: Vec<bool> =
        outcomes.iter().map(|outcome| matches!(outcome, Ok(AssignOutcome::Assigned { .. }))).collect();
    assert_eq!(written, [true, false, true]);
    assert!(outcomes[1].is_err());
    assert_eq!(position(storage, "leeds").await.reserved, 2);
    assert!(demand(storage, "o2").await.is_some());
    sound(storage, 2).await;
}

pub async fn an_order_that_moved_on_is_not_assigned(storage: &dyn Storage) {
    stocked(storage, "leeds", 5).await;
    placed(storage, "o1", &[("A", 2)]).await;
    let mut part = assignment(&demand(storage, "o1").await.unwrap(), "leeds", at(20));
    part.lines[0].quantity = 1;
    let first = storage.assign(&part, at(20)).await.unwrap();
    assert!(matches!(first, AssignOutcome::Assigned { .. }));
    let stale = part.clone();
    assert_eq!(storage.assign(&stale, at(21)).await.unwrap(), AssignOutcome::OrderMoved);
    let mut too_much = part.clone();
    (too_much.assignments, too_much.lines[0].quantity) = (1, 2);
    assert_eq!(storage.assign(&too_much, at(21)).await.unwrap(), AssignOutcome::OrderMoved);
    assert_eq!(position(storage, "leeds").await.reserved, 1);
    assert_eq!(units(storage, "o1").await, (1, 0, 0));
    let rest = demand(storage, "o1").await.unwrap();
    assert!(rest.tried.is_empty(), "a node that works on a part has not lost it");
    sound(storage, 1).await;
}

pub async fn a_buffer_is_never_promised(storage: &dyn Storage) {
    stocked(storage, "leeds", 3).await;
    let mut buffered = described("leeds");
    buffered.buffer_units = 2;
    storage.put_store(&tenant(), &buffered, at(2).utc).await.unwrap();
    assert_eq!(position(storage, "leeds").await.available, 1);
    placed(storage, "o1", &[("A", 2)]).await;
    let wanted = assignment(&demand(storage, "o1").await.unwrap(), "leeds", at(20));
    let outcome = storage.assign(&wanted, at(20)).await.unwrap();
    assert!(matches!(outcome, AssignOutcome::StockGone { .. }));
}

pub async fn fences_grow(storage: &dyn Storage) {
    stocked(storage, "leeds", 5).await;
    stocked(storage, "york", 5).await;
    placed(storage, "o1", &[("A", 1)]).await;
    let (task, first) = assigned(storage, "o1", "leeds").await;
    let recalled = storage.recall(&tenant(), &task, first, "moved", at(30)).await.unwrap();
    assert_eq!(recalled, RecallOutcome::Recalled);
    let (again, second) = assigned(storage, "o1", "york").await;
    assert_eq!(again.as_str(), "o1-2");
    assert!(second > first);
    let tried = storage.recall(&tenant(), &again, first, "stale", at(31)).await.unwrap();
    assert_eq!(tried, RecallOutcome::Moot, "a recall under another fence does nothing");
    let later = Fence { number: second.number + 1, ..second };
    assert_eq!(storage.recall(&tenant(), &again, later, "x", at(31)).await.unwrap(), RecallOutcome::Moot);
}

pub async fn a_recall_beats_a_later_release(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    let mut york = stocked(storage, "york", 5).await;
    placed(storage, "o1", &[("A", 1)]).await;
    let (task, fence) = assigned(storage, "o1", "leeds").await;
    leeds.sync(storage, at(25)).await;
    let outcome = storage.recall(&tenant(), &task, fence, "dark", at(30)).await.unwrap();
    assert_eq!(outcome, RecallOutcome::Recalled);
    assert_eq!(units(storage, "o1").await, (1, 0, 0));
    let (second, _) = assigned(storage, "o1", "york").await;
    york.sync(storage, at(35)).await;
    york.say(&second, TaskEvent::Accepted);
    york.sync(storage, at(36)).await;
    leeds.pack(&task);
    leeds.sync(storage, at(40)).await;
    let known = leeds.task(&task).unwrap();
    assert_eq!((known.status(), known.release), (Status::PuttingBack, None));
    assert_eq!(storage.recall(&tenant(), &task, fence, "dark", at(50)).await.unwrap(), RecallOutcome::Moot);
    assert_eq!(units(storage, "o1").await, (0, 0, 0));
}

pub async fn a_release_beats_a_later_recall(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    placed(storage, "o1", &[("A", 1)]).await;
    let (task, fence) = assigned(storage, "o1", "leeds").await;
    leeds.sync(storage, at(25)).await;
    leeds.pack(&task);
    leeds.sync(storage, at(30)).await;
    let outcome = storage.recall(&tenant(), &task, fence, "dark", at(40)).await.unwrap();
    assert_eq!(outcome, RecallOutcome::ReleasedAlready);
    assert_eq!(units(storage, "o1").await, (0, 0, 0));
    assert_eq!(state(storage, "o1").await, OrderState::Ready);
}

pub async fn a_hold_stays_until_the_store_answers_the_recall(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 1).await;
    placed(storage, "o1", &[("A", 1)]).await;
    let (task, fence) = assigned(storage, "o1", "leeds").await;
    leeds.sync(storage, at(25)).await;
    storage.recall(&tenant(), &task, fence, "dark", at(30)).await.unwrap();
    assert_eq!(position(storage, "leeds").await.reserved, 1, "the unit may be in a tote");
    sound(storage, 1).await;
    leeds.sync(storage, at(40)).await;
    leeds.put_back(&task);
    leeds.sync(storage, at(50)).await;
    assert_eq!(position(storage, "leeds").await.reserved, 0);
    assert_eq!(storage.task(&tenant(), &task).await.unwrap().unwrap().phase, Phase::PutBack);
    assert_eq!(units(storage, "o1").await, (1, 0, 0), "opened once, not twice");
    leeds.sync(storage, at(60)).await;
    let audit = sound(storage, 0).await;
    assert_eq!((audit.open_tasks, audit.recalled_tasks), (0, 1));
}

pub async fn an_offer_nobody_saw_gives_its_units_back_at_once(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 1).await;
    placed(storage, "o1", &[("A", 1)]).await;
    let (task, fence) = assigned(storage, "o1", "leeds").await;
    storage.recall(&tenant(), &task, fence, "dark", at(30)).await.unwrap();
    assert_eq!(position(storage, "leeds").await.reserved, 0);
    leeds.sync(storage, at(40)).await;
    leeds.put_back(&task);
    leeds.sync(storage, at(50)).await;
    assert_eq!(position(storage, "leeds").await.reserved, 0, "the answer frees nothing twice");
    sound(storage, 0).await;
}

pub async fn a_backorder_comes_back_when_stock_grows(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 0).await;
    placed(storage, "o1", &[("A", 1)]).await;
    let waiting = demand(storage, "o1").await.unwrap();
    let choice = Choice::Backorder { why: "no stock".to_owned() };
    for ms in [20, 21] {
        let decided = decision(&waiting.order, waiting.lines.clone(), choice.clone(), at(ms).utc);
        storage.backorder(&waiting, &decided, at(ms)).await.unwrap();
    }
    assert_eq!(state(storage, "o1").await, OrderState::Backordered);
    let kept = storage.decisions(&tenant(), &waiting.order).await.unwrap();
    assert_eq!(kept.len(), 1, "of waits in a row the newest stands for all");
    assert!(demand(storage, "o1").await.is_none());
    let aged = storage.demands(9, at(22).utc, FAR).await.unwrap();
    assert_eq!(aged.len(), 1, "tried again when it is old");
    let put_back = storage.demands(9, UtcMs(0), at(-5).utc).await.unwrap();
    assert_eq!(put_back.len(), 1, "tried again when the clock was put back");
    leeds.opening("B", 3);
    leeds.sync(storage, at(29)).await;
    assert!(demand(storage, "o1").await.is_none(), "another SKU is no help");
    leeds.opening("A", 3);
    assert!(leeds.sync(storage, at(30)).await.stock_grew);
    assert_eq!(demand(storage, "o1").await.unwrap().lines, waiting.lines);
    assigned(storage, "o1", "leeds").await;
    assert_eq!(state(storage, "o1").await, OrderState::Allocated);
}

pub async fn an_offer_past_its_time_is_found(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    for order in ["o1", "o2"] {
        placed(storage, order, &[("A", 1)]).await;
        assigned(storage, order, "leeds").await;
    }
    leeds.sync(storage, at(25)).await;
    let open = storage.open_tasks(None, None, 9).await.unwrap();
    assert_eq!(open.len(), 2);
    leeds.say(&open[0].state.task, TaskEvent::Accepted);
    leeds.sync(storage, at(30)).await;
    assert!(storage.expired_offers(at(60_020).utc, FAR, 9).await.unwrap().is_empty());
    let late = storage.expired_offers(at(60_021).utc, FAR, 9).await.unwrap();
    assert_eq!(late.iter().map(|row| row.state.task.as_str()).collect::<Vec<_>>(), ["o2-1"]);
    assert_eq!(late[0].state.lines[0].line, LINE);
    // A clock that was put back would keep it for as long as it was put back.
    let kept = storage.expired_offers(at(-90_000).utc, at(-30_000).utc, 9).await.unwrap();
    assert_eq!(kept.len(), 1, "its deadline is none that this clock can have given");
}
