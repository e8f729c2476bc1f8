//! A small chain to try things on: one tenant, stores with stock, orders.

use super::agent::Agent;
use crate::books::differences;
use holdfast_central::core::fleet::{Place, Store, StoreKind};
use holdfast_central::core::order::{Order, OrderLineRequest, OrderRequest, OrderState};
use holdfast_central::core::reconcile::finding::FindingKind;
use holdfast_central::core::reconcile::policy::ReconcilePolicy;
use holdfast_central::core::routing::decision::{Choice, Decision, Demand, DemandLine, Plan};
use holdfast_central::ports::Storage;
use holdfast_central::ports::access::ReplicaIdentity;
use holdfast_central::ports::fleet::{CatalogueItem, StorePosition};
use holdfast_central::ports::orders::{NewOrder, Placed};
use holdfast_central::ports::work::{AssignOutcome, Assignment, Audit};
use holdfast_shared::domain::fence::Fence;
use holdfast_shared::domain::task::{FulfilmentKind, ReleasePoint};
use holdfast_shared::ids::{
    Actor, DecisionId, IdempotencyKey, LineNo, OrderId, Sku, StoreId, TaskId, TenantId, TraceId,
};
use holdfast_shared::set_hash::SetHash;
use holdfast_shared::time::{MonoMs, Now, UtcMs};

pub const BEGIN: i64 = 1_700_000_000_000;
/// Later than everything.
pub const FAR: UtcMs = UtcMs(i64::MAX);

#[must_use]
pub fn at(ms: i64) -> Now {
    Now { utc: UtcMs(BEGIN + ms), mono: MonoMs(ms) }
}

#[must_use]
pub fn tenant() -> TenantId {
    TenantId::new("acme").unwrap()
}

#[must_use]
pub fn sku(text: &str) -> Sku {
    Sku::new(text).unwrap()
}

#[must_use]
pub fn store_id(text: &str) -> StoreId {
    StoreId::new(text).unwrap()
}

#[must_use]
pub fn order_id(text: &str) -> OrderId {
    OrderId::new(text).unwrap()
}

#[must_use]
pub fn hash(text: &str) -> [u8; 32] {
    let mut set = SetHash::EMPTY;
    set.insert(text.as_bytes());
    set.to_bytes()
}

#[must_use]
pub fn described(store: &str) -> Store {
    Store {
        store: store_id(store),
        name: store.to_owned(),
        kind: StoreKind::Store,
        place: Place { latitude: 53.8, longitude: -1.5 },
        zone: "Europe/London".to_owned(),
        hours: Vec::new(),
        fulfils: FulfilmentKind::ALL.into_iter().collect(),
        capacity_tasks: 40,
        buffer_units: 0,
        release_point: ReleasePoint::Packed,
        handles: [].into(),
        handling_cost: None,
        margin_permille: None,
        delivers_km: None,
        region: None,
    }
}

/// A store of the tenant with one enrolled replica and `units` of SKU `A`, all of it synced.
pub async fn stocked(storage: &dyn Storage, store: &str, units: i64) -> Agent {
    storage.put_store(&tenant(), &described(store), at(0).utc).await.unwrap();
    let mut agent = enrolled(storage, store, store).await;
    if units > 0 {
        agent.opening("A", units);
        agent.sync(storage, at(1)).await;
    }
    agent
}

pub async fn enrolled(storage: &dyn Storage, store: &str, code: &str) -> Agent {
    Agent::new(identity(storage, store, code).await)
}

pub async fn identity(storage: &dyn Storage, store: &str, code: &str) -> ReplicaIdentity {
    let until = at(1_000).utc;
    storage.offer_enrolment(&tenant(), &store_id(store), hash(code), until).await.unwrap();
    let secret = hash(&format!("secret of {code}"));
    storage.enrol(hash(code), secret, None, at(0).utc).await.unwrap().unwrap()
}

#[must_use]
pub fn request(kind: FulfilmentKind, lines: &[(&str, i64)]) -> OrderRequest {
    let asked = lines.iter().map(|(text, quantity)| OrderLineRequest::of(sku(text), *quantity));
    OrderRequest {
        pickup_store: (kind == FulfilmentKind::Pickup).then(|| store_id("leeds")),
        ..OrderRequest::of("web", kind, Place { latitude: 53.8, longitude: -1.5 }, asked.collect())
    }
}

