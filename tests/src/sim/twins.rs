//! Several boxes in one store: a clone that shares its original's identity, until central keeps one
//! of the two apart and a tech decides; and standbys, which have an identity of their own.

use super::chain;
use super::disk;
use super::eye::CentralEye;
use super::fate::Fate;
use super::head_office::HeadOffice;
use super::kind::Kind;
use super::shop::Shop;
use super::world::World;
use anyhow::{Context, Result, bail, ensure};
use holdfast_agent::ports::ledger::Ledger;
use holdfast_central::flows::quarantine::{ABox, decide};
use holdfast_central::ports::access::ReplicaIdentity;
use holdfast_central::ports::boxes::{Decided, Decision};
use holdfast_shared::error::Code;
use holdfast_shared::ids::{Actor, BootId, FactId, StoreId};
use rusqlite::{OptionalExtension, params};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

const COPY_OF: &str = "SELECT copy FROM replica_boot
    WHERE store = ?1 AND replica = ?2 AND boot = ?3 AND standing = 'quarantined'";
const CHANGE_KEPT: &str = "SELECT 1 FROM quarantine_change WHERE document = ?1 AND hash = ?2";
const IS_KEPT: &str = "SELECT 1 FROM quarantine_fact WHERE store = ?1 AND fact = ?2";
const DECISION: &str = "SELECT decision FROM quarantine WHERE store = ?1 AND replica = ?2 AND copy = ?3";
const TOLD: &str = "SELECT detail FROM exception WHERE key = ?1";

/// Two boxes with one disk, and one identity until somebody decides.
#[derive(Debug)]
pub struct Pair {
    boxes: [usize; 2],
    /// What both had recorded when the disk was copied.
    common: BTreeSet<FactId>,
    apart: Option<Apart>,
    /// One of them has another identity, or is switched off.
    resolved: bool,
    traded: bool,
}

/// One of the two is kept apart.
#[derive(Debug)]
struct Apart {
    index: usize,
    /// The one that speaks for the store.
    other: usize,
    copy: BootId,
    /// What it recorded, and those of it that central had not merged before.
    seen: BTreeSet<FactId>,
    outside: BTreeSet<FactId>,
}

impl CentralEye {
    /// The boot that a box is known by, if it is kept apart.
    fn copy_of(&self, shop: &Shop) -> Result<Option<BootId>> {
        let key = params![shop.identity.store.as_str(), shop.identity.replica.as_str(), shop.boot.as_str()];
        let copy: Option<String> =
            self.connection.prepare_cached(COPY_OF)?.query_row(key, |row| row.get(0)).optional()?;
        Ok(copy.map(|copy| copy.parse()).transpose()?)
    }

    /// # Errors
    /// When the file cannot be read.
    pub fn is_kept(&self, store: &StoreId, fact: &FactId) -> Result<bool> {
        Ok(self.connection.prepare_cached(IS_KEPT)?.exists([store.as_str(), fact.as_str()])?)
    }

    /// # Errors
    /// When the file cannot be read.
    pub fn keeps_change(&self, document: &str, hash: &[u8; 32]) -> Result<bool> {
        Ok(self.connection.prepare_cached(CHANGE_KEPT)?.exists(params![document, hash])?)
    }

    /// What was decided about a box that is kept apart, on record.
    fn decision(&self, shop: &Shop, copy: &BootId) -> Result<Option<String>> {
        let key = [shop.identity.store.as_str(), shop.identity.replica.as_str(), copy.as_str()];
        let decision: Option<Option<String>> =
            self.connection.prepare_cached(DECISION)?.query_row(key, |row| row.get(0)).optional()?;
        Ok(decision.flatten())
    }

    fn told_of_copy(&self, shop: &Shop, copy: &BootId) -> Result<Option<String>> {
        let key = format!("cloned/{}/{}/{copy}", shop.identity.store, shop.identity.replica);
        Ok(self.connection.prepare_cached(TOLD)?.query_row([key], |row| row.get(0)).optional()?)
    }
}

