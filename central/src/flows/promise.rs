//! Answers a checkout: by when, how sure, in how many parcels, at what cost. It asks routing what it
//! would do with such an order now, and sets the units aside when they are to be held.

use super::fleet_view::FleetView;
use super::gather::{Collected, collected};
use super::in_force::Steers;
use super::place_order::{hash, unknown_words};
use super::shelves::OnShelves;
use super::{FlowError, Watch};
use crate::core::carriers::{NoDate, Trip};
use crate::core::eligibility::Standing;
use crate::core::fleet::Handling;
use crate::core::order::promise_id;
use crate::core::promise::{Part, PromiseOption, PromiseRequest, check, options};
use crate::core::routing::Guide;
use crate::core::routing::decision::{Choice, Demand, DemandLine, Node, Parcel};
use crate::core::routing::geo::distance_km;
use crate::core::stock::class::Channel;
use crate::ports::fleet::Fleet;
use crate::ports::promises::{CartHeld, CartPromise, CartUnits, NewCart, Promises};
use crate::ports::stock::Stock;
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::error::Code;
use holdfast_shared::ids::{
    BadId, DecisionId, IdempotencyKey, LineNo, OrderId, PromiseId, Sku, StoreId, TenantId,
};
use holdfast_shared::time::UtcMs;
use std::collections::{BTreeMap, BTreeSet};

/// How often a hold is planned anew because its stock went while it was decided.
const STOCK_GONE_MAX: u32 = 3;

/// What the answer rests on beside the store.
#[derive(Debug, Clone, Copy)]
pub struct Promiser<'a> {
    pub watch: &'a Watch,
    pub policy: &'a dyn Steers,
}

/// What is known of one kind that was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub kind: FulfilmentKind,
    pub options: Vec<PromiseOption>,
    /// Why there is no option; it names no store.
    pub why_not: Option<WhyNot>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum WhyNot {
    /// No node or nodes together can take all of it now.
    Stock(Vec<Lack>),
    /// The units are there, but nobody can say when they would arrive.
    NoDate(String),
}

/// A line of which too little can be promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lack {
    pub sku: Sku,
    pub wanted: i64,
    pub available: i64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Promised {
    pub answers: Vec<Answer>,
    pub hold: Option<Held>,
}

/// Units are set aside until then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub promise: PromiseId,
    pub until: UtcMs,
    /// The same request came before under the same key.
    pub replayed: bool,
}

/// A question, from whom and when.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    pub tenant: &'a TenantId,
    pub request: &'a PromiseRequest,
    /// Needed when units are to be held: a request that is repeated holds them once.
    pub key: Option<&'a IdempotencyKey>,
    pub now: UtcMs,
}

pub async fn promise<S: Fleet + Promises + Stock + ?Sized>(
    store: &S,
    promiser: Promiser<'_>,
    ask: Ask<'_>,
) -> Result<Promised, FlowError> {
    let request = ask.request;
    check(request).map_err(|bad| FlowError::refused(bad.code(), bad.to_string()))?;
    known(store, &ask).await?;
    let mut view = FleetView::load(store, promiser.watch, promiser.policy, ask.tenant).await?;
    let needs = store.needs_of(ask.tenant, &skus(request)).await?;
    if let (Some(hold), Some(kind)) = (&request.hold, request.kinds.first()) {
        let until = ask.now.plus(hold.ttl_s.saturating_mul(1_000));
        return hold_units(store, promiser, &mut view, &ask, demand(&ask, *kind, needs)?, until).await;
    }
    let mut answers = Vec::new();
    for kind in &request.kinds {
        let demand = demand(&ask, *kind, needs.clone())?;
        let shelves = view.restock(store, &demand, ask.now).await?.shelves(&demand);
        answers.push(look(promiser, &view, &demand, &shelves, ask.now)?.0);
    }
    Ok(Promised { answers, hold: None })
}

async fn known<S: Fleet + ?Sized>(store: &S, ask: &Ask<'_>) -> Result<(), FlowError> {
    let unknown = store.unknown_skus(ask.tenant, &skus(ask.request)).await?;
    if !unknown.is_empty() {
        return Err(FlowError::refused(Code::UnknownSku, unknown_words(&unknown)));
    }
    if let Some(chosen) = &ask.request.pickup_store
        && store.store(ask.tenant, chosen).await?.is_none()
    {
        return Err(FlowError::refused(Code::UnknownStore, format!("pickup_store {chosen} is not known")));
    }
    Ok(())
}

