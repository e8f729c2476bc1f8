//! Stock facts and their fold. Only differences sum, so the order of arrival does not matter.

use super::bring_back::{Condition, ReturnRef};
use super::fence::Fence;
use crate::ids::{LineNo, Sku, StoreId, TaskId};
use crate::limits::QUANTITY_MAX;
use crate::time::Hlc;

/// One movement of one SKU at one store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockFact {
    pub sku: Sku,
    /// What the movement adds to on hand; negative when units leave.
    pub delta: i64,
    pub movement: Movement,
    /// What a person or the POS wrote beside it: a receipt number, a reason.
    pub note: Option<String>,
}

/// The units of an order line that a stock fact takes out of their hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldRef {
    pub task: TaskId,
    pub line: LineNo,
    pub fence: Fence,
    /// They were promised out of what the store had ceded: what leaves takes its right along.
    pub ceded: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Movement {
    /// The stock that a store starts with, imported.
    Opening,
    Sale,
    Return,
    Receipt,
    Adjustment,
    /// A count, recorded with the difference that it found.
    Count {
        found: i64,
    },
    TransferOut {
        to: StoreId,
    },
    TransferIn {
        from: StoreId,
    },
    /// Picked units left the store for an order. Ends their hold.
    HandOver {
        hold: HoldRef,
    },
    /// Units of an order line are free again. Moves nothing; ends their hold.
    PutBack {
        hold: HoldRef,
        quantity: i64,
    },
    /// Units of an order line were not found. Takes them off the books and ends their hold.
    ShortPick {
        hold: HoldRef,
    },
    /// The store cedes units to central: from now on only central sells them. Moves nothing.
    Ceded {
        units: i64,
    },
    /// Units of an order came back to the store. Only those that can be sold again are on hand from then on.
    BroughtBack {
        of: ReturnRef,
        condition: Condition,
        units: i64,
    },
    /// Central gives ceded units back that it has promised to nobody. Only central says so.
    Returned {
        units: i64,
    },
}

/// Why a stock fact cannot be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadMovement {
    #[error("a quantity of {0} is out of range: at most {QUANTITY_MAX} units move at once")]
    OutOfRange(i64),
    #[error("a {kind} of {delta} has the wrong sign or is zero")]
    WrongSign { kind: &'static str, delta: i64 },
    #[error("a count of {0} is out of range: 0 to {QUANTITY_MAX}")]
    BadCount(i64),
}

impl Movement {
    /// The word for it in APIs, SQL and metrics.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Sale => "sale",
            Self::Return => "return",
            Self::Receipt => "receipt",
            Self::Adjustment => "adjustment",
            Self::Count { .. } => "count",
            Self::TransferOut { .. } => "transfer_out",
            Self::TransferIn { .. } => "transfer_in",
            Self::HandOver { .. } => "hand_over",
            Self::PutBack { .. } => "put_back",
            Self::ShortPick { .. } => "short_pick",
            Self::BroughtBack { .. } => "brought_back",
            Self::Ceded { .. } => "ceded",
            Self::Returned { .. } => "returned",
        }
    }

    /// Whether only central may say it.
    #[must_use]
    pub const fn is_centrals(&self) -> bool {
        matches!(self, Self::Returned { .. })
    }
}

