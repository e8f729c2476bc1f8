//! Faults as they strike, and the end of all of them.

use super::dice::Dice;
use super::kind::Kind;
use super::staff::{self, Mood};
use super::world::{World, topic_of};
use anyhow::{Context, Result, bail, ensure};
use holdfast_agent::flows::sync::request;
use holdfast_agent::ports::ledger::{Cut, Identity, Replica};
use holdfast_platform::sqlite::mishap::{self, Mishap};
use holdfast_shared::document::Heads;
use holdfast_shared::ids::DocumentId;
use holdfast_shared::wire::signal;
use holdfast_shared::wire::sync::{DocumentHeads, SyncMessage, SyncRequest, SyncResponse};

/// Of the time after the last fault, in which both sides must come level: a quarter of an hour.
pub(super) const HEALING_STEPS_MAX: u64 = 300;
const HEALING_STEP_MS: i64 = 3_000;
const HOUR_MS: i64 = 3_600_000;
const YEAR_MS: i64 = 365 * 24 * HOUR_MS;

impl World {
    /// # Errors
    /// When something that was answered is gone, or a process does not start.
    pub(super) async fn come_back(&mut self, step: u64) -> Result<()> {
        let now = self.now();
        if self.office.is_down() && self.office.back_at_step <= step {
            self.office.start(&self.fate, self.at_ms)?;
            self.fate.say("central is back");
            self.office.know_apart().await?;
            self.find_out().await?;
            for wish in self.wishes.iter().filter(|wish| !self.lost.contains(&wish.order)) {
                let kept = self.checks.watcher.eye.has_order(&wish.order)?;
                ensure!(kept, "NO_LOST_ACK: order {} was acknowledged and is gone", wish.order);
            }
        }
        if step >= self.office.uplink_lost_until_step {
            self.checks.watcher.uplink_back();
        }
        if step == self.office.full_until_step {
            mishap::over(&self.office.file);
        }
        for shop in &mut self.shops {
            if step == shop.full_until_step {
                mishap::over(&shop.file);
            }
            if shop.ledger.is_none() && !shop.retired && shop.back_at_step <= step {
                shop.start(&self.fate, now)?;
                self.fate.say(format_args!("{} is back as {}", shop.name(), shop.boot));
            }
        }
        Ok(())
    }

    pub(super) fn strike(&mut self, step: u64) -> Result<()> {
        self.strike_central(step)?;
        self.strike_centrals_disk(step)?;
        self.strike_outside(step);
        let index = self.fate.dice("victim", 0).index(self.shops.len());
        self.strike_network(index, step);
        self.strike_box(index, step)?;
        self.strike_clock(index);
        self.strike_clone(index, step)
    }

    fn strike_central(&mut self, step: u64) -> Result<()> {
        if let Some(dice) = self.fate.strikes(Kind::CentralCrashed, 0) {
            self.office.crash(step + dice.steps(0, 6));
            self.fate.say("central crashes");
        }
        if let Some(dice) = self.fate.strikes(Kind::CentralPaused, 0) {
            self.office.paused_until_step = step + dice.steps(4, 40);
            self.fate.say("central stands still");
        }
        if let Some(dice) = self.fate.strikes(Kind::BrokerLost, 0) {
            self.office.broker_lost_until_step = step + dice.steps(10, 60);
            self.fate.say("the broker is lost");
        }
        if let Some(dice) = self.fate.strikes(Kind::UplinkLost, 0)
            && step >= self.office.uplink_lost_until_step
        {
            self.office.uplink_lost_until_step = step + dice.steps(10, 60);
            self.checks.watcher.uplink_lost(&self.office, &self.shops, &self.tenant, self.at_ms);
            self.fate.say("central is cut off from all");
        }
        if let Some(dice) = self.fate.strikes(Kind::CentralClockStepped, 0) {
            self.office.skew_ms = wrong_clock(&dice, self.now().utc.0);
            self.fate.say(format_args!("central's clock is wrong by {} ms", self.office.skew_ms));
        }
        Ok(())
    }

    fn strike_centrals_disk(&mut self, step: u64) -> Result<()> {
        if self.office.is_down() {
            return Ok(());
        }
        if let Some(dice) = self.fate.strikes(Kind::CentralPowerLost, 0) {
            self.office.lose_power(&self.fate, self.now())?;
            self.office.back_at_step = step + dice.steps(1, 6);
            self.checks.watcher.eye.moved(&self.office.file)?;
            self.fate.say("central loses power");
        }
        if !self.office.is_down() {
            self.strike_restore(step)?;
        }
        if step < self.office.full_until_step {
            return Ok(());
        }
        if let Some(dice) = self.fate.strikes(Kind::CentralDiskFull, 0) {
            self.office.full_until_step = step + dice.steps(5, 40);
            mishap::befalls(&self.office.file, Mishap::DiskFull, 0);
            self.fate.say("central's disk is full");
        } else if let Some(dice) = self.fate.strikes(Kind::CentralKilledInside, 0) {
            mishap::befalls(&self.office.file, killing(&dice), commits(&dice));
        } else if let Some(dice) = self.fate.strikes(Kind::CentralCommitFailed, 0) {
            mishap::befalls(&self.office.file, Mishap::CommitFails, commits(&dice));
        }
        Ok(())
    }

