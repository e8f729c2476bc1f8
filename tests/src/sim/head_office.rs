//! Central: the real flows and the real storage, in the caller's thread, on a file that survives
//! its crashes.

use super::fate::Fate;
use anyhow::{Context, Result, bail};
use holdfast_central::adapters::sqlite::SqliteStore;
use holdfast_central::core::health::observatory::Observatory;
use holdfast_central::core::health::policy::HealthPolicy;
use holdfast_central::core::routing::policy::RoutingPolicy;
use holdfast_central::flows::Watch;
use holdfast_central::flows::evaluate::evaluate;
use holdfast_central::flows::exchange::exchange;
use holdfast_central::flows::expire_offers::expire_offers;
use holdfast_central::flows::failover::fail_over;
use holdfast_central::flows::hear::{Outcome, hear};
use holdfast_central::flows::route_orders::{Router, route_orders};
use holdfast_central::ports::access::ReplicaIdentity;
use holdfast_central::ports::poke::Poke;
use holdfast_platform::sqlite::{Mode, Options, Place};
use holdfast_shared::ids::{DecisionId, StoreId, TenantId};
use holdfast_shared::time::Now;
use holdfast_shared::wire::sync::{SyncMessage, SyncRequest};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

#[derive(Debug)]
pub struct HeadOffice {
    pub file: PathBuf,
    /// None while it is down.
    pub store: Option<SqliteStore>,
    pub watch: Watch,
    pub pokes: Pokes,
    routing: RoutingPolicy,
    decisions: AtomicU64,
    pub back_at_step: u64,
}

/// Stores that were poked since somebody looked.
#[derive(Debug, Default)]
pub struct Pokes(Mutex<BTreeSet<StoreId>>);

impl Pokes {
    pub fn take(&self) -> BTreeSet<StoreId> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Poke for Pokes {
    fn poke(&self, _tenant: &TenantId, store: &StoreId, _why: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(store.clone());
    }
}

fn watch() -> Watch {
    // Shorter than usual, so that a run of a few hundred steps sees the whole way of a failover.
    Watch::new(Observatory::new(HealthPolicy { lease_ms: 20_000, ..HealthPolicy::default() }))
}

impl HeadOffice {
    pub fn open(file: PathBuf, fate: &Fate) -> Result<Self> {
        let mut office = Self {
            file,
            store: None,
            watch: watch(),
            pokes: Pokes::default(),
            routing: RoutingPolicy { accept_within_ms: 40_000, ..RoutingPolicy::default() },
            decisions: AtomicU64::new(0),
            back_at_step: 0,
        };
        office.start(fate)?;
        Ok(office)
    }

    /// A new process: what was in memory is gone, what was committed is not.
    pub fn start(&mut self, fate: &Fate) -> Result<()> {
        let options = Options { mode: Mode::Inline, ..Options::default() };
        let place = Place::File(self.file.clone());
        let store = SqliteStore::open(&place, options, fate.next().to_le_bytes())?;
        if let Some(damage) = store.damage() {
            bail!("central's file is damaged: {damage}");
        }
        self.store = Some(store);
        self.watch = watch();
        Ok(())
    }

    pub fn crash(&mut self, back_at_step: u64) {
        self.store = None;
        self.back_at_step = back_at_step;
    }

    /// What comes in on the wire, and the bytes that go back. None while central is down.
    pub async fn sync(&self, from: &ReplicaIdentity, bytes: &[u8], now: Now) -> Result<Option<Vec<u8>>> {
        let Some(store) = &self.store else { return Ok(None) };
        let request = SyncRequest::decode(bytes)?;
        let exchanged = exchange(store, &self.watch, &self.pokes, from, &request, now).await?;
        Ok(Some(exchanged.response.encode()?))
    }

    pub async fn hear(
        &self,
        topic: &str,
        from: &ReplicaIdentity,
        payload: &[u8],
        now: Now,
    ) -> Result<Option<Outcome>> {
        let Some(store) = &self.store else { return Ok(None) };
        Ok(Some(hear(store, &self.watch, topic, Some(from), payload, now).await?))
    }

    /// Everything that central does by itself: judge, move, withdraw, route.
    pub async fn tick(&self, fate: &Fate, now: Now) -> Result<()> {
        let Some(store) = &self.store else { return Ok(()) };
        let evaluation = evaluate(store, &self.watch, now).await.context("evaluate")?;
        for change in &evaluation.changes {
            let after = &change.after;
            fate.say(format_args!("{} is {}: {}", change.key.store, after.standing.as_str(), after.why()));
            fate.mark(after.standing.as_str());
        }
        let moved = fail_over(store, &self.watch, &self.pokes, now).await.context("fail over")?;
        fate.mark_many("failed_over", moved.recalled.into());
        fate.mark_many("stayed_released", moved.told.into());
        let within = self.routing.accept_within_ms;
        let withdrawn =
            expire_offers(store, &self.watch, &self.pokes, within, now).await.context("expire offers")?;
        fate.mark_many("offer_withdrawn", withdrawn.into());
        let next = || {
            let n = self.decisions.fetch_add(1, Ordering::Relaxed);
            let number = format!("d-{}-{n}", now.mono.0);
            DecisionId::new(number).unwrap_or_else(|bad| unreachable!("{bad}"))
        };
        let router =
            Router { watch: &self.watch, poke: &self.pokes, policy: &self.routing, decision_id: &next };
        let routed = route_orders(store, &router, now).await.context("route")?;
        if (moved.recalled, withdrawn, routed.assigned) != (0, 0, 0) {
            let (moved, assigned) = (moved.recalled, routed.assigned);
            fate.say(format_args!("central moved {moved}, withdrew {withdrawn}, assigned {assigned}"));
        }
        fate.mark_many("assigned", routed.assigned.into());
        fate.mark_many("backordered", routed.backordered.into());
        Ok(())
    }
}
