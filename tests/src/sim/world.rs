//! A chain, its people, its faults, and time.

use super::chain::{Chain, open_chain};
use super::checks::Checks;
use super::fate::Fate;
use super::head_office::HeadOffice;
use super::network::{Link, Load, Network};
use super::people::{self, Mood};
use super::shop::Shop;
use anyhow::{Context, Result, bail, ensure};
use holdfast_agent::flows::sync::{SyncError, converse};
use holdfast_agent::ports::ledger::{Ledger, Replica};
use holdfast_central::core::order::OrderState;
use holdfast_central::flows::place_order::PlaceOrder;
use holdfast_central::ports::access::ReplicaIdentity;
use holdfast_central::ports::orders::Orders;
use holdfast_central::ports::replication::Replication;
use holdfast_central::ports::work::{TaskRow, Work};
use holdfast_shared::ids::{Sku, TenantId};
use holdfast_shared::time::{MonoMs, Now, UtcMs};
use holdfast_shared::wire::signal;
use holdfast_shared::wire::sync::{SyncMessage, SyncResponse};
use holdfast_shared::wire::topic::{Channel, Topic};
use tempfile::TempDir;

const BEGIN: UtcMs = UtcMs(1_700_000_000_000);
const BEAT_EVERY_MS: i64 = 5_000;
/// Of the time after the last fault, in which both sides must come level: 40 minutes.
const HEALING_STEPS_MAX: u64 = 1_200;
const HEALING_STEP_MS: i64 = 2_000;

#[derive(Debug)]
pub struct World {
    pub fate: Fate,
    at_ms: i64,
    tenant: TenantId,
    skus: Vec<Sku>,
    office: HeadOffice,
    shops: Vec<Shop>,
    network: Network,
    checks: Checks,
    wishes: Vec<PlaceOrder>,
    orders: u64,
    /// Open tasks as a rival of central saw them some time ago.
    rivals_view: Vec<TaskRow>,
    _folder: TempDir,
}

impl World {
    pub async fn new(seed: u64) -> Result<Self> {
        let fate = Fate::new(seed);
        let Chain { folder, tenant, skus, office, shops } = open_chain(&fate, BEGIN).await?;
        let checks = Checks::new(&office, &shops)?;
        Ok(Self {
            fate,
            at_ms: 0,
            tenant,
            skus,
            office,
            shops,
            network: Network::default(),
            checks,
            wishes: Vec::new(),
            orders: 0,
            rivals_view: Vec::new(),
            _folder: folder,
        })
    }

    fn now(&self) -> Now {
        Now { utc: BEGIN.plus(self.at_ms), mono: MonoMs(self.at_ms) }
    }

    pub async fn step(&mut self, step: u64) -> Result<()> {
        self.fate.begin_step(step);
        self.at_ms += self.fate.pick(&[500, 1_000, 1_000, 2_000, 3_000]).copied().unwrap_or(1_000);
        self.come_back(step).await?;
        self.strike(step);
        self.arrive(step).await?;
        self.people().await?;
        if let Some(store) = self.office.store.as_ref().filter(|_| self.fate.happens(100)) {
            self.rivals_view = store.open_tasks(None, None, 100).await?;
        }
        self.go_on(step).await
    }

    /// What goes on by itself: heartbeats, syncs, central's reconcilers; then the look at it all.
    async fn go_on(&mut self, step: u64) -> Result<()> {
        self.beat(step).await?;
        for store in self.office.pokes.take() {
            if let Some(shop) = self.shops.iter_mut().find(|shop| shop.identity.store == store) {
                shop.wants_sync |= !self.fate.strikes("poke_lost", 300);
            }
        }
        for index in 0..self.shops.len() {
            let due = self.shops.get(index).is_some_and(|shop| shop.wants_sync);
            if due || self.fate.happens(120) {
                self.sync(index, step).await?;
            }
        }
        self.office.tick(&self.fate, self.now()).await?;
        self.checks.look(&self.office, &self.shops, &self.tenant).await?;
        match self.fate.found_wrong() {
            Some(wrong) => bail!("{wrong}"),
            None => Ok(()),
        }
    }