    fn strike_network(&mut self, index: usize, step: u64) {
        let Some(shop) = self.shops.get_mut(index) else { return };
        for (kind, until) in [
            (Kind::StoreCutOff, &mut shop.cuts.all),
            (Kind::RequestsCut, &mut shop.cuts.requests),
            (Kind::AnswersCut, &mut shop.cuts.answers),
        ] {
            if let Some(dice) = self.fate.strikes(kind, index) {
                *until = step + dice.steps(10, 90);
                self.fate.say(format_args!("{}: {}", shop.identity.store, kind.words()));
            }
        }
    }

    fn strike_box(&mut self, index: usize, step: u64) -> Result<()> {
        let now = self.now();
        let twin = self.has_twin(index);
        let Some(shop) = self.shops.get_mut(index).filter(|shop| !shop.retired) else { return Ok(()) };
        let backs_up = self.fate.plan().permille(Kind::AgentRestored) > 0;
        if backs_up && step.is_multiple_of(3) && self.fate.dice("backup", index).happens(200) {
            shop.back_up()?;
        }
        if let Some(dice) = self.fate.strikes(Kind::AgentCrashed, index) {
            let down = if dice.happens(500) { 0 } else { dice.steps(0, 50) };
            shop.crash(step + down);
            self.fate.say(format_args!("{} crashes", shop.name()));
        }
        if let Some(dice) = self.fate.strikes(Kind::AgentPowerLost, index) {
            shop.lose_power(&self.fate, now)?;
            shop.back_at_step = step + dice.steps(1, 30);
            self.checks.moved(shop)?;
            self.fate.say(format_args!("{} loses power", shop.name()));
        }
        // What central lost too would be gone from the whole world. A disk of before makes a box that is
        // kept apart look like one that is not.
        let alone = twin || self.checks.watcher.may_lack(shop)?;
        if shop.backup.is_some()
            && !alone
            && let Some(dice) = self.fate.strikes(Kind::AgentRestored, index)
        {
            shop.restore(now.mono.0)?;
            shop.back_at_step = step + dice.steps(1, 10);
            self.checks.restored(shop)?;
            self.fate.say(format_args!("{} is restored from a backup", shop.name()));
        }
        shop.slow_ms = self.fate.strikes(Kind::SlowDisk, index).map_or(0, |dice| dice.between(50, 3_000));
        if step < shop.full_until_step || shop.ledger.is_none() {
            return Ok(());
        }
        if let Some(dice) = self.fate.strikes(Kind::AgentDiskFull, index) {
            shop.full_until_step = step + dice.steps(5, 60);
            mishap::befalls(&shop.file, Mishap::DiskFull, 0);
            self.fate.say(format_args!("{}: the disk is full", shop.name()));
        } else if let Some(dice) = self.fate.strikes(Kind::AgentKilledInside, index) {
            mishap::befalls(&shop.file, killing(&dice), commits(&dice));
        } else if let Some(dice) = self.fate.strikes(Kind::AgentCommitFailed, index) {
            mishap::befalls(&shop.file, Mishap::CommitFails, commits(&dice));
        }
        Ok(())
    }

    fn strike_clock(&mut self, index: usize) {
        let now = self.now().utc.0;
        let Some(shop) = self.shops.get_mut(index) else { return };
        if let Some(dice) = self.fate.strikes(Kind::AgentClockStepped, index) {
            shop.skew_ms = wrong_clock(&dice, now);
            self.fate.say(format_args!("{}: the clock is wrong by {} ms", shop.name(), shop.skew_ms));
        }
    }

