//! What another version of the policy, or another system, would have decided of the same orders, line
//! by line: where it differs from what central decided, why, how bad it is, and what a person made of it.
//!
//! Nothing here acts. A version in shadow is asked about what was kept of decisions that were made; the
//! other system's decisions come in as data. [`judge`] is the one place that says what a difference is.

pub mod gate;
pub mod judge;
pub mod legacy;
pub mod report;
pub mod said;
pub mod severity;
pub mod version;
pub mod words;

use super::policy::version::PolicyVersion;
use holdfast_shared::ids::{Actor, DecisionId, LineNo, Sku};
use holdfast_shared::limits::{SHADOW_MS_MAX, SHADOW_TOLERANCE_MS_MAX};
use holdfast_shared::time::UtcMs;
use judge::Finding;
use said::Said;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use words::Foreign;

/// How far two sides may be apart and still have said the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Tolerance {
    /// A promise that is later by more than this is a later one.
    pub later_ms: i64,
    /// Minor units of the carriers' cost of a line, in the one currency that both tell.
    pub cost_minor: i64,
}

impl Default for Tolerance {
    fn default() -> Self {
        Self { later_ms: 60 * 60 * 1000, cost_minor: 100 }
    }
}

/// A version in shadow, as somebody wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewShadow {
    pub version: PolicyVersion,
    pub author: Actor,
    /// Who answers for it and reads its report.
    pub owner: Actor,
    pub reason: String,
    pub tolerance: Tolerance,
    pub ends_at: UtcMs,
}

/// A version that is asked about each decision, and decides none. One at a time per tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Shadow {
    pub version: PolicyVersion,
    pub author: Actor,
    pub owner: Actor,
    pub reason: String,
    pub tolerance: Tolerance,
    pub started_at: UtcMs,
    /// When it ends by itself.
    pub ends_at: UtcMs,
    /// Absent while it goes on.
    pub ended: Option<Ended>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ended {
    pub at: UtcMs,
    pub by: Actor,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("ends_at lies in the future, and not more than {} days ahead", SHADOW_MS_MAX / 86_400_000)]
    Length,
    #[error("tolerance.later_ms is 0 to {SHADOW_TOLERANCE_MS_MAX}, tolerance.cost_minor not negative")]
    Tolerance,
    #[error("version {0} is in force: it decides already")]
    InForce(PolicyVersion),
    #[error("version {0} is in shadow; stop it first")]
    Another(PolicyVersion),
}

/// Whether a version may be put in shadow now.
pub fn may_start(new: &NewShadow, in_force: PolicyVersion, now: UtcMs) -> Result<(), Refusal> {
    let length = new.ends_at.since(now);
    if length <= 0 || length > SHADOW_MS_MAX {
        return Err(Refusal::Length);
    }
    let Tolerance { later_ms, cost_minor } = new.tolerance;
    if !(0..=SHADOW_TOLERANCE_MS_MAX).contains(&later_ms) || cost_minor < 0 {
        return Err(Refusal::Tolerance);
    }
    if new.version == in_force {
        return Err(Refusal::InForce(new.version));
    }
    Ok(())
}

/// One order line that was compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// The order here, or what the other side calls one that is not known here.
    pub order: Foreign,
    pub line: LineNo,
    /// Which decision of the order; none where all of them together are compared.
    pub decision: Option<DecisionId>,
    pub sku: Option<Sku>,
    pub here: Option<Said>,
    pub there: Option<Said>,
    pub outcome: Outcome,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Equal,
    Differs(Finding),
    /// What it was decided from is not kept.
    NotCompared,
}

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;
