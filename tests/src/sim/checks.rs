//! What must hold after every step, read from the ledgers and not from the code that keeps it.

use super::documents::Documents;
use super::eye::LedgerEye;
use super::head_office::HeadOffice;
use super::left::Ledger;
use super::overrides::{excuses, is_overridden};
use super::shop::Shop;
use super::watcher::Watcher;
use anyhow::{Context, Result, bail, ensure};
use holdfast_central::flows::place_order::PlaceOrder;
use holdfast_shared::domain::fact::{Body, Fact};
use holdfast_shared::domain::fence::Fence;
use holdfast_shared::domain::stock::Movement;
use holdfast_shared::domain::task::{Phase, TaskEvent, TaskFact, TaskState};
use holdfast_shared::domain::task_fold::fold;
use holdfast_shared::ids::{FactId, LineNo, StoreId, TaskId, TenantId};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug)]
pub struct Checks {
    pub watcher: Watcher,
    shops: Vec<Seen>,
    ledger: Ledger,
    documents: Documents,
}

/// What one box's ledger held at the last look.
#[derive(Debug)]
struct Seen {
    store: StoreId,
    eye: LedgerEye,
    known: BTreeSet<FactId>,
    facts: BTreeMap<TaskId, Vec<Fact>>,
    open: BTreeMap<TaskId, TaskState>,
    releases: BTreeSet<(TaskId, Fence)>,
    handed_over: BTreeSet<TaskId>,
    /// Units that the store itself gave up, whatever became of the word that said so.
    freed: BTreeMap<(TaskId, LineNo), i64>,
    /// Acknowledged facts that central had when the disk was restored: they come back.
    owed: BTreeSet<FactId>,
    /// It is the only box of its store: nothing happens there that it does not know.
    alone: bool,
    /// A restored disk says things again; goods are then counted at the door alone.
    books_are_whole: bool,
}

impl Checks {
    /// # Errors
    /// When a file cannot be read.
    pub fn new(office: &HeadOffice, shops: &[Shop]) -> Result<Self> {
        let mut seen: Vec<Seen> = shops.iter().map(Seen::new).collect::<Result<_>>()?;
        for one in &mut seen {
            one.alone = shops.iter().filter(|shop| shop.identity.store == one.store).count() == 1;
        }
        let mut watcher = Watcher::new(office)?;
        watcher.shared = seen.iter().filter(|one| !one.alone).map(|one| one.store.clone()).collect();
        Ok(Self { watcher, shops: seen, ledger: Ledger::default(), documents: Documents::default() })
    }

    /// Known from the first attempt on: what was not answered may have been written down.
    pub fn ordered(&mut self, wish: &PlaceOrder) {
        self.ledger.ordered(wish);
    }

    /// There is one box more.
    ///
    /// # Errors
    /// When its file cannot be read.
    pub fn cloned(&mut self, shop: &Shop) -> Result<()> {
        self.watcher.cloned.insert(shop.identity.store.clone());
        for seen in self.shops.iter_mut().filter(|seen| seen.store == shop.identity.store) {
            (seen.alone, seen.books_are_whole) = (false, false);
        }
        self.shops.push(Seen { alone: false, books_are_whole: false, ..Seen::new(shop)? });
        Ok(())
    }

    /// A last look at a box.
    ///
    /// # Errors
    /// What does not hold.
    pub fn switched_off(&mut self, shop: &Shop) -> Result<()> {
        let seen = self.shops.get_mut(shop.index).context("a box that nobody watches")?;
        seen.look(shop, &mut self.ledger, &self.watcher)
    }

