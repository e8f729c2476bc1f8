//! Goods on their way from one store to another: they come early or late, the paper that says whose they are
//! is read or not, and some never come.

use super::kind::Kind;
use super::left::Sent;
use super::staff;
use super::world::World;
use anyhow::{Context, Result};
use holdfast_shared::ids::{Sku, StoreId, TaskId};

/// On the way for at most so many steps.
const STEPS_MAX: u64 = 40;

#[derive(Debug, Clone)]
pub struct Parcel {
    pub(super) task: TaskId,
    pub(super) from: StoreId,
    pub(super) to: StoreId,
    pub(super) sku: Sku,
    pub(super) units: i64,
    pub(super) due_step: u64,
}

impl World {
    /// What was carried out for another store since the last look takes the road.
    pub(super) fn send_parcels(&mut self, step: u64) -> Result<()> {
        for Sent { task, from, note, sku, units } in self.checks.sent() {
            let to = note.strip_prefix("Goes to ").and_then(|rest| rest.split(',').next());
            let to: StoreId = to.context("a parcel for a store that does not say for which")?.parse()?;
            if let Some(shop) = self.shops.iter().position(|shop| shop.identity.store == from)
                && self.fate.strikes(Kind::ParcelLost, shop).is_some()
            {
                self.fate.say(format_args!("{units} x {sku} of {task} are lost on their way to {to}"));
                continue;
            }
            let due_step = step + self.fate.dice("parcel", 0).steps(1, STEPS_MAX);
            self.fate.say(format_args!("{units} x {sku} of {task} go to {to}"));
            self.parcels.push(Parcel { task, from, to, sku, units, due_step });
        }
        Ok(())
    }

    /// Staff record in what has come; what cannot be recorded now waits at the door.
    pub(super) async fn parcels_come(&mut self, step: u64) -> Result<()> {
        let now = self.now();
        let (due, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.parcels).into_iter().partition(|parcel| parcel.due_step <= step);
        self.parcels = rest;
        for parcel in due {
            let there = |shop: &&mut super::shop::Shop| {
                shop.identity.store == parcel.to && shop.ledger.is_some() && !shop.retired
            };
            let Some(shop) = self.shops.iter_mut().find(there) else {
                self.parcels.push(parcel);
                continue;
            };
            let dice = self.fate.dice("unpacks", shop.index);
            if staff::unpacks(shop, &parcel, &dice, &self.fate, now).await? {
                self.fate.mark("parcel_came");
            } else {
                self.parcels.push(parcel);
            }
        }
        Ok(())
    }
}
