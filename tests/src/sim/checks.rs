//! What must hold after every step, read from the ledgers and not from the code that keeps it.

use super::eye::{CentralEye, LedgerEye};
use super::head_office::HeadOffice;
use super::shop::Shop;
use anyhow::{Context, Result, bail, ensure};
use holdfast_central::core::exception::{Category, Severity};
use holdfast_central::flows::place_order::PlaceOrder;
use holdfast_central::ports::PageRequest;
use holdfast_central::ports::fleet::Fleet;
use holdfast_central::ports::work::Work;
use holdfast_shared::domain::fact::{Body, Fact};
use holdfast_shared::domain::fence::Fence;
use holdfast_shared::domain::stock::{HoldRef, Movement};
use holdfast_shared::domain::task::{TaskEvent, TaskFact, TaskState};
use holdfast_shared::domain::task_fold::fold;
use holdfast_shared::ids::{FactId, LineNo, OrderId, TaskId, TenantId};
use std::collections::{BTreeMap, BTreeSet};

type OrderLine = (OrderId, LineNo);

#[derive(Debug)]
pub struct Checks {
    central: CentralEye,
    shops: Vec<Seen>,
    ordered: BTreeMap<OrderLine, i64>,
    left: BTreeMap<OrderLine, i64>,
    orders: BTreeMap<TaskId, OrderId>,
}

/// What one store's ledger held at the last look.
#[derive(Debug)]
struct Seen {
    eye: LedgerEye,
    known: BTreeSet<FactId>,
    facts: BTreeMap<TaskId, Vec<Fact>>,
    open: BTreeMap<TaskId, TaskState>,
    releases: BTreeSet<(TaskId, Fence)>,
    /// Units that the store itself gave up, whatever became of the word that said so.
    freed: BTreeMap<(TaskId, LineNo), i64>,
}

impl Checks {
    pub fn new(office: &HeadOffice, shops: &[Shop]) -> Result<Self> {
        let seen = shops.iter().map(|shop| {
            Ok(Seen {
                eye: LedgerEye::open(&shop.file)?,
                known: BTreeSet::new(),
                facts: BTreeMap::new(),
                open: BTreeMap::new(),
                releases: BTreeSet::new(),
                freed: BTreeMap::new(),
            })
        });
        Ok(Self {
            central: CentralEye::open(&office.file)?,
            shops: seen.collect::<Result<_>>()?,
            ordered: BTreeMap::new(),
            left: BTreeMap::new(),
            orders: BTreeMap::new(),
        })
    }

    pub fn ordered(&mut self, wish: &PlaceOrder) {
        for (line, n) in wish.request.lines.iter().zip(1..) {
            self.ordered.insert((wish.order.clone(), LineNo(n)), line.quantity);
        }
    }

    pub async fn look(&mut self, office: &HeadOffice, shops: &[Shop], tenant: &TenantId) -> Result<()> {
        for (index, shop) in shops.iter().enumerate() {
            self.look_at_shop(index, shop).with_context(|| format!("at {}", shop.name()))?;
        }
        let Some(store) = &office.store else { return Ok(()) };
        let audit = store.audit(None).await?;
        let broken = [audit.double_shipped, audit.oversold, audit.reserved_mismatch, audit.orphaned_holds];
        ensure!(broken == [0; 4], "central's audit: {audit:?}");
        let page = PageRequest { cursor: None, limit: 500 };
        for raised in store.exceptions(tenant, true, &page).await?.rows {
            let grave = match raised.category {
                Category::Drift | Category::DamagedSync | Category::FactConflict | Category::ForeignClaim => {
                    true
                }
                Category::Contradiction => raised.severity == Severity::High,
                Category::Backorder
                | Category::ReleasedAtDarkStore
                | Category::ObserverFrozen
                | Category::Override
                | Category::ReturnDue
                | Category::CancelUnanswered
                | Category::Stuck
                | Category::Restored => false,
            };
            ensure!(!grave, "central raised {:?}: {}", raised.category, raised.detail);
        }
        Ok(())
    }

