//! What a version would decide of an order now: on the fleet and the stock as they stand. It reads, and
//! writes nothing.

use super::fleet_view::FleetView;
use super::gather::planned;
use super::in_force::Steers;
use super::place_order::unknown_words;
use super::{FlowError, Watch};
use crate::core::carriers::CarrierPolicy;
use crate::core::failover::policy::FailoverPolicy;
use crate::core::fleet::Store;
use crate::core::order::{Order, OrderRequest};
use crate::core::order_request;
use crate::core::promise::{self, PromiseRequest};
use crate::core::routing::Guide;
use crate::core::routing::decision::{Decision, Demand, DemandLine};
use crate::core::routing::policy::RoutingPolicy;
use crate::core::steering::Steering;
use crate::core::stock::class::Channel;
use crate::core::stock::policy::StockPolicy;
use crate::ports::fleet::Fleet;
use crate::ports::promises::Promises;
use crate::ports::stock::Stock;
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::error::Code;
use holdfast_shared::ids::{BrandId, DecisionId, LineNo, OrderId, Sku, StoreId, TenantId};
use holdfast_shared::money::Money;
use holdfast_shared::time::UtcMs;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What is asked about.
#[derive(Debug, Clone, PartialEq)]
pub enum Question {
    /// All that was ordered, as if it had just come in. What it holds already counts as taken.
    Order(Box<Order>),
    /// What a checkout asks about: one decision for each kind.
    Cart(Box<PromiseRequest>),
    /// An order that nobody placed.
    Demand(Box<OrderRequest>),
}

/// One version for every order, be it a draft.
#[derive(Debug)]
struct Only<'a>(&'a Steering);

impl Steers for Only<'_> {
    fn routing(&self, demand: &Demand) -> Arc<RoutingPolicy> {
        Arc::clone(self.0.routing_of(demand.brand.as_ref()))
    }

    fn routing_at(&self, _: &Demand, store: &Store) -> Arc<RoutingPolicy> {
        self.0.routing_at(store)
    }

    fn stock(&self, _: &TenantId) -> Arc<StockPolicy> {
        Arc::clone(&self.0.stock)
    }

    fn stock_at(&self, _: &TenantId, store: &Store) -> Arc<StockPolicy> {
        self.0.stock_at(store)
    }

    fn carriers(&self, _: &TenantId) -> Arc<CarrierPolicy> {
        Arc::clone(&self.0.carriers)
    }

    fn failover(&self, _: &TenantId) -> Arc<FailoverPolicy> {
        Arc::clone(&self.0.failover)
    }
}

/// What it takes beside the store.
pub struct Asking<'a> {
    pub watch: &'a Watch,
    pub steering: &'a Steering,
    pub decision_id: &'a (dyn Fn() -> DecisionId + Send + Sync),
}

impl std::fmt::Debug for Asking<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Asking").field("version", &self.steering.version).finish_non_exhaustive()
    }
}

pub async fn dry_run<S: Fleet + Promises + Stock + ?Sized>(
    store: &S,
    asking: &Asking<'_>,
    tenant: &TenantId,
    question: &Question,
    now: UtcMs,
) -> Result<Vec<Decision>, FlowError> {
    let demands = demands(store, tenant, question, now).await?;
    let steers = Only(asking.steering);
    let mut view = FleetView::load(store, asking.watch, &steers, tenant).await?;
    let mut decisions = Vec::new();
    for demand in &demands {
        let routing = asking.steering.routing_of(demand.brand.as_ref());
        let guide = Guide::of(routing).with_carriers(&asking.steering.carriers);
        view.restock(store, demand, now).await?;
        let decided = view.decide(&guide, demand, asking.decision_id, now);
        let gathered = planned(&guide, &view, demand, &decided, now);
        decisions.push(gathered.map_or(decided, |gathered| gathered.decision));
    }
    Ok(decisions)
}

