use super::short;
use crate::core::command::{
    BringBackLine, BringBackRequest, ClosureRequest, Command, MovementKind, MovementRequest, Position,
    Refusal, TaskAct,
};
use crate::core::decide::decide;
use crate::core::outcome::{Context, Outcome, Reply, Undecided};
use crate::core::testing::{Shelf, acts, at, intent, moves, request, task};
use holdfast_shared::domain::bring_back::{Condition, ReturnRef};
use holdfast_shared::domain::fact::Body;
use holdfast_shared::domain::stock::Movement;
use holdfast_shared::domain::task::{Illegal, LetGo, Phase, Recall, Release, TaskEvent, TaskState};
use holdfast_shared::error::Code;
use holdfast_shared::ids::LineNo;
use holdfast_shared::limits::{MOVEMENTS_MAX, NOTE_CHARS_MAX, POSITION_MAX, QUANTITY_MAX};
use holdfast_shared::time::UtcMs;

fn shelf(stock: &[(&str, i64)]) -> Shelf {
    let on_hand = stock.iter().map(|(sku, units)| (sku.parse().unwrap(), *units)).collect();
    Shelf { on_hand, ..Shelf::default() }
}

fn with(state: &TaskState) -> Shelf {
    let mut shelf = shelf(&[]);
    shelf.tasks.insert(state.task.clone(), state.clone());
    shelf
}

fn run(shelf: &Shelf, command: &Command) -> Result<Outcome, Refusal> {
    let replica = "leeds-a".parse().unwrap();
    let intent = intent("k");
    let context = Context { intent: &intent, replica: Some(&replica), now: at(1_000) };
    match decide(shelf, command, context) {
        Ok(outcome) => Ok(outcome),
        Err(Undecided::Refused(refusal)) => Err(refusal),
        Err(Undecided::View(never)) => match never {},
    }
}

/// Kind and difference of each stock fact.
fn stock(outcome: &Outcome) -> Vec<(&'static str, i64)> {
    let stock = outcome.said.iter().filter_map(|said| match &said.body {
        Body::Stock(fact) => Some((fact.movement.kind(), fact.delta)),
        Body::Task(_) | Body::Epoch(_) => None,
    });
    stock.collect()
}

fn event(outcome: &Outcome) -> &TaskEvent {
    match &outcome.said[0].body {
        Body::Task(said) => &said.event,
        other @ (Body::Stock(_) | Body::Epoch(_)) => panic!("{other:?}"),
    }
}

fn act(state: &TaskState, act: TaskAct) -> Result<Outcome, Refusal> {
    run(&with(state), &acts(state.task.as_str(), act))
}

fn picking() -> TaskState {
    TaskState { phase: Phase::Picking, ..task("o-1", &[("A", 2), ("B", 1)]) }
}

/// One of two As found, and the B.
fn packed() -> TaskState {
    let mut state = TaskState { phase: Phase::Packed, ..picking() };
    state.lines[0].picked = 1;
    state.lines[0].short = 1;
    state.lines[1].picked = 1;
    state
}

fn released(mut state: TaskState) -> TaskState {
    state.release = Some(Release { fence: state.fence, replica: "leeds-a".parse().unwrap(), fact: None });
    state
}

fn recalled(mut state: TaskState) -> TaskState {
    state.recall = Some(Recall { reason: "went dark".into(), cancel: false });
    state
}

#[test]
fn each_movement_becomes_the_difference_that_it_made() {
    for (kind, quantity, delta) in [
        (MovementKind::Sale, 3, -3),
        (MovementKind::Return, 3, 3),
        (MovementKind::Receipt, 3, 3),
        (MovementKind::Adjustment, -3, -3),
        (MovementKind::Count, 3, -7),
        (MovementKind::TransferOut, 3, -3),
        (MovementKind::TransferIn, 3, 3),
    ] {
        let outcome = run(&shelf(&[("A", 10)]), &moves(kind, "A", quantity)).unwrap();
        assert_eq!(stock(&outcome)[0].1, delta, "{kind:?}");
        assert_eq!(outcome.reply, Reply::Moved(vec!["A".parse().unwrap()]));
    }
}