impl Pair {
    fn has(&self, index: usize) -> bool {
        self.boxes.contains(&index)
    }

    /// Nothing of the box that is kept apart is merged before somebody decides.
    fn look(&mut self, eye: &CentralEye, shops: &[Shop], fate: &Fate) -> Result<()> {
        if self.apart.is_none() {
            for index in self.boxes {
                let Some(shop) = shops.get(index) else { continue };
                if let Some(copy) = eye.copy_of(shop)? {
                    both_are_named(eye, shop, &copy)?;
                    fate.say(format_args!("box {index} of {} is kept apart as {copy}", shop.name()));
                    fate.mark("kept_apart");
                    let other = self.boxes.into_iter().find(|other| *other != index).unwrap_or(index);
                    let (seen, outside) = (self.common.clone(), BTreeSet::new());
                    let mut apart = Apart { index, other, copy, seen, outside };
                    apart.look(eye, shops, true)?;
                    self.apart = Some(apart);
                    return Ok(());
                }
            }
        }
        let Some(apart) = &mut self.apart else { return Ok(()) };
        apart.look(eye, shops, false)
    }
}

impl Apart {
    /// At the first look some of what it said may count already: it spoke for the store until then. So may
    /// what it had recorded by then, and answered for only since; and what the other one said, and this
    /// one answers with.
    fn look(&mut self, eye: &CentralEye, shops: &[Shop], first: bool) -> Result<()> {
        let of = |index: usize| shops.get(index).context("nobody");
        let (shop, other) = (of(self.index)?, of(self.other)?);
        for fact in shop.acknowledged.difference(&self.seen) {
            let early = first || shop.answered_late.contains(fact) || other.acknowledged.contains(fact);
            if !(early && eye.has_fact(&shop.identity.store, fact)?) {
                self.outside.insert(fact.clone());
            }
        }
        self.seen.extend(shop.acknowledged.iter().cloned());
        for fact in &self.outside {
            if eye.has_fact(&shop.identity.store, fact)? {
                bail!("ISOLATED: {fact} of a box of {} that is kept apart was merged", shop.name());
            }
        }
        Ok(())
    }
}

/// What a tech heard of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heard {
    Answer,
    /// Central was killed before it could answer: the decision holds, and the tech asks once more.
    OnRecord,
    Nothing,
}

fn both_are_named(eye: &CentralEye, shop: &Shop, copy: &BootId) -> Result<()> {
    let told = eye.told_of_copy(shop, copy)?.context("ISOLATED: a box is kept apart, and nobody is told")?;
    let named = told.matches("(boot ").count();
    let both = named == 2 && told.contains(&format!("(boot {copy},"));
    ensure!(both, "ISOLATED: box {copy} of {} is kept apart, and people are told: {told}", shop.name());
    Ok(())
}

impl Shop {
    /// One more box in the same store.
    ///
    /// # Errors
    /// When its name makes no boot id.
    pub(super) fn beside(
        shop: &Self,
        index: usize,
        identity: ReplicaIdentity,
        file: PathBuf,
        fate: &Fate,
    ) -> Result<Self> {
        let mut another = Self::new(index, identity, file, fate)?;
        another.floor = Arc::clone(&shop.floor);
        // Devices of two boxes count apart.
        another.intents = u64::try_from(index)? * 1_000_000;
        Ok(another)
    }

    /// It has an empty database, and what it recorded before is not its own any more.
    pub fn begin_anew(&mut self) {
        self.before.append(&mut self.acknowledged);
        self.told.clear();
        self.unsure.clear();
        (self.backup, self.closed, self.retired) = (None, false, false);
    }

    /// A second box with the same disk, in the same store.
    fn clone_of(shop: &Self, index: usize, file: PathBuf, fate: &Fate) -> Result<Self> {
        disk::copy(&shop.file, &file)?;
        let mut clone = Self::beside(shop, index, shop.identity.clone(), file, fate)?;
        clone.acknowledged = shop.acknowledged.clone();
        clone.boots = shop.boots + 100;
        (clone.closed, clone.closed_at_ms) = (shop.closed, shop.closed_at_ms);
        Ok(clone)
    }
}