#[must_use]
pub fn new_order(order: &str, key: &str, request: OrderRequest) -> NewOrder {
    NewOrder {
        tenant: tenant(),
        order: order_id(order),
        request_hash: hash(&serde_json::to_string(&request).unwrap()),
        request,
        key: IdempotencyKey::new(key).unwrap(),
        actor: Actor::new("storefront").unwrap(),
        trace: TraceId::new("0123456789abcdef0123456789abcdef").unwrap(),
        upstream: None,
        duplicate_within_ms: 0,
        now: at(10).utc,
    }
}

/// An order to be shipped.
pub async fn placed(storage: &dyn Storage, order: &str, lines: &[(&str, i64)]) {
    let new = new_order(order, order, request(FulfilmentKind::Ship, lines));
    assert_eq!(storage.place(new).await.unwrap(), Placed::New);
}

pub async fn demand(storage: &dyn Storage, order: &str) -> Option<Demand> {
    let demands = storage.demands(100, UtcMs(0), FAR).await.unwrap();
    demands.into_iter().find(|demand| demand.order == order_id(order))
}

#[must_use]
pub fn decision(order: &OrderId, lines: Vec<DemandLine>, choice: Choice, at: UtcMs) -> Decision {
    Decision {
        inputs: None,
        decision: DecisionId::new(format!("{order}-d{}", at.0)).unwrap(),
        order: order.clone(),
        at,
        policy: "default".to_owned(),
        hash: String::new(),
        demand: lines,
        rungs: Vec::new(),
        choice,
        runner_up: None,
        gather: None,
        missed: None,
        words: "because it is the only one".to_owned(),
    }
}

/// All lines of the demand to one store.
#[must_use]
pub fn assignment(demand: &Demand, store: &str, now: Now) -> Assignment {
    let lines = demand.lines.clone();
    let choice = Choice::Assign(Plan::single("closest", store_id(store), lines.clone()));
    Assignment {
        tenant: demand.tenant.clone(),
        order: demand.order.clone(),
        store: store_id(store),
        kind: demand.kind,
        release_point: ReleasePoint::Packed,
        decision: decision(&demand.order, lines.clone(), choice, now.utc),
        lines,
        assignments: demand.assignments,
        accept_by: now.utc.plus(60_000),
        promise_by: None,
        note: None,
        journey: None,
    }
}

/// What is open of the order, to one store; it must succeed.
pub async fn assigned(storage: &dyn Storage, order: &str, store: &str) -> (TaskId, Fence) {
    let demand = demand(storage, order).await.unwrap();
    match storage.assign(&assignment(&demand, store, at(20)), at(20)).await.unwrap() {
        AssignOutcome::Assigned { task, fence } => (task, fence),
        other => panic!("{order} was not assigned to {store}: {other:?}"),
    }
}

pub async fn position(storage: &dyn Storage, store: &str) -> StorePosition {
    let positions = storage.positions(&tenant(), &[sku("A")]).await.unwrap();
    positions.into_iter().find(|position| position.store == store_id(store)).unwrap()
}

pub async fn the_order(storage: &dyn Storage, order: &str) -> Order {
    storage.order(&tenant(), &order_id(order)).await.unwrap().unwrap()
}

pub async fn state(storage: &dyn Storage, order: &str) -> OrderState {
    the_order(storage, order).await.state
}

/// Open, finished, cancelled units of the order's first line.
pub async fn units(storage: &dyn Storage, order: &str) -> (i64, i64, i64) {
    let order = the_order(storage, order).await;
    let line = &order.lines[0];
    (line.open, line.finished, line.cancelled)
}

/// Nothing is broken, and this many holds are open.
pub async fn sound(storage: &dyn Storage, open_holds: u64) -> Audit {
    let audit = storage.audit(None).await.unwrap();
    let broken = audit.double_shipped
        + audit.oversold
        + audit.reserved_mismatch
        + audit.orphaned_holds
        + audit.baseline_mismatch;
    assert_eq!(broken, 0, "{audit:?}");
    assert_eq!(audit.open_holds, open_holds, "{audit:?}");
    // What stands still is not wrong, and time does not pass here: only what contradicts itself is told.
    let never = i64::MAX;
    let terms =
        ReconcilePolicy { answer_ms: never, promise_grace_ms: never, stale_ms: never, ..Default::default() };
    let mut unequal = differences(storage, &terms, at(0).utc).await.unwrap();
    unequal.retain(|difference| difference.kind != FindingKind::StuckOrder);
    assert_eq!(unequal, [], "reconciliation sees what the audit does not");
    audit
}

#[must_use]
pub fn item(text: &str) -> CatalogueItem {
    CatalogueItem { sku: sku(text), name: format!("thing {text}"), class: None, needs: [].into() }
}

pub const LINE: LineNo = LineNo(1);