    async fn come_back(&mut self, step: u64) -> Result<()> {
        let now = self.now();
        if self.office.store.is_none() && self.office.back_at_step <= step {
            self.office.start(&self.fate)?;
            self.fate.say("central is back");
            let store = self.office.store.as_ref().context("central is down")?;
            for wish in &self.wishes {
                let kept = store.order(&self.tenant, &wish.order).await?;
                ensure!(kept.is_some(), "NO_LOST_ACK: order {} was acknowledged and is gone", wish.order);
            }
        }
        for shop in &mut self.shops {
            if shop.ledger.is_none() && shop.back_at_step <= step {
                shop.start(&self.fate, now)?;
                self.fate.say(format_args!("{} is back as {}", shop.name(), shop.boot));
            }
        }
        Ok(())
    }

    fn strike(&mut self, step: u64) {
        let fate = &self.fate;
        if fate.strikes("central_crashed", 8) {
            self.office.crash(step + fate.next() % 6);
            fate.say("central crashes");
        }
        let index = fate.index(self.shops.len());
        let Some(shop) = self.shops.get_mut(index) else { return };
        if fate.strikes("agent_crashed", 20) {
            let down = if fate.happens(500) { 0 } else { fate.next() % 50 };
            shop.crash(step + down);
            fate.say(format_args!("{} crashes", shop.name()));
        }
        if fate.strikes("store_cut_off", 20) {
            shop.cut_off_until_step = step + 10 + fate.next() % 60;
            fate.say(format_args!("{} is cut off", shop.name()));
        }
    }

    /// Messages that were late, and answers that nobody waits for any more.
    async fn arrive(&mut self, step: u64) -> Result<()> {
        let now = self.now();
        for parcel in self.network.due(step) {
            let Some(shop) = self.shops.get(parcel.node) else { continue };
            let answer = match parcel.load {
                Load::Answer(bytes) => Some(bytes),
                Load::Request(bytes) => {
                    self.fate.say(format_args!("{}: a late request arrives", shop.name()));
                    self.office.sync(&shop.identity, &bytes, now).await?
                }
            };
            let (Some(bytes), Some(ledger)) = (answer, &shop.ledger) else { continue };
            if shop.boot == parcel.boot {
                let response = SyncResponse::decode(&bytes)?;
                let absorbed = ledger.absorb(&response, shop.clock(now)).await?;
                self.fate.say(format_args!("{}: a late answer: {absorbed:?}", shop.name()));
                self.fate.mark("late_answer_absorbed");
            }
        }
        Ok(())
    }

