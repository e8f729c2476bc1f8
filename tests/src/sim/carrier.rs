//! A carrier that makes labels for the chain, with books that no crash and no restore of central touches.

use super::fate::Fate;
use super::head_office::HeadOffice;
use super::kind::Kind;
use super::road::{Heard, Party, Road, SECRET};
use anyhow::{Context, Result};
use async_trait::async_trait;
use holdfast_central::adapters::carriers::simulator::{Entry, Simulator};
use holdfast_central::core::outside::gate::GateTerms;
use holdfast_central::core::outside::mishap::Fate as Way;
use holdfast_central::core::outside::notice::BadNotice;
use holdfast_central::core::outside::signed::sign;
use holdfast_central::core::parcel::fact::Ask;
use holdfast_central::core::parcel::notice::TrackingNotice;
use holdfast_central::core::parcel::tracking::TrackStatus;
use holdfast_central::flows::advance_parcels::advance_parcels;
use holdfast_central::flows::gateways::{CarrierGateways, Gateway};
use holdfast_central::flows::label_failed::see_to_labels;
use holdfast_central::flows::read_tracking::{IncomingTracking, read_tracking, take_in_tracking};
use holdfast_central::flows::route_orders::Router;
use holdfast_central::ports::carriers::{Answer, Carriers, Did, Known, Question, Rate, RateQuestion};
use holdfast_platform::secret::Secret;
use holdfast_shared::ids::{CarrierAccount, IdempotencyKey, TenantId};
use holdfast_shared::time::{MonoMs, Now, UtcMs};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// How the chain calls its account.
///
/// # Errors
/// Never: it is a name.
pub fn account() -> Result<CarrierAccount> {
    Ok(CarrierAccount::new("parcels")?)
}

#[derive(Debug)]
pub struct ParcelCarrier {
    carrier: Simulator,
    fate: Arc<Fate>,
    road: Road<Way>,
    /// Whether the chain has an account. Else its stores make their own labels.
    open: bool,
    /// What arrived before.
    keys: Mutex<BTreeSet<IdempotencyKey>>,
}

static PARTY: Party<Way> = Party {
    name: "the carrier",
    nth: 1,
    down: Kind::CarrierDown,
    silent: Kind::CarrierSilent,
    on_the_way: &[
        (Kind::CarrierDeclined, Way::Declined),
        (Kind::CarrierSoft, Way::Soft),
        (Kind::CarrierBusy, Way::Busy),
        (Kind::CarrierUnheard, Way::DoneUnheard),
        (Kind::CarrierLost, Way::Lost),
        (Kind::CarrierLate, Way::Late),
        (Kind::CarrierTwice, Way::Twice),
    ],
    normal: Way::Normal,
    unheard: Way::DoneUnheard,
    lost: Way::Lost,
    asked_in_vain: "carrier_down_asked",
    not_looked_up: "label_not_looked_up",
};

impl ParcelCarrier {
    #[must_use]
    pub fn new(fate: Arc<Fate>, open: bool) -> Self {
        let carrier = Simulator::new(1, Secret::new(SECRET));
        Self { carrier, road: Road::new(&PARTY, Arc::clone(&fate)), fate, open, keys: Mutex::default() }
    }

    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.open
    }

    /// As a process of central has it: what it remembers of the carrier's health is its own.
    ///
    /// # Errors
    /// Never: they are names.
    pub fn gateways(self: &Arc<Self>, now: MonoMs) -> Result<CarrierGateways> {
        let port: Arc<dyn Carriers> = Arc::<Self>::clone(self);
        let tenants = [TenantId::new("acme")?].into();
        let gateway = Gateway::new(port, GateTerms::default(), tenants, now);
        Ok(if self.open {
            CarrierGateways::new([(account()?, gateway)].into())
        } else {
            CarrierGateways::default()
        })
    }

    /// Every label that it ever made.
    #[must_use]
    pub fn book(&self) -> Vec<Entry> {
        self.carrier.book()
    }

    /// Its people hold a parcel under their reader.
    pub(super) fn scan(&self, number: &str, status: TrackStatus, at: UtcMs) {
        self.carrier.scan(number, status, at);
    }

    /// Whether anything is still on its way to central.
    #[must_use]
    pub fn tells(&self) -> bool {
        self.road.tells()
    }

    pub(super) fn strike(&self, step: u64) {
        if self.open && self.road.strike(step) {
            self.carrier.deliver();
        }
    }

    /// Whatever was on its way has arrived, and it answers again.
    pub(super) fn heal(&self) {
        self.carrier.deliver();
        self.road.heal();
    }

    /// Of a label that it has just made its own people know before its answer arrives, and so do their readers.
    fn tell_early(&self, question: &Question, answer: &Answer) {
        let made = self.carrier.labels(&question.order);
        let made = made.into_iter().find(|entry| entry.task == question.task && !entry.voided);
        let Some(entry) = made.filter(|_| question.id.ask == Ask::Label) else { return };
        if self.fate.strikes(Kind::ScanEarly, PARTY.nth).is_none() {
            return;
        }
        if matches!(answer, Answer::Unknown { .. }) {
            self.fate.mark("scan_before_label");
        }
        self.carrier.scan(&entry.label.tracking_number, TrackStatus::Announced, self.road.now());
    }

    fn mark(&self, question: &Question, answer: &Answer) {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let again = !keys.insert(question.key.clone());
        self.fate.mark(match (answer, question.id.ask) {
            (Answer::Done(Did::Made(_)), _) if again => "label_asked_twice_made_once",
            (Answer::Done(Did::Made(_)), _) => "label_made",
            (Answer::Done(Did::Voided), _) => "label_voided",
            (Answer::Declined { .. }, Ask::Label) => "label_refused",
            (Answer::Declined { .. }, Ask::VoidLabel) => "void_refused",
            (Answer::Soft { .. }, _) => "label_failed_for_now",
            (Answer::Busy { .. } | Answer::Unknown { .. }, _) => "label_not_answered",
        });
    }
}