fn brought_back(lines: &[(&str, i64, Condition)]) -> Command {
    let line = |(sku, units, condition): &(&str, i64, Condition)| BringBackLine {
        sku: sku.parse().unwrap(),
        units: *units,
        condition: *condition,
    };
    let of = ReturnRef::Order("o-1".parse().unwrap());
    Command::BringBack(BringBackRequest { of, lines: lines.iter().map(line).collect(), note: None })
}

#[test]
fn of_what_comes_back_only_the_sellable_is_stock() {
    let lines = [("A", 2, Condition::Sellable), ("A", 1, Condition::Damaged), ("B", 1, Condition::Missing)];
    let outcome = run(&shelf(&[("A", 10), ("B", 0)]), &brought_back(&lines)).unwrap();
    assert_eq!(stock(&outcome), [("brought_back", 2), ("brought_back", 0), ("brought_back", 0)]);
}

#[test]
fn what_cannot_have_come_back_is_refused_whole() {
    let sellable = Condition::Sellable;
    for lines in [
        vec![],
        vec![("A", 0, sellable)],
        vec![("A", QUANTITY_MAX + 1, Condition::Damaged)],
        vec![("A", 1, sellable), ("A", 1, sellable)],
        vec![("A", 1, sellable), ("NO-SUCH", 1, sellable)],
    ] {
        assert!(run(&shelf(&[("A", 1)]), &brought_back(&lines)).is_err(), "{lines:?}");
    }
}

#[test]
fn a_sale_is_recorded_even_when_the_books_have_none() {
    let outcome = run(&shelf(&[("A", 0)]), &moves(MovementKind::Sale, "A", 2)).unwrap();
    assert_eq!(stock(&outcome), [("sale", -2)]);
}

#[test]
fn a_count_sees_what_moved_before_it_in_the_same_request() {
    let both = vec![request(MovementKind::Sale, "A", 4), request(MovementKind::Count, "A", 5)];
    let outcome = run(&shelf(&[("A", 10)]), &Command::Move(both)).unwrap();
    assert_eq!(stock(&outcome), [("sale", -4), ("count", -1)]);
}

#[test]
fn absurd_or_ill_formed_movements_are_refused() {
    let sale = || request(MovementKind::Sale, "A", 1);
    let wrong: Vec<(Vec<MovementRequest>, Code)> = vec![
        (vec![], Code::InvalidRequest),
        (vec![sale(); MOVEMENTS_MAX + 1], Code::InvalidRequest),
        (vec![sale(), request(MovementKind::Sale, "ghost", 1)], Code::UnknownSku),
        (vec![request(MovementKind::Sale, "A", 0)], Code::InvalidQuantity),
        (vec![request(MovementKind::Sale, "A", -1)], Code::InvalidQuantity),
        (vec![request(MovementKind::Receipt, "A", QUANTITY_MAX + 1)], Code::InvalidQuantity),
        (vec![request(MovementKind::Adjustment, "A", 0)], Code::InvalidQuantity),
        (vec![request(MovementKind::Adjustment, "A", i64::MIN)], Code::InvalidQuantity),
        (vec![request(MovementKind::Count, "A", -1)], Code::InvalidQuantity),
        (vec![request(MovementKind::Receipt, "full", 1)], Code::InvalidQuantity),
        (vec![request(MovementKind::Count, "full", 0)], Code::InvalidQuantity),
        (
            vec![MovementRequest { peer: None, ..request(MovementKind::TransferOut, "A", 1) }],
            Code::InvalidRequest,
        ),
        (
            vec![MovementRequest { peer: None, ..request(MovementKind::TransferIn, "A", 1) }],
            Code::InvalidRequest,
        ),
        (vec![MovementRequest { peer: Some("york".parse().unwrap()), ..sale() }], Code::InvalidRequest),
        (
            vec![MovementRequest { note: Some("x".repeat(NOTE_CHARS_MAX + 1)), ..sale() }],
            Code::InvalidRequest,
        ),
    ];
    let shelf = shelf(&[("A", 10), ("full", POSITION_MAX)]);
    for (requests, code) in wrong {
        let told = format!("{:?}", requests.first());
        let refusal = run(&shelf, &Command::Move(requests)).unwrap_err();
        assert_eq!(refusal.code(), code, "{told}: {refusal}");
    }
}

#[test]
fn a_task_that_is_not_known_is_refused() {
    let refusal = run(&shelf(&[]), &acts("o-9", TaskAct::Accept)).unwrap_err();
    assert_eq!(refusal.code(), Code::UnknownTask);
}

