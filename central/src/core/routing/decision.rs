//! What routing is asked, what it may look at, and the saved record of what it decided and why.

use super::beside::Kept as KeptBeside;
pub use super::terms::{Terms, Word};
pub use super::why::Why;
use crate::core::carriers::Journey;
use crate::core::eligibility::{Eligibility, Standing};
use crate::core::fleet::{Handling, Place, Store};
use crate::core::stock::class::Channel;
use crate::core::stock::sellable::Kept as KeptBack;
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::{BrandId, DecisionId, LineNo, OrderId, Sku, StoreId, TenantId};
use holdfast_shared::money::Money;
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Not;
use std::sync::Arc;
use utoipa::ToSchema;

/// The units of one order that have no node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Demand {
    pub tenant: TenantId,
    pub order: OrderId,
    pub kind: FulfilmentKind,
    /// Where it was ordered.
    pub channel: Channel,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<BrandId>,
    pub destination: Place,
    pub pickup_store: Option<StoreId>,
    pub lines: Vec<DemandLine>,
    /// What a unit of a line is sold for; absent is unknown.
    pub prices: BTreeMap<LineNo, Money>,
    /// What the goods ask of a node; absent is nothing.
    pub needs: BTreeMap<Sku, BTreeSet<Handling>>,
    pub placed_at: UtcMs,
    pub promise_by: Option<UtcMs>,
    pub note: Option<String>,
    /// Nodes that had this order before and lost or refused it.
    pub tried: BTreeSet<StoreId>,
    /// Those of them that declined it.
    pub declined: BTreeSet<StoreId>,
    /// How often it was assigned already; part of the next fence.
    pub assignments: u32,
    /// Nodes that have, or finished, a part of it. Absent in what was recorded before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<BTreeSet<StoreId>>,
    /// The customer would rather wait for one parcel than get several.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub consolidate: bool,
    /// It brings goods to that store, where another order is gathered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feeds: Option<StoreId>,
}

impl Demand {
    /// Nodes that have, or finished, a part of this order.
    #[must_use]
    pub fn sharing(&self) -> u32 {
        let count = |stores: &BTreeSet<StoreId>| u32::try_from(stores.len()).unwrap_or(u32::MAX);
        let without_those_who_lost_it = || self.assignments.saturating_sub(count(&self.tried));
        self.parts.as_ref().map_or_else(without_those_who_lost_it, count)
    }

    /// Whether a parcel from this node would be one more of an order that others share.
    #[must_use]
    pub fn is_shared_without(&self, store: &StoreId) -> bool {
        match &self.parts {
            Some(parts) => !parts.is_empty() && !parts.contains(store),
            None => self.sharing() > 0,
        }
    }

    /// These units have that node now.
    pub fn give(&mut self, store: &StoreId, lines: &[DemandLine]) {
        self.take(lines);
        self.assignments = self.assignments.saturating_add(1);
        if let Some(parts) = self.parts.as_mut() {
            parts.insert(store.clone());
        }
    }

    /// These units have a node now.
    pub fn take(&mut self, lines: &[DemandLine]) {
        for taken in lines {
            for line in self.lines.iter_mut().filter(|line| line.line == taken.line) {
                line.quantity = line.quantity.saturating_sub(taken.quantity);
            }
        }
        self.lines.retain(|line| line.quantity > 0);
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DemandLine {
    pub line: LineNo,
    pub sku: Sku,
    pub quantity: i64,
}

/// What a node can give of one SKU, and how sure that is.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Shelf {
    /// To sell to this order: less what is held, kept back as a buffer, or doubted because it is old.
    pub units: i64,
    /// The probability that they are there; absent is unknown.
    pub confidence: Option<f64>,
    pub as_of: Option<UtcMs>,
    /// Why these are fewer than lie there.
    pub words: Option<String>,
    /// The same as numbers, in the order in which it was kept back. Decisions of before it was kept have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<(KeptBack, i64)>,
    /// How much cheaper they are sold there, in thousandths.
    pub markdown_permille: Option<u16>,
}

/// One node as routing sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Node {
    pub store: Store,
    pub eligibility: Eligibility,
    pub open_tasks: u32,
    /// Its stock is known from a backup alone.
    pub recovering: bool,
    /// Per SKU; absent is unknown and counts as none.
    pub shelves: BTreeMap<Sku, Shelf>,
}

