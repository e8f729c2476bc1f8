//! What people and other systems are told when a fact about an order's money was written down: the difference between two
//! folds, so that a fact that changes nothing tells nothing.

use super::account::{Account, CallRecord, CallState, Sums};
use super::fact::{Call, CallId};
use super::steps;
use super::worth::Worth;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// What the order comes to is set aside.
    Authorized {
        amount: i64,
    },
    /// It was set aside anew, or for more.
    AuthorizedMore {
        amount: i64,
    },
    Captured {
        amount: i64,
        whole: bool,
    },
    Voided {
        amount: i64,
    },
    /// Set aside no longer, without anybody here having asked for it.
    Lapsed {
        amount: i64,
    },
    Refunded {
        amount: i64,
        refund: Option<u32>,
    },
    /// The order cannot be paid: it ends.
    Rejected {
        words: String,
    },
    /// Something was refused that cannot be had another way.
    Failed {
        call: Call,
        refund: Option<u32>,
        words: String,
    },
    /// Its money cannot be had.
    Owed {
        words: String,
    },
    /// It can after all.
    Settled,
    /// Nobody knows what came of it, for too long.
    Unclear {
        id: CallId,
        words: String,
    },
    /// It is known after all.
    Cleared {
        id: CallId,
    },
}

#[must_use]
pub fn news(before: &Account, after: &Account, worth: Worth) -> Vec<News> {
    let mut told = Vec::new();
    for record in &after.calls {
        let was = before.call(record.id);
        if let CallState::Done { amount, .. } = &record.state
            && !was.is_some_and(|was| matches!(was.state, CallState::Done { .. }))
        {
            told.extend(done(before, after, record, *amount, worth));
        }
        if record.given_up && !was.is_some_and(|was| was.given_up) {
            let words = format!(
                "{} was asked {} times, and nobody knows what came of it",
                record.id, record.attempts
            );
            told.push(News::Unclear { id: record.id, words });
        }
        if record.given_up && !record.state.is_open() && was.is_some_and(|was| was.state.is_open()) {
            told.push(News::Cleared { id: record.id });
        }
        told.extend(failed(before, after, record));
    }
    let freed = |sums: Sums| sums.voided;
    let by_lapse = freed(after.sums()).saturating_sub(freed(before.sums()));
    if told.is_empty() && by_lapse > 0 {
        told.push(News::Lapsed { amount: by_lapse });
    }
    match (&before.owed, &after.owed) {
        (None, Some(words)) => told.push(News::Owed { words: words.clone() }),
        (Some(_), None) => told.push(News::Settled),
        (None, None) | (Some(_), Some(_)) => {}
    }
    if after.rejected && !before.rejected {
        let words = after.refused(Call::Authorize, 1).map_or_else(String::new, |refusal| refusal.words);
        told.push(News::Rejected { words });
    }
    told
}

fn done(before: &Account, after: &Account, record: &CallRecord, amount: i64, worth: Worth) -> Option<News> {
    match record.id.call {
        Call::Authorize if before.authorizations.is_empty() => Some(News::Authorized { amount }),
        Call::Authorize => Some(News::AuthorizedMore { amount }),
        Call::Capture => {
            let taken = after.sums().captured.saturating_sub(after.given_back());
            Some(News::Captured { amount, whole: worth.settled && taken >= worth.finished })
        }
        Call::Void => Some(News::Voided { amount }),
        Call::Refund => Some(News::Refunded { amount, refund: record.wish.refund }),
    }
}

/// Refused now and not before. A first authorization that is refused is told as the order's rejection, and what is owed
/// for goods as that.
fn failed(before: &Account, after: &Account, record: &CallRecord) -> Option<News> {
    let was = before.call(record.id).map(|was| &was.state);
    if was == Some(&record.state) {
        return None;
    }
    let call = match record.id.call {
        Call::Authorize | Call::Capture => return None,
        Call::Void | Call::Refund => record.id.call,
    };
    let max = steps::terms(call.step()).retries.failures_max;
    let refusal = after.refused(call, max).filter(|refusal| refusal.id == record.id)?;
    Some(News::Failed { call, refund: record.wish.refund, words: refusal.words })
}

#[cfg(test)]
mod tests {
    use super::super::fact::Said;
    use super::super::test_scene::{Facts, worth};
    use super::*;

    #[test]
    fn what_is_written_twice_is_told_once() {
        let mut facts = Facts::new();
        facts.asked(Call::Authorize, 0, 100, None).done(Call::Authorize, 0, 100);
        let before = Account::fold(&facts.all[..1]);
        let after = facts.account();
        assert_eq!(news(&before, &after, worth(100, 0)), [News::Authorized { amount: 100 }]);
        facts.done(Call::Authorize, 0, 100);
        assert_eq!(news(&after, &facts.account(), worth(100, 0)), []);
    }

    #[test]
    fn a_decline_is_told_by_what_follows_from_it_and_that_of_a_refund_as_its_own() {
        let mut facts = Facts::new();
        facts.asked(Call::Authorize, 0, 100, None).declined(Call::Authorize, 0);
        assert_eq!(news(&Account::default(), &facts.account(), worth(100, 0)), []);
        let mut facts = Facts::new();
        facts.asked(Call::Authorize, 0, 100, None).done(Call::Authorize, 0, 100);
        let before = facts.account();
        facts.asked(Call::Capture, 0, 100, Some(0)).declined(Call::Capture, 0);
        assert_eq!(news(&before, &facts.account(), worth(100, 100)), []);
        facts.say(Call::Capture, 0, Said::Owed { words: "no money".into() });
        let owed = facts.account();
        assert_eq!(news(&before, &owed, worth(100, 100)), [News::Owed { words: "no money".into() }]);
        facts.say(Call::Capture, 0, Said::TryAgain { by: "ada".into(), reason: "new card".into() });
        assert_eq!(news(&owed, &facts.account(), worth(100, 100)), [News::Settled]);
        let mut facts = Facts::new();
        facts.asked(Call::Authorize, 0, 100, None).done(Call::Authorize, 0, 100);
        facts.asked(Call::Capture, 0, 100, Some(0)).done(Call::Capture, 0, 100);
        let before = facts.account();
        facts.asked(Call::Refund, 0, 10, Some(0)).declined(Call::Refund, 0);
        let told = news(&before, &facts.account(), worth(100, 100));
        assert!(matches!(told[..], [News::Failed { call: Call::Refund, .. }]), "{told:?}");
    }

    #[test]
    fn a_capture_of_all_that_left_is_told_as_the_whole() {
        let mut facts = Facts::new();
        facts.asked(Call::Authorize, 0, 100, None).done(Call::Authorize, 0, 100);
        facts.asked(Call::Capture, 0, 40, Some(0));
        let before = facts.account();
        facts.done(Call::Capture, 0, 40);
        let told = |worth| news(&before, &facts.account(), worth);
        assert_eq!(told(worth(100, 40)), [News::Captured { amount: 40, whole: false }]);
        assert_eq!(told(worth(40, 40)), [News::Captured { amount: 40, whole: true }]);
    }
}
