//! Replays recorded orders under another policy. Reads the record page by page, in the order of time, and
//! lets core fold it into a report. It changes nothing, so it may be left at any page.

mod jobs;

pub use jobs::{Begun, ReplayId, ReplayJobs, ReplayState, ReplayStatus, Waiting};

use super::FlowError;
use crate::core::replay::record::Picks;
use crate::core::replay::run::{Guides, Report, Run};
use crate::core::routing::Guide;
use crate::core::shadow::version::not_compared;
use crate::core::steering::Steering;
use crate::ports::replays::{DecisionAt, Replays};
use holdfast_shared::error::Code;
use holdfast_shared::ids::{BrandId, OrderId, TenantId};
use holdfast_shared::limits::{REPLAY_LISTED_MAX, REPLAY_ORDERS_MAX};
use holdfast_shared::time::UtcMs;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Orders whose decisions are looked up at once.
const ORDERS_PAGE: usize = 500;
/// Decisions of one page; between two a replay can be cancelled, and others are answered.
const DECISIONS_PAGE: usize = 16;

/// Which orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// Placed from the first until before the second time.
    Placed(UtcMs, UtcMs),
    Named(Vec<OrderId>),
}

/// What is to be replayed.
#[derive(Debug, Clone)]
pub struct Wish {
    pub tenant: TenantId,
    pub which: Which,
    pub candidate: Arc<Steering>,
    pub reference: Arc<Steering>,
    /// Changed orders that the report tells of.
    pub told_max: usize,
    /// The candidate can be asked for by its version.
    pub is_version: bool,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Replayed {
    pub report: Report,
    /// More orders were placed in that time than one replay goes through: the first of them are in it.
    pub more: bool,
    /// Orders that were asked for by name and are not there.
    pub unknown: Vec<OrderId>,
    /// Sections in which the two differ, and of which a replay shows nothing.
    pub not_judged: Vec<&'static str>,
}

/// How far a replay has come, in decisions. Answers whether to go on.
pub type Progress<'a> = dyn Fn(usize, usize) -> bool + Send + Sync + 'a;

/// None when it was told to stop.
pub async fn replay<S: Replays + ?Sized>(
    store: &S,
    wish: &Wish,
    progress: &Progress<'_>,
) -> Result<Option<Replayed>, FlowError> {
    let Chosen { orders, more, unknown } = chosen(store, wish).await?;
    let mut record = Vec::new();
    let mut picks = Vec::new();
    for page in orders.chunks(ORDERS_PAGE) {
        if !progress(0, 0) {
            return Ok(None);
        }
        record.extend(store.decision_times(&wish.tenant, page).await?);
        picks.extend(store.picks(&wish.tenant, page).await?);
    }
    // A wait that goes on is kept under its first number, and was decided later than that says.
    record.sort();
    let mut run = Run::new(Picks::of(picks));
    let of = record.len();
    for (page, decisions) in record.chunks(DECISIONS_PAGE).enumerate() {
        if !progress(page.saturating_mul(DECISIONS_PAGE), of) {
            return Ok(None);
        }
        play(store, wish, decisions, &mut run).await?;
    }
    progress(of, of);
    let report = run.report(wish.candidate.name(), wish.reference.name(), wish.told_max);
    let not_judged = not_compared(&wish.reference, &wish.candidate);
    Ok(Some(Replayed { report, more, unknown, not_judged }))
}

struct Chosen {
    orders: Vec<OrderId>,
    more: bool,
    unknown: Vec<OrderId>,
}

async fn chosen<S: Replays + ?Sized>(store: &S, wish: &Wish) -> Result<Chosen, FlowError> {
    let tenant = &wish.tenant;
    match &wish.which {
        Which::Placed(from, until) => {
            let mut orders =
                store.orders_placed(tenant, *from, *until, REPLAY_ORDERS_MAX.saturating_add(1)).await?;
            let most = usize::try_from(REPLAY_ORDERS_MAX).unwrap_or(usize::MAX);
            let more = orders.len() > most;
            orders.truncate(most);
            Ok(Chosen { orders, more, unknown: Vec::new() })
        }
        Which::Named(named) => {
            if named.is_empty() || named.len() > REPLAY_LISTED_MAX {
                let what = format!("name 1 to {REPLAY_LISTED_MAX} orders, not {}", named.len());
                return Err(FlowError::refused(Code::InvalidRequest, what));
            }
            let named: BTreeSet<OrderId> = named.iter().cloned().collect();
            let asked: Vec<OrderId> = named.iter().cloned().collect();
            let orders = store.known_orders(tenant, &asked).await?;
            let known: BTreeSet<&OrderId> = orders.iter().collect();
            let unknown = asked.into_iter().filter(|order| !known.contains(order)).collect();
            Ok(Chosen { orders, more: false, unknown })
        }
    }
}

async fn play<'a, S: Replays + ?Sized>(
    store: &S,
    wish: &'a Wish,
    decisions: &[DecisionAt],
    run: &mut Run,
) -> Result<(), FlowError> {
    let sequences: Vec<i64> = decisions.iter().map(|decision| decision.sequence).collect();
    let pasts = store.past_decisions(&wish.tenant, &sequences).await?;
    let (candidate, reference) = (&wish.candidate, &wish.reference);
    // Orders of a brand may be given away in a way of their own. A policy is summed up once, not for each.
    let mut guides: BTreeMap<Option<BrandId>, Guides<'_>> = BTreeMap::new();
    for past in &pasts {
        let brand = past.inputs.as_ref().and_then(|inputs| inputs.demand.brand.clone());
        let guides = guides.entry(brand.clone()).or_insert_with(|| {
            let of = |steering: &'a Steering| {
                Guide::of(steering.routing_of(brand.as_ref())).with_carriers(&steering.carriers)
            };
            Guides { candidate: of(candidate), reference: of(reference) }
        });
        run.play(past, guides);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
