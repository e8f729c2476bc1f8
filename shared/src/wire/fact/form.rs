//! The JSON form of a fact, as it is; what it means is converted one level up.

use crate::domain::bring_back::{Condition, ReturnRef};
use crate::domain::fence::Fence;
use crate::domain::task::{FulfilmentKind, ReleasePoint};
use crate::ids::{Actor, FactId, LineNo, OrderId, ReplicaId, Sku, StoreId, TaskId, TraceId};
use crate::set_hash::SetHash;
use crate::time::{Hlc, UtcMs};
use serde::{Deserialize, Serialize};
use std::ops::Not;

#[derive(Serialize, Deserialize)]
pub(super) struct Head {
    #[serde(rename = "t")]
    pub at: Hlc,
    #[serde(rename = "a")]
    pub actor: Actor,
    #[serde(rename = "p", skip_serializing_if = "Option::is_none", default)]
    pub after: Option<FactId>,
    #[serde(rename = "x", skip_serializing_if = "Option::is_none", default)]
    pub trace: Option<TraceId>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct WireFact {
    #[serde(flatten)]
    pub said: Said,
    #[serde(flatten)]
    pub head: Head,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Stock {
    #[serde(rename = "s")]
    pub sku: Sku,
    #[serde(rename = "d")]
    pub delta: i64,
    #[serde(rename = "n", skip_serializing_if = "Option::is_none", default)]
    pub note: Option<String>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Hold {
    #[serde(rename = "o")]
    pub task: TaskId,
    #[serde(rename = "l")]
    pub line: LineNo,
    #[serde(rename = "f")]
    pub fence: Fence,
    /// The difference in rights, where the units were promised out of what the store had ceded. It is
    /// that of the stock; written out so that a sum over facts need not know their kinds.
    #[serde(rename = "r", skip_serializing_if = "Option::is_none", default)]
    pub rights: Option<i64>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct WireLine {
    #[serde(rename = "l")]
    pub line: LineNo,
    #[serde(rename = "s")]
    pub sku: Sku,
    #[serde(rename = "q")]
    pub quantity: i64,
    #[serde(rename = "c", skip_serializing_if = "Not::not", default)]
    pub ceded: bool,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Task {
    #[serde(rename = "o")]
    pub task: TaskId,
    #[serde(rename = "f")]
    pub fence: Fence,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Close {
    #[serde(rename = "e")]
    pub facts: u64,
    #[serde(rename = "h")]
    pub digest: SetHash,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "k", rename_all = "snake_case")]
pub(super) enum Said {
    Opening {
        #[serde(flatten)]
        stock: Stock,
    },
    Sale {
        #[serde(flatten)]
        stock: Stock,
    },
    Return {
        #[serde(flatten)]
        stock: Stock,
    },
    Receipt {
        #[serde(flatten)]
        stock: Stock,
    },
    Adjustment {
        #[serde(flatten)]
        stock: Stock,
    },
    Count {
        #[serde(flatten)]
        stock: Stock,
        #[serde(rename = "c")]
        found: i64,
    },
    TransferOut {
        #[serde(flatten)]
        stock: Stock,
        to: StoreId,
    },
    TransferIn {
        #[serde(flatten)]
        stock: Stock,
        from: StoreId,
    },
    HandOver {
        #[serde(flatten)]
        stock: Stock,
        #[serde(flatten)]
        hold: Hold,
    },
    PutBackUnits {
        #[serde(flatten)]
        stock: Stock,
        #[serde(flatten)]
        hold: Hold,
        #[serde(rename = "q")]
        quantity: i64,
    },
    ShortPick {
        #[serde(flatten)]
        stock: Stock,
        #[serde(flatten)]
        hold: Hold,
    },
    BroughtBack {
        #[serde(flatten)]
        stock: Stock,
        of: ReturnRef,
        #[serde(rename = "c")]
        condition: Condition,
        #[serde(rename = "q")]
        units: i64,
    },
    Ceded {
        #[serde(flatten)]
        stock: Stock,
        #[serde(rename = "r")]
        rights: i64,
    },
    Returned {
        #[serde(flatten)]
        stock: Stock,
        #[serde(rename = "r")]
        rights: i64,
    },
    Offered {
        #[serde(flatten)]
        task: Task,
        order: OrderId,
        store: StoreId,
        kind: FulfilmentKind,
        release: ReleasePoint,
        lines: Vec<WireLine>,
        accept_by: UtcMs,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        promise_by: Option<UtcMs>,
        #[serde(rename = "n", skip_serializing_if = "Option::is_none", default)]
        note: Option<String>,
    },
    Accepted {
        #[serde(flatten)]
        task: Task,
    },
    Declined {
        #[serde(flatten)]
        task: Task,
        why: String,
    },
    PickingStarted {
        #[serde(flatten)]
        task: Task,
    },
    Picked {
        #[serde(flatten)]
        task: Task,
        #[serde(rename = "l")]
        line: LineNo,
        #[serde(rename = "q")]
        quantity: i64,
    },
    Short {
        #[serde(flatten)]
        task: Task,
        #[serde(rename = "l")]
        line: LineNo,
        #[serde(rename = "q")]
        missing: i64,
    },
    Packed {
        #[serde(flatten)]
        task: Task,
    },
    HandedOver {
        #[serde(flatten)]
        task: Task,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        to: Option<String>,
    },
    PutBack {
        #[serde(flatten)]
        task: Task,
    },
    Released {
        #[serde(flatten)]
        task: Task,
        replica: ReplicaId,
    },
    Recalled {
        #[serde(flatten)]
        task: Task,
        why: String,
    },
    CancelRequested {
        #[serde(flatten)]
        task: Task,
        why: String,
    },
    Closed {
        #[serde(flatten)]
        close: Close,
    },
    Readopted {
        #[serde(flatten)]
        task: Task,
    },
    TakenBack {
        #[serde(flatten)]
        task: Task,
        why: String,
    },
    LetGo {
        #[serde(flatten)]
        task: Task,
        replica: ReplicaId,
        why: String,
    },
}
