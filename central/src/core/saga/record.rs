//! One question to a provider, with all that was said of it.

use super::fact::{CallId, SagaFact, Said, Wish};
use holdfast_shared::ids::IdempotencyKey;
use holdfast_shared::time::UtcMs;

/// How a question stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallState {
    /// Asked, and no answer is written down.
    Asked,
    Unknown {
        in_a_row: u32,
    },
    Busy {
        in_a_row: u32,
        retry_after_ms: Option<i64>,
    },
    Absent,
    Done {
        reference: String,
        amount: i64,
        lapses_at: Option<UtcMs>,
    },
    Declined {
        code: String,
        words: String,
    },
    Soft {
        code: String,
        words: String,
    },
}

impl CallState {
    /// Nobody knows yet what came of it.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self, Self::Asked | Self::Unknown { .. } | Self::Busy { .. })
    }
}

/// One question with all that was said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRecord {
    pub id: CallId,
    pub key: IdempotencyKey,
    pub wish: Wish,
    pub state: CallState,
    pub attempts: u32,
    pub first_at: UtcMs,
    pub last_at: UtcMs,
    /// The newest fact of it that counts.
    pub sequence: u32,
    pub given_up: bool,
}

impl CallRecord {
    /// What it moved; never more than it was asked for.
    pub(super) fn done(&self) -> i64 {
        match &self.state {
            CallState::Done { amount, .. } => (*amount).clamp(0, self.wish.amount),
            CallState::Asked
            | CallState::Unknown { .. }
            | CallState::Busy { .. }
            | CallState::Absent
            | CallState::Declined { .. }
            | CallState::Soft { .. } => 0,
        }
    }

    /// What is done stays done, whoever says otherwise later; and what was refused may turn out to be done.
    pub(super) fn take(&mut self, fact: &SagaFact) {
        if matches!(self.state, CallState::Done { .. }) {
            return;
        }
        let ended = matches!(self.state, CallState::Declined { .. } | CallState::Soft { .. });
        let state = match &fact.said {
            Said::Done { reference, amount, lapses_at } => CallState::Done {
                reference: reference.clone(),
                amount: (*amount).clamp(0, self.wish.amount),
                lapses_at: *lapses_at,
            },
            _ if ended => return,
            Said::Asked { .. } => {
                self.attempts = self.attempts.saturating_add(1);
                CallState::Asked
            }
            Said::Declined { code, words } => {
                CallState::Declined { code: code.clone(), words: words.clone() }
            }
            Said::Soft { code, words } => CallState::Soft { code: code.clone(), words: words.clone() },
            Said::Busy { retry_after_ms, .. } => {
                CallState::Busy { in_a_row: self.in_a_row(), retry_after_ms: *retry_after_ms }
            }
            Said::Unknown { .. } => CallState::Unknown { in_a_row: self.in_a_row() },
            Said::Absent => CallState::Absent,
            Said::GivenUp { .. } => {
                self.given_up = true;
                return;
            }
            Said::Lapsed { .. } | Said::Rejected { .. } | Said::Owed { .. } | Said::TryAgain { .. } => return,
        };
        self.state = state;
        self.last_at = fact.at;
        self.sequence = fact.sequence;
    }

    fn in_a_row(&self) -> u32 {
        match self.state {
            CallState::Unknown { in_a_row } | CallState::Busy { in_a_row, .. } => in_a_row.saturating_add(1),
            // What was asked anew after it was not taken in goes on with the count.
            CallState::Asked => self.attempts,
            CallState::Absent
            | CallState::Done { .. }
            | CallState::Declined { .. }
            | CallState::Soft { .. } => 1,
        }
    }
}
