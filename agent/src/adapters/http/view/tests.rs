use super::*;
use holdfast_shared::domain::task::{Release, ReleasePoint};
use holdfast_shared::time::{Hlc, UtcMs};

fn task(phase: Phase) -> TaskState {
    TaskState {
        task: "o1-1".parse().unwrap(),
        order: "o1".parse().unwrap(),
        store: "leeds".parse().unwrap(),
        fence: Fence { incarnation: 1, number: 7 },
        kind: FulfilmentKind::Ship,
        release_point: ReleasePoint::Packed,
        phase,
        lines: vec![Line {
            line: LineNo(1),
            sku: "A-1".parse().unwrap(),
            quantity: 2,
            picked: 2,
            short: 0,
            ceded: false,
        }],
        release: None,
        let_go: None,
        recall: None,
        decline_reason: None,
        accept_by: UtcMs(60_000),
        promise_by: None,
        note: None,
        offered_at: Hlc::default(),
        changed_at: Hlc::default(),
        newest: "central.1.1".parse().unwrap(),
    }
}

fn view(state: &TaskState) -> TaskView {
    TaskView::new(state, &HashMap::new(), &Around { right_now: UtcMs(-90_000), ..Around::default() })
}

#[test]
fn an_offer_is_accepted_or_declined() {
    assert_eq!(view(&task(Phase::Offered)).next, [ActName::Accept, ActName::Decline]);
}

#[test]
fn what_is_packed_waits_for_its_release_and_says_so() {
    let mut state = task(Phase::Packed);
    let waiting = view(&state);
    assert_eq!(waiting.status, Status::AwaitingRelease);
    assert!(waiting.next.is_empty());
    assert_eq!(waiting.blocked.unwrap().code, Code::NotReleased);

    state.release = Some(Release { fence: state.fence, replica: "leeds-a".parse().unwrap(), fact: None });
    let ready = view(&state);
    assert_eq!((ready.next, ready.blocked), (vec![ActName::HandOver], None));
}

#[test]
fn only_without_central_may_packed_goods_be_let_go() {
    let around = |central_reachable| Around { central_reachable, ..Around::default() };
    let view = |reachable| TaskView::new(&task(Phase::Packed), &HashMap::new(), &around(reachable));
    assert_eq!(view(Some(false)).next, [ActName::LetGo]);
    assert_eq!(view(Some(false)).waiting.unwrap().central_reachable, Some(false));
    assert!(view(Some(true)).next.is_empty() && view(None).next.is_empty());
}

#[test]
fn what_lies_in_the_tote_is_listed_to_be_put_back() {
    let mut state = task(Phase::Picking);
    assert!(view(&state).to_put_back.is_empty() && view(&state).lease.is_some());
    state.recall = Some(Recall { reason: "moved".to_owned(), cancel: false });
    let stopped = view(&state);
    assert_eq!((stopped.to_put_back[0].quantity, stopped.lease), (2, None));
}

#[test]
fn a_cancel_and_a_move_are_told_in_their_own_words() {
    let mut state = task(Phase::Packed);
    for (cancel, detail, hint) in [(true, "cancelled", "money back"), (false, "recalled", "Another store")] {
        state.recall = Some(Recall { reason: "moved".to_owned(), cancel });
        let blocked = view(&state).blocked.unwrap();
        assert!(blocked.detail.contains(detail) && blocked.hint.contains(hint), "{blocked:?}");
    }
}

#[test]
fn recalled_work_can_only_be_put_back() {
    let mut state = task(Phase::Packed);
    state.recall = Some(Recall { reason: "the store went dark".to_owned(), cancel: false });
    let stopped = view(&state);
    assert_eq!(stopped.next, [ActName::PutBack]);
    assert_eq!(stopped.blocked.unwrap().code, Code::Recalled);
}

#[test]
fn an_open_line_can_be_picked_or_short() {
    let mut state = task(Phase::Picking);
    assert_eq!(view(&state).next, [ActName::Pack]);
    state.lines[0].picked = 1;
    assert_eq!(view(&state).next, [ActName::Pick, ActName::Short]);
}

#[test]
fn times_are_rfc_3339_both_ways() {
    let at = UtcMs(1_700_000_000_123);
    assert_eq!(stamp(at).unwrap(), "2023-11-14T22:13:20.123Z");
    assert_eq!(parse_stamp("2023-11-14T23:13:20.123+01:00"), Some(at));
    assert_eq!(parse_stamp("yesterday"), None);
}
