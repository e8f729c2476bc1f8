//! What only people can say about a launch: which system has the last word about what, whom to call, who
//! listens. Set in central's configuration.

use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Something of which exactly one system has the last word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Truth {
    Inventory,
    Pricing,
    OrderState,
    ShipmentConfirmation,
    Cancellations,
}

impl Truth {
    pub const ALL: [Self; 5] =
        [Self::Inventory, Self::Pricing, Self::OrderState, Self::ShipmentConfirmation, Self::Cancellations];

    /// As the configuration names it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inventory => "inventory",
            Self::Pricing => "pricing",
            Self::OrderState => "order_state",
            Self::ShipmentConfirmation => "shipment_confirmation",
            Self::Cancellations => "cancellations",
        }
    }

    #[must_use]
    pub fn words(self) -> String {
        self.as_str().replace('_', " ")
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LaunchTerms {
    /// The system that has the last word, by what it is about.
    pub systems: BTreeMap<Truth, String>,
    /// Whom to call, and how.
    pub escalation: Option<String>,
    /// Who reads the event stream, by name.
    pub consumers: Vec<String>,
}
