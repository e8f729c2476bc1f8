use super::*;
use crate::domain::task::Status;
use crate::domain::task::check;
use crate::domain::task::{FulfilmentKind, OfferLine, ReleasePoint};
use crate::ids::{LineNo, ReplicaId, TaskId};
use crate::time::UtcMs;
use proptest::prelude::*;

mod two_boxes;

struct Script {
    facts: Vec<Fact>,
    fence: Fence,
}

impl Script {
    fn offered() -> Self {
        let mut script = Self { facts: Vec::new(), fence: Fence { incarnation: 1, number: 1 } };
        script.say(offer());
        script
    }

    /// Giving work back is the one thing that is said under a new fence.
    fn say(&mut self, event: TaskEvent) -> &mut Self {
        self.fence.number += u32::from(event == TaskEvent::Readopted);
        let n = self.facts.len();
        let said = TaskFact { task: TaskId::new("o-1").unwrap(), fence: self.fence, event };
        self.facts.push(Fact {
            id: format!("d.1.{n}").parse().unwrap(),
            at: Hlc { wall: UtcMs(i64::try_from(n).unwrap()), counter: 0 },
            actor: crate::ids::Actor::new("x").unwrap(),
            after: self.facts.last().map(|fact| fact.id.clone()),
            trace: None,
            body: Body::Task(said),
        });
        self
    }

    fn picked(&mut self) -> &mut Self {
        self.say(TaskEvent::Accepted)
            .say(TaskEvent::PickingStarted)
            .say(TaskEvent::Picked { line: LineNo(1), quantity: 2 })
    }

    fn folded(&self) -> Folded {
        fold(&self.facts).unwrap()
    }
}

fn offer() -> TaskEvent {
    TaskEvent::Offered(Offer {
        order: "o".parse().unwrap(),
        store: "s".parse().unwrap(),
        kind: FulfilmentKind::Ship,
        release_point: ReleasePoint::Packed,
        lines: vec![OfferLine { line: LineNo(1), sku: "A".parse().unwrap(), quantity: 2, ceded: false }],
        accept_by: UtcMs(100),
        promise_by: None,
        note: None,
    })
}

fn released() -> TaskEvent {
    TaskEvent::Released { replica: ReplicaId::new("s-a").unwrap() }
}

fn recalled() -> TaskEvent {
    TaskEvent::Recalled { reason: "store went dark".into() }
}

fn handed_over() -> TaskEvent {
    TaskEvent::HandedOver { to: None }
}

#[test]
fn goods_leave_only_with_a_release() {
    let mut script = Script::offered();
    script.picked().say(TaskEvent::Packed);
    let packed = script.folded().state;
    assert_eq!(packed.status(), Status::AwaitingRelease);
    assert!(packed.release_due());
    assert_eq!(check(&packed, &handed_over()), Err(Illegal::NotReleased));
    let ready = script.say(released()).folded().state;
    assert_eq!(ready.status(), Status::Ready);
    assert_eq!(check(&ready, &handed_over()), Ok(()));
}

fn let_go() -> TaskEvent {
    TaskEvent::LetGo { replica: ReplicaId::new("s-a").unwrap(), reason: "the driver waits".into() }
}

fn taken_back() -> TaskEvent {
    TaskEvent::TakenBack { reason: "the customer is in York".into() }
}

fn cancelled() -> TaskEvent {
    TaskEvent::CancelRequested { reason: "no".into() }
}

/// The facts of a store that had not heard of what central said meanwhile.
fn unaware(events: Vec<TaskEvent>, meanwhile: TaskEvent, at: usize) -> Script {
    let mut script = Script::offered();
    for event in events {
        script.say(event);
    }
    let central = TaskFact { task: TaskId::new("o-1").unwrap(), fence: script.fence, event: meanwhile };
    let beside = script.facts[at.min(script.facts.len() - 1)].clone();
    let after = Some(script.facts[0].id.clone());
    script.facts.push(Fact {
        id: "central.1.9".parse().unwrap(),
        after,
        body: Body::Task(central),
        ..beside
    });
    script
}

fn work() -> Vec<TaskEvent> {
    vec![
        TaskEvent::Accepted,
        TaskEvent::PickingStarted,
        TaskEvent::Picked { line: LineNo(1), quantity: 1 },
        TaskEvent::Short { line: LineNo(1), missing: 1 },
        TaskEvent::Packed,
    ]
}

