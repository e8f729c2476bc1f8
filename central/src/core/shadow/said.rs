//! What one side decided of one order line.

use super::words::Foreign;
use crate::core::exception::Category;
use crate::core::routing::decision::{Choice, Decision};
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::{LineNo, Sku};
use holdfast_shared::money::Money;
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The class of the exception that central makes of units without a node.
const BACKORDER: &str = Category::Backorder.as_str();

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Said {
    /// Units by the node that is to send them.
    #[schema(value_type = BTreeMap<String, i64>)]
    pub nodes: BTreeMap<Foreign, i64>,
    /// Units that were asked for.
    pub wanted: i64,
    #[schema(example = "ship")]
    pub kind: Foreign,
    /// When the last unit should arrive; absent where nothing is said of it.
    pub promise: Option<UtcMs>,
    /// What carriers take for the parcels that the line is in.
    pub cost: Option<Money>,
    /// The class of the exception that it made.
    #[schema(example = "backorder")]
    pub exception: Option<Foreign>,
    /// The node that it waits for, until that one opens.
    pub waits_for: Option<Foreign>,
    pub at: UtcMs,
}

impl Said {
    /// Units for which no node was found.
    #[must_use]
    pub fn short(&self) -> i64 {
        self.wanted.saturating_sub(self.nodes.values().copied().fold(0, i64::saturating_add))
    }

    /// Whether somebody has all of it, or will when a node opens.
    #[must_use]
    pub fn is_served(&self) -> bool {
        self.short() <= 0 || self.waits_for.is_some()
    }

    /// As if nothing came after it: units that have no node are a backorder.
    #[must_use]
    pub fn closed(mut self) -> Self {
        if !self.is_served() && self.exception.is_none() {
            self.exception = Foreign::new(BACKORDER).ok();
        }
        self
    }

    #[must_use]
    pub fn breaks(&self, promised: Option<UtcMs>) -> bool {
        matches!((self.promise, promised), (Some(arrives), Some(by)) if arrives > by)
    }

    /// `2 from leeds, 1 from york`
    #[must_use]
    pub fn words(&self) -> String {
        if let Some(node) = &self.waits_for {
            return format!("waits for {node}");
        }
        let told: Vec<String> =
            self.nodes.iter().map(|(node, units)| format!("{units} from {node}")).collect();
        if told.is_empty() { "no node".to_owned() } else { told.join(", ") }
    }
}

/// What decisions of one order, oldest first, say of a line: until all of its units have a node, or it is
/// known that none has them. What was decided anew afterwards, because work was lost, is not compared.
#[must_use]
pub fn said(decisions: &[&Decision], kind: FulfilmentKind, line: LineNo) -> Option<(Sku, Said)> {
    let names = |decision: &&&Decision| decision.demand.iter().any(|wanted| wanted.line == line);
    let mut about = decisions.iter().filter(names).peekable();
    let first = about.peek()?.demand.iter().find(|wanted| wanted.line == line)?;
    let mut said = Said {
        nodes: BTreeMap::new(),
        wanted: first.quantity,
        kind: Foreign::new(kind.as_str()).ok()?,
        promise: None,
        cost: None,
        exception: None,
        waits_for: None,
        at: UtcMs(0),
    };
    let mut costs = Vec::new();
    for decision in about {
        said.at = decision.at;
        match &decision.choice {
            Choice::Assign(plan) => {
                said.waits_for = None;
                for parcel in &plan.parcels {
                    let units = parcel.lines.iter().filter(|part| part.line == line);
                    let units = units.map(|part| part.quantity).fold(0, i64::saturating_add);
                    if units == 0 {
                        continue;
                    }
                    let of_node = said.nodes.entry(Foreign::from(&parcel.store)).or_default();
                    *of_node = of_node.saturating_add(units);
                    said.promise = said.promise.max(parcel.journey.as_ref().map(|there| there.arrives_by));
                    costs.push(parcel.journey.as_ref().and_then(|there| there.cost));
                }
            }
            Choice::Hold { store, .. } => said.waits_for = Some(Foreign::from(store)),
            Choice::Backorder { .. } => {
                said.waits_for = None;
                said.exception = Foreign::new(BACKORDER).ok();
                break;
            }
        }
        if said.short() <= 0 {
            break;
        }
    }
    said.cost = sum(&costs);
    Some((first.sku.clone(), said))
}

/// Unknown when one of them is, or when they are of two currencies.
fn sum(costs: &[Option<Money>]) -> Option<Money> {
    let mut known = costs.iter().copied();
    let first = known.next()??;
    known.try_fold(first, |sum, cost| {
        let cost = cost.filter(|cost| cost.currency == sum.currency)?;
        Some(Money { minor: sum.minor.saturating_add(cost.minor), ..sum })
    })
}