fn skus(request: &PromiseRequest) -> Vec<Sku> {
    request.lines.iter().map(|line| line.sku.clone()).collect()
}

/// Plans, and sets aside what was planned; planned anew when somebody else was quicker.
async fn hold_units<S: Fleet + Promises + Stock + ?Sized>(
    store: &S,
    promiser: Promiser<'_>,
    view: &mut FleetView,
    ask: &Ask<'_>,
    demand: Demand,
    until: UtcMs,
) -> Result<Promised, FlowError> {
    let key = ask.key.ok_or_else(|| {
        let what = "units are held once for a key: the Idempotency-Key header is missing";
        FlowError::refused(Code::MissingIdempotencyKey, what)
    })?;
    let promise = promise_id(ask.tenant, key).map_err(|bad| malformed(&bad))?;
    let request_hash = hash(ask.request)?;
    if let Some(before) = store.cart_promise(ask.tenant, &promise).await? {
        return if before.request_hash == request_hash { Ok(replayed(before)) } else { Err(key_reused()) };
    }
    for _ in 0..STOCK_GONE_MAX {
        let shelves = view.restock(store, &demand, ask.now).await?.shelves(&demand);
        let (answer, units) = look(promiser, view, &demand, &shelves, ask.now)?;
        if let Some(WhyNot::Stock(lacks)) = &answer.why_not {
            return Err(FlowError::refused(Code::InsufficientStock, lack_words(lacks)));
        }
        let cart = NewCart {
            tenant: ask.tenant.clone(),
            promise: promise.clone(),
            request_hash,
            kind: demand.kind,
            options: answer.options.clone(),
            units,
            made_at: ask.now,
            expires_at: until,
        };
        match store.hold_cart(cart).await? {
            CartHeld::New => {
                let hold = Some(Held { promise, until, replayed: false });
                return Ok(Promised { answers: vec![answer], hold });
            }
            CartHeld::Replayed(before) => return Ok(replayed(before)),
            CartHeld::KeyReused => return Err(key_reused()),
            CartHeld::StockGone { .. } => {}
        }
    }
    let what = "the units were taken by others while they were looked for";
    Err(FlowError::refused(Code::InsufficientStock, what))
}

fn malformed(bad: &BadId) -> FlowError {
    FlowError::refused(Code::InvalidRequest, bad.to_string())
}

fn key_reused() -> FlowError {
    FlowError::refused(Code::IdempotencyKeyReused, "the key came before with another cart")
}

fn replayed(before: CartPromise) -> Promised {
    let hold = Held { promise: before.promise, until: before.expires_at, replayed: true };
    let answer = Answer { kind: before.kind, options: before.options, why_not: None };
    Promised { answers: vec![answer], hold: Some(hold) }
}

fn lack_words(lacks: &[Lack]) -> String {
    let told: Vec<String> = lacks
        .iter()
        .map(|lack| format!("{} of {} wanted, {} there to promise", lack.wanted, lack.sku, lack.available))
        .collect();
    if told.is_empty() {
        return "the units are there, but not where one order could have them together".to_owned();
    }
    told.join("; ")
}

/// What would become of such an order now, and which units it would take.
fn look(
    promiser: Promiser<'_>,
    view: &FleetView,
    demand: &Demand,
    shelves: &OnShelves,
    now: UtcMs,
) -> Result<(Answer, Vec<CartUnits>), FlowError> {
    let kind = demand.kind;
    let decision = DecisionId::new("cart").map_err(|bad| malformed(&bad))?;
    let (policy, carriers) = (promiser.policy.routing(demand), promiser.policy.carriers(&demand.tenant));
    let decided = Guide::of(&policy).route(demand, &view.fleet, decision, now);
    let plan = match &decided.choice {
        Choice::Assign(plan) if plan.covers(demand) => plan,
        Choice::Assign(_) | Choice::Hold { .. } | Choice::Backorder { .. } => {
            let others = collected((&policy, &carriers), view, demand, shelves, &decided, now);
            if let Some(Collected { options, units }) = others {
                return Ok((told(kind, options), units));
            }
            let why_not = Some(WhyNot::Stock(lacks(demand, view, shelves)));
            return Ok((Answer { kind, options: Vec::new(), why_not }, Vec::new()));
        }
    };
    let units = plan.parcels.iter().flat_map(|parcel| {
        parcel.lines.iter().map(|line| CartUnits {
            store: parcel.store.clone(),
            sku: line.sku.clone(),
            quantity: line.quantity,
            ceded: false,
            gathered: 0,
        })
    });
    let parts: Vec<Part<'_>> =
        plan.parcels.iter().filter_map(|parcel| part(demand, view, shelves, parcel)).collect();
    Ok((told(kind, options(&carriers, kind, &parts, now)), units.collect()))
}

