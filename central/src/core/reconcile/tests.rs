use super::book::{OrderBook, PositionBook, StoreBook, UnequalPosition};
use super::finding::FindingKind::{self as Kind, *};
use super::policy::ReconcilePolicy;
use super::test_support::{book, told};
use super::*;
use crate::core::order::OrderState;
use crate::core::test_support::{task, tenant};
use holdfast_shared::domain::task::{Phase, Recall, Release, TaskState};
use proptest::prelude::*;

const SOON: UtcMs = UtcMs(1_000);

fn found(book: &OrderBook, now: UtcMs) -> Vec<(Kind, String, String)> {
    let all = of_order(book, &ReconcilePolicy::default(), now);
    all.into_iter().map(|one| (one.kind, one.expected, one.found)).collect()
}

fn kinds(book: &OrderBook) -> Vec<Kind> {
    found(book, SOON).into_iter().map(|(kind, ..)| kind).collect()
}

/// As [`book`], in another phase of its task, and with what is counted for it.
fn at(phase: Phase, state: OrderState) -> OrderBook {
    let mut now = task("leeds", phase);
    if matches!(phase, Phase::Packed | Phase::HandedOver) {
        now.lines[0].picked = 2;
    }
    let mut book = OrderBook { state, tasks: vec![told(now)], ..book() };
    match phase {
        Phase::HandedOver => book.lines[0].line.finished = 2,
        Phase::Declined | Phase::PutBack => book.lines[0].line.open = 2,
        Phase::Offered | Phase::Accepted | Phase::Picking | Phase::Packed => {}
    }
    book
}

#[test]
fn books_that_agree_say_nothing_in_every_phase() {
    for (phase, state) in [
        (Phase::Offered, OrderState::Allocated),
        (Phase::Accepted, OrderState::Accepted),
        (Phase::Picking, OrderState::Picking),
        (Phase::Packed, OrderState::Picking),
        (Phase::HandedOver, OrderState::Shipped),
        (Phase::Declined, OrderState::Placed),
        (Phase::PutBack, OrderState::Placed),
    ] {
        assert_eq!(found(&at(phase, state), SOON), [], "{phase:?}");
    }
}

#[test]
fn a_state_that_is_not_what_lines_and_tasks_amount_to() {
    let wrong = OrderBook { state: OrderState::Ready, ..book() };
    assert_eq!(found(&wrong, SOON), [(OrderState, "accepted".to_owned(), "ready".to_owned())]);
    let shipped = at(Phase::HandedOver, OrderState::Accepted);
    let told = of_order(&shipped, &ReconcilePolicy::default(), SOON);
    assert!(told[0].kind == OrderState && told[0].harm, "money follows from it");
}

#[test]
fn units_that_are_nowhere_in_two_places_or_that_left_uncounted() {
    let mut nowhere = book();
    nowhere.lines[0].line.quantity = 3;
    assert_eq!(kinds(&nowhere), [LineUnits]);
    let mut twice = book();
    twice.lines[0].line.open = 1;
    assert_eq!(kinds(&twice), [LineUnits], "and the state that follows from it is no other finding");
    let mut uncounted = at(Phase::HandedOver, OrderState::Shipped);
    (uncounted.lines[0].line.finished, uncounted.lines[0].line.cancelled) = (1, 1);
    assert_eq!(kinds(&uncounted), [LeftUnits]);
}

#[test]
fn a_row_that_is_not_what_its_facts_say_or_not_what_it_says_itself() {
    let mut stale = book();
    stale.tasks[0].folded = Some(task("leeds", Phase::Picking));
    assert_eq!(found(&stale, SOON), [(TaskFold, "picking".to_owned(), "accepted".to_owned())]);
    let mut torn = book();
    torn.tasks[0].columns.recalled = true;
    assert_eq!(kinds(&torn), [TaskRow]);
    let mut forgotten = book();
    forgotten.tasks[0].folded = None;
    assert_eq!(kinds(&forgotten), [], "its facts are not kept any more");
}

#[test]
fn work_on_what_nobody_ordered() {
    let mut book = book();
    let mut other = task("leeds", Phase::Accepted);
    other.lines[0].sku = "COFFEE".parse().unwrap();
    book.tasks = vec![told(other)];
    assert_eq!(kinds(&book), [TaskStrange]);
}

