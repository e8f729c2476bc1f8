use super::super::fact::Said;
use super::super::test_scene::{Facts, declined, label};
use super::super::tracking::TrackStatus;
use super::*;

/// What each fact tells, one after the other.
fn told(facts: &Facts) -> Vec<News> {
    let folds: Vec<Parcel> = (0..=facts.all.len()).map(|n| Parcel::fold(&facts.all[..n])).collect();
    folds.windows(2).flat_map(|pair| news(&pair[0], &pair[1])).collect()
}

#[test]
fn a_label_and_its_end_are_told_once_each() {
    let mut facts = Facts::new();
    facts.labelled(0, None).made(0).asked_to_void(0, 0).of(Ask::VoidLabel, 0, Said::Voided);
    facts.of(Ask::VoidLabel, 0, Said::Voided);
    let (made, voided) = (News::Labelled { label: label(0) }, News::LabelVoided { label: label(0) });
    assert_eq!(told(&facts), [made, News::LabelSettled, voided, News::VoidSettled { run: 0 }]);
}

#[test]
fn a_way_is_told_as_far_as_it_goes_on() {
    use TrackStatus::{Delivered, InTransit, Lost, OutForDelivery};
    let mut facts = Facts::new();
    facts.tracked(InTransit, 1).tracked(OutForDelivery, 2).tracked(Lost, 3).tracked(InTransit, 2);
    facts.tracked(InTransit, 5).tracked(Delivered, 6).tracked(Delivered, 6).tracked(InTransit, 4);
    let words = "without a reason".to_owned();
    let expected = [
        News::InTransit,
        News::Lost { words },
        News::Found,
        News::InTransit,
        News::Delivered { at: UtcMs(6) },
    ];
    assert_eq!(told(&facts), expected);
}

#[test]
fn refusals_silence_and_what_nobody_knows_are_told_and_taken_back() {
    let mut facts = Facts::new();
    facts.asked(0, Some("standard")).of(Ask::Label, 0, declined("bad_postcode"));
    assert!(
        matches!(&told(&facts)[..], [News::LabelRefused { service: Some(named), .. }] if named == "standard")
    );
    let mut facts = Facts::new();
    facts.labelled(0, None).asked_to_void(0, 0).of(Ask::VoidLabel, 0, declined("scanned"));
    assert!(matches!(told(&facts).last(), Some(News::VoidRefused { run: 0, .. })));
    let mut facts = Facts::new();
    facts.say(None, Said::Silent { words: String::new() }).tracked(TrackStatus::Announced, 1);
    assert!(matches!(told(&facts)[..], [News::Silent { .. }, News::HeardAgain]));
    let mut facts = Facts::new();
    let words = String::new();
    facts.asked(0, None).of(Ask::Label, 0, Said::Unknown { words: words.clone() });
    facts.of(Ask::Label, 0, Said::GivenUp { words }).made(0);
    let told = told(&facts);
    assert!(matches!(told[..2], [News::Unclear { .. }, News::Labelled { .. }]), "{told:?}");
    assert!(told.iter().any(|news| matches!(news, News::Cleared { .. })));
}

#[test]
fn what_is_known_is_not_told_again_with_the_next_fact() {
    let mut facts = Facts::new();
    let words = String::new();
    facts.asked(0, Some("standard")).of(Ask::Label, 0, declined("bad_postcode"));
    facts.asked(1, Some("express")).of(Ask::Label, 1, Said::Unknown { words: words.clone() });
    facts.of(Ask::Label, 1, Said::GivenUp { words: words.clone() });
    facts.of(Ask::Label, 1, Said::Unknown { words: words.clone() }).of(
        Ask::Label,
        1,
        Said::Unknown { words },
    );
    let told = told(&facts);
    let times = |of: fn(&News) -> bool| told.iter().filter(|news| of(news)).count();
    assert_eq!(times(|news| matches!(news, News::LabelRefused { .. })), 1, "{told:?}");
    assert_eq!(times(|news| matches!(news, News::Unclear { .. })), 1, "{told:?}");
    assert_eq!(times(|news| matches!(news, News::Cleared { .. })), 0, "{told:?}");
}

#[test]
fn a_question_that_was_given_up_and_is_refused_is_known_after_all() {
    let mut facts = Facts::new();
    let words = String::new();
    facts.asked(0, None).of(Ask::Label, 0, Said::Unknown { words: words.clone() });
    facts.of(Ask::Label, 0, Said::GivenUp { words }).of(Ask::Label, 0, declined("bad_postcode"));
    let told = told(&facts);
    assert!(
        matches!(told[..], [News::Unclear { .. }, News::Cleared { .. }, News::LabelRefused { .. }]),
        "{told:?}"
    );
}