    /// The box has an empty file, and another identity.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn began_anew(&mut self, shop: &Shop) -> Result<()> {
        let seen = self.shops.get_mut(shop.index).context("a box that nobody watches")?;
        *seen = Seen { alone: false, books_are_whole: false, ..Seen::new(shop)? };
        Ok(())
    }

    /// The box has another file with the same in it.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn moved(&mut self, shop: &Shop) -> Result<()> {
        self.shops.get_mut(shop.index).context("a store that nobody watches")?.eye.moved(&shop.file)
    }

    /// The box has an older file: what it knew since is gone, and what central has of it is owed.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn restored(&mut self, shop: &mut Shop) -> Result<()> {
        let seen = self.shops.get_mut(shop.index).context("a store that nobody watches")?;
        let mut fresh = Seen { alone: seen.alone, books_are_whole: false, ..Seen::new(shop)? };
        fresh.known = fresh.eye.news()?.into_iter().map(|fact| fact.id).collect();
        for fact in shop.acknowledged.iter().filter(|fact| !fresh.known.contains(*fact)) {
            if self.watcher.eye.has_fact(&shop.identity.store, fact)? {
                fresh.owed.insert(fact.clone());
            }
        }
        fresh.owed.extend(seen.owed.iter().cloned());
        self.documents.forget_acked(shop);
        shop.acknowledged.retain(|fact| fresh.known.contains(fact));
        fresh.known.clear();
        fresh.eye = LedgerEye::open(&shop.file)?;
        *seen = fresh;
        Ok(())
    }

    /// Whether no box lacks what it once had.
    #[must_use]
    pub fn owe_nothing(&self) -> bool {
        self.shops.iter().all(|seen| seen.owed.is_subset(&seen.known))
    }

    /// # Errors
    /// What does not hold.
    pub async fn look(&mut self, office: &HeadOffice, shops: &[Shop], tenant: &TenantId) -> Result<()> {
        for task in self.watcher.taken_back() {
            self.ledger.overrides.overridden(&task);
        }
        for shop in shops {
            let seen = self.shops.get_mut(shop.index).context("a store that nobody watches")?;
            let looked = seen.look(shop, &mut self.ledger, &self.watcher);
            looked.map_err(|error| anyhow::anyhow!("{error:#}, at {}", shop.name()))?;
            for (task, sku, units) in std::mem::take(&mut shop.floor().left) {
                self.ledger.carried_out(&task, &sku, units)?;
            }
        }
        self.watcher.look_at_books(office, tenant, &self.ledger.overrides).await
    }

    /// How many documents were sealed since the last look.
    ///
    /// # Errors
    /// What does not hold of documents.
    pub fn look_at_documents(&mut self, shops: &[Shop]) -> Result<u64> {
        let central = &self.watcher.eye;
        for shop in shops {
            let seen = self.shops.get(shop.index).context("a store that nobody watches")?;
            self.documents.look_at_acked(shop, &seen.eye, central)?;
        }
        self.documents.look_at_seals(central)
    }

    /// What is not level yet, beyond roots and digests: each task comes to the same on both sides.
    ///
    /// # Errors
    /// What can never come right.
    pub fn unequal(&self, office: &HeadOffice, shops: &[Shop], tenant: &TenantId) -> Result<Option<String>> {
        for shop in shops.iter().filter(|shop| !shop.retired) {
            let seen = self.shops.get(shop.index).context("a store that nobody watches")?;
            let theirs = self.watcher.eye.tasks(&shop.identity.store)?;
            for (task, state) in seen.eye.tasks()? {
                if theirs.get(&task) != Some(&state) {
                    return Ok(Some(format!(
                        "CONVERGE: {task} is {state} at {}, and {:?} at central",
                        shop.name(),
                        theirs.get(&task)
                    )));
                }
            }
            for task in &seen.handed_over {
                let phase = self.watcher.eye.phase(task)?;
                ensure!(
                    phase.as_deref() == Some(Phase::HandedOver.as_str()),
                    "LEGAL: {task} has left {}, and is {phase:?}",
                    shop.name()
                );
            }
            if let Some(fact) = seen.owed.iter().find(|fact| !seen.known.contains(*fact)) {
                return Ok(Some(format!("NO_LOST_ACK: {fact} is safe at central and not back")));
            }
        }
        // What a disk forgot that central never heard of is on no record.
        let told = |task: &&TaskId| {
            self.shops.iter().filter_map(|seen| seen.facts.get(*task)).any(|facts| is_overridden(facts))
        };
        for task in self.ledger.overrides.tasks().iter().filter(told) {
            if !self.watcher.eye.has_override(task)? {
                return Ok(Some(format!("EXPLAINED: a person overrode {task}, and it is not on record")));
            }
        }
        self.watcher.look_at_standings(office, shops, tenant)?;
        Ok(None)
    }

    /// What all ledgers say about an order, store by store.
    #[must_use]
    pub fn facts_about(&self, order: &str) -> Vec<String> {
        let mut lines = Vec::new();
        for (index, seen) in self.shops.iter().enumerate() {
            for (task, facts) in &seen.facts {
                if task.as_str().rsplit_once('-').is_some_and(|(of, _)| of == order) {
                    for fact in facts {
                        lines.push(format!("box {index}: {} {} {:?}", fact.at, fact.id, fact.body));
                    }
                }
            }
        }
        lines
    }
}

