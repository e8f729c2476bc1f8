//! When an order is gathered at one store instead of being split, or of waiting for stock.

use holdfast_shared::domain::task::FulfilmentKind;
use serde::{Deserialize, Serialize};

/// When orders of one kind are gathered. A pickup is gathered at the store that the customer chose, when
/// that store lacks units; any other order at the first node of its split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gathers {
    #[default]
    Never,
    /// When the customer asks for one parcel.
    Asked,
    /// Also when one parcel costs less than several, the way between the stores counted in. A pickup that
    /// its store lacks units for has nothing to compare with: it is gathered.
    Cheaper,
    /// Whenever no one node has all of it.
    Always,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Consolidate {
    pub ship: Gathers,
    pub pickup: Gathers,
    pub delivery: Gathers,
    /// From the decision on. What has not come by then is not waited for.
    pub within_ms: i64,
}

impl Default for Consolidate {
    fn default() -> Self {
        Self {
            ship: Gathers::Never,
            pickup: Gathers::Never,
            delivery: Gathers::Never,
            within_ms: 5 * 24 * 60 * 60 * 1000,
        }
    }
}

impl Consolidate {
    /// For serde: what stands there by itself is not written down.
    pub(super) fn is_as_if_absent(&self) -> bool {
        *self == Self::default()
    }

    #[must_use]
    pub const fn of(&self, kind: FulfilmentKind) -> Gathers {
        match kind {
            FulfilmentKind::Ship => self.ship,
            FulfilmentKind::Pickup => self.pickup,
            FulfilmentKind::Delivery => self.delivery,
        }
    }
}
