use super::*;
use holdfast_shared::domain::fact::{Body, Fact};
use holdfast_shared::domain::fence::Fence;
use holdfast_shared::domain::task::{FulfilmentKind, Offer, OfferLine, ReleasePoint, TaskFact};
use holdfast_shared::domain::task_fold::fold;
use holdfast_shared::ids::{Actor, OrderId, ReplicaId, Sku, TaskId};
use holdfast_shared::time::{Hlc, UtcMs};

/// Facts of one task, in the order told.
struct Story(Vec<Fact>);

impl Story {
    fn offered(release_point: ReleasePoint) -> Self {
        let offer = Offer {
            order: OrderId::new("o").unwrap(),
            store: StoreId::new("leeds").unwrap(),
            kind: FulfilmentKind::Ship,
            release_point,
            lines: vec![OfferLine {
                line: LineNo(1),
                sku: Sku::new("A").unwrap(),
                quantity: 3,
                ceded: false,
            }],
            accept_by: UtcMs(1000),
            promise_by: None,
            note: None,
        };
        Self(Vec::new()).then(TaskEvent::Offered(offer))
    }

    fn then(mut self, event: TaskEvent) -> Self {
        let n = self.0.len() + 1;
        let number = 1 + u32::from(event == TaskEvent::Readopted);
        let task = TaskId::new("o-1").unwrap();
        self.0.push(Fact {
            id: format!("d.1.{n}").parse().unwrap(),
            at: Hlc { wall: UtcMs(i64::try_from(n).unwrap()), counter: 0 },
            actor: Actor::new("ann").unwrap(),
            after: None,
            trace: None,
            // Only giving work back is said under a new fence in these stories.
            body: Body::Task(TaskFact { task, fence: Fence { incarnation: 1, number }, event }),
        });
        self
    }

    fn packed(self) -> Self {
        self.then(TaskEvent::Accepted)
            .then(TaskEvent::PickingStarted)
            .then(TaskEvent::Picked { line: LineNo(1), quantity: 2 })
            .then(TaskEvent::Short { line: LineNo(1), missing: 1 })
            .then(TaskEvent::Packed)
    }

    fn folded(&self) -> Folded {
        fold(&self.0).unwrap()
    }

    /// What follows from the last `n` facts.
    fn effects_of_last(&self, n: usize) -> Vec<Effect> {
        let before = fold(&self.0[..self.0.len() - n]);
        effects(before.as_ref(), &self.folded())
    }
}

fn units(open: i64, finished: i64, cancelled: i64) -> Effect {
    Effect::Units { line: LineNo(1), change: Disposition { open, finished, cancelled } }
}

fn recalled() -> TaskEvent {
    TaskEvent::Recalled { reason: "dark".into() }
}

fn released() -> TaskEvent {
    TaskEvent::Released { replica: ReplicaId::new("leeds-a").unwrap() }
}

#[test]
fn a_decline_opens_all_units_and_ends_their_holds() {
    let story = Story::offered(ReleasePoint::Packed).then(TaskEvent::Declined { reason: "busy".into() });
    assert_eq!(story.effects_of_last(1), [units(3, 0, 0), Effect::EndHolds]);
}

#[test]
fn a_short_line_opens_what_was_not_found_and_the_rest_goes_on() {
    let story = Story::offered(ReleasePoint::Packed).packed();
    assert_eq!(story.effects_of_last(5), [units(1, 0, 0), Effect::Release]);
}

#[test]
fn a_hand_over_finishes_what_was_picked() {
    let story = Story::offered(ReleasePoint::Packed).packed().then(released());
    let story = story.then(TaskEvent::HandedOver { to: None });
    assert_eq!(story.effects_of_last(1), [units(0, 2, 0)]);
}

#[test]
fn the_same_facts_at_once_or_one_by_one_have_the_same_effect() {
    let story = Story::offered(ReleasePoint::Packed).packed().then(released());
    let story = story.then(TaskEvent::HandedOver { to: None });
    assert_eq!(story.effects_of_last(story.0.len() - 1), [units(1, 2, 0)]);
    assert_eq!(story.effects_of_last(0), []);
}

/// Until then another box of the store may find them, and hand them over.
#[test]
fn what_is_told_missing_after_an_early_release_waits_for_the_hand_over() {
    let story = Story::offered(ReleasePoint::Accepted).then(TaskEvent::Accepted).then(released());
    let story = story
        .then(TaskEvent::PickingStarted)
        .then(TaskEvent::Picked { line: LineNo(1), quantity: 2 })
        .then(TaskEvent::Short { line: LineNo(1), missing: 1 })
        .then(TaskEvent::Packed);
    assert_eq!(story.effects_of_last(4), []);
    assert_eq!(story.then(TaskEvent::HandedOver { to: None }).effects_of_last(1), [units(1, 2, 0)]);
}

#[test]
fn a_recall_opens_the_units_once_and_its_answer_changes_nothing_more() {
    let story = Story::offered(ReleasePoint::Packed).then(recalled());
    assert_eq!(story.effects_of_last(1), [units(3, 0, 0)]);
    assert_eq!(story.then(TaskEvent::PutBack).effects_of_last(1), []);
}

