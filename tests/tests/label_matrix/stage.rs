//! One order of two units, and a carrier.

use async_trait::async_trait;
use holdfast_central::adapters::carriers::simulator::Simulator;
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
use holdfast_central::ports::labels::Labels;
use holdfast_central::ports::orders::{Orders, Placed};
use holdfast_central::ports::poke::Poke;
use holdfast_central::ports::shipments::{Account, Shipments};
use holdfast_central::ports::work::Work;
use holdfast_platform::secret::Secret;
use holdfast_shared::domain::task::{FulfilmentKind, Phase, TaskEvent};
use holdfast_shared::ids::{CarrierAccount, StoreId, TenantId};
use holdfast_shared::time::{MonoMs, UtcMs};
use holdfast_tests::conformance::world::{LINE, new_order, order_id, request, tenant};
use holdfast_tests::matrix::{Line, ORDER, Point, Scene, listed};
use std::sync::Arc;

const UNITS: i64 = 2;

/// The carrier, behind a line that can be held up.
#[derive(Debug)]
struct Road(Line<Simulator>);

#[async_trait]
impl Carriers for Road {
    async fn rates(&self, question: &RateQuestion) -> Result<Vec<Rate>, Answer> {
        self.0.to.rates(question).await
    }

    async fn ask(&self, question: &Question) -> Answer {
        self.0.carry(self.0.to.ask(question)).await
    }

    async fn look_up(&self, question: &Question) -> Known {
        self.0.to.look_up(question).await
    }

    fn signature_header(&self) -> &'static str {
        self.0.to.signature_header()
    }

    fn read_notice(
        &self,
        signature: Option<&str>,
        body: &[u8],
        now: UtcMs,
    ) -> Result<TrackingNotice, BadNotice> {
        self.0.to.read_notice(signature, body, now)
    }
}

struct Deaf;

impl Poke for Deaf {
    fn poke(&self, _tenant: &TenantId, _store: &StoreId, _why: &str) {}
}

pub(crate) struct Stage {
    pub(crate) scene: Scene,
    pub(crate) carrier: Arc<Simulator>,
    line: Arc<Road>,
    gateways: CarrierGateways,
}

fn account() -> CarrierAccount {
    CarrierAccount::new("parcels").unwrap()
}

fn gateways(line: &Arc<Road>) -> CarrierGateways {
    let port: Arc<dyn Carriers> = line.clone();
    let gateway = Gateway::new(port, GateTerms::default(), [tenant()].into(), MonoMs(0));
    Gateways::new([(account(), gateway)].into())
}

impl Stage {
    pub(crate) async fn new() -> Self {
        let scene = Scene::new().await;
        let account = Account { tenant: tenant(), name: account(), services: Vec::new() };
        scene.storage.set_accounts(&[account]).await.unwrap();
        let carrier = Arc::new(Simulator::new(1, Secret::new("whsec")));
        let line = Arc::new(Road(Line::new(carrier.clone())));
        let gateways = gateways(&line);
        Self { scene, carrier, line, gateways }
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
        assert_eq!(self.scene.storage.place(new).await.unwrap(), Placed::New);
        self.scene.assign().await;
    }

    pub(crate) async fn advance(&self) {
        let clock = || self.scene.tick();
        advance_parcels(&self.scene.storage, &self.gateways, &account(), &Deaf, &clock).await.unwrap();
        read_tracking(&self.scene.storage, self.scene.now().utc).await.unwrap();
    }

    /// Everything that happens by itself within some hours.
    pub(crate) async fn settle(&self) {
        self.scene.settle(&async || self.advance().await).await;
    }

    pub(crate) async fn pass_seconds(&self, seconds: i64) {
        self.scene.pass(seconds, 1_000, &async || self.advance().await).await;
    }

    pub(crate) async fn pass_hours(&self, hours: i64) {
        self.scene.pass_hours(hours, &async || self.advance().await).await;
    }

    pub(crate) async fn crash_at(&mut self, point: Point) {
        self.line.0.hold_at(point);
        tokio::select! {
            biased;
            () = self.advance() => panic!("it went past the point"),
            () = self.line.0.holds() => {}
        }
        self.reopen().await;
    }

