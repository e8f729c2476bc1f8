use super::super::fact::Said;
use super::super::test_scene::{Facts, worth};
use super::*;
use proptest::prelude::*;

const CAN: Capabilities = Capabilities {
    several_captures: true,
    partial_refund: true,
    renewable: true,
    authorization_ms: 7 * 24 * HOUR_MS,
};
const SINGLE: Capabilities = Capabilities { several_captures: false, ..CAN };

fn planned(facts: &Facts, worth: Worth, can: Capabilities, now: i64) -> Next {
    let account = facts.account();
    let view = View { account: &account, worth, refunds: &[], can, held: false };
    next(&view, 7, UtcMs(now))
}

fn told(next: &Next) -> String {
    match next {
        Next::Rest => "rest".into(),
        Next::Until(_) => "wait".into(),
        Next::Ask { id, wish } => format!("{id} {}{}", wish.amount, if wish.last { " last" } else { "" }),
        Next::LookUp(id) => format!("look up {id}"),
        Next::Reject { .. } => "reject".into(),
        Next::Owe { .. } => "owe".into(),
        Next::GiveUp { .. } => "give up".into(),
        Next::Lapse { run } => format!("lapse {run}"),
    }
}

fn at(facts: &Facts, worth: Worth, now: i64) -> String {
    told(&planned(facts, worth, CAN, now))
}

fn authorized(amount: i64) -> Facts {
    let mut facts = Facts::new();
    facts.asked(Call::Authorize, 0, amount, None).done(Call::Authorize, 0, amount);
    facts
}

#[test]
fn the_whole_way_of_an_order() {
    let mut facts = Facts::new();
    assert_eq!(at(&facts, worth(100, 0), 0), "authorize/0 100");
    facts.asked(Call::Authorize, 0, 100, None);
    assert_eq!(at(&facts, worth(100, 0), 2), "wait", "somebody asks just now");
    facts.done(Call::Authorize, 0, 100);
    assert_eq!(at(&facts, worth(100, 0), 3), "wait", "for the goods to leave");
    assert_eq!(at(&facts, worth(100, 40), 3), "capture/0 40");
    facts.asked(Call::Capture, 0, 40, Some(0)).done(Call::Capture, 0, 40);
    assert_eq!(at(&facts, worth(100, 40), 5), "wait");
    assert_eq!(at(&facts, worth(100, 100), 5), "capture/1 60 last");
    assert_eq!(at(&facts, worth(40, 40), 5), "void/0 60", "the rest was cancelled");
    facts.wish(Call::Capture, 1, Wish { amount: 60, authorization: Some(0), refund: None, last: true });
    facts.done(Call::Capture, 1, 60);
    assert_eq!(at(&facts, worth(100, 100), 7), "rest");
    assert_eq!(at(&facts, worth(70, 70), 7), "refund/0 30", "less left than was captured");
}

#[test]
fn a_provider_that_captures_once_is_asked_when_all_is_settled() {
    let facts = authorized(100);
    let part = Worth { settled: false, ..worth(100, 40) };
    assert_eq!(told(&planned(&facts, part, SINGLE, 3)), "wait");
    assert_eq!(told(&planned(&facts, worth(40, 40), SINGLE, 3)), "capture/0 40 last");
}

#[test]
fn an_order_that_is_cancelled_at_any_moment_has_its_money_back() {
    assert_eq!(at(&Facts::new(), worth(0, 0), 0), "rest", "nothing was asked");
    let mut facts = Facts::new();
    facts.asked(Call::Authorize, 0, 100, None);
    assert_eq!(at(&facts, worth(0, 0), 20_000), "look up authorize/0", "first it is known what came of it");
    facts.done(Call::Authorize, 0, 100);
    assert_eq!(at(&facts, worth(0, 0), 20_001), "void/0 100");
    facts.asked(Call::Void, 0, 100, Some(0)).done(Call::Void, 0, 100);
    assert_eq!(at(&facts, worth(0, 0), 20_002), "rest");
}

#[test]
fn what_nobody_knows_is_looked_up_and_what_never_arrived_is_asked_again() {
    let mut facts = Facts::new();
    facts.asked(Call::Authorize, 0, 100, None);
    assert_eq!(at(&facts, worth(100, 0), 15_000), "wait");
    assert_eq!(at(&facts, worth(100, 0), 15_001), "look up authorize/0", "whoever asked is gone");
    facts.say(Call::Authorize, 0, Said::Absent);
    assert_eq!(at(&facts, worth(100, 0), 15_002), "authorize/0 100", "under the same key");
    assert_eq!(at(&facts, worth(0, 0), 15_002), "rest", "unless nobody wants it any more");
}

