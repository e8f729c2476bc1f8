//! A chain, its people, and time: what goes on in a step, with and without faults.

use super::chain::{Chain, open_chain};
use super::checks::Checks;
use super::deliveries::Deliveries;
use super::fate::Fate;
use super::head_office::HeadOffice;
use super::kind::Kind;
use super::money::Money;
use super::network::{Link, Load, Network, Ways};
use super::outside::Refund;
use super::parcels::Parcel;
use super::plan::Plan;
use super::shop::Shop;
use super::staff::{self, Mood};
use super::twins::Pair;
use super::watcher::Moment;
use anyhow::{Context, Result, bail};
use holdfast_agent::flows::sync::{SyncError, converse};
use holdfast_agent::ports::ledger::Replica;
use holdfast_central::flows::place_order::PlaceOrder;
use holdfast_central::ports::work::{TaskRow, Work};
use holdfast_shared::ids::{OrderId, Sku, StoreId, TenantId};
use holdfast_shared::limits::MQTT_PAYLOAD_BYTES_MAX;
use holdfast_shared::time::{MonoMs, Now, UtcMs};
use holdfast_shared::wire::signal;
use holdfast_shared::wire::sync::{SyncMessage, SyncResponse};
use holdfast_shared::wire::topic::{Channel, Topic};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tempfile::TempDir;

const BEGIN: UtcMs = UtcMs(1_700_000_000_000);
const BEAT_EVERY_MS: i64 = 5_000;

#[derive(Debug)]
pub struct World {
    pub fate: Arc<Fate>,
    pub(super) at_ms: i64,
    pub(super) tenant: TenantId,
    pub(super) skus: Vec<Sku>,
    assortments: BTreeMap<StoreId, Vec<Sku>>,
    pub(super) office: HeadOffice,
    pub(super) shops: Vec<Shop>,
    network: Network,
    pub(super) checks: Checks,
    pub(super) wishes: Vec<PlaceOrder>,
    /// Orders that central answered and lost with its disk, until they are asked for again.
    pub(super) lost: BTreeSet<OrderId>,
    pub(super) pairs: Vec<Pair>,
    /// Orders that failed without an answer that can be believed.
    pub(super) unsure: Vec<PlaceOrder>,
    pub(super) orders: u64,
    /// Open tasks as a rival of central saw them some time ago.
    pub(super) rivals_view: Vec<TaskRow>,
    /// What travels between stores.
    pub(super) parcels: Vec<Parcel>,
    pub(super) refunds: Vec<Refund>,
    pub(super) money: Money,
    pub(super) deliveries: Deliveries,
    folder: TempDir,
}

impl World {
    /// # Errors
    /// When the chain cannot be built.
    pub async fn new(plan: Plan) -> Result<Self> {
        let fate = Arc::new(Fate::new(plan));
        let Chain { folder, tenant, skus, office, shops, assortments } = open_chain(&fate, BEGIN).await?;
        let checks = Checks::new(&office, &shops)?;
        Ok(Self {
            fate,
            at_ms: 0,
            tenant,
            skus,
            assortments,
            office,
            shops,
            network: Network::default(),
            checks,
            wishes: Vec::new(),
            lost: BTreeSet::new(),
            pairs: Vec::new(),
            unsure: Vec::new(),
            orders: 0,
            rivals_view: Vec::new(),
            parcels: Vec::new(),
            refunds: Vec::new(),
            money: Money::default(),
            deliveries: Deliveries::default(),
            folder,
        })
    }

    pub(super) fn now(&self) -> Now {
        Now { utc: BEGIN.plus(self.at_ms), mono: MonoMs(self.at_ms) }
    }

    /// How much time the chain has lived through.
    #[must_use]
    pub const fn lived_ms(&self) -> i64 {
        self.at_ms
    }

    pub(super) fn file_of_box(&self, n: usize) -> std::path::PathBuf {
        self.folder.path().join(format!("box-{n}.db"))
    }

    /// # Errors
    /// What does not hold.
    pub async fn step(&mut self, step: u64) -> Result<()> {
        self.fate.begin_step(step);
        let tempo = [500, 1_000, 1_000, 2_000, 3_000];
        self.at_ms += self.fate.dice("tempo", 0).pick(&tempo).copied().unwrap_or(1_000);
        self.come_back(step).await?;
        self.strike(step)?;
        self.arrive(step).await?;
        self.customers().await?;
        self.bury();
        self.parcels_come(step).await?;
        self.people().await?;
        if self.fate.dice("a tech comes", 0).happens(30) {
            self.tech(false).await?;
        }
        if let Some(store) = self.office.store().filter(|_| self.fate.dice("rival", 0).happens(100)) {
            self.rivals_view = store.open_tasks(None, None, 100).await?;
        }
        self.go_on(step).await
    }