impl StockFact {
    /// Whether sign and size fit the movement. Checked on both sides of the wire.
    pub fn check(&self) -> Result<(), BadMovement> {
        if self.delta.unsigned_abs() > QUANTITY_MAX.unsigned_abs() {
            return Err(BadMovement::OutOfRange(self.delta));
        }
        let sign_fits = match &self.movement {
            Movement::Sale
            | Movement::TransferOut { .. }
            | Movement::HandOver { .. }
            | Movement::ShortPick { .. } => self.delta < 0,
            Movement::Return | Movement::Receipt | Movement::TransferIn { .. } => self.delta > 0,
            Movement::Opening => self.delta >= 0,
            Movement::Adjustment => self.delta != 0,
            Movement::Count { found } => {
                if !(0..=QUANTITY_MAX).contains(found) {
                    return Err(BadMovement::BadCount(*found));
                }
                true
            }
            Movement::BroughtBack { condition, units, .. } => {
                self.delta == condition.adds(*units) && (1..=QUANTITY_MAX).contains(units)
            }
            Movement::PutBack { quantity: units, .. }
            | Movement::Ceded { units }
            | Movement::Returned { units } => self.delta == 0 && (1..=QUANTITY_MAX).contains(units),
        };
        if sign_fits {
            Ok(())
        } else {
            Err(BadMovement::WrongSign { kind: self.movement.kind(), delta: self.delta })
        }
    }

    /// The hold that this fact ends, and for how many units.
    #[must_use]
    pub fn ends_hold(&self) -> Option<(&HoldRef, i64)> {
        match &self.movement {
            Movement::HandOver { hold } | Movement::ShortPick { hold } => {
                Some((hold, self.delta.saturating_neg()))
            }
            Movement::PutBack { hold, quantity } => Some((hold, *quantity)),
            Movement::Opening
            | Movement::Sale
            | Movement::Return
            | Movement::Receipt
            | Movement::Adjustment
            | Movement::Count { .. }
            | Movement::TransferOut { .. }
            | Movement::TransferIn { .. }
            | Movement::BroughtBack { .. }
            | Movement::Ceded { .. }
            | Movement::Returned { .. } => None,
        }
    }

    /// What the movement adds to the units that the store has ceded: the one rule by which both sides
    /// come to the same rights.
    #[must_use]
    pub const fn rights(&self) -> i64 {
        match &self.movement {
            Movement::Ceded { units } => *units,
            Movement::Returned { units } => units.saturating_neg(),
            // What was put back may be promised again; what left, or was never there, may not.
            Movement::HandOver { hold } | Movement::PutBack { hold, .. } | Movement::ShortPick { hold } => {
                if hold.ceded {
                    self.delta
                } else {
                    0
                }
            }
            Movement::Opening
            | Movement::Sale
            | Movement::Return
            | Movement::Receipt
            | Movement::Adjustment
            | Movement::Count { .. }
            | Movement::TransferOut { .. }
            | Movement::BroughtBack { .. }
            | Movement::TransferIn { .. } => 0,
        }
    }
}

/// The stock of one SKU at one store as its facts tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OnHand {
    pub units: i64,
    /// Units of them that only central sells.
    pub rights: i64,
    pub moved_at: Hlc,
    pub counted_at: Option<Hlc>,
}

impl OnHand {
    /// Commutative and associative: any order of the same facts gives the same stock.
    pub fn apply(&mut self, fact: &StockFact, at: Hlc) {
        self.units = self.units.saturating_add(fact.delta);
        self.rights = self.rights.saturating_add(fact.rights());
        self.moved_at = self.moved_at.max(at);
        if let Movement::Count { .. } = fact.movement {
            self.counted_at = self.counted_at.max(Some(at));
        }
    }
}

/// The bytes by which a position enters the store's stock digest; none while nothing is there,
/// so that a SKU never heard of and one that sold out look alike.
#[must_use]
pub fn digest_element(sku: &Sku, units: i64) -> Option<Vec<u8>> {
    (units != 0).then(|| [sku.as_str().as_bytes(), b"\0", &units.to_le_bytes()].concat())
}

