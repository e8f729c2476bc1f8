//! What routing is asked, what it may look at, and the saved record of what it decided and why.

use crate::core::eligibility::Eligibility;
use crate::core::fleet::{Place, Store};
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::{DecisionId, LineNo, OrderId, Sku, StoreId, TenantId};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// The units of one order that have no node.
#[derive(Debug, Clone, PartialEq)]
pub struct Demand {
    pub tenant: TenantId,
    pub order: OrderId,
    pub kind: FulfilmentKind,
    pub destination: Place,
    pub pickup_store: Option<StoreId>,
    pub lines: Vec<DemandLine>,
    pub promise_by: Option<UtcMs>,
    pub note: Option<String>,
    /// Nodes that had this order before and lost or refused it.
    pub tried: BTreeSet<StoreId>,
    /// Those of them that declined it.
    pub declined: BTreeSet<StoreId>,
    /// How often it was assigned already; part of the next fence.
    pub assignments: u32,
}

impl Demand {
    /// Nodes that have, or finished, a part of this order.
    #[must_use]
    pub fn sharing(&self) -> u32 {
        let lost = u32::try_from(self.tried.len()).unwrap_or(u32::MAX);
        self.assignments.saturating_sub(lost)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DemandLine {
    pub line: LineNo,
    pub sku: Sku,
    pub quantity: i64,
}

/// One node as routing sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub store: Store,
    pub eligibility: Eligibility,
    pub open_tasks: u32,
    /// Its stock is known from a backup alone.
    pub recovering: bool,
    /// Available to sell, per SKU; absent is unknown and counts as none.
    pub available: BTreeMap<Sku, i64>,
}

/// What was looked at, rung by rung, and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Decision {
    pub decision: DecisionId,
    pub order: OrderId,
    pub at: UtcMs,
    pub policy: String,
    pub demand: Vec<DemandLine>,
    pub rungs: Vec<RungRecord>,
    pub choice: Choice,
    /// One sentence for a person.
    pub words: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RungRecord {
    /// `closest`, `radius`, `distribution_centre`, `backorder`, ...
    pub rung: String,
    /// The nearest ones.
    pub candidates: Vec<Candidate>,
    /// Nodes that are not listed, by the rule that refused them.
    #[serde(default)]
    pub left_out: BTreeMap<String, u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Candidate {
    pub store: StoreId,
    pub distance_km: f64,
    pub verdict: Verdict,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// The first rule that said no, in words with the values it used.
    Refused { rule: String, words: String },
    /// Could take it; lower is better. Terms by name.
    Scored { score: f64, terms: BTreeMap<String, f64> },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "choice", rename_all = "snake_case")]
pub enum Choice {
    Assign { rung: String, store: StoreId, lines: Vec<DemandLine> },
    Backorder { why: String },
}
