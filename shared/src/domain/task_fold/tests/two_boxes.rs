//! Two boxes of one store, each with its own facts and what central has told it of the other's.

use super::*;

const BOXES: [&str; 2] = ["s-a", "s-b"];

/// What each of them knows, by place among all facts; central is the last.
struct Store {
    facts: Vec<Fact>,
    known: [BTreeSet<usize>; 3],
    /// What a box wrote down as leaving.
    left: Option<Vec<(i64, i64)>>,
    /// Central heard that the work had ended here, and another store has it since.
    given_away: bool,
}

impl Store {
    fn offered(release_point: ReleasePoint) -> Self {
        let TaskEvent::Offered(offer) = offer() else { unreachable!() };
        let lines = vec![OfferLine { quantity: 3, ..offer.lines[0].clone() }];
        let mut store = Self { facts: Vec::new(), known: Default::default(), left: None, given_away: false };
        store.write(2, 0, None, TaskEvent::Offered(Offer { release_point, lines, ..offer }));
        store.sync(0);
        store.sync(1);
        store
    }

    fn facts_of(&self, who: usize) -> impl Iterator<Item = &Fact> {
        self.known[who].iter().map(|n| &self.facts[*n])
    }

    fn state_of(&self, who: usize) -> TaskState {
        fold(self.facts_of(who)).unwrap().state
    }

    fn write(&mut self, who: usize, ahead: i64, after: Option<FactId>, event: TaskEvent) {
        let n = self.facts.len();
        let seen = self.facts_of(who).map(|fact| fact.at.wall.0).max().unwrap_or(0);
        let wall = (seen + 1).max(i64::try_from(n).unwrap() + ahead);
        let said =
            TaskFact { task: "o-1".parse().unwrap(), fence: Fence { incarnation: 1, number: 1 }, event };
        self.facts.push(Fact {
            id: format!("{}.1.{n}", ["s-a", "s-b", "central"][who]).parse().unwrap(),
            at: Hlc { wall: UtcMs(wall), counter: 0 },
            actor: crate::ids::Actor::new("x").unwrap(),
            after,
            trace: None,
            body: Body::Task(said),
        });
        self.known[who].insert(n);
    }

    /// A box does what its own state allows.
    fn act(&mut self, who: usize, ahead: i64, event: TaskEvent) {
        let state = self.state_of(who);
        let leaves = matches!(event, TaskEvent::HandedOver { .. });
        let elsewhere = state.may_leave() && !state.cleared_for(&BOXES[who].parse().unwrap());
        if check(&state, &event).is_err() || elsewhere && (leaves || ends(&event)) {
            return;
        }
        if leaves {
            self.left = Some(state.lines.iter().map(|line| (line.picked, line.short)).collect());
        }
        let release = state.known_release().filter(|_| ends(&event) && state.recall.is_none());
        self.write(who, ahead, release.or(Some(&state.newest)).cloned(), event);
    }

    /// Central takes what a box has, stops or releases it, and tells all that it knows. The box that
    /// declined before it heard of its release says so again.
    fn sync(&mut self, who: usize) {
        let known = self.known[who].clone();
        self.known[2].extend(known);
        let state = self.state_of(2);
        let recalled = TaskEvent::Recalled { reason: "given away".into() };
        if self.given_away && check(&state, &recalled).is_ok() && state.recall.is_none() {
            self.write(2, 0, Some(state.newest), recalled);
        } else if state.release_due() && !self.given_away {
            let replica = BOXES[who].parse().unwrap();
            self.write(2, 0, Some(state.newest), TaskEvent::Released { replica });
        }
        self.given_away |= matches!(self.state_of(2).phase, Phase::Declined | Phase::PutBack);
        let before = fold(self.facts_of(who));
        self.known[who] = self.known[2].clone();
        if before.is_some_and(|folded| folded.state.phase == Phase::Declined) {
            self.act(who, 0, TaskEvent::Declined { reason: "declined before".into() });
        }
    }
}

const fn ends(event: &TaskEvent) -> bool {
    matches!(event, TaskEvent::Declined { .. } | TaskEvent::PutBack)
}

