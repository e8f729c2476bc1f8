use super::*;
use crate::core::exception::ExceptionEvent;
use crate::core::exception::test_support::exception;
use crate::core::order::{OrderEvent, OrderState};
use crate::core::promise::PromiseChange;
use crate::core::saga::fact::{Call, CallId, SagaFact, Said, Source};
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::time::UtcMs;
use proptest::prelude::*;

fn event(sequence: u64, kind: &str, store: Option<&str>, words: &str) -> OrderEvent {
    OrderEvent {
        sequence,
        kind: kind.to_owned(),
        at: UtcMs(i64::try_from(sequence).unwrap() * 1_000),
        actor: "device:till-secret".parse().unwrap(),
        store: store.map(|store| store.parse().unwrap()),
        task: store.map(|_| "o-1-1".parse().unwrap()),
        words: words.to_owned(),
        store_clock: None,
    }
}

fn moved_once() -> Vec<OrderEvent> {
    vec![
        event(1, "placed", None, "placed through web"),
        event(2, "allocated", Some("leeds"), "leeds is closest; york is full"),
        event(3, "accepted", Some("leeds"), "accepted by leeds"),
        event(4, "picking_started", Some("leeds"), "leeds picks"),
        event(5, "recalled", Some("leeds"), "leeds is dark; york takes it"),
        event(6, "promise_changed", Some("leeds"), "cannot be kept: leeds is dark"),
        event(7, "allocated", Some("york"), "york, instead of leeds"),
        event(8, "picking_started", Some("york"), "york picks"),
        event(9, "packed", Some("york"), "york packed"),
        event(10, "handed_over", Some("york"), "york handed over"),
        event(11, "a_kind_of_tomorrow", Some("york"), "york is secretly mended"),
    ]
}

fn subject(promise: Option<&PromiseChange>) -> Subject<'_> {
    Subject { kind: FulfilmentKind::Ship, promise_by: Some(UtcMs(90_000)), promise }
}

#[test]
fn a_customer_reads_what_became_of_goods_and_date_and_no_more() {
    let change = PromiseChange {
        promised_by: UtcMs(90_000),
        new_by: Some(UtcMs(99_000)),
        why: "leeds is dark".to_owned(),
        told_at: UtcMs(6_000),
        times: 1,
    };
    let told = told_to_customer(&moved_once(), subject(Some(&change)));
    let kinds: Vec<CustomerKind> = told.iter().map(|entry| entry.kind).collect();
    assert_eq!(
        kinds,
        [
            CustomerKind::Received,
            CustomerKind::Preparing,
            CustomerKind::PromiseChanged,
            CustomerKind::Packed,
            CustomerKind::OnItsWay
        ],
        "work that moves is prepared once"
    );
    let dates: Vec<Option<UtcMs>> = told.iter().map(|entry| entry.promise_by).collect();
    assert_eq!(dates, [Some(UtcMs(90_000)), None, Some(UtcMs(99_000)), None, None]);
    assert!(told[2].words.contains("new date"));
    let older = told_to_customer(&moved_once(), subject(None));
    assert_eq!((older[2].promise_by, older[2].words.as_str()), (None, "The date that we promised changed."));
}

#[test]
fn a_date_is_told_as_it_was_told_then_and_of_older_ones_that_they_changed() {
    let events = [event(1, "promise_changed", None, "a"), event(2, "promise_changed", None, "b")];
    let told = |new_by: Option<i64>| {
        let change = PromiseChange {
            promised_by: UtcMs(90_000),
            new_by: new_by.map(UtcMs),
            why: String::new(),
            told_at: UtcMs(2_000),
            times: 2,
        };
        let told = told_to_customer(&events, subject(Some(&change)));
        assert_eq!(
            (told[0].words.as_str(), told[0].promise_by),
            ("The date that we promised changed.", None)
        );
        (told[1].words.clone(), told[1].promise_by)
    };
    assert!(told(Some(90_000)).0.contains("can be kept after all"), "the same day is kept");
    assert!(told(Some(80_000)).0.contains("can be kept after all"));
    assert!(told(Some(90_001)).0.contains("this is the new date"));
    let open = told(None);
    assert!(open.0.contains("a new date follows") && open.1.is_none(), "{open:?}");
}

