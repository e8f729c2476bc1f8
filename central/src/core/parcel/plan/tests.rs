use super::super::fact::Said;
use super::super::test_scene::{Facts, declined};
use super::super::tracking::TrackStatus;
use super::*;

const NOW: UtcMs = UtcMs(1_000_000);

fn plan_at(facts: &Facts, needs: Needs, service: Option<&str>, now: UtcMs) -> Next {
    let parcel = facts.parcel();
    let view = View { parcel: &parcel, needs, service, units: 1, addressed: true, held: false };
    next(&view, 0, now)
}

fn plan(facts: &Facts, needs: Needs) -> Next {
    plan_at(facts, needs, None, NOW)
}

fn asks(next: &Next) -> Option<AskId> {
    match next {
        Next::Ask { id, .. } => Some(*id),
        _ => None,
    }
}

#[test]
fn a_label_is_asked_for_once() {
    let mut facts = Facts::new();
    assert_eq!(asks(&plan(&facts, Needs::Label)), Some(AskId { ask: Ask::Label, run: 0 }));
    facts.asked(0, None);
    assert_eq!(plan(&facts, Needs::Label), Next::LookUp(AskId { ask: Ask::Label, run: 0 }), "and not again");
    facts.made(0);
    assert_eq!(plan(&facts, Needs::Label), Next::Rest);
}

#[test]
fn what_never_arrived_is_asked_again_under_the_same_run() {
    let mut facts = Facts::new();
    facts.asked(0, None).of(Ask::Label, 0, Said::Absent);
    assert_eq!(asks(&plan(&facts, Needs::Label)), Some(AskId { ask: Ask::Label, run: 0 }));
}

#[test]
fn what_never_arrived_is_looked_up_once_more_before_nobody_looks() {
    let mut facts = Facts::new();
    facts.now = NOW.0;
    facts.asked(0, None).of(Ask::Label, 0, Said::Absent);
    assert_eq!(plan(&facts, Needs::Nothing), Next::Until(NOW.plus(LAST_LOOK_MS)));
    let later = NOW.plus(LAST_LOOK_MS);
    assert!(matches!(plan_at(&facts, Needs::Nothing, None, later), Next::LookUp(_)));
    facts.of(Ask::Label, 0, Said::Absent);
    assert_eq!(plan_at(&facts, Needs::Nothing, None, later), Next::Drop);
    facts.say(None, Said::Dropped);
    assert_eq!(plan_at(&facts, Needs::Nothing, None, later), Next::Rest);
}

#[test]
fn a_label_that_nobody_needs_is_given_back_and_one_of_goods_that_may_leave_is_not() {
    let mut facts = Facts::new();
    facts.labelled(0, None);
    assert_eq!(plan(&facts, Needs::Wait), Next::Rest);
    assert_eq!(asks(&plan(&facts, Needs::Nothing)), Some(AskId { ask: Ask::VoidLabel, run: 0 }));
    facts.asked_to_void(0, 0).of(Ask::VoidLabel, 0, declined("scanned"));
    assert_eq!(plan(&facts, Needs::Nothing), Next::Drop, "a person was told; it is not asked for ever");
}

#[test]
fn another_service_gets_a_label_of_its_own_when_the_first_is_void() {
    let mut facts = Facts::new();
    facts.labelled(0, Some("standard"));
    let next = |facts: &Facts| plan_at(facts, Needs::Label, Some("express"), NOW);
    assert_eq!(asks(&next(&facts)), Some(AskId { ask: Ask::VoidLabel, run: 0 }));
    facts.asked_to_void(0, 0).of(Ask::VoidLabel, 0, Said::Voided);
    assert_eq!(asks(&next(&facts)), Some(AskId { ask: Ask::Label, run: 1 }));
}

#[test]
fn a_person_withdraws_a_label_and_wants_it_again() {
    let mut facts = Facts::new();
    facts.labelled(0, None);
    let (by, reason) = ("ada".to_owned(), "it does not print".to_owned());
    facts.say(None, Said::Withdrawn { by: by.clone(), reason: reason.clone() });
    assert_eq!(asks(&plan(&facts, Needs::Label)).map(|id| id.ask), Some(Ask::VoidLabel));
    facts.asked_to_void(0, 0).of(Ask::VoidLabel, 0, Said::Voided);
    assert_eq!(plan(&facts, Needs::Label), Next::Drop);
    facts.say(None, Said::TryAgain { by, reason });
    assert_eq!(asks(&plan(&facts, Needs::Label)), Some(AskId { ask: Ask::Label, run: 1 }));
}

