//! What central did, against what it may do: read from its file and from what reached it, and not
//! from what it remembers.

use super::eye::{CentralEye, Event};
use super::head_office::{ACCEPT_WITHIN_MS, HeadOffice, LEASE_MS};
use super::overrides::Overrides;
use super::shop::Shop;
use super::window::{Holdings, Window};
use anyhow::{Context, Result, bail, ensure};
use holdfast_central::core::exception::{Category, Severity};
use holdfast_central::core::health::StoreKey;
use holdfast_central::ports::PageRequest;
use holdfast_central::ports::fleet::Fleet;
use holdfast_shared::ids::{OrderId, StoreId, TaskId, TenantId};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A store is dark after this much silence.
const DARK_MS: i64 = 31_000;
/// A store that speaks is heard this often.
const SPOKE_WITHIN_MS: i64 = 7_000;
/// A hard closure moves work whatever is heard; for this long after, a recall may be its doing.
const CLOSURE_ECHO_MS: i64 = 120_000;

/// What central was doing when an event was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// It moved work of stores that it calls dark or closed.
    MovingWork,
    /// It withdrew offers that nobody accepted in time.
    Withdrawing,
    Other,
}

#[derive(Debug, Default)]
struct Given {
    at_ms: i64,
    released: bool,
    recalled: bool,
}

impl Given {
    fn note(&mut self, event: &Event, answered: bool) {
        match event.kind.as_str() {
            "allocated" => {}
            "released" => self.released = true,
            // It is the store's again, under a new fence.
            "readopted" => (self.released, self.recalled) = (false, false),
            "taken_back" => self.released = false,
            // The store's answer, where central goes by it: the goods are free again.
            "declined" | "put_back" => self.released &= !answered,
            _ => self.recalled = true,
        }
    }
}

#[derive(Debug)]
pub struct Watcher {
    pub eye: CentralEye,
    given: BTreeMap<TaskId, Given>,
    /// Of which nobody has been told yet.
    taken_back: Vec<TaskId>,
    /// Stores that spoke until central was cut off from all of them.
    witnesses: BTreeSet<StoreId>,
    /// Who has sent what is not its own, as the beginning of what central says of it.
    pub foreign_claims: BTreeSet<String>,
    /// A box has closed a document that does not add up: central says so.
    pub wrong_closing_made: bool,
    /// Stores in which there were two boxes with one disk: central says so.
    pub cloned: BTreeSet<StoreId>,
    /// Tasks of which a box forgot something with its disk: what it does before it has that back may be
    /// against what it had said itself.
    pub forgotten: BTreeSet<TaskId>,
    /// Stores in which two boxes work side by side.
    pub shared: BTreeSet<StoreId>,
    /// After the last restore of central.
    window: Option<Window>,
    /// How many facts central made, by incarnation.
    made: BTreeMap<u64, u64>,
    /// What restores lost of tasks, the reasons that they were given for among it.
    lost_tasks: BTreeMap<TaskId, OrderId>,
}

impl Watcher {
    /// # Errors
    /// When central's file cannot be read.
    pub fn new(office: &HeadOffice) -> Result<Self> {
        Ok(Self {
            eye: CentralEye::open(&office.file)?,
            given: BTreeMap::new(),
            taken_back: Vec::new(),
            witnesses: BTreeSet::new(),
            foreign_claims: BTreeSet::new(),
            wrong_closing_made: false,
            cloned: BTreeSet::new(),
            forgotten: BTreeSet::new(),
            shared: BTreeSet::new(),
            window: None,
            made: BTreeMap::new(),
            lost_tasks: BTreeMap::new(),
        })
    }

