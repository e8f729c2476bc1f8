//! Versions in shadow, and what was found different. What is compared here decides nothing.

use super::{Page, PageRequest, StoreError};
use crate::core::routing::decision::{Decision, Recorded};
use crate::core::shadow::judge::Finding;
use crate::core::shadow::report::Counted;
use crate::core::shadow::said::Said;
use crate::core::shadow::words::{Against, DiffClass, DiffSeverity, Foreign, Triage};
use crate::core::shadow::{Compared, NewShadow, Refusal, Shadow};
use crate::core::stock::report::Day;
use async_trait::async_trait;
use holdfast_shared::ids::{Actor, DecisionId, LineNo, OrderId, Sku, TenantId};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Counts decisions of all tenants in the order in which they were saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cursor(pub i64);

#[derive(Debug, Clone, PartialEq)]
pub enum ShadowStarted {
    Done(Shadow),
    Refused(Refusal),
    Unknown,
}

/// A shadow that goes on.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenShadow {
    pub tenant: TenantId,
    pub shadow: Shadow,
    /// None: what was built in.
    pub canonical: Option<String>,
    /// Up to where decisions were compared.
    pub compared_up_to: Cursor,
}

/// Decisions of one tenant, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    pub rows: Vec<DecidedOrder>,
    /// Those of other tenants included: the next look begins there.
    pub up_to: Cursor,
    /// More may wait.
    pub more: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct DecidedOrder {
    pub cursor: Cursor,
    pub order: OrderId,
    pub decision: Decision,
    pub inputs: Option<Recorded>,
}

/// A difference that is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Diff {
    #[schema(example = 17)]
    pub diff: u64,
    #[schema(value_type = String, example = "v3")]
    pub against: Against,
    #[schema(value_type = String)]
    pub order: Foreign,
    pub line: LineNo,
    pub decision: Option<DecisionId>,
    pub sku: Option<Sku>,
    #[serde(flatten)]
    pub finding: Finding,
    pub here: Option<Said>,
    pub there: Option<Said>,
    pub found_at: UtcMs,
    pub triage: Triage,
    pub triaged: Option<Triaged>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Triaged {
    pub by: Actor,
    pub at: UtcMs,
    pub reason: String,
}

/// Which differences are asked for; what is none does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DiffFilter {
    pub day: Option<Day>,
    pub against: Option<Against>,
    pub class: Option<DiffClass>,
    pub severity: Option<DiffSeverity>,
    pub triage: Option<Triage>,
}

/// What a person says of a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    pub diff: u64,
    /// And of all open ones of the same side, class and rule.
    pub alike: bool,
    pub triage: Triage,
    pub by: Actor,
    pub reason: String,
}

/// How many lines of a day were counted as what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    pub day: Day,
    pub against: Against,
    pub counted: Counted,
    pub lines: u64,
}

/// What differences of a day are mostly about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Tops {
    pub skus: Vec<Top>,
    /// Those that either side chose and the other did not.
    pub nodes: Vec<Top>,
    pub rules: Vec<Top>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Top {
    pub name: String,
    pub lines: u64,
}

#[async_trait]
pub trait Shadows: Send + Sync {
    /// From the next decision on. With its entry in the history of policies.
    async fn start_shadow(
        &self,
        tenant: &TenantId,
        new: &NewShadow,
        now: UtcMs,
    ) -> Result<ShadowStarted, StoreError>;
    /// None when no version is in shadow.
    async fn stop_shadow(
        &self,
        tenant: &TenantId,
        by: &Actor,
        reason: &str,
        now: UtcMs,
    ) -> Result<Option<Shadow>, StoreError>;
    /// The newest one, also when it has ended.
    async fn shadow(&self, tenant: &TenantId) -> Result<Option<Shadow>, StoreError>;
    /// Of every tenant that has one.
    async fn shadows_open(&self) -> Result<Vec<OpenShadow>, StoreError>;
    /// A bounded number of decisions after that one.
    async fn decided_after(
        &self,
        tenant: &TenantId,
        after: Cursor,
        limit: u32,
    ) -> Result<Decided, StoreError>;
    /// Counts and keeps what was found, and moves on, in one transaction. Nothing when the shadow ended
    /// or another look was quicker. Whether it was done.
    async fn note_shadow(
        &self,
        open: &OpenShadow,
        compared: &[Compared],
        up_to: Cursor,
        now: UtcMs,
    ) -> Result<bool, StoreError>;
    /// Newest first.
    async fn shadow_diffs(
        &self,
        tenant: &TenantId,
        filter: &DiffFilter,
        page: &PageRequest,
    ) -> Result<Page<Diff>, StoreError>;
    /// How many differences it settled; none when there is no such difference.
    async fn triage_diff(
        &self,
        tenant: &TenantId,
        judgement: &Judgement,
        now: UtcMs,
    ) -> Result<Option<u32>, StoreError>;
    /// Of some days, both included.
    async fn shadow_tally(&self, tenant: &TenantId, days: (Day, Day)) -> Result<Vec<Tally>, StoreError>;
    async fn shadow_tops(&self, tenant: &TenantId, day: Day, against: Against) -> Result<Tops, StoreError>;
    /// Deletes what is older, in one bounded step. Whether there is more to do.
    async fn sweep_shadow(&self, before: Day) -> Result<bool, StoreError>;
}
