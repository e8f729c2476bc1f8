//! Customers change their orders while stores work on them. No unit is lost, whatever comes when.

use super::agent::Agent;
use super::world::{
    assigned, assignment, at, demand, hash, item, new_order, order_id, position, request, sound, state,
    stocked, tenant, the_order, units,
};
use crate::sim::dice::Dice;
use holdfast_central::core::order::{OrderLineRequest, OrderState};
use holdfast_central::core::order_change::{CannotChange, ChangeRequest, LineChange, LineUnits};
use holdfast_central::core::order_state::may_become;
use holdfast_central::core::personal::{Customer, Personal};
use holdfast_central::core::settled::settled;
use holdfast_central::ports::changes::{ChangeDone, ChangeOutcome, NewChange, Wish};
use holdfast_central::ports::housekeeping::Retention;
use holdfast_central::ports::orders::Placed;
use holdfast_central::ports::work::AssignOutcome;
use holdfast_central::ports::{PageRequest, Storage};
use holdfast_shared::domain::task::{FulfilmentKind, Phase, TaskEvent, TaskState};
use holdfast_shared::ids::{Actor, IdempotencyKey, LineNo, TaskId};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

fn off(line: u32, quantity: i64) -> Wish {
    let lines = vec![LineUnits { line: LineNo(line), quantity }];
    Wish::Cancel { lines, reason: String::from("fewer will do") }
}

fn to(line: u32, quantity: i64) -> ChangeRequest {
    ChangeRequest { lines: vec![LineChange { line: LineNo(line), quantity }], ..ChangeRequest::default() }
}

async fn wish(storage: &dyn Storage, order: &str, key: &str, wish: Wish, ms: i64) -> ChangeOutcome {
    let change = NewChange {
        tenant: tenant(),
        order: order_id(order),
        key: IdempotencyKey::new(key).unwrap(),
        request_hash: hash(&format!("{order} {wish:?}")),
        wish,
        actor: Actor::new("storefront").unwrap(),
        now: at(ms).utc,
    };
    storage.change_order(change).await.unwrap()
}

fn done(outcome: ChangeOutcome) -> ChangeDone {
    match outcome {
        ChangeOutcome::Done { done, .. } => done,
        other => panic!("not done: {other:?}"),
    }
}

fn all_off(reason: &str) -> Wish {
    Wish::Cancel { lines: Vec::new(), reason: reason.to_owned() }
}

pub async fn all_of_an_order_is_cancelled_once_under_its_key(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    placed(storage, "o1", &[("A", 2)]).await;
    let (task, _) = assigned(storage, "o1", "leeds").await;
    leeds.sync(storage, at(25)).await;
    let first = match wish(storage, "o1", "c1", all_off("too late"), 30).await {
        ChangeOutcome::Done { done, stores } => {
            assert_eq!(stores.len(), 1, "the store is to be woken");
            done
        }
        other => panic!("not done: {other:?}"),
    };
    assert_eq!((first.change, first.recalled), (1, 1));
    leeds.sync(storage, at(40)).await;
    leeds.put_back(&task);
    leeds.sync(storage, at(50)).await;
    assert_eq!(state(storage, "o1").await, OrderState::Cancelled);
    let again = wish(storage, "o1", "c1", all_off("too late"), 60).await;
    assert_eq!(again, ChangeOutcome::Replayed(first), "the same answer, however far it has come since");
    assert_eq!(wish(storage, "o1", "c1", off(1, 1), 61).await, ChangeOutcome::KeyReused);
    let later = wish(storage, "o1", "c2", all_off("too late"), 62).await;
    assert_eq!(later, ChangeOutcome::TooLate(OrderState::Cancelled));
    assert_eq!(wish(storage, "o9", "c3", all_off("none"), 63).await, ChangeOutcome::Unknown);
    let kept = storage.changes_of_order(&tenant(), &order_id("o1")).await.unwrap();
    assert_eq!(kept.iter().map(|change| change.words.as_str()).collect::<Vec<_>>(), ["cancelled: too late"]);
    let told = storage.timeline(&tenant(), &order_id("o1")).await.unwrap();
    assert_eq!(told.iter().filter(|event| event.kind == "cancel_requested").count(), 1);
}

async fn placed(storage: &dyn Storage, order: &str, lines: &[(&str, i64)]) {
    storage.put_catalogue(&tenant(), &[item("A"), item("B")]).await.unwrap();
    let new = new_order(order, order, request(FulfilmentKind::Ship, lines));
    assert_eq!(storage.place(new).await.unwrap(), Placed::New);
}

