use super::*;
use crate::domain::task::Status;
use crate::domain::task::check;
use crate::domain::task::{FulfilmentKind, OfferLine, ReleasePoint};
use crate::ids::{LineNo, ReplicaId, TaskId};
use crate::time::UtcMs;
use proptest::prelude::*;

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

    fn say(&mut self, event: TaskEvent) -> &mut Self {
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
        lines: vec![OfferLine { line: LineNo(1), sku: "A".parse().unwrap(), quantity: 2 }],
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
        Just(TaskEvent::CancelRequested { reason: "no".into() }),
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

    #[test]
    fn an_event_that_passes_the_check_never_contradicts(events in prop::collection::vec(any_event(), 0..30)) {
        let mut script = Script::offered();
        for event in events {
            if check(&script.folded().state, &event).is_ok() { script.say(event); }
        }
        let folded = script.folded();
        prop_assert_eq!(folded.contradictions, vec![]);
        if folded.state.phase == Phase::HandedOver { prop_assert!(folded.state.may_leave()); }
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
