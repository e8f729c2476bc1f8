//! Rows as they stand, for the comparators: nothing in here was made by what is compared.

use crate::core::order::{OrderLine, OrderState};
use crate::core::parcel::fold::{Parcel, ParcelState};
use crate::core::returns::state::ReturnState;
use crate::core::saga::fact::SagaFact;
use crate::core::saga::refund::RefundAsked;
use crate::core::saga::standing::Standing;
use holdfast_shared::domain::bring_back::Condition;
use holdfast_shared::domain::task::{FulfilmentKind, TaskState};
use holdfast_shared::ids::{LineNo, OrderId, ReturnId, Sku, StoreId, TaskId, TenantId};
use holdfast_shared::time::UtcMs;

/// All of one order, in one reading.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderBook {
    pub tenant: TenantId,
    pub order: OrderId,
    pub kind: FulfilmentKind,
    pub state: OrderState,
    /// How its money stands.
    pub payment: Standing,
    pub changed_at: UtcMs,
    pub promise_by: Option<UtcMs>,
    /// In the window after a restore.
    pub held: bool,
    /// Waits on purpose until then: for a node that opens, for goods that come together, for a customer's word.
    pub waits: bool,
    /// A person is told of it already, for another reason.
    pub in_queue: bool,
    pub lines: Vec<LineBook>,
    pub tasks: Vec<TaskBook>,
    pub returns: ReturnsBook,
    /// None where it is not paid for through here.
    pub money: Option<MoneyBook>,
    /// Labels of its parcels are made here.
    pub labelled_here: bool,
    pub parcels: Vec<ParcelBook>,
}

/// A parcel's row, and what its facts fold to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParcelBook {
    pub task: TaskId,
    pub state: ParcelState,
    pub left_at: Option<UtcMs>,
    pub arrived_at: Option<UtcMs>,
    pub parcel: Parcel,
}

/// Returns of an order, and what stores said of goods that came back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReturnsBook {
    pub returns: Vec<ReturnRow>,
    pub receipts: Vec<ReceiptRow>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnRow {
    pub id: ReturnId,
    pub number: u32,
    pub state: ReturnState,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptRow {
    pub number: u32,
    pub line: LineNo,
    pub sku: Sku,
    pub store: StoreId,
    pub fact: String,
    pub units: i64,
    pub condition: Condition,
    pub at: UtcMs,
    /// What the store's own fact says: what it added to the stock, and of how many units it speaks. None when it is not
    /// kept.
    pub told: Option<(i64, i64)>,
}

/// The sums as they stand, with what they rest on.
#[derive(Debug, Clone, PartialEq)]
pub struct MoneyBook {
    pub captured: i64,
    pub refunded: i64,
    pub facts: Vec<SagaFact>,
    pub refunds: Vec<RefundAsked>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineBook {
    pub line: OrderLine,
    /// Left beyond what was ordered.
    pub surplus: i64,
}

/// A task's row, what its facts fold to, and what is set aside for it.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskBook {
    pub columns: TaskColumns,
    pub state: TaskState,
    /// None when its facts are not kept any more.
    pub folded: Option<TaskState>,
    /// Its store had nothing more to tell after the newest exchange.
    pub level: bool,
    pub cancel_asked_at: Option<UtcMs>,
    pub holds: Vec<HoldBook>,
}

impl TaskBook {
    /// What happened, as far as it is still on record.
    #[must_use]
    pub fn truth(&self) -> &TaskState {
        self.folded.as_ref().unwrap_or(&self.state)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskColumns {
    pub order: OrderId,
    pub store: StoreId,
    /// As one number that sorts as the fence does.
    pub fence: i64,
    pub phase: String,
    pub released_to: Option<String>,
    pub recalled: bool,
    pub cancelling: bool,
    pub ended: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldBook {
    pub line: LineNo,
    pub store: StoreId,
    pub sku: Sku,
    pub taken: i64,
    pub quantity: i64,
}

/// A position, and the sum of all that is set aside of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PositionBook {
    pub tenant: TenantId,
    pub store: StoreId,
    pub sku: Sku,
    pub reserved: i64,
    pub rights_held: i64,
    pub held: i64,
    pub held_of_rights: i64,
}

/// What is known of a store beside its orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreBook {
    pub tenant: TenantId,
    pub store: StoreId,
    /// When it last had nothing more to tell.
    pub level_at: Option<UtcMs>,
    /// SKUs of which orders hold units.
    pub held_skus: u64,
    /// Positions that are not the sum of what the store told, the first of them.
    pub unequal: Vec<UnequalPosition>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnequalPosition {
    pub sku: Sku,
    pub on_hand: i64,
    pub told: i64,
    pub rights: i64,
    pub rights_told: i64,
}