#[async_trait]
impl Carriers for ParcelCarrier {
    async fn rates(&self, question: &RateQuestion) -> Result<Vec<Rate>, Answer> {
        self.carrier.rates(question).await
    }

    async fn ask(&self, question: &Question) -> Answer {
        let Question { task, key, .. } = question;
        let Some(way) = self.road.befalls(task, key) else {
            return Answer::Unknown { words: String::from("no answer came in time") };
        };
        self.carrier.fates([way]);
        let answer = self.carrier.ask(question).await;
        self.mark(question, &answer);
        self.tell_early(question, &answer);
        self.fate.say(format_args!("{task}: {key}: {answer:?}"));
        answer
    }

    async fn look_up(&self, question: &Question) -> Known {
        if !self.road.answers() {
            return Known::Ended(Answer::Unknown { words: String::from("no answer came in time") });
        }
        let known = self.carrier.look_up(question).await;
        self.fate.say(format_args!("{}: what came of {}: {known:?}", question.task, question.key));
        self.fate.mark(match known {
            Known::Absent => "carrier_never_heard_of_it",
            Known::Ended(_) => "carrier_had_done_it",
        });
        known
    }

    fn signature_header(&self) -> &'static str {
        self.carrier.signature_header()
    }

    fn read_notice(
        &self,
        signature: Option<&str>,
        body: &[u8],
        now: UtcMs,
    ) -> Result<TrackingNotice, BadNotice> {
        self.carrier.read_notice(signature, body, now)
    }
}

const HEARD: Heard =
    Heard { taken_in: "scan_taken_in", known_before: "scan_known_before", refused: "scan_refused" };

impl HeadOffice {
    /// What the carrier tells by itself comes in: the scans that central said it has.
    ///
    /// # Errors
    /// When central fails.
    pub(super) async fn hear_carrier(&self, now: Now) -> Result<Vec<TrackingNotice>> {
        let own = &self.carrier;
        own.road.send(own.carrier.webhooks(UtcMs(0)).into_iter().map(|(_, body)| body));
        let (carrier, clock) = (account()?, self.clock(now).utc);
        let bodies = self.hear_party(&own.road, HEARD, now, async |store, signature, body| {
            let incoming = IncomingTracking { carrier: &carrier, signature: Some(signature), body };
            take_in_tracking(store, &self.carriers, &incoming, clock).await
        });
        let read = |body: &Vec<u8>| {
            let signature = sign(SECRET, now.utc, body);
            own.carrier.read_notice(Some(&signature), body, now.utc).context("a scan that was taken in")
        };
        bodies.await?.iter().map(read).collect()
    }

    /// Labels are made and given back, and parcels that none can be had for are seen to.
    ///
    /// # Errors
    /// When central fails.
    pub(super) async fn label(&self, fate: &Fate, now: Now) -> Result<()> {
        let Some(store) = self.store().filter(|_| self.carrier.is_open()) else { return Ok(()) };
        self.carrier.road.is_used(&self.file, now.utc);
        let now = self.clock(now);
        let read = read_tracking(store, now.utc).await;
        if self.excuse(read, fate).context("read scans")?.is_none() {
            return Ok(());
        }
        let advanced = advance_parcels(store, &self.carriers, &account()?, &self.pokes, &|| now).await;
        let Some(advanced) = self.excuse(advanced, fate).context("make labels")? else { return Ok(()) };
        fate.mark_many("label_steps", advanced.steps.into());
        let next = || self.decision_id(now);
        let router =
            Router { watch: &self.watch, poke: &self.pokes, policy: &self.policy, decision_id: &next };
        let seen_to = see_to_labels(store, &router, now).await;
        let seen_to = self.excuse(seen_to, fate).context("see to labels")?;
        fate.mark_many("label_seen_to", seen_to.unwrap_or(0).into());
        Ok(())
    }
}
