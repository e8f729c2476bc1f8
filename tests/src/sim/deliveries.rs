//! Parcels on their way to customers, as they really are: the driver takes what was carried out, under the label that the
//! store was shown then, and it is scanned on its way, lost, found, brought back, or given to the customer.

use super::eye::CentralEye;
use super::kind::Kind;
use super::left::travels_for;
use super::world::World;
use anyhow::Result;
use holdfast_agent::ports::ledger::Ledger;
use holdfast_central::core::parcel::notice::TrackingNotice;
use holdfast_central::core::parcel::tracking::{Track, TrackStatus};
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::{OrderId, StoreId, TaskId};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Between two scans at most so many steps.
const STEPS_MAX: u64 = 16;
/// Longer than a carrier may say nothing of a parcel.
const DAYS_MS: i64 = 4 * 24 * 3_600_000;

const PARCELS: &str = "SELECT order_id, task, facts FROM parcel";
const SCANS: &str = "SELECT event FROM tracking_notice";
/// Of labels that central knows, what it has not read, or takes for another's.
const SCANS_NOT_READ: &str = "SELECT n.event, n.tracking_number, n.outcome IS NULL FROM tracking_notice n
    JOIN parcel_label l USING (tenant, carrier, tracking_number)
    WHERE (n.outcome IS NULL OR n.outcome = 'not_ours') AND json_extract(n.notice, '$.track') IS NOT NULL";

