//! Labels: what the carrier has, against what central wrote down and what has really left the stores.

use super::deliveries::{Delivery, NotRead};
use super::world::World;
use anyhow::{Context, Result, bail, ensure};
use holdfast_central::adapters::carriers::simulator::Entry;
use holdfast_central::core::exception::Category;
use holdfast_central::core::order::OrderState;
use holdfast_central::core::parcel::fold::Parcel;
use holdfast_central::core::parcel::tracking::Track;
use holdfast_central::core::reconcile::finding::{Difference, FindingKind};
use holdfast_central::ports::PageRequest;
use holdfast_central::ports::fleet::Fleet;
use holdfast_central::ports::orders::Orders;
use holdfast_central::ports::shipments::{Shipment, Shipments};
use holdfast_shared::ids::{OrderId, TaskId};
use std::collections::{BTreeMap, BTreeSet};

/// What people are told of, by the work that it is about.
pub(super) type Told = BTreeSet<(TaskId, Category)>;

fn good<'a>(book: &'a [Entry], task: &'a TaskId) -> impl Iterator<Item = &'a Entry> {
    book.iter().filter(move |entry| entry.task == *task && !entry.voided)
}

impl World {
    /// `ONCE`: no work has two labels that are good. `NO_LOST_ACK`: no scan of a label that central knows counts as one
    /// of others' labels, whichever came first.
    ///
    /// # Errors
    /// Which has, or does.
    pub(super) fn look_at_labels(&self) -> Result<()> {
        let passed_over = self.checks.watcher.eye.scans_not_read()?.into_iter().find(|scan| !scan.waits);
        if let Some(NotRead { event, number, .. }) = passed_over {
            bail!(
                "NO_LOST_ACK: {event} was told of {number} and taken in, and central takes it for another's"
            );
        }
        let mut known: BTreeMap<TaskId, String> = BTreeMap::new();
        for entry in self.office.carrier.book().into_iter().filter(|entry| !entry.voided) {
            let number = entry.label.tracking_number;
            let Some(first) = known.insert(entry.task.clone(), number.clone()) else { continue };
            // One is made once more, and the carrier does not take the first one back: a person is told.
            if self.deliveries.wished.contains(&entry.task) {
                continue;
            }
            // Under which key it was ordered a restored central may not know any more.
            let forgotten = self.checks.watcher.eye.adopted(&entry.order)?.is_some();
            ensure!(
                forgotten && self.deliveries.blurred.contains(&entry.order),
                "ONCE: {} has two good labels, {first} and {number}",
                entry.task
            );
        }
        Ok(())
    }

    /// At rest: what left for customers has a good label, nothing else has one that no person was told of, and both sides
    /// know the same of each.
    pub(super) async fn labels_that_differ(&self) -> Result<Option<String>> {
        if self.deliveries.are_under_way() || self.office.carrier.tells() {
            return Ok(Some(String::from("NO_ORPHAN: parcels, or words of them, are on their way")));
        }
        if !self.deliveries.days_passed {
            return Ok(None);
        }
        let kept = self.checks.watcher.eye.scans()?;
        if let Some((event, (number, _))) =
            self.deliveries.heard.iter().find(|(event, _)| !kept.contains(*event))
        {
            return Ok(Some(format!("NO_LOST_ACK: {event} of {number} was taken in and is gone")));
        }
        if let Some(NotRead { event, number, .. }) = self.checks.watcher.eye.scans_not_read()?.pop() {
            return Ok(Some(format!("NO_LOST_ACK: {event} was told of {number}, and never read")));
        }
        let (book, told) = (self.office.carrier.book(), self.told().await?);
        for wish in &self.wishes {
            let order = &wish.order;
            // Central forgot it, and nobody has asked for it again: whose it is, only the carrier knows.
            let forgotten = self.lost.contains(order) || self.checks.watcher.eye.adopted(order)? == Some(1);
            if forgotten {
                continue;
            }
            let own: Vec<Entry> = book.iter().filter(|entry| entry.order == *order).cloned().collect();
            if let Some(unequal) = self.labels_of(order, &own, &told).await? {
                return Ok(Some(unequal));
            }
        }
        Ok(None)
    }

    pub(super) async fn told(&self) -> Result<Told> {
        let store = self.office.store().context("central is down")?;
        let page = PageRequest { cursor: None, limit: 500 };
        let raised = store.exceptions(&self.tenant, true, &page).await?.rows;
        Ok(raised.into_iter().filter_map(|one| Some((one.task?, one.category))).collect())
    }

    async fn labels_of(&self, order: &OrderId, book: &[Entry], told: &Told) -> Result<Option<String>> {
        let store = self.office.store().context("central is down")?;
        let shipments = store.shipments(&self.tenant, order).await?;
        for shipment in &shipments {
            if let Some(open) = Parcel::fold(&shipment.facts).open() {
                let task = &shipment.key.task;
                return Ok(Some(format!("NO_ORPHAN: nobody knows what came of {} for {task}", open.id)));
            }
        }
        // What was asked in the lost window only the carrier knows.
        if self.deliveries.blurred.contains(order) {
            return Ok(None);
        }
        if let Some(unequal) = self.books_of(&shipments, book).or_else(|| self.scans_of(&shipments)) {
            return Ok(Some(unequal));
        }
        if self.checks.is_answered_for(order) {
            return Ok(None);
        }
        let tasks: BTreeSet<&TaskId> = book.iter().map(|entry| &entry.task).collect();
        let tasks: BTreeSet<_> =
            tasks.into_iter().chain(self.taken_of(order).map(|(task, _)| task)).collect();
        for task in tasks {
            if let Some(wrong) = self.label_of(task, book, told) {
                return Ok(Some(wrong));
            }
        }
        let known = store.order(&self.tenant, order).await?.context("an order that central does not know")?;
        Ok(self.arrival_of(order, known.state))
    }