impl Seen {
    fn new(shop: &Shop) -> Result<Self> {
        Ok(Self {
            store: shop.identity.store.clone(),
            eye: LedgerEye::open(&shop.file)?,
            known: BTreeSet::new(),
            facts: BTreeMap::new(),
            open: BTreeMap::new(),
            releases: BTreeSet::new(),
            handed_over: BTreeSet::new(),
            freed: BTreeMap::new(),
            owed: BTreeSet::new(),
            alone: true,
            books_are_whole: true,
        })
    }

    fn look(&mut self, shop: &Shop, ledger: &mut Ledger, watcher: &Watcher) -> Result<()> {
        let mut touched = BTreeSet::new();
        for fact in self.eye.news()? {
            self.known.insert(fact.id.clone());
            match &fact.body {
                Body::Stock(stock) => {
                    if let Some((hold, units)) = stock.ends_hold() {
                        *self.freed.entry((hold.task.clone(), hold.line)).or_default() += units;
                    }
                    // The other box of the store hears of it, too.
                    if let Movement::HandOver { hold } = &stock.movement
                        && self.books_are_whole
                        && ledger.told.insert((self.store.clone(), fact.id.clone()))
                    {
                        ledger.leaves(hold, stock.delta.saturating_neg())?;
                    }
                }
                Body::Task(said) => {
                    self.note(shop, said)?;
                    match &said.event {
                        TaskEvent::Offered(offer) => ledger.overrides.offered(&said.task, offer),
                        TaskEvent::LetGo { .. } | TaskEvent::TakenBack { .. } => {
                            ledger.overrides.overridden(&said.task);
                        }
                        TaskEvent::Accepted
                        | TaskEvent::Declined { .. }
                        | TaskEvent::PickingStarted
                        | TaskEvent::Picked { .. }
                        | TaskEvent::Short { .. }
                        | TaskEvent::Packed
                        | TaskEvent::HandedOver { .. }
                        | TaskEvent::PutBack
                        | TaskEvent::Released { .. }
                        | TaskEvent::Recalled { .. }
                        | TaskEvent::CancelRequested { .. }
                        | TaskEvent::Readopted => {}
                    }
                    touched.insert(said.task.clone());
                    self.facts.entry(said.task.clone()).or_default().push(fact.clone());
                }
                Body::Epoch(_) => {}
            }
        }
        self.nothing_lost(shop)?;
        self.works_when_whole(shop)?;
        touched.iter().try_for_each(|task| self.fold(task))?;
        self.totes_are_known(shop)?;
        self.holds_stand(shop, watcher)
    }

    /// Goods leave only with a release to this replica that this ledger had before.
    fn note(&mut self, shop: &Shop, said: &TaskFact) -> Result<()> {
        let right = (said.task.clone(), said.fence);
        match &said.event {
            TaskEvent::Released { replica } | TaskEvent::LetGo { replica, .. }
                if *replica == shop.identity.replica || !self.alone =>
            {
                self.releases.insert(right);
            }
            TaskEvent::HandedOver { .. } => {
                self.handed_over.insert(said.task.clone());
                // Facts that came back after a restore came in no order.
                ensure!(
                    self.releases.contains(&right) || !self.books_are_whole,
                    "NO_DOUBLE_SHIP: {} left without a release",
                    said.task
                );
            }
            TaskEvent::Released { .. }
            | TaskEvent::Offered(_)
            | TaskEvent::Accepted
            | TaskEvent::Declined { .. }
            | TaskEvent::PickingStarted
            | TaskEvent::Picked { .. }
            | TaskEvent::Short { .. }
            | TaskEvent::Packed
            | TaskEvent::PutBack
            | TaskEvent::Recalled { .. }
            | TaskEvent::CancelRequested { .. }
            | TaskEvent::Readopted
            | TaskEvent::TakenBack { .. }
            | TaskEvent::LetGo { .. } => {}
        }
        Ok(())
    }

