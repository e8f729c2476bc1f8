//! A store in memory that answers as it was told and keeps what it was asked to do. The rules of
//! a real one are proven by the conformance suite; here only the flows are.

use crate::core::arranged::{Arrangement, Unfit};
use crate::core::fleet::{Arranged, Closure, Store, StoreRecord};
mod moves;

use crate::core::exception::{Exception, NewException};
use crate::core::failover::plan::Lately;
use crate::core::fences::FenceStep;
use crate::core::health::StoreKey;
use crate::core::labels::LabelFailure;
use crate::core::order::{Order, OrderEvent, OrderState};
use crate::core::routing::decision::{Decision, Demand, DemandLine, Recorded};
use crate::core::stock::class::{Channel, SkuClass};
use crate::core::stock::policy::StockPolicy;
use crate::core::test_support::{LONDON, tenant};
use crate::ports::access::ReplicaIdentity;
use crate::ports::drills::{DrillBegun, NewDrill};
use crate::ports::fleet::{CatalogueItem, ChangedStores, EligibilityChange, Fleet, StorePosition};
use crate::ports::gatherings::{GatherOutcome, GatheringsEnded, NewGathering};
use crate::ports::labels::Settling;
use crate::ports::moves::Departure;
use crate::ports::orders::{Activity, CancelOutcome, NewOrder, Orders, Placed};
use crate::ports::poke::Poke;
use crate::ports::promises::{CartHeld, CartUnits, NewCart};
use crate::ports::replication::{Exchanged, StoreDigest};
use crate::ports::stock::OrderWithout;
use crate::ports::vetoes::Peer;
use crate::ports::work::{AssignOutcome, Assignment, Audit, RecallOutcome, TakeBackOutcome, TaskRow, Work};
use crate::ports::{Page, PageRequest, StoreError};
use async_trait::async_trait;
use holdfast_shared::domain::fence::Fence;
use holdfast_shared::domain::task::{FulfilmentKind, TaskState};
use holdfast_shared::error::Code;
use holdfast_shared::ids::{Actor, DecisionId, LineNo, OrderId, Sku, StoreId, TaskId, TenantId};
use holdfast_shared::time::{Now, UtcMs};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Mutex;

mod exchange;
mod gatherings;
mod labels;
mod promises;
mod replicas;
mod stock;
mod substitutions;
mod trusted;

type Result<T> = std::result::Result<T, StoreError>;

#[derive(Default)]
pub(crate) struct Told {
    pub(crate) stores: Vec<StoreRecord>,
    pub(crate) positions: Vec<StorePosition>,
    pub(crate) demands: Vec<Demand>,
    pub(crate) tasks: Vec<TaskRow>,
    pub(crate) unknown_skus: Vec<Sku>,
    pub(crate) digests: Vec<StoreDigest>,
    /// Next answers; when they run out, the good one.
    pub(crate) assign: VecDeque<AssignOutcome>,
    /// Orders of which no assignment can be written.
    pub(crate) unwritable: Vec<OrderId>,
    pub(crate) recall: VecDeque<RecallOutcome>,
    pub(crate) placed: Option<Placed>,
    pub(crate) cancel: Option<CancelOutcome>,
    pub(crate) exchanged: Option<Exchanged>,
    pub(crate) order: Option<Order>,
    pub(crate) enrolment: Option<ReplicaIdentity>,
    pub(crate) history_fails: bool,
    pub(crate) leases: Vec<(StoreKey, i64)>,
    pub(crate) take_back: Option<TakeBackOutcome>,
    pub(crate) unanswered_cancels: u32,
    pub(crate) peers: Vec<Peer>,
    /// The class of every SKU; none: no class.
    pub(crate) class: Option<SkuClass>,
    pub(crate) stock: StockPolicy,
    pub(crate) carts: BTreeMap<OrderId, Vec<CartUnits>>,
    pub(crate) cart_held: VecDeque<CartHeld>,
    pub(crate) decisions: Vec<Decision>,
    pub(crate) lately: Lately,
    pub(crate) begun: Option<DrillBegun>,
    pub(crate) labels: Vec<LabelFailure>,
    pub(crate) gather: VecDeque<GatherOutcome>,
    pub(crate) gatherings_over: VecDeque<GatheringsEnded>,
    pub(crate) gathering_stores: Vec<(TenantId, StoreId)>,
}

