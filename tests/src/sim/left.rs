//! What has left all stores, by the books and at the door, against what was ordered.

use super::overrides::Overrides;
use anyhow::{Context, Result, ensure};
use holdfast_central::flows::place_order::PlaceOrder;
use holdfast_shared::domain::stock::HoldRef;
use holdfast_shared::ids::{FactId, LineNo, OrderId, Sku, StoreId, TaskId};
use std::collections::{BTreeMap, BTreeSet};

/// Lines with a greater number stand in for the line whose number is the rest.
const ORDERED_LINES: u32 = 1_000;

/// The line as it was ordered.
#[must_use]
pub const fn as_ordered(line: LineNo) -> LineNo {
    if line.0 > ORDERED_LINES { LineNo(line.0 % ORDERED_LINES) } else { line }
}

/// The order whose goods travel to a store by this one.
pub(super) fn travels_for(order: &OrderId) -> Option<OrderId> {
    order.as_str().strip_suffix("-g")?.parse().ok()
}

/// Goods that were carried out for another store.
#[derive(Debug)]
pub struct Sent {
    pub(super) task: TaskId,
    pub(super) from: StoreId,
    /// What the paper on it says.
    pub(super) note: String,
    pub(super) sku: Sku,
    pub(super) units: i64,
}

/// Who ordered what, and what of it has left, over all stores.
#[derive(Debug, Default)]
pub struct Ledger {
    ordered: BTreeMap<(OrderId, LineNo), (Sku, i64)>,
    /// Hand-overs that the books have.
    pub told: BTreeSet<(StoreId, FactId)>,
    /// By what was taken off the books, as it was ordered or in its place.
    booked: BTreeMap<(OrderId, LineNo), i64>,
    /// By what was carried out of the door, of each SKU and of all.
    carried: BTreeMap<(OrderId, Option<Sku>), i64>,
    /// Since somebody asked.
    sent: Vec<Sent>,
    pub overrides: Overrides,
}

impl Ledger {
    pub fn ordered(&mut self, wish: &PlaceOrder) {
        for (line, n) in wish.request.lines.iter().zip(1..) {
            let key = (wish.order.clone(), LineNo(n));
            self.ordered.insert(key, (line.sku.clone(), line.quantity));
        }
    }

    /// Units that may leave for the order: those of a line, those that may come as this SKU, or all. Whatever
    /// travels for an order to where it comes together is for units of that order.
    fn wanted(&self, order: &OrderId, line: Option<LineNo>, sku: Option<&Sku>) -> i64 {
        let travels_for = travels_for(order);
        let of = travels_for.as_ref().unwrap_or(order);
        let (line, sku) = if travels_for.is_some() { (None, None) } else { (line, sku) };
        let lines = self.ordered.iter().filter(|((order, _), _)| order == of);
        let meant = lines.filter(|((_, number), (asked, _))| {
            line.is_none_or(|line| line == *number)
                && sku.is_none_or(|sku| sku == asked || self.overrides.stands_in(of, *number, sku))
        });
        meant.map(|(_, (_, units))| units).sum()
    }

    /// `NO_DOUBLE_SHIP`, by the books: whether as it was ordered or as something else.
    ///
    /// # Errors
    /// When more left than was ordered.
    pub fn leaves(&mut self, hold: &HoldRef, gone: i64) -> Result<()> {
        let order =
            self.overrides.order_of(&hold.task).context("goods left for a task that was never offered")?;
        let number = if travels_for(order).is_some() { LineNo(0) } else { as_ordered(hold.line) };
        let of_line = (number.0 > 0).then_some(number);
        let answered_for = self.overrides.answered_for(order, of_line, None);
        let wanted = self.wanted(order, of_line, None);
        ensure!(wanted > 0, "goods left for an order that nobody placed");
        let sum = self.booked.entry((order.clone(), number)).or_default();
        *sum += gone;
        ensure!(
            *sum <= wanted + answered_for,
            "NO_DOUBLE_SHIP: {sum} units of {order} line {number} left, {wanted} ordered"
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
        from: &StoreId,
        (task, sku, units): (&TaskId, &Sku, i64),
        cloned: &BTreeSet<StoreId>,
    ) -> Result<()> {
        let order = self.overrides.order_of(task).context("goods left for a task that was never offered")?;
        let excused = self.overrides.is_given_to(order, cloned);
        for of in [Some(sku), None] {
            let allowed = self.wanted(order, None, of) + self.overrides.answered_for(order, None, of);
            let sum = self.carried.entry((order.clone(), of.cloned())).or_default();
            *sum += units;
            ensure!(
                *sum <= allowed || excused,
                "NO_DOUBLE_SHIP: {sum} units ({of:?}) went out for {order}, {allowed} may"
            );
        }
        if travels_for(order).is_some() && units > 0 {
            let note = self.overrides.note_of(task).unwrap_or_default().to_owned();
            let (task, from, sku) = (task.clone(), from.clone(), sku.clone());
            self.sent.push(Sent { task, from, note, sku, units });
        }
        Ok(())
    }

    pub fn sent(&mut self) -> Vec<Sent> {
        std::mem::take(&mut self.sent)
    }
}