    /// What goes on by itself: heartbeats, syncs, central's reconcilers; then the look at it all.
    pub(super) async fn go_on(&mut self, step: u64) -> Result<()> {
        self.driver_comes().await?;
        if step == self.office.paused_until_step {
            // Its timers are due at once, and what was said meanwhile still waits at the door.
            self.think().await?;
        }
        self.beat(step).await?;
        let broker = step >= self.office.broker_lost_until_step && step >= self.office.uplink_lost_until_step;
        for store in self.office.pokes.take() {
            for shop in self.shops.iter_mut().filter(|shop| shop.identity.store == store) {
                let way = broker && step >= shop.cuts.all && step >= shop.cuts.answers;
                shop.wants_sync |= way && self.fate.strikes(Kind::PokeLost, shop.index).is_none();
            }
        }
        for index in 0..self.shops.len() {
            let due = self.shops.get(index).is_some_and(|shop| shop.wants_sync);
            if due || self.fate.dice("sync", index).happens(120) {
                self.sync(index, step).await?;
            }
            self.bury();
        }
        if !self.office.is_paused(step) {
            self.think().await?;
        }
        self.checks.look(&self.office, &self.shops, &self.tenant).await?;
        self.look_at_money()?;
        self.look_at_labels()?;
        self.send_parcels(step)?;
        self.fate.mark_many("sealed", self.checks.look_at_documents(&self.shops)?);
        self.look_at_twins()?;
        if self.checks.watcher.look_at_window(&self.office, &self.tenant).await? {
            self.fate.say("every store has told; the recovery is over");
            self.fate.mark("recovery_ended");
        }
        match self.fate.found_wrong() {
            Some(wrong) => bail!("{wrong}"),
            None => Ok(()),
        }
    }

    /// Everything that central does by itself: judge, move, withdraw, route.
    async fn think(&mut self) -> Result<()> {
        let now = self.now();
        self.look_at_events(Moment::Other)?;
        self.office.note_thought(self.at_ms);
        self.office.judge(&self.fate, now).await?;
        self.office.move_work(&self.fate, now).await?;
        self.look_at_events(Moment::MovingWork)?;
        self.office.withdraw(&self.fate, now).await?;
        self.look_at_events(Moment::Withdrawing)?;
        self.deal_with_outside().await?;
        self.office.route(&self.fate, now).await?;
        self.look_at_events(Moment::Other)?;
        self.bury();
        Ok(())
    }

    pub(super) fn look_at_events(&mut self, moment: Moment) -> Result<()> {
        self.checks.watcher.look_at_events(&self.office, &self.shops, moment, self.at_ms)
    }

    /// Whoever was killed within an operation is dead after it.
    pub(super) fn bury(&mut self) {
        if self.office.is_killed() {
            let down = self.fate.dice("central_down", 0).steps(0, 6);
            self.office.crash(self.fate.step() + down);
            self.fate.say("central was killed");
        }
    }

    /// Messages that were late, and answers that nobody waits for any more.
    pub(super) async fn arrive(&mut self, step: u64) -> Result<()> {
        let now = self.now();
        for parcel in self.network.due(step, &self.fate) {
            if step < self.office.uplink_lost_until_step {
                continue;
            }
            let Some(shop) = self.shops.get_mut(parcel.node) else { continue };
            let answer = match parcel.load {
                Load::Answer(bytes) => Some(bytes),
                Load::Request(bytes) => {
                    self.fate.say(format_args!("{}: a late request arrives", shop.name()));
                    self.office.sync(&parcel.identity, &bytes, &self.fate, now).await?
                }
                Load::Beat(bytes) => {
                    let topic = topic_of(shop);
                    self.office.hear(&topic, &parcel.identity, &bytes, &self.fate, now).await?;
                    None
                }
            };
            let (Some(bytes), Some(ledger)) = (answer, shop.ledger.clone()) else { continue };
            if shop.boot != parcel.boot {
                continue;
            }
            let response = SyncResponse::decode(&bytes)?;
            match ledger.absorb(&response, shop.clock(now)).await {
                Ok(absorbed) => {
                    self.fate.say(format_args!("{}: a late answer: {absorbed:?}", shop.name()));
                    self.fate.mark("late_answer_absorbed");
                }
                Err(error) => {
                    if shop.excuse(&error.to_string(), &self.fate).is_none() {
                        return Err(error).context("the agent failed at a late answer");
                    }
                }
            }
        }
        self.bury();
        Ok(())
    }

