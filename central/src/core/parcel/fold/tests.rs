use super::super::test_scene::{Facts, declined};
use super::*;
use TrackStatus::{Delivered, InTransit, Lost};

#[test]
fn a_parcel_goes_from_a_wish_to_the_door() {
    let mut facts = Facts::new();
    assert_eq!(facts.parcel().state(), ParcelState::Wanted);
    facts.asked(0, None);
    assert_eq!(facts.parcel().state(), ParcelState::Wanted, "asked for is not there");
    facts.made(0);
    assert_eq!(facts.parcel().state(), ParcelState::Labelled);
    facts.say(None, Said::HandedOver { left_at: UtcMs(5) });
    assert_eq!(facts.parcel().state(), ParcelState::HandedOver);
    facts.tracked(TrackStatus::Announced, 6);
    assert_eq!(facts.parcel().state(), ParcelState::HandedOver, "a label that is known is no parcel");
    facts.tracked(InTransit, 7).tracked(Delivered, 9).tracked(InTransit, 8);
    assert_eq!(facts.parcel().state(), ParcelState::Delivered, "late scans take nothing back");
    assert_eq!(facts.parcel().arrived_at(), Some(UtcMs(9)));
}

#[test]
fn what_is_lost_may_be_found() {
    let mut facts = Facts::new();
    facts.labelled(0, None).tracked(Lost, 5);
    assert_eq!(facts.parcel().state(), ParcelState::Lost);
    facts.tracked(InTransit, 8);
    assert_eq!(facts.parcel().state(), ParcelState::InTransit);
}

#[test]
fn a_label_that_is_made_stays_made_until_it_is_voided() {
    let mut facts = Facts::new();
    facts.labelled(0, None).of(Ask::Label, 0, declined("late")).made(0);
    assert_eq!(facts.parcel().live().count(), 1, "once, and for good");
    facts.asked_to_void(0, 0).of(Ask::VoidLabel, 0, Said::Made { label: super::super::test_scene::label(9) });
    assert_eq!(facts.parcel().live().count(), 1, "a void is no label");
    facts.of(Ask::VoidLabel, 0, Said::Voided).say(None, Said::Dropped);
    assert_eq!((facts.parcel().live().count(), facts.parcel().labels().count()), (0, 1));
    assert_eq!(facts.parcel().state(), ParcelState::Voided);
    facts.asked(1, None);
    assert_eq!(facts.parcel().state(), ParcelState::Wanted, "it is wanted again");
}

#[test]
fn what_was_refused_counts_for_its_service_until_a_person_says_to_try_again() {
    let mut facts = Facts::new();
    facts.asked(0, Some("standard")).of(Ask::Label, 0, declined("bad_postcode"));
    let wish = |service: &str| Wish { service: Some(service.to_owned()), units: 1, label: None };
    assert!(facts.parcel().refused(Ask::Label, &wish("standard"), 4).is_some());
    assert!(facts.parcel().refused(Ask::Label, &wish("express"), 4).is_none());
    facts.say(None, Said::TryAgain { by: "ada".to_owned(), reason: "it is mended".to_owned() });
    assert!(facts.parcel().refused(Ask::Label, &wish("standard"), 4).is_none());
}

#[test]
fn what_only_fails_is_refused_when_it_failed_too_often() {
    let mut facts = Facts::new();
    let wish = Wish { service: None, units: 1, label: None };
    for run in 0..4 {
        assert!(facts.parcel().refused(Ask::Label, &wish, 4).is_none(), "{run}");
        let soft = Said::Soft { code: "busy".to_owned(), words: "later".to_owned() };
        facts.asked(run, None).of(Ask::Label, run, soft);
    }
    assert_eq!(facts.parcel().refused(Ask::Label, &wish, 4).unwrap().words, "later");
}

fn soft() -> Said {
    Said::Soft { code: "busy".to_owned(), words: "later".to_owned() }
}

fn wish(service: Option<&str>) -> Wish {
    Wish { service: service.map(str::to_owned), units: 1, label: None }
}

#[test]
fn goods_left_when_it_was_first_said() {
    let mut facts = Facts::new();
    facts.say(None, Said::HandedOver { left_at: UtcMs(5) }).say(None, Said::HandedOver { left_at: UtcMs(9) });
    assert_eq!(facts.parcel().left_at, Some(UtcMs(5)));
}

