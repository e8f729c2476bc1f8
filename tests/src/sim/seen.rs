//! What one box's ledger held at the last look, and what must hold of it.

use super::eye::LedgerEye;
use super::left::Ledger;
use super::overrides::excuses;
use super::shop::Shop;
use super::watcher::Watcher;
use anyhow::{Result, bail, ensure};
use holdfast_shared::domain::fact::{Body, Fact};
use holdfast_shared::domain::fence::Fence;
use holdfast_shared::domain::stock::Movement;
use holdfast_shared::domain::task::{TaskEvent, TaskFact, TaskState};
use holdfast_shared::domain::task_fold::fold;
use holdfast_shared::ids::{FactId, LineNo, StoreId, TaskId};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug)]
pub(super) struct Seen {
    pub(super) store: StoreId,
    pub(super) eye: LedgerEye,
    pub(super) known: BTreeSet<FactId>,
    pub(super) facts: BTreeMap<TaskId, Vec<Fact>>,
    pub(super) open: BTreeMap<TaskId, TaskState>,
    pub(super) releases: BTreeSet<(TaskId, Fence)>,
    pub(super) let_go: BTreeSet<TaskId>,
    pub(super) handed_over: BTreeSet<TaskId>,
    /// Units that the store itself gave up, whatever became of the word that said so.
    pub(super) freed: BTreeMap<(TaskId, LineNo), i64>,
    /// Acknowledged facts that central had when the disk was restored: they come back.
    pub(super) owed: BTreeSet<FactId>,
    /// It is the only box of its store: nothing happens there that it does not know.
    pub(super) alone: bool,
    /// A restored disk says things again; goods are then counted at the door alone.
    pub(super) books_are_whole: bool,
}

impl Seen {
    pub(super) fn new(shop: &Shop) -> Result<Self> {
        Ok(Self {
            store: shop.identity.store.clone(),
            eye: LedgerEye::open(&shop.file)?,
            known: BTreeSet::new(),
            facts: BTreeMap::new(),
            open: BTreeMap::new(),
            releases: BTreeSet::new(),
            let_go: BTreeSet::new(),
            handed_over: BTreeSet::new(),
            freed: BTreeMap::new(),
            owed: BTreeSet::new(),
            alone: true,
            books_are_whole: true,
        })
    }

    pub(super) fn look(&mut self, shop: &Shop, ledger: &mut Ledger, watcher: &Watcher) -> Result<()> {
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
                        TaskEvent::LetGo { replica, .. } => ledger.overrides.let_go(&said.task, replica),
                        TaskEvent::TakenBack { .. } => ledger.overrides.taken_back(&said.task),
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
        self.works_when_whole(shop, watcher)?;
        touched.iter().try_for_each(|task| self.fold(task))?;
        self.totes_are_known(shop)?;
        self.holds_stand(shop, watcher)
    }

    /// Goods leave only with a release to this replica that this ledger had before.
    fn note(&mut self, shop: &Shop, said: &TaskFact) -> Result<()> {
        let right = (said.task.clone(), said.fence);
        match &said.event {
            TaskEvent::Released { replica } if *replica == shop.identity.replica || !self.alone => {
                self.releases.insert(right);
            }
            // A person answers for the goods, whatever central decides meanwhile.
            TaskEvent::LetGo { replica, .. } if *replica == shop.identity.replica || !self.alone => {
                self.let_go.insert(said.task.clone());
            }
            TaskEvent::HandedOver { .. } => {
                self.handed_over.insert(said.task.clone());
                // Facts that came back after a restore came in no order.
                let may_leave = self.releases.contains(&right) || self.let_go.contains(&said.task);
                ensure!(
                    may_leave || !self.books_are_whole,
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
    fn works_when_whole(&self, shop: &Shop, watcher: &Watcher) -> Result<()> {
        let worked = std::mem::take(&mut shop.floor().worked);
        let (here, elsewhere): (Vec<_>, _) = worked.into_iter().partition(|(index, _)| *index == shop.index);
        shop.floor().worked = elsewhere;
        let Some((_, task)) = here.first() else { return Ok(()) };
        if let Some(fact) = self.lacks(watcher)? {
            bail!("NO_DOUBLE_SHIP: work on {task} is taken, and {fact} that was lost is not back");
        }
        Ok(())
    }

    /// A fact that was lost and is not back. A disk of before the first sync is as good as a new one: of
    /// what was sealed since then it gets the sum, as a new box does, and not each fact.
    pub(super) fn lacks(&self, watcher: &Watcher) -> Result<Option<&FactId>> {
        for fact in self.owed.difference(&self.known) {
            let document = watcher.eye.document_of(&self.store, fact)?;
            let counts = document.map(|document| self.eye.has_sum_of(&document)).transpose()?;
            if counts != Some(true) {
                return Ok(Some(fact));
            }
        }
        Ok(None)
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
