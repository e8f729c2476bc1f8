//! A difference between what should be and what is, and the record of it while it lasts.

use holdfast_shared::ids::{OrderId, Sku, StoreId, TaskId};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// An order's state is not what its lines and tasks amount to.
    OrderState,
    /// Units of a line are nowhere, or in two places.
    LineUnits,
    /// More or fewer units left than the line says.
    LeftUnits,
    /// A task's row is not what its facts fold to.
    TaskFold,
    /// The columns of a task's row contradict each other.
    TaskRow,
    /// A task works on what its order does not have.
    TaskStrange,
    /// Fewer units are set aside than work at a store needs, or more than it was given.
    HoldUnits,
    /// Units are set aside for work that has ended.
    OrphanedHold,
    /// A position's reserved units are not the sum of what holds them.
    ReservedUnits,
    /// A position is not the sum of the facts about it.
    OnHand,
    /// An offer or a command went out, and no answer came in its time.
    MissingAnswer,
    /// An order stands in a state for longer than that state or its promise allows.
    StuckOrder,
    /// Orders rest on stock of a store whose last word is old.
    StaleStock,
    /// What returns count as back is not what stores took in, or is more than left.
    ReturnUnits,
    /// Goods are back, and their money is not; or the money is, and the goods are not.
    ReturnMoney,
    /// The sums of a payment are not what its facts add up to, or more went back than was taken.
    PaymentSums,
    /// Goods left where labels are made here, and there is no parcel of them.
    ParcelUnknown,
    /// A parcel of work that its order does not have.
    ParcelStrange,
    /// A parcel's row is not what its facts fold to.
    ParcelRow,
    /// A carrier has a parcel that its store has not handed over.
    ParcelUntold,
    /// A parcel left, and its label is void.
    ParcelUnlabelled,
    /// A label is good, and its work ended without it.
    LabelNeedless,
    /// Nothing was heard of a parcel for too long, and nobody was told.
    ParcelSilent,
}

impl FindingKind {
    pub const ALL: [Self; 23] = [
        Self::OrderState,
        Self::LineUnits,
        Self::LeftUnits,
        Self::TaskFold,
        Self::TaskRow,
        Self::TaskStrange,
        Self::HoldUnits,
        Self::OrphanedHold,
        Self::ReservedUnits,
        Self::OnHand,
        Self::MissingAnswer,
        Self::StuckOrder,
        Self::StaleStock,
        Self::ReturnUnits,
        Self::ReturnMoney,
        Self::PaymentSums,
        Self::ParcelUnknown,
        Self::ParcelStrange,
        Self::ParcelRow,
        Self::ParcelUntold,
        Self::ParcelUnlabelled,
        Self::LabelNeedless,
        Self::ParcelSilent,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OrderState => "order_state",
            Self::LineUnits => "line_units",
            Self::LeftUnits => "left_units",
            Self::TaskFold => "task_fold",
            Self::TaskRow => "task_row",
            Self::TaskStrange => "task_strange",
            Self::HoldUnits => "hold_units",
            Self::OrphanedHold => "orphaned_hold",
            Self::ReservedUnits => "reserved_units",
            Self::OnHand => "on_hand",
            Self::MissingAnswer => "missing_answer",
            Self::StuckOrder => "stuck_order",
            Self::StaleStock => "stale_stock",
            Self::ReturnUnits => "return_units",
            Self::ReturnMoney => "return_money",
            Self::PaymentSums => "payment_sums",
            Self::ParcelUnknown => "parcel_unknown",
            Self::ParcelStrange => "parcel_strange",
            Self::ParcelRow => "parcel_row",
            Self::ParcelUntold => "parcel_untold",
            Self::ParcelUnlabelled => "parcel_unlabelled",
            Self::LabelNeedless => "label_needless",
            Self::ParcelSilent => "parcel_silent",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingState {
    /// Seen once: it may be a write that crosses another.
    Found,
    /// Seen again after a while, and told in the report.
    Confirmed,
    /// Central mends it, and looks whether that helped.
    Repairing,
    /// It is gone.
    Repaired,
    /// A person said that it stays.
    Accepted,
    /// An exception waits for a person.
    Escalated,
}

impl FindingState {
    pub const ALL: [Self; 6] =
        [Self::Found, Self::Confirmed, Self::Repairing, Self::Repaired, Self::Accepted, Self::Escalated];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Confirmed => "confirmed",
            Self::Repairing => "repairing",
            Self::Repaired => "repaired",
            Self::Accepted => "accepted",
            Self::Escalated => "escalated",
        }
    }
}

