//! What a store may be given, computed from its signals, closures and hours. Never typed in.

use super::fleet::StoreRecord;
use super::health::policy::HealthPolicy;
use super::health::signals::{self, View};
use super::health::store::StoreHealth;
use super::hours::{Opening, opening};
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::time::{Now, UtcMs};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Gets work.
    Eligible,
    /// Gets work only when no eligible store can take it.
    Suspect,
    /// Gets none.
    Ineligible,
}

impl Standing {
    pub const ALL: [Self; 3] = [Self::Eligible, Self::Suspect, Self::Ineligible];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Eligible => "eligible",
            Self::Suspect => "suspect",
            Self::Ineligible => "ineligible",
        }
    }
}

/// One reason, in plain words, with the values that caused it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    /// The signal, closure or rule that says so: `uplink`, `hours`, `capacity`, ...
    pub signal: String,
    pub standing: Standing,
    #[schema(example = "no heartbeat for 34 s (limit 31 s)")]
    pub words: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Eligibility {
    pub standing: Standing,
    /// The kinds that it may be given now; empty while ineligible.
    pub kinds: BTreeSet<FulfilmentKind>,
    /// All that speaks against it, worst first; empty when all is well.
    pub reasons: Vec<Reason>,
    /// The store's own opening hours say open, whatever the signals say.
    pub physically_open: bool,
    /// Work that it already has should move away: dark, or closed hard.
    pub fail_over: bool,
}

impl Eligibility {
    /// Of a store that nothing was evaluated for yet.
    #[must_use]
    pub fn unknown() -> Self {
        Self {
            standing: Standing::Ineligible,
            kinds: BTreeSet::new(),
            reasons: vec![Reason {
                signal: signals::UPLINK.to_owned(),
                standing: Standing::Ineligible,
                words: String::from("not evaluated yet"),
            }],
            physically_open: false,
            fail_over: false,
        }
    }

    /// Whether it says something else than before. Numbers in the words alone, which grow with
    /// time, are no change.
    #[must_use]
    pub fn differs_from(&self, before: &Self) -> bool {
        let gist = |eligibility: &Self| {
            let reasons: BTreeSet<(String, Standing)> =
                eligibility.reasons.iter().map(|reason| (reason.signal.clone(), reason.standing)).collect();
            reasons
        };
        self.standing != before.standing
            || self.kinds != before.kinds
            || self.physically_open != before.physically_open
            || self.fail_over != before.fail_over
            || gist(self) != gist(before)
    }

    /// The worst that speaks against it, in words.
    #[must_use]
    pub fn why(&self) -> &str {
        self.reasons.first().map_or("nothing speaks against it", |reason| reason.words.as_str())
    }
}

/// The one judgement of a store. Pure: the same record, words and time give the same answer.
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

/// Closures on record, and the one that the store tells with its heartbeat. Whether any is hard.
fn of_closures(record: &StoreRecord, health: &StoreHealth, now: UtcMs) -> (Vec<Reason>, bool) {
    let mut reasons = Vec::new();
    let mut closed_hard = false;
    for closure in record.closures.iter().filter(|closure| in_force(closure.since, closure.until, now)) {
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

fn in_force(since: UtcMs, until: Option<UtcMs>, now: UtcMs) -> bool {
    since <= now && until.is_none_or(|until| now < until)
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
