//! The demo's stage: the boxes, the people who work with them, and what may be done to them.

use super::board::{Board, StoreRow, Tone};
use super::chain;
use super::dice::Dice;
use super::people::{self, Pace};
use crate::client::{CentralClient, LanClient};
use crate::launch::{CentralAddresses, Program, StoreBox};
use anyhow::{Context, Result};
use holdfast_agent::ports::ledger::Role;
use holdfast_central::core::fleet::{Place, Store, StoreKind};
use holdfast_central::runtime::DemoAction;
use holdfast_shared::ids::{Sku, StoreId};
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::{Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

/// What one key turns over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Toggle {
    Uplink,
    Agent,
    Doors,
}

/// One store with its box and its two devices.
#[derive(Debug)]
pub(super) struct Site {
    pub store: Store,
    pub agent: Mutex<StoreBox>,
    pub handheld: LanClient,
    pub till: LanClient,
    pub lan_url: String,
}

#[derive(Debug)]
pub(super) struct Stage {
    pub board: Board,
    pub central: CentralClient,
    pub stores: BTreeMap<StoreId, Site>,
    pub skus: Vec<Sku>,
}

impl Stage {
    /// Enrols and starts every agent, pairs its devices. The newcomer types none of it.
    pub(super) async fn set_up(
        folder: &Path,
        count: usize,
        agent: &Program,
        central: CentralClient,
        addresses: CentralAddresses,
        board: Board,
    ) -> Result<Arc<Self>> {
        let catalogue = chain::catalogue()?;
        central.put_catalogue(&catalogue).await?;
        let mut starting = JoinSet::new();
        for (n, store) in chain::stores(count).into_iter().enumerate() {
            let shelves = chain::shelves(&catalogue, n, store.kind);
            let (agent, folder, central) = (agent.clone(), folder.to_owned(), central.clone());
            starting.spawn(async move {
                let mut agent =
                    StoreBox::set_up(agent, &folder, store, &shelves, &central, addresses).await?;
                agent.start().await?;
                let handheld = agent.pair(Role::Picker, "handheld").await?;
                let till = agent.pair(Role::Pos, "till").await?;
                let (store, lan_url) = (agent.store.clone(), agent.lan_url());
                anyhow::Ok(Site { store, agent: Mutex::new(agent), handheld, till, lan_url })
            });
        }
        let mut stores = BTreeMap::new();
        while let Some(started) = starting.join_next().await {
            let site = started??;
            let row = StoreRow {
                name: site.store.name.clone(),
                is_centre: site.store.kind == StoreKind::DistributionCentre,
                standing: "unknown".to_owned(),
                running: true,
                ..StoreRow::default()
            };
            board.lock().stores.insert(site.store.store.clone(), row);
            stores.insert(site.store.store.clone(), site);
        }
        let skus = catalogue.into_iter().map(|item| item.sku).collect();
        Ok(Arc::new(Self { board, central, stores, skus }))
    }

    /// Lets pickers pick until `end`, and tills sell and customers order until `quiet`.
    pub(super) fn act(
        self: &Arc<Self>,
        pace: Pace,
        seed: u64,
        quiet: &CancellationToken,
        end: &CancellationToken,
    ) -> JoinSet<()> {
        let mut people = JoinSet::new();
        for (id, n) in self.stores.keys().zip(1_u64..) {
            let dice = Dice::new(seed.wrapping_add(n));
            people.spawn(Arc::clone(self).picker(id.clone(), Beat::new(pace.look_every, end)));
            people.spawn(Arc::clone(self).cashier(id.clone(), dice, Beat::new(pace.sale_every, quiet)));
        }
        people.spawn(Arc::clone(self).customers(Dice::new(seed), Beat::new(pace.order_every, quiet)));
        people
    }

    async fn picker(self: Arc<Self>, store: StoreId, mut beat: Beat) {
        let Some(site) = self.stores.get(&store) else { return };
        while beat.next().await {
            // A crashed agent does not answer its handheld; the person tries again.
            if let Err(error) = people::pick(&site.handheld, &store, &self.board).await {
                tracing::debug!(%store, ?error, "the handheld got no answer");
            }
        }
    }

    async fn cashier(self: Arc<Self>, store: StoreId, mut dice: Dice, mut beat: Beat) {
        let Some(site) = self.stores.get(&store) else { return };
        if site.store.kind == StoreKind::DistributionCentre {
            return;
        }
        while beat.next().await {
            if let Err(error) = people::sell(&site.till, &store, &self.skus, &mut dice, &self.board).await {
                tracing::debug!(%store, ?error, "the till got no answer");
            }
        }
    }

