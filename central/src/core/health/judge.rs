//! The judgement of one store: its signals, closures and hours together.

use super::policy::HealthPolicy;
use super::signals::{self, View};
use super::store::StoreHealth;
use crate::core::eligibility::{Eligibility, Reason, Standing, Unit};
use crate::core::fleet::StoreRecord;
use crate::core::hours::{Opening, dated_today, opening_on};
use holdfast_shared::time::{Now, UtcMs};

/// Pure: the same record, words and time give the same answer.
#[must_use]
pub fn eligibility(
    record: &StoreRecord,
    health: &StoreHealth,
    policy: &HealthPolicy,
    now: Now,
) -> Eligibility {
    judge(record, health, policy, now).0
}

/// The judgement, and whether people are at work there, for [`super::next_due`].
#[must_use]
pub fn judge(
    record: &StoreRecord,
    health: &StoreHealth,
    policy: &HealthPolicy,
    now: Now,
) -> (Eligibility, bool) {
    let hours = opening_on(&record.store.hours, &record.arranged.dated_hours, &record.store.zone, now.utc);
    let physically_open = hours == Opening::Open;
    let view = View { record, health, policy, physically_open, now };

    let mut reasons = signals::assess(&view);
    let dark = reasons
        .iter()
        .any(|reason| reason.signal == signals::UPLINK && reason.standing == Standing::Ineligible);
    reasons.extend(returning(health, policy, now));
    reasons.extend(of_hours(hours, record, now.utc));
    let (closures, closed_hard) = of_closures(record, health, now.utc);
    reasons.extend(closures);

    let silent_for_good =
        policy.silence_ms.hard.is_some_and(|hard| health.silent_ms(now.mono) >= hard) && !health.frozen;
    let fail_over = closed_hard || (dark && silent_for_good);
    (Eligibility::of(&record.store.fulfils, reasons, physically_open, fail_over), physically_open)
}

fn against(signal: &str, standing: Standing, words: impl Into<String>) -> Reason {
    Reason::new(signal, standing, words)
}

fn returning(health: &StoreHealth, policy: &HealthPolicy, now: Now) -> Option<Reason> {
    let owed = health.owes(policy, now.mono)?;
    let reason = against("readmission", Standing::Ineligible, owed.words);
    let reason = match owed.beats {
        Some((good, needed)) => reason.with_values(good.into(), needed.into(), Unit::Beats),
        None => reason,
    };
    Some(reason.about_only(health.out.as_ref().and_then(|out| out.kinds.clone())))
}

fn of_hours(hours: Opening, record: &StoreRecord, now: UtcMs) -> Option<Reason> {
    match hours {
        Opening::Open => None,
        Opening::Closed { local } => {
            let today = dated_today(&record.arranged.dated_hours, &record.store.zone, now);
            let words = match today {
                Some(day) => {
                    let why = day.why.as_ref().map(|why| format!(": {}", shortened(why))).unwrap_or_default();
                    format!("closed at this hour ({local} there), by the hours of {} alone{why}", day.date)
                }
                None => format!("closed at this hour ({local} there)"),
            };
            Some(against("hours", Standing::Ineligible, words))
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

/// Closures on record, those that were planned for now, and those that the store tells with its
/// heartbeats. Whether any is hard.
fn of_closures(record: &StoreRecord, health: &StoreHealth, now: UtcMs) -> (Vec<Reason>, bool) {
    let mut reasons = Vec::new();
    let mut closed_hard = record.closed_hard(now);
    for closure in record.closures.iter().filter(|closure| closure.in_force(now)) {
        let words =
            closure_words(closure.hard, closure.cause.as_str(), closure.author.as_str(), closure.until);
        reasons.push(against("closure", Standing::Ineligible, words));
    }
    for planned in record.arranged.planned.iter().filter(|planned| planned.in_force(now)) {
        let (cause, author) = (planned.cause.as_str(), planned.author.as_str());
        let words = closure_words(planned.hard, cause, author, Some(planned.until));
        reasons.push(against("closure", Standing::Ineligible, format!("{words}, as planned")));
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
    // Each box tells what was planned at it.
    for planned in health.planned().filter(|planned| planned.in_force(now)) {
        closed_hard |= planned.hard;
        let (cause, author) = (shortened(&planned.cause), shortened(&planned.author));
        let words = closure_words(planned.hard, &cause, &author, Some(planned.until));
        reasons.push(against("closure", Standing::Ineligible, format!("{words}, as planned at the store")));
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