    fn nothing_lost(&self, shop: &Shop) -> Result<()> {
        let count = self.eye.count()?;
        ensure!(count == self.known.len(), "NO_LOST_ACK: {count} facts of {} are left", self.known.len());
        if let Some(lost) = shop.acknowledged.iter().find(|id| !self.known.contains(*id)) {
            bail!("NO_LOST_ACK: {lost} was acknowledged and is not in the ledger");
        }
        Ok(())
    }

    /// `NO_DOUBLE_SHIP`: a box that was put back to an earlier state takes no order work before it has
    /// back what central has of it.
    fn works_when_whole(&self, shop: &Shop) -> Result<()> {
        let worked = std::mem::take(&mut shop.floor().worked);
        let (here, elsewhere): (Vec<_>, _) = worked.into_iter().partition(|(index, _)| *index == shop.index);
        shop.floor().worked = elsewhere;
        let lacked = self.owed.iter().find(|fact| !self.known.contains(*fact));
        if let (Some((_, task)), Some(fact)) = (here.first(), lacked) {
            bail!("NO_DOUBLE_SHIP: work on {task} is taken, and {fact} that was lost is not back");
        }
        Ok(())
    }

    /// LEGAL: nothing that happened to goods was against what the store knew, but for a cancel
    /// that met goods on their way out, or a person who answers for it.
    fn fold(&mut self, task: &TaskId) -> Result<()> {
        let Some(facts) = self.facts.get(task) else { return Ok(()) };
        let Some(folded) = fold(facts) else { return Ok(()) };
        let cancelled = folded.state.recall.as_ref().is_some_and(|recall| recall.cancel);
        let overridden = excuses(&folded.state, facts);
        for told in folded.contradictions {
            let excused = cancelled || overridden || !self.books_are_whole || !self.alone;
            ensure!(!told.taken_over || excused, "LEGAL: {} of {task}: {}", told.kind, told.why);
        }
        if folded.state.phase.is_final() {
            self.open.remove(task);
        } else {
            self.open.insert(task.clone(), folded.state);
        }
        Ok(())
    }

    /// Units that lie in a tote are not given up by anybody but who carries them back.
    fn totes_are_known(&self, shop: &Shop) -> Result<()> {
        if !self.alone {
            return Ok(());
        }
        for (task, tote) in &shop.floor().totes {
            let units: i64 = tote.values().sum();
            let asking = shop
                .unsure
                .iter()
                .any(|unsure| unsure.wish.task.as_ref().is_some_and(|state| state.task == *task));
            let open = units == 0 || asking || !self.books_are_whole || self.open.contains_key(task);
            ensure!(open, "NO_OVERSELL: {units} units of {task} lie in a tote, and the books gave them up");
        }
        Ok(())
    }

    /// `NO_OVERSELL`: what a store still works on stays set aside at central, also after a recall,
    /// until the store has answered.
    fn holds_stand(&self, shop: &Shop, watcher: &Watcher) -> Result<()> {
        // What central lost with its disk it knows again when the store has told.
        if !self.alone || watcher.may_lack(shop)? {
            return Ok(());
        }
        for (task, state) in self.open.iter().filter(|_| self.books_are_whole) {
            for (line, units) in state.held() {
                let freed = self.freed.get(&(task.clone(), line.line)).copied().unwrap_or(0);
                let units = units.min(line.quantity.saturating_sub(freed));
                let held = watcher.eye.held(task, line.line)?.unwrap_or(0);
                let line = line.line;
                ensure!(
                    held >= units,
                    "NO_OVERSELL: {task} line {line} may have {units} units in a tote, central holds {held}"
                );
            }
        }
        Ok(())
    }
}