/// Both boxes know that the work was accepted, and maybe begun, and do not hear of each other from now on.
fn accepted(begun: bool) -> Store {
    let mut store = Store::offered(ReleasePoint::Packed);
    store.act(0, 0, TaskEvent::Accepted);
    if begun {
        store.act(0, 0, TaskEvent::PickingStarted);
    }
    store.sync(0);
    store.sync(1);
    store
}

fn picked(quantity: i64) -> TaskEvent {
    TaskEvent::Picked { line: LineNo(1), quantity }
}

fn short(missing: i64) -> TaskEvent {
    TaskEvent::Short { line: LineNo(1), missing }
}

/// The first box packs and is given the release before central hears of what the second one said.
fn packed_beside(second: TaskEvent, first: Vec<TaskEvent>) -> Store {
    let mut store = accepted(!matches!(second, TaskEvent::Declined { .. }));
    store.act(1, 0, second);
    assert_eq!(store.known[1].len(), store.known[0].len() + 1);
    store.act(0, 0, TaskEvent::PickingStarted);
    for event in first {
        store.act(0, 0, event);
    }
    store.act(0, 0, TaskEvent::Packed);
    for who in [0, 1, 0] {
        store.sync(who);
    }
    store
}

fn lines(state: &TaskState) -> (i64, i64) {
    (state.lines[0].picked, state.lines[0].short)
}

#[test]
fn what_another_box_says_does_not_change_a_parcel_that_it_did_not_know() {
    let declined = TaskEvent::Declined { reason: "busy".into() };
    for (second, first, left) in [
        (short(1), vec![picked(3)], (3, 0)),
        (picked(2), vec![picked(1), short(2)], (1, 2)),
        (declined, vec![picked(2), short(1)], (2, 1)),
    ] {
        let mut store = packed_beside(second.clone(), first);
        let ready = store.state_of(0);
        assert_eq!((ready.status(), lines(&ready)), (Status::Ready, left), "{second:?}");
        assert_eq!(store.state_of(2), ready);
        store.act(0, 0, handed_over());
        store.sync(0);
        let folded = fold(store.facts_of(2)).unwrap();
        assert_eq!((folded.state.phase, lines(&folded.state)), (Phase::HandedOver, left), "{second:?}");
        assert!(folded.contradictions.iter().all(|told| !told.taken_over && told.kind == second.kind()));
    }
}

#[test]
fn what_one_box_missed_and_another_has_in_hand_is_found() {
    for missed_first in [true, false] {
        let mut store = accepted(true);
        let mut said = [(1, short(1)), (0, picked(3))];
        if !missed_first {
            said.reverse();
        }
        for (ahead, (who, event)) in (0..).zip(said) {
            store.act(who, ahead, event);
        }
        for who in [0, 1, 0] {
            store.sync(who);
        }
        assert_eq!(lines(&store.state_of(0)), (3, 0));
    }
}

#[test]
fn the_next_fact_comes_after_the_parcel_and_not_after_what_came_too_late() {
    let store = packed_beside(short(1), vec![picked(3)]);
    let newest = store.state_of(0).newest;
    let newest = store.facts.iter().find(|fact| fact.id == newest).unwrap();
    assert!(matches!(&newest.body, Body::Task(said) if said.event == released()));
}

/// The work is released to the first box when it accepts, and the second one has heard of neither.
fn released_early() -> Store {
    let mut store = Store::offered(ReleasePoint::Accepted);
    store.act(0, 0, TaskEvent::Accepted);
    store.sync(0);
    store
}

#[test]
fn released_work_ends_only_by_who_knows_of_the_release() {
    for ahead in [-20, 20] {
        let mut store = released_early();
        store.act(1, ahead, TaskEvent::Declined { reason: "busy".into() });
        store.sync(1);
        let state = store.state_of(2);
        assert_eq!((state.phase, state.may_leave()), (Phase::Accepted, true));
        store.act(0, 0, TaskEvent::Declined { reason: "busy".into() });
        store.sync(0);
        assert_eq!(store.state_of(2).phase, Phase::Declined);
    }
}