#[test]
fn who_collects_is_told_of_collecting() {
    let pickup = Subject { kind: FulfilmentKind::Pickup, promise_by: None, promise: None };
    let told = told_to_customer(&moved_once(), pickup);
    let last: Vec<CustomerKind> = told.iter().rev().take(2).map(|entry| entry.kind).collect();
    assert_eq!(last, [CustomerKind::Collected, CustomerKind::ReadyToCollect]);
    assert_ne!(
        state_words(OrderState::Ready, FulfilmentKind::Pickup),
        state_words(OrderState::Ready, FulfilmentKind::Ship)
    );
}

#[test]
fn a_customer_reads_how_goods_arrive_and_go_back() {
    let kinds = [
        "handed_over",
        "in_transit",
        "parcel_held",
        "delivered",
        "return_asked",
        "return_approved",
        "return_received",
        "return_refund_asked",
        "refunded",
    ];
    let events: Vec<OrderEvent> =
        (1..).zip(kinds).map(|(n, kind)| event(n, kind, Some("leeds"), "zq")).collect();
    let told: Vec<CustomerKind> =
        told_to_customer(&events, subject(None)).iter().map(|entry| entry.kind).collect();
    assert_eq!(
        told,
        [
            CustomerKind::OnItsWay,
            CustomerKind::ParcelHeld,
            CustomerKind::Delivered,
            CustomerKind::ReturnNoted,
            CustomerKind::ReturnApproved,
            CustomerKind::ReturnReceived,
            CustomerKind::Refunded
        ]
    );
}

#[test]
fn a_store_reads_its_own_work_without_a_word_of_others() {
    let leeds = told_to_store(&moved_once(), &"leeds".parse().unwrap());
    let kinds: Vec<&str> = leeds.iter().map(|entry| entry.kind.as_str()).collect();
    assert_eq!(kinds, ["allocated", "accepted", "picking_started", "recalled"]);
    assert!(leeds.iter().all(|entry| !entry.words.contains("york")), "{leeds:?}");
    assert_eq!(leeds[3].actor, None, "who decided elsewhere is not the store's to know");
    assert_eq!(leeds[1].actor.as_ref().unwrap().as_str(), "device:till-secret");
    assert_eq!(told_to_store(&moved_once(), &"hull".parse().unwrap()), []);
}

#[test]
fn customer_service_reads_all_of_it_in_one_order() {
    let fact = |sequence, at, said| SagaFact {
        sequence,
        id: CallId { call: Call::Authorize, run: 1 },
        said,
        source: Source::Answer,
        at: UtcMs(at),
    };
    let declined = Said::Declined { code: "05".to_owned(), words: "do not honour".to_owned() };
    let mut trouble = exception();
    (trouble.raised_at, trouble.resolved_at) = (UtcMs(4_500), Some(UtcMs(5_500)));
    trouble.resolution = Some("called them".to_owned());
    let known = Known {
        events: moved_once(),
        decisions: Vec::new(),
        payments: vec![fact(1, 1_500, Said::Absent), fact(2, 1_500, declined)],
        troubles: vec![Trouble { exception: trouble, events: Vec::new() }],
    };
    let told = told_to_support(known);
    assert_eq!(told.len(), 15);
    let kinds: Vec<&str> = told.iter().map(|entry| entry.kind.as_str()).take(9).collect();
    assert_eq!(
        kinds,
        [
            "placed",
            "authorize_absent",
            "authorize_declined",
            "allocated",
            "accepted",
            "picking_started",
            "exception_raised",
            "recalled",
            "exception_resolved"
        ]
    );
    assert_eq!(told[2].words, "authorize: do not honour (05)");
    assert!(told[8].words.contains("called them") && told[8].exception.is_some());
}