#[test]
fn the_plain_way_names_the_fact_that_it_comes_after() {
    let offered = task("o-1", &[("A", 2)]);
    let outcome = act(&offered, TaskAct::Accept).unwrap();
    assert_eq!(
        (event(&outcome), outcome.said[0].after.as_ref()),
        (&TaskEvent::Accepted, Some(&offered.newest))
    );
    let accepted = TaskState { phase: Phase::Accepted, ..offered };
    assert_eq!(event(&act(&accepted, TaskAct::StartPicking).unwrap()), &TaskEvent::PickingStarted);
    let pick = TaskAct::Pick { line: LineNo(1), quantity: 2 };
    assert!(pick.became(event(&act(&picking(), pick.clone()).unwrap())));
    let mut done = picking();
    done.lines.iter_mut().for_each(|line| line.picked = line.quantity);
    assert_eq!(event(&act(&done, TaskAct::Pack).unwrap()), &TaskEvent::Packed);
}

#[test]
fn an_act_that_may_not_follow_is_refused_with_its_own_code() {
    let offered = || task("o-1", &[("A", 2)]);
    let pick = |line, quantity| TaskAct::Pick { line: LineNo(line), quantity };
    for (state, wish, code) in [
        (picking(), TaskAct::Accept, Code::IllegalTransition),
        (offered(), TaskAct::StartPicking, Code::IllegalTransition),
        (offered(), pick(1, 1), Code::IllegalTransition),
        (picking(), pick(1, 3), Code::InvalidQuantity),
        (picking(), pick(1, 0), Code::InvalidQuantity),
        (picking(), pick(9, 1), Code::NotFound),
        (picking(), TaskAct::Short { line: LineNo(1), missing: 3 }, Code::InvalidQuantity),
        (picking(), TaskAct::Short { line: LineNo(9), missing: 1 }, Code::NotFound),
        (picking(), TaskAct::Pack, Code::IllegalTransition),
        (picking(), TaskAct::PutBack, Code::IllegalTransition),
        (recalled(picking()), pick(1, 1), Code::Recalled),
        (recalled(offered()), TaskAct::Accept, Code::Recalled),
        (picking(), TaskAct::Decline { reason: "busy".into() }, Code::IllegalTransition),
        (offered(), TaskAct::Decline { reason: " ".into() }, Code::InvalidRequest),
        (offered(), TaskAct::Decline { reason: "x".repeat(NOTE_CHARS_MAX + 1) }, Code::InvalidRequest),
        (packed(), TaskAct::HandOver { to: None }, Code::NotReleased),
        (recalled(packed()), TaskAct::HandOver { to: None }, Code::Recalled),
        (
            released(packed()),
            TaskAct::HandOver { to: Some("x".repeat(NOTE_CHARS_MAX + 1)) },
            Code::InvalidRequest,
        ),
    ] {
        let told = format!("{:?} {wish:?}", state.phase);
        assert_eq!(act(&state, wish).unwrap_err().code(), code, "{told}");
    }
}

#[test]
fn declining_frees_every_line() {
    let outcome =
        act(&task("o-1", &[("A", 2), ("B", 1)]), TaskAct::Decline { reason: "busy".into() }).unwrap();
    assert_eq!(stock(&outcome), [("put_back", 0), ("put_back", 0)]);
    let quantities = outcome.said.iter().filter_map(|said| match &said.body {
        Body::Stock(fact) => match &fact.movement {
            Movement::PutBack { quantity, .. } => Some(*quantity),
            other => panic!("{other:?}"),
        },
        Body::Task(_) | Body::Epoch(_) => None,
    });
    assert_eq!(quantities.collect::<Vec<_>>(), [2, 1]);
}

#[test]
fn units_not_found_come_off_the_books() {
    let outcome = act(&picking(), TaskAct::Short { line: LineNo(1), missing: 2 }).unwrap();
    assert_eq!(stock(&outcome), [("short_pick", -2)]);
}

#[test]
fn handing_over_takes_what_was_picked_off_the_books() {
    let outcome = act(&released(packed()), TaskAct::HandOver { to: Some("carrier".into()) }).unwrap();
    assert_eq!(stock(&outcome), [("hand_over", -1), ("hand_over", -1)]);
    assert_eq!(outcome.said.len(), 3);
}

