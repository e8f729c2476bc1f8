//! Central is put back from a backup: what of its machine comes with the database, who finds out,
//! and what storefronts do about the orders that are lost.

use super::head_office::HeadOffice;
use super::kind::Kind;
use super::people::{self, Before};
use super::strike::speaking;
use super::world::World;
use super::{disk, eye};
use anyhow::{Result, ensure};
use holdfast_agent::ports::ledger::Replica;
use holdfast_central::flows::place_order::PlaceOrder;
use holdfast_central::ports::recovery::Recoveries;
use holdfast_platform::sqlite::witness_path;
use holdfast_shared::ids::{Actor, ReplicaId};
use holdfast_shared::wire::sync::SyncMessage;
use std::path::Path;

/// How often a backup may be made, where backups are restored.
const BACKUP_EVERY_STEPS: u64 = 10;

/// What the operator put back, and what lies beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// The database alone, beside the witness of what was there.
    BesideWitness,
    /// The database alone, on a machine that never had another.
    WithoutWitness,
    /// The machine as it was then, and the operator says so.
    ImageTold,
    /// The machine as it was then, and nobody says anything.
    Image,
}

const HOW: &[How] =
    &[How::BesideWitness, How::BesideWitness, How::WithoutWitness, How::ImageTold, How::Image];

impl HeadOffice {
    /// # Errors
    /// When the files cannot be copied.
    pub fn back_up(&mut self) -> Result<()> {
        let file = self.next_file();
        disk::copy(&self.file, &file)?;
        self.backup = Some(file);
        Ok(())
    }

    /// The database is as it was then; everything since is gone.
    fn restore(&mut self, backup: &Path, how: How) -> Result<()> {
        let witness = witness_path(&self.file);
        self.stop();
        self.go_on_with(backup)?;
        match how {
            How::BesideWitness => {
                std::fs::copy(witness, witness_path(&self.file))?;
            }
            How::WithoutWitness => std::fs::remove_file(witness_path(&self.file))?,
            How::ImageTold | How::Image => {}
        }
        // Who puts a disk back takes one with room, and sees central start.
        (self.full_until_step, self.paused_until_step) = (0, 0);
        self.put_back = Some(how);
        Ok(())
    }
}

impl World {
    pub(super) fn strike_restore(&mut self, step: u64) -> Result<()> {
        let restores = self.fate.plan().permille(Kind::CentralRestored) > 0;
        if restores
            && step.is_multiple_of(BACKUP_EVERY_STEPS)
            && self.fate.dice("backup of central", 0).happens(600)
        {
            self.office.back_up()?;
        }
        let Some(backup) = self.office.backup.clone() else { return Ok(()) };
        // What a box lost with its disk is at central alone: a second disaster at once is one too many.
        if !self.checks.owe_nothing() || self.has_twins() {
            return Ok(());
        }
        let Some(dice) = self.fate.strikes(Kind::CentralRestored, 0) else { return Ok(()) };
        let how = dice.pick(HOW).copied().unwrap_or(How::BesideWitness);
        let parcels = self.checks.watcher.eye.parcels()?;
        self.office.restore(&backup, how)?;
        self.office.back_at_step = step + dice.steps(1, 6);
        let (was, is) = self.checks.watcher.restored(&self.office.file, how == How::BesideWitness)?;
        self.deliveries.forgot(&parcels, &self.checks.watcher.eye)?;
        for wish in &self.wishes {
            // One that only its store knew is there without its request.
            if self.checks.watcher.eye.adopted(&wish.order)?.is_some_and(|adopted| adopted != 1) {
                continue;
            }
            let was_there = was.orders.contains(&wish.order) || self.lost.contains(&wish.order);
            ensure!(was_there, "NO_LOST_ACK: order {} was acknowledged and is gone", wish.order);
            self.lost.insert(wish.order.clone());
        }
        let lost = was.orders.difference(&is.orders).count();
        self.fate.say(format_args!("central is restored from a backup, {how:?}: {lost} orders are lost"));
        Ok(())
    }

