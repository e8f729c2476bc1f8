//! What can happen to a question on its way. Simulators let it happen, so that what central does about it can be tried.

use super::answer::{Answer, Known};
use super::signed::sign;
use holdfast_shared::time::UtcMs;
use std::collections::VecDeque;

/// Webhooks that wait to be fetched; the oldest go first.
const WEBHOOKS_MAX: usize = 10_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Normal,
    /// It is done, and the answer is lost.
    DoneUnheard,
    /// The question is lost.
    Lost,
    /// The question is lost, and so is every look-up until it [speaks](Road::speak).
    Silent,
    /// The question is not taken in.
    Busy,
    /// It arrives twice.
    Twice,
    /// The answer is lost, and the question arrives only when it is [delivered](Simulated::deliver).
    Late,
    /// Refused for good, whatever it is.
    Declined,
    /// Refused this time.
    Soft,
}

/// The way to a simulated system, and back.
#[derive(Debug)]
pub struct Road<Q> {
    fates: VecDeque<Fate>,
    silent: bool,
    late: Vec<Q>,
    webhooks: VecDeque<Vec<u8>>,
}

impl<Q> Default for Road<Q> {
    fn default() -> Self {
        Self { fates: VecDeque::new(), silent: false, late: Vec::new(), webhooks: VecDeque::new() }
    }
}

impl<Q> Road<Q> {
    /// What happens to the next questions, one each.
    pub fn fates(&mut self, fates: impl IntoIterator<Item = Fate>) {
        self.fates.extend(fates);
    }

    pub fn next_fate(&mut self) -> Option<Fate> {
        self.fates.pop_front()
    }

    /// From now on look-ups are not answered.
    pub const fn fall_silent(&mut self) {
        self.silent = true;
    }

    /// From now on look-ups are answered again.
    pub const fn speak(&mut self) {
        self.silent = false;
    }

    pub fn tell(&mut self, webhook: Vec<u8>) {
        if self.webhooks.len() >= WEBHOOKS_MAX {
            self.webhooks.pop_front();
        }
        self.webhooks.push_back(webhook);
    }

    /// The webhooks since the last time, oldest first, each with its signature.
    pub fn webhooks(&mut self, secret: &str, now: UtcMs) -> Vec<(String, Vec<u8>)> {
        let bodies = std::mem::take(&mut self.webhooks);
        bodies.into_iter().map(|body| (sign(secret, now, &body), body)).collect()
    }
}

/// A system at the end of a road.
pub trait Simulated {
    type Question: Clone;
    type Done: Clone;

    fn road(&mut self) -> &mut Road<Self::Question>;
    /// The question arrives.
    fn act(&mut self, question: &Self::Question) -> Answer<Self::Done>;
    /// From now on this is its answer to the question.
    fn end(&mut self, question: &Self::Question, answer: Answer<Self::Done>);
    /// What came of a question that arrived.
    fn recall(&self, question: &Self::Question) -> Option<Answer<Self::Done>>;
    fn declines() -> Answer<Self::Done>;
    fn fails() -> Answer<Self::Done>;

    fn carry(&mut self, question: &Self::Question, fate: Fate) -> Answer<Self::Done> {
        match fate {
            Fate::Normal => self.act(question),
            Fate::Twice => {
                self.act(question);
                self.act(question)
            }
            Fate::DoneUnheard => {
                self.act(question);
                unheard()
            }
            Fate::Lost => unheard(),
            Fate::Silent => {
                self.road().fall_silent();
                unheard()
            }
            Fate::Late => {
                self.road().late.push(question.clone());
                unheard()
            }
            Fate::Busy => {
                Answer::Busy { retry_after_ms: Some(1_000), words: String::from("too many requests") }
            }
            Fate::Declined => self.refuse(question, Self::declines()),
            Fate::Soft => self.refuse(question, Self::fails()),
        }
    }

    fn refuse(&mut self, question: &Self::Question, answer: Answer<Self::Done>) -> Answer<Self::Done> {
        self.end(question, answer.clone());
        answer
    }

    fn look_up(&mut self, question: &Self::Question) -> Known<Self::Done> {
        if self.road().silent {
            return Known::Ended(unheard());
        }
        self.recall(question).map_or(Known::Absent, Known::Ended)
    }

    /// What was on its way for long arrives now.
    fn deliver(&mut self) {
        for question in std::mem::take(&mut self.road().late) {
            self.act(&question);
        }
    }
}

fn unheard<D>() -> Answer<D> {
    Answer::Unknown { words: String::from("no answer came in time") }
}
