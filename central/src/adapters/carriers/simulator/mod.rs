//! A carrier in memory that behaves as real ones do: it refuses addresses, answers too late or not at all although it made
//! the label, knows a key again, takes labels back until they are scanned, and tells of parcels by webhook, in whatever
//! order it is told to. Its book is its own, so that both sides' labels can be compared. The same seed and the same
//! questions give the same answers.
//!
//! | postcode begins with | what it does |
//! |---|---|
//! | `NO` | refuses the address for good |
//! | `SOFT` | fails twice, then goes through |
//! | any other | goes through |

use crate::core::outside::mishap::{Fate, Road, Simulated};
use crate::core::outside::notice::BadNotice;
use crate::core::outside::signed::verify;
use crate::core::parcel::fact::{Ask, Label};
use crate::core::parcel::notice::TrackingNotice;
use crate::core::parcel::tracking::{Track, TrackStatus};
use crate::ports::carriers::{Answer, Carriers, Did, Known, Question, Rate, RateQuestion};
use async_trait::async_trait;
use holdfast_platform::secret::Secret;
use holdfast_shared::ids::{IdempotencyKey, OrderId, TaskId};
use holdfast_shared::money::{Currency, Money};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

const SOFT_FAILURES: u32 = 2;
const COST_MINOR: i64 = 495;
const SERVICES: [(&str, i64, u16); 2] = [("standard", COST_MINOR, 2), ("express", 2 * COST_MINOR, 1)];

/// A label as the carrier has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub order: OrderId,
    pub task: TaskId,
    pub label: Label,
    pub voided: bool,
    pub scanned: bool,
}

#[derive(Debug)]
struct Inside {
    seed: u64,
    labels: BTreeMap<IdempotencyKey, Entry>,
    /// What was refused, and what was voided, by the key under which it was asked.
    ended: BTreeMap<IdempotencyKey, Answer>,
    softly: BTreeMap<OrderId, u32>,
    road: Road<Question>,
    events: u64,
}

#[derive(Debug)]
pub struct Simulator {
    secret: Secret,
    inside: Mutex<Inside>,
}

/// The body of a webhook of it.
#[derive(Debug, Serialize, Deserialize)]
struct Event {
    id: String,
    tracking_number: String,
    status: TrackStatus,
    happened_at: UtcMs,
    #[serde(default)]
    words: String,
}

impl Simulator {
    #[must_use]
    pub fn new(seed: u64, secret: Secret) -> Self {
        let inside = Inside {
            seed,
            labels: BTreeMap::new(),
            ended: BTreeMap::new(),
            softly: BTreeMap::new(),
            road: Road::default(),
            events: 0,
        };
        Self { secret, inside: Mutex::new(inside) }
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What happens to the next questions, one each; after that all goes well.
    pub fn fates(&self, fates: impl IntoIterator<Item = Fate>) {
        self.inside().road.fates(fates);
    }

    /// From now on it answers no look-ups.
    pub fn fall_silent(&self) {
        self.inside().road.fall_silent();
    }

    /// From now on it answers look-ups again.
    pub fn speak(&self) {
        self.inside().road.speak();
    }

    /// What was on its way for long arrives now.
    pub fn deliver(&self) {
        self.inside().deliver();
    }

    /// Every label that it has of an order.
    #[must_use]
    pub fn labels(&self, order: &OrderId) -> Vec<Entry> {
        self.inside().labels.values().filter(|entry| entry.order == *order).cloned().collect()
    }

    /// Every label that it ever made.
    #[must_use]
    pub fn book(&self) -> Vec<Entry> {
        self.inside().labels.values().cloned().collect()
    }

    /// A scan of a parcel, told by webhook. What is scanned cannot be voided any more.
    pub fn scan(&self, tracking_number: &str, status: TrackStatus, at: UtcMs) {
        let mut inside = self.inside();
        let found = inside.labels.values_mut().find(|entry| entry.label.tracking_number == tracking_number);
        if let Some(entry) = found {
            entry.scanned |= status != TrackStatus::Announced;
        }
        inside.events = inside.events.saturating_add(1);
        let event = Event {
            id: format!("evt_{}", inside.events),
            tracking_number: tracking_number.to_owned(),
            status,
            happened_at: at,
            words: String::new(),
        };
        if let Ok(body) = serde_json::to_vec(&event) {
            inside.road.tell(body);
        }
    }

    /// The webhooks since the last time, oldest first, each with its signature.
    #[must_use]
    pub fn webhooks(&self, now: UtcMs) -> Vec<(String, Vec<u8>)> {
        self.inside().road.webhooks(self.secret.reveal(), now)
    }
}

impl Simulated for Inside {
    type Question = Question;
    type Done = Did;

    fn road(&mut self) -> &mut Road<Question> {
        &mut self.road
    }

