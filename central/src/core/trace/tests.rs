use super::record::{BroughtBack, Call, Decided, Labelled, OnRecord, PLACE, Published, Raised};
use super::*;
use crate::core::order::{OrderEvent, OrderState};
use crate::core::parcel::fact::{Ask, AskId, Label, ParcelFact, Said as ParcelSaid, Wish as ParcelWish};
use crate::core::saga::fact::{Call as Question, CallId, SagaFact, Said, Source, Wish};
use holdfast_shared::domain::bring_back::{Condition, ReturnRef};
use holdfast_shared::domain::fact::{Body, Fact};
use holdfast_shared::domain::fence::Fence;
use holdfast_shared::domain::stock::{Movement, StockFact};
use holdfast_shared::domain::task::{FulfilmentKind, Offer, ReleasePoint, TaskEvent, TaskFact};
use holdfast_shared::time::Hlc;
use holdfast_shared::trace::Upstream;
use proptest::prelude::*;
use std::collections::BTreeSet;

mod records;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const OTHER: &str = "0af7651916cd43dd8448eb211c80319c";

fn at(ms: i64) -> UtcMs {
    UtcMs(1_800_000_000_000 + ms)
}

fn entry(sequence: u64, kind: &str, ms: i64, actor: &str, at_store: bool) -> OrderEvent {
    OrderEvent {
        sequence,
        kind: kind.to_owned(),
        at: at(ms),
        actor: actor.parse().unwrap(),
        store: at_store.then(|| "leeds".parse().unwrap()),
        task: at_store.then(|| "o1-1".parse().unwrap()),
        words: format!("{kind} in words"),
        store_clock: None,
    }
}

fn fact(id: &str, ms: i64, event: TaskEvent) -> Fact {
    let fence = Fence { incarnation: 1, number: 1 };
    Fact {
        id: id.parse().unwrap(),
        at: Hlc { wall: at(ms), counter: 0 },
        actor: "x".parse().unwrap(),
        after: None,
        trace: Some(TRACE.parse().unwrap()),
        body: Body::Task(TaskFact { task: "o1-1".parse().unwrap(), fence, event }),
    }
}

fn offer() -> TaskEvent {
    TaskEvent::Offered(Offer {
        order: "o1".parse().unwrap(),
        store: "leeds".parse().unwrap(),
        kind: FulfilmentKind::Ship,
        release_point: ReleasePoint::Packed,
        lines: Vec::new(),
        accept_by: at(60_000),
        promise_by: None,
        note: None,
    })
}

fn call(act: &str, trace: &str, span: &str, parent: Option<&str>) -> Call {
    let upstream = parent.map(|span| Upstream { span: span.parse().unwrap(), sampled: true, state: None });
    let (trace, span) = (trace.parse().unwrap(), span.parse().unwrap());
    Call { act: act.to_owned(), at: at(0), actor: "key:web".parse().unwrap(), trace, span, upstream }
}

/// A label of which the answer was lost, and which was found when it was looked up; then it was not needed.
fn labelled() -> Labelled {
    let label = Label {
        reference: String::from("se-1"),
        carrier: String::from("ups"),
        service: String::from("ups_ground"),
        tracking_number: String::from("1Z9"),
        url: None,
        cost: None,
    };
    let wish = |label| ParcelWish { service: None, units: 1, label };
    let asked = |attempt, wish| ParcelSaid::Asked { attempt, key: "k/label".parse().unwrap(), wish };
    let declined = ParcelSaid::Declined {
        code: String::from("in_use"),
        words: String::from("the parcel of Ada was scanned"),
    };
    let (first, void) = (AskId { ask: Ask::Label, run: 0 }, AskId { ask: Ask::VoidLabel, run: 0 });
    let silence = || ParcelSaid::Unknown { words: String::from("no answer came in time") };
    let said = [
        (first, asked(1, wish(None)), Source::Central, 1_100),
        (first, silence(), Source::Answer, 11_100),
        (first, silence(), Source::LookUp, 16_100),
        (first, ParcelSaid::Absent, Source::LookUp, 20_100),
        (first, asked(2, wish(None)), Source::Central, 20_200),
        (first, silence(), Source::Answer, 30_200),
        (first, ParcelSaid::Made { label }, Source::LookUp, 35_100),
        (void, asked(1, wish(Some(0))), Source::Central, 50_000),
        (void, declined, Source::Answer, 50_400),
    ];
    let facts = (1..).zip(said).map(|(sequence, (id, said, source, ms))| ParcelFact {
        sequence,
        id: Some(id),
        said,
        source,
        at: at(ms),
    });
    Labelled { task: "o1-1".parse().unwrap(), carrier: "parcels".parse().unwrap(), facts: facts.collect() }
}

