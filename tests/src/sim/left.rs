//! What has left all stores, by the books and at the door, against what was ordered.

use super::overrides::Overrides;
use anyhow::{Context, Result, ensure};
use holdfast_central::flows::place_order::PlaceOrder;
use holdfast_shared::domain::stock::HoldRef;
use holdfast_shared::ids::{FactId, LineNo, OrderId, Sku, StoreId, TaskId};
use std::collections::{BTreeMap, BTreeSet};

/// Who ordered what, and what of it has left, over all stores.
#[derive(Debug, Default)]
pub struct Ledger {
    ordered: BTreeMap<(OrderId, LineNo), (Sku, i64)>,
    /// Hand-overs that the books have.
    pub told: BTreeSet<(StoreId, FactId)>,
    /// By what was taken off the books.
    booked: BTreeMap<(OrderId, LineNo), i64>,
    /// By what was carried out of the door.
    carried: BTreeMap<(OrderId, Sku), i64>,
    pub overrides: Overrides,
}

impl Ledger {
    pub fn ordered(&mut self, wish: &PlaceOrder) {
        for (line, n) in wish.request.lines.iter().zip(1..) {
            let key = (wish.order.clone(), LineNo(n));
            self.ordered.insert(key, (line.sku.clone(), line.quantity));
        }
    }

    /// `NO_DOUBLE_SHIP`, by the books.
    ///
    /// # Errors
    /// When more left than was ordered.
    pub fn leaves(&mut self, hold: &HoldRef, gone: i64) -> Result<()> {
        let order =
            self.overrides.order_of(&hold.task).context("goods left for a task that was never offered")?;
        let line = (order.clone(), hold.line);
        let answered_for = self.overrides.answered_for(order, Some(hold.line), None);
        let (_, wanted) = self.ordered.get(&line).context("goods left for an order that nobody placed")?;
        let sum = self.booked.entry(line).or_default();
        *sum += gone;
        ensure!(
            *sum <= *wanted + answered_for,
            "NO_DOUBLE_SHIP: {sum} units of {order} line {} left, {wanted} ordered",
            hold.line
        );
        Ok(())
    }

    /// `NO_DOUBLE_SHIP`, at the door. Two boxes with one disk have one release, until they are known as
    /// two: what one of them gives up the other may carry out.
    ///
    /// # Errors
    /// When more left than was ordered.
    pub fn carried_out(
        &mut self,
        task: &TaskId,
        sku: &Sku,
        units: i64,
        cloned: &BTreeSet<StoreId>,
    ) -> Result<()> {
        let order = self.overrides.order_of(task).context("goods left for a task that was never offered")?;
        let answered_for = self.overrides.answered_for(order, None, Some(sku));
        let lines = self.ordered.iter().filter(|((of, _), (wanted, _))| of == order && wanted == sku);
        let wanted: i64 = lines.map(|(_, (_, units))| units).sum();
        let sum = self.carried.entry((order.clone(), sku.clone())).or_default();
        *sum += units;
        ensure!(
            *sum <= wanted + answered_for || self.overrides.is_given_to(order, cloned),
            "NO_DOUBLE_SHIP: {sum} units of {sku} went out for {order}, {wanted} ordered"
        );
        Ok(())
    }
}
