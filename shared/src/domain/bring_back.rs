//! Goods that customers bring back: of what, and in which condition.

use crate::ids::{OrderId, ReturnId};
use serde::{Deserialize, Serialize};

/// What stands on the slip: the return that was agreed, or the order alone. A till without an uplink knows no more,
/// and central finds the return.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReturnRef {
    Order(OrderId),
    Return(ReturnId),
}

impl ReturnRef {
    /// Whose goods they are: the number of a return begins with that of its order.
    #[must_use]
    pub fn order(&self) -> Option<OrderId> {
        match self {
            Self::Order(order) => Some(order.clone()),
            Self::Return(id) => {
                let (order, number) = id.as_str().rsplit_once("-r")?;
                let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
                order.parse().ok().filter(|_| is_number)
            }
        }
    }
}

/// In which condition units came, or did not.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// They are on the shelf again.
    Sellable,
    /// They are there, and nobody can buy them.
    Damaged,
    /// They were announced, and are not in the parcel.
    Missing,
}

impl Condition {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sellable => "sellable",
            Self::Damaged => "damaged",
            Self::Missing => "missing",
        }
    }

    /// What units in this condition add to what is on hand.
    #[must_use]
    pub const fn adds(self, units: i64) -> i64 {
        match self {
            Self::Sellable => units,
            Self::Damaged | Self::Missing => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::stock::{Movement, StockFact};

    #[test]
    fn a_slip_of_a_return_names_its_order() {
        let order = |of: ReturnRef| of.order().map(|order| order.to_string());
        assert_eq!(order(ReturnRef::Order("o-r1".parse().unwrap())).as_deref(), Some("o-r1"));
        assert_eq!(order(ReturnRef::Return("o-r1-r12".parse().unwrap())).as_deref(), Some("o-r1"));
        for other in ["o-1", "o-r", "o-rx", "-r1"] {
            let id = other.parse();
            assert_eq!(id.ok().and_then(|id| order(ReturnRef::Return(id))), None, "{other}");
        }
    }

    #[test]
    fn only_what_can_be_sold_again_is_on_hand_again() {
        let of = ReturnRef::Order("o-1".parse().unwrap());
        let fact = |condition, delta, units| StockFact {
            sku: "A".parse().unwrap(),
            delta,
            movement: Movement::BroughtBack { of: of.clone(), condition, units },
            note: None,
        };
        assert!(fact(Condition::Sellable, 2, 2).check().is_ok());
        assert!(fact(Condition::Damaged, 0, 2).check().is_ok());
        assert!(fact(Condition::Missing, 0, 1).check().is_ok());
        for wrong in [
            fact(Condition::Damaged, 2, 2),
            fact(Condition::Missing, 1, 1),
            fact(Condition::Sellable, 1, 2),
            fact(Condition::Sellable, 0, 0),
        ] {
            assert!(wrong.check().is_err(), "{wrong:?}");
        }
    }
}