#[test]
fn holds_that_are_missing_or_left_over() {
    let mut missing = book();
    missing.tasks[0].holds.clear();
    assert_eq!(found(&missing, SOON), [(HoldUnits, "2".to_owned(), "0".to_owned())]);
    let mut elsewhere = book();
    elsewhere.tasks[0].holds[0].store = "york".parse().unwrap();
    assert_eq!(kinds(&elsewhere), [HoldUnits]);
    let mut left = at(Phase::HandedOver, OrderState::Shipped);
    left.tasks[0].holds[0].quantity = 1;
    assert_eq!(kinds(&left), [OrphanedHold]);
    left.tasks[0].level = false;
    assert_eq!(kinds(&left), [], "the store has something to tell yet");
}

#[test]
fn a_command_without_an_answer_is_told_after_its_time_and_not_before() {
    let mut recalled = book();
    let mut state = task("leeds", Phase::Accepted);
    state.recall = Some(Recall { reason: "dark".to_owned(), cancel: false });
    recalled.tasks = vec![told(state)];
    recalled.lines[0].line.open = 2;
    recalled.state = OrderState::Placed;
    recalled.waits = true;
    let wait_ms = ReconcilePolicy::default().answer_ms;
    assert_eq!(found(&recalled, UtcMs(wait_ms)), []);
    let told = of_order(&recalled, &ReconcilePolicy::default(), UtcMs(wait_ms + 1));
    assert_eq!((told.len(), told[0].kind), (1, MissingAnswer));
    assert!(told[0].words.contains("recall"), "{}", told[0].words);
}

#[test]
fn an_order_that_stands_still_names_where_and_proposes_what_to_do() {
    let policy = ReconcilePolicy::default();
    let limit = UtcMs(policy.stuck.accepted_ms);
    assert_eq!(found(&book(), limit), []);
    let after = limit.plus(1);
    let told = of_order(&book(), &policy, after);
    assert_eq!(
        (told[0].kind, told[0].found.as_str(), told[0].expected.as_str()),
        (StuckOrder, "accepted", "picking")
    );
    assert!(told[0].words.contains("acme") && told[0].words.contains("Route it again"), "{}", told[0].words);
    assert_eq!(told[0].decide_by, Some(after.plus(policy.decide_ms)));
    assert_eq!(found(&OrderBook { waits: true, ..book() }, after), [], "it waits on purpose");
    assert_eq!(found(&OrderBook { in_queue: true, ..book() }, after), [], "a person has it already");
    let promised = OrderBook { promise_by: Some(UtcMs(0)), ..book() };
    let told = of_order(&promised, &policy, UtcMs(policy.promise_grace_ms + 1));
    assert!(told[0].harm && told[0].words.contains("refund"), "{}", told[0].words);
    let held = OrderBook { held: true, ..promised };
    assert_eq!(found(&held, after), [], "nothing is known before the stores have told");
}

#[test]
fn a_position_is_what_holds_it() {
    let position = |reserved, held| PositionBook {
        tenant: tenant(),
        store: "leeds".parse().unwrap(),
        sku: "TEA".parse().unwrap(),
        reserved,
        rights_held: 0,
        held,
        held_of_rights: 0,
    };
    assert!(of_position(&position(3, 3)).is_empty());
    let less = of_position(&position(1, 3));
    assert!(less[0].kind == ReservedUnits && less[0].harm && less[0].words.contains("more may be promised"));
    assert!(!of_position(&position(4, 3))[0].harm);
    let ceded = PositionBook { rights_held: 1, ..position(3, 3) };
    assert_eq!(of_position(&ceded)[0].expected, "3, 0 of them ceded");
}

