use super::*;
use crate::core::parcel::fact::{Ask, Said};
use crate::core::parcel::test_scene::Facts;
use crate::core::parcel::tracking::TrackStatus;
use crate::core::reconcile::book::TaskBook;
use crate::core::reconcile::test_support::{book, told};
use crate::core::test_support::task;
use FindingKind::{
    LabelNeedless, ParcelRow, ParcelSilent, ParcelStrange, ParcelUnknown, ParcelUnlabelled, ParcelUntold,
};

const DAYS_MS: i64 = 24 * 60 * 60 * 1_000;

/// The parcel of the task at Leeds, with a row that its facts fold to.
fn parcel(task: &TaskBook, facts: &Facts) -> ParcelBook {
    let parcel = facts.parcel();
    ParcelBook {
        task: task.state.task.clone(),
        state: parcel.state(),
        left_at: parcel.left_at,
        arrived_at: parcel.arrived_at(),
        parcel,
    }
}

fn at(phase: Phase, facts: &Facts) -> OrderBook {
    let task = told(task("leeds", phase));
    let parcels = vec![parcel(&task, facts)];
    OrderBook { tasks: vec![task], parcels, labelled_here: true, ..book() }
}

fn kinds(book: &OrderBook, now: i64) -> Vec<FindingKind> {
    differences(book, UtcMs(now)).into_iter().map(|found| found.kind).collect()
}

fn labelled() -> Facts {
    let mut facts = Facts::new();
    facts.labelled(0, None);
    facts
}

fn left() -> Facts {
    let mut facts = labelled();
    facts.say(None, Said::HandedOver { left_at: UtcMs(0) });
    facts
}

#[test]
fn parcels_that_agree_with_their_work_say_nothing() {
    for (phase, facts) in [
        (Phase::Picking, Facts::new()),
        (Phase::Packed, labelled()),
        (Phase::HandedOver, left()),
        (Phase::PutBack, Facts::new()),
    ] {
        assert_eq!(kinds(&at(phase, &facts), 5), [], "{phase:?}");
    }
    let mut delivered = left();
    delivered.tracked(TrackStatus::Delivered, 9);
    assert_eq!(kinds(&at(Phase::HandedOver, &delivered), 99 * DAYS_MS), []);
}

#[test]
fn goods_that_left_where_no_parcel_is_known() {
    let gone = OrderBook { parcels: Vec::new(), ..at(Phase::HandedOver, &Facts::new()) };
    assert_eq!(kinds(&gone, 5), [ParcelUnknown]);
    assert_eq!(kinds(&OrderBook { labelled_here: false, ..gone }, 5), [], "stores make their own labels");
}

#[test]
fn a_parcel_without_work_and_a_row_without_facts() {
    let mut strange = at(Phase::Packed, &labelled());
    strange.parcels[0].task = "o-9-9".parse().unwrap();
    assert_eq!(kinds(&strange, 5), [ParcelStrange]);
    let mut torn = at(Phase::HandedOver, &left());
    torn.parcels[0].state = ParcelState::Delivered;
    assert_eq!(kinds(&torn, 5), [ParcelRow]);
}

#[test]
fn what_a_carrier_has_and_no_store_handed_over() {
    let mut scanned = labelled();
    scanned.tracked(TrackStatus::Delivered, 9);
    let book = at(Phase::Packed, &scanned);
    assert_eq!(kinds(&book, 5), [], "the store may tell of it soon");
    let found = differences(&book, UtcMs(2 * DAYS_MS));
    assert!(found[0].kind == ParcelUntold && found[0].harm, "{found:?}");
}

#[test]
fn what_left_under_a_void_label_and_a_label_that_nobody_needs() {
    let mut voided = labelled();
    voided.asked_to_void(0, 0).of(Ask::VoidLabel, 0, Said::Voided);
    voided.say(None, Said::HandedOver { left_at: UtcMs(0) });
    assert_eq!(kinds(&at(Phase::HandedOver, &voided), 5), [ParcelUnlabelled]);
    let needless = at(Phase::PutBack, &labelled());
    assert_eq!(kinds(&needless, 5), [], "it is given back in a moment");
    assert_eq!(kinds(&needless, DAYS_MS), [LabelNeedless]);
}

#[test]
fn silence_of_which_nobody_was_told() {
    let book = at(Phase::HandedOver, &left());
    assert_eq!(kinds(&book, 3 * DAYS_MS), [], "the parcel's own clock tells first");
    assert_eq!(kinds(&book, 5 * DAYS_MS), [ParcelSilent]);
    let mut told = left();
    told.say(None, Said::Silent { words: String::new() });
    assert_eq!(kinds(&at(Phase::HandedOver, &told), 5 * DAYS_MS), []);
}
