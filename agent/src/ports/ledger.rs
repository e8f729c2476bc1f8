//! The store's own truth. One transaction per command: facts, projections, idempotency record;
//! the answer comes after the commit.

use crate::core::command::{Answer, Command, Intent, Position, Refusal};
use crate::core::parcels::Parcels;
use async_trait::async_trait;
use holdfast_shared::domain::bring_back::{Condition, ReturnRef};
use holdfast_shared::domain::task::{Phase, TaskState};
use holdfast_shared::error::Code;
use holdfast_shared::ids::{
    Actor, BootId, DeviceId, FactId, OrderId, ReplicaId, Sku, StoreId, TaskId, TenantId,
};
use holdfast_shared::set_hash::SetHash;
use holdfast_shared::time::{Hlc, Now, UtcMs};
use holdfast_shared::trace::TraceParent;
use holdfast_shared::wire::signal::{ClosureNote, PlannedNote};
use holdfast_shared::wire::sync::{
    BaselineAsk, DocumentFrame, DocumentHeads, EscrowTarget, LabelReport, Loss, SyncResponse,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("this idempotency key was used for another request")]
    KeyReused,
    #[error("{what}")]
    Unavailable {
        code: Code,
        what: String,
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Executed {
    pub answer: Answer,
    /// The key was seen before, and this is what it got then.
    pub replayed: bool,
}

/// Commands and look-ups: what the LAN API stands on.
#[async_trait]
pub trait Ledger: Send + Sync {
    async fn execute(&self, intent: Intent, command: Command, now: Now) -> Result<Executed, LedgerError>;
    /// Known positions of the asked SKUs, in the order asked; unknown ones are left out.
    async fn positions(&self, skus: &[Sku]) -> Result<Vec<Position>, LedgerError>;
    /// By barcode, beginning of SKU, or words of the name.
    async fn search(&self, text: &str, limit: u32) -> Result<Vec<Position>, LedgerError>;
    /// A manager leaves central no more than so many units of a scarce SKU, and asks for the others back;
    /// none: as many as central wants. Central gives back what it has promised to nobody.
    async fn leave_central(&self, sku: &Sku, at_most: Option<i64>) -> Result<Position, LedgerError>;
    async fn task(&self, task: &TaskId) -> Result<Option<TaskState>, LedgerError>;
    /// Where a task stands in its order's trace; none when the offer came without one.
    async fn trace_of(&self, task: &TaskId) -> Result<Option<TraceParent>, LedgerError>;
    /// Newest change first; `before` continues a listing.
    async fn tasks(&self, filter: TaskFilter) -> Result<TaskPage, LedgerError>;
    /// Labels that could not be made, and goods that come from other stores.
    async fn parcels(&self) -> Result<Parcels, LedgerError>;
    /// What customers brought back, as far as it is kept: the newest first.
    async fn brought_back(&self, filter: BackFilter) -> Result<BackPage, LedgerError>;
    async fn summary(&self) -> Result<Summary, LedgerError>;
    /// From memory: asked many times a second, also while the disk hangs.
    fn pulse(&self) -> Pulse;
}

/// Whether the ledger can do its work at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pulse {
    /// The one that writes is there, or the file is damaged and nobody is meant to.
    pub lives: bool,
    /// The database failed its check: it is only read.
    pub damaged: bool,
}

