//! The judgement of one store: its signals, closures and hours together.

use super::policy::HealthPolicy;
use super::signals::{self, View};
use super::store::StoreHealth;
use crate::core::eligibility::{Eligibility, Reason, Standing};
use crate::core::fleet::StoreRecord;
use crate::core::hours::{Opening, opening};
use holdfast_shared::time::{Now, UtcMs};
use std::collections::BTreeSet;

/// Pure: the same record, words and time give the same answer.
#[must_use]
pub fn eligibility(
    record: &StoreRecord,
    health: &StoreHealth,
    policy: &HealthPolicy,
    now: Now,
) -> Eligibility {
    let hours = opening(&record.store.hours, &record.store.zone, now.utc);
    let physically_open = hours == Opening::Open;
    let view = View { record, health, policy, physically_open, now: now.mono };

    let mut reasons = signals::assess(&view);
    let dark = reasons
        .iter()
        .any(|reason| reason.signal == signals::UPLINK && reason.standing == Standing::Ineligible);
    reasons.extend(health.owes(policy).map(|words| against("readmission", Standing::Ineligible, words)));
    reasons.extend(of_hours(hours));
    let (closures, closed_hard) = of_closures(record, health, now.utc);
    reasons.extend(closures);
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.standing));

    let standing = reasons.first().map_or(Standing::Eligible, |reason| reason.standing);
    let kinds = match standing {
        Standing::Eligible | Standing::Suspect => record.store.fulfils.clone(),
        Standing::Ineligible => BTreeSet::new(),
    };
    let silent_for_good =
        policy.silence_ms.hard.is_some_and(|hard| health.silent_ms(now.mono) >= hard) && !health.frozen;
    Eligibility {
        standing,
        kinds,
        reasons,
        physically_open,
        fail_over: closed_hard || (dark && silent_for_good),
    }
}

fn against(signal: &str, standing: Standing, words: impl Into<String>) -> Reason {
    Reason { signal: signal.to_owned(), standing, words: words.into() }
}

fn of_hours(hours: Opening) -> Option<Reason> {
    match hours {
        Opening::Open => None,
        Opening::Closed { local } => {
            Some(against("hours", Standing::Ineligible, format!("closed at this hour ({local} there)")))
        }
        Opening::Unknown { why } => {
            Some(against("hours", Standing::Suspect, format!("opening hours unknown: {why}")))
        }
    }
}

/// Whether all order traffic of the store stops: then its work is not promised to it for longer.
#[must_use]
pub fn closed_hard(record: &StoreRecord, health: &StoreHealth, now: UtcMs) -> bool {
    of_closures(record, health, now).1
}

/// Closures on record, and the one that the store tells with its heartbeat. Whether any is hard.
fn of_closures(record: &StoreRecord, health: &StoreHealth, now: UtcMs) -> (Vec<Reason>, bool) {
    let mut reasons = Vec::new();
    let mut closed_hard = false;
    for closure in record.closures.iter().filter(|closure| closure.in_force(now)) {
        closed_hard |= closure.hard;
        let words =
            closure_words(closure.hard, closure.cause.as_str(), closure.author.as_str(), closure.until);
        reasons.push(against("closure", Standing::Ineligible, words));
    }
    let recorded = record.closures.iter().any(|closure| closure.from_store);
    if let Some(note) = health.vitals().and_then(|vitals| vitals.closure.as_ref()) {
        // The store's own clock said when it began; that it is told now is what counts.
        let over = note.until.is_some_and(|until| until <= now);
        if !recorded && !over {
            closed_hard |= note.hard;
            let words =
                closure_words(note.hard, &shortened(&note.cause), &shortened(&note.author), note.until);
            reasons.push(against("closure", Standing::Ineligible, format!("{words}, told by the store")));
        }
    }
    (reasons, closed_hard)
}

fn closure_words(hard: bool, cause: &str, author: &str, until: Option<UtcMs>) -> String {
    let how = if hard { "closed hard" } else { "closed softly" };
    let end = until
        .and_then(|until| jiff::Timestamp::from_millisecond(until.0).ok())
        .map_or_else(|| String::from("until reopened"), |until| format!("until {until:.0}"));
    format!("{how} by {author} because of {cause}, {end}")
}

/// A text of a store's heartbeat goes no further than it needs to.
fn shortened(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(64).collect()
}

#[cfg(test)]
mod tests;