    async fn people(&mut self) -> Result<()> {
        let now = self.now();
        if self.fate.happens(120) {
            let n = self.orders;
            self.orders += 1;
            let wish = people::order(&self.tenant, n, &self.skus, &self.shops, &self.fate)?;
            if people::place(&self.office, &wish, false, &self.fate, now).await? {
                self.checks.ordered(&wish);
                self.wishes.push(wish);
            }
        }
        if self.fate.happens(30)
            && let Some(wish) = self.fate.pick(&self.wishes)
        {
            people::place(&self.office, wish, true, &self.fate, now).await?;
        }
        self.others(now).await?;
        for _ in 0..4 {
            let index = self.fate.index(self.shops.len());
            let Some(shop) = self.shops.get_mut(index) else { continue };
            match self.fate.between(0, 100) {
                0..70 => {
                    people::work(shop, Mood::Human, &self.fate, now).await?;
                }
                70..94 => people::movement(shop, &self.skus, &self.fate, now).await?,
                94..97 => {
                    if let Some(told) = self.fate.pick(&shop.told).cloned() {
                        self.fate.mark("asked_again_later");
                        shop.say_again(&told, shop.clock(now)).await?;
                    }
                }
                _ if shop.closed => people::closure(shop, true, &self.fate, now).await?,
                _ if self.fate.happens(150) => people::closure(shop, false, &self.fate, now).await?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Those who change their minds, and those who decide on old news.
    async fn others(&self, now: Now) -> Result<()> {
        if self.fate.happens(15)
            && let Some(wish) = self.fate.pick(&self.wishes)
        {
            people::cancel(&self.office, wish, &self.fate, now).await?;
        }
        if self.fate.happens(30)
            && let Some(seen) = self.fate.pick(&self.rivals_view)
        {
            people::rival(&self.office, seen, &self.fate, now).await?;
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
            let lost = shop.cut_off(step) || self.fate.strikes("beat_lost", 80);
            let Some(beat) = shop.heartbeat(now).await? else { continue };
            if !lost {
                let ReplicaIdentity { tenant, store, .. } = shop.identity.clone();
                let topic = Topic::new(tenant, store, Channel::Heartbeat).to_string();
                self.office.hear(&topic, &shop.identity, &signal::encode(&beat)?, now).await?;
            }
        }
        Ok(())
    }

    async fn sync(&mut self, index: usize, step: u64) -> Result<()> {
        let now = self.now();
        let Some(shop) = self.shops.get_mut(index) else { return Ok(()) };
        // An agent whose heartbeats do not get through sends its health this way.
        let health = if self.fate.happens(200) { shop.heartbeat(now).await? } else { None };
        let health = health.map(|beat| serde_json::to_string(&beat)).transpose()?;
        let Some(ledger) = shop.ledger.clone() else { return Ok(()) };
        let link = Link {
            office: &self.office,
            network: &self.network,
            fate: &self.fate,
            node: index,
            boot: shop.boot.clone(),
            identity: &shop.identity,
            cut_off: shop.cut_off(step),
            now,
        };
        let clock = shop.clock(now);
        let told = converse(&ledger, &link, health, &|| clock).await;
        if let Some(SyncError::Ledger(error)) = told.failed {
            return Err(error).context("the agent failed at a sync");
        }
        if told.rounds > 0 {
            shop.wants_sync = false;
            shop.synced_at = Some(clock.mono);
            shop.clock_offset_ms = told.clock_offset_ms;
            let (rounds, facts, level, problems) = (told.rounds, told.facts, told.level, told.problems);
            self.fate.say(format_args!(
                "{}: {rounds} rounds, {facts} facts, level {level}, {problems:?}",
                shop.name()
            ));
        }
        Ok(())
    }

    /// The last fault is over: everything must come to rest, on both sides alike.
    pub async fn begin_healing(&mut self, step: u64) -> Result<()> {
        self.fate.begin_step(step);
        self.fate.heal();
        self.fate.say("all is healed");
        self.office.back_at_step = 0;
        for shop in &mut self.shops {
            (shop.back_at_step, shop.cut_off_until_step) = (0, 0);
        }
        self.come_back(step).await?;
        let now = self.now();
        for shop in self.shops.iter_mut().filter(|shop| shop.closed) {
            people::closure(shop, true, &self.fate, now).await?;
        }
        Ok(())
    }

    /// Whether all has come to rest after this step.
    pub async fn heal(&mut self, step: u64) -> Result<bool> {
        self.fate.begin_step(step);
        self.at_ms += HEALING_STEP_MS;
        self.arrive(step).await?;
        let now = self.now();
        for shop in &mut self.shops {
            for _ in 0..3 {
                shop.wants_sync |= people::work(shop, Mood::Diligent, &self.fate, now).await?;
            }
        }
        self.go_on(step).await?;
        Ok(self.unrest().await?.is_none())
    }

    #[must_use]
    pub const fn healing_steps_max() -> u64 {
        HEALING_STEPS_MAX
    }

    /// What has not come to rest yet.
    pub async fn unrest(&self) -> Result<Option<String>> {
        let store = self.office.store.as_ref().context("central is down")?;
        for (state, count) in store.count_orders(&self.tenant).await? {
            if count > 0 && !state.is_final() && state != OrderState::Backordered {
                return Ok(Some(format!("{count} orders are {}", state.as_str())));
            }
        }
        let audit = store.audit(None).await?;
        if (audit.open_tasks, audit.open_holds) != (0, 0) {
            return Ok(Some(format!("NO_ORPHAN: {audit:?}")));
        }
        for shop in &self.shops {
            let summary = shop.ledger.as_ref().context("an agent is down")?.summary().await?;
            let kept = store.digests(&self.tenant, &shop.identity.store).await?;
            let central = kept.first().map(|pair| (pair.root.as_str(), pair.stock_digest.as_str()));
            if central != Some((summary.root.as_str(), summary.stock_digest.as_str())) || summary.unsynced > 0
            {
                return Ok(Some(format!("CONVERGE: {} has {summary:?}, central {central:?}", shop.name())));
            }
        }
        self.fate.mark_many("recalled", audit.recalled_tasks);
        Ok(None)
    }
}
