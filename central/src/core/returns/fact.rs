//! What is written down about a return. Facts are numbered, and none is changed.

use super::request::{AskedBy, ReturnReason};
use crate::core::saga::refund::RefundLine;
use holdfast_shared::domain::bring_back::Condition;
use holdfast_shared::ids::{Actor, FactId, LineNo, Sku, StoreId};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReturnFact {
    /// From 1 on, within the return.
    pub sequence: u32,
    pub at: UtcMs,
    pub by: Actor,
    #[serde(flatten)]
    pub said: Said,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "said", rename_all = "snake_case")]
#[schema(as = ReturnSaid)]
pub enum Said {
    Asked {
        lines: Vec<AskedLine>,
        asked_by: AskedBy,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// A store brought it, and nobody had asked.
    Adopted {
        store: StoreId,
    },
    Approved {
        words: String,
    },
    Refused {
        reason: String,
    },
    Cancelled {
        reason: String,
    },
    /// What has not come by now is not waited for.
    Expired,
    /// A store's fact, as far as its units belong to this return.
    Received(Receipt),
    /// Another body stands under the id of a store's fact: what it said before does not count.
    Unsaid {
        fact: FactId,
    },
    /// A person says whether the money for damaged units goes back, too.
    Decided {
        refund_damaged: bool,
        reason: String,
    },
    RefundAsked {
        refund: u32,
        lines: Vec<RefundLine>,
        amount: i64,
    },
    /// No money goes back for these, and why.
    NotRefunded {
        lines: Vec<RefundLine>,
        why: String,
    },
    Refunded {
        refund: u32,
        amount: i64,
    },
    Closed,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AskedLine {
    pub line: LineNo,
    pub sku: Sku,
    pub quantity: i64,
    pub reason: ReturnReason,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Receipt {
    /// The fact of the store that says so.
    #[schema(value_type = String)]
    pub fact: FactId,
    pub store: StoreId,
    pub line: LineNo,
    pub sku: Sku,
    pub units: i64,
    pub condition: Condition,
}