pub async fn units_that_nobody_has_begun_with_are_taken_off_and_the_rest_is_routed_anew(
    storage: &dyn Storage,
) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    stocked(storage, "york", 5).await;
    placed(storage, "o1", &[("A", 3)]).await;
    let (task, _) = assigned(storage, "o1", "leeds").await;
    leeds.sync(storage, at(25)).await;
    leeds.say(&task, TaskEvent::Accepted);
    leeds.sync(storage, at(26)).await;
    let told = done(wish(storage, "o1", "c1", off(1, 1), 30).await);
    assert_eq!((told.recalled, told.state), (1, OrderState::Placed));
    assert_eq!(units(storage, "o1").await, (2, 0, 1));
    assert_eq!(position(storage, "leeds").await.reserved, 3, "until the store has answered");
    leeds.sync(storage, at(31)).await;
    leeds.put_back(&task);
    leeds.sync(storage, at(32)).await;
    assigned(storage, "o1", "york").await;
    assert_eq!((units(storage, "o1").await, position(storage, "york").await.reserved), ((0, 0, 1), 2));
    sound(storage, 1).await;
}

pub async fn what_a_store_has_begun_with_is_not_changed(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    placed(storage, "o1", &[("A", 3)]).await;
    let (task, _) = assigned(storage, "o1", "leeds").await;
    leeds.sync(storage, at(25)).await;
    leeds.say(&task, TaskEvent::Accepted);
    leeds.say(&task, TaskEvent::PickingStarted);
    leeds.sync(storage, at(26)).await;
    let begun = CannotChange::Begun { line: LineNo(1), wanted: 1, can: 0 };
    assert_eq!(wish(storage, "o1", "c1", off(1, 1), 30).await, ChangeOutcome::Cannot(begun));
    let gift = ChangeRequest { promise_by: Some(at(99).utc), ..ChangeRequest::default() };
    let refused = wish(storage, "o1", "c2", Wish::Change(Box::new(gift)), 30).await;
    assert!(matches!(refused, ChangeOutcome::Cannot(CannotChange::OrderBegun(_))), "{refused:?}");
    assert_eq!((units(storage, "o1").await, state(storage, "o1").await), ((0, 0, 0), OrderState::Picking));
    assert_eq!(wish(storage, "nope", "c3", off(1, 1), 30).await, ChangeOutcome::Unknown);
    assert_eq!(storage.changes_of_order(&tenant(), &order_id("o1")).await.unwrap(), []);
}

pub async fn a_change_is_made_once_for_its_key(storage: &dyn Storage) {
    placed(storage, "o1", &[("A", 3)]).await;
    placed(storage, "o2", &[("A", 3)]).await;
    let first = done(wish(storage, "o1", "c1", off(1, 1), 20).await);
    assert_eq!(wish(storage, "o1", "c1", off(1, 1), 21).await, ChangeOutcome::Replayed(first));
    assert_eq!(wish(storage, "o1", "c1", off(1, 2), 22).await, ChangeOutcome::KeyReused);
    assert_eq!(wish(storage, "o2", "c1", off(1, 1), 22).await, ChangeOutcome::KeyReused);
    assert_eq!(units(storage, "o1").await, (2, 0, 1));
    // The scope of placing is another one.
    assert_eq!(done(wish(storage, "o2", "o2", off(1, 3), 23).await).state, OrderState::Cancelled);
    let told = storage.changes_of_order(&tenant(), &order_id("o2")).await.unwrap();
    assert_eq!(told[0].words, "3 of line 1 taken off; fewer will do");
}

pub async fn whoever_decided_before_an_order_went_elsewhere_assigns_nothing(storage: &dyn Storage) {
    stocked(storage, "leeds", 5).await;
    placed(storage, "o1", &[("A", 1)]).await;
    let decided = assignment(&demand(storage, "o1").await.unwrap(), "leeds", at(20));
    let mut elsewhere = ChangeRequest { promise_by: Some(at(99).utc), ..ChangeRequest::default() };
    elsewhere.destination = Some(request(FulfilmentKind::Ship, &[]).destination);
    done(wish(storage, "o1", "c1", Wish::Change(Box::new(elsewhere)), 21).await);
    assert_eq!(storage.assign(&decided, at(22)).await.unwrap(), AssignOutcome::OrderMoved);
    assert_eq!(demand(storage, "o1").await.unwrap().promise_by, Some(at(99).utc));
}

pub async fn a_store_that_began_before_it_heard_of_it_puts_the_goods_back(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    placed(storage, "o1", &[("A", 2)]).await;
    let (task, _) = assigned(storage, "o1", "leeds").await;
    leeds.sync(storage, at(25)).await;
    leeds.say(&task, TaskEvent::Accepted);
    leeds.sync(storage, at(26)).await;
    leeds.say(&task, TaskEvent::PickingStarted);
    leeds.say(&task, TaskEvent::Picked { line: LineNo(1), quantity: 2 });
    done(wish(storage, "o1", "c1", off(1, 1), 30).await);
    leeds.sync(storage, at(31)).await;
    assert_eq!(units(storage, "o1").await, (1, 0, 1), "two were picked, and one is wanted");
    leeds.put_back(&task);
    leeds.sync(storage, at(32)).await;
    assert_eq!(units(storage, "o1").await, (1, 0, 1));
    sound(storage, 0).await;
}