    async fn customers(self: Arc<Self>, mut dice: Dice, mut beat: Beat) {
        let places: Vec<Place> = self.stores.values().map(|site| site.store.place).collect();
        let mut n = 0_u64;
        while beat.next().await {
            n = n.saturating_add(1);
            if let Err(error) =
                people::order(&self.central, n, &self.skus, &places, &mut dice, &self.board).await
            {
                self.board.tell(Tone::Bad, format!("an order was refused: {error:#}"));
                let mut state = self.board.lock();
                state.refused_orders = state.refused_orders.saturating_add(1);
            }
        }
    }

    /// Breaks or mends something at one store, and tells it on the board.
    pub(super) async fn play(&self, store: &StoreId, action: DemoAction) -> Result<()> {
        let site = self.stores.get(store).with_context(|| format!("the demo has no store {store}"))?;
        match action {
            DemoAction::CutUplink => self.uplink(site, true).await,
            DemoAction::RestoreUplink => self.uplink(site, false).await,
            DemoAction::CrashAgent => {
                site.agent.lock().await.crash()?;
                self.board.lock().row(store).running = false;
                self.board.tell(Tone::Bad, format!("the agent of {store} was killed, as by a power cut"));
            }
            DemoAction::RestartAgent => {
                site.agent.lock().await.start().await?;
                self.board.lock().row(store).running = true;
                self.board.tell(
                    Tone::Good,
                    format!("the agent of {store} is back, with all that it had acknowledged"),
                );
            }
            DemoAction::Close => {
                let closure = json!({ "hard": false, "cause": "staffing" });
                self.central.send(Method::PUT, &format!("/v1/stores/{store}/closure"), &closure).await?;
                self.board.lock().row(store).closed = true;
                self.board.tell(Tone::Warn, format!("{store} closed: it finishes its work and gets no more"));
            }
            DemoAction::Open => {
                self.central.send(Method::DELETE, &format!("/v1/stores/{store}/closure"), &json!({})).await?;
                self.board.lock().row(store).closed = false;
                self.board.tell(Tone::Good, format!("{store} is open again"));
            }
            DemoAction::SellLastUnit => people::sell_last(&site.till, &self.skus, store, &self.board).await?,
        }
        Ok(())
    }

    async fn uplink(&self, site: &Site, cut: bool) {
        let store = &site.store.store;
        let agent = site.agent.lock().await;
        let (tone, words) = if cut {
            agent.cut_uplink();
            (Tone::Bad, format!("the uplink of {store} was cut; its people work on"))
        } else {
            agent.restore_uplink();
            (Tone::Good, format!("the uplink of {store} is back"))
        };
        self.board.lock().row(store).uplink_cut = cut;
        self.board.tell(tone, words);
    }

    /// What can be done to a store as it is now; nothing to one that is not on the stage.
    pub(super) fn possible(&self, store: &StoreId) -> Vec<DemoAction> {
        if !self.stores.contains_key(store) {
            return Vec::new();
        }
        let toggles = [Toggle::Uplink, Toggle::Agent, Toggle::Doors];
        let toggled = toggles.map(|toggle| self.toggled(store, toggle));
        toggled.into_iter().chain([DemoAction::SellLastUnit]).collect()
    }

    /// What the key toggles, given how the store is now.
    #[must_use]
    pub(super) fn toggled(&self, store: &StoreId, toggle: Toggle) -> DemoAction {
        let mut state = self.board.lock();
        let row = state.row(store);
        match toggle {
            Toggle::Uplink if row.uplink_cut => DemoAction::RestoreUplink,
            Toggle::Uplink => DemoAction::CutUplink,
            Toggle::Agent if row.running => DemoAction::CrashAgent,
            Toggle::Agent => DemoAction::RestartAgent,
            Toggle::Doors if row.closed => DemoAction::Open,
            Toggle::Doors => DemoAction::Close,
        }
    }
}

/// A steady beat that ends with its token.
struct Beat {
    interval: Interval,
    end: CancellationToken,
}

impl Beat {
    fn new(every: Duration, end: &CancellationToken) -> Self {
        let mut interval = tokio::time::interval(every);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { interval, end: end.clone() }
    }

    async fn next(&mut self) -> bool {
        tokio::select! {
            () = self.end.cancelled() => false,
            _ = self.interval.tick() => true,
        }
    }
}