    async fn people(&mut self) -> Result<()> {
        let now = self.now();
        for slot in 0..3 + self.shops.len() / 3 {
            let index = self.fate.dice("who", slot).index(self.shops.len());
            let Some(shop) = self.shops.get_mut(index) else { continue };
            staff::say_unsure(shop, &self.fate, now).await?;
            if let Some(dice) = self.fate.strikes(Kind::Worked, slot) {
                staff::work(shop, Mood::Human, &dice, &self.fate, now).await?;
            }
            if let Some(dice) = self.fate.strikes(Kind::Moved, slot) {
                let kept = self.assortments.get(&shop.identity.store).unwrap_or(&self.skus);
                staff::movement(shop, kept, &dice, &self.fate, now).await?;
            }
            if let Some(dice) = self.fate.strikes(Kind::AskedAgain, slot)
                && let Some(told) = dice.pick(&shop.told).cloned()
            {
                shop.say_again(&told, &self.fate, now).await?;
            }
            let opens = shop.closed && self.fate.dice("opens", slot).happens(100);
            if opens {
                staff::closure(shop, true, &self.fate.dice("opening", slot), &self.fate, now).await?;
            } else if let Some(dice) = self.fate.strikes(Kind::Closed, slot).filter(|_| !shop.closed) {
                staff::closure(shop, false, &dice, &self.fate, now).await?;
            }
        }
        Ok(())
    }

    async fn beat(&mut self, step: u64) -> Result<()> {
        let now = self.now();
        for shop in &mut self.shops {
            if now.mono < shop.next_beat_at {
                continue;
            }
            shop.next_beat_at = now.mono.plus(BEAT_EVERY_MS);
            let cut = step < shop.cuts.all.max(shop.cuts.requests);
            let central = step < self.office.broker_lost_until_step.max(self.office.uplink_lost_until_step);
            let lost = cut || central || self.fate.strikes(Kind::BeatLost, shop.index).is_some();
            let Some(beat) = shop.heartbeat(now).await? else { continue };
            if lost {
                continue;
            }
            let payload = signal::encode(&beat)?;
            let bytes = payload.len();
            anyhow::ensure!(bytes <= MQTT_PAYLOAD_BYTES_MAX, "BOUNDED: a heartbeat has {bytes} bytes");
            if let Some(dice) = self.fate.strikes(Kind::BeatLate, shop.index) {
                let due_step = step + dice.steps(1, 30);
                let (node, boot, load) = (shop.index, shop.boot.clone(), Load::Beat(payload.clone()));
                let identity = shop.identity.clone();
                self.network.send(super::network::Parcel { due_step, node, boot, identity, load });
            } else {
                self.office.hear(&topic_of(shop), &shop.identity, &payload, &self.fate, now).await?;
            }
        }
        self.bury();
        Ok(())
    }

    async fn sync(&mut self, index: usize, step: u64) -> Result<()> {
        let now = self.now();
        let Some(shop) = self.shops.get_mut(index) else { return Ok(()) };
        // An agent whose heartbeats do not get through sends its health this way.
        let tells = self.fate.dice("health", index).happens(200);
        let health = if tells { shop.heartbeat(now).await? } else { None };
        let health = health.map(|beat| serde_json::to_string(&beat)).transpose()?;
        let Some(ledger) = shop.ledger.clone() else { return Ok(()) };
        let uplink = step >= self.office.uplink_lost_until_step && step >= shop.cuts.all;
        let link = Link {
            office: &self.office,
            network: &self.network,
            fate: &self.fate,
            node: index,
            boot: shop.boot.clone(),
            identity: &shop.identity,
            ways: Ways {
                up: uplink && step >= shop.cuts.requests,
                down: uplink && step >= shop.cuts.answers,
            },
            now,
        };
        let clock = shop.clock(now);
        let (spent_ms, slow_ms) = (AtomicI64::new(0), shop.slow_ms);
        let told = converse(&ledger, &link, health, &|| {
            let spent = spent_ms.fetch_add(slow_ms, Ordering::Relaxed);
            Now { utc: clock.utc.plus(spent), mono: clock.mono.plus(spent) }
        })
        .await;
        if let Some(SyncError::Ledger(error)) = told.failed {
            if shop.excuse(&error.to_string(), &self.fate).is_none() {
                return Err(error).context("the agent failed at a sync");
            }
            return Ok(());
        }
        shop.unanswered = told.rounds == 0;
        if told.rounds > 0 {
            shop.wants_sync = false;
            shop.synced_at = Some(clock.mono);
            shop.clock_offset_ms = told.clock_offset_ms;
            let (rounds, facts, level, problems) = (told.rounds, told.facts, told.level, told.problems);
            self.fate.say(format_args!(
                "box {index} of {}: {rounds} rounds, {facts} facts, level {level}, {problems:?}",
                shop.name()
            ));
        }
        self.at_ms += spent_ms.load(Ordering::Relaxed);
        Ok(())
    }
}

pub(super) fn topic_of(shop: &Shop) -> String {
    let identity = shop.identity.clone();
    Topic::new(identity.tenant, identity.store, Channel::Heartbeat).to_string()
}