#[test]
fn work_done_before_the_recall_was_heard_of_is_what_lies_in_the_tote() {
    for at in 0..=5 {
        let folded = unaware(work(), recalled(), at).folded();
        assert_eq!(folded.contradictions, [], "recalled at {at}");
        assert_eq!((folded.state.phase, folded.state.status()), (Phase::Packed, Status::PuttingBack));
        let line = &folded.state.lines[0];
        assert_eq!((line.picked, line.short), (1, 1));
        assert!(matches!(check(&folded.state, &handed_over()), Err(Illegal::Recalled { .. })));
    }
}

#[test]
fn a_decline_that_crossed_the_recall_ends_the_task() {
    for at in 0..=1 {
        let declined = vec![TaskEvent::Declined { reason: "busy".into() }];
        let folded = unaware(declined, recalled(), at).folded();
        assert_eq!(folded.state.status(), Status::Declined);
        assert!(folded.contradictions.iter().all(|told| told.kind == "recalled"));
    }
}

#[test]
fn what_was_given_back_goes_on_where_it_was() {
    let mut script = unaware(work(), recalled(), 2);
    script.say(TaskEvent::Readopted);
    let state = script.folded().state;
    assert_eq!((state.status(), state.fence), (Status::AwaitingRelease, script.fence));
    assert_eq!((state.lines[0].picked, state.lines[0].short), (1, 1));
    assert!(state.release_due() && state.recall.is_none());
    assert_eq!(script.say(released()).say(handed_over()).folded().contradictions, []);
}

#[test]
fn work_under_the_old_fence_belongs_to_what_is_given_back() {
    let mut script = unaware(work(), recalled(), 2);
    let packed = script.facts.remove(5);
    script.say(TaskEvent::Readopted);
    script.facts.push(Fact { id: "late.1.1".parse().unwrap(), ..packed });
    let folded = script.folded();
    assert_eq!((folded.state.status(), folded.contradictions), (Status::AwaitingRelease, vec![]));
}

#[test]
fn what_was_put_back_or_has_left_is_not_given_back() {
    let mut script = unaware(work(), recalled(), 2);
    let put_back = script.say(TaskEvent::PutBack).say(TaskEvent::Readopted).folded();
    assert_eq!(put_back.state.status(), Status::PutBack);
    let mut script = Script::offered();
    assert!(check(&script.folded().state, &TaskEvent::Readopted).is_err(), "nothing was recalled");
    let cancel = script.picked().say(cancelled()).folded().state;
    assert!(check(&cancel, &TaskEvent::Readopted).is_err(), "the customer's word is not central's to undo");
}

/// The recall was heard and obeyed while the work was given back: what lies on the shelf goes nowhere.
#[test]
fn what_was_put_back_stays_so_when_it_is_given_back_and_released_meanwhile() {
    let mut script = Script::offered();
    script.picked().say(TaskEvent::Packed).say(recalled());
    let mut returned = script.facts.last().unwrap().clone();
    script.say(TaskEvent::Readopted).say(released());
    returned.after = Some(returned.id);
    returned.id = "d.1.99".parse().unwrap();
    returned.at.wall.0 += 50;
    let Body::Task(said) = &mut returned.body else { unreachable!() };
    said.event = TaskEvent::PutBack;
    script.facts.push(returned);

    let folded = script.folded();

    assert_eq!(folded.state.phase, Phase::PutBack);
    assert!(check(&folded.state, &handed_over()).is_err());
}

#[test]
fn a_person_takes_released_goods_back() {
    let mut script = Script::offered();
    script.picked().say(TaskEvent::Packed).say(released()).say(taken_back());
    let state = script.folded().state;
    assert_eq!((state.status(), state.release.clone()), (Status::PuttingBack, None));
    assert!(matches!(check(&state, &handed_over()), Err(Illegal::Recalled { .. })));
    let left = script.say(handed_over()).folded();
    assert_eq!(left.state.status(), Status::HandedOver);
    assert!(left.contradictions.iter().any(|told| told.taken_over));
}