#[test]
fn a_clock_that_was_put_back_keeps_nobody_waiting() {
    let mut facts = Facts { now: 1_000_000, ..Facts::new() };
    facts.asked(Call::Authorize, 0, 100, None);
    assert_eq!(at(&facts, worth(100, 0), 10), "look up authorize/0");
}

#[test]
fn after_a_long_silence_a_person_is_told_once_and_it_is_looked_up_further() {
    let mut facts = Facts::new();
    facts.asked(Call::Capture, 0, 100, Some(0));
    facts.say(Call::Capture, 0, Said::Unknown { words: "?".into() });
    let later = 3 * HOUR_MS;
    facts.now = later;
    facts.say(Call::Capture, 0, Said::Unknown { words: "?".into() });
    assert_eq!(at(&facts, worth(100, 100), later + 2), "give up");
    facts.say(Call::Capture, 0, Said::GivenUp { words: "?".into() });
    assert_eq!(at(&facts, worth(100, 100), later + 3), "wait");
    assert_eq!(at(&facts, worth(100, 100), later + HOUR_MS + 3), "look up capture/0");
}

#[test]
fn a_decline_rejects_only_what_never_was_paid() {
    let mut facts = Facts::new();
    facts.asked(Call::Authorize, 0, 100, None).declined(Call::Authorize, 0);
    assert_eq!(at(&facts, worth(100, 0), 3), "reject");
    let mut facts = authorized(100);
    facts.asked(Call::Authorize, 1, 50, None).declined(Call::Authorize, 1);
    assert_eq!(at(&facts, worth(150, 0), 5), "owe", "it grew, and the rest cannot be had");
}

#[test]
fn a_capture_that_is_refused_is_tried_on_a_new_authorization_and_then_owed() {
    let mut facts = authorized(100);
    facts.asked(Call::Capture, 0, 100, Some(0)).declined(Call::Capture, 0);
    assert_eq!(at(&facts, worth(100, 100), 5), "authorize/1 100");
    assert_eq!(told(&planned(&facts, worth(100, 100), Capabilities { renewable: false, ..CAN }, 5)), "owe");
    facts.asked(Call::Authorize, 1, 100, None).declined(Call::Authorize, 1);
    assert_eq!(at(&facts, worth(100, 100), 7), "owe");
    facts.say(Call::Capture, 0, Said::Owed { words: "no".into() });
    assert_eq!(at(&facts, worth(100, 100), 8), "void/0 100", "what it still has is set free");
    facts.asked(Call::Void, 0, 100, Some(0)).done(Call::Void, 0, 100);
    assert_eq!(at(&facts, worth(100, 100), 10), "wait");
    facts.say(Call::Authorize, 1, Said::TryAgain { by: "ada".into(), reason: "new card".into() });
    assert_eq!(at(&facts, worth(100, 100), 11), "authorize/2 100");
}

#[test]
fn a_bank_that_takes_its_word_back_twice_is_not_asked_a_third_time() {
    let mut facts = authorized(100);
    facts.asked(Call::Capture, 0, 100, Some(0)).declined(Call::Capture, 0);
    facts.asked(Call::Authorize, 1, 100, None).done(Call::Authorize, 1, 100);
    assert_eq!(at(&facts, worth(100, 100), 7), "capture/1 100 last", "once more, on the new one");
    facts.asked(Call::Capture, 1, 100, Some(1)).declined(Call::Capture, 1);
    assert_eq!(at(&facts, worth(100, 100), 9), "owe");
    facts.say(Call::Capture, 0, Said::Owed { words: "no".into() });
    assert_eq!(at(&facts, worth(100, 100), 10), "void/0 100");
}

#[test]
fn an_authorization_that_nears_its_end_is_renewed_and_the_old_one_freed() {
    let mut facts = Facts::new();
    facts.asked(Call::Authorize, 0, 100, None);
    let lapses_at = Some(UtcMs(24 * HOUR_MS));
    facts.say(Call::Authorize, 0, Said::Done { reference: "a".into(), amount: 100, lapses_at });
    assert_eq!(at(&facts, worth(100, 0), 11 * HOUR_MS), "wait");
    assert_eq!(at(&facts, worth(100, 0), 13 * HOUR_MS), "authorize/1 100");
    facts.asked(Call::Authorize, 1, 100, None).done(Call::Authorize, 1, 100);
    assert_eq!(at(&facts, worth(100, 0), 13 * HOUR_MS), "void/0 100");
    assert_eq!(at(&facts, worth(100, 0), 24 * HOUR_MS), "lapse 0");
}