fn told(kind: FulfilmentKind, options: Result<Vec<PromiseOption>, NoDate>) -> Answer {
    let words = match options {
        Ok(options) => return Answer { kind, options, why_not: None },
        // Which node it is about is not for a storefront.
        Err(NoDate::Zone(_)) => "the clock of the place that would send it is not known".to_owned(),
        Err(no_date) => no_date.to_string(),
    };
    Answer { kind, options: Vec::new(), why_not: Some(WhyNot::NoDate(words)) }
}

fn part<'a>(demand: &Demand, view: &'a FleetView, shelves: &OnShelves, parcel: &Parcel) -> Option<Part<'a>> {
    let node = view.fleet.find(&parcel.store)?;
    let confidence = parcel.lines.iter().map(|line| {
        let of_sku = shelves.get(&line.sku)?;
        of_sku.iter().find(|(store, _)| *store == parcel.store)?.1.confidence
    });
    let trip = Trip {
        store: &node.store,
        kind: demand.kind,
        distance_km: distance_km(demand.destination, node.store.place),
        units: parcel.lines.iter().map(|line| line.quantity).fold(0, i64::saturating_add),
        open_tasks: node.open_tasks,
    };
    Some(Part { trip, confidence: confidence.collect() })
}

fn demand(
    ask: &Ask<'_>,
    kind: FulfilmentKind,
    needs: BTreeMap<Sku, BTreeSet<Handling>>,
) -> Result<Demand, FlowError> {
    let request = ask.request;
    let lines = (1..).zip(&request.lines).map(|(line, cart)| DemandLine {
        line: LineNo(line),
        sku: cart.sku.clone(),
        quantity: cart.quantity,
    });
    Ok(Demand {
        tenant: ask.tenant.clone(),
        order: OrderId::new("cart").map_err(|bad| malformed(&bad))?,
        channel: Channel::new(request.channel.clone()),
        brand: request.brand.clone(),
        kind,
        destination: request.destination,
        pickup_store: request.pickup_store.clone().filter(|_| kind == FulfilmentKind::Pickup),
        lines: lines.collect(),
        prices: BTreeMap::new(),
        needs,
        placed_at: ask.now,
        promise_by: None,
        note: None,
        tried: BTreeSet::new(),
        declined: BTreeSet::new(),
        assignments: 0,
        parts: Some(BTreeSet::new()),
        consolidate: false,
        feeds: None,
    })
}

/// The lines of which the nodes that may take such an order have too little, all together.
fn lacks(demand: &Demand, view: &FleetView, shelves: &OnShelves) -> Vec<Lack> {
    let may = |store: &StoreId| {
        let chosen = demand.pickup_store.as_ref().is_none_or(|chosen| chosen == store);
        chosen && view.fleet.find(store).is_some_and(|node| takes(node, demand.kind))
    };
    let lack = |line: &DemandLine| {
        let of_sku = shelves.get(&line.sku).map_or(&[][..], Vec::as_slice);
        let units = of_sku.iter().filter(|(store, _)| may(store)).map(|(_, shelf)| shelf.units.max(0));
        let available = units.fold(0, i64::saturating_add);
        Lack { sku: line.sku.clone(), wanted: line.quantity, available }
    };
    demand.lines.iter().map(lack).filter(|lack| lack.available < lack.wanted).collect()
}

fn takes(node: &Node, kind: FulfilmentKind) -> bool {
    match node.eligibility.standing {
        Standing::Eligible | Standing::Suspect => node.eligibility.kinds.contains(&kind),
        Standing::Ineligible => false,
    }
}

#[cfg(test)]
mod tests;
