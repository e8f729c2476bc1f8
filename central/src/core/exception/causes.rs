//! Who owns a kind of exception, and the labels by which causes that come back are counted.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Team {
    /// Talks to customers.
    CustomerService,
    /// Talks to stores, and moves work.
    Fulfilment,
    /// Counts, and mends positions.
    Inventory,
    /// Boxes, networks, central itself.
    Engineering,
    /// Who may send what as whom.
    Security,
}

impl Team {
    pub const ALL: [Self; 5] =
        [Self::CustomerService, Self::Fulfilment, Self::Inventory, Self::Engineering, Self::Security];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CustomerService => "customer_service",
            Self::Fulfilment => "fulfilment",
            Self::Inventory => "inventory",
            Self::Engineering => "engineering",
            Self::Security => "security",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RootCause {
    /// A line, a router or a carrier of signals was down.
    Network,
    /// A box, a disk or a handheld failed.
    Hardware,
    /// Holdfast did what it should not.
    Software,
    /// A setting or a policy said what nobody meant.
    Configuration,
    /// The books of the store were wrong before.
    StockWrong,
    /// Somebody in the store did something else than was asked.
    StoreProcess,
    /// There were not enough hands.
    Staffing,
    /// Goods were damaged, lost or stolen.
    GoodsLost,
    Carrier,
    Customer,
    /// Another system sent what is wrong, or sent it twice.
    OtherSystem,
    /// A restore, a drill, a launch: it was to be expected.
    Planned,
    /// There was nothing.
    FalseAlarm,
    Unknown,
}

impl RootCause {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Hardware => "hardware",
            Self::Software => "software",
            Self::Configuration => "configuration",
            Self::StockWrong => "stock_wrong",
            Self::StoreProcess => "store_process",
            Self::Staffing => "staffing",
            Self::GoodsLost => "goods_lost",
            Self::Carrier => "carrier",
            Self::Customer => "customer",
            Self::OtherSystem => "other_system",
            Self::Planned => "planned",
            Self::FalseAlarm => "false_alarm",
            Self::Unknown => "unknown",
        }
    }
}