    fn look_at_shop(&mut self, index: usize, shop: &Shop) -> Result<()> {
        let seen = self.shops.get_mut(index).context("a store that nobody watches")?;
        let news = seen.eye.news()?;
        let mut touched = BTreeSet::new();
        for fact in news {
            seen.known.insert(fact.id.clone());
            match &fact.body {
                Body::Stock(stock) => {
                    if let Some((hold, units)) = stock.ends_hold() {
                        *seen.freed.entry((hold.task.clone(), hold.line)).or_default() += units;
                    }
                    if let Movement::HandOver { hold } = &stock.movement {
                        let gone = stock.delta.saturating_neg();
                        leaves(&self.orders, &self.ordered, &mut self.left, hold, gone)?;
                    }
                }
                Body::Task(said) => {
                    seen.note(shop, said)?;
                    if let TaskEvent::Offered(offer) = &said.event {
                        self.orders.insert(said.task.clone(), offer.order.clone());
                    }
                    touched.insert(said.task.clone());
                    seen.facts.entry(said.task.clone()).or_default().push(fact.clone());
                }
            }
        }
        seen.nothing_lost(shop)?;
        touched.iter().try_for_each(|task| seen.fold(task))?;
        seen.totes_are_known(shop)?;
        seen.holds_stand(&self.central)
    }
}

/// `NO_DOUBLE_SHIP`: counted over all stores, by what was taken off their books.
fn leaves(
    orders: &BTreeMap<TaskId, OrderId>,
    ordered: &BTreeMap<OrderLine, i64>,
    left: &mut BTreeMap<OrderLine, i64>,
    hold: &HoldRef,
    gone: i64,
) -> Result<()> {
    let order = orders.get(&hold.task).context("goods left for a task that was never offered")?;
    let line = (order.clone(), hold.line);
    let wanted = ordered.get(&line).copied().context("goods left for an order that nobody placed")?;
    let sum = left.entry(line).or_default();
    *sum += gone;
    ensure!(
        *sum <= wanted,
        "NO_DOUBLE_SHIP: {sum} units of {order} line {} left, {wanted} ordered",
        hold.line
    );
    Ok(())
}

impl Seen {
    /// Goods leave only with a release to this replica that this ledger had before.
    fn note(&mut self, shop: &Shop, said: &TaskFact) -> Result<()> {
        let right = (said.task.clone(), said.fence);
        match &said.event {
            TaskEvent::Released { replica } | TaskEvent::LetGo { replica, .. }
                if *replica == shop.identity.replica =>
            {
                self.releases.insert(right);
            }
            TaskEvent::HandedOver { .. } => {
                ensure!(
                    self.releases.contains(&right),
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

    /// LEGAL: nothing that happened to goods was against what the store knew, but for a cancel
    /// that met goods on their way out.
    fn fold(&mut self, task: &TaskId) -> Result<()> {
        let Some(folded) = self.facts.get(task).and_then(fold) else { return Ok(()) };
        let cancelled = folded.state.recall.as_ref().is_some_and(|recall| recall.cancel);
        for told in folded.contradictions {
            ensure!(!told.taken_over || cancelled, "LEGAL: {} of {task}: {}", told.kind, told.why);
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
        for (task, tote) in &shop.totes {
            let units: i64 = tote.values().sum();
            let open = units == 0 || self.open.contains_key(task);
            ensure!(open, "NO_OVERSELL: {units} units of {task} lie in a tote, and the books gave them up");
        }
        Ok(())
    }

    /// `NO_OVERSELL`: what a store still works on stays set aside at central, also after a recall,
    /// until the store has answered.
    fn holds_stand(&self, central: &CentralEye) -> Result<()> {
        for (task, state) in &self.open {
            for (line, units) in state.held() {
                let freed = self.freed.get(&(task.clone(), line.line)).copied().unwrap_or(0);
                let units = units.min(line.quantity.saturating_sub(freed));
                let held = central.held(task, line.line)?.unwrap_or(0);
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
