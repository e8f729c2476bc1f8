use super::super::test_scene::Facts;
use super::*;
use proptest::prelude::*;

fn said(kind: u8, amount: i64) -> Said {
    match kind % 7 {
        0 => Said::Done { reference: "r".into(), amount, lapses_at: None },
        1 => Said::Declined { code: "no".into(), words: "no".into() },
        2 => Said::Soft { code: "later".into(), words: "later".into() },
        3 => Said::Unknown { words: "?".into() },
        4 => Said::Absent,
        5 => Said::Busy { retry_after_ms: None, words: "busy".into() },
        _ => Said::Lapsed { words: "over".into() },
    }
}

proptest! {
    /// Whatever is asked and answered, in any order and any number of times, also by a provider that says more than it
    /// was asked for.
    #[test]
    fn no_more_is_captured_than_was_authorized_nor_refunded_than_was_captured(
        steps in proptest::collection::vec((0_u8..8, 0_usize..4, 0_u32..3, 0_i64..500), 1..60),
    ) {
        let mut facts = Facts::new();
        for (kind, call, run, amount) in steps {
            let call = Call::ALL[call];
            if kind == 7 {
                let authorization = (call != Call::Authorize).then_some(run % 2);
                facts.asked(call, run, amount, authorization);
            } else {
                facts.say(call, run, said(kind, amount * 2));
            }
            let account = facts.account();
            let sums = account.sums();
            prop_assert!(sums.captured + sums.voided <= sums.authorized, "{sums:?}");
            prop_assert!(sums.refunded <= sums.captured, "{sums:?}");
            for known in &account.authorizations {
                prop_assert!(known.available() >= 0 && known.refundable() >= 0);
                prop_assert!(known.captured <= known.amount && known.refunded <= known.captured);
            }
        }
    }

    #[test]
    fn an_answer_that_comes_twice_or_late_changes_nothing(late in 0_u8..7, times in 1_usize..4) {
        let mut facts = Facts::new();
        facts.asked(Call::Authorize, 0, 100, None).done(Call::Authorize, 0, 100);
        facts.asked(Call::Capture, 0, 60, Some(0)).done(Call::Capture, 0, 60);
        let before = facts.account().sums();
        for _ in 0..times {
            facts.say(Call::Capture, 0, said(late.min(5), 60));
        }
        prop_assert_eq!(facts.account().sums(), before);
    }
}

#[test]
fn what_was_refused_may_turn_out_to_be_done() {
    let mut facts = Facts::new();
    facts.asked(Call::Authorize, 0, 100, None).declined(Call::Authorize, 0).done(Call::Authorize, 0, 100);
    let account = facts.account();
    assert_eq!(account.sums().authorized, 100, "the money is set aside, whoever said otherwise");
    assert_eq!(account.refused(Call::Authorize, 4), None);
}

#[test]
fn a_refusal_counts_until_a_person_says_to_try_again() {
    let mut facts = Facts::new();
    facts.asked(Call::Authorize, 0, 100, None).declined(Call::Authorize, 0);
    assert_eq!(facts.account().refused(Call::Authorize, 4).unwrap().code, "no_funds");
    facts.say(Call::Authorize, 0, Said::TryAgain { by: "ada".into(), reason: "new card".into() });
    assert_eq!(facts.account().refused(Call::Authorize, 4), None);
}

#[test]
fn what_fails_for_now_is_refused_when_it_has_failed_often() {
    let mut facts = Facts::new();
    for run in 0..4 {
        assert_eq!(facts.account().refused(Call::Capture, 4), None);
        facts.asked(Call::Capture, run, 100, Some(0));
        facts.say(Call::Capture, run, said(2, 0));
    }
    assert!(facts.account().refused(Call::Capture, 4).is_some());
    facts.asked(Call::Capture, 4, 100, Some(0)).done(Call::Capture, 4, 100);
    assert_eq!(facts.account().refused(Call::Capture, 4), None, "it went through");
}

#[test]
fn the_same_wish_is_asked_under_the_same_key_when_it_never_arrived() {
    let mut facts = Facts::new();
    facts.asked(Call::Capture, 0, 60, Some(0)).say(Call::Capture, 0, Said::Absent);
    let wish = |amount| Wish { amount, authorization: Some(0), refund: None, last: false };
    assert_eq!(facts.account().run_for(Call::Capture, &wish(60)).run, 0);
    assert_eq!(facts.account().run_for(Call::Capture, &wish(61)).run, 1, "another wish has another key");
    facts.asked(Call::Capture, 0, 60, Some(0)).done(Call::Capture, 0, 60);
    assert_eq!(facts.account().run_for(Call::Capture, &wish(60)).run, 1, "the same once more is a new one");
}