    /// `ISOLATED`: a store sends, asks for and speaks as what belongs to another.
    pub(super) async fn claim_foreign(&mut self, dice: &Dice) -> Result<()> {
        if self.fate.step() < self.office.uplink_lost_until_step {
            return Ok(());
        }
        let (a, b) = (dice.index(self.shops.len()), dice.index(self.shops.len()));
        let now = self.now();
        let (Some(robbed), Some(robber)) = (self.shops.get(a), self.shops.get(b)) else { return Ok(()) };
        let foreign = robbed.identity.store != robber.identity.store;
        let (Some(theirs), Some(own), true) = (&robbed.ledger, &robber.ledger, foreign) else {
            return Ok(());
        };
        let (Ok(cut), Ok(own)) = (theirs.cut(robbed.clock(now)).await, own.cut(robber.clock(now)).await)
        else {
            return Ok(());
        };
        let Identity { store, replica, boot, .. } = robbed.told_identity();
        let name = DocumentId::Stock { store, replica, boot, n: 1 };
        let sent: Vec<String> = cut.documents.iter().map(|frame| frame.name().to_owned()).collect();
        let asked = name.to_string();
        let mut request = speaking(own);
        request.documents = cut.documents;
        request.asks = vec![DocumentHeads::new(&name, &Heads::empty())];
        let (bytes, claim) = (request.encode()?, &robber.identity);
        // Central may be killed before it can answer, and has said so all the same.
        let topic = topic_of(robbed);
        let claims = sent.iter().map(|name| format!("{} sent {name}, ", claim.replica));
        let spoken = format!("{} sent a message on {topic} ", claim.replica);
        self.checks.watcher.foreign_claims.extend(claims.chain([spoken]));
        let Some(answer) = self.office.sync(claim, &bytes, &self.fate, now).await? else { return Ok(()) };
        let answer = SyncResponse::decode(&answer)?;
        let theirs = |name: &str| name == asked || sent.iter().any(|sent| sent == name);
        let given = answer.documents.iter().map(|frame| frame.name());
        let taken = answer.acknowledged.iter().map(|heads| heads.name());
        if let Some(name) = given.chain(taken).find(|name| theirs(name)) {
            bail!("ISOLATED: {} was given or let write {name} of {}", robber.name(), robbed.name());
        }
        let thief = robber.identity.clone();
        let Some(beat) = self.shops.get_mut(a).context("nobody")?.heartbeat(now).await? else {
            return Ok(());
        };
        let heard = self.office.hear(&topic, &thief, &signal::encode(&beat)?, &self.fate, now).await?;
        ensure!(!heard, "ISOLATED: {} spoke for {topic} and was believed", thief.store);
        Ok(())
    }

    /// The last fault is over: everything must come to rest, on both sides alike.
    ///
    /// # Errors
    /// What does not hold.
    pub async fn begin_healing(&mut self, step: u64) -> Result<()> {
        self.fate.begin_step(step);
        self.fate.heal();
        self.fate.say("all is healed");
        mishap::over(&self.office.file);
        self.bury();
        self.heal_outside();
        (self.office.back_at_step, self.office.paused_until_step) = (0, 0);
        (self.office.broker_lost_until_step, self.office.uplink_lost_until_step) = (0, 0);
        (self.office.full_until_step, self.office.skew_ms) = (0, 0);
        for shop in &mut self.shops {
            mishap::over(&shop.file);
            (shop.back_at_step, shop.full_until_step, shop.slow_ms) = (0, 0, 0);
            shop.cuts = super::shop::Cuts::default();
            shop.skew_ms = shop.skew_ms.clamp(-20_000, 20_000);
        }
        self.come_back(step).await?;
        let now = self.now();
        for shop in self.shops.iter_mut().filter(|shop| shop.closed) {
            staff::closure(shop, true, &self.fate.dice("opening", shop.index), &self.fate, now).await?;
        }
        Ok(())
    }

    /// Whether all has come to rest after this step.
    ///
    /// # Errors
    /// What does not hold.
    pub async fn heal(&mut self, step: u64) -> Result<bool> {
        self.fate.begin_step(step);
        self.at_ms += HEALING_STEP_MS;
        self.give_up_boxes_that_are_gone().await?;
        self.arrive(step).await?;
        self.repeat_what_is_lost().await?;
        self.customer_service().await?;
        let now = self.now();
        for shop in &mut self.shops {
            staff::say_unsure(shop, &self.fate, now).await?;
            for _ in 0..3 {
                let dice = self.fate.dice("diligent", shop.index);
                shop.wants_sync |= staff::work(shop, Mood::Diligent, &dice, &self.fate, now).await?;
            }
        }
        self.parcels_come(step).await?;
        self.twins_speak();
        self.go_on(step).await?;
        self.tech(true).await?;
        Ok(self.unrest().await?.is_none() && !self.some_days_pass())
    }
}

/// As the agent's own flow would ask, with nothing to send.
pub(super) fn speaking(cut: Cut) -> SyncRequest {
    let silent = Cut { documents: Vec::new(), asks: Vec::new(), losses: Vec::new(), more: false, ..cut };
    request(silent, None)
}

fn killing(dice: &Dice) -> Mishap {
    if dice.happens(500) { Mishap::KilledBefore } else { Mishap::KilledAfter }
}

/// How many commits go well before the one that does not.
fn commits(dice: &Dice) -> u32 {
    dice.pick(&[0, 0, 1, 2, 3, 5, 8]).copied().unwrap_or(0)
}

/// Hours, years, 1970, and right again.
fn wrong_clock(dice: &Dice, now_ms: i64) -> i64 {
    let wrong = [0, 0, HOUR_MS, -HOUR_MS, 6 * HOUR_MS, -6 * HOUR_MS, YEAR_MS, -YEAR_MS, -now_ms + 60_000];
    dice.pick(&wrong).copied().unwrap_or(0)
}