#[derive(Default)]
pub(crate) struct Done {
    pub(crate) assigned: Vec<Assignment>,
    pub(crate) backordered: Vec<Demand>,
    pub(crate) held: Vec<(OrderId, UtcMs)>,
    pub(crate) recalled: Vec<(TaskId, String)>,
    pub(crate) raised: Vec<(TenantId, NewException)>,
    pub(crate) settled: Vec<String>,
    pub(crate) history: Vec<EligibilityChange>,
    pub(crate) closures: Vec<Closure>,
    pub(crate) orders: Vec<NewOrder>,
    pub(crate) codes: Vec<[u8; 32]>,
    pub(crate) digest_reads: u32,
    pub(crate) stock_reads: u32,
    pub(crate) leases: Vec<(StoreKey, i64)>,
    pub(crate) cancels_looked_for: Vec<UtcMs>,
    pub(crate) said: Vec<Peer>,
    pub(crate) without: Vec<OrderWithout>,
    pub(crate) carts: Vec<NewCart>,
    pub(crate) departed: Vec<Departure>,
    pub(crate) plan_b_refused: Vec<String>,
    pub(crate) drills: Vec<NewDrill>,
    pub(crate) lost: Vec<(OrderId, String)>,
    pub(crate) labels_settled: Vec<Settling>,
    pub(crate) gathered: Vec<NewGathering>,
    pub(crate) gatherings_lost: Vec<StoreId>,
}

#[derive(Default)]
pub(crate) struct Ram {
    told: Mutex<Told>,
    done: Mutex<Done>,
    pokes: Mutex<Vec<(StoreId, String)>>,
    others: Mutex<substitutions::Others>,
}

impl Ram {
    pub(crate) fn told<R>(&self, set: impl FnOnce(&mut Told) -> R) -> R {
        set(&mut self.told.lock().unwrap())
    }

    pub(crate) fn done<R>(&self, look: impl FnOnce(&mut Done) -> R) -> R {
        look(&mut self.done.lock().unwrap())
    }

    pub(crate) fn poked(&self) -> Vec<String> {
        self.pokes.lock().unwrap().iter().map(|(store, why)| format!("{store}: {why}")).collect()
    }

    pub(crate) fn raised_keys(&self) -> Vec<String> {
        self.done(|done| done.raised.iter().map(|(_, exception)| exception.key.clone()).collect())
    }
}

impl Poke for Ram {
    fn poke(&self, _: &TenantId, store: &StoreId, why: &str) {
        self.pokes.lock().unwrap().push((store.clone(), why.to_owned()));
    }
}

pub(crate) fn key(name: &str) -> StoreKey {
    StoreKey::new(tenant(), name.parse().unwrap())
}

pub(crate) fn identity(name: &str) -> ReplicaIdentity {
    ReplicaIdentity {
        tenant: tenant(),
        store: name.parse().unwrap(),
        replica: format!("{name}-a").parse().unwrap(),
    }
}

pub(crate) fn position(store: &str, sku: &str, available: i64) -> StorePosition {
    StorePosition {
        store: store.parse().unwrap(),
        sku: sku.parse().unwrap(),
        on_hand: available,
        reserved: 0,
        buffer: 0,
        available,
        as_of: UtcMs(0),
    }
}

pub(crate) fn demand(order: &str, lines: &[(&str, i64)]) -> Demand {
    Demand {
        tenant: tenant(),
        order: order.parse().unwrap(),
        kind: FulfilmentKind::Ship,
        channel: Channel::new("web"),
        brand: None,
        destination: LONDON,
        pickup_store: None,
        lines: lines
            .iter()
            .zip(1..)
            .map(|((sku, quantity), line)| DemandLine {
                line: LineNo(line),
                sku: sku.parse().unwrap(),
                quantity: *quantity,
            })
            .collect(),
        prices: BTreeMap::new(),
        needs: BTreeMap::new(),
        placed_at: UtcMs(0),
        promise_by: None,
        note: None,
        tried: BTreeSet::new(),
        declined: BTreeSet::new(),
        assignments: 0,
        parts: None,
        consolidate: false,
        feeds: None,
    }
}

pub(crate) fn decision_id() -> DecisionId {
    "d1".parse().unwrap()
}

fn not_here<T>() -> Result<T> {
    panic!("the flow under test does not need this")
}