/// Central's clock is ahead: what it says has a later stamp than the packing that it did not know.
#[test]
fn what_left_was_packed_before_its_release_was_heard_of() {
    let mut store = released_early();
    store.known[0].remove(&2);
    store.facts[2].at.wall = UtcMs(40);
    store.sync(1);
    for event in [TaskEvent::PickingStarted, picked(2), picked(1), TaskEvent::Packed] {
        store.act(0, -20, event);
    }
    store.known[0].insert(2);
    for event in [TaskEvent::PickingStarted, picked(1), short(2), TaskEvent::Packed] {
        store.act(1, 0, event);
    }
    assert_eq!(store.state_of(0).newest, store.facts[2].id);
    store.act(0, 0, handed_over());
    assert_eq!(store.left, Some(vec![(3, 0)]));
    for who in [1, 0, 1] {
        store.sync(who);
    }
    for who in [0, 1, 2] {
        let state = store.state_of(who);
        assert_eq!((state.status(), lines(&state)), (Status::HandedOver, (3, 0)), "{who}");
    }
}

#[test]
fn who_declined_before_it_heard_of_its_release_says_so_again() {
    let mut store = Store::offered(ReleasePoint::Accepted);
    store.act(0, 0, TaskEvent::Accepted);
    let known = store.known[0].clone();
    store.sync(0);
    store.known[0] = known;
    store.act(0, 0, TaskEvent::Declined { reason: "busy".into() });
    store.sync(0);
    assert_eq!(store.state_of(2).phase, Phase::Accepted);
    store.sync(0);
    assert_eq!(store.state_of(2).phase, Phase::Declined);
}

#[test]
fn a_release_is_used_up_by_the_end_of_its_work_whoever_goes_on() {
    let mut store = released_early();
    store.sync(1);
    for who in [0, 1] {
        store.act(who, 0, TaskEvent::PickingStarted);
    }
    for event in [short(3), TaskEvent::PutBack] {
        store.act(0, 0, event);
    }
    for event in [picked(3), TaskEvent::Packed] {
        store.act(1, 0, event);
    }
    for who in [0, 1, 0] {
        store.sync(who);
    }
    let state = store.state_of(0);
    assert_eq!((state.status(), state.release), (Status::PuttingBack, None));
}

#[test]
fn what_answers_a_release_comes_after_what_was_told_missing_whatever_the_clocks_say() {
    let mut store = released_early();
    store.sync(1);
    for (who, event) in [(1, TaskEvent::PickingStarted), (1, short(3))] {
        store.act(who, 20, event);
    }
    store.sync(1);
    store.known[0] = store.known[2].clone();
    store.act(0, 0, TaskEvent::PutBack);
    store.facts.last_mut().unwrap().at = Hlc::default();
    store.sync(0);
    assert_eq!(store.state_of(2).phase, Phase::PutBack);
}

fn any_act() -> impl Strategy<Value = TaskEvent> {
    prop_oneof![
        2 => Just(TaskEvent::Accepted),
        1 => Just(TaskEvent::Declined { reason: "busy".into() }),
        2 => Just(TaskEvent::PickingStarted),
        4 => (1_i64..4).prop_map(picked),
        4 => (1_i64..3).prop_map(short),
        5 => Just(TaskEvent::Packed),
        1 => Just(TaskEvent::PutBack),
        3 => Just(handed_over()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]
    /// Whatever the two were told of each other, whatever their clocks say, and in any order of arrival.
    #[test]
    fn what_left_is_what_the_box_recorded_that_handed_it_over_and_left_once(
        early in any::<bool>(),
        ahead in prop::collection::vec(-20_i64..20, 2),
        steps in prop::collection::vec((0_usize..2, prop::option::weighted(0.8, any_act())), 0..60),
    ) {
        let mut store = Store::offered(if early { ReleasePoint::Accepted } else { ReleasePoint::Packed });
        for (who, event) in steps {
            match event {
                Some(event) => store.act(who, ahead[who], event),
                None => store.sync(who),
            }
        }
        store.sync(0);
        store.sync(1);
        prop_assert!(!store.given_away || store.left.is_none(), "it left, and another store has it");
        let folded = store.state_of(2);
        prop_assert_eq!(&folded, &fold(store.facts.iter().rev()).unwrap().state);
        if let Some(left) = &store.left {
            prop_assert_eq!(folded.phase, Phase::HandedOver);
            let lines: Vec<_> = folded.lines.iter().map(|line| (line.picked, line.short)).collect();
            prop_assert_eq!(&lines, left);
        }
    }
}
