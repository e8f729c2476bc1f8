//! What a person is told of a move, and what the customer is. Customers never hear of nodes.

use super::plan::Leaving;
use super::policy::{FailoverPolicy, TellCustomer};
use crate::core::health::spoken;
use holdfast_shared::time::UtcMs;

/// What goes out to the customer with a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Telling {
    /// It comes later within what was promised, perhaps.
    pub delayed: bool,
    /// What was promised can no longer be kept.
    pub promise_over: bool,
}

/// Whether a promise can be kept is judged by the time that is left of it.
#[must_use]
pub const fn telling(policy: &FailoverPolicy, promise_by: Option<UtcMs>, now: UtcMs) -> Telling {
    let Some(promise_by) = promise_by else {
        let delayed = matches!(policy.tell_customer, TellCustomer::Always);
        return Telling { delayed, promise_over: false };
    };
    let left_ms = promise_by.since(now);
    let delayed = match policy.tell_customer {
        TellCustomer::Never => false,
        TellCustomer::AtRisk => left_ms < policy.promise_at_risk_ms,
        TellCustomer::Always => true,
    };
    Telling { delayed, promise_over: left_ms <= 0 }
}

/// What is left of a promise, in words.
#[must_use]
pub fn promise_words(promise_by: Option<UtcMs>, now: UtcMs) -> String {
    match promise_by.map(|by| by.since(now)) {
        None => String::from("no date was promised"),
        Some(left_ms) if left_ms > 0 => format!("{} are left of what was promised", spoken(left_ms)),
        Some(over_ms) => {
            format!("what was promised is over since {}", spoken(over_ms.saturating_neg()))
        }
    }
}

/// Why the work leaves, since when that holds, what was decided, and what is left of the promise.
#[must_use]
pub fn move_words(leaving: &Leaving, now: UtcMs) -> String {
    let since = jiff::Timestamp::from_millisecond(now.plus(leaving.lasts_ms.saturating_neg()).0)
        .map_or_else(|_| String::from("a time that cannot be told"), |at| format!("{at:.0}"));
    format!(
        "{} leaves {}: {}, since {since}. {}; {}.",
        leaving.task,
        leaving.store,
        leaving.why,
        leaving.rule,
        promise_words(leaving.promise_by, now)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::failover::plan::Cause;
    use holdfast_shared::domain::fence::Fence;
    use holdfast_shared::domain::task::Phase;

    const NOW: UtcMs = UtcMs(1_790_000_000_000);
    const HOUR_MS: i64 = 3_600_000;

    fn told(rule: TellCustomer, left_ms: Option<i64>) -> (bool, bool) {
        let policy = FailoverPolicy { tell_customer: rule, ..FailoverPolicy::default() };
        let Telling { delayed, promise_over } = telling(&policy, left_ms.map(|ms| NOW.plus(ms)), NOW);
        (delayed, promise_over)
    }

    #[test]
    fn a_customer_hears_of_a_delay_by_policy_and_of_a_promise_that_is_over_always() {
        for (rule, left_ms, expected) in [
            (TellCustomer::Never, None, (false, false)),
            (TellCustomer::Never, Some(HOUR_MS), (false, false)),
            (TellCustomer::Never, Some(0), (false, true)),
            (TellCustomer::AtRisk, None, (false, false)),
            (TellCustomer::AtRisk, Some(4 * HOUR_MS), (false, false)),
            (TellCustomer::AtRisk, Some(4 * HOUR_MS - 1), (true, false)),
            (TellCustomer::AtRisk, Some(-1), (true, true)),
            (TellCustomer::Always, None, (true, false)),
            (TellCustomer::Always, Some(40 * HOUR_MS), (true, false)),
        ] {
            assert_eq!(told(rule, left_ms), expected, "{rule:?} {left_ms:?}");
        }
    }

    #[test]
    fn a_move_says_why_since_when_by_which_rule_and_what_is_left() {
        let leaving = Leaving {
            tenant: "acme".parse().unwrap(),
            order: "o1".parse().unwrap(),
            task: "o1-1".parse().unwrap(),
            store: "leeds".parse().unwrap(),
            fence: Fence { incarnation: 1, number: 1 },
            phase: Phase::Picking,
            cause: Cause::StoreFails,
            why: String::from("no heartbeat for 75 s"),
            rule: String::from("Its lease is over"),
            lasts_ms: 75_000,
            promise_by: Some(NOW.plus(3 * HOUR_MS)),
        };
        assert_eq!(
            move_words(&leaving, NOW),
            "o1-1 leaves leeds: no heartbeat for 75 s, since 2026-09-21T14:12:05Z. Its lease is over; 3 h are \
             left of what was promised."
        );
        assert!(promise_words(Some(NOW.plus(-120_000)), NOW).ends_with("over since 2 min"));
    }
}