#[test]
fn a_refusal_is_not_argued_with_and_without_an_address_nobody_is_asked() {
    let mut facts = Facts::new();
    facts.asked(0, None).of(Ask::Label, 0, declined("bad_postcode"));
    assert_eq!(plan(&facts, Needs::Label), Next::Rest);
    let parcel = Facts::new().parcel();
    let view =
        View { parcel: &parcel, needs: Needs::Label, service: None, units: 1, addressed: false, held: false };
    assert!(matches!(next(&view, 0, NOW), Next::Unaddressed { .. }));
    assert!(matches!(next(&View { held: true, ..view }, 0, NOW), Next::Until(_)), "stores tell first");
}

#[test]
fn a_carrier_that_is_silent_for_days_is_told_of_once() {
    let mut facts = Facts::new();
    facts.labelled(0, None).say(None, Said::HandedOver { left_at: UtcMs(0) });
    let at = |facts: &Facts, ms| plan_at(facts, Needs::Left, None, UtcMs(ms));
    assert_eq!(at(&facts, 5), Next::Until(UtcMs(SILENT_MS)));
    assert!(matches!(at(&facts, SILENT_MS), Next::Silent { .. }));
    facts.say(None, Said::Silent { words: String::new() });
    assert_eq!(at(&facts, 2 * SILENT_MS), Next::Rest);
    facts.now = 2 * SILENT_MS;
    facts.tracked(TrackStatus::InTransit, 9);
    assert_eq!(at(&facts, 2 * SILENT_MS), Next::Until(UtcMs(3 * SILENT_MS)));
    facts.tracked(TrackStatus::Delivered, 10);
    assert_eq!(at(&facts, 9 * SILENT_MS), Next::Rest, "it is there");
}

#[test]
fn what_left_without_a_label_of_ours_is_not_waited_for() {
    let mut facts = Facts::new();
    facts.say(None, Said::HandedOver { left_at: UtcMs(0) });
    assert_eq!(plan_at(&facts, Needs::Left, None, UtcMs(9 * SILENT_MS)), Next::Rest);
}

#[test]
fn a_question_that_comes_late_is_found_although_the_goods_have_left_without_it() {
    let mut facts = Facts::new();
    facts.now = NOW.0;
    facts.asked(0, None).of(Ask::Label, 0, Said::Absent).say(None, Said::HandedOver { left_at: NOW });
    let at = |facts: &Facts, now| plan_at(facts, Needs::Left, None, now);
    let later = NOW.plus(LAST_LOOK_MS);
    assert_eq!(at(&facts, NOW), Next::Until(later));
    assert!(matches!(at(&facts, later), Next::LookUp(_)));
    facts.made(0);
    assert!(
        matches!(at(&facts, NOW.plus(SILENT_MS)), Next::Silent { .. }),
        "it travels nowhere: a person is told"
    );
}

#[test]
fn a_clock_that_was_years_ahead_does_not_keep_a_silent_carrier_from_being_told_of() {
    let mut facts = Facts::new();
    facts.labelled(0, None);
    facts.now = 1_000 * SILENT_MS;
    facts.say(None, Said::HandedOver { left_at: NOW });
    let at = |facts: &Facts, now| plan_at(facts, Needs::Left, None, now);
    assert_eq!(at(&facts, NOW), Next::Until(NOW.plus(SILENT_MS)));
    facts.tracked(TrackStatus::InTransit, NOW.0 + 5);
    assert_eq!(at(&facts, NOW.plus(9)), Next::Until(NOW.plus(5 + SILENT_MS)));
    assert!(matches!(at(&facts, NOW.plus(5 + SILENT_MS)), Next::Silent { .. }));
}

#[test]
fn a_void_that_comes_late_is_found_although_the_goods_have_left_under_the_label() {
    let mut facts = Facts::new();
    facts.now = NOW.0;
    facts.labelled(0, None).asked_to_void(0, 0).of(Ask::VoidLabel, 0, Said::Absent);
    facts.say(None, Said::HandedOver { left_at: NOW });
    let later = plan_at(&facts, Needs::Left, None, NOW.plus(LAST_LOOK_MS));
    assert_eq!(later, Next::LookUp(AskId { ask: Ask::VoidLabel, run: 0 }));
}

fn soft() -> Said {
    Said::Soft { code: "busy".to_owned(), words: "later".to_owned() }
}

