//! A central with two stores, one order of two units, and a carrier.

use async_trait::async_trait;
use holdfast_central::adapters::carriers::simulator::Simulator;
use holdfast_central::adapters::sqlite::SqliteStore;
use holdfast_central::core::outside::gate::GateTerms;
use holdfast_central::core::outside::notice::BadNotice;
use holdfast_central::core::parcel::fold::Parcel;
use holdfast_central::core::parcel::notice::{NoticeOutcome, ReceivedTracking, TrackingNotice};
use holdfast_central::core::parcel::tracking::TrackStatus;
use holdfast_central::core::personal::{Customer, Personal};
use holdfast_central::flows::advance_parcels::advance_parcels;
use holdfast_central::flows::gateways::{CarrierGateways, Gateway, Gateways};
use holdfast_central::flows::read_tracking::{IncomingTracking, read_tracking, take_in_tracking};
use holdfast_central::ports::PageRequest;
use holdfast_central::ports::carriers::{Answer, Carriers, Known, Question, Rate, RateQuestion};
use holdfast_central::ports::fleet::Fleet;
use holdfast_central::ports::labels::Labels;
use holdfast_central::ports::orders::{Orders, Placed};
use holdfast_central::ports::outbox::Outbox;
use holdfast_central::ports::poke::Poke;
use holdfast_central::ports::shipments::{Account, Shipments};
use holdfast_central::ports::work::Work;
use holdfast_platform::secret::Secret;
use holdfast_platform::sqlite::{Options, Place};
use holdfast_shared::domain::task::{FulfilmentKind, Phase, TaskEvent};
use holdfast_shared::ids::{Actor, CarrierAccount, StoreId, TaskId, TenantId};
use holdfast_shared::time::{MonoMs, Now, UtcMs};
use holdfast_tests::conformance::agent::Agent;
use holdfast_tests::conformance::world::{LINE, assigned, at, new_order, order_id, request, stocked, tenant};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::sync::Notify;

const ORDER: &str = "o1";
const UNITS: i64 = 2;

/// Where central stops for good while it asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Point {
    /// It is written down, and has not left.
    Before,
    /// It was done, and the answer is on its way.
    During,
}

/// The carrier, behind a line that can be held up.
struct Line {
    carrier: Arc<Simulator>,
    point: Mutex<Option<Point>>,
    reached: Notify,
}

#[async_trait]
impl Carriers for Line {
    async fn rates(&self, question: &RateQuestion) -> Result<Vec<Rate>, Answer> {
        self.carrier.rates(question).await
    }

    async fn ask(&self, question: &Question) -> Answer {
        let point = self.point.lock().unwrap().take();
        match point {
            None => self.carrier.ask(question).await,
            Some(point) => {
                if point == Point::During {
                    self.carrier.ask(question).await;
                }
                self.reached.notify_one();
                std::future::pending().await
            }
        }
    }

    async fn look_up(&self, question: &Question) -> Known {
        self.carrier.look_up(question).await
    }

    fn signature_header(&self) -> &'static str {
        self.carrier.signature_header()
    }

    fn read_notice(
        &self,
        signature: Option<&str>,
        body: &[u8],
        now: UtcMs,
    ) -> Result<TrackingNotice, BadNotice> {
        self.carrier.read_notice(signature, body, now)
    }
}

struct Deaf;

impl Poke for Deaf {
    fn poke(&self, _tenant: &TenantId, _store: &StoreId, _why: &str) {}
}

pub(crate) struct Stage {
    pub(crate) carrier: Arc<Simulator>,
    line: Arc<Line>,
    gateways: CarrierGateways,
    storage: SqliteStore,
    leeds: Agent,
    task: Option<TaskId>,
    now: AtomicI64,
    starts: u8,
    folder: TempDir,
}

fn account() -> CarrierAccount {
    CarrierAccount::new("parcels").unwrap()
}

fn open(folder: &TempDir, start: u8) -> SqliteStore {
    let place = Place::File(folder.path().join("central.db"));
    SqliteStore::open(&place, Options::default(), [start; 8]).unwrap()
}

fn gateways(line: &Arc<Line>) -> CarrierGateways {
    let port: Arc<dyn Carriers> = line.clone();
    let gateway = Gateway::new(port, GateTerms::default(), [tenant()].into(), MonoMs(0));
    Gateways::new([(account(), gateway)].into())
}

