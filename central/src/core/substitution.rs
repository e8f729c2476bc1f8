//! Other goods in place of those that cannot be had: what a customer said about them, which of them come
//! into question, and what they may cost. Pure. Whether a node has them is for routing to say.

use super::fleet::Handling;
use super::order::{Consent, OrderLine, OrderRequest};
use super::routing::decision::{Choice, Decision, Demand, DemandLine};
use holdfast_shared::ids::{Actor, LineNo, OrderId, PromiseId, Sku, StoreId, TenantId};
use holdfast_shared::limits::{SUBSTITUTED_LINES_MAX, SUBSTITUTES_MAX};
use holdfast_shared::money::Money;
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// What may stand in for a SKU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Substitute {
    pub sku: Sku,
    /// What a unit of it is sold for; absent is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_price: Option<Money>,
}

/// Why a list of substitutes cannot be meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadSubstitutes {
    #[error("{0} substitutes; at most {SUBSTITUTES_MAX}, the first choice first")]
    TooMany(usize),
    #[error("substitutes[{0}] is the SKU itself")]
    Itself(usize),
    #[error("substitutes[{0}] stands earlier in the list already")]
    Twice(usize),
    #[error("substitutes[{0}].unit_price is negative")]
    NegativePrice(usize),
}

pub fn check(sku: &Sku, substitutes: &[Substitute]) -> Result<(), BadSubstitutes> {
    if substitutes.len() > SUBSTITUTES_MAX {
        return Err(BadSubstitutes::TooMany(substitutes.len()));
    }
    let mut seen = BTreeSet::new();
    for (place, substitute) in substitutes.iter().enumerate() {
        if substitute.sku == *sku {
            return Err(BadSubstitutes::Itself(place));
        }
        if !seen.insert(&substitute.sku) {
            return Err(BadSubstitutes::Twice(place));
        }
        if substitute.unit_price.is_some_and(|price| price.minor < 0) {
            return Err(BadSubstitutes::NegativePrice(place));
        }
    }
    Ok(())
}

/// What was agreed with the customer about one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaceable {
    pub line: LineNo,
    pub consent: Consent,
    /// How much more a unit may cost, in minor units; absent: nothing was said.
    pub price_up_max: Option<i64>,
    pub unit_price: Option<Money>,
    /// The first choice first.
    pub substitutes: Vec<Substitute>,
}

/// What is known of an order whose units cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Terms {
    pub lines: Vec<Replaceable>,
    /// What the substitutes ask of a node.
    pub needs: BTreeMap<Sku, BTreeSet<Handling>>,
    /// Nodes that lost nothing, and did not find units of these lines.
    pub short_of: BTreeMap<StoreId, BTreeSet<LineNo>>,
}

/// What the customer said about one line of an order, with what holds for all of it.
#[must_use]
pub fn agreed(request: &OrderRequest, line: LineNo) -> (Consent, Option<i64>) {
    let place = usize::try_from(line.0).ok().and_then(|number| number.checked_sub(1));
    // A line that is not in the request stands in for another one, and nothing stands in for it.
    let Some(asked) = place.and_then(|place| request.lines.get(place)) else { return (Consent::None, None) };
    let consent = asked.substitution.or(request.substitution).unwrap_or_default();
    (consent, asked.price_up_max.or(request.price_up_max))
}

/// Whether the line may be replaced at all.
#[must_use]
pub fn may_be_replaced(line: &OrderLine, consent: Consent) -> bool {
    let willing = match consent {
        Consent::None => false,
        Consent::Ask | Consent::Allow => true,
    };
    willing && line.open > 0 && line.substitutes.is_none()
}

/// A substitute that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Passed {
    pub sku: Sku,
    #[schema(example = "no node can send 2 of it")]
    pub why: String,
}

impl Replaceable {
    /// What a unit of it would be sold for, or why it is not for this customer. Unless more was agreed,
    /// nobody pays more without being asked.
    fn price_of(&self, substitute: &Substitute) -> Result<Option<Money>, String> {
        let (old, new) = match (self.unit_price, substitute.unit_price) {
            (Some(old), Some(new)) if old.currency == new.currency => (old, new),
            (old, new) if self.price_up_max.is_some() => {
                let what =
                    if old.is_some() && new.is_some() { "is in another currency" } else { "is not known" };
                return Err(format!("its price {what}, and a limit was set"));
            }
            // Nothing to compare: the customer pays what was agreed for the goods that were ordered.
            (old, new) => return Ok(old.or(new)),
        };
        let most = match (self.price_up_max, self.consent) {
            (Some(most), _) => most,
            (None, Consent::Ask) => return Ok(Some(new)),
            (None, Consent::Allow | Consent::None) => 0,
        };
        let dearer = new.minor.saturating_sub(old.minor);
        if dearer > most {
            return Err(format!("a unit costs {dearer} minor units more, and {most} were agreed"));
        }
        Ok(Some(new))
    }
}

/// A substitute that a node can send.
#[derive(Debug, Clone, PartialEq)]
pub struct Pick {
    pub line: LineNo,
    /// As it stands in trials, where no number is given yet.
    pub trial: DemandLine,
    pub unit_price: Option<Money>,
    pub consent: Consent,
    pub sku: Sku,
    pub passed: Vec<Passed>,
}

/// Numbers of lines that are only tried; no order has that many.
fn trial_line(nth: usize) -> LineNo {
    LineNo(u32::MAX.saturating_sub(u32::try_from(nth).unwrap_or(u32::MAX)))
}

