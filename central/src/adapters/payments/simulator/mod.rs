//! A network of cards in memory that behaves as real ones do: it declines by token and by amount, answers too late or not
//! at all although it did what it was asked, knows a key again, lets authorizations lapse, and tells of everything once
//! more by webhook. Its ledger is its own, so that both sides' money can be compared. The same seed and the same
//! questions give the same answers.
//!
//! | token | what it does |
//! |---|---|
//! | `tok_declined`, `tok_no_funds`, `tok_stolen` | declines for good |
//! | `tok_soft` | fails twice, then goes through |
//! | `tok_capture_declined` | authorizes, and declines every capture |
//! | `tok_short_lived` | authorizes for an hour |
//! | any other | goes through, up to [`AMOUNT_MAX`] |

mod ledger;

pub use ledger::{Intent, Money as IntentMoney};

use crate::core::outside::mishap::{Fate, Road, Simulated};
use crate::core::outside::signed::verify;
use crate::core::saga::fact::{Call, CallId, Said};
use crate::core::saga::notice::Notice;
use crate::core::saga::plan::Capabilities;
use crate::ports::payments::{Answer, BadNotice, Known, Paid, Payments, Question};
use async_trait::async_trait;
use holdfast_platform::secret::Secret;
use holdfast_shared::ids::OrderId;
use holdfast_shared::time::UtcMs;
use ledger::Ledger;
use serde::{Deserialize, Serialize};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// More is declined.
pub const AMOUNT_MAX: i64 = 100_000_000;
const AUTHORIZATION_MS: i64 = 7 * 24 * 60 * 60 * 1_000;
/// How often, in a thousand questions, something goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rates {
    pub done_unheard: u16,
    pub lost: u16,
    pub busy: u16,
    pub twice: u16,
    pub soft: u16,
}

#[derive(Debug)]
struct Inside {
    ledger: Ledger,
    can: Capabilities,
    road: Road<Question>,
    asked: u64,
}

#[derive(Debug)]
pub struct Simulator {
    seed: u64,
    rates: Rates,
    secret: Secret,
    inside: Mutex<Inside>,
}

/// The body of a webhook of it.
#[derive(Debug, Serialize, Deserialize)]
struct Event {
    id: String,
    kind: String,
    #[serde(default)]
    order: Option<OrderId>,
    #[serde(default)]
    call: Option<CallId>,
    #[serde(default)]
    reference: Option<String>,
    #[serde(default)]
    amount: i64,
    #[serde(default)]
    words: Option<String>,
}

impl Simulator {
    #[must_use]
    pub fn new(seed: u64, rates: Rates, secret: Secret) -> Self {
        let can = Capabilities {
            several_captures: true,
            partial_refund: true,
            renewable: true,
            authorization_ms: AUTHORIZATION_MS,
        };
        let inside = Inside { ledger: Ledger::default(), can, road: Road::default(), asked: 0 };
        Self { seed, rates, secret, inside: Mutex::new(inside) }
    }

    /// Of a provider that can do less.
    #[must_use]
    pub fn that_can(self, can: Capabilities) -> Self {
        self.inside().can = can;
        self
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What happens to the next questions, one each; after that chance decides again.
    pub fn fates(&self, fates: impl IntoIterator<Item = Fate>) {
        self.inside().road.fates(fates);
    }

    /// From now on it answers look-ups again.
    pub fn speak(&self) {
        self.inside().road.speak();
    }

    /// What was on its way for long arrives now.
    pub fn deliver(&self) {
        self.inside().deliver();
    }

    /// The webhooks since the last time, oldest first, each with its signature.
    #[must_use]
    pub fn webhooks(&self, now: UtcMs) -> Vec<(String, Vec<u8>)> {
        self.inside().road.webhooks(self.secret.reveal(), now)
    }

    /// What it has of an order.
    #[must_use]
    pub fn money(&self, order: &OrderId) -> IntentMoney {
        self.inside().ledger.money(order)
    }

    #[must_use]
    pub fn intents(&self) -> Vec<Intent> {
        self.inside().ledger.intents().cloned().collect()
    }

    fn fate(&self, inside: &mut Inside) -> Fate {
        inside.asked = inside.asked.wrapping_add(1);
        if let Some(fate) = inside.road.next_fate() {
            return fate;
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.seed.to_be_bytes()).update(&inside.asked.to_be_bytes());
        let mut drawn = [0; 8];
        hasher.finalize_xof().fill(&mut drawn);
        let mut left = u64::from_be_bytes(drawn) % 1_000;
        for (rate, fate) in [
            (self.rates.done_unheard, Fate::DoneUnheard),
            (self.rates.lost, Fate::Lost),
            (self.rates.busy, Fate::Busy),
            (self.rates.twice, Fate::Twice),
            (self.rates.soft, Fate::Soft),
        ] {
            match left.checked_sub(u64::from(rate)) {
                Some(rest) => left = rest,
                None => return fate,
            }
        }
        Fate::Normal
    }
}

impl Simulated for Inside {
    type Question = Question;
    type Done = Paid;