#[test]
fn a_store_whose_word_is_old_or_does_not_add_up() {
    let policy = ReconcilePolicy::default();
    let store = StoreBook {
        tenant: tenant(),
        store: "leeds".parse().unwrap(),
        level_at: Some(UtcMs(0)),
        held_skus: 4,
        unequal: Vec::new(),
    };
    let day = UtcMs(policy.stale_ms);
    assert!(of_store(&store, &policy, day).is_empty());
    assert_eq!(of_store(&store, &policy, day.plus(1))[0].kind, StaleStock);
    let idle = StoreBook { held_skus: 0, ..store.clone() };
    assert!(of_store(&idle, &policy, day.plus(1)).is_empty(), "no order rests on it");
    let sku = "TEA".parse().unwrap();
    let unequal = UnequalPosition { sku, on_hand: 5, told: 4, rights: 0, rights_told: 0 };
    let told = of_store(&StoreBook { unequal: vec![unequal], ..store }, &policy, day);
    assert_eq!((told[0].kind, told[0].expected.as_str(), told[0].found.as_str()), (OnHand, "4", "5"));
}

fn part() -> impl Strategy<Value = TaskState> {
    let phase = prop::sample::select(Phase::ALL.to_vec());
    (phase, 1..4_i64, 0..3_i64, any::<bool>(), prop::option::of(any::<bool>()), 1..50_u32).prop_map(
        |(phase, quantity, short, released, cancel, number)| {
            let mut task = task("leeds", phase);
            task.task = format!("o1-{number}").parse().unwrap();
            task.fence.number = number;
            let line = &mut task.lines[0];
            (line.quantity, line.short) = (quantity, short.min(quantity));
            line.picked = if phase.is_final() { quantity - line.short } else { 0 };
            if released {
                let replica = "leeds-a".parse().unwrap();
                task.release = Some(Release { fence: task.fence, replica, fact: None });
            }
            task.recall = cancel.map(|cancel| Recall { reason: "x".to_owned(), cancel });
            task
        },
    )
}

proptest! {
    /// Rows come as storage gives them: their order says nothing.
    #[test]
    fn the_order_of_rows_changes_no_finding(
        tasks in prop::collection::vec(part(), 0..5),
        open in 0..4_i64,
        finished in 0..4_i64,
        turn in 0..5_usize,
    ) {
        let mut book = OrderBook { tasks: tasks.into_iter().map(told).collect(), ..book() };
        (book.lines[0].line.open, book.lines[0].line.finished) = (open, finished);
        let before = of_order(&book, &ReconcilePolicy::default(), SOON);
        let turn = if book.tasks.is_empty() { 0 } else { turn % book.tasks.len() };
        book.tasks.rotate_left(turn);
        prop_assert_eq!(&of_order(&book, &ReconcilePolicy::default(), SOON), &before);
        book.tasks.reverse();
        prop_assert_eq!(of_order(&book, &ReconcilePolicy::default(), SOON), before);
    }

    /// What the writers' own rules make of tasks, one after another in any order, the comparators agree with:
    /// they share no code, so one that is wrong shows.
    #[test]
    fn what_is_written_step_by_step_agrees(
        mut tasks in prop::collection::vec(part(), 0..4),
        shuffle in 0..24_usize,
    ) {
        use crate::core::effects::{LineUnits, disposition};
        // As routing gives them: together no more than was ordered.
        let ordered: i64 = tasks.iter().map(|task| task.lines[0].quantity).sum::<i64>().max(1);
        if !tasks.is_empty() {
            let turn = shuffle % tasks.len();
            tasks.rotate_left(turn);
        }
        let given: i64 = tasks.iter().map(|task| task.lines[0].quantity).sum();
        let mut units = LineUnits { quantity: ordered, open: ordered - given, ..LineUnits::default() };
        for task in &tasks {
            units = units.changed(disposition(task, &task.lines[0]), false);
        }
        let mut book = OrderBook { tasks: tasks.into_iter().map(told).collect(), ..book() };
        let line = &mut book.lines[0].line;
        (line.quantity, line.open) = (ordered, units.open);
        (line.finished, line.cancelled) = (units.finished, units.cancelled);
        book.lines[0].surplus = units.surplus;
        let states: Vec<TaskState> = book.tasks.iter().map(|task| task.state.clone()).collect();
        let lines = [book.lines[0].line.clone()];
        book.state = crate::core::order_state::order_state(book.kind, &lines, &states, book.payment);
        book.waits = true;
        let told = of_order(&book, &ReconcilePolicy::default(), SOON);
        prop_assert!(told.iter().all(|one| matches!(one.kind, MissingAnswer)), "{:?}", told);
    }
}
