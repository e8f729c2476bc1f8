//! A payment provider, with books that no crash and no restore of central touches.

use super::fate::Fate;
use super::head_office::HeadOffice;
use super::kind::Kind;
use super::road::{Heard, Party, Road, SECRET};
use anyhow::{Context, Result};
use async_trait::async_trait;
use holdfast_central::adapters::payments::simulator::{Intent, IntentMoney, Rates, Simulator};
use holdfast_central::core::outside::gate::GateTerms;
use holdfast_central::core::outside::mishap::Fate as Way;
use holdfast_central::core::saga::notice::Notice;
use holdfast_central::core::saga::plan::Capabilities;
use holdfast_central::flows::advance_sagas::advance_sagas;
use holdfast_central::flows::gateways::{Gateway, Gateways};
use holdfast_central::flows::read_notices::{Incoming, read_notices, take_in};
use holdfast_central::ports::payments::{Answer, BadNotice, Known, Payments, Question};
use holdfast_platform::secret::Secret;
use holdfast_shared::ids::{OrderId, PaymentProvider, TenantId};
use holdfast_shared::time::{MonoMs, Now, UtcMs};
use std::sync::Arc;

/// How the provider is called in orders.
///
/// # Errors
/// Never: it is a name.
pub fn provider() -> Result<PaymentProvider> {
    Ok(PaymentProvider::new("cards")?)
}

#[derive(Debug)]
pub struct CardNetwork {
    cards: Simulator,
    fate: Arc<Fate>,
    road: Road<Way>,
}

static PARTY: Party<Way> = Party {
    name: "the payment provider",
    nth: 0,
    down: Kind::CardsDown,
    silent: Kind::CardSilent,
    on_the_way: &[
        (Kind::CardDeclined, Way::Declined),
        (Kind::CardSoft, Way::Soft),
        (Kind::CardBusy, Way::Busy),
        (Kind::CardUnheard, Way::DoneUnheard),
        (Kind::CardLost, Way::Lost),
        (Kind::CardLate, Way::Late),
        (Kind::CardTwice, Way::Twice),
    ],
    normal: Way::Normal,
    unheard: Way::DoneUnheard,
    lost: Way::Lost,
    asked_in_vain: "card_down_asked",
    not_looked_up: "card_not_looked_up",
};

impl CardNetwork {
    #[must_use]
    pub fn new(fate: Arc<Fate>) -> Self {
        let cards = Simulator::new(1, Rates::default(), Secret::new(SECRET));
        Self { cards, road: Road::new(&PARTY, Arc::clone(&fate)), fate }
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
        self.road.tells()
    }

    pub(super) fn strike(&self, step: u64) {
        if self.road.strike(step) {
            self.cards.deliver();
        }
    }

    /// Whatever was on its way has arrived, and it answers again.
    pub(super) fn heal(&self) {
        self.cards.deliver();
        self.road.heal();
    }
}

#[async_trait]
impl Payments for CardNetwork {
    fn can(&self) -> Capabilities {
        self.cards.can()
    }

    async fn ask(&self, question: &Question) -> Answer {
        let Question { order, key, wish, .. } = question;
        let Some(way) = self.road.befalls(order, key) else {
            return Answer::Unknown { words: String::from("no answer came in time") };
        };
        self.cards.fates([way]);
        let at = self.road.now();
        let answer = self.cards.ask(&Question { at, ..question.clone() }).await;
        self.fate.say(format_args!("{order}: {key} of {}: {answer:?}", wish.amount));
        answer
    }

    async fn look_up(&self, question: &Question) -> Known {
        if !self.road.answers() {
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

const HEARD: Heard =
    Heard { taken_in: "webhook_taken_in", known_before: "webhook_known_before", refused: "webhook_refused" };

impl HeadOffice {
    /// What the provider tells by itself comes in.
    ///
    /// # Errors
    /// When central fails.
    pub(super) async fn hear_cards(&self, now: Now) -> Result<()> {
        self.cards.road.send(self.cards.cards.webhooks(UtcMs(0)).into_iter().map(|(_, body)| body));
        let (provider, clock) = (provider()?, self.clock(now).utc);
        self.hear_party(&self.cards.road, HEARD, now, async |store, signature, body| {
            let incoming = Incoming { provider: &provider, signature: Some(signature), body };
            take_in(store, &self.gateways, &incoming, clock).await
        })
        .await?;
        Ok(())
    }

    /// The money of orders goes on.
    ///
    /// # Errors
    /// When central fails.
    pub(super) async fn pay(&self, fate: &Fate, now: Now) -> Result<()> {
        let Some(store) = self.store() else { return Ok(()) };
        self.cards.road.is_used(&self.file, now.utc);
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