impl Node {
    /// Whether this demand would be asked of it, but for its stock.
    #[must_use]
    pub fn would_be_asked(&self, demand: &Demand) -> bool {
        let bound = demand.pickup_store.as_ref().is_none_or(|store| *store == self.store.store);
        let able = match self.eligibility.standing {
            Standing::Eligible | Standing::Suspect => self.eligibility.kinds.contains(&demand.kind),
            Standing::Ineligible => false,
        };
        bound && able && !self.recovering && !demand.tried.contains(&self.store.store)
    }
}

/// The demand, and the nodes that the decision told of, as they were then.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    pub demand: Demand,
    /// Those that mattered most first, as many as there is room for.
    pub nodes: Vec<Node>,
    /// Nodes of the tenant that are not kept.
    pub unrecorded: u32,
}

/// What was looked at, rung by rung, and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Decision {
    pub decision: DecisionId,
    pub order: OrderId,
    pub at: UtcMs,
    pub policy: String,
    /// Over all that it was decided from: the same inputs, in any order, give the same.
    #[serde(default)]
    pub hash: String,
    pub demand: Vec<DemandLine>,
    pub rungs: Vec<RungRecord>,
    pub choice: Choice,
    /// What would have been chosen without the first node of the choice; while it waits, what could be done now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runner_up: Option<Plan>,
    /// Instead of what was chosen it is gathered at one store first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gather: Option<Gather>,
    /// The node that would have been better, had it not been for how it stands today.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed: Option<Missed>,
    /// One sentence for a person.
    pub words: String,
    /// What it was made from, where that is to be kept: with the rungs beside it, not in it.
    #[serde(skip)]
    pub inputs: Option<Arc<KeptBeside>>,
}

impl Decision {
    /// What it says about one store's part, for the order's timeline.
    #[must_use]
    pub fn words_for(&self, store: &StoreId) -> &str {
        let parcel = match &self.choice {
            Choice::Assign(plan) => plan.parcels.iter().find(|parcel| parcel.store == *store),
            Choice::Hold { .. } | Choice::Backorder { .. } => None,
        };
        parcel.map(|parcel| parcel.words.as_str()).filter(|words| !words.is_empty()).unwrap_or(&self.words)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RungRecord {
    /// `closest`, `radius`, `distribution_centre`, `backorder`, ...
    pub rung: String,
    /// Those that could take it, nearest first, then the nearest that were refused.
    pub candidates: Vec<Candidate>,
    /// Nodes that are not listed, by the rule that refused them.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, u32>)]
    pub left_out: BTreeMap<Word, u32>,
}

impl RungRecord {
    /// The rung of the policy that it tells of, be it with suspect nodes.
    #[must_use]
    pub fn name(&self) -> &str {
        self.rung.strip_suffix(SUSPECTS_TOO).unwrap_or(&self.rung)
    }

    #[must_use]
    pub fn is_of(&self, rung: &str) -> bool {
        self.name() == rung
    }
}

/// What is added to the name of a rung when suspect nodes are asked.
pub(super) const SUSPECTS_TOO: &str = ", suspect too";

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
    Refused {
        #[schema(value_type = String)]
        rule: Word,
        #[schema(value_type = String)]
        words: Why,
    },
    /// Could take it; lower is better. Terms by name.
    Scored {
        score: f64,
        #[schema(value_type = BTreeMap<String, f64>)]
        terms: Terms,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "choice", rename_all = "snake_case", from = "Kept")]
pub enum Choice {
    Assign(Plan),
    /// A better node than the ladder has now opens soon.
    Hold {
        until: UtcMs,
        store: StoreId,
        why: String,
    },
    Backorder {
        why: String,
    },
}

/// Who sends what. What no parcel has is routed again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Plan {
    pub rung: String,
    /// The best first. More than one is a split.
    pub parcels: Vec<Parcel>,
}

