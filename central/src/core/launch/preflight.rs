//! What must be there before orders come in earnest: a list of checks, each over what was looked at, each
//! telling what, why, and what to do.

mod chain;
mod links;
mod standing;

use super::systems::{LaunchTerms, Truth};
use crate::core::steering::lint::Advice;
use holdfast_shared::ids::StoreId;
use holdfast_shared::time::UtcMs;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[schema(as = PreflightFinding)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    Ok,
    /// Something is missing or wrong.
    Gap,
    /// It could not be looked at.
    Unknown,
}

impl Finding {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Gap => "gap",
            Self::Unknown => "unknown",
        }
    }
}

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CheckLine {
    #[schema(example = "backup")]
    pub check: &'static str,
    pub finding: Finding,
    pub what: String,
    pub why: &'static str,
    /// Absent when nothing is to do.
    pub to_do: Option<String>,
}

/// One integration: what a storefront sends through which key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChannelSeen {
    pub channel: String,
    /// The key by which its orders came.
    pub actor: String,
    /// Of the newest orders.
    pub orders: u64,
    pub last_at: UtcMs,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct KeySeen {
    pub key: String,
    pub name: String,
    pub scopes: Vec<&'static str>,
    pub places_orders: bool,
    /// About when it was last used, to the hour; absent: not since that is written down.
    pub last_used: Option<UtcMs>,
}

/// A store's boxes, as far as sync tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StoreSeen {
    #[schema(value_type = String)]
    pub store: StoreId,
    pub boxes: u32,
    /// Both sides had the same documents after the newest exchange.
    pub level: bool,
    /// The oldest version of sync that one of its boxes spoke last; 0: one has never spoken.
    pub sync_version: u32,
}

/// Something that was tried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tried {
    AsItShould,
    /// In words, what came instead.
    Otherwise(String),
}

/// The newest backup where backups should lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackupSeen {
    /// Nobody said where.
    Nowhere,
    Unreadable(String),
    None,
    Newest(UtcMs),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hearing {
    /// How long ago central's own word came back from the broker; none: it never did.
    pub canary_ms_ago: Option<i64>,
    /// After which it counts as missing.
    pub missing_ms: i64,
    pub frozen: bool,
}

/// All that was looked at.
#[derive(Debug, Clone)]
pub struct Scene {
    pub now: UtcMs,
    pub terms: LaunchTerms,
    pub channels: Vec<ChannelSeen>,
    pub keys: Vec<KeySeen>,
    pub stores: Vec<StoreSeen>,
    /// The version of sync that this central speaks.
    pub sync_version: u32,
    /// The event stream and its form stand in the interface's document.
    pub events_documented: bool,
    /// Retry, timeout and rate limits that are in force, by name and value.
    pub settings: Vec<(&'static str, i64)>,
    /// An order without an `Idempotency-Key`.
    pub keyless_write: Tried,
    /// A request with a trace of its own.
    pub trace: Tried,
    pub backup: BackupSeen,
    /// Whether the witness lies on another disk than backups; none: not known.
    pub witness_apart: Option<bool>,
    pub hearing: Hearing,
    /// What the linter says of the policy in force.
    pub advice: Vec<Advice>,
    /// Open exceptions about clocks.
    pub wrong_clocks: u64,
}

type Check = fn(&Scene) -> Vec<CheckLine>;

/// Adding one is one function and one line here.
const CHECKS: &[Check] = &[
    standing::systems,
    standing::escalation,
    links::channels,
    links::keys,
    links::events,
    links::consumers,
    links::settings,
    links::idempotent,
    links::traced,
    standing::backup,
    standing::witness,
    standing::broker,
    standing::clocks,
    chain::nodes,
    chain::enrolled,
    chain::level,
    chain::versions,
];

#[must_use]
pub fn checklist(scene: &Scene) -> Vec<CheckLine> {
    CHECKS.iter().flat_map(|check| check(scene)).collect()
}

const fn ok(check: &'static str, what: String, why: &'static str) -> CheckLine {
    CheckLine { check, finding: Finding::Ok, what, why, to_do: None }
}

fn gap(check: &'static str, what: String, why: &'static str, to_do: &str) -> CheckLine {
    CheckLine { check, finding: Finding::Gap, what, why, to_do: Some(to_do.to_owned()) }
}

fn unknown(check: &'static str, what: String, why: &'static str, to_do: &str) -> CheckLine {
    CheckLine { check, finding: Finding::Unknown, what, why, to_do: Some(to_do.to_owned()) }
}

#[cfg(test)]
mod tests;