/// The demand with all that may stand in for some of it, so that shelves are looked at once.
#[must_use]
pub fn widened(demand: &Demand, terms: &Terms) -> Demand {
    let mut wide = demand.clone();
    for wanted in terms.lines.iter().take(SUBSTITUTED_LINES_MAX) {
        let Some(line) = demand.lines.iter().find(|line| line.line == wanted.line) else { continue };
        for substitute in &wanted.substitutes {
            let sku = substitute.sku.clone();
            wide.lines.push(DemandLine { line: trial_line(wide.lines.len()), sku, quantity: line.quantity });
        }
    }
    wide.needs.extend(terms.needs.clone());
    wide
}

/// The demand with only these lines. A node that did not find what is not asked for any more may be
/// asked again.
#[must_use]
pub fn only(demand: &Demand, terms: &Terms, lines: Vec<DemandLine>) -> Demand {
    let mut asked = Demand { lines, ..demand.clone() };
    let open: BTreeSet<LineNo> = asked.lines.iter().map(|line| line.line).collect();
    asked.tried.retain(|store| match terms.short_of.get(store) {
        Some(short) => !short.is_disjoint(&open),
        None => true,
    });
    asked.needs.extend(terms.needs.clone());
    asked
}

/// For each line that cannot be had as it was ordered, the first substitute that can. `decide` is routing.
pub fn picks(demand: &Demand, terms: &Terms, decide: &dyn Fn(&Demand) -> Decision) -> Vec<Pick> {
    let can = |line: &DemandLine| {
        let alone = only(demand, terms, vec![line.clone()]);
        covers(&decide(&alone).choice, &alone)
    };
    let mut picks: Vec<Pick> = Vec::new();
    for wanted in terms.lines.iter().take(SUBSTITUTED_LINES_MAX) {
        let Some(line) = demand.lines.iter().find(|line| line.line == wanted.line) else { continue };
        if can(line) {
            continue;
        }
        let mut passed = Vec::new();
        for substitute in &wanted.substitutes {
            let trial = DemandLine {
                line: trial_line(picks.len()),
                sku: substitute.sku.clone(),
                quantity: line.quantity,
            };
            let why = match wanted.price_of(substitute) {
                Err(why) => why,
                Ok(unit_price) if can(&trial) => {
                    let (sku, consent) = (line.sku.clone(), wanted.consent);
                    picks.push(Pick { line: line.line, trial, unit_price, consent, sku, passed });
                    break;
                }
                Ok(_) => format!("no node can send {} of it", line.quantity),
            };
            passed.push(Passed { sku: substitute.sku.clone(), why });
        }
    }
    picks
}

fn covers(choice: &Choice, demand: &Demand) -> bool {
    match choice {
        Choice::Assign(plan) => plan.covers(demand),
        Choice::Hold { .. } | Choice::Backorder { .. } => false,
    }
}

/// The demand with the picks in place of their lines.
#[must_use]
pub fn replaced(demand: &Demand, terms: &Terms, picks: &[Pick]) -> Demand {
    let kept = demand.lines.iter().filter(|line| !picks.iter().any(|pick| pick.line == line.line)).cloned();
    let lines = kept.chain(picks.iter().map(|pick| pick.trial.clone())).collect();
    only(demand, terms, lines)
}

/// From which nodes a pick comes when all are decided together; none when they do not get along.
#[must_use]
pub fn parcels_of(decision: &Decision, pick: &Pick) -> Option<Vec<(StoreId, i64)>> {
    let Choice::Assign(plan) = &decision.choice else { return None };
    let mut parts: Vec<(StoreId, i64)> = Vec::new();
    for parcel in &plan.parcels {
        let units = parcel.lines.iter().filter(|line| line.line == pick.trial.line);
        let units = units.fold(0_i64, |sum, line| sum.saturating_add(line.quantity));
        if units > 0 {
            parts.push((parcel.store.clone(), units));
        }
    }
    let all = parts.iter().fold(0_i64, |sum, (_, units)| sum.saturating_add(*units));
    (all == pick.trial.quantity).then_some(parts)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubstitutionState {
    /// For the customer's answer.
    Waiting,
    /// The units are those of a line of their own.
    Made,
    Declined,
    /// Nobody answered in time.
    Expired,
    /// The order is cancelled, or the units are not wanted any more.
    Withdrawn,
}

impl SubstitutionState {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Made => "made",
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// Other goods in place of some that were ordered: proposed, done, or refused. It names no store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Substitution {
    /// Its number within the order.
    pub number: u32,
    /// The line whose units cannot be had.
    pub line: LineNo,
    pub sku: Sku,
    pub instead: Sku,
    pub quantity: i64,
    /// What a unit of the substitute is sold for, as far as that is known.
    pub unit_price: Option<Money>,
    pub state: SubstitutionState,
    pub proposed_at: UtcMs,
    /// Absent when nobody had to be asked.
    pub answer_by: Option<UtcMs>,
    pub ended_at: Option<UtcMs>,
    pub ended_by: Option<Actor>,
    /// The line that stands in for them.
    pub new_line: Option<LineNo>,
    pub words: String,
    /// Those of the list before it that were not taken.
    pub passed: Vec<Passed>,
}

/// What a substitution holds its units under. Nobody is told of it, so nobody gives it back.
pub fn hold_id(
    tenant: &TenantId,
    order: &OrderId,
    number: u32,
) -> Result<PromiseId, holdfast_shared::ids::BadId> {
    let mut hasher = blake3::Hasher::new();
    for part in ["holdfast substitution", tenant.as_str(), order.as_str(), &number.to_string()] {
        hasher.update(part.as_bytes()).update(&[0]);
    }
    let mut id = [0; 16];
    hasher.finalize_xof().fill(&mut id);
    PromiseId::new(format!("s-{}", data_encoding::BASE32_DNSSEC.encode(&id)))
}

#[cfg(test)]
mod tests;