async fn demands<S: Fleet + Promises + ?Sized>(
    store: &S,
    tenant: &TenantId,
    question: &Question,
    now: UtcMs,
) -> Result<Vec<Demand>, FlowError> {
    let invalid = |what: String| FlowError::refused(Code::InvalidRequest, what);
    let (order, kinds, asked) = match question {
        Question::Order(order) => (order.order.clone(), vec![order.request.kind], Asked::of_order(order)),
        Question::Cart(cart) => {
            promise::check(cart).map_err(|bad| FlowError::refused(bad.code(), bad.to_string()))?;
            if cart.hold.is_some() {
                return Err(invalid("a dry run sets nothing aside: leave hold out".to_owned()));
            }
            (asked_about()?, cart.kinds.iter().copied().collect(), Asked::of_cart(cart, now))
        }
        Question::Demand(request) => {
            order_request::check(request).map_err(|bad| FlowError::refused(bad.code(), bad.to_string()))?;
            if request.promise.is_some() {
                return Err(invalid("a dry run takes no promise over: leave promise out".to_owned()));
            }
            (asked_about()?, vec![request.kind], Asked::of_request(request, now))
        }
    };
    let skus: Vec<Sku> = asked.lines.iter().map(|line| line.sku.clone()).collect();
    let unknown = store.unknown_skus(tenant, &skus).await?;
    if !unknown.is_empty() {
        return Err(FlowError::refused(Code::UnknownSku, unknown_words(&unknown)));
    }
    if let Some(chosen) = &asked.pickup_store
        && store.store(tenant, chosen).await?.is_none()
    {
        return Err(FlowError::refused(Code::UnknownStore, format!("pickup_store {chosen} is not known")));
    }
    let needs = store.needs_of(tenant, &skus).await?;
    let demand = |kind: FulfilmentKind| Demand {
        tenant: tenant.clone(),
        order: order.clone(),
        kind,
        channel: asked.channel.clone(),
        brand: asked.brand.clone(),
        destination: asked.destination,
        pickup_store: asked.pickup_store.clone().filter(|_| kind == FulfilmentKind::Pickup),
        lines: asked.lines.clone(),
        prices: asked.prices.clone(),
        needs: needs.clone(),
        placed_at: asked.placed_at,
        promise_by: asked.promise_by,
        note: None,
        tried: BTreeSet::new(),
        declined: BTreeSet::new(),
        assignments: 0,
        parts: Some(BTreeSet::new()),
        consolidate: asked.consolidate,
        feeds: None,
    };
    Ok(kinds.into_iter().map(demand).collect())
}

/// The order of a question that is about none.
fn asked_about() -> Result<OrderId, FlowError> {
    OrderId::new("dry-run").map_err(|bad| FlowError::refused(Code::InvalidRequest, bad.to_string()))
}

/// What the three kinds of question have in common.
struct Asked {
    channel: Channel,
    brand: Option<BrandId>,
    destination: crate::core::fleet::Place,
    pickup_store: Option<StoreId>,
    lines: Vec<DemandLine>,
    prices: BTreeMap<LineNo, Money>,
    placed_at: UtcMs,
    promise_by: Option<UtcMs>,
    consolidate: bool,
}

impl Asked {
    fn of_order(order: &Order) -> Self {
        let wanted = order.lines.iter().filter(|line| line.cancelled < line.quantity);
        let lines = wanted.map(|line| DemandLine {
            line: line.line,
            sku: line.sku.clone(),
            quantity: line.quantity.saturating_sub(line.cancelled),
        });
        let prices = order.lines.iter().filter_map(|line| Some((line.line, line.unit_price?)));
        let base = Self::of_request(&order.request, order.placed_at);
        Self { lines: lines.collect(), prices: prices.collect(), ..base }
    }

    fn of_request(request: &OrderRequest, placed_at: UtcMs) -> Self {
        let numbered = (1..).map(LineNo).zip(&request.lines);
        let lines = numbered.clone().map(|(line, of)| DemandLine {
            line,
            sku: of.sku.clone(),
            quantity: of.quantity,
        });
        Self {
            channel: Channel::new(request.channel.clone()),
            brand: request.brand.clone(),
            destination: request.destination,
            pickup_store: request.pickup_store.clone(),
            lines: lines.collect(),
            prices: numbered.filter_map(|(line, of)| Some((line, of.unit_price?))).collect(),
            placed_at,
            promise_by: request.promise_by,
            consolidate: request.consolidate,
        }
    }

    fn of_cart(cart: &PromiseRequest, now: UtcMs) -> Self {
        let lines = (1..).map(LineNo).zip(&cart.lines).map(|(line, of)| DemandLine {
            line,
            sku: of.sku.clone(),
            quantity: of.quantity,
        });
        Self {
            channel: Channel::new(cart.channel.clone()),
            brand: None,
            destination: cart.destination,
            pickup_store: cart.pickup_store.clone(),
            lines: lines.collect(),
            prices: BTreeMap::new(),
            placed_at: now,
            promise_by: None,
            consolidate: false,
        }
    }
}