    /// Central has an older file. What the one before it held, and what this one holds.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn restored(&mut self, file: &Path, witnessed: bool) -> Result<(Holdings, Holdings)> {
        let was = self.eye.holdings()?;
        self.eye.went_back(file)?;
        let is = self.eye.holdings()?;
        let lost = was.tasks.iter().filter(|(task, _)| !is.tasks.contains_key(*task));
        self.lost_tasks.extend(lost.map(|(task, order)| (task.clone(), order.clone())));
        for given in self.given.values_mut() {
            (given.released, given.recalled) = (false, false);
        }
        for event in self.eye.news()? {
            self.note(&event)?;
        }
        let made = self.made.entry(was.incarnation).or_default();
        *made = was.fact.max(*made);
        let given = self.made.get(&is.incarnation).copied().unwrap_or(is.fact);
        self.window = Some(Window::between(&was, &is, given, witnessed));
        Ok((was, is))
    }

    /// Whether central may lack what this box knows, because its own disk is an older one.
    ///
    /// # Errors
    /// When central's file cannot be read.
    pub fn may_lack(&self, shop: &Shop) -> Result<bool> {
        let unaware = self.window.as_ref().map(|window| window.is_unaware(&self.eye)).transpose()?;
        let replaying = self.eye.is_replaying(&shop.identity.store, &shop.identity.replica)?;
        Ok(unaware == Some(true) || replaying)
    }

    /// After a restore: nothing moves too early. Whether the wait is over with this look.
    ///
    /// # Errors
    /// What moved, or is lost and not listed.
    pub async fn look_at_window(&mut self, office: &HeadOffice, tenant: &TenantId) -> Result<bool> {
        match &mut self.window {
            Some(window) => window.look(&self.eye, office, tenant, &self.lost_tasks).await,
            None => Ok(false),
        }
    }

    /// Everybody falls silent at once now, and it is not they.
    pub fn uplink_lost(&mut self, office: &HeadOffice, shops: &[Shop], tenant: &TenantId, now_ms: i64) {
        let spoke = |shop: &&Shop| {
            let heard = office.heard(&shop.identity.store).at_ms;
            let key = StoreKey::new(tenant.clone(), shop.identity.store.clone());
            let routable = office
                .watch
                .with(|observatory| observatory.eligibility(&key).is_some_and(|e| !e.kinds.is_empty()));
            heard.is_some_and(|at| now_ms - at <= SPOKE_WITHIN_MS) && routable
        };
        self.witnesses = shops.iter().filter(spoke).map(|shop| shop.identity.store.clone()).collect();
    }

    pub fn uplink_back(&mut self) {
        self.witnesses.clear();
    }

    fn note(&mut self, event: &Event) -> Result<&mut Given> {
        let answered = self.eye.is_answered(&event.task)?;
        let given = self.given.entry(event.task.clone()).or_default();
        given.note(event, answered);
        Ok(given)
    }

    /// What central wrote down since the last look.
    ///
    /// # Errors
    /// What it may not have done.
    pub fn look_at_events(
        &mut self,
        office: &HeadOffice,
        shops: &[Shop],
        moment: Moment,
        now_ms: i64,
    ) -> Result<()> {
        for event in self.eye.news()? {
            if event.kind == "readopted"
                && let Some(other) = self.eye.begun_beside(&event.task, &self.shared)?
            {
                bail!(
                    "NO_DOUBLE_SHIP: {} is given back to {}, and {} has its units for {}",
                    event.task,
                    event.store,
                    other.store,
                    other.task
                );
            }
            if event.kind == "taken_back" {
                self.taken_back.push(event.task.clone());
            }
            let given = self.note(&event)?;
            if event.kind == "allocated" {
                given.at_ms = now_ms;
            }
            ensure!(!event.words.is_empty(), "EXPLAINED: {} of {} without a word", event.kind, event.task);
            ensure!(
                !(given.released && given.recalled),
                "NO_DOUBLE_SHIP: {} is released to {} and given to somebody else",
                event.task,
                event.store
            );
            if event.kind != "recalled" {
                continue;
            }
            let waited_ms = now_ms - given.at_ms;
            match moment {
                Moment::Withdrawing => ensure!(
                    waited_ms >= ACCEPT_WITHIN_MS,
                    "FAIL_STATIC: {} was withdrawn after {waited_ms} ms of {ACCEPT_WITHIN_MS}",
                    event.task
                ),
                Moment::MovingWork => self.look_at_failover(office, shops, &event, now_ms)?,
                Moment::Other => {}
            }
        }
        Ok(())
    }

    fn look_at_failover(
        &self,
        office: &HeadOffice,
        shops: &[Shop],
        event: &Event,
        now_ms: i64,
    ) -> Result<()> {
        let Event { task, store, .. } = event;
        let mut boxes = shops.iter().filter(|shop| shop.identity.store == *store);
        if boxes.any(|shop| shop.closed || shop.closed_at_ms.is_some_and(|at| now_ms - at < CLOSURE_ECHO_MS))
        {
            return Ok(());
        }
        let heard = office.heard(store);
        let from = heard.at_ms.unwrap_or(0).max(office.listens_since_ms);
        let listened_ms = now_ms - from;
        ensure!(
            listened_ms >= DARK_MS,
            "FAIL_STATIC: {task} was moved from {store} after {listened_ms} ms of listening"
        );
        ensure!(
            self.witnesses.len() < 2 || !self.witnesses.contains(store),
            "FAIL_STATIC: {task} was moved from {store}, and it is central that is cut off"
        );
        let begun = self.eye.phase(task)?.is_some_and(|phase| phase != "offered");
        let leased_ms = now_ms - heard.synced_at_ms.unwrap_or(i64::MIN / 2);
        ensure!(
            !begun || leased_ms >= LEASE_MS,
            "LEASE: {task} was moved from {store} {leased_ms} ms after its last sync, of {LEASE_MS}"
        );
        Ok(())
    }

    fn look_for_twice(&self) -> Result<()> {
        for twice in self.eye.finished_twice()? {
            // Two boxes with one disk have one release, until they are known as two.
            let cloned = twice.stores.iter().any(|store| self.cloned.contains(store));
            ensure!(
                cloned && twice.told,
                "NO_DOUBLE_SHIP: more units of a line are finished than were ordered: {}",
                twice.line
            );
        }
        Ok(())
    }

    /// # Errors
    /// What is wrong with central's books.
    pub async fn look_at_books(
        &self,
        office: &HeadOffice,
        tenant: &TenantId,
        overrides: &Overrides,
    ) -> Result<()> {
        if let Some(wrong) = self.eye.never()? {
            bail!("{wrong}");
        }
        self.look_for_twice()?;
        let lost = |task: &TaskId| self.lost_tasks.contains_key(task);
        if let Some(task) = self.eye.unexplained()?.into_iter().find(|task| !lost(task)) {
            anyhow::bail!("EXPLAINED: {task} came without the decision that made it");
        }
        let Some(store) = office.store() else { return Ok(()) };
        for raised in store.exceptions(tenant, true, &PageRequest { cursor: None, limit: 500 }).await?.rows {
            let overridden = raised.order.as_ref().is_some_and(|order| overrides.concerns(order));
            let forgotten = raised.task.as_ref().is_some_and(|task| self.forgotten.contains(task));
            let cloned = raised.store.as_ref().is_some_and(|store| self.cloned.contains(store));
            let shared = cloned || raised.store.as_ref().is_some_and(|store| self.shared.contains(store));
            let invariant = match raised.category {
                Category::Drift => Some("CONVERGE"),
                Category::FactConflict => Some("ONCE"),
                Category::DamagedSync | Category::LostFacts => Some("NO_LOST_ACK"),
                Category::ForeignClaim => {
                    let made = self.foreign_claims.iter().any(|claim| raised.detail.starts_with(claim));
                    (!made).then_some("ISOLATED")
                }
                Category::Sealing if self.wrong_closing_made => None,
                // Two boxes with one disk close the same document, each with what it has of it.
                Category::Sealing => (raised.severity == Severity::High && !cloned).then_some("CONVERGE"),
                Category::ClonedBox => (!cloned).then_some("FAIL_STATIC"),
                Category::Contradiction if overridden || forgotten => None,
                // What two boxes did apart from each other may fold into what nobody did.
                Category::Contradiction => (raised.severity == Severity::High && !shared).then_some("LEGAL"),
                Category::Backorder
                | Category::ReleasedAtDarkStore
                | Category::ObserverFrozen
                | Category::Override
                | Category::ReturnDue
                | Category::CancelUnanswered
                | Category::WrongClock
                | Category::Stuck
                | Category::Overdrawn
                | Category::ParcelMissing
                | Category::ShadowCritical
                | Category::AwaitingPayment
                | Category::PaymentUnclear
                | Category::RefundFailed
                | Category::OutsideDown
                | Category::BooksDiffer
                | Category::Undelivered
                | Category::Restored
                | Category::Policy
                | Category::PromiseMissed
                | Category::LabelFailed
                | Category::VoidFailed
                | Category::ParcelLost
                | Category::TrackingSilent
                | Category::UnexpectedReturn
                | Category::ReturnWaits
                | Category::PossibleDuplicate => None,
            };
            if let Some(invariant) = invariant {
                anyhow::bail!("{invariant}: central raised {:?}: {}", raised.category, raised.detail);
            }
        }
        Ok(())
    }

    /// Tasks that a person took back since the last look.
    pub fn taken_back(&mut self) -> Vec<TaskId> {
        std::mem::take(&mut self.taken_back)
    }

    /// At rest: what routing goes by is what can be shown afterwards.
    ///
    /// # Errors
    /// When it is not.
    pub fn look_at_standings(&self, office: &HeadOffice, shops: &[Shop], tenant: &TenantId) -> Result<()> {
        for shop in shops {
            let store = &shop.identity.store;
            let key = StoreKey::new(tenant.clone(), store.clone());
            let used = office
                .watch
                .with(|observatory| observatory.eligibility(&key).map(|e| e.standing.as_str().to_owned()));
            let kept = self.eye.standing(store)?;
            let used = used.context("a store that central has no opinion of")?;
            ensure!(
                kept.as_deref() == Some(used.as_str()),
                "EXPLAINED: {store} is {used}, and on record as {kept:?}"
            );
        }
        Ok(())
    }
}
