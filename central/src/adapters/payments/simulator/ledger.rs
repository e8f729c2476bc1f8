//! The simulator's own books.

use super::AMOUNT_MAX;
use crate::core::saga::fact::{Call, Wish};
use crate::core::saga::plan::Capabilities;
use crate::ports::payments::{Answer, Paid, Question};
use holdfast_shared::ids::{IdempotencyKey, OrderId};
use holdfast_shared::time::UtcMs;
use std::collections::BTreeMap;

const HOUR_MS: i64 = 60 * 60 * 1_000;
/// Tries of `tok_soft` that fail.
const SOFT_TRIES: u32 = 2;

/// An authorization with what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    pub reference: String,
    pub order: OrderId,
    pub token: String,
    pub amount: i64,
    pub captured: i64,
    pub voided: i64,
    pub refunded: i64,
    pub lapses_at: Option<UtcMs>,
}

impl Intent {
    const fn rest(&self) -> i64 {
        self.amount.saturating_sub(self.captured).saturating_sub(self.voided)
    }
}

/// All of one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Money {
    pub authorized: i64,
    pub captured: i64,
    pub voided: i64,
    pub refunded: i64,
}

#[derive(Debug, Default)]
pub(super) struct Ledger {
    intents: BTreeMap<String, Intent>,
    answers: BTreeMap<IdempotencyKey, (Wish, Answer)>,
    soft: BTreeMap<OrderId, u32>,
    numbered: u64,
}

impl Ledger {
    pub(super) fn intents(&self) -> impl Iterator<Item = &Intent> {
        self.intents.values()
    }

    pub(super) fn money(&self, order: &OrderId) -> Money {
        let mut all = Money::default();
        for intent in self.intents.values().filter(|intent| intent.order == *order) {
            all.authorized = all.authorized.saturating_add(intent.amount);
            all.captured = all.captured.saturating_add(intent.captured);
            all.voided = all.voided.saturating_add(intent.voided);
            all.refunded = all.refunded.saturating_add(intent.refunded);
        }
        all
    }

    pub(super) fn look_up(&self, question: &Question) -> Option<Answer> {
        self.answers.get(&question.key).map(|(_, answer)| answer.clone())
    }

    /// From now on this is its answer.
    pub(super) fn end(&mut self, question: &Question, answer: Answer) {
        self.answers.entry(question.key.clone()).or_insert_with(|| (question.wish.clone(), answer));
    }

    /// The answer, and whether anything was done that was not done before.
    pub(super) fn act(&mut self, question: &Question, can: Capabilities) -> (Answer, bool) {
        if let Some((wish, answer)) = self.answers.get(&question.key) {
            if *wish == question.wish {
                return (answer.clone(), false);
            }
            let words = String::from("this key came before with another question");
            return (Answer::Unknown { words }, false);
        }
        let answer = match question.id.call {
            Call::Authorize => self.authorize(question, can),
            Call::Capture => self.capture(question, can),
            Call::Void => self.void(question),
            Call::Refund => self.refund(question, can),
        };
        self.end(question, answer.clone());
        (answer, true)
    }

    fn authorize(&mut self, question: &Question, can: Capabilities) -> Answer {
        let token = question.token.reveal();
        let failed = self.soft.entry(question.order.clone()).or_default();
        if token == "tok_soft" && *failed < SOFT_TRIES {
            *failed = failed.saturating_add(1);
            return soft();
        }
        match token {
            "tok_declined" => return declined("do_not_honor", "the bank does not say why"),
            "tok_no_funds" => return declined("insufficient_funds", "not enough money"),
            "tok_stolen" => return declined("stolen_card", "the card is reported as stolen"),
            _ if question.wish.amount > AMOUNT_MAX => {
                return declined("amount_too_large", "more than the card may");
            }
            _ => {}
        }
        self.numbered = self.numbered.wrapping_add(1);
        let reference = format!("sim_{}", self.numbered);
        let life_ms = if token == "tok_short_lived" { HOUR_MS } else { can.authorization_ms };
        let lapses_at = Some(question.at.plus(life_ms));
        let amount = question.wish.amount;
        let intent = Intent {
            reference: reference.clone(),
            order: question.order.clone(),
            token: token.to_owned(),
            amount,
            captured: 0,
            voided: 0,
            refunded: 0,
            lapses_at,
        };
        self.intents.insert(reference.clone(), intent);
        Answer::Done(Paid { reference, amount, lapses_at })
    }

    fn intent(&mut self, question: &Question) -> Option<&mut Intent> {
        let intent = self.intents.get_mut(question.reference.as_ref()?)?;
        if intent.lapses_at.is_some_and(|at| at <= question.at) {
            intent.voided = intent.amount.saturating_sub(intent.captured);
        }
        Some(intent)
    }

    fn capture(&mut self, question: &Question, can: Capabilities) -> Answer {
        let wish = &question.wish;
        let Some(intent) = self.intent(question) else { return missing() };
        if intent.token == "tok_capture_declined" {
            return declined("do_not_honor", "the bank takes its word back");
        }
        if wish.amount > intent.rest() {
            return declined("amount_too_large", "the authorization has not so much, or is over");
        }
        intent.captured = intent.captured.saturating_add(wish.amount);
        if wish.last || !can.several_captures {
            intent.voided = intent.amount.saturating_sub(intent.captured);
        }
        Answer::Done(Paid { reference: intent.reference.clone(), amount: wish.amount, lapses_at: None })
    }

    fn void(&mut self, question: &Question) -> Answer {
        let Some(intent) = self.intent(question) else { return missing() };
        let amount = intent.rest();
        intent.voided = intent.voided.saturating_add(amount);
        Answer::Done(Paid { reference: intent.reference.clone(), amount, lapses_at: None })
    }

    fn refund(&mut self, question: &Question, can: Capabilities) -> Answer {
        let wish = &question.wish;
        let Some(intent) = self.intent(question) else { return missing() };
        let left = intent.captured.saturating_sub(intent.refunded);
        if wish.amount > left || (!can.partial_refund && wish.amount < intent.captured) {
            return declined("amount_not_refundable", "not so much was captured, or it went back before");
        }
        intent.refunded = intent.refunded.saturating_add(wish.amount);
        Answer::Done(Paid { reference: intent.reference.clone(), amount: wish.amount, lapses_at: None })
    }
}

pub(super) fn declined(code: &str, words: &str) -> Answer {
    Answer::Declined { code: code.to_owned(), words: words.to_owned() }
}

pub(super) fn soft() -> Answer {
    Answer::Soft { code: "try_again_later".into(), words: "the bank could not be reached".into() }
}

fn missing() -> Answer {
    declined("no_such_authorization", "there is no such authorization")
}