/// The same for the units of a SKU that the store has ceded. An id holds no zero byte, and this is one
/// byte longer than a position, so the two are never confused.
#[must_use]
pub fn rights_element(sku: &Sku, rights: i64) -> Option<Vec<u8>> {
    (rights != 0).then(|| [sku.as_str().as_bytes(), b"\0\0", &rights.to_le_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::UtcMs;
    use proptest::prelude::*;

    fn fact(delta: i64, movement: Movement) -> StockFact {
        StockFact { sku: Sku::new("A").unwrap(), delta, movement, note: None }
    }

    fn hold() -> HoldRef {
        HoldRef { task: TaskId::new("o-1").unwrap(), line: LineNo(1), fence: Fence::default(), ceded: false }
    }

    #[test]
    fn a_movement_with_the_wrong_sign_is_refused() {
        assert!(fact(1, Movement::Sale).check().is_err());
        assert!(fact(-1, Movement::Receipt).check().is_err());
        assert!(fact(0, Movement::Adjustment).check().is_err());
        assert!(fact(-1, Movement::PutBack { hold: hold(), quantity: 1 }).check().is_err());
        assert!(fact(0, Movement::PutBack { hold: hold(), quantity: 0 }).check().is_err());
        assert!(fact(3, Movement::Count { found: -1 }).check().is_err());
        assert!(fact(i64::MIN, Movement::Sale).check().is_err());
        assert!(fact(-2, Movement::Sale).check().is_ok());
    }

    #[test]
    fn a_right_goes_with_what_leaves_and_stays_with_what_is_put_back() {
        let ceded = || HoldRef { ceded: true, ..hold() };
        assert_eq!(fact(0, Movement::Ceded { units: 3 }).rights(), 3);
        assert_eq!(fact(0, Movement::Returned { units: 2 }).rights(), -2);
        assert_eq!(fact(-2, Movement::HandOver { hold: ceded() }).rights(), -2);
        assert_eq!(fact(-1, Movement::ShortPick { hold: ceded() }).rights(), -1);
        assert_eq!(fact(0, Movement::PutBack { hold: ceded(), quantity: 2 }).rights(), 0);
        assert_eq!(fact(-2, Movement::HandOver { hold: hold() }).rights(), 0);
        assert_eq!(fact(-2, Movement::Sale).rights(), 0);
        assert!(fact(0, Movement::Ceded { units: 0 }).check().is_err());
        assert!(fact(0, Movement::Returned { units: -1 }).check().is_err());
        assert!(fact(1, Movement::Ceded { units: 1 }).check().is_err());
    }

    #[test]
    fn rights_and_units_are_never_the_same_element_of_a_digest() {
        let sku = Sku::new("A").unwrap();
        assert_eq!(rights_element(&sku, 0), None);
        for units in [1, 256, i64::MAX] {
            assert_ne!(rights_element(&sku, units), digest_element(&sku, units));
        }
    }

    #[test]
    fn what_ends_a_hold_says_how_much_of_it() {
        let handed = fact(-3, Movement::HandOver { hold: hold() });
        assert_eq!(handed.ends_hold().map(|(_, units)| units), Some(3));
        let back = fact(0, Movement::PutBack { hold: hold(), quantity: 2 });
        assert_eq!(back.ends_hold().map(|(_, units)| units), Some(2));
        assert_eq!(fact(-1, Movement::Sale).ends_hold(), None);
    }

    proptest! {
        #[test]
        fn any_order_of_the_same_facts_gives_the_same_stock(
            moves in prop::collection::vec((-50_i64..50, 0_i64..100, any::<bool>()), 0..40),
            seed in any::<u64>(),
        ) {
            let facts: Vec<_> = moves.iter().map(|(delta, wall, count)| {
                let movement = if *count { Movement::Count { found: 1 } } else { Movement::Adjustment };
                (fact(*delta, movement), Hlc { wall: UtcMs(*wall), counter: 0 })
            }).collect();
            let fold = |facts: &[(StockFact, Hlc)]| {
                let mut stock = OnHand::default();
                facts.iter().for_each(|(fact, at)| stock.apply(fact, *at));
                stock
            };
            let mut shuffled = facts.clone();
            shuffled.sort_by_key(|(fact, at)| seed.wrapping_mul((fact.delta + at.wall.0).unsigned_abs() | 1));
            prop_assert_eq!(fold(&facts), fold(&shuffled));
        }
    }
}
