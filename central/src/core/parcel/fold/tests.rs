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
