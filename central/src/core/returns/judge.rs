//! Whether goods may come back, by the rules of the tenant.

use super::policy::{Decides, ReturnPolicy};
use super::request::AskedBy;
use holdfast_shared::ids::{LineNo, SkuClass};
use holdfast_shared::time::UtcMs;

/// What the rules say, with words for the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Approved(String),
    /// A person decides.
    Person(String),
    Refused(String),
}

/// Lines that are asked for, with the class of their SKU, and when the goods left.
#[must_use]
pub fn judge(
    lines: &[(LineNo, Option<SkuClass>)],
    left_at: UtcMs,
    asked_by: AskedBy,
    policy: &ReturnPolicy,
    now: UtcMs,
) -> Verdict {
    let is_final = |(_, class): &&(LineNo, Option<SkuClass>)| {
        class.as_ref().is_some_and(|class| policy.final_sale.contains(class))
    };
    let against = if let Some((line, _)) = lines.iter().find(is_final) {
        Some(format!("line {line} is of a class of which nothing is taken back"))
    } else if now.since(left_at) > policy.window_ms() {
        Some(format!("the goods left more than {} days ago", policy.window_days))
    } else {
        None
    };
    match (against, asked_by, policy.approve) {
        // What a rule is against is for a person to allow, when a person asks.
        (Some(why), AskedBy::Support, _) => Verdict::Person(why),
        (Some(why), AskedBy::Customer | AskedBy::Till, _) => Verdict::Refused(why),
        (None, _, Decides::Rule) => Verdict::Approved("the rules allow it".to_owned()),
        (None, _, Decides::Person) => Verdict::Person("the policy leaves it to a person".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: i64 = 24 * 60 * 60 * 1000;

    fn told(asked_by: AskedBy, policy: &ReturnPolicy, now: i64) -> Verdict {
        judge(&[(LineNo(1), None)], UtcMs(0), asked_by, policy, UtcMs(now))
    }

    #[test]
    fn the_last_moment_of_the_window_is_in_it() {
        let policy = ReturnPolicy { window_days: 14, ..ReturnPolicy::default() };
        assert!(matches!(told(AskedBy::Customer, &policy, 14 * DAY_MS), Verdict::Approved(_)));
        assert!(matches!(told(AskedBy::Customer, &policy, 14 * DAY_MS + 1), Verdict::Refused(_)));
    }

    #[test]
    fn what_is_late_is_for_a_person_when_customer_service_asks_and_for_nobody_else() {
        let policy = ReturnPolicy::default();
        let late = 31 * DAY_MS;
        assert!(
            matches!(told(AskedBy::Support, &policy, late), Verdict::Person(why) if why.contains("30 days"))
        );
        assert!(matches!(told(AskedBy::Till, &policy, late), Verdict::Refused(_)));
    }
}