    /// What was in memory is gone.
    pub(crate) async fn reopen(&mut self) {
        self.scene.reopen().await;
        self.gateways = gateways(&self.line);
    }

    pub(crate) async fn accept(&mut self) {
        self.scene.say(&[TaskEvent::Accepted]).await;
    }

    pub(crate) async fn pick(&mut self) {
        self.scene.say(&[TaskEvent::PickingStarted]).await;
    }

    pub(crate) async fn pack(&mut self) {
        self.scene.say(&[TaskEvent::Picked { line: LINE, quantity: UNITS }, TaskEvent::Packed]).await;
        self.scene.sync().await;
    }

    /// The carrier scans the label that is good, and tells of it so often.
    pub(crate) async fn scan(&self, status: TrackStatus, times: u8) {
        let now = self.scene.tick().utc;
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
        read_tracking(&self.scene.storage, self.scene.now().utc).await.unwrap();
    }

    /// What the carrier tells is on disk, and nobody has read it.
    pub(crate) async fn take_in(&self, times: u8) {
        let now = self.scene.now().utc;
        for (signature, body) in self.carrier.webhooks(now) {
            for _ in 0..times {
                let incoming =
                    IncomingTracking { carrier: &account(), signature: Some(&signature), body: &body };
                take_in_tracking(&self.scene.storage, &self.gateways, &incoming, now).await.unwrap();
            }
        }
    }

    /// A scan of a parcel of somebody else's, told by mistake.
    pub(crate) async fn strange_scan(&self) {
        self.carrier.scan("SIM-OF-ANOTHER", TrackStatus::InTransit, self.scene.now().utc);
        self.hear(1).await;
    }

    /// What is on record of the parcel cannot be read any more.
    pub(crate) async fn damage(&self) {
        let file = rusqlite::Connection::open(self.scene.database()).unwrap();
        let fact = "INSERT INTO parcel_fact (tenant, task, sequence, source, at, said)
            SELECT tenant, task, 99, 'central', 0, '{' FROM parcel";
        assert_eq!(file.execute(fact, []).unwrap(), 1);
    }

    /// Reads the inbox. Whether all of it could be read.
    pub(crate) async fn read(&self) -> bool {
        read_tracking(&self.scene.storage, self.scene.tick().utc).await.is_ok()
    }

    /// How many scans wait for their label.
    pub(crate) async fn scans_waiting(&self) -> usize {
        self.inbox().await.iter().filter(|received| received.outcome.is_none()).count()
    }

    async fn inbox(&self) -> Vec<ReceivedTracking> {
        let page = PageRequest { cursor: None, limit: 99 };
        self.scene.storage.tracking(&tenant(), &page).await.unwrap().rows
    }

    /// What holds now; both sides' labels must be the same, and each scan of them was heeded.
    pub(crate) async fn line(&self) -> String {
        let (tenant, order) = (tenant(), order_id(ORDER));
        let shipments = self.scene.storage.shipments(&tenant, &order).await.unwrap();
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
        let task = self.scene.storage.task(&tenant, &self.scene.task()).await.unwrap().unwrap();
        let refused = self.scene.storage.label_failures(&tenant, &self.scene.task()).await.unwrap().len();
        let left = usize::from(task.phase == Phase::HandedOver);
        assert!(good <= 1, "one parcel, one label");
        let state = self.scene.storage.order(&tenant, &order).await.unwrap().unwrap().state;
        let open: Vec<String> =
            self.scene.exceptions().await.into_iter().map(|(category, _)| category).collect();
        // A label that was refused, or that the carrier does not take back, a person knows of.
        if task.phase.is_final() && refused == 0 && !open.iter().any(|category| category == "void_failed") {
            assert_eq!(good, left, "labels that are good, and parcels that left");
        }
        let mut told = self.scene.told().await;
        told.retain(|kind| kind.starts_with("Shipment") || kind == "OrderDelivered");
        let stands: Vec<&str> = parcels.iter().map(|parcel| parcel.state().as_str()).collect();
        let stands = if stands.is_empty() { String::from("none") } else { stands.join(", ") };
        format!(
            "    {}: parcel {stands}, {} labels made, {good} good, {left} left, {refused} refused; a person looks at: {}\n    told: {}\n",
            state.as_str(),
            there.len(),
            listed(&open),
            listed(&told),
        )
    }
}