impl World {
    pub(super) fn strike_clone(&mut self, index: usize, step: u64) -> Result<()> {
        let Some(shop) = self.shops.get(index) else { return Ok(()) };
        let busy = shop.retired || self.has_twin(index) || !self.checks.owe_nothing();
        if busy || self.checks.watcher.may_lack(shop)? {
            return Ok(());
        }
        let Some(dice) = self.fate.strikes(Kind::BoxCloned, index) else { return Ok(()) };
        let clone = self.shops.len();
        let mut twin = Shop::clone_of(shop, clone, self.file_of_box(clone), &self.fate)?;
        twin.back_at_step = step + dice.steps(1, 5);
        let common = shop.acknowledged.clone();
        self.checks.cloned(&twin)?;
        self.fate.say(format_args!("{} is cloned: box {clone} is a copy of box {index}", twin.name()));
        self.shops.push(twin);
        let boxes = [index, clone];
        self.pairs.push(Pair { boxes, common, apart: None, resolved: false, traded: false });
        Ok(())
    }

    /// Whether another box has this one's identity.
    pub(super) fn has_twin(&self, index: usize) -> bool {
        self.pairs.iter().any(|pair| !pair.resolved && pair.has(index))
    }

    pub(super) fn has_twins(&self) -> bool {
        self.pairs.iter().any(|pair| !pair.resolved)
    }

    pub(super) fn look_at_twins(&mut self) -> Result<()> {
        for pair in self.pairs.iter_mut().filter(|pair| !pair.resolved) {
            pair.look(&self.checks.watcher.eye, &self.shops, &self.fate)?;
        }
        Ok(())
    }

    /// Both have to be heard before anybody can know that there are two.
    pub(super) fn twins_speak(&mut self) {
        for index in self.pairs.iter().filter(|pair| !pair.resolved).flat_map(|pair| pair.boxes) {
            if let Some(shop) = self.shops.get_mut(index) {
                shop.wants_sync = true;
            }
        }
    }

    /// What is not settled yet about boxes that share an identity.
    pub(super) fn unrest_of_twins(&self) -> Option<String> {
        let pair = self.pairs.iter().find(|pair| !pair.resolved)?;
        let apart = if pair.apart.is_some() { "somebody has to decide" } else { "nothing is kept apart" };
        Some(format!("ISOLATED: boxes {:?} speak as one replica, and {apart}", pair.boxes))
    }

    /// A tech looks at both boxes and decides; in the end the loser gets an identity of its own, or is
    /// switched off.
    pub(super) async fn tech(&mut self, in_the_end: bool) -> Result<()> {
        for n in 0..self.pairs.len() {
            let Some(Pair { apart: Some(apart), resolved: false, traded, .. }) = self.pairs.get(n) else {
                continue;
            };
            let (index, copy, traded) = (apart.index, apart.copy.clone(), *traded);
            let shop = self.shops.get(index).context("nobody")?;
            let Some(ledger) = shop.ledger.clone() else { continue };
            // Its whole branch is to be with central before the box goes away.
            let heard = self.checks.watcher.eye.copy_of(shop)?.is_some();
            if self.office.store().is_none() || !heard || ledger.summary().await?.unsynced > 0 {
                continue;
            }
            let choices: &[Decision] = match (in_the_end, traded) {
                (_, false) => &[Decision::Merge, Decision::Discard, Decision::TradePlaces],
                (_, true) => &[Decision::Merge, Decision::Discard],
            };
            let dice = self.fate.dice("tech", index);
            let decision = dice.pick(choices).copied().unwrap_or(Decision::Discard);
            let heard = self.decided(index, &copy, decision).await?;
            if heard == Heard::Nothing {
                continue;
            }
            let pair = self.pairs.get_mut(n).context("nobody")?;
            pair.apart = None;
            if decision == Decision::TradePlaces {
                pair.traded = true;
            } else if in_the_end && heard == Heard::Answer {
                pair.resolved = true;
                self.loses(index, dice.happens(500)).await?;
            }
        }
        Ok(())
    }