impl Stage {
    pub(crate) async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let storage = open(&folder, 1);
        let account = Account { tenant: tenant(), name: account(), services: Vec::new() };
        storage.set_accounts(&[account]).await.unwrap();
        let leeds = stocked(&storage, "leeds", 5).await;
        let carrier = Arc::new(Simulator::new(1, Secret::new("whsec")));
        let line =
            Arc::new(Line { carrier: carrier.clone(), point: Mutex::new(None), reached: Notify::new() });
        let gateways = gateways(&line);
        let (task, now) = (None, AtomicI64::new(100));
        Self { carrier, line, gateways, storage, leeds, task, now, starts: 1, folder }
    }

    fn now(&self) -> Now {
        at(self.now.load(Ordering::SeqCst))
    }

    /// A little later, each time.
    fn tick(&self) -> Now {
        at(self.now.fetch_add(10, Ordering::SeqCst))
    }

    /// An order that a store is asked for.
    pub(crate) async fn place(&mut self) {
        let mut wish = request(FulfilmentKind::Ship, &[("A", UNITS)]);
        let lines = ["12 King Street", "Leeds", "LS1 4AP", "GB"];
        wish.customer = Some(Personal::new(Customer {
            name: Some("Ada".to_owned()),
            address: lines.map(str::to_owned).to_vec(),
            ..Customer::default()
        }));
        let new = new_order(ORDER, "cart-1", wish);
        assert_eq!(self.storage.place(new).await.unwrap(), Placed::New);
        let (task, _) = assigned(&self.storage, ORDER, "leeds").await;
        self.leeds.sync(&self.storage, self.tick()).await;
        self.task = Some(task);
    }

    pub(crate) async fn advance(&self) {
        let now = &self.now;
        let clock = move || at(now.fetch_add(10, Ordering::SeqCst));
        advance_parcels(&self.storage, &self.gateways, &account(), &Deaf, &clock).await.unwrap();
        read_tracking(&self.storage, self.now().utc).await.unwrap();
    }

    /// Everything that happens by itself within some hours.
    pub(crate) async fn settle(&self) {
        for _ in 0..40 {
            self.advance().await;
            self.now.fetch_add(20_000, Ordering::SeqCst);
        }
        self.pass_hours(3).await;
    }

    pub(crate) async fn pass_seconds(&self, seconds: i64) {
        for _ in 0..seconds {
            self.advance().await;
            self.now.fetch_add(1_000, Ordering::SeqCst);
        }
    }

    pub(crate) async fn pass_hours(&self, hours: i64) {
        for _ in 0..hours * 4 {
            self.advance().await;
            self.now.fetch_add(15 * 60_000, Ordering::SeqCst);
        }
    }

    pub(crate) async fn crash_at(&mut self, point: Point) {
        *self.line.point.lock().unwrap() = Some(point);
        tokio::select! {
            biased;
            () = self.advance() => panic!("it went past the point"),
            () = self.line.reached.notified() => {}
        }
        self.reopen().await;
    }

    /// What was in memory is gone.
    pub(crate) async fn reopen(&mut self) {
        self.storage.stop().await;
        self.starts += 1;
        self.storage = open(&self.folder, self.starts);
        self.gateways = gateways(&self.line);
    }

    fn task(&self) -> TaskId {
        self.task.clone().unwrap()
    }

    async fn say(&mut self, events: &[TaskEvent]) {
        let task = self.task();
        for event in events {
            self.leeds.say(&task, event.clone());
        }
        self.leeds.sync(&self.storage, self.tick()).await;
    }

    pub(crate) async fn accept(&mut self) {
        self.say(&[TaskEvent::Accepted]).await;
    }

    pub(crate) async fn pick(&mut self) {
        self.say(&[TaskEvent::PickingStarted]).await;
    }

    pub(crate) async fn pack(&mut self) {
        self.say(&[TaskEvent::Picked { line: LINE, quantity: UNITS }, TaskEvent::Packed]).await;
        self.leeds.sync(&self.storage, self.tick()).await;
    }

    pub(crate) async fn hand_over(&mut self) {
        let task = self.task();
        self.leeds.hand_over(&task);
        self.leeds.sync(&self.storage, self.tick()).await;
    }

    /// When it hears that it shall.
    pub(crate) async fn put_back(&mut self) {
        let task = self.task();
        self.leeds.sync(&self.storage, self.tick()).await;
        self.leeds.put_back(&task);
        self.leeds.sync(&self.storage, self.tick()).await;
    }

    pub(crate) async fn cancel(&self) {
        let actor = Actor::new("support").unwrap();
        let (tenant, order, now) = (tenant(), order_id(ORDER), self.tick().utc);
        self.storage.cancel(&tenant, &order, "changed my mind", &actor, now).await.unwrap();
    }

    /// The carrier scans the label that is good, and tells of it so often.
    pub(crate) async fn scan(&self, status: TrackStatus, times: u8) {
        let now = self.tick().utc;
        let number = self.number();
        self.carrier.scan(&number, status, now);
        self.hear(times).await;
    }

    /// A scan of long ago, which comes only now.
    pub(crate) async fn late_scan(&self, status: TrackStatus) {
        self.carrier.scan(&self.number(), status, UtcMs(1));
        self.hear(1).await;
    }

    pub(crate) fn number(&self) -> String {
        let good = self.carrier.labels(&order_id(ORDER)).into_iter().find(|entry| !entry.voided);
        good.map(|entry| entry.label.tracking_number).unwrap_or_default()
    }

    async fn hear(&self, times: u8) {
        self.take_in(times).await;
        read_tracking(&self.storage, self.now().utc).await.unwrap();
    }

    /// What the carrier tells is on disk, and nobody has read it.
    pub(crate) async fn take_in(&self, times: u8) {
        let now = self.now().utc;
        for (signature, body) in self.carrier.webhooks(now) {
            for _ in 0..times {
                let incoming =
                    IncomingTracking { carrier: &account(), signature: Some(&signature), body: &body };
                take_in_tracking(&self.storage, &self.gateways, &incoming, now).await.unwrap();
            }
        }
    }

    /// A scan of a parcel of somebody else's, told by mistake.
    pub(crate) async fn strange_scan(&self) {
        self.carrier.scan("SIM-OF-ANOTHER", TrackStatus::InTransit, self.now().utc);
        self.hear(1).await;
    }

    /// What is on record of the parcel cannot be read any more.
    pub(crate) async fn damage(&self) {
        let file = rusqlite::Connection::open(self.folder.path().join("central.db")).unwrap();
        let fact = "INSERT INTO parcel_fact (tenant, task, sequence, source, at, said)
            SELECT tenant, task, 99, 'central', 0, '{' FROM parcel";
        assert_eq!(file.execute(fact, []).unwrap(), 1);
    }

    /// Reads the inbox. Whether all of it could be read.
    pub(crate) async fn read(&self) -> bool {
        read_tracking(&self.storage, self.tick().utc).await.is_ok()
    }

    /// How many scans wait for their label.
    pub(crate) async fn scans_waiting(&self) -> usize {
        self.inbox().await.iter().filter(|received| received.outcome.is_none()).count()
    }

    async fn inbox(&self) -> Vec<ReceivedTracking> {
        let page = PageRequest { cursor: None, limit: 99 };
        self.storage.tracking(&tenant(), &page).await.unwrap().rows
    }

    /// What holds now; both sides' labels must be the same, and each scan of them was heeded.
    pub(crate) async fn line(&self) -> String {
        let (tenant, order) = (tenant(), order_id(ORDER));
        let shipments = self.storage.shipments(&tenant, &order).await.unwrap();
        let parcels: Vec<Parcel> = shipments.iter().map(|shipment| Parcel::fold(&shipment.facts)).collect();
        let theirs = self.carrier.labels(&order);
        let mut known: Vec<(String, bool)> = parcels
            .iter()
            .flat_map(Parcel::labels)
            .map(|made| (made.label.tracking_number.clone(), made.voided))
            .collect();
        let mut there: Vec<(String, bool)> =
            theirs.iter().map(|entry| (entry.label.tracking_number.clone(), entry.voided)).collect();
        for received in self.inbox().await {
            let ours = there.iter().any(|(number, _)| *number == received.notice.tracking_number);
            let strange = received.outcome == Some(NoticeOutcome::NotOurs);
            assert!(received.outcome.is_some() && ours != strange, "{received:?}");
        }
        known.sort();
        there.sort();
        assert_eq!(known, there, "central's labels and the carrier's: {shipments:#?}");
        assert!(
            parcels.iter().all(|parcel| parcel.open().is_none()),
            "nobody knows what came of {parcels:#?}"
        );
        let good = there.iter().filter(|(_, voided)| !voided).count();
        let task = self.storage.task(&tenant, &self.task()).await.unwrap().unwrap();
        let refused = self.storage.label_failures(&tenant, &self.task()).await.unwrap().len();
        let left = usize::from(task.phase == Phase::HandedOver);
        assert!(good <= 1, "one parcel, one label");
        let state = self.storage.order(&tenant, &order).await.unwrap().unwrap().state;
        let page = PageRequest { cursor: None, limit: 99 };
        let open = self.storage.exceptions(&tenant, true, &page).await.unwrap().rows;
        let open: Vec<&str> = open.iter().map(|exception| exception.category.as_str()).collect();
        // A label that was refused, or that the carrier does not take back, a person knows of.
        if task.phase.is_final() && refused == 0 && !open.contains(&"void_failed") {
            assert_eq!(good, left, "labels that are good, and parcels that left");
        }
        let mut events = self.storage.recent_events(&tenant, 99).await.unwrap();
        events.reverse();
        let told: Vec<String> = events
            .iter()
            .filter(|event| {
                event.key == ORDER && (event.kind.starts_with("Shipment") || event.kind == "OrderDelivered")
            })
            .map(|event| event.kind.clone())
            .collect();
        let stands: Vec<&str> = parcels.iter().map(|parcel| parcel.state().as_str()).collect();
        let stands = if stands.is_empty() { String::from("none") } else { stands.join(", ") };
        format!(
            "    {}: parcel {stands}, {} labels made, {good} good, {left} left, {refused} refused; a person looks at: {}\n    told: {}\n",
            state.as_str(),
            there.len(),
            if open.is_empty() { String::from("nothing") } else { open.join(", ") },
            if told.is_empty() { String::from("nothing") } else { told.join(", ") },
        )
    }
}