impl CentralEye {
    /// How much was written down of each parcel.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn parcels(&self) -> Result<BTreeSet<(OrderId, TaskId, i64)>> {
        let mut statement = self.connection.prepare_cached(PARCELS)?;
        let rows = statement
            .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get(2)?)))?;
        rows.map(|row| {
            let (order, task, facts) = row?;
            Ok((order.parse()?, task.parse()?, facts))
        })
        .collect()
    }

    /// Scans that were taken in, by the carrier's ids.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn scans(&self) -> Result<BTreeSet<String>> {
        let mut statement = self.connection.prepare_cached(SCANS)?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// # Errors
    /// When the file cannot be read.
    pub fn scans_not_read(&self) -> Result<Vec<NotRead>> {
        let mut statement = self.connection.prepare_cached(SCANS_NOT_READ)?;
        let rows = statement.query_map([], |row| {
            Ok(NotRead { event: row.get(0)?, number: row.get(1)?, waits: row.get(2)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// A scan of a label that central knows, and from which nothing came.
#[derive(Debug)]
pub struct NotRead {
    pub event: String,
    pub number: String,
    /// It is read in a moment.
    pub waits: bool,
}

/// What left a store for a customer.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) order: OrderId,
    /// Of the label on it; none: the store wrote its own.
    pub(super) number: Option<String>,
    /// That label was void when it was first held under a reader: it went no further.
    pub(super) stopped: bool,
    /// At which steps it is scanned.
    ahead: VecDeque<(u64, TrackStatus)>,
    last: Option<TrackStatus>,
}

#[derive(Debug, Default)]
pub(super) struct Deliveries {
    pub(super) taken: BTreeMap<TaskId, Delivery>,
    /// Scans that central said it has, by the carrier's ids.
    pub(super) heard: BTreeMap<String, (String, Track)>,
    /// Orders of which a restore of central lost what had been asked of the carrier, or answered.
    pub(super) blurred: BTreeSet<OrderId>,
    /// A person said something of their label.
    pub(super) wished: BTreeSet<TaskId>,
    /// Since all came to rest.
    pub(super) days_passed: bool,
}

impl Deliveries {
    pub(super) fn acknowledged(&mut self, notice: TrackingNotice) {
        if let Some(track) = notice.track {
            self.heard.insert(notice.event, (notice.tracking_number, track));
        }
    }

    /// Central has an older file: what it was told since nobody tells again.
    pub(super) fn forgot(&mut self, was: &BTreeSet<(OrderId, TaskId, i64)>, is: &CentralEye) -> Result<()> {
        let there = is.parcels()?;
        self.blurred.extend(was.difference(&there).map(|(order, ..)| order.clone()));
        let scans = is.scans()?;
        self.heard.retain(|event, _| scans.contains(event));
        Ok(())
    }

    /// Those of one parcel that central said it has.
    pub(super) fn scans_of<'a>(&'a self, number: &'a str) -> impl Iterator<Item = &'a Track> {
        self.heard.values().filter(move |(of, _)| of == number).map(|(_, track)| track)
    }

    /// Whether the customer has it, and central was told.
    pub(super) fn has_arrived(&self, delivery: &Delivery) -> bool {
        let number = delivery.number.as_deref();
        number.is_some_and(|number| self.scans_of(number).any(|track| track.status == TrackStatus::Delivered))
    }

    pub(super) fn are_under_way(&self) -> bool {
        self.taken.values().any(|delivery| !delivery.ahead.is_empty())
    }
}

impl World {
    /// The driver takes what has left since the last step.
    pub(super) async fn driver_comes(&mut self) -> Result<()> {
        if !self.office.carrier.is_open() {
            return Ok(());
        }
        let gone: BTreeSet<(StoreId, TaskId)> = self
            .shops
            .iter()
            .flat_map(|shop| {
                let gone: Vec<_> = shop.floor().gone.iter().cloned().collect();
                gone.into_iter().map(|task| (shop.identity.store.clone(), task))
            })
            .filter(|(_, task)| !self.deliveries.taken.contains_key(task))
            .collect();
        for (store, task) in gone {
            let Some(offer) = self.checks.offer(&task) else { continue };
            let order = offer.order.clone();
            if offer.kind != FulfilmentKind::Ship || travels_for(&order).is_some() {
                continue;
            }
            // Nobody can say what stood on a screen that is dark: the driver waits.
            let Some(number) = self.shown(&store, &task).await? else { continue };
            let under = number.as_deref().unwrap_or("a label of the store's own");
            self.fate.say(format_args!("{task} left {store} under {under}"));
            self.fate.mark(if number.is_some() { "left_labelled" } else { "left_unlabelled" });
            let ahead = if number.is_some() { self.way() } else { VecDeque::new() };
            self.deliveries.taken.insert(task, Delivery { order, number, stopped: false, ahead, last: None });
        }
        Ok(())
    }

    /// The label that the store's boxes show for its work, and none when they show none; nothing while all are dark.
    async fn shown(&self, store: &StoreId, task: &TaskId) -> Result<Option<Option<String>>> {
        let (mut lit, mut shown) = (false, Vec::new());
        for shop in self.shops.iter().filter(|shop| shop.identity.store == *store) {
            let Some(ledger) = &shop.ledger else { continue };
            lit = true;
            shown.extend(ledger.parcels().await?.made.into_iter().filter(|label| label.task == *task));
        }
        let newest = shown.into_iter().max_by_key(|label| label.made_at);
        Ok(lit.then(|| newest.map(|label| label.tracking_number)))
    }

    /// What will become of a parcel that leaves now.
    fn way(&self) -> VecDeque<(u64, TrackStatus)> {
        let (dice, mut ahead) = (self.fate.dice("delivery", 0), VecDeque::new());
        let mut at = self.fate.step();
        let mut then = |status| {
            at += dice.steps(1, STEPS_MAX);
            ahead.push_back((at, status));
        };
        then(TrackStatus::InTransit);
        if let Some(astray) = self.fate.strikes(Kind::ParcelAstray, 0) {
            then(TrackStatus::Lost);
            if astray.happens(500) {
                return ahead;
            }
            then(TrackStatus::InTransit);
        }
        if self.fate.strikes(Kind::ParcelSentBack, 0).is_some() {
            then(TrackStatus::Exception);
            then(TrackStatus::Returned);
            return ahead;
        }
        if dice.happens(500) {
            then(TrackStatus::OutForDelivery);
        }
        then(TrackStatus::Delivered);
        ahead
    }

    /// The carrier's people scan what comes by.
    pub(super) fn scan(&mut self) {
        let (step, at) = (self.fate.step(), self.now().utc);
        for (task, delivery) in &mut self.deliveries.taken {
            let Some(number) = &delivery.number else { continue };
            while let Some((_, status)) = delivery.ahead.pop_front_if(|(due, _)| *due <= step) {
                let is_void = || {
                    self.office
                        .carrier
                        .book()
                        .iter()
                        .any(|it| it.label.tracking_number == *number && it.voided)
                };
                if delivery.last.is_none() && is_void() {
                    self.fate.say(format_args!("{task}: {number} is void, and goes no further"));
                    self.fate.mark("parcel_stopped");
                    delivery.stopped = true;
                    delivery.ahead.clear();
                    continue;
                }
                self.fate.say(format_args!("{task}: {number} is {}", status.as_str()));
                self.fate.mark(match (delivery.last, status) {
                    (Some(TrackStatus::Lost), _) => "parcel_found",
                    (_, TrackStatus::Lost) => "parcel_lost_by_carrier",
                    (_, TrackStatus::Delivered) => "parcel_delivered",
                    (_, TrackStatus::Returned) => "parcel_returned",
                    (_, TrackStatus::Exception) => "parcel_held_up",
                    (_, TrackStatus::Announced | TrackStatus::InTransit | TrackStatus::OutForDelivery) => {
                        "parcel_scanned"
                    }
                });
                self.office.carrier.scan(number, status, at);
                delivery.last = Some(status);
            }
        }
    }

    /// Once all rests, days go by in which nobody does anything: what a carrier keeps silent about is told to people, and
    /// what comes of questions that were on their way for long is found out. Whether they have just gone by.
    pub(super) fn some_days_pass(&mut self) -> bool {
        if self.deliveries.days_passed || !self.office.carrier.is_open() {
            return false;
        }
        self.fate.say("some days go by");
        self.at_ms += DAYS_MS;
        self.deliveries.days_passed = true;
        true
    }
}