/// An order that went the usual way, from a storefront that said who it is.
fn shipped() -> OnRecord {
    let asked = Said::Asked {
        attempt: 1,
        key: "acme:k/authorize/-/n0".parse().unwrap(),
        wish: Wish { amount: 100, authorization: None, refund: None, last: false },
    };
    let done = Said::Done { reference: String::from("ch-1"), amount: 100, lapses_at: None };
    let id = CallId { call: Question::Capture, run: 0 };
    let said = |sequence, said, ms| SagaFact { sequence, id, said, source: Source::Central, at: at(ms) };
    OnRecord {
        tenant: "acme".parse().unwrap(),
        order: "o1".parse().unwrap(),
        state: OrderState::Shipped,
        trace: TRACE.parse().unwrap(),
        channel: String::from("web"),
        placed_at: at(0),
        calls: vec![call(PLACE, TRACE, "00f067aa0ba902b7", Some("aaaaaaaaaaaaaaaa"))],
        promised: Vec::new(),
        timeline: vec![
            entry(1, "placed", 0, "key:web", false),
            entry(2, "allocated", 50, "central", true),
            entry(3, "accepted", 1_000, "hh-3", true),
            entry(4, "picked", 401_000, "hh-3", true),
            entry(5, "released", 402_000, "central", true),
            entry(6, "handed_over", 410_000, "hh-3", true),
        ],
        facts: vec![
            fact("central.1.1", 50, offer()),
            fact("hh-3.1.1", 1_000, TaskEvent::Accepted),
            fact(
                "hh-3.1.2",
                401_000,
                TaskEvent::Picked { line: holdfast_shared::ids::LineNo(1), quantity: 1 },
            ),
            fact("central.1.2", 402_000, TaskEvent::Released { replica: "leeds-a".parse().unwrap() }),
            fact("hh-3.1.3", 410_000, TaskEvent::HandedOver { to: None }),
        ],
        returned: Vec::new(),
        decisions: vec![Decided {
            decision: "d1".parse().unwrap(),
            at: at(40),
            words: String::from("leeds is nearest"),
            cause: Some(1),
        }],
        events: vec![Published {
            id: String::from("evt-1"),
            kind: String::from("OrderShipped"),
            at: at(410_000),
            published_at: Some(at(410_020)),
            cause: Some(6),
        }],
        provider: Some("cards".parse().unwrap()),
        money: vec![(said(1, asked, 410_050), Some(6)), (said(2, done, 410_350), Some(6))],
        labels: vec![labelled()],
        exceptions: vec![Raised {
            exception: "x7".parse().unwrap(),
            category: String::from("drift"),
            store: Some("leeds".parse().unwrap()),
            task: None,
            raised_at: at(402_500),
            resolved_at: None,
            cause: Some(5),
        }],
    }
}

fn named<'t>(told: &'t Trace, name: &str) -> &'t Step {
    told.steps.iter().find(|step| step.name == name).unwrap_or_else(|| panic!("{name} is not in {told:#?}"))
}

/// One root, every other step after the one that it hangs on, no span twice.
fn is_one_tree(told: &Trace) {
    let mut seen = BTreeSet::new();
    for (number, step) in told.steps.iter().enumerate() {
        assert_eq!(step.parent.is_none(), number == 0, "{step:?}");
        assert!(step.parent.is_none_or(|parent| seen.contains(&parent)), "{step:?} is an orphan");
        assert!(seen.insert(step.span), "{step:?} is there twice");
    }
}

#[test]
fn an_order_is_one_tree_from_the_storefront_to_the_hand_over() {
    let told = trace(&shipped());
    is_one_tree(&told);
    let parent_of = |name: &str| {
        let parent = named(&told, name).parent;
        told.steps.iter().find(|step| Some(step.span) == parent).map(|step| step.name.as_str())
    };
    for (child, parent) in [
        ("placed", "storefront"),
        ("decision", "placed"),
        ("offered", "decision"),
        ("accepted", "offered"),
        ("picked", "offered"),
        ("handed_over", "offered"),
        ("OrderShipped", "handed_over"),
        ("capture", "handed_over"),
        ("exception", "released"),
    ] {
        assert_eq!(parent_of(child), Some(parent), "{child}");
    }
    assert_eq!(told.steps[0].span.to_string(), "aaaaaaaaaaaaaaaa", "the storefront's own span is the root");
}