#[test]
fn an_authorization_that_lives_an_hour_is_not_renewed_as_soon_as_it_is_there() {
    let mut facts = Facts::new();
    let lapses_at = Some(UtcMs(HOUR_MS));
    let done = || Said::Done { reference: "a".into(), amount: 100, lapses_at };
    facts.asked(Call::Authorize, 0, 100, None).say(Call::Authorize, 0, done());
    assert_eq!(at(&facts, worth(100, 0), 3), "wait");
    assert_eq!(planned(&facts, worth(100, 0), CAN, 3), Next::Until(UtcMs(HOUR_MS - (HOUR_MS - 2) / 2)));
    assert_eq!(at(&facts, worth(100, 0), HOUR_MS / 2 + 2), "authorize/1 100");
}

#[test]
fn nothing_moves_while_an_order_waits_for_stores_after_a_restore() {
    let facts = authorized(100);
    let account = facts.account();
    let view = View { account: &account, worth: worth(0, 0), refunds: &[], can: CAN, held: true };
    assert_eq!(told(&next(&view, 7, UtcMs(5))), "wait");
}

/// A provider that does what it is asked, or fails in one of its ways.
fn answer(facts: &mut Facts, id: CallId, wish: &Wish, chance: u8) {
    match chance % 5 {
        0 => facts.say(id.call, id.run, Said::Absent),
        1 => facts.say(id.call, id.run, Said::Soft { code: "later".into(), words: "later".into() }),
        _ => facts.done(id.call, id.run, wish.amount),
    };
}

proptest! {
    /// However the order's worth moves and the provider fails, what is asked stays within what there is, and when all
    /// comes to rest the customer has paid for what left, and nothing is set aside.
    #[test]
    fn it_never_asks_for_too_much_and_ends_even(
        moves in proptest::collection::vec((0_i64..200, 0_u8..5), 1..12),
        several: bool,
    ) {
        let can = Capabilities { several_captures: several, ..CAN };
        let mut facts = Facts::new();
        let (mut live, mut finished) = (200_i64, 0_i64);
        for (nth, (change, chance)) in moves.iter().enumerate() {
            for _ in 0..3 {
                let now = worth(live, finished);
                let Next::Ask { id, wish } = planned(&facts, now, can, facts.now + HOUR_MS) else { break };
                let account = facts.account();
                let of = wish.authorization.and_then(|run| account.authorization(run));
                match id.call {
                    Call::Authorize => prop_assert!(wish.amount <= now.live),
                    Call::Capture => prop_assert!(wish.amount <= of.unwrap().available()),
                    Call::Void => prop_assert!(wish.amount <= of.unwrap().rest()),
                    Call::Refund => prop_assert!(wish.amount <= of.unwrap().refundable()),
                }
                facts.now += HOUR_MS;
                facts.wish(id.call, id.run, wish.clone());
                answer(&mut facts, id, &wish, *chance);
            }
            match nth % 2 {
                0 => live = (live - change).max(finished),
                _ => finished = (finished + change).min(live),
            }
        }
        finished = live;
        // Nothing was ever authorized because it failed too often: then it is rejected, and nothing was taken.
        for _ in 0..40 {
            facts.now += HOUR_MS;
            match planned(&facts, worth(live, finished), can, facts.now) {
                Next::Ask { id, wish } => {
                    facts.wish(id.call, id.run, wish.clone());
                    facts.done(id.call, id.run, wish.amount);
                }
                Next::Owe { words } => {
                    facts.say(Call::Capture, 0, Said::Owed { words });
                    facts.say(Call::Authorize, 0, Said::TryAgain { by: "ada".into(), reason: "again".into() });
                }
                Next::Reject { .. } => {
                    prop_assert_eq!(facts.account().sums().captured, 0);
                    return Ok(());
                }
                Next::Rest => break,
                Next::Until(_) | Next::LookUp(_) | Next::GiveUp { .. } | Next::Lapse { .. } => {}
            }
        }
        let account = facts.account();
        let refused = account.refused(Call::Authorize, 4).is_some() || account.refused(Call::Void, 4).is_some();
        if !refused {
            prop_assert_eq!(account.sums().captured - account.given_back(), finished);
            prop_assert_eq!(account.available(), 0);
        }
    }
}
