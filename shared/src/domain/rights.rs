//! Escrow of scarce SKUs: central promises only units that the store has ceded to it, and the store
//! sells only the others. Each side goes by what it knows, so neither oversells while it is cut off.
//!
//! Rights are a sum of facts ([`super::stock::StockFact::rights`]). Only the store raises them, for
//! units that it has free; only central lowers them, for units that it has promised to nobody; and
//! what leaves for an order takes its right along. So each side knows of at most as many units for
//! itself as there are, whatever it has not heard yet, and no time comes into it.

use crate::limits::QUANTITY_MAX;

/// The units of one SKU as the store knows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shelf {
    pub on_hand: i64,
    pub rights: i64,
    /// Units set aside for orders.
    pub set_aside: i64,
    /// Those of them that were promised out of the rights.
    pub set_aside_ceded: i64,
}

impl Shelf {
    /// What the till may sell. Below zero when it sold what was not its to sell.
    #[must_use]
    pub fn free(&self) -> i64 {
        // What is set aside out of rights is in them already, unless they have not arrived yet.
        let others = self.set_aside.saturating_sub(self.set_aside_ceded);
        let centrals = self.rights.max(self.set_aside_ceded);
        self.on_hand.saturating_sub(others).saturating_sub(centrals)
    }

    /// What the store cedes now, when central wants `target` units of it.
    #[must_use]
    pub fn to_cede(&self, target: i64) -> i64 {
        let lacking = target.saturating_sub(self.rights.max(self.set_aside_ceded));
        lacking.min(self.free()).clamp(0, QUANTITY_MAX)
    }

    /// Units that central was given and that are not there any more.
    #[must_use]
    pub fn overdrawn(&self) -> i64 {
        self.rights.saturating_sub(self.on_hand.max(0)).max(0)
    }
}

/// The rights to one SKU of one store as central knows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ceded {
    pub rights: i64,
    /// Those that orders hold.
    pub held: i64,
}

impl Ceded {
    /// What central may promise.
    #[must_use]
    pub fn unheld(&self) -> i64 {
        self.rights.saturating_sub(self.held).max(0)
    }

    /// What central gives back when it wants no more than `target`.
    #[must_use]
    pub fn to_return(&self, target: i64) -> i64 {
        self.rights.saturating_sub(target).min(self.unheld()).clamp(0, QUANTITY_MAX)
    }
}

#[cfg(test)]
mod tests;
