//! The way to a party outside of the chain, and back: on it questions, answers and webhooks are lost, late and doubled,
//! and central is killed while it asks. The parties' books lie at its end, and know nothing of it.

use super::dice::Dice;
use super::fate::Fate;
use super::head_office::HeadOffice;
use super::kind::Kind;
use anyhow::{Context, Result};
use holdfast_central::adapters::sqlite::SqliteStore;
use holdfast_central::core::outside::signed::sign;
use holdfast_central::flows::FlowError;
use holdfast_platform::sqlite::mishap::{self, Mishap};
use holdfast_shared::time::{Now, UtcMs};
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// With which all of them sign what they tell.
pub(super) const SECRET: &str = "whsec";
/// A webhook that was not taken in comes again after at most so many steps.
const AGAIN_STEPS_MAX: u64 = 12;

/// What is on whose way: `W` is what may happen to a question, in the words of the party.
#[derive(Debug)]
pub(super) struct Party<W: 'static> {
    pub(super) name: &'static str,
    /// Which of them it is, where chance asks.
    pub(super) nth: usize,
    pub(super) down: Kind,
    pub(super) silent: Kind,
    /// What happens to a question, by what is drawn for it.
    pub(super) on_the_way: &'static [(Kind, W)],
    pub(super) normal: W,
    pub(super) unheard: W,
    pub(super) lost: W,
    /// It was asked while it was down.
    pub(super) asked_in_vain: &'static str,
    /// It could not be asked what came of a question.
    pub(super) not_looked_up: &'static str,
}

#[derive(Debug)]
struct Webhook {
    body: Vec<u8>,
    due_step: u64,
}

#[derive(Debug, Default)]
struct State {
    /// Of the central that asks now.
    central: PathBuf,
    /// The party's own clock, whatever central's says.
    now: UtcMs,
    down_until_step: u64,
    silent_until_step: u64,
    webhooks: Vec<Webhook>,
}

#[derive(Debug)]
pub(super) struct Road<W: 'static> {
    party: &'static Party<W>,
    fate: Arc<Fate>,
    state: Mutex<State>,
}