    async fn decided(&mut self, index: usize, copy: &BootId, decision: Decision) -> Result<Heard> {
        let now = self.now();
        let shop = self.shops.get(index).context("nobody")?;
        let Some(store) = self.office.store() else { return Ok(Heard::Nothing) };
        let identity = shop.identity.clone();
        let (tenant, of, replica) = (identity.tenant, identity.store, identity.replica);
        let about = ABox { tenant, store: of, replica, boot: copy.clone() };
        let reason = String::from("looked at both boxes");
        let decided = Decided { decision, reason, by: Actor::new("tech")? };
        let (office, at) = (&self.office, self.office.clock(now).utc);
        let done = decide(store, &office.watch, &office.pokes, &about, decided, at).await;
        if let Err(told) = &done
            && told.code() == Code::IllegalTransition
        {
            // Nothing waits, and what there was is decided.
            self.fate.say(format_args!("a tech comes too late to decide about box {index}: {told}"));
            return Ok(Heard::Answer);
        }
        let Some(done) = office.excuse(done, &self.fate)? else {
            let on_record = self.checks.watcher.eye.decision(shop, copy)?;
            let holds = on_record.as_deref() == Some(decision.as_str());
            return Ok(if holds { Heard::OnRecord } else { Heard::Nothing });
        };
        let facts = done.merged_facts;
        self.fate.say(format_args!("a tech decides about box {index}: {decision:?}, {facts} facts merged"));
        self.fate.mark(match decision {
            Decision::Merge => "branch_merged",
            Decision::Discard => "branch_discarded",
            Decision::TradePlaces => "places_traded",
        });
        Ok(Heard::Answer)
    }

    /// The box that is not the store's any more.
    async fn loses(&mut self, index: usize, enrols: bool) -> Result<()> {
        let now = self.now();
        let file = self.file_of_box(self.shops.len() + index + 1_000);
        let dice = self.fate.dice("enrols", index);
        let shop = self.shops.get_mut(index).context("nobody")?;
        self.checks.switched_off(shop)?;
        shop.crash(u64::MAX);
        if !enrols {
            shop.retired = true;
            self.fate.say(format_args!("box {index} of {} is switched off", shop.name()));
            self.fate.mark("box_switched_off");
            return Ok(());
        }
        let Some(store) = self.office.store() else { bail!("a tech decided, and central is down") };
        let at = self.office.clock(now).utc;
        shop.identity =
            chain::enrolled(store, &shop.identity.tenant, &shop.identity.store, &dice, at).await?;
        // What it recorded is in central's hands: it begins with an empty database.
        shop.file = file;
        shop.begin_anew();
        shop.start(&self.fate, now)?;
        self.checks.began_anew(shop)?;
        // A central of before would not know it.
        self.office.backup = None;
        self.fate.say(format_args!("box {index} of {} is {} now", shop.name(), shop.identity.replica));
        self.fate.mark("enrolled_anew");
        Ok(())
    }

    /// `NO_LOST_ACK`: what any box of a store acknowledged is in central's ledger or in a branch.
    pub(super) fn nothing_is_nowhere(&self) -> Result<()> {
        let eye = &self.checks.watcher.eye;
        for shop in &self.shops {
            for fact in shop.acknowledged.iter().chain(&shop.before) {
                let there =
                    eye.has_fact(&shop.identity.store, fact)? || eye.is_kept(&shop.identity.store, fact)?;
                ensure!(there, "NO_LOST_ACK: {fact} of box {} of {} is nowhere", shop.index, shop.name());
            }
        }
        Ok(())
    }
}

impl HeadOffice {
    /// Which boxes are kept apart, after a start.
    ///
    /// # Errors
    /// When central's file cannot be read.
    pub async fn know_apart(&self) -> Result<()> {
        if let Some(store) = self.store() {
            holdfast_central::flows::quarantine::know_apart(store, &self.watch).await?;
        }
        Ok(())
    }
}