impl Plan {
    /// Whether nothing of the demand is left without a node.
    #[must_use]
    pub fn covers(&self, demand: &Demand) -> bool {
        let mut left = demand.clone();
        for parcel in &self.parcels {
            left.take(&parcel.lines);
        }
        left.lines.is_empty()
    }

    /// The whole of it to one store.
    #[must_use]
    pub fn single(rung: impl Into<String>, store: StoreId, lines: Vec<DemandLine>) -> Self {
        Self {
            rung: rung.into(),
            parcels: vec![Parcel { store, lines, words: String::new(), journey: None }],
        }
    }
}

/// What one store sends. A line may come in several parcels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Parcel {
    pub store: StoreId,
    pub lines: Vec<DemandLine>,
    /// Why this store, in a sentence.
    #[serde(default)]
    pub words: String,
    /// When it should leave and arrive, by which service; absent when no date could be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journey: Option<Journey>,
}

/// An order comes together at one store before it goes out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Gather {
    pub store: StoreId,
    /// What that store has of it.
    pub own: Vec<DemandLine>,
    /// Who sends the rest there.
    pub feeders: Vec<Parcel>,
    /// When the last of them should be there; absent when nobody can say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrives_by: Option<UtcMs>,
    /// What has not come by then is not waited for.
    pub until: UtcMs,
    /// In a sentence.
    pub words: String,
}

/// A node that something passing kept out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Missed {
    pub store: StoreId,
    pub rung: String,
    /// The rule that refused it, and its words.
    pub rule: String,
    pub words: String,
}

/// A choice as it may lie in storage: before there were parcels it named one store.
#[derive(Deserialize)]
#[serde(tag = "choice", rename_all = "snake_case")]
enum Kept {
    Assign {
        rung: String,
        #[serde(default)]
        parcels: Vec<Parcel>,
        store: Option<StoreId>,
        #[serde(default)]
        lines: Vec<DemandLine>,
    },
    Hold {
        until: UtcMs,
        store: StoreId,
        why: String,
    },
    Backorder {
        why: String,
    },
}

impl From<Kept> for Choice {
    fn from(kept: Kept) -> Self {
        match kept {
            Kept::Assign { rung, parcels, store: None, .. } => Self::Assign(Plan { rung, parcels }),
            Kept::Assign { rung, store: Some(store), lines, .. } => {
                Self::Assign(Plan::single(rung, store, lines))
            }
            Kept::Hold { until, store, why } => Self::Hold { until, store, why },
            Kept::Backorder { why } => Self::Backorder { why },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_of_before_there_were_parcels_is_still_read() {
        let kept = r#"{"choice":"assign","rung":"closest","store":"leeds",
            "lines":[{"line":1,"sku":"TEA","quantity":2}]}"#;
        let line = DemandLine { line: LineNo(1), sku: "TEA".parse().unwrap(), quantity: 2 };
        let plan = Plan::single("closest", "leeds".parse().unwrap(), vec![line]);
        assert_eq!(serde_json::from_str::<Choice>(kept).unwrap(), Choice::Assign(plan.clone()));
        let now = serde_json::to_string(&Choice::Assign(plan.clone())).unwrap();
        assert!(
            now.starts_with(r#"{"choice":"assign","rung":"closest","parcels":[{"store":"leeds""#),
            "{now}"
        );
        assert_eq!(serde_json::from_str::<Choice>(&now).unwrap(), Choice::Assign(plan));
    }
}
