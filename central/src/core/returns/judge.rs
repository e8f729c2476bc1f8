//! Whether goods may come back, by the rules of the tenant.

use super::policy::{Decides, ReturnRules};
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
    rules: &ReturnRules,
    now: UtcMs,
) -> Verdict {
    let against =
        lines.iter().find_map(|(line, class)| against(*line, class.as_ref(), rules, now.since(left_at)));
    let approve = if lines.iter().all(|(_, class)| rules.of(class.as_ref()).approve == Decides::Rule) {
        Decides::Rule
    } else {
        Decides::Person
    };
    match (against, asked_by, approve) {
        // What a rule is against is for a person to allow, when a person asks.
        (Some(why), AskedBy::Support, _) => Verdict::Person(why),
        (Some(why), AskedBy::Customer | AskedBy::Till, _) => Verdict::Refused(why),
        (None, _, Decides::Rule) => Verdict::Approved("the rules allow it".to_owned()),
        (None, _, Decides::Person) => Verdict::Person("the policy leaves it to a person".to_owned()),
    }
}

fn against(line: LineNo, class: Option<&SkuClass>, rules: &ReturnRules, since_ms: i64) -> Option<String> {
    if class.is_some_and(|class| rules.whole.final_sale.contains(class)) {
        return Some(format!("line {line} is of a class of which nothing is taken back"));
    }
    let policy = rules.of(class);
    let late = since_ms > policy.window_ms();
    late.then(|| format!("the goods of line {line} left more than {} days ago", policy.window_days))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::returns::policy::ReturnPolicy;

    const DAY_MS: i64 = 24 * 60 * 60 * 1000;

    fn told(asked_by: AskedBy, policy: &ReturnPolicy, now: i64) -> Verdict {
        judge(&[(LineNo(1), None)], UtcMs(0), asked_by, &policy.clone().into(), UtcMs(now))
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
