//! A payment provider, with books that no crash and no restore of central touches, and the way to it: on it
//! questions, answers and webhooks are lost, late and doubled, and central is killed while it asks.

use super::dice::Dice;
use super::fate::Fate;
use super::head_office::HeadOffice;
use super::kind::Kind;
use anyhow::{Context, Result};
use async_trait::async_trait;
use holdfast_central::adapters::payments::simulator::{Fate as Way, Intent, IntentMoney, Rates, Simulator};
use holdfast_central::core::outside::gate::GateTerms;
use holdfast_central::core::outside::signed::sign;
use holdfast_central::core::saga::notice::Notice;
use holdfast_central::core::saga::plan::Capabilities;
use holdfast_central::flows::FlowError;
use holdfast_central::flows::advance_sagas::advance_sagas;
use holdfast_central::flows::gateways::{Gateway, Gateways};
use holdfast_central::flows::read_notices::{Incoming, read_notices, take_in};
use holdfast_central::ports::payments::{Answer, BadNotice, Known, Payments, Question};
use holdfast_platform::secret::Secret;
use holdfast_platform::sqlite::mishap::{self, Mishap};
use holdfast_shared::ids::{OrderId, PaymentProvider, TenantId};
use holdfast_shared::time::{MonoMs, Now, UtcMs};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const SECRET: &str = "whsec";
/// A webhook that was not taken in comes again after at most so many steps.
const AGAIN_STEPS_MAX: u64 = 12;

/// How the provider is called in orders.
///
/// # Errors
/// Never: it is a name.
pub fn provider() -> Result<PaymentProvider> {
    Ok(PaymentProvider::new("cards")?)
}

#[derive(Debug)]
struct Webhook {
    body: Vec<u8>,
    due_step: u64,
}

#[derive(Debug, Default)]
struct Road {
    /// Of the central that asks now.
    central: PathBuf,
    /// The provider's own clock, whatever central's says.
    now: UtcMs,
    down_until_step: u64,
    silent_until_step: u64,
    webhooks: Vec<Webhook>,
}

#[derive(Debug)]
pub struct CardNetwork {
    cards: Simulator,
    fate: Arc<Fate>,
    road: Mutex<Road>,
}

/// What happens to a question on its way, by what is drawn for it.
const ON_THE_WAY: &[(Kind, Way)] = &[
    (Kind::CardDeclined, Way::Declined),
    (Kind::CardSoft, Way::Soft),
    (Kind::CardBusy, Way::Busy),
    (Kind::CardUnheard, Way::DoneUnheard),
    (Kind::CardLost, Way::Lost),
    (Kind::CardLate, Way::Late),
    (Kind::CardTwice, Way::Twice),
];

impl CardNetwork {
    #[must_use]
    pub fn new(fate: Arc<Fate>) -> Self {
        let cards = Simulator::new(1, Rates::default(), Secret::new(SECRET));
        Self { cards, fate, road: Mutex::default() }
    }

    /// As a process of central has it: what it remembers of the provider's health is its own.
    ///
    /// # Errors
    /// Never: they are names.
    pub fn gateways(self: &Arc<Self>, now: MonoMs) -> Result<Gateways> {
        let port: Arc<dyn Payments> = Arc::<Self>::clone(self);
        let tenants = [TenantId::new("acme")?].into();
        Ok(Gateways::new([(provider()?, Gateway::new(port, GateTerms::default(), tenants, now))].into()))
    }

    fn road(&self) -> MutexGuard<'_, Road> {
        self.road.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[must_use]
    pub fn money(&self, order: &OrderId) -> IntentMoney {
        self.cards.money(order)
    }

    #[must_use]
    pub fn intents(&self) -> Vec<Intent> {
        self.cards.intents()
    }

    /// Whether anything is still on its way to central.
    #[must_use]
    pub fn tells(&self) -> bool {
        !self.road().webhooks.is_empty()
    }

    pub(super) fn strike(&self, step: u64) {
        if let Some(dice) = self.fate.strikes(Kind::CardsDown, 0) {
            self.road().down_until_step = step + dice.steps(5, 50);
            self.fate.say("the payment provider is down");
        }
        if self.fate.dice("late questions", 0).happens(100) {
            self.cards.deliver();
        }
    }

    /// Whatever was on its way has arrived, and it answers again.
    pub(super) fn heal(&self) {
        self.cards.deliver();
        let mut road = self.road();
        (road.down_until_step, road.silent_until_step) = (0, 0);
        road.webhooks.iter_mut().for_each(|webhook| webhook.due_step = 0);
    }

    fn is_down(&self) -> bool {
        self.fate.step() < self.road().down_until_step
    }

    fn is_silent(&self) -> bool {
        self.fate.step() < self.road().silent_until_step
    }

    /// Central does not live to write down what comes of it.
    fn kills_who_asks(&self) {
        mishap::befalls(&self.road().central, Mishap::KilledBefore, 0);
    }

