//! A question to a system of others of which nobody knows yet what came of it: when it is asked once more, looked up, or
//! told to a person.

use super::backoff::{Again, BackoffTerms, Tried};
use holdfast_shared::time::UtcMs;

/// How the question stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unanswered {
    /// No answer is written down.
    Asked,
    /// There was none, or none that says what happened.
    Unknown { in_a_row: u32 },
    /// It was not taken in: the same question may be asked again.
    Busy { in_a_row: u32, retry_after_ms: Option<i64> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open {
    pub stands: Unanswered,
    pub first_at: UtcMs,
    pub last_at: UtcMs,
    /// A person was told.
    pub given_up: bool,
}

/// What silence means to whoever asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// After so long without an answer it counts as silent.
    pub timeout_ms: i64,
    pub backoff: BackoffTerms,
    /// The longest that nobody looks.
    pub look_ms_max: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    Until(UtcMs),
    LookUp,
    AskAgain,
    GiveUp,
}

#[must_use]
pub fn then(open: &Open, patience: &Patience, draw: u64, now: UtcMs) -> Then {
    let backoff = patience.backoff;
    let again = |times, asked_ms| {
        backoff.again(&Tried { first_at: open.first_at, times, asked_ms }, open.last_at, draw)
    };
    let (again, then) = match open.stands {
        Unanswered::Asked => (Again::At(open.last_at.plus(patience.timeout_ms)), Then::LookUp),
        Unanswered::Unknown { in_a_row } => (again(in_a_row, None), Then::LookUp),
        Unanswered::Busy { in_a_row, retry_after_ms } => (again(in_a_row, retry_after_ms), Then::AskAgain),
    };
    let at = match again {
        Again::At(at) => at,
        Again::Never if !open.given_up => return Then::GiveUp,
        Again::Never => open.last_at.plus(patience.look_ms_max),
    };
    // A clock that was put back keeps nobody waiting.
    let waits = now < at && now >= open.last_at;
    if waits { Then::Until(at.min(now.plus(patience.look_ms_max))) } else { then }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience {
        timeout_ms: 15_000,
        backoff: BackoffTerms {
            first_ms: 2_000,
            wait_ms_max: 60_000,
            age_ms_max: 600_000,
            asked_ms_max: 60_000,
        },
        look_ms_max: 3_600_000,
    };

    fn open(stands: Unanswered) -> Open {
        Open { stands, first_at: UtcMs(0), last_at: UtcMs(0), given_up: false }
    }

    #[test]
    fn what_has_no_answer_is_looked_up_and_what_was_not_taken_in_is_asked_again() {
        let at = |stands, ms| then(&open(stands), &PATIENCE, 0, UtcMs(ms));
        assert_eq!(at(Unanswered::Asked, 14_999), Then::Until(UtcMs(15_000)));
        assert_eq!(at(Unanswered::Asked, 15_000), Then::LookUp);
        assert_eq!(at(Unanswered::Unknown { in_a_row: 1 }, 5_000), Then::LookUp);
        let busy = Unanswered::Busy { in_a_row: 1, retry_after_ms: Some(9_000) };
        assert!(matches!(at(busy, 8_000), Then::Until(_)), "as long as it asked for");
        assert_eq!(at(busy, 60_000), Then::AskAgain);
    }

    #[test]
    fn a_person_is_told_once_and_it_is_looked_up_further_rarely() {
        let old = Open { last_at: UtcMs(700_000), ..open(Unanswered::Unknown { in_a_row: 9 }) };
        let now = UtcMs(710_000);
        assert_eq!(then(&old, &PATIENCE, 0, now), Then::GiveUp);
        let told = Open { given_up: true, ..old };
        assert_eq!(then(&told, &PATIENCE, 0, now), Then::Until(UtcMs(4_300_000)));
        assert_eq!(then(&told, &PATIENCE, 0, UtcMs(4_300_000)), Then::LookUp);
        assert_eq!(then(&told, &PATIENCE, 0, UtcMs(600_000)), Then::LookUp, "the clock was put back");
    }
}