    fn act(&mut self, question: &Question) -> Answer {
        let answer = match question.id.ask {
            Ask::Label => self.label(question),
            Ask::VoidLabel => self.void(question),
        };
        match &answer {
            Answer::Declined { .. } | Answer::Soft { .. } | Answer::Done(Did::Voided) => {
                self.end(question, answer.clone());
            }
            Answer::Done(Did::Made(_)) | Answer::Busy { .. } | Answer::Unknown { .. } => {}
        }
        answer
    }

    fn end(&mut self, question: &Question, answer: Answer) {
        self.ended.insert(question.key.clone(), answer);
    }

    fn recall(&self, question: &Question) -> Option<Answer> {
        let made = || {
            let entry = self.labels.get(&question.key)?;
            let words = String::from("the label was given back before");
            let voided = || Answer::Soft { code: String::from("voided"), words };
            Some(if entry.voided { voided() } else { Answer::Done(Did::Made(entry.label.clone())) })
        };
        self.ended.get(&question.key).cloned().or_else(made)
    }

    fn declines() -> Answer {
        declined("refused", "the carrier does not say why")
    }

    fn fails() -> Answer {
        soft()
    }
}

impl Inside {
    fn label(&mut self, question: &Question) -> Answer {
        if let Some(known) = self.recall(question) {
            return known;
        }
        let postcode = question.to.as_ref().map(|to| to.postcode.to_ascii_uppercase()).unwrap_or_default();
        if postcode.starts_with("NO") {
            return declined("address", "nobody delivers to this postcode");
        }
        let softly = self.softly.entry(question.order.clone()).or_default();
        if postcode.starts_with("SOFT") && *softly < SOFT_FAILURES {
            *softly = softly.saturating_add(1);
            return soft();
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.seed.to_be_bytes()).update(question.key.as_str().as_bytes());
        let mut drawn = [0; 6];
        hasher.finalize_xof().fill(&mut drawn);
        let number = data_encoding::HEXUPPER.encode(&drawn);
        let label = Label {
            reference: format!("lbl_{number}"),
            carrier: String::from("simulated"),
            service: question.wish.service.clone().unwrap_or_else(|| String::from("standard")),
            url: Some(format!("https://labels.invalid/{number}.pdf")),
            tracking_number: format!("SIM{number}"),
            cost: euros(COST_MINOR),
        };
        let (order, task) = (question.order.clone(), question.task.clone());
        let entry = Entry { order, task, label: label.clone(), voided: false, scanned: false };
        self.labels.insert(question.key.clone(), entry);
        Answer::Done(Did::Made(label))
    }

    fn void(&mut self, question: &Question) -> Answer {
        let wanted = question.label.as_ref().map(|label| label.reference.as_str());
        let found = self.labels.values_mut().find(|entry| Some(entry.label.reference.as_str()) == wanted);
        match found {
            None => declined("unknown_label", "there is no such label"),
            Some(entry) if entry.scanned => {
                declined("in_use", "the label was scanned: its parcel is under way")
            }
            Some(entry) => {
                entry.voided = true;
                Answer::Done(Did::Voided)
            }
        }
    }
}

fn euros(minor: i64) -> Option<Money> {
    let currency: Currency = "EUR".parse().ok()?;
    Some(Money { minor, currency })
}

fn declined(code: &str, words: &str) -> Answer {
    Answer::Declined { code: code.to_owned(), words: words.to_owned() }
}

fn soft() -> Answer {
    Answer::Soft { code: String::from("try_again"), words: String::from("the carrier could not be reached") }
}

#[async_trait]
impl Carriers for Simulator {
    async fn rates(&self, question: &RateQuestion) -> Result<Vec<Rate>, Answer> {
        if question.to.postcode.to_ascii_uppercase().starts_with("NO") {
            return Err(declined("address", "nobody delivers to this postcode"));
        }
        let rates = SERVICES.iter().filter_map(|(service, minor, days)| {
            let (carrier, service) = (String::from("simulated"), (*service).to_owned());
            Some(Rate { carrier, service, cost: euros(*minor)?, days: Some(*days) })
        });
        Ok(rates.collect())
    }

    async fn ask(&self, question: &Question) -> Answer {
        let mut inside = self.inside();
        let fate = inside.road.next_fate().unwrap_or(Fate::Normal);
        inside.carry(question, fate)
    }

    async fn look_up(&self, question: &Question) -> Known {
        self.inside().look_up(question)
    }

    fn signature_header(&self) -> &'static str {
        "holdfast-signature"
    }

    fn read_notice(
        &self,
        signature: Option<&str>,
        body: &[u8],
        now: UtcMs,
    ) -> Result<TrackingNotice, BadNotice> {
        let header = signature.ok_or_else(|| BadNotice::Unsigned(self.signature_header()))?;
        verify(&[self.secret.reveal()], header, body, now)?;
        let event: Event =
            serde_json::from_slice(body).map_err(|bad| BadNotice::Unreadable(bad.to_string()))?;
        let Event { id, tracking_number, status, happened_at, words } = event;
        let track = Some(Track { status, happened_at, words });
        Ok(TrackingNotice { event: id, kind: status.as_str().to_owned(), tracking_number, track })
    }
}

#[cfg(test)]
mod tests;