#[test]
fn a_cancel_counts_when_the_store_has_put_the_goods_back() {
    let stop = TaskEvent::CancelRequested { reason: "customer".into() };
    let story = Story::offered(ReleasePoint::Packed).then(stop);
    assert_eq!(story.effects_of_last(1), []);
    assert_eq!(
        story.then(TaskEvent::PutBack).effects_of_last(1),
        [units(0, 0, 3), Effect::CancelAnswered(CancelAnswer::PutBack)]
    );
}

#[test]
fn goods_that_left_after_a_recall_are_finished_and_no_longer_open() {
    let story = Story::offered(ReleasePoint::Packed).packed().then(recalled());
    let story = story.then(TaskEvent::HandedOver { to: None });
    let effects = story.effects_of_last(1);
    assert_eq!(effects.first(), Some(&units(-2, 2, 0)));
    assert!(matches!(effects.last(), Some(Effect::Contradicted { severity: Severity::High, .. })));
}

#[test]
fn work_done_before_the_recall_was_heard_of_bothers_nobody() {
    let story = Story::offered(ReleasePoint::Packed).then(recalled()).packed();
    assert_eq!(story.folded().contradictions, []);
    assert_eq!(story.effects_of_last(5), []);
}

#[test]
fn what_is_given_back_takes_the_open_units_but_not_the_missing_ones() {
    let mut story = Story::offered(ReleasePoint::Packed).then(recalled()).packed();
    story = story.then(TaskEvent::Readopted);
    assert_eq!(story.effects_of_last(1), [units(-2, 0, 0), Effect::Release]);
}

#[test]
fn the_answer_to_a_cancel_is_told_once_and_as_it_was() {
    let stop = || TaskEvent::CancelRequested { reason: "customer".into() };
    let story = Story::offered(ReleasePoint::Packed).packed().then(released()).then(stop());
    let left = story.then(TaskEvent::HandedOver { to: None });
    assert_eq!(left.effects_of_last(1), [units(0, 2, 0), Effect::CancelAnswered(CancelAnswer::HandedOver)]);
    let back = Story::offered(ReleasePoint::Packed).then(stop()).then(TaskEvent::PutBack);
    assert_eq!(back.effects_of_last(1), [units(0, 0, 3), Effect::CancelAnswered(CancelAnswer::PutBack)]);
    let late = Story::offered(ReleasePoint::Packed).packed().then(released());
    let late = late.then(TaskEvent::HandedOver { to: None }).then(stop());
    assert_eq!(late.effects_of_last(1), [Effect::CancelAnswered(CancelAnswer::HandedOver)]);
    assert_eq!(late.effects_of_last(0), []);
}

#[test]
fn a_managers_word_is_told_and_the_goods_that_leave_by_it_are_no_second_alarm() {
    let replica = ReplicaId::new("leeds-a").unwrap();
    let let_go = TaskEvent::LetGo { replica: replica.clone(), reason: "the driver waits".into() };
    let story = Story::offered(ReleasePoint::Packed).packed().then(recalled()).then(let_go);
    let told = LetGo { replica, reason: "the driver waits".into() };
    assert_eq!(story.effects_of_last(1), [Effect::LetGo(told)]);
    assert_eq!(story.then(TaskEvent::HandedOver { to: None }).effects_of_last(1), [units(-2, 2, 0)]);
}

#[test]
fn goods_that_had_left_before_a_person_took_them_back_are_told() {
    let story = Story::offered(ReleasePoint::Packed).packed().then(released());
    let story = story.then(TaskEvent::HandedOver { to: None });
    let story = story.then(TaskEvent::TakenBack { reason: "the van is full".into() });
    let told = story.effects_of_last(1);
    assert!(matches!(told.as_slice(), [Effect::Contradicted { severity: Severity::High, .. }]), "{told:?}");
}

#[test]
fn recalled_work_is_never_released() {
    let story = Story::offered(ReleasePoint::Accepted).then(TaskEvent::Accepted);
    assert_eq!(story.effects_of_last(1), [Effect::Release]);
    assert_eq!(story.then(recalled()).effects_of_last(1), [units(3, 0, 0)]);
}

fn line(open: i64, finished: i64, cancelled: i64) -> LineUnits {
    LineUnits { quantity: 2, open, finished, cancelled, surplus: 0 }
}

fn change(open: i64, finished: i64, cancelled: i64) -> Disposition {
    Disposition { open, finished, cancelled }
}

#[test]
fn units_of_a_line_never_grow_beyond_what_was_ordered() {
    assert_eq!(line(0, 0, 0).changed(change(5, 0, 0), false), line(2, 0, 0));
    assert_eq!(line(0, 1, 0).changed(change(0, 0, 2), false), line(0, 1, 1));
}

#[test]
fn a_late_hand_over_takes_the_place_of_waiting_units() {
    assert_eq!(line(2, 0, 0).changed(change(-2, 2, 0), false), line(0, 2, 0));
    assert_eq!(line(0, 0, 2).changed(change(0, 2, -2), true), line(0, 2, 0));
}

#[test]
fn what_leaves_twice_is_kept_apart() {
    let twice = line(0, 2, 0).changed(change(0, 1, 0), false);
    assert_eq!(twice, LineUnits { surplus: 1, ..line(0, 2, 0) });
}

#[test]
fn units_that_come_back_of_a_cancelled_order_are_cancelled() {
    assert_eq!(line(0, 1, 0).changed(change(1, 0, 0), true), line(0, 1, 1));
}