#[derive(Debug, Clone, Default)]
pub struct TaskFilter {
    /// All open phases when empty.
    pub phases: Vec<Phase>,
    pub cursor: Option<String>,
    pub limit: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskPage {
    pub tasks: Vec<TaskState>,
    pub next: Option<String>,
}

#[derive(Debug, Clone, Default)]
pub struct BackFilter {
    /// Written down here since then.
    pub since: UtcMs,
    /// Of this order and of its returns alone.
    pub order: Option<OrderId>,
    pub cursor: Option<String>,
    pub limit: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackPage {
    pub brought_back: Vec<BroughtBack>,
    pub next: Option<String>,
}

/// Units that somebody at the store took back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BroughtBack {
    pub fact: FactId,
    pub at: UtcMs,
    pub of: ReturnRef,
    pub sku: Sku,
    pub name: Option<String>,
    pub units: i64,
    pub condition: Condition,
    pub actor: Actor,
    pub note: Option<String>,
}

/// What status pages and heartbeats say of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Summary {
    pub skus: u64,
    pub positions: u64,
    pub facts: u64,
    /// Facts that central has not acknowledged.
    pub unsynced: u64,
    pub oldest_unsynced_at: Option<UtcMs>,
    pub open_tasks: u32,
    pub last_movement_at: Option<UtcMs>,
    pub last_count_at: Option<UtcMs>,
    /// As of the last cut: what central is compared with.
    pub root: String,
    pub stock_digest: String,
    pub closure: Option<ClosureNote>,
    /// Closures that staff planned here, those that are over too.
    pub planned: Vec<PlannedNote>,
    /// The database failed its check: it is only read. Says what was found.
    pub damaged: Option<String>,
    /// The whole database was examined since the start, and is sound. Until then that is not known.
    pub examined: bool,
    /// Whether there is space to let go when the disk fills. None in memory.
    pub ballast_held: Option<bool>,
    /// What storage lost of what was acknowledged, newest first.
    pub losses: Vec<LossNote>,
    /// How often this database was started.
    pub boot_number: u64,
    /// The box fetches what it lost, and takes no order work until it has it.
    pub rehydrating: bool,
    /// Why central merges nothing of this box until a person decides.
    pub quarantined: Option<String>,
}

/// Facts that were acknowledged and that nobody has any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LossNote {
    pub id: String,
    pub found_at: UtcMs,
    /// The most that it can be; none when that is not known either.
    pub facts: Option<u64>,
    pub detail: String,
    /// Central has written it down.
    pub noted: bool,
}

/// A line of a catalogue or opening stock file, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportItem {
    pub sku: Sku,
    pub name: Option<String>,
    pub barcode: Option<String>,
    pub class: Option<String>,
    /// Opening stock, for a SKU that has no stock facts yet; later stock comes by movements.
    pub on_hand: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Imported {
    pub new_skus: u64,
    pub changed_skus: u64,
    pub opened_positions: u64,
    /// Lines with opening stock for a SKU that already has some: left as it is.
    pub kept_positions: u64,
}

#[async_trait]
pub trait Import: Send + Sync {
    /// The whole file or nothing. `progress` hears how many lines are done.
    async fn import(
        &self,
        items: Vec<ImportItem>,
        progress: Box<dyn Fn(u64) + Send + Sync>,
        now: Now,
    ) -> Result<Imported, LedgerError>;
}

/// Who this installation is, once enrolled. Before, it works alone under a provisional identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub tenant: TenantId,
    pub store: StoreId,
    pub replica: ReplicaId,
    pub boot: BootId,
}

/// What central is to be told and asked in one round.
#[derive(Debug, Clone)]
pub struct Cut {
    /// As whom, and by which stamp: greater than that of every fact told so far.
    pub identity: Identity,
    pub sent_at: Hlc,
    pub incarnation: Option<u64>,
    pub cursor: u64,
    pub root: SetHash,
    pub stock_digest: SetHash,
    pub unsynced: u64,
    pub documents: Vec<DocumentFrame>,
    pub asks: Vec<DocumentHeads>,
    /// Sealed documents are lacked here.
    pub baseline: Option<BaselineAsk>,
    /// There is more to send than fits one message.
    pub more: bool,
    /// What storage lost and central has not noted.
    pub losses: Vec<Loss>,
    /// What central is known to want of scarce SKUs, and what is wanted back.
    pub escrow: SetHash,
    pub asked_back: Vec<EscrowTarget>,
    /// What is known of parcels, and labels that could not be made.
    pub parcels: SetHash,
    pub label_reports: Vec<LabelReport>,
    pub speaker: Speaker,
}