#[test]
fn a_void_is_of_the_label_that_it_names() {
    let mut facts = Facts::new();
    facts.labelled(0, Some("standard")).labelled(1, Some("express"));
    facts.asked_to_void(0, 1);
    assert_eq!(facts.parcel().live().count(), 2, "it is asked for, and not done");
    facts.of(Ask::VoidLabel, 0, Said::Voided);
    let parcel = facts.parcel();
    assert_eq!(parcel.live().map(|made| made.run).collect::<Vec<_>>(), [0]);
}

#[test]
fn failures_count_in_a_row_for_their_own_service() {
    let mut facts = Facts::new();
    let count = |facts: &Facts, service| facts.parcel().failures(Ask::Label, &wish(service)).count();
    facts.asked(0, Some("standard")).of(Ask::Label, 0, soft());
    facts.asked(1, Some("express")).of(Ask::Label, 1, soft());
    facts.asked(2, Some("standard")).of(Ask::Label, 2, Said::Absent);
    facts.asked(3, Some("standard")).of(Ask::Label, 3, soft());
    assert_eq!((count(&facts, Some("standard")), count(&facts, Some("express"))), (2, 1));
    facts.labelled(4, Some("standard")).asked(5, Some("standard")).of(Ask::Label, 5, soft());
    assert_eq!(count(&facts, Some("standard")), 1, "it went through in between");
    facts.say(None, Said::TryAgain { by: "ada".to_owned(), reason: "it is mended".to_owned() });
    assert_eq!(count(&facts, Some("standard")), 0);
}

#[test]
fn a_question_that_never_arrived_takes_no_refusal_back() {
    let mut facts = Facts::new();
    facts.asked(0, None).of(Ask::Label, 0, declined("bad_postcode"));
    facts.asked(1, None).of(Ask::Label, 1, Said::Absent);
    assert_eq!(facts.parcel().refused(Ask::Label, &wish(None), 4).map(|refusal| refusal.id.run), Some(0));
}

#[test]
fn a_run_is_gone_on_with_for_the_same_wish_that_never_arrived_and_is_new_else() {
    let mut facts = Facts::new();
    let run = |facts: &Facts, service| facts.parcel().run_for(Ask::Label, &wish(service)).run;
    facts.asked(0, Some("standard")).of(Ask::Label, 0, Said::Absent);
    assert_eq!((run(&facts, Some("standard")), run(&facts, Some("express"))), (0, 1));
    facts.asked(1, Some("express")).of(Ask::Label, 1, soft());
    assert_eq!((run(&facts, Some("express")), run(&facts, Some("standard"))), (2, 2));
}

#[test]
fn a_label_that_a_person_withdrew_is_of_no_use_and_one_of_afterwards_is() {
    let mut facts = Facts::new();
    facts.labelled(0, None);
    facts.say(None, Said::Withdrawn { by: "ada".to_owned(), reason: "torn".to_owned() });
    assert_eq!(facts.parcel().state(), ParcelState::Voided);
    facts.say(None, Said::TryAgain { by: "ada".to_owned(), reason: "again".to_owned() });
    assert_eq!(facts.parcel().state(), ParcelState::Wanted, "the old one counts no longer");
    facts.labelled(1, None);
    let parcel = facts.parcel();
    let unwanted: Vec<(u32, bool)> = parcel.live().map(|made| (made.run, made.unwanted)).collect();
    assert_eq!((parcel.state(), unwanted), (ParcelState::Labelled, vec![(0, true), (1, false)]));
}

#[test]
fn of_what_the_carrier_tells_only_an_arrival_is_a_time_of_arrival() {
    let mut facts = Facts::new();
    facts.tracked(InTransit, 7);
    assert_eq!(facts.parcel().arrived_at(), None);
    facts.tracked(TrackStatus::Returned, 8);
    assert_eq!(facts.parcel().arrived_at(), None);
}

#[test]
fn each_try_and_each_silence_of_a_question_is_counted() {
    let mut facts = Facts::new();
    facts.asked(0, None).of(Ask::Label, 0, Said::Absent).of(Ask::Label, 0, Said::Absent);
    let parcel = facts.parcel();
    assert_eq!(parcel.asks.first().map(|record| (record.attempts, record.absent())), Some((1, 2)));
    facts.asked(0, None);
    let parcel = facts.parcel();
    assert_eq!(parcel.asks.first().map(|record| (record.attempts, record.absent())), Some((2, 0)));
    facts.of(Ask::Label, 0, declined("bad_postcode")).of(
        Ask::Label,
        0,
        Said::Unknown { words: String::new() },
    );
    assert!(facts.parcel().open().is_none(), "what was refused is known");
}