#[test]
fn each_step_says_where_and_how_long() {
    let told = trace(&shipped());
    let places = ["accepted", "released", "capture"].map(|name| named(&told, name).place);
    assert_eq!(places, [Place::Store, Place::Central, Place::Provider]);
    assert_eq!(named(&told, "picked").took_ms(), 400_000, "since the work was accepted");
    assert_eq!(named(&told, "capture").took_ms(), 300, "from the question to the answer");
    assert_eq!((named(&told, "exception").ended_at, named(&told, "OrderShipped").took_ms()), (None, 20));
}

#[test]
fn questions_to_a_carrier_hang_on_the_offer_of_their_work_and_last_until_it_is_known_what_came_of_them() {
    let told = trace(&shipped());
    let (offer, label, void) = (named(&told, "offered"), named(&told, "label"), named(&told, "void_label"));
    for question in [label, void] {
        assert_eq!((question.parent, question.place), (Some(offer.span), Place::Carrier));
        assert_eq!(question.actor.as_ref().map(Actor::as_str), Some("parcels"));
        assert_eq!(question.task, offer.task);
    }
    assert_eq!((label.took_ms(), label.words.as_str()), (34_000, "made, asked 2 times, looked up 3 times"));
    assert_eq!((void.took_ms(), void.words.as_str()), (400, "declined (in_use)"), "and nobody's name");
    let looked: Vec<&Step> = told.steps.iter().filter(|step| step.name == "look_up").collect();
    let words: Vec<&str> = looked.iter().map(|step| step.words.as_str()).collect();
    assert_eq!(words, ["absent", "made"], "not those that told nothing");
    assert!(looked.iter().all(|step| step.parent == Some(label.span)));
    let asked = AskId { ask: Ask::Label, run: 0 };
    assert_eq!(label.span, spans::label(&"o1-1".parse().unwrap(), asked), "as the carrier is told");
}

#[test]
fn a_question_to_a_carrier_is_open_until_it_is_known_what_came_of_it() {
    for (facts, words) in [
        (1, "asked"),
        (2, "not answered"),
        (3, "not answered, looked up"),
        (4, "never arrived, looked up 2 times"),
        (6, "not answered, asked 2 times, looked up 2 times"),
    ] {
        let mut known = shipped();
        known.labels[0].facts.truncate(facts);
        let told = trace(&known);
        is_one_tree(&told);
        let label = named(&told, "label");
        assert_eq!((label.ended_at, label.words.as_str()), (None, words));
    }
}

#[test]
fn the_span_of_a_step_is_that_of_its_record_on_every_side() {
    let told = trace(&shipped());
    let of_fact = |id: &str| SpanId::of_fact(&id.parse().unwrap());
    assert_eq!(named(&told, "offered").span, of_fact("central.1.1"));
    assert_eq!(named(&told, "handed_over").span, of_fact("hh-3.1.3"));
    assert_eq!(trace(&shipped()), told, "made anew it is the same");
}

#[test]
fn without_a_caller_the_order_itself_is_the_root() {
    let told = trace(&OnRecord { calls: Vec::new(), ..shipped() });
    is_one_tree(&told);
    assert_eq!(told.steps[0].name, "placed");
    assert_eq!(told.parent().to_string(), format!("00-{TRACE}-{}-01", told.steps[0].span));
}

#[test]
fn a_request_of_another_trace_hangs_on_the_order_and_names_its_own() {
    let mut known = shipped();
    known.calls.push(call("cancel", OTHER, "bbbbbbbbbbbbbbbb", Some("cccccccccccccccc")));
    known.calls.push(call("change", TRACE, "dddddddddddddddd", Some("eeeeeeeeeeeeeeee")));
    known.promised.push(call("promise", TRACE, "ffffffffffffffff", Some("aaaaaaaaaaaaaaaa")));
    let told = trace(&known);
    is_one_tree(&told);
    let cancel = named(&told, "cancel");
    let link = cancel.link.as_ref().unwrap();
    assert_eq!((link.trace_id.as_str(), link.span.to_string().as_str()), (OTHER, "bbbbbbbbbbbbbbbb"));
    assert_ne!(cancel.span, link.span, "a span belongs to one trace");
    let change = named(&told, "change");
    assert_eq!(change.parent.unwrap().to_string(), "eeeeeeeeeeeeeeee");
    assert_eq!((change.span.to_string().as_str(), change.link.clone()), ("dddddddddddddddd", None));
    assert_eq!(named(&told, "promise").parent.unwrap().to_string(), "aaaaaaaaaaaaaaaa");
}