#[test]
fn of_one_moment_customer_service_reads_what_followed_from_what() {
    let at_once = |event: OrderEvent| OrderEvent { at: UtcMs(1_000), ..event };
    let fact = |sequence, said| SagaFact {
        sequence,
        id: CallId { call: Call::Capture, run: 0 },
        said,
        source: Source::Answer,
        at: UtcMs(1_000),
    };
    let mut trouble = exception();
    (trouble.raised_at, trouble.resolved_at) = (UtcMs(1_000), None);
    let known = Known {
        events: vec![at_once(event(2, "packed", None, "b")), at_once(event(1, "picked", None, "a"))],
        decisions: Vec::new(),
        payments: vec![fact(2, Said::Absent), fact(1, Said::Unknown { words: "silence".to_owned() })],
        troubles: vec![Trouble { exception: trouble, events: Vec::new() }],
    };
    let told = told_to_support(known);
    let kinds: Vec<&str> = told.iter().map(|entry| entry.kind.as_str()).collect();
    assert_eq!(kinds, ["picked", "packed", "capture_unknown", "capture_absent", "exception_raised"]);
}

#[test]
fn who_ended_an_exception_is_told_once() {
    let mut ended = exception();
    (ended.raised_at, ended.resolved_at) = (UtcMs(1_000), Some(UtcMs(3_000)));
    (ended.resolved_by, ended.resolution) =
        (Some("key:ann".parse().unwrap()), Some("called them".to_owned()));
    let told = |events| {
        let troubles = vec![Trouble { exception: ended.clone(), events }];
        let told = told_to_support(Known { troubles, ..Known::default() });
        told.into_iter().map(|entry| (entry.kind, entry.actor.map(|who| who.to_string()))).collect::<Vec<_>>()
    };
    let who = |name: &str| Some(name.to_owned());
    let raised = ("exception_raised".to_owned(), None);
    assert_eq!(told(Vec::new()), [raised.clone(), ("exception_resolved".to_owned(), who("key:ann"))]);
    let event = |number, kind: &str, by: &str| ExceptionEvent {
        number,
        at: UtcMs(2_000 + i64::from(number)),
        kind: kind.to_owned(),
        actor: by.parse().unwrap(),
        words: String::new(),
    };
    let events = vec![event(1, "taken", "key:bob"), event(2, "resolved", "key:ann")];
    let both =
        [("exception_taken".to_owned(), who("key:bob")), ("exception_resolved".to_owned(), who("key:ann"))];
    assert_eq!(told(events), [vec![raised], both.to_vec()].concat());
}

#[test]
fn what_a_store_is_not_told_of_its_own_work_is_left_out() {
    let events = [
        event(1, "a_kind_of_tomorrow", Some("leeds"), "zq"),
        event(2, "return_received", Some("leeds"), "zq"),
    ];
    assert_eq!(told_to_store(&events, &"leeds".parse().unwrap()), []);
}

proptest! {
    #[test]
    fn no_word_of_the_record_reaches_a_customer(
        kinds in prop::collection::vec(0_usize..40, 0..30),
        pickup in any::<bool>(),
    ) {
        const SOME: [&str; 13] = ["placed", "allocated", "recalled", "handed_over", "packed", "moved", "short",
            "cancel_requested", "refunded", "held", "delivered", "parcel_lost", "return_received"];
        let events: Vec<OrderEvent> = (1..).zip(kinds)
            .map(|(n, kind)| event(n, SOME[kind % SOME.len()], Some("leeds"), "zq-internal"))
            .collect();
        let kind = if pickup { FulfilmentKind::Pickup } else { FulfilmentKind::Ship };
        let told = told_to_customer(&events, Subject { kind, promise_by: None, promise: None });
        let shown = serde_json::to_string(&told).unwrap();
        prop_assert!(!shown.contains("zq-") && !shown.contains("leeds") && !shown.contains("till"), "{}", shown);
        prop_assert!(told.windows(2).all(|two| two[0].sequence < two[1].sequence));
    }
}