#[test]
fn what_failed_is_asked_anew_after_a_wait_and_at_once_when_the_clock_was_put_back() {
    let mut facts = Facts::new();
    facts.now = NOW.0;
    facts.asked(0, None).of(Ask::Label, 0, soft());
    let Next::Until(at) = plan(&facts, Needs::Label) else { panic!("not at once") };
    assert!(at > NOW && at <= NOW.plus(LOOK_MS_MAX), "{at:?}");
    assert_eq!(asks(&plan_at(&facts, Needs::Label, None, at)), Some(AskId { ask: Ask::Label, run: 1 }));
    let before = plan_at(&facts, Needs::Label, None, UtcMs(NOW.0 - 1));
    assert_eq!(asks(&before), Some(AskId { ask: Ask::Label, run: 1 }), "when it failed is not known");
}

#[test]
fn what_never_arrived_twice_is_waited_with() {
    let mut facts = Facts::new();
    facts.now = NOW.0;
    facts.asked(0, None).of(Ask::Label, 0, Said::Absent).asked(0, None).of(Ask::Label, 0, Said::Absent);
    assert!(matches!(plan(&facts, Needs::Label), Next::Until(at) if at > NOW));
}

#[test]
fn under_the_same_key_goes_the_same_question() {
    let mut facts = Facts::new();
    facts.asked(0, None).of(Ask::Label, 0, Said::Absent);
    let parcel = facts.parcel();
    let view =
        View { parcel: &parcel, needs: Needs::Label, service: None, units: 7, addressed: true, held: false };
    let Next::Ask { id, wish } = next(&view, 0, NOW) else { panic!("it is asked again") };
    assert_eq!((id.run, wish.units), (0, 1), "as many as were asked for, whatever was found short meanwhile");
}

#[test]
fn a_last_look_is_not_put_off_by_a_clock_that_was_put_back() {
    let mut facts = Facts::new();
    facts.now = NOW.0;
    facts.asked(0, None).of(Ask::Label, 0, Said::Absent);
    let before = plan_at(&facts, Needs::Nothing, None, UtcMs(NOW.0 - 1));
    assert_eq!(before, Next::LookUp(AskId { ask: Ask::Label, run: 0 }));
}

#[test]
fn of_two_labels_the_one_of_the_service_in_force_is_kept() {
    let mut facts = Facts::new();
    facts.labelled(0, Some("standard")).labelled(1, Some("express"));
    let next = |facts: &Facts| plan_at(facts, Needs::Label, Some("express"), NOW);
    let Next::Ask { id, wish } = next(&facts) else { panic!("the other is given back") };
    assert_eq!((id.ask, wish.label), (Ask::VoidLabel, Some(0)));
    facts.asked_to_void(0, 0).of(Ask::VoidLabel, 0, Said::Voided);
    assert_eq!(next(&facts), Next::Rest);
}

#[test]
fn a_label_that_counts_no_longer_is_given_back_also_while_the_work_waits() {
    let mut facts = Facts::new();
    facts.labelled(0, None).say(None, Said::TryAgain { by: "ada".to_owned(), reason: "torn".to_owned() });
    for needs in [Needs::Wait, Needs::Label] {
        let Next::Ask { id, wish } = plan(&facts, needs) else { panic!("{needs:?}") };
        assert_eq!((id.ask, wish.label), (Ask::VoidLabel, Some(0)), "{needs:?}");
    }
}

#[test]
fn a_label_may_come_to_be_known_for_as_long_as_its_question_is_not_settled() {
    let asked = Some(UtcMs(0));
    let mut facts = Facts::new();
    assert_eq!(asked_since(&facts.parcel()), None);
    facts.asked(0, None);
    assert_eq!(asked_since(&facts.parcel()), asked);
    facts.now = 500;
    facts.of(Ask::Label, 0, Said::Unknown { words: String::new() });
    facts.of(Ask::Label, 0, Said::GivenUp { words: String::new() });
    assert_eq!(asked_since(&facts.parcel()), asked, "it is looked up still");
    facts.of(Ask::Label, 0, Said::Absent);
    assert_eq!(asked_since(&facts.parcel()), asked, "it may be on its way");
    facts.of(Ask::Label, 0, Said::Absent);
    assert_eq!(asked_since(&facts.parcel()), None);
    facts.labelled(1, None).asked_to_void(0, 1);
    assert_eq!(asked_since(&facts.parcel()), None, "a void makes no label");
}