    fn taken_of<'a>(&'a self, order: &'a OrderId) -> impl Iterator<Item = (&'a TaskId, &'a Delivery)> {
        self.deliveries.taken.iter().filter(move |(_, delivery)| delivery.order == *order)
    }

    /// Both sides have the same labels, good and void.
    fn books_of(&self, shipments: &[Shipment], book: &[Entry]) -> Option<String> {
        let of = |entry: &Entry| (entry.task.clone(), entry.label.tracking_number.clone(), entry.voided);
        let theirs: BTreeSet<_> = book.iter().map(of).collect();
        let mut ours = BTreeSet::new();
        for shipment in shipments {
            let parcel = Parcel::fold(&shipment.facts);
            let task = &shipment.key.task;
            ours.extend(
                parcel.labels().map(|made| (task.clone(), made.label.tracking_number.clone(), made.voided)),
            );
        }
        (ours != theirs).then(|| format!("CONVERGE: central has the labels {ours:?}, the carrier {theirs:?}"))
    }

    /// Of all scans that central said it has the one that counts is on record.
    fn scans_of(&self, shipments: &[Shipment]) -> Option<String> {
        for shipment in shipments {
            let parcel = Parcel::fold(&shipment.facts);
            let numbers: Vec<_> = parcel.labels().map(|made| made.label.tracking_number.clone()).collect();
            let mut counts: Option<&Track> = None;
            for track in numbers.iter().flat_map(|number| self.deliveries.scans_of(number)) {
                if counts.is_none_or(|known| track.outranks(known)) {
                    counts = Some(track);
                }
            }
            if parcel.track.as_ref() != counts {
                let (task, known) = (&shipment.key.task, &parcel.track);
                return Some(format!("CONVERGE: {task} was scanned as {counts:?}, central knows {known:?}"));
            }
        }
        None
    }

    /// A label is good for what left by it; whichever else is good a person knows of.
    fn label_of(&self, task: &TaskId, book: &[Entry], told: &Told) -> Option<String> {
        let is_told = |category| told.contains(&(task.clone(), category));
        let delivery = self.deliveries.taken.get(task);
        let number = delivery.and_then(|delivery| delivery.number.as_deref());
        let mut idle = good(book, task).map(|entry| entry.label.tracking_number.as_str()).collect::<Vec<_>>();
        let travels = idle.len();
        idle.retain(|label| Some(*label) != number);
        // While the screen still showed the label that somebody had given back, the goods left under it.
        if let Some(number) =
            number.filter(|_| idle.len() == travels && !self.deliveries.wished.contains(task))
        {
            return Some(format!("LABELLED: {task} left under {number}, and that label is void"));
        }
        let knows = is_told(Category::VoidFailed) || delivery.is_some() && is_told(Category::TrackingSilent);
        let label = idle.first().filter(|_| !knows)?;
        let left = if delivery.is_some() { "left without it" } else { "never left" };
        Some(format!("NO_ORPHAN: {label} of {task} is good, its goods {left}, and nobody is told"))
    }

    /// An order is delivered when all that left of it has arrived, and not before.
    fn arrival_of(&self, order: &OrderId, state: OrderState) -> Option<String> {
        let mut left = self.taken_of(order).peekable();
        left.peek()?;
        let all_arrived = left.all(|(_, delivery)| self.deliveries.has_arrived(delivery));
        let delivered = state == OrderState::Delivered;
        if delivered {
            self.fate.mark("order_delivered");
        }
        let wrong = delivered && !all_arrived || state == OrderState::Shipped && all_arrived;
        wrong.then(|| format!("ARRIVED: {order} is {}; all its goods arrived: {all_arrived}", state.as_str()))
    }

    /// Whether reconciliation tells what really is so, with the parcels of the world and not with central's books.
    pub(super) fn is_of_the_world(&self, found: &Difference, told: &Told) -> bool {
        let delivery = found.task.as_ref().and_then(|task| self.deliveries.taken.get(task));
        let of =
            |order: &OrderId| self.deliveries.blurred.contains(order) || self.checks.is_answered_for(order);
        let clouded = found.order.as_ref().is_some_and(of);
        match found.kind {
            FindingKind::ParcelUnknown => clouded || delivery.is_some_and(|one| one.number.is_none()),
            FindingKind::ParcelUnlabelled => {
                let wished = found.task.as_ref().is_some_and(|task| self.deliveries.wished.contains(task));
                clouded || wished
            }
            FindingKind::LabelNeedless => {
                let refused = |task: &TaskId| told.contains(&(task.clone(), Category::VoidFailed));
                clouded || found.task.as_ref().is_some_and(refused)
            }
            FindingKind::ParcelUntold | FindingKind::ParcelSilent => clouded,
            FindingKind::OrderState
            | FindingKind::LineUnits
            | FindingKind::LeftUnits
            | FindingKind::TaskFold
            | FindingKind::TaskRow
            | FindingKind::TaskStrange
            | FindingKind::HoldUnits
            | FindingKind::OrphanedHold
            | FindingKind::ReservedUnits
            | FindingKind::OnHand
            | FindingKind::MissingAnswer
            | FindingKind::StuckOrder
            | FindingKind::StaleStock
            | FindingKind::ReturnUnits
            | FindingKind::ReturnMoney
            | FindingKind::PaymentSums
            | FindingKind::ParcelStrange
            | FindingKind::ParcelRow => false,
        }
    }
}