/// What is looked at together, and again to see whether a finding is gone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    Order(OrderId),
    Position(StoreId, Sku),
    Store(StoreId),
}

/// A text that names nothing to look at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no order, position or store")]
pub struct BadScope(String);

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Order(order) => write!(f, "order/{order}"),
            Self::Position(store, sku) => write!(f, "position/{store}/{sku}"),
            Self::Store(store) => write!(f, "store/{store}"),
        }
    }
}

impl FromStr for Scope {
    type Err = BadScope;

    fn from_str(text: &str) -> Result<Self, BadScope> {
        let bad = || BadScope(text.chars().take(80).collect());
        let (kind, rest) = text.split_once('/').ok_or_else(bad)?;
        match kind {
            "order" => rest.parse().map(Self::Order).map_err(|_| bad()),
            "store" => rest.parse().map(Self::Store).map_err(|_| bad()),
            "position" => {
                let (store, sku) = rest.split_once('/').ok_or_else(bad)?;
                Ok(Self::Position(store.parse().map_err(|_| bad())?, sku.parse().map_err(|_| bad())?))
            }
            _ => Err(bad()),
        }
    }
}

/// What does not agree, as one look sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub kind: FindingKind,
    /// What exactly: one open finding of a kind about it.
    pub subject: String,
    pub order: Option<OrderId>,
    pub task: Option<TaskId>,
    pub store: Option<StoreId>,
    pub sku: Option<Sku>,
    /// Where the value stands that differs.
    pub field: &'static str,
    pub expected: String,
    pub found: String,
    /// In plain words, with what to do where a person has to.
    pub words: String,
    /// By when a person should have decided.
    pub decide_by: Option<UtcMs>,
    /// Customers feel it now.
    pub harm: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = i64, example = 7)]
pub struct FindingId(pub i64);

impl fmt::Display for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for FindingId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// A difference on record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Finding {
    pub finding: FindingId,
    pub kind: FindingKind,
    #[schema(example = "hold/o-1-1/1")]
    pub subject: String,
    pub state: FindingState,
    pub order: Option<OrderId>,
    pub task: Option<TaskId>,
    pub store: Option<StoreId>,
    pub sku: Option<Sku>,
    pub expected: String,
    pub found: String,
    pub words: String,
    pub decide_by: Option<UtcMs>,
    pub found_at: UtcMs,
    pub seen_at: UtcMs,
    /// How often it was seen.
    pub looks: u32,
    /// How often central tried to mend it.
    pub attempts: u32,
    pub acted_at: Option<UtcMs>,
    pub ended_at: Option<UtcMs>,
    /// How it ended, or why it stays.
    pub how: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_at_has_one_name() {
        let (store, sku): (StoreId, Sku) = ("leeds".parse().unwrap(), "a:1".parse().unwrap());
        for scope in
            [Scope::Order("o-1".parse().unwrap()), Scope::Position(store.clone(), sku), Scope::Store(store)]
        {
            assert_eq!(scope.to_string().parse(), Ok(scope));
        }
        for bad in ["", "order", "order/", "position/leeds", "hold/o-1"] {
            assert!(bad.parse::<Scope>().is_err(), "{bad}");
        }
    }
}
