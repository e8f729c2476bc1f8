//! One question to a carrier, with all that was said of it.

use super::fact::{Ask, AskId, Label, ParcelFact, Said, Wish};
use crate::core::outside::asking::{Open, Unanswered};
use holdfast_shared::ids::IdempotencyKey;
use holdfast_shared::time::UtcMs;

/// How a question stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AskState {
    Asked,
    Unknown {
        in_a_row: u32,
    },
    Busy {
        in_a_row: u32,
        retry_after_ms: Option<i64>,
    },
    /// The carrier knew nothing of it, so often.
    Absent {
        times: u32,
    },
    Made(Label),
    Voided,
    Declined {
        code: String,
        words: String,
    },
    Soft {
        code: String,
        words: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskRecord {
    pub id: AskId,
    pub key: IdempotencyKey,
    pub wish: Wish,
    pub state: AskState,
    pub attempts: u32,
    pub first_at: UtcMs,
    pub last_at: UtcMs,
    /// The fact with which it began, and the newest of it that counts.
    pub begun: u32,
    pub sequence: u32,
    pub given_up: bool,
}

impl AskRecord {
    pub(super) fn new(id: AskId, key: &IdempotencyKey, wish: &Wish, fact: &ParcelFact) -> Self {
        Self {
            id,
            key: key.clone(),
            wish: wish.clone(),
            state: AskState::Asked,
            attempts: 1,
            first_at: fact.at,
            last_at: fact.at,
            begun: fact.sequence,
            sequence: fact.sequence,
            given_up: false,
        }
    }

    /// Nobody knows yet what came of it.
    #[must_use]
    pub fn open(&self) -> Option<Open> {
        let stands = match self.state {
            AskState::Asked => Unanswered::Asked,
            AskState::Unknown { in_a_row } => Unanswered::Unknown { in_a_row },
            AskState::Busy { in_a_row, retry_after_ms } => Unanswered::Busy { in_a_row, retry_after_ms },
            AskState::Absent { .. }
            | AskState::Made(_)
            | AskState::Voided
            | AskState::Declined { .. }
            | AskState::Soft { .. } => return None,
        };
        let Self { first_at, last_at, given_up, .. } = *self;
        Some(Open { stands, first_at, last_at, given_up })
    }

    #[must_use]
    pub const fn is_done(&self) -> bool {
        matches!(self.state, AskState::Made(_) | AskState::Voided)
    }

    /// What is done stays done, whoever says otherwise later; and what was refused may turn out to be done.
    pub(super) fn take(&mut self, fact: &ParcelFact) {
        let ended = matches!(self.state, AskState::Declined { .. } | AskState::Soft { .. });
        let state = match &fact.said {
            _ if self.is_done() => return,
            Said::Made { label } if self.id.ask == Ask::Label => AskState::Made(label.clone()),
            Said::Voided if self.id.ask == Ask::VoidLabel => AskState::Voided,
            Said::Made { .. } | Said::Voided => return,
            _ if ended => return,
            Said::Asked { .. } => {
                self.attempts = self.attempts.saturating_add(1);
                AskState::Asked
            }
            Said::Declined { code, words } => AskState::Declined { code: code.clone(), words: words.clone() },
            Said::Soft { code, words } => AskState::Soft { code: code.clone(), words: words.clone() },
            Said::Busy { retry_after_ms, .. } => {
                AskState::Busy { in_a_row: self.in_a_row(), retry_after_ms: *retry_after_ms }
            }
            Said::Unknown { .. } => AskState::Unknown { in_a_row: self.in_a_row() },
            Said::Absent => AskState::Absent { times: self.absent().saturating_add(1) },
            Said::GivenUp { .. } => {
                self.given_up = true;
                return;
            }
            Said::Dropped
            | Said::Withdrawn { .. }
            | Said::TryAgain { .. }
            | Said::HandedOver { .. }
            | Said::Tracked { .. }
            | Said::Silent { .. } => return,
        };
        self.state = state;
        self.last_at = fact.at;
        self.sequence = fact.sequence;
    }

    /// How often in a row the carrier knew nothing of it.
    #[must_use]
    pub const fn absent(&self) -> u32 {
        match self.state {
            AskState::Absent { times } => times,
            AskState::Asked
            | AskState::Unknown { .. }
            | AskState::Busy { .. }
            | AskState::Made(_)
            | AskState::Voided
            | AskState::Declined { .. }
            | AskState::Soft { .. } => 0,
        }
    }

    const fn in_a_row(&self) -> u32 {
        match self.state {
            AskState::Unknown { in_a_row } | AskState::Busy { in_a_row, .. } => in_a_row.saturating_add(1),
            // What was asked anew after it was not taken in goes on with the count.
            AskState::Asked => self.attempts,
            AskState::Absent { .. }
            | AskState::Made(_)
            | AskState::Voided
            | AskState::Declined { .. }
            | AskState::Soft { .. } => 1,
        }
    }
}
