//! Records that are odd: times that run backwards, facts in another order, what nobody answered.

use super::*;

#[test]
fn what_follows_a_decision_hangs_on_the_newest_before_it() {
    let mut known = shipped();
    known.timeline.push(entry(7, "held", 421_000, "central", false));
    let second = known.decisions[0].clone();
    let (decision, cause) = ("d2".parse().unwrap(), Some(6));
    known.decisions.push(Decided { decision, cause, at: at(420_000), ..second });
    let told = trace(&known);
    is_one_tree(&told);
    let decided = |id: &str| Some(spans::decision(&id.parse().unwrap()));
    assert_eq!(named(&told, "offered").parent, decided("d1"), "the second was not made yet");
    assert_eq!(named(&told, "held").parent, decided("d2"));
}

#[test]
fn times_that_run_backwards_are_no_time() {
    let mut known = shipped();
    known.timeline[3].at = at(500);
    known.events[0].published_at = Some(at(400_000));
    known.exceptions[0].resolved_at = Some(at(1));
    known.timeline[2].store_clock = Some(crate::core::order::StoreClock {
        said_at: at(9_000_000),
        received_at: at(1_000),
        ahead_ms: 8_999_000,
    });
    let told = trace(&known);
    for name in ["picked", "OrderShipped", "exception"] {
        assert_eq!(named(&told, name).took_ms(), 0, "{name}");
    }
    assert_eq!(named(&told, "picked").began_at, at(500));
    assert_eq!(named(&told, "OrderShipped").ended_at, Some(at(410_000)));
    assert!(named(&told, "accepted").clock_off && !named(&told, "picked").clock_off);
    assert_eq!(told.last_at(), Some(at(410_350)), "the answer of the provider");
}

#[test]
fn a_trace_that_is_too_long_ends_and_says_so() {
    assert!(!trace(&shipped()).truncated);
    let mut known = shipped();
    let event = known.events[0].clone();
    let more = (0..holdfast_shared::limits::TRACE_STEPS_MAX)
        .map(|n| Published { id: format!("e-{n}"), ..event.clone() });
    known.events.extend(more);
    let told = trace(&known);
    assert_eq!((told.steps.len(), told.truncated), (holdfast_shared::limits::TRACE_STEPS_MAX, true));
}

#[test]
fn each_entry_has_the_fact_of_its_time_however_facts_are_handed_over() {
    let mut known = shipped();
    known.timeline.insert(4, OrderEvent { sequence: 5, ..entry(5, "picked", 401_500, "hh-3", true) });
    let again = TaskEvent::Picked { line: holdfast_shared::ids::LineNo(2), quantity: 1 };
    known.facts.push(fact("hh-3.1.9", 401_500, again));
    known.facts.reverse();
    let told = trace(&known);
    let picked: Vec<SpanId> =
        told.steps.iter().filter(|step| step.name == "picked").map(|step| step.span).collect();
    assert_eq!(picked, ["hh-3.1.2", "hh-3.1.9"].map(|id| SpanId::of_fact(&id.parse().unwrap())));
}

#[test]
fn what_central_or_a_person_did_was_not_done_at_a_store() {
    let mut known = shipped();
    known.timeline.push(entry(7, "recalled", 411_000, "central", true));
    known.timeline.push(entry(8, "changed", 412_000, "key:ann", false));
    known.timeline.push(entry(9, "let_go", 413_000, "key:bob", true));
    let told = trace(&known);
    let places = ["recalled", "changed", "let_go"].map(|name| named(&told, name).place);
    assert_eq!(places, [Place::Central, Place::Central, Place::Store]);
}

#[test]
fn a_question_without_an_answer_says_how_often_it_was_asked() {
    let mut known = shipped();
    known.money.pop();
    known.money.push(known.money[0].clone());
    let told = trace(&known);
    assert_eq!(
        (named(&told, "capture").words.as_str(), named(&told, "capture").ended_at),
        ("asked, asked 2 times", None)
    );
}

#[test]
fn an_order_that_is_known_from_a_store_alone_keeps_its_first_entry() {
    let mut known = shipped();
    known.timeline[0].kind = "adopted".to_owned();
    let told = trace(&known);
    is_one_tree(&told);
    assert_eq!(named(&told, "placed").words, "known from a store alone");
    assert_eq!(named(&told, "adopted").what, What::Entry);
}