    /// Central runs again after a restore: it found out itself, is told, or hears it from a store.
    pub(super) async fn find_out(&mut self) -> Result<()> {
        let Some(how) = self.office.put_back.take() else { return Ok(()) };
        let now = self.now();
        let told = match how {
            How::BesideWitness | How::WithoutWitness => true,
            How::ImageTold => false,
            How::Image => self.somebody_tells().await?,
        };
        // Killed before it could answer: who knows tells at the next start.
        let Some(store) = self.office.store() else {
            self.office.put_back = Some(how);
            return Ok(());
        };
        if !told {
            store.begin_recovery("an operator said so", self.office.clock(now).utc).await?;
        }
        self.fate.mark(match (how, told) {
            (How::BesideWitness, _) => "witness_told",
            (How::WithoutWitness, _) => "no_witness_told",
            (How::Image, true) => "echo_told",
            (How::ImageTold | How::Image, _) => "operator_told",
        });
        Ok(())
    }

    /// The first word after the start comes from a box that has heard more than central ever said. Where
    /// there is none, no store can tell, and operators must.
    async fn somebody_tells(&mut self) -> Result<bool> {
        let now = self.now();
        for shop in &self.shops {
            let Some(ledger) = &shop.ledger else { continue };
            let Ok(cut) = ledger.cut(shop.clock(now)).await else { continue };
            let eye: &eye::CentralEye = &self.checks.watcher.eye;
            if !eye.is_surpassed(&shop.identity.store, cut.incarnation, cut.cursor)? {
                continue;
            }
            let bytes = speaking(cut).encode()?;
            // A central that stands still hears nobody.
            if self.office.sync(&shop.identity, &bytes, &self.fate, now).await?.is_none() {
                return Ok(false);
            }
            self.fate.say(format_args!("{} has heard of more than central knows", shop.name()));
            return Ok(true);
        }
        Ok(false)
    }

    /// A storefront that finds out what was lost asks again, under the same key.
    pub(super) async fn order_again(&mut self, wish: &PlaceOrder) -> Result<()> {
        let now = self.now();
        if !self.lost.contains(&wish.order) {
            people::place(&self.office, wish, Before::Answered, &self.fate, now).await?;
        } else if people::place(&self.office, wish, Before::Lost, &self.fate, now).await? == Some(true) {
            self.lost.remove(&wish.order);
            self.fate.mark("lost_order_repeated");
        }
        Ok(())
    }

    /// Orders that a store brought back wait for their request; of the rest some never come again.
    pub(super) async fn repeat_what_is_lost(&mut self) -> Result<()> {
        for wish in self.wishes.clone() {
            if !self.lost.contains(&wish.order) {
                continue;
            }
            let known = self.checks.watcher.eye.has_order(&wish.order)?;
            if known || self.fate.dice("asks once more", 0).happens(100) {
                self.order_again(&wish).await?;
            }
        }
        Ok(())
    }
}

impl World {
    /// At the end: a person says not to wait for a store all of whose boxes that are there have told.
    ///
    /// # Errors
    /// When central fails.
    pub(super) async fn give_up_boxes_that_are_gone(&self) -> Result<()> {
        let Some(store) = self.office.store() else { return Ok(()) };
        let Some(recovery) = store.recovery(&self.tenant).await? else { return Ok(()) };
        let is_there = |replica: &ReplicaId| {
            self.shops.iter().any(|shop| !shop.retired && shop.identity.replica == *replica)
        };
        for gone in recovery.stores.iter().filter(|one| one.is_waited_for() && !is_there(&one.replica)) {
            let mut boxes = recovery.stores.iter().filter(|one| one.store == gone.store);
            if boxes.any(|one| one.is_waited_for() && is_there(&one.replica)) {
                continue;
            }
            let actor = Actor::new("eve")?;
            let why = "that box was thrown away";
            store.override_recovery(&self.tenant, &gone.store, why, &actor, self.now().utc).await?;
            self.fate.say(format_args!("nobody waits for {} of {}", gone.replica, gone.store));
            self.fate.mark("recovery_overridden");
        }
        Ok(())
    }
}