pub async fn keys_and_records_go_when_their_order_is_long_over(storage: &dyn Storage) {
    placed(storage, "o1", &[("A", 3)]).await;
    let retention = Retention { keys_ms: 10 * DAY_MS, ..Retention::default() };
    done(wish(storage, "o1", "c1", off(1, 1), 20).await);
    let later = |days: i64| at(days * DAY_MS);
    storage.keep_house(retention, later(100)).await.unwrap();
    assert_eq!(wish(storage, "o1", "c1", off(1, 2), 21).await, ChangeOutcome::KeyReused, "it is not final");
    let last = done(wish(storage, "o1", "c2", off(1, 2), 100 * DAY_MS).await);
    assert_eq!(last.state, OrderState::Cancelled);
    storage.keep_house(retention, later(109)).await.unwrap();
    assert_eq!(wish(storage, "o1", "c2", off(1, 2), 109 * DAY_MS).await, ChangeOutcome::Replayed(last));
    let again = new_order("o1", "o1", request(FulfilmentKind::Ship, &[("A", 3)]));
    assert!(matches!(storage.place(again.clone()).await.unwrap(), Placed::Replayed { .. }));
    let kept = storage.keep_house(retention, later(111)).await.unwrap();
    assert_eq!((kept.changes, kept.keys), (2, 1));
    assert_eq!(storage.changes_of_order(&tenant(), &order_id("o1")).await.unwrap(), []);
}

pub async fn what_is_personal_goes_by_rule_when_the_order_is_long_over(storage: &dyn Storage) {
    let mut asked = request(FulfilmentKind::Ship, &[("A", 1)]);
    let customer = Customer { id: Some("c-1".parse().unwrap()), ..Customer::default() };
    asked.customer = Some(Personal::new(customer));
    storage.place(new_order("o1", "o1", asked)).await.unwrap();
    let retention = Retention { personal_ms: 10 * DAY_MS, ..Retention::default() };
    let kept =
        |days: i64| async move { storage.keep_house(retention, at(days * DAY_MS)).await.unwrap().personal };
    assert_eq!(kept(50).await, 0, "somebody has to bring it yet");
    done(wish(storage, "o1", "c1", off(1, 1), 50 * DAY_MS).await);
    assert_eq!((kept(59).await, kept(61).await, kept(62).await), (0, 1, 0));
    assert_eq!(storage.contact(&tenant(), &order_id("o1")).await.unwrap(), None);
    let timeline = storage.timeline(&tenant(), &order_id("o1")).await.unwrap();
    let last = timeline.last().unwrap();
    assert_eq!((last.kind.as_str(), last.actor.as_str()), ("personal_data_erased", "central"));
}

/// What staff do next, as their box has heard.
fn work(agent: &mut Agent, task: &TaskId, dice: &Dice) {
    let Some(now) = agent.task(task) else { return };
    let stop = now.recall.is_some();
    match now.phase {
        Phase::Offered | Phase::Accepted | Phase::Picking | Phase::Packed if stop => agent.put_back(task),
        Phase::Offered if dice.happens(200) => {
            agent.say(task, TaskEvent::Declined { reason: String::from("no hands") });
        }
        Phase::Offered => agent.say(task, TaskEvent::Accepted),
        Phase::Accepted => agent.say(task, TaskEvent::PickingStarted),
        Phase::Picking => match now.lines.iter().find(|line| line.open() > 0).cloned() {
            Some(line) if dice.happens(200) => agent.short(task, line.line, 1),
            Some(line) => agent.say(task, TaskEvent::Picked { line: line.line, quantity: line.open() }),
            None if now.lines.iter().all(|line| line.picked == 0) => agent.put_back(task),
            None => agent.say(task, TaskEvent::Packed),
        },
        Phase::Packed if now.cleared() => agent.hand_over(task),
        Phase::Packed | Phase::HandedOver | Phase::Declined | Phase::PutBack => {}
    }
}

async fn tasks(storage: &dyn Storage, order: &str) -> Vec<TaskState> {
    let mut found = Vec::new();
    for task in the_order(storage, order).await.tasks {
        found.extend(storage.task(&tenant(), &task).await.unwrap());
    }
    found
}