#[test]
fn a_device_that_measures_for_itself_does_not_tear_the_tree() {
    let mut known = shipped();
    known.facts[1].trace = Some(OTHER.parse().unwrap());
    let told = trace(&known);
    is_one_tree(&told);
    assert_eq!(named(&told, "accepted").link.as_ref().unwrap().trace_id.as_str(), OTHER);
}

/// Two units came back, each to a return of its own; central heard of the second one ten minutes late.
fn returned() -> OnRecord {
    let mut known = shipped();
    let at_door =
        |sequence, kind: &str, ms| OrderEvent { task: None, ..entry(sequence, kind, ms, "till", true) };
    known.timeline.extend([
        entry(7, "return_asked", 500_000, "key:web", false),
        entry(8, "return_asked", 510_000, "key:web", false),
        at_door(9, "return_received", 1_600_000),
        at_door(10, "return_received", 1_600_000),
    ]);
    let back = |id: &str, number, ms| {
        let of = ReturnRef::Order("o1".parse().unwrap());
        let movement = Movement::BroughtBack { of, condition: Condition::Sellable, units: 1 };
        let stock = StockFact { sku: "A".parse().unwrap(), delta: 1, movement, note: None };
        let body = Body::Stock(stock);
        let actor = "till".parse().unwrap();
        let fact = Fact { body, actor, ..fact(id, ms, TaskEvent::Accepted) };
        BroughtBack { fact, store: "leeds".parse().unwrap(), heard_at: at(1_600_000), number }
    };
    known.returned = vec![back("till.1.1", 1, 1_599_000), back("till.1.2", 2, 1_000_000)];
    known
}

#[test]
fn what_a_store_took_back_is_a_step_of_that_store_and_hangs_on_its_return() {
    let told = trace(&returned());
    is_one_tree(&told);
    let at_door: Vec<&Step> = told.steps.iter().filter(|step| step.name == "return_received").collect();
    let asked: Vec<SpanId> =
        told.steps.iter().filter(|step| step.name == "return_asked").map(|step| step.span).collect();
    assert_eq!(at_door.len(), 2);
    for (step, (fact, took_ms)) in at_door.iter().zip([("till.1.1", 1_000), ("till.1.2", 600_000)]) {
        assert_eq!(step.span, SpanId::of_fact(&fact.parse().unwrap()), "as the store knows it");
        assert_eq!((step.what, step.place, step.took_ms()), (What::Fact, Place::Store, took_ms));
        assert_eq!(step.actor.as_ref().map(Actor::as_str), Some("till"));
        assert!(step.parent.is_some_and(|parent| asked.contains(&parent)), "{step:?}");
    }
    assert_ne!(at_door[0].parent, at_door[1].parent, "each on its own return");
}

#[test]
fn one_fact_for_two_returns_is_one_step_of_the_store() {
    let mut known = returned();
    known.returned[1].fact = known.returned[0].fact.clone();
    let told = trace(&known);
    is_one_tree(&told);
    let facts = told.steps.iter().filter(|step| step.name == "return_received" && step.what == What::Fact);
    assert_eq!(facts.count(), 1);
    let told = told.steps.iter().filter(|step| step.name == "return_received");
    assert_eq!(told.count(), 2, "the units of each return are told");
}

#[test]
fn when_facts_are_no_longer_kept_the_timeline_stands_for_them() {
    let told = trace(&OnRecord { facts: Vec::new(), decisions: Vec::new(), ..shipped() });
    is_one_tree(&told);
    assert_eq!(named(&told, "picked").took_ms(), 400_000);
    assert_eq!(named(&told, "offered").what, What::Entry);
}

proptest! {
    /// Whatever of it is lost or comes in another order, it is one tree.
    #[test]
    fn it_is_one_tree_whatever_is_missing(kept in prop::collection::vec(any::<bool>(), 16), causes in prop::collection::vec(0_u64..9, 4)) {
        let mut known = returned();
        let mut keep = kept.into_iter().cycle();
        known.timeline.retain(|_| keep.next().unwrap());
        known.facts.retain(|_| keep.next().unwrap());
        known.returned.retain(|_| keep.next().unwrap());
        known.decisions.retain(|_| keep.next().unwrap());
        known.money.retain(|_| keep.next().unwrap());
        known.labels[0].facts.retain(|_| keep.next().unwrap());
        known.events[0].cause = Some(causes[0]);
        known.exceptions[0].cause = Some(causes[1]);
        if let Some(decided) = known.decisions.first_mut() {
            decided.cause = Some(causes[2]);
        }
        is_one_tree(&trace(&known));
    }
}
