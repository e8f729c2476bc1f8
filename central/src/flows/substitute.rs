//! Before units are backordered: whether the customer takes other goods, and a node has them. Routing
//! decides about the others as about any; what it says of them is done in one transaction, with the units
//! set aside.

use super::FlowError;
use super::fleet_view::FleetView;
use super::in_force::Steers;
use crate::core::order::Consent;
use crate::core::routing::Guide;
use crate::core::routing::decision::{Decision, Demand, DemandLine};
use crate::core::substitution::{Passed, Pick, Terms, only, parcels_of, picks, replaced, widened};
use crate::ports::promises::CartUnits;
use crate::ports::stock::Stock;
use crate::ports::substitutions::{NewSubstitution, SubstituteOutcome, Substitutions};
use holdfast_shared::ids::{DecisionId, Sku};
use holdfast_shared::time::UtcMs;
use std::collections::BTreeSet;

/// By what is decided.
#[derive(Clone, Copy)]
pub(super) struct Looking<'a> {
    pub(super) guide: &'a Guide<'a>,
    pub(super) policy: &'a dyn Steers,
    pub(super) decision_id: &'a (dyn Fn() -> DecisionId + Send + Sync),
    pub(super) now: UtcMs,
}

/// What came of looking for substitutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Done {
    /// Lines that stand in for others now.
    pub(super) made: u32,
    /// Lines about which the customer is asked.
    pub(super) proposed: u32,
    /// Some were gone before they could be set aside: look again.
    pub(super) stock_gone: bool,
    pub(super) order_moved: bool,
}

/// Changes the demand as it changes the order: what is made is asked for in place of what it stands in
/// for, and what waits for an answer is not asked for.
pub(super) async fn substitute<S: Stock + Substitutions + ?Sized>(
    store: &S,
    by: &Looking<'_>,
    view: &mut FleetView,
    demand: &mut Demand,
) -> Result<Done, FlowError> {
    let mut done = Done::default();
    let mut terms = store.substitution_terms(&demand.tenant, &demand.order).await?;
    terms.lines.retain(|wanted| demand.lines.iter().any(|line| line.line == wanted.line));
    if terms.lines.is_empty() {
        return Ok(done);
    }
    let before = demand.clone();
    let found = look(store, by, view, demand, &terms).await?;
    for (pick, units) in found {
        let new = new_substitution(by, demand, &pick, units);
        match store.substitute(&new, by.now).await? {
            SubstituteOutcome::Made { line } => {
                view.set_aside(&demand.order, &new.units);
                let DemandLine { sku, quantity, .. } = pick.trial;
                let kept = demand.lines.iter().filter(|known| known.line != pick.line).cloned();
                let lines = kept.chain([DemandLine { line, sku, quantity }]).collect();
                *demand = only(demand, &terms, lines);
                demand.prices.extend(pick.unit_price.map(|price| (line, price)));
                done.made = done.made.saturating_add(1);
            }
            SubstituteOutcome::Proposed => {
                let lines = demand.lines.iter().filter(|known| known.line != pick.line).cloned().collect();
                *demand = only(demand, &terms, lines);
                done.proposed = done.proposed.saturating_add(1);
            }
            SubstituteOutcome::StockGone { .. } => done.stock_gone = true,
            SubstituteOutcome::OrderMoved => done.order_moved = true,
        }
    }
    view.forget_stock_of(&widened(&before, &terms));
    Ok(done)
}

/// The picks that nodes can send together with all that is asked for beside them, and from where.
async fn look<S: Stock + ?Sized>(
    store: &S,
    by: &Looking<'_>,
    view: &mut FleetView,
    demand: &Demand,
    terms: &Terms,
) -> Result<Vec<(Pick, Vec<CartUnits>)>, FlowError> {
    let wide = widened(demand, terms);
    // As it is now: what the run knew of it may have gone into what was written since.
    view.forget_stock_of(&wide);
    let skus: BTreeSet<&Sku> = wide.lines.iter().map(|line| &line.sku).collect();
    view.stock_up(store, &demand.tenant, &skus).await?;
    view.lay_out(&wide, by.now);
    let decide = |asked: &Demand| -> Decision { view.decide(by.guide, asked, by.decision_id, by.now) };
    let picks = picks(demand, terms, &decide);
    if picks.is_empty() {
        return Ok(Vec::new());
    }
    let together = decide(&replaced(demand, terms, &picks));
    let from = |pick: Pick| {
        let parts = parcels_of(&together, &pick)?;
        let units = parts.into_iter().map(|(store, quantity)| CartUnits {
            store,
            sku: pick.trial.sku.clone(),
            quantity,
            ceded: false,
            gathered: 0,
        });
        let units = units.collect();
        Some((pick, units))
    };
    Ok(picks.into_iter().filter_map(from).collect())
}

fn new_substitution(
    by: &Looking<'_>,
    demand: &Demand,
    pick: &Pick,
    units: Vec<CartUnits>,
) -> NewSubstitution {
    let answer_by: Option<UtcMs> = match pick.consent {
        Consent::Ask => {
            let policy = by.policy.routing(demand);
            Some(by.now.plus(policy.substitution_answer_ms()))
        }
        Consent::Allow | Consent::None => None,
    };
    let passed: Vec<Passed> = pick.passed.clone();
    NewSubstitution {
        tenant: demand.tenant.clone(),
        order: demand.order.clone(),
        kind: demand.kind,
        assignments: demand.assignments,
        line: pick.line,
        sku: pick.sku.clone(),
        instead: pick.trial.sku.clone(),
        quantity: pick.trial.quantity,
        unit_price: pick.unit_price,
        units,
        answer_by,
        passed,
    }
}

#[cfg(test)]
mod tests;