#[test]
fn a_release_to_another_replica_lets_nothing_leave_here() {
    let mut state = released(packed());
    let other: holdfast_shared::ids::ReplicaId = "leeds-b".parse().unwrap();
    state.release.as_mut().unwrap().replica = other.clone();
    assert_eq!(act(&state, TaskAct::HandOver { to: None }), Err(Refusal::ReleasedElsewhere(other)));
}

#[test]
fn a_manager_lets_packed_goods_go_only_while_central_cannot_be_asked() {
    let let_go = |central_answers| TaskAct::LetGo { reason: "the driver waits".into(), central_answers };
    assert_eq!(act(&packed(), let_go(true)), Err(Refusal::CentralAnswers));
    let outcome = act(&packed(), let_go(false)).unwrap();
    assert!(matches!(event(&outcome), TaskEvent::LetGo { replica, .. } if replica.as_str() == "leeds-a"));
    assert_eq!(act(&released(packed()), let_go(false)), Err(Refusal::Illegal(Illegal::MayLeaveAlready)));
    assert!(matches!(
        act(&recalled(packed()), let_go(false)),
        Err(Refusal::Illegal(Illegal::Recalled { .. }))
    ));
    let blank = TaskAct::LetGo { reason: " ".into(), central_answers: false };
    assert!(matches!(act(&packed(), blank), Err(Refusal::Invalid(_))));
    let mut state = packed();
    state.let_go = Some(LetGo { replica: "leeds-a".parse().unwrap(), reason: "the driver waits".into() });
    assert_eq!(act(&state, TaskAct::HandOver { to: None }).unwrap().said.len(), 3);
    state.let_go.as_mut().unwrap().replica = "leeds-b".parse().unwrap();
    assert_eq!(act(&state, TaskAct::HandOver { to: None }), Err(Refusal::Illegal(Illegal::NotReleased)));
}

/// On the books, of them set aside (the line's two included), missing; what comes off and what is freed.
#[test]
fn a_missing_unit_comes_off_the_books_once() {
    for (on_hand, reserved, missing, off, freed) in [
        (2, 2, 2, 2, 0),
        // One of the two was sold at the till although it was set aside.
        (1, 2, 2, 1, 1),
        (0, 2, 2, 0, 2),
        (-3, 2, 1, 0, 1),
        // Another order holds three.
        (4, 5, 2, 1, 1),
        (9, 5, 2, 2, 0),
    ] {
        let books = Position {
            sku: "A".parse().unwrap(),
            name: String::new(),
            barcode: None,
            on_hand,
            reserved,
            available: on_hand - reserved,
            as_of: None,
            counted_at: None,
            rights: None,
        };
        let said = short::decide(&picking(), LineNo(1), missing, Some(&books)).unwrap();
        let freed_units = said.iter().filter_map(|said| match &said.body {
            Body::Stock(fact) => fact.ends_hold().map(|(_, units)| units + fact.delta),
            Body::Task(_) | Body::Epoch(_) => None,
        });
        let off_units = said.iter().filter_map(|said| match &said.body {
            Body::Stock(fact) => Some(fact.delta),
            Body::Task(_) | Body::Epoch(_) => None,
        });
        assert_eq!((-off_units.sum::<i64>(), freed_units.sum::<i64>()), (off, freed), "{books:?}");
    }
}

#[test]
fn putting_back_frees_what_was_not_short() {
    let outcome = act(&recalled(packed()), TaskAct::PutBack).unwrap();
    assert_eq!(event(&outcome), &TaskEvent::PutBack);
    assert_eq!(stock(&outcome), [("put_back", 0), ("put_back", 0)]);
}

#[test]
fn a_closure_says_who_and_why_and_ends_later() {
    let closure =
        |cause: &str, until| Command::Close(Some(ClosureRequest { hard: true, cause: cause.into(), until }));
    let outcome = run(&shelf(&[]), &closure("flood", Some(UtcMs(2_000)))).unwrap();
    let note = outcome.closure.unwrap().unwrap();
    assert_eq!((note.author.as_str(), note.since), ("amy", UtcMs(1_000)));
    assert!(run(&shelf(&[]), &closure(" ", None)).is_err());
    assert!(run(&shelf(&[]), &closure("flood", Some(UtcMs(1_000)))).is_err());
    assert_eq!(run(&shelf(&[]), &Command::Close(None)).unwrap().closure, Some(None));
}
