//! Central on the stage: the real flows and the real storage.

use holdfast_central::adapters::sqlite::SqliteStore;
use holdfast_central::core::health::observatory::Observatory;
use holdfast_central::core::health::policy::HealthPolicy;
use holdfast_central::core::routing::policy::RoutingPolicy;
use holdfast_central::core::steering::Sections;
use holdfast_central::core::stock::policy::StockPolicy;
use holdfast_central::flows::Watch;
use holdfast_central::flows::date_backorders::date_backorders;
use holdfast_central::flows::evaluate::evaluate;
use holdfast_central::flows::exchange::exchange;
use holdfast_central::flows::expire_offers::expire_offers;
use holdfast_central::flows::failover::fail_over;
use holdfast_central::flows::hear::hear;
use holdfast_central::flows::route_orders::{Router, route_orders};
use holdfast_central::flows::unanswered::tell_unanswered_cancels;
use holdfast_central::ports::access::ReplicaIdentity;
use holdfast_central::ports::poke::Poke;
use holdfast_central::ports::substitutions::Substitutions;
use holdfast_platform::sqlite::{Mode, Options, Place, witness_path};
use holdfast_shared::ids::{DecisionId, StoreId, TenantId};
use holdfast_shared::time::Now;
use holdfast_shared::wire::sync::{SyncMessage, SyncRequest, SyncResponse};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug)]
pub struct Office {
    file: PathBuf,
    starts: u8,
    store: Option<SqliteStore>,
    pub watch: Watch,
    pub pokes: Pokes,
    pub routing: RoutingPolicy,
    pub stock: StockPolicy,
    /// What its wall clock is wrong by.
    pub skew_ms: i64,
    decisions: AtomicU64,
}

/// Whom central poked, and why.
#[derive(Debug, Default)]
pub struct Pokes(pub Mutex<Vec<(StoreId, String)>>);

impl Poke for Pokes {
    fn poke(&self, _tenant: &TenantId, store: &StoreId, why: &str) {
        self.0.lock().unwrap().push((store.clone(), why.to_owned()));
    }
}

impl Office {
    pub(super) fn open(file: PathBuf) -> Self {
        let mut office = Self {
            file,
            starts: 0,
            store: None,
            watch: Watch::default(),
            pokes: Pokes::default(),
            routing: RoutingPolicy::default(),
            stock: StockPolicy::default(),
            skew_ms: 0,
            decisions: AtomicU64::new(0),
        };
        office.start();
        office
    }

    /// Its database.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// A new process: what was in memory is gone.
    pub fn start(&mut self) {
        self.starts += 1;
        let options = Options { mode: Mode::Inline, ..Options::default() };
        let store = SqliteStore::open(&Place::File(self.file.clone()), options, [self.starts; 8]).unwrap();
        assert_eq!(store.damage(), None);
        self.store = Some(store);
        self.watch = Watch::new(Observatory::new(HealthPolicy::default()));
    }

    /// Its own clocks: the wall may be wrong.
    #[must_use]
    pub fn clock(&self, now: Now) -> Now {
        Now { utc: now.utc.plus(self.skew_ms), ..now }
    }

    /// Without a goodbye.
    pub fn stop(&mut self) {
        self.store = None;
    }

    /// The database as a backup has it, and what an image of the machine has beside it.
    pub fn back_up(&self, to: &Path) {
        let from = rusqlite::Connection::open(&self.file).unwrap();
        let _ = std::fs::remove_file(to);
        from.execute("VACUUM INTO ?1", [to.to_str().unwrap()]).unwrap();
        std::fs::copy(witness_path(&self.file), witness_path(to)).unwrap();
    }

    /// The backup takes the place of the database; central is stopped.
    pub fn put_back(&mut self, backup: &Path) {
        self.stop();
        super::shop::replace(&self.file, backup);
    }

    /// The whole machine is as it was then, so that nothing on it can tell; central is stopped.
    pub fn put_back_image(&mut self, backup: &Path) {
        self.put_back(backup);
        std::fs::copy(witness_path(backup), witness_path(&self.file)).unwrap();
    }

    /// What lies beside the database is gone, as on a machine that never had another.
    pub fn lose_witness(&self) {
        let _ = std::fs::remove_file(witness_path(&self.file));
    }

    #[must_use]
    pub fn store(&self) -> &SqliteStore {
        self.store.as_ref().unwrap_or_else(|| panic!("central is down"))
    }

    pub(super) const fn is_up(&self) -> bool {
        self.store.is_some()
    }

    /// What comes in on the wire, and what goes back, both through their bytes.
    pub async fn sync(&self, from: &ReplicaIdentity, request: &SyncRequest, now: Now) -> SyncResponse {
        let now = self.clock(now);
        let request = SyncRequest::decode(&request.encode().unwrap()).unwrap();
        let told =
            exchange(self.store(), &self.watch, &self.pokes, (from, None), &request, now).await.unwrap();
        SyncResponse::decode(&told.response.encode().unwrap()).unwrap()
    }

    pub(super) async fn hear(&self, topic: &str, from: &ReplicaIdentity, payload: &[u8], now: Now) {
        let now = self.clock(now);
        if self.is_up() {
            hear(self.store(), &self.watch, topic, Some(from), payload, now).await.unwrap();
        }
    }

    pub(super) async fn decide(&self, now: Now) {
        if !self.is_up() {
            return;
        }
        let now = self.clock(now);
        let (store, watch, poke) = (self.store(), &self.watch, &self.pokes);
        evaluate(store, watch, now).await.unwrap();
        let next = || {
            let n = self.decisions.fetch_add(1, Ordering::Relaxed);
            DecisionId::new(format!("d-{}-{n}", now.mono.0)).unwrap()
        };
        let policy =
            &Sections { routing: self.routing.clone(), stock: self.stock.clone(), ..Sections::default() };
        let router = Router { watch, poke, policy, decision_id: &next };
        fail_over(store, &router, now).await.unwrap();
        expire_offers(store, &router, self.routing.accept_within_ms, now).await.unwrap();
        tell_unanswered_cancels(store, watch, self.routing.cancel_answer_within_ms, now).await.unwrap();
        store.expire_substitutions(now.utc).await.unwrap();
        route_orders(store, &router, now).await.unwrap();
        date_backorders(store, now.utc).await.unwrap();
    }
}
