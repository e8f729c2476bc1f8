//! The money of one order, as the fold of its facts. Whatever arrives twice, late or in another order leads to the same
//! sums, and a provider that says more than it was asked for moves no more than that.

use super::fact::{Call, CallId, SagaFact, Said, Wish};
pub use super::record::{CallRecord, CallState};
use holdfast_shared::time::UtcMs;

/// Money that a bank set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization {
    pub run: u32,
    pub reference: String,
    pub amount: i64,
    pub captured: i64,
    pub refunded: i64,
    /// Its rest is free again: it was voided, lapsed, or the last capture is done.
    pub closed: bool,
    /// A capture from it was refused: nothing more is to be had, but its rest is not known to be free.
    pub spent: bool,
    /// When it was heard of.
    pub since: UtcMs,
    pub lapses_at: Option<UtcMs>,
}

impl Authorization {
    #[must_use]
    pub const fn available(&self) -> i64 {
        if self.spent { 0 } else { self.rest() }
    }

    /// What is still set aside at the bank, whether it can be captured or not.
    #[must_use]
    pub const fn rest(&self) -> i64 {
        if self.closed { 0 } else { self.amount.saturating_sub(self.captured) }
    }

    #[must_use]
    pub const fn refundable(&self) -> i64 {
        self.captured.saturating_sub(self.refunded)
    }
}

/// The sums, for rows, people and comparisons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sums {
    pub authorized: i64,
    pub captured: i64,
    /// Set aside once, and free again.
    pub voided: i64,
    pub refunded: i64,
}

/// Why something was refused for good, or too often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub id: CallId,
    pub code: String,
    pub words: String,
}