#[async_trait]
impl Fleet for Ram {
    async fn put_store(&self, _: &TenantId, _: &Store, _: UtcMs) -> Result<()> {
        not_here()
    }
    async fn store(&self, _: &TenantId, store: &StoreId) -> Result<Option<StoreRecord>> {
        Ok(self.told(|told| told.stores.iter().find(|record| record.store.store == *store).cloned()))
    }
    async fn stores(&self, _: &TenantId) -> Result<Vec<StoreRecord>> {
        Ok(self.told(|told| told.stores.clone()))
    }
    async fn tenants(&self) -> Result<Vec<TenantId>> {
        let of_stores = |told: &mut Told| told.stores.iter().map(|record| record.tenant.clone()).collect();
        let tenants: BTreeSet<TenantId> = self.told(of_stores);
        Ok(tenants.into_iter().collect())
    }
    async fn changed_stores(&self, since: u64) -> Result<ChangedStores> {
        Ok(ChangedStores { records: self.told(|told| told.stores.clone()), up_to: since })
    }
    async fn arrange(
        &self,
        _: &TenantId,
        store: &StoreId,
        change: &Arrangement,
        now: UtcMs,
    ) -> Result<Option<std::result::Result<Arranged, Unfit>>> {
        let arrange = |record: &mut StoreRecord| {
            let arranged = record.arranged.with(change.clone(), now)?;
            record.arranged = arranged.clone();
            Ok(arranged)
        };
        Ok(self.told(|told| told.stores.iter_mut().find(|known| known.store.store == *store).map(arrange)))
    }
    async fn close(&self, _: &TenantId, _: &StoreId, closure: &Closure) -> Result<bool> {
        self.done(|done| done.closures.push(closure.clone()));
        Ok(true)
    }
    async fn reopen(&self, _: &TenantId, _: &StoreId, _: bool) -> Result<bool> {
        Ok(self.done(|done| done.closures.pop().is_some()))
    }
    async fn put_catalogue(&self, _: &TenantId, _: &[CatalogueItem]) -> Result<u64> {
        not_here()
    }
    async fn unknown_skus(&self, _: &TenantId, _: &[Sku]) -> Result<Vec<Sku>> {
        Ok(self.told(|told| told.unknown_skus.clone()))
    }
    async fn positions(&self, _: &TenantId, _: &[Sku]) -> Result<Vec<StorePosition>> {
        Ok(self.told(|told| told.positions.clone()))
    }
    async fn record_eligibility(&self, _: &TenantId, change: &EligibilityChange) -> Result<()> {
        if self.told(|told| told.history_fails) {
            return Err(StoreError { code: Code::DiskFull, what: String::from("full"), source: None });
        }
        self.done(|done| done.history.push(change.clone()));
        Ok(())
    }
    async fn eligibility_history(
        &self,
        _: &TenantId,
        _: &StoreId,
        _: &PageRequest,
    ) -> Result<Page<EligibilityChange>> {
        not_here()
    }
    async fn raise(&self, tenant: &TenantId, exception: &NewException, _: UtcMs) -> Result<()> {
        self.done(|done| done.raised.push((tenant.clone(), exception.clone())));
        Ok(())
    }
    async fn settle(&self, _: &TenantId, key: &str, _: &str, _: UtcMs) -> Result<bool> {
        self.done(|done| done.settled.push(key.to_owned()));
        Ok(true)
    }
    async fn exceptions(&self, _: &TenantId, _: bool, _: &PageRequest) -> Result<Page<Exception>> {
        not_here()
    }
}