async fn balanced(storage: &dyn Storage, order: &str, what: &str) {
    let (known, tasks) = (the_order(storage, order).await, tasks(storage, order).await);
    for told in settled(&known.lines, &tasks, true) {
        let line = known.lines.iter().find(|line| line.line == told.line).unwrap();
        assert_eq!(line.open, told.open, "{order} line {} after {what}: {line:?}", line.line);
    }
}

async fn customer(storage: &dyn Storage, order: &str, step: i64, dice: &Dice) -> String {
    let lines = the_order(storage, order).await.lines;
    let line = dice.pick(&lines).map_or(1, |line| line.line.0);
    let key = format!("{order}-{step}");
    let change = match dice.between(0, 10) {
        0..4 => off(line, dice.between(1, 3)),
        4..7 => Wish::Change(Box::new(to(line, dice.between(0, 5)))),
        7 => {
            let add = vec![OrderLineRequest::of("A".parse().unwrap(), dice.between(1, 3))];
            Wish::Change(Box::new(ChangeRequest { add, ..ChangeRequest::default() }))
        }
        8 => {
            let moved =
                ChangeRequest { promise_by: Some(at(900_000 + step).utc), ..to(line, dice.between(1, 4)) };
            Wish::Change(Box::new(moved))
        }
        _ => {
            let actor = Actor::new("support").unwrap();
            let done =
                storage.cancel(&tenant(), &order_id(order), "enough", &actor, at(step).utc).await.unwrap();
            return format!("a cancel: {done:?}");
        }
    };
    let told = wish(storage, order, &key, change.clone(), step).await;
    let again = wish(storage, order, &key, change.clone(), step).await;
    match &told {
        ChangeOutcome::Done { done, .. } => assert_eq!(again, ChangeOutcome::Replayed(done.clone())),
        other => assert_eq!(again, *other, "what was refused is refused again"),
    }
    format!("{change:?}: {told:?}")
}

pub async fn no_unit_is_lost_whatever_customers_and_stores_do(storage: &dyn Storage) {
    let names = ["leeds", "york"];
    let mut agents = Vec::new();
    for name in names {
        let mut agent = stocked(storage, name, 500).await;
        agent.opening("B", 500);
        agent.sync(storage, at(2)).await;
        agents.push(agent);
    }
    for seed in 0..12_u64 {
        let (order, dice) = (format!("o{seed}"), Dice::of(&[seed, 77]));
        placed(storage, &order, &[("A", 3), ("B", 2)]).await;
        for step in 100..140 {
            let nth = dice.index(agents.len());
            let what = match dice.between(0, 10) {
                0..2 => {
                    if let Some(wanted) = demand(storage, &order).await {
                        storage.assign(&assignment(&wanted, names[nth], at(step)), at(step)).await.unwrap();
                    }
                    String::from("an assignment")
                }
                2..5 => {
                    let known = tasks(storage, &order).await;
                    let here: Vec<&TaskState> =
                        known.iter().filter(|task| task.store.as_str() == names[nth]).collect();
                    if let Some(task) = dice.pick(&here) {
                        work(&mut agents[nth], &task.task, &dice);
                    }
                    String::from("work")
                }
                5..8 => {
                    agents[nth].sync(storage, at(step)).await;
                    String::from("a sync")
                }
                _ => customer(storage, &order, step, &dice).await,
            };
            balanced(storage, &order, &what).await;
        }
    }
    for round in 0..12 {
        for agent in &mut agents {
            for seed in 0..12 {
                for task in tasks(storage, &format!("o{seed}")).await {
                    work(agent, &task.task, &Dice::of(&[seed, round]));
                }
            }
            agent.sync(storage, at(i64::try_from(1_000 + round).unwrap())).await;
        }
    }
    let audit = storage.audit(None).await.unwrap();
    assert_eq!((audit.double_shipped, audit.oversold, audit.reserved_mismatch), (0, 0, 0), "{audit:?}");
    assert_eq!((audit.orphaned_holds, audit.open_tasks), (0, 0), "{audit:?}");
    legal(storage).await;
}

/// The states that the outside was told of follow each other as the table says.
async fn legal(storage: &dyn Storage) {
    let mut told = storage.recent_events(&tenant(), 500).await.unwrap();
    told.reverse();
    for seed in 0..12 {
        let key = format!("o{seed}");
        let states: Vec<OrderState> = told
            .iter()
            .filter(|event| event.key == key && event.kind != "OrderChanged")
            .filter_map(|event| serde_json::from_value(event.body["state"].clone()).ok())
            .collect();
        for pair in states.windows(2) {
            assert!(may_become(pair[0], pair[1]), "{key}: {:?} -> {:?}", pair[0], pair[1]);
        }
    }
    let page = PageRequest { cursor: None, limit: 100 };
    assert_eq!(storage.orders(&tenant(), &[OrderState::Exception], &page).await.unwrap().rows.len(), 0);
}