#[test]
fn a_manager_lets_packed_goods_go_without_a_release() {
    let mut script = Script::offered();
    let picking = script.picked().folded().state;
    assert!(check(&picking, &let_go()).is_err(), "only what is packed");
    let state = script.say(TaskEvent::Packed).say(let_go()).folded().state;
    assert_eq!((state.status(), state.may_leave()), (Status::Ready, false));
    assert!(state.cleared_for(&"s-a".parse().unwrap()) && !state.cleared_for(&"s-b".parse().unwrap()));
    assert_eq!(check(&state, &let_go()), Err(Illegal::MayLeaveAlready));
    assert_eq!(script.say(handed_over()).folded().contradictions, []);
    let mut stopped = Script::offered();
    let stopped = stopped.picked().say(TaskEvent::Packed).say(recalled()).folded().state;
    assert!(matches!(check(&stopped, &let_go()), Err(Illegal::Recalled { .. })));
}

#[test]
fn a_cancel_that_came_too_late_is_answered_by_what_happened() {
    let mut script = Script::offered();
    script.picked().say(TaskEvent::Packed).say(released()).say(handed_over());
    assert!(check(&script.folded().state, &cancelled()).is_err(), "nobody asks for what has left");
    let folded = script.say(cancelled()).folded();
    assert_eq!((folded.state.status(), folded.contradictions), (Status::HandedOver, vec![]));
    assert!(folded.state.recall.is_some_and(|recall| recall.cancel));
}

#[test]
fn recalled_work_is_put_back_and_nothing_else() {
    let mut script = Script::offered();
    let state = script.picked().say(recalled()).folded().state;
    assert_eq!(state.status(), Status::PuttingBack);
    assert!(matches!(check(&state, &TaskEvent::Packed), Err(Illegal::Recalled { .. })));
    assert!(matches!(check(&state, &released()), Err(Illegal::Recalled { .. })));
    assert_eq!(script.say(TaskEvent::PutBack).folded().state.status(), Status::PutBack);
}

#[test]
fn released_work_is_not_recalled_but_may_be_asked_to_cancel() {
    let mut script = Script::offered();
    let state = script.picked().say(TaskEvent::Packed).say(released()).folded().state;
    assert!(matches!(check(&state, &recalled()), Err(Illegal::AlreadyReleased { .. })));
    assert_eq!(check(&state, &TaskEvent::CancelRequested { reason: "changed my mind".into() }), Ok(()));
}

#[test]
fn goods_that_left_have_left_whoever_forbade_it() {
    let mut script = Script::offered();
    script.picked().say(TaskEvent::Packed).say(recalled()).say(handed_over());
    let folded = script.folded();
    assert_eq!(folded.state.status(), Status::HandedOver);
    assert!(folded.contradictions.iter().any(|told| told.taken_over && told.kind == "handed_over"));
}

#[test]
fn an_answer_stamped_before_its_question_still_comes_after_it() {
    let mut script = Script::offered();
    script.say(TaskEvent::Accepted);
    script.facts[1].at = Hlc::default();
    script.facts[0].at = Hlc { wall: UtcMs(9_000), counter: 0 };
    let folded = script.folded();
    assert_eq!(folded.state.phase, Phase::Accepted);
    assert_eq!(folded.contradictions, []);
}

#[test]
fn a_new_fence_begins_anew_and_old_facts_are_told() {
    let mut script = Script::offered();
    script.say(TaskEvent::Accepted);
    script.fence.number = 2;
    script.say(offer());
    script.fence.number = 1;
    script.facts.push(Fact { after: None, ..script.facts[1].clone() });
    script.facts.last_mut().unwrap().id = "late.1.1".parse().unwrap();
    let folded = script.folded();
    assert_eq!((folded.state.phase, folded.state.fence.number), (Phase::Offered, 2));
}

#[test]
fn facts_that_name_each_other_in_a_circle_are_not_dropped() {
    let mut script = Script::offered();
    script.say(TaskEvent::Accepted).say(TaskEvent::PickingStarted);
    script.facts[1].after = Some(script.facts[2].id.clone());
    assert_eq!(script.folded().state.phase, Phase::Picking);
}