impl<W: Copy> Road<W> {
    pub(super) fn new(party: &'static Party<W>, fate: Arc<Fate>) -> Self {
        Self { party, fate, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who asks from now on, and when it is.
    pub(super) fn is_used(&self, central: &Path, now: UtcMs) {
        let mut state = self.state();
        state.central = central.to_path_buf();
        state.now = now;
    }

    pub(super) fn now(&self) -> UtcMs {
        self.state().now
    }

    /// Whether anything is still on its way to central.
    pub(super) fn tells(&self) -> bool {
        !self.state().webhooks.is_empty()
    }

    /// Whether what was late arrives now.
    pub(super) fn strike(&self, step: u64) -> bool {
        let Party { name, nth, down, .. } = *self.party;
        if let Some(dice) = self.fate.strikes(down, nth) {
            self.state().down_until_step = step + dice.steps(5, 50);
            self.fate.say(format_args!("{name} is down"));
        }
        self.fate.dice("late questions", nth).happens(100)
    }

    /// It answers again, and what was on its way has arrived.
    pub(super) fn heal(&self) {
        let mut state = self.state();
        (state.down_until_step, state.silent_until_step) = (0, 0);
        state.webhooks.iter_mut().for_each(|webhook| webhook.due_step = 0);
    }

    fn is_down(&self) -> bool {
        self.fate.step() < self.state().down_until_step
    }

    /// Central does not live to write down what comes of it.
    fn kills_who_asks(&self) {
        mishap::befalls(&self.state().central, Mishap::KilledBefore, 0);
    }

    /// None: it does not arrive.
    pub(super) fn befalls(&self, about: &dyn Display, key: &dyn Display) -> Option<W> {
        let (fate, party) = (&self.fate, self.party);
        let Party { name, nth, .. } = *party;
        if self.is_down() {
            fate.say(format_args!("{about}: nobody answers {key}"));
            fate.mark(party.asked_in_vain);
            return None;
        }
        if fate.strikes(Kind::KilledBeforeAsking, nth).is_some() {
            self.kills_who_asks();
            return None;
        }
        if fate.strikes(Kind::KilledBeforeHearing, nth).is_some() {
            self.kills_who_asks();
            return Some(party.unheard);
        }
        if let Some(dice) = fate.strikes(party.silent, nth) {
            self.state().silent_until_step = fate.step() + dice.steps(5, 40);
            fate.say(format_args!("{about}: {name} falls silent at {key}"));
            return Some(if dice.happens(500) { party.unheard } else { party.lost });
        }
        let struck = party.on_the_way.iter().find(|(kind, _)| fate.strikes(*kind, nth).is_some());
        if let Some((kind, _)) = struck {
            fate.say(format_args!("{about}: {}: {key}", kind.words()));
        }
        Some(struck.map_or(party.normal, |(_, way)| *way))
    }

    /// Whether it says what came of a question.
    pub(super) fn answers(&self) -> bool {
        let answers = !self.is_down() && self.fate.step() >= self.state().silent_until_step;
        if !answers {
            self.fate.mark(self.party.not_looked_up);
        }
        answers
    }

    /// What the party tells by itself is on its way from now on.
    pub(super) fn send(&self, bodies: impl IntoIterator<Item = Vec<u8>>) {
        let (step, nth) = (self.fate.step(), self.party.nth);
        for body in bodies {
            let late = self.fate.strikes(Kind::WebhookLate, nth);
            let due_step = step + late.map_or(0, |dice| dice.steps(1, 60));
            if let Some(dice) = self.fate.strikes(Kind::WebhookDoubled, nth) {
                let due_step = due_step + dice.steps(0, 30);
                self.state().webhooks.push(Webhook { body: body.clone(), due_step });
            }
            self.state().webhooks.push(Webhook { body, due_step });
        }
    }

    fn due(&self) -> Vec<Vec<u8>> {
        let step = self.fate.step();
        let mut state = self.state();
        let all = std::mem::take(&mut state.webhooks);
        let (due, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(|webhook| webhook.due_step <= step);
        state.webhooks = rest;
        due.into_iter().map(|webhook| webhook.body).collect()
    }

    /// Central did not say that it has it: it comes again.
    fn comes_again(&self, body: Vec<u8>, dice: &Dice) {
        let due_step = self.fate.step() + dice.steps(1, AGAIN_STEPS_MAX);
        self.state().webhooks.push(Webhook { body, due_step });
    }
}

/// What becomes of a webhook at central's door.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heard {
    pub(super) taken_in: &'static str,
    pub(super) known_before: &'static str,
    pub(super) refused: &'static str,
}

impl HeadOffice {
    /// What a party tells by itself comes in: the bodies that central said it has.
    ///
    /// # Errors
    /// When central fails.
    pub(super) async fn hear_party<W: Copy>(
        &self,
        road: &Road<W>,
        marks: Heard,
        now: Now,
        take_in: impl AsyncFn(&SqliteStore, &str, &[u8]) -> Result<bool, FlowError>,
    ) -> Result<Vec<Vec<u8>>> {
        let (fate, mut acknowledged) = (&road.fate, Vec::new());
        for body in road.due() {
            let dice = fate.dice("webhook", road.party.nth);
            let Some(store) = self.store().filter(|_| !self.is_paused(fate.step())) else {
                road.comes_again(body, &dice);
                continue;
            };
            let signature = sign(SECRET, now.utc, &body);
            let taken = match take_in(store, &signature, &body).await {
                // Signed at another time, by a clock that is wrong.
                Err(FlowError::Refused { what, .. }) => {
                    fate.say(format_args!("a webhook is refused: {what}"));
                    fate.mark(marks.refused);
                    None
                }
                other => self.excuse(other, fate).context("take in a webhook")?,
            };
            match taken {
                Some(true) => fate.mark(marks.taken_in),
                Some(false) => fate.mark(marks.known_before),
                None => {
                    road.comes_again(body, &dice);
                    continue;
                }
            }
            acknowledged.push(body);
        }
        Ok(acknowledged)
    }
}