#[async_trait]
impl Work for Ram {
    async fn demands(&self, _: u32, _: UtcMs, _: UtcMs) -> Result<Vec<Demand>> {
        Ok(self.told(|told| told.demands.clone()))
    }
    async fn assign(&self, assignment: &Assignment, _: Now) -> Result<AssignOutcome> {
        self.done(|done| done.assigned.push(assignment.clone()));
        if self.told(|told| told.unwritable.contains(&assignment.order)) {
            return Err(StoreError { code: Code::Internal, what: String::from("bad"), source: None });
        }
        let task = format!("{}-{}", assignment.order, assignment.assignments + 1).parse().unwrap();
        let good = AssignOutcome::Assigned { task, fence: Fence { incarnation: 1, number: 1 } };
        Ok(self.told(|told| told.assign.pop_front()).unwrap_or(good))
    }
    async fn backorder(&self, demand: &Demand, _: &Decision, _: Now) -> Result<()> {
        self.done(|done| done.backordered.push(demand.clone()));
        Ok(())
    }
    async fn hold(&self, demand: &Demand, _: &Decision, until: UtcMs, _: Now) -> Result<()> {
        self.done(|done| done.held.push((demand.order.clone(), until)));
        Ok(())
    }
    async fn recall(
        &self,
        _: &TenantId,
        task: &TaskId,
        _: Fence,
        reason: &str,
        _: Now,
    ) -> Result<RecallOutcome> {
        self.done(|done| done.recalled.push((task.clone(), reason.to_owned())));
        Ok(self.told(|told| told.recall.pop_front()).unwrap_or(RecallOutcome::Recalled))
    }
    async fn take_back(
        &self,
        _: &TenantId,
        _: &TaskId,
        _: &str,
        _: &Actor,
        _: Now,
    ) -> Result<TakeBackOutcome> {
        Ok(self.told(|told| told.take_back.clone()).unwrap_or(TakeBackOutcome::Unknown))
    }
    async fn tell_unanswered_cancels(&self, asked_before: UtcMs, _: u32, _: Now) -> Result<u32> {
        self.done(|done| done.cancels_looked_for.push(asked_before));
        Ok(self.told(|told| told.unanswered_cancels))
    }
    async fn open_tasks(
        &self,
        _: Option<&TenantId>,
        store: Option<&StoreId>,
        _: u32,
    ) -> Result<Vec<TaskRow>> {
        let of_store = |row: &&TaskRow| store.is_none_or(|store| row.state.store == *store);
        Ok(self.told(|told| told.tasks.iter().filter(of_store).cloned().collect()))
    }
    async fn expired_offers(&self, now: UtcMs, beyond: UtcMs, _: u32) -> Result<Vec<TaskRow>> {
        let over = |row: &&TaskRow| row.state.accept_by < now || row.state.accept_by > beyond;
        Ok(self.told(|told| told.tasks.iter().filter(over).cloned().collect()))
    }
    async fn task(&self, _: &TenantId, task: &TaskId) -> Result<Option<TaskState>> {
        Ok(self
            .told(|told| told.tasks.iter().find(|row| row.state.task == *task).map(|row| row.state.clone())))
    }
    async fn tasks_of_store(&self, _: &TenantId, _: &StoreId, _: &PageRequest) -> Result<Page<TaskState>> {
        not_here()
    }
    async fn audit(&self, _: Option<&TenantId>) -> Result<Audit> {
        not_here()
    }
}

#[async_trait]
impl Orders for Ram {
    async fn place(&self, order: NewOrder) -> Result<Placed> {
        self.done(|done| done.orders.push(order));
        Ok(self.told(|told| told.placed.clone()).unwrap_or(Placed::New))
    }
    async fn order(&self, _: &TenantId, _: &OrderId) -> Result<Option<Order>> {
        Ok(self.told(|told| told.order.clone()))
    }
    async fn orders(&self, _: &TenantId, _: &[OrderState], _: &PageRequest) -> Result<Page<Order>> {
        not_here()
    }
    async fn count_orders(&self, _: &TenantId) -> Result<BTreeMap<OrderState, u64>> {
        not_here()
    }
    async fn timeline(&self, _: &TenantId, _: &OrderId) -> Result<Vec<OrderEvent>> {
        not_here()
    }
    async fn activity(&self, _: &TenantId, _: u32) -> Result<Vec<Activity>> {
        not_here()
    }
    async fn decisions(&self, _: &TenantId, order: &OrderId) -> Result<Vec<Decision>> {
        let of_order = |decision: &&Decision| decision.order == *order;
        Ok(self.told(|told| told.decisions.iter().filter(of_order).cloned().collect()))
    }
    async fn recorded(&self, _: &TenantId, _: &OrderId) -> Result<Vec<(Decision, Option<Recorded>)>> {
        not_here()
    }
    async fn fences(&self, _: &TenantId, _: &OrderId) -> Result<Vec<FenceStep>> {
        not_here()
    }
    async fn cancel(&self, _: &TenantId, _: &OrderId, _: &str, _: &Actor, _: UtcMs) -> Result<CancelOutcome> {
        Ok(self.told(|told| told.cancel.clone()).unwrap_or(CancelOutcome::Unknown))
    }
}