impl Refusal {
    fn of(record: &CallRecord, code: &str, words: &str) -> Self {
        Self { id: record.id, code: code.to_owned(), words: words.to_owned() }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Account {
    pub calls: Vec<CallRecord>,
    pub authorizations: Vec<Authorization>,
    pub rejected: bool,
    /// Why its money cannot be had, until some of it can after all or a person says to try again.
    pub owed: Option<String>,
    /// Of the newest fact.
    pub sequence: u32,
    /// What was refused before a person said to try again does not count.
    tried_again_at: u32,
}

impl Account {
    #[must_use]
    pub fn fold(facts: &[SagaFact]) -> Self {
        let mut account = Self::default();
        let mut lapsed = Vec::new();
        for fact in facts {
            account.sequence = account.sequence.max(fact.sequence);
            match &fact.said {
                Said::Lapsed { .. } => lapsed.push(fact.id.run),
                Said::Rejected { .. } => account.rejected = true,
                Said::Owed { words } => account.owed = Some(words.clone()),
                Said::TryAgain { .. } => {
                    account.tried_again_at = fact.sequence;
                    account.owed = None;
                }
                Said::Done { .. } if matches!(fact.id.call, Call::Authorize | Call::Capture) => {
                    account.owed = None;
                    account.take(fact);
                }
                Said::Asked { .. }
                | Said::Done { .. }
                | Said::Declined { .. }
                | Said::Soft { .. }
                | Said::Busy { .. }
                | Said::Unknown { .. }
                | Said::Absent
                | Said::GivenUp { .. } => account.take(fact),
            }
        }
        account.authorizations = account.authorizations_now(&lapsed);
        account
    }

    fn take(&mut self, fact: &SagaFact) {
        if let Some(record) = self.calls.iter_mut().find(|record| record.id == fact.id) {
            record.take(fact);
        } else if let Said::Asked { key, wish, .. } = &fact.said {
            self.calls.push(CallRecord {
                id: fact.id,
                key: key.clone(),
                wish: wish.clone(),
                state: CallState::Asked,
                attempts: 1,
                first_at: fact.at,
                last_at: fact.at,
                sequence: fact.sequence,
                given_up: false,
            });
        }
    }

    fn authorizations_now(&self, lapsed: &[u32]) -> Vec<Authorization> {
        let mut all = Vec::new();
        for record in self.calls.iter().filter(|record| record.id.call == Call::Authorize) {
            let CallState::Done { reference, amount, lapses_at } = &record.state else { continue };
            let run = record.id.run;
            let mut authorization = Authorization {
                run,
                reference: reference.clone(),
                amount: *amount,
                captured: 0,
                refunded: 0,
                closed: lapsed.contains(&run),
                spent: false,
                since: record.last_at,
                lapses_at: *lapses_at,
            };
            let of_it = |other: &&CallRecord| other.wish.authorization == Some(run);
            self.calls.iter().filter(of_it).for_each(|other| authorization.take(other));
            all.push(authorization);
        }
        all
    }

    /// The question of which nobody knows what came of it. There is one at most: the next is asked when it is known.
    #[must_use]
    pub fn open(&self) -> Option<&CallRecord> {
        self.calls.iter().find(|record| record.state.is_open())
    }

    #[must_use]
    pub fn call(&self, id: CallId) -> Option<&CallRecord> {
        self.calls.iter().find(|record| record.id == id)
    }

    #[must_use]
    pub fn authorization(&self, run: u32) -> Option<&Authorization> {
        self.authorizations.iter().find(|known| known.run == run)
    }

    /// Of this kind, newest first.
    fn newest(&self, call: Call) -> impl Iterator<Item = &CallRecord> {
        self.calls.iter().rev().filter(move |record| record.id.call == call)
    }

    /// Those that failed one after the other, since it last went through or a person said to try again.
    pub fn failures(&self, call: Call) -> impl Iterator<Item = &CallRecord> {
        self.newest(call)
            .take_while(|record| record.sequence > self.tried_again_at)
            .take_while(|record| matches!(record.state, CallState::Soft { .. } | CallState::Absent))
            .filter(|record| matches!(record.state, CallState::Soft { .. }))
    }

    /// Whether it was refused for good, or failed as often as it may.
    #[must_use]
    pub fn refused(&self, call: Call, failures_max: u32) -> Option<Refusal> {
        let newest = self.newest(call).find(|record| record.state != CallState::Absent)?;
        let counts = newest.sequence > self.tried_again_at;
        match &newest.state {
            CallState::Declined { code, words } if counts => Some(Refusal::of(newest, code, words)),
            CallState::Soft { code, words } if counts => {
                let times = u32::try_from(self.failures(call).count()).unwrap_or(u32::MAX);
                (times >= failures_max.max(1)).then(|| Refusal::of(newest, code, words))
            }
            CallState::Asked
            | CallState::Unknown { .. }
            | CallState::Busy { .. }
            | CallState::Absent
            | CallState::Done { .. }
            | CallState::Declined { .. }
            | CallState::Soft { .. } => None,
        }
    }

    /// Captures that were refused for good, one after the other, since a person said to try again.
    #[must_use]
    pub fn captures_declined(&self) -> usize {
        self.newest(Call::Capture)
            .take_while(|record| record.sequence > self.tried_again_at)
            .take_while(|record| matches!(record.state, CallState::Declined { .. }))
            .count()
    }

    /// The run under which such a wish is asked: that of the same wish of which the provider knows nothing, else a new one.
    #[must_use]
    pub fn run_for(&self, call: Call, wish: &Wish) -> CallId {
        let newest = self.newest(call).next();
        let same = newest.filter(|record| record.state == CallState::Absent && record.wish == *wish);
        let after = || self.newest(call).map(|record| record.id.run.saturating_add(1)).max().unwrap_or(0);
        CallId { call, run: same.map_or_else(after, |record| record.id.run) }
    }

    #[must_use]
    pub fn sums(&self) -> Sums {
        let mut sums = Sums::default();
        for known in &self.authorizations {
            sums.authorized = sums.authorized.saturating_add(known.amount);
            sums.captured = sums.captured.saturating_add(known.captured);
            sums.refunded = sums.refunded.saturating_add(known.refunded);
            if known.closed {
                sums.voided = sums.voided.saturating_add(known.amount.saturating_sub(known.captured));
            }
        }
        sums
    }

    /// Set aside and not taken.
    #[must_use]
    pub fn available(&self) -> i64 {
        self.authorizations.iter().map(Authorization::available).fold(0, i64::saturating_add)
    }

    /// What went back because less left than was captured, and nobody asked for it.
    #[must_use]
    pub fn given_back(&self) -> i64 {
        let of_itself = |record: &&CallRecord| record.id.call == Call::Refund && record.wish.refund.is_none();
        self.calls.iter().filter(of_itself).map(CallRecord::done).fold(0, i64::saturating_add)
    }

    /// What went back of a refund that somebody asked for.
    #[must_use]
    pub fn refunded(&self, refund: u32) -> i64 {
        let of_it = |record: &&CallRecord| record.wish.refund == Some(refund);
        self.calls.iter().filter(of_it).map(CallRecord::done).fold(0, i64::saturating_add)
    }

    /// Whether the provider will not pay a refund that somebody asked for.
    #[must_use]
    pub fn refund_refused(&self, refund: u32) -> bool {
        let newest = self.calls.iter().rev().find(|record| record.wish.refund == Some(refund));
        newest.is_some_and(|record| {
            record.sequence > self.tried_again_at && matches!(record.state, CallState::Declined { .. })
        })
    }

    /// The runs whose voiding the provider refused: they lapse, and a person knows.
    #[must_use]
    pub fn void_refused(&self, run: u32) -> bool {
        let newest = self.newest(Call::Void).find(|record| record.wish.authorization == Some(run));
        newest.is_some_and(|record| {
            record.sequence > self.tried_again_at && matches!(record.state, CallState::Declined { .. })
        })
    }
}

impl Authorization {
    fn take(&mut self, record: &CallRecord) {
        let done = record.done();
        match record.id.call {
            Call::Capture => {
                self.captured =
                    self.captured.saturating_add(done.min(self.amount.saturating_sub(self.captured)));
                self.closed |= record.wish.last && matches!(record.state, CallState::Done { .. });
                self.spent |= matches!(record.state, CallState::Declined { .. });
            }
            Call::Void => self.closed |= matches!(record.state, CallState::Done { .. }),
            Call::Refund => {
                self.refunded =
                    self.refunded.saturating_add(done.min(self.captured.saturating_sub(self.refunded)));
            }
            Call::Authorize => {}
        }
    }
}

#[cfg(test)]
mod tests;