#[test]
fn a_line_must_be_whole_before_it_is_packed() {
    let mut script = Script::offered();
    let state = script.say(TaskEvent::Accepted).say(TaskEvent::PickingStarted).folded().state;
    assert_eq!(check(&state, &TaskEvent::Packed), Err(Illegal::LineOpen(LineNo(1))));
    let too_many = TaskEvent::Picked { line: LineNo(1), quantity: 3 };
    assert!(matches!(check(&state, &too_many), Err(Illegal::TooMany { open: 2, .. })));
    let short = script.say(TaskEvent::Short { line: LineNo(1), missing: 2 }).folded().state;
    assert_eq!(check(&short, &TaskEvent::Packed), Err(Illegal::NothingPicked));
    assert_eq!(check(&short, &TaskEvent::PutBack), Ok(()));
}

fn any_event() -> impl Strategy<Value = TaskEvent> {
    prop_oneof![
        Just(TaskEvent::Accepted),
        Just(TaskEvent::Declined { reason: "busy".into() }),
        Just(TaskEvent::PickingStarted),
        (1_i64..3).prop_map(|quantity| TaskEvent::Picked { line: LineNo(1), quantity }),
        (1_i64..3).prop_map(|missing| TaskEvent::Short { line: LineNo(1), missing }),
        Just(TaskEvent::Packed),
        Just(handed_over()),
        Just(TaskEvent::PutBack),
        Just(released()),
        Just(recalled()),
        Just(cancelled()),
        Just(TaskEvent::Readopted),
        Just(taken_back()),
        Just(let_go()),
    ]
}

proptest! {
    #[test]
    fn every_order_of_arrival_folds_to_the_same_state(
        events in prop::collection::vec(any_event(), 0..12),
        shuffle in prop::collection::vec(any::<u32>(), 13),
        forget in prop::collection::vec(any::<bool>(), 13),
    ) {
        let mut script = Script::offered();
        for event in events { script.say(event); }
        for (fact, forget) in script.facts.iter_mut().zip(&forget) {
            if *forget { fact.after = None; }
        }
        let expected = script.folded();
        let mut keyed: Vec<_> = shuffle.iter().zip(script.facts.clone()).collect();
        keyed.sort_by_key(|(key, _)| **key);
        let arrived: Vec<Fact> = keyed.into_iter().map(|(_, fact)| fact).collect();
        prop_assert_eq!(fold(arrived.iter().chain(&arrived)).unwrap(), expected);
    }

    /// A recall says nothing about the tote, so where it ranks among the work makes no difference.
    #[test]
    fn a_recall_never_changes_what_lies_in_the_tote(
        events in prop::collection::vec(any_event(), 0..20),
        at in 0..20_usize,
    ) {
        let mut script = Script::offered();
        let mut work = Vec::new();
        for event in events.into_iter().filter(|event| !event.is_centrals()) {
            if !matches!(event, TaskEvent::HandedOver { .. }) && check(&script.folded().state, &event).is_ok() {
                script.say(event.clone());
                work.push(event);
            }
        }
        let alone = script.folded().state;
        let folded = unaware(work, recalled(), at).folded();
        prop_assert_eq!((folded.state.phase, &folded.state.lines), (alone.phase, &alone.lines));
        prop_assert!(folded.contradictions.iter().all(|told| told.kind == "recalled" && !told.taken_over));
    }

    #[test]
    fn an_event_that_passes_the_check_never_contradicts(events in prop::collection::vec(any_event(), 0..30)) {
        let mut script = Script::offered();
        for event in events {
            if check(&script.folded().state, &event).is_ok() { script.say(event); }
        }
        let folded = script.folded();
        prop_assert_eq!(folded.contradictions, vec![]);
        if folded.state.phase == Phase::HandedOver { prop_assert!(folded.state.cleared()); }
        for line in &folded.state.lines { prop_assert!(line.open() >= 0); }
    }
}

proptest! {
    /// Six hours, a year, 1970: each writer's clock says what it likes, and what happened because of
    /// what stays in that order.
    #[test]
    fn no_clock_changes_what_a_chain_of_causes_folds_to(walls in prop::collection::vec(any::<i64>(), 8)) {
        let mut script = Script::offered();
        script.picked().say(TaskEvent::Packed).say(released()).say(handed_over());
        let mut right = script.folded();
        for (fact, wall) in script.facts.iter_mut().zip(walls) {
            fact.at.wall = UtcMs(wall);
        }
        script.facts.reverse();
        let mut wrong = script.folded();
        for folded in [&mut right, &mut wrong] {
            (folded.state.offered_at, folded.state.changed_at) = (Hlc::default(), Hlc::default());
        }
        prop_assert_eq!(right, wrong);
    }
}