    fn road(&mut self) -> &mut Road<Question> {
        &mut self.road
    }

    fn act(&mut self, question: &Question) -> Answer {
        let (answer, is_new) = self.ledger.act(question, self.can);
        if is_new {
            self.tell(question, &answer);
        }
        answer
    }

    fn end(&mut self, question: &Question, answer: Answer) {
        self.ledger.end(question, answer);
    }

    fn recall(&self, question: &Question) -> Option<Answer> {
        self.ledger.look_up(question)
    }

    fn declines() -> Answer {
        ledger::declined("do_not_honor", "the bank does not say why")
    }

    fn fails() -> Answer {
        ledger::soft()
    }
}

impl Inside {
    fn tell(&mut self, question: &Question, answer: &Answer) {
        let (kind, reference, amount, words) = match answer {
            Answer::Done(Paid { reference, amount, .. }) => ("done", Some(reference.clone()), *amount, None),
            Answer::Declined { words, .. } => {
                ("declined", question.reference.clone(), 0, Some(words.clone()))
            }
            Answer::Soft { .. } | Answer::Busy { .. } | Answer::Unknown { .. } => return,
        };
        let event = Event {
            id: format!("evt_{}", question.key),
            kind: format!("{}.{kind}", question.id.call.as_str()),
            order: Some(question.order.clone()),
            call: Some(question.id),
            reference,
            amount,
            words,
        };
        if let Ok(body) = serde_json::to_vec(&event) {
            self.road.tell(body);
        }
    }
}

#[async_trait]
impl Payments for Simulator {
    fn can(&self) -> Capabilities {
        self.inside().can
    }

    async fn ask(&self, question: &Question) -> Answer {
        let mut inside = self.inside();
        let fate = self.fate(&mut inside);
        inside.carry(question, fate)
    }

    async fn look_up(&self, question: &Question) -> Known {
        self.inside().look_up(question)
    }

    fn signature_header(&self) -> &'static str {
        "holdfast-signature"
    }

    fn read_notice(&self, signature: Option<&str>, body: &[u8], now: UtcMs) -> Result<Notice, BadNotice> {
        let header = signature.ok_or_else(|| BadNotice::Unsigned(self.signature_header()))?;
        verify(&[self.secret.reveal()], header, body, now)?;
        let event: Event =
            serde_json::from_slice(body).map_err(|bad| BadNotice::Unreadable(bad.to_string()))?;
        let said = match (event.kind.rsplit_once('.'), &event.reference) {
            (Some((_, "done")), Some(reference)) => {
                let lapses_at = event.call.filter(|id| id.call == Call::Authorize).and_then(|_| {
                    self.inside().ledger.intents().find(|known| known.reference == *reference)?.lapses_at
                });
                Some(Said::Done { reference: reference.clone(), amount: event.amount, lapses_at })
            }
            (Some((_, "declined")), _) => Some(Said::Declined {
                code: String::from("do_not_honor"),
                words: event.words.unwrap_or_default(),
            }),
            (Some(("authorization", "lapsed")), _) => {
                Some(Said::Lapsed { words: String::from("the network ended the authorization") })
            }
            (Some(_) | None, _) => None,
        };
        let Event { id, kind, order, call, reference, .. } = event;
        Ok(Notice { event: id, kind, reference, order, call, said })
    }
}

#[cfg(test)]
mod tests;