/// Which start of which disk speaks. From it central tells a restart from a disk that was put back
/// and from a copy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Speaker {
    pub boot_number: u64,
    /// The last boot of this database, before this one, that heard from central; where none did, the
    /// first that spoke.
    pub previous_boot: Option<BootId>,
    /// Boots since then that spoke and heard nothing.
    pub spoken_boots: Vec<BootId>,
    /// The newest stamp in the database when this boot began.
    pub resumed: Hlc,
    /// Central has not answered this boot yet: `own` names every own stock document.
    pub first: bool,
    pub own: Vec<DocumentHeads>,
    /// Own changes are wanted too.
    pub rehydrating: bool,
    /// What central told this boot when another had followed it.
    pub challenge: Option<String>,
    pub box_name: Option<String>,
}

/// What a response changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Absorbed {
    pub facts: u64,
    pub tasks: Vec<TaskId>,
    pub problems: Vec<String>,
    /// Both roots were equal afterwards.
    pub level: bool,
    /// Other goods are expected from other stores than before.
    pub parcels: bool,
}

/// The replica's half of sync.
#[async_trait]
pub trait Replica: Send + Sync {
    /// Carries facts of the ledger into documents, as many as a message takes, and tells what central
    /// lacks: task facts first, then stock, the newest first. Nothing that is not committed is told.
    async fn cut(&self, now: Now) -> Result<Cut, LedgerError>;
    /// Carries what the message after this one takes, while central works.
    async fn carry_ahead(&self, now: Now) -> Result<(), LedgerError>;
    /// Takes over a response: changes, facts and projections in one transaction per document.
    async fn absorb(&self, response: &SyncResponse, now: Now) -> Result<Absorbed, LedgerError>;
}

/// How long what is over is kept, by central's clock as last heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Changes of sealed documents: longer than the age of any backup that may be restored.
    pub archives_ms: i64,
    /// Facts of sealed documents, for audit. Never shorter than their archives.
    pub facts_ms: i64,
}

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

impl Default for Retention {
    fn default() -> Self {
        Self { archives_ms: 90 * DAY_MS, facts_ms: 90 * DAY_MS }
    }
}

/// What one step of housekeeping deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Kept {
    pub archives: usize,
    pub facts: usize,
    pub documents: usize,
    pub tasks: usize,
    /// A step is bounded: there is more to do.
    pub more: bool,
}

/// Bounds what the store keeps.
#[async_trait]
pub trait Housekeeping: Send + Sync {
    /// Deletes what is over, in one bounded step. Doing it again does no harm.
    async fn keep_house(&self, retention: Retention) -> Result<Kept, LedgerError>;
    /// SKUs whose stock is not the sum of the baseline and of the facts that are not sealed; none,
    /// or something is broken.
    async fn unbalanced(&self, limit: u32) -> Result<Vec<Sku>, LedgerError>;
}

/// What a paired device may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Pos,
    Picker,
    Manager,
    Tech,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Device {
    pub device: DeviceId,
    pub name: String,
    pub role: Role,
    /// Grows with each pairing of the same device, so that its counter may start anew.
    pub generation: u32,
    pub paired_at: UtcMs,
    pub seen_at: Option<UtcMs>,
}

/// Paired devices. Tokens and codes are stored hashed; the caller hashes.
#[async_trait]
pub trait Devices: Send + Sync {
    /// `until` by both clocks: in this run of the agent the one that does not jump counts, after a
    /// restart the wall clock.
    async fn offer_pairing(&self, code_hash: [u8; 32], role: Role, until: Now) -> Result<(), LedgerError>;
    /// None when the code is unknown, used or past its time.
    async fn pair(
        &self,
        code_hash: [u8; 32],
        name: &str,
        token_hash: [u8; 32],
        now: Now,
    ) -> Result<Option<Device>, LedgerError>;
    async fn by_token(&self, token_hash: [u8; 32]) -> Result<Option<Device>, LedgerError>;
    async fn devices(&self) -> Result<Vec<Device>, LedgerError>;
    async fn unpair(&self, device: &DeviceId) -> Result<bool, LedgerError>;
    /// Writes down when devices were last seen, in one go.
    async fn seen(&self, seen: &[(DeviceId, UtcMs)]) -> Result<(), LedgerError>;
}