    /// None: it does not arrive.
    fn befalls(&self, question: &Question) -> Option<Way> {
        let (fate, what) = (&self.fate, &question.key);
        if self.is_down() {
            fate.say(format_args!("{}: nobody answers {what}", question.order));
            fate.mark("card_down_asked");
            return None;
        }
        if fate.strikes(Kind::KilledBeforeAsking, 0).is_some() {
            self.kills_who_asks();
            return None;
        }
        if fate.strikes(Kind::KilledBeforeHearing, 0).is_some() {
            self.kills_who_asks();
            return Some(Way::DoneUnheard);
        }
        if let Some(dice) = fate.strikes(Kind::CardSilent, 0) {
            self.road().silent_until_step = fate.step() + dice.steps(5, 40);
            fate.say(format_args!("{}: the payment provider falls silent at {what}", question.order));
            return Some(if dice.happens(500) { Way::DoneUnheard } else { Way::Lost });
        }
        let struck = ON_THE_WAY.iter().find(|(kind, _)| fate.strikes(*kind, 0).is_some());
        if let Some((kind, _)) = struck {
            fate.say(format_args!("{}: {}: {what}", question.order, kind.words()));
        }
        Some(struck.map_or(Way::Normal, |(_, way)| *way))
    }

    /// What the provider tells by itself since the last time, on its way.
    fn take_webhooks(&self, step: u64) {
        for (_, body) in self.cards.webhooks(UtcMs(0)) {
            let late = self.fate.strikes(Kind::WebhookLate, 0);
            let due_step = step + late.map_or(0, |dice| dice.steps(1, 60));
            if let Some(dice) = self.fate.strikes(Kind::WebhookDoubled, 0) {
                let due_step = due_step + dice.steps(0, 30);
                self.road().webhooks.push(Webhook { body: body.clone(), due_step });
            }
            self.road().webhooks.push(Webhook { body, due_step });
        }
    }

    fn due_webhooks(&self, step: u64) -> Vec<Vec<u8>> {
        let mut road = self.road();
        let all = std::mem::take(&mut road.webhooks);
        let (due, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(|webhook| webhook.due_step <= step);
        road.webhooks = rest;
        due.into_iter().map(|webhook| webhook.body).collect()
    }

    /// Central did not say that it has it: it comes again.
    fn comes_again(&self, body: Vec<u8>, dice: &Dice) {
        let due_step = self.fate.step() + dice.steps(1, AGAIN_STEPS_MAX);
        self.road().webhooks.push(Webhook { body, due_step });
    }
}

#[async_trait]
impl Payments for CardNetwork {
    fn can(&self) -> Capabilities {
        self.cards.can()
    }

    async fn ask(&self, question: &Question) -> Answer {
        let Some(way) = self.befalls(question) else {
            return Answer::Unknown { words: String::from("no answer came in time") };
        };
        self.cards.fates([way]);
        let at = self.road().now;
        let answer = self.cards.ask(&Question { at, ..question.clone() }).await;
        let Question { order, key, wish, .. } = question;
        self.fate.say(format_args!("{order}: {key} of {}: {answer:?}", wish.amount));
        answer
    }

    async fn look_up(&self, question: &Question) -> Known {
        if self.is_down() || self.is_silent() {
            self.fate.mark("card_not_looked_up");
            return Known::Ended(Answer::Unknown { words: String::from("no answer came in time") });
        }
        let known = self.cards.look_up(question).await;
        self.fate.say(format_args!("{}: what came of {}: {known:?}", question.order, question.key));
        self.fate.mark(match known {
            Known::Absent => "card_never_heard_of_it",
            Known::Ended(_) => "card_had_done_it",
        });
        known
    }

    fn signature_header(&self) -> &'static str {
        self.cards.signature_header()
    }

    fn read_notice(&self, signature: Option<&str>, body: &[u8], now: UtcMs) -> Result<Notice, BadNotice> {
        self.cards.read_notice(signature, body, now)
    }
}

impl HeadOffice {
    /// What the provider tells by itself comes in.
    ///
    /// # Errors
    /// When central fails.
    pub(super) async fn hear_cards(&self, fate: &Fate, now: Now) -> Result<()> {
        self.cards.take_webhooks(fate.step());
        let provider = provider()?;
        for body in self.cards.due_webhooks(fate.step()) {
            let dice = fate.dice("webhook", 0);
            let Some(store) = self.store().filter(|_| !self.is_paused(fate.step())) else {
                self.cards.comes_again(body, &dice);
                continue;
            };
            let signature = sign(SECRET, now.utc, &body);
            let incoming = Incoming { provider: &provider, signature: Some(&signature), body: &body };
            let taken = match take_in(store, &self.gateways, &incoming, self.clock(now).utc).await {
                // Signed at another time, by a clock that is wrong.
                Err(FlowError::Refused { what, .. }) => {
                    fate.say(format_args!("a webhook is refused: {what}"));
                    fate.mark("webhook_refused");
                    None
                }
                other => self.excuse(other, fate).context("take in a webhook")?,
            };
            match taken {
                Some(true) => fate.mark("webhook_taken_in"),
                Some(false) => fate.mark("webhook_known_before"),
                None => self.cards.comes_again(body, &dice),
            }
        }
        Ok(())
    }

    /// The money of orders goes on.
    ///
    /// # Errors
    /// When central fails.
    pub(super) async fn pay(&self, fate: &Fate, now: Now) -> Result<()> {
        let Some(store) = self.store() else { return Ok(()) };
        {
            let mut road = self.cards.road();
            road.central.clone_from(&self.file);
            road.now = now.utc;
        }
        let now = self.clock(now);
        let read = read_notices(store, now.utc).await;
        if self.excuse(read, fate).context("read webhooks")?.is_none() {
            return Ok(());
        }
        let advanced = advance_sagas(store, &self.gateways, &provider()?, &|| now).await;
        if let Some(advanced) = self.excuse(advanced, fate).context("pay")? {
            fate.mark_many("payment_steps", advanced.steps.into());
        }
        Ok(())
    }
}
