//! A stage for scenarios: central and store boxes, both real, with a clock in the test's hand.
//!
//! Everything that decides or stores is the product; between a box and central pass only encoded
//! bytes. Nothing happens by itself: the test says when a box syncs, beats, restarts or is copied,
//! when central decides, and how much time passes. So a scenario reads as what happened:
//!
//! ```no_run
//! # async fn scenario() {
//! use holdfast_tests::stage::Stage;
//! let mut stage = Stage::open().await;
//! stage.store("leeds", &[("A", 3)]).await;
//! stage.order("o1", &[("A", 1)]).await;
//! stage.decide().await;
//! stage.sync("leeds").await;
//! stage.work("leeds", "o1-1").await;
//! # }
//! ```
//!
//! [`office`] is central, [`shop`] a store's box. A box is named by its store, or by the name that a
//! second one was given.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a panic in here is a finding"
)]

mod disks;
pub mod office;
pub mod shop;

use crate::conformance::world;
use holdfast_agent::core::command::{Command, MovementKind, MovementRequest, TaskAct};
use holdfast_agent::flows::sync::Conversation;
use holdfast_agent::ports::ledger::{Executed, Ledger, LedgerError};
use holdfast_central::core::order::{Order, OrderEvent, OrderRequest, OrderState};
use holdfast_central::core::order_terms::Priority;
use holdfast_central::flows::FlowError;
use holdfast_central::flows::cancel::cancel_order;
use holdfast_central::flows::enrol::{enrol, offer_enrolment};
use holdfast_central::flows::place_order::{PlaceOrder, place_order};
use holdfast_central::flows::take_back::{TakenBack, take_back};
use holdfast_central::ports::access::ReplicaIdentity;
use holdfast_central::ports::fleet::Fleet;
use holdfast_central::ports::orders::{Orders, Placed};
use holdfast_central::ports::outbox::Outbox;
use holdfast_central::ports::replication::Replication;
use holdfast_central::ports::work::{Audit, Work};
use holdfast_central::ports::{PageRequest, fleet::StorePosition};
use holdfast_shared::domain::task::{FulfilmentKind, Status, TaskState};
use holdfast_shared::ids::{Actor, IdempotencyKey, TaskId, TraceId};
use holdfast_shared::time::{MonoMs, Now, UtcMs};
use holdfast_shared::wire::enrolment::EnrolRequest;
use holdfast_shared::wire::signal;
use holdfast_shared::wire::sync::{SyncRequest, SyncResponse};
use holdfast_shared::wire::topic::{Channel, Topic};
use office::Office;
use shop::Shop;
use std::collections::BTreeMap;
use tempfile::TempDir;

/// A Tuesday in November, noon in Greenwich.
pub const BEGIN: UtcMs = UtcMs(1_700_568_000_000);

#[derive(Debug)]
pub struct Stage {
    pub office: Office,
    pub shops: BTreeMap<String, Shop>,
    folder: TempDir,
    at_ms: i64,
    codes: u32,
}

impl Stage {
    /// Central runs; there is no store yet.
    pub async fn open() -> Self {
        let folder = TempDir::new().unwrap();
        let office = Office::open(folder.path().join("central.db"));
        let names: Vec<_> = ["A", "B", "C"].into_iter().map(world::item).collect();
        office.store().put_catalogue(&world::tenant(), &names).await.unwrap();
        Self { office, shops: BTreeMap::new(), folder, at_ms: 0, codes: 0 }
    }

    #[must_use]
    pub fn now(&self) -> Now {
        Now { utc: BEGIN.plus(self.at_ms), mono: MonoMs(self.at_ms) }
    }

    /// Time passes, and nothing else happens.
    pub fn wait(&mut self, ms: i64) {
        self.at_ms += ms;
    }

    /// Time passes as it does in a chain that is well: boxes beat every 5 s, central looks.
    pub async fn live(&mut self, ms: i64) {
        let until = self.at_ms + ms;
        while self.at_ms < until {
            self.wait(5_000.min(until - self.at_ms));
            let names: Vec<String> = self.shops.keys().cloned().collect();
            for name in names {
                self.beat(&name).await;
            }
            self.decide().await;
        }
    }

    /// The same, while nothing of one box reaches central or comes back.
    pub async fn live_without(&mut self, dark: &str, ms: i64) {
        self.shop(dark).cut_off = true;
        let until = self.at_ms + ms;
        while self.at_ms < until {
            self.wait(5_000.min(until - self.at_ms));
            let names: Vec<String> = self.shops.keys().filter(|name| *name != dark).cloned().collect();
            for name in names {
                self.beat(&name).await;
            }
            self.decide().await;
        }
    }

    /// The line of a box is mended, and it speaks at once.
    pub async fn back(&mut self, name: &str) {
        self.shop(name).cut_off = false;
        self.beat(name).await;
        self.sync(name).await;
    }

    // --- stores and boxes ---------------------------------------------------------------------

    /// A store with one enrolled box of the same name, and this opening stock, synced.
    pub async fn store(&mut self, name: &str, stock: &[(&str, i64)]) {
        let now = self.now();
        self.office.store().put_store(&world::tenant(), &world::described(name), now.utc).await.unwrap();
        self.enrol(name, name).await;
        if !stock.is_empty() {
            self.shop(name).open_stock(stock, now).await;
        }
        self.sync(name).await;
        self.beat(name).await;
        self.decide().await;
    }

    /// More opening stock at a box, not synced.
    pub async fn open_stock(&mut self, name: &str, stock: &[(&str, i64)]) {
        let now = self.now();
        self.shop(name).open_stock(stock, now).await;
    }

    /// One more box for a store, enrolled under an identity of its own.
    pub async fn enrol(&mut self, store: &str, name: &str) {
        self.codes += 1;
        let code = format!("{:016X}", self.codes);
        let (now, central) = (self.now(), self.office.store());
        offer_enrolment(central, &world::tenant(), &world::store_id(store), &code, now.utc).await.unwrap();
        let request = EnrolRequest { code, box_name: Some(name.to_owned()) };
        let secret = format!("secret of {name}");
        let enrolled = enrol(central, &request, secret, String::from("stage:1883"), now.utc).await.unwrap();
        let identity =
            ReplicaIdentity { tenant: enrolled.tenant, store: enrolled.store, replica: enrolled.replica };
        let shop = Shop::start(name, identity, self.folder.path().join(format!("{name}.db")));
        self.shops.insert(name.to_owned(), shop);
    }

    pub fn shop(&mut self, name: &str) -> &mut Shop {
        self.shops.get_mut(name).unwrap_or_else(|| panic!("there is no box {name}"))
    }

    /// The process of a box ends without a goodbye and starts again.
    pub fn restart(&mut self, name: &str) {
        self.shop(name).stop();
        self.shop(name).boot();
    }

    /// One conversation with central. It may fail; the caller looks.
    pub async fn sync(&mut self, name: &str) -> Conversation {
        let now = self.now();
        let Self { office, shops, .. } = self;
        let shop = shops.get_mut(name).unwrap_or_else(|| panic!("there is no box {name}"));
        shop.converse(office, now).await
    }

    /// A message of a box arrives once more, or late.
    pub async fn arrives_again(&self, from: &ReplicaIdentity, request: &SyncRequest) -> SyncResponse {
        self.office.sync(from, request, self.now()).await
    }

    /// A heartbeat over MQTT, if the box runs.
    pub async fn beat(&mut self, name: &str) {
        let now = self.now();
        let Some(beat) = self.shop(name).heartbeat(now).await else { return };
        let from = self.shop(name).identity.clone();
        let topic = Topic::new(from.tenant.clone(), from.store.clone(), Channel::Heartbeat).to_string();
        self.office.hear(&topic, &from, &signal::encode(&beat).unwrap(), now).await;
    }

    // --- people -------------------------------------------------------------------------------

    /// An order to be shipped.
    pub async fn order(&mut self, order: &str, lines: &[(&str, i64)]) {
        self.place(order, world::request(FulfilmentKind::Ship, lines)).await;
    }

    pub async fn place(&mut self, order: &str, request: OrderRequest) {
        let wish = PlaceOrder {
            tenant: world::tenant(),
            order: world::order_id(order),
            request,
            key: IdempotencyKey::new(order).unwrap(),
            actor: Actor::new("storefront").unwrap(),
            trace: TraceId::new("0123456789abcdef0123456789abcdef").unwrap(),
            upstream: None,
            duplicate_within_ms: 0,
            priority: Priority::Standard,
        };
        let placed = place_order(self.office.store(), wish, self.office.clock(self.now()).utc).await.unwrap();
        assert_eq!(placed, Placed::New);
    }

    /// What a device of the store says to its box.
    pub async fn say(&mut self, name: &str, command: Command) -> Result<Executed, LedgerError> {
        let now = self.now();
        self.shop(name).say(command, now).await
    }

    pub async fn act(&mut self, name: &str, task: &str, act: TaskAct) -> Result<Executed, LedgerError> {
        self.say(name, Command::Task { task: TaskId::new(task).unwrap(), act }).await
    }

    /// From the offer to the packed parcel, all of it found.
    pub async fn pack(&mut self, name: &str, task: &str) {
        self.act(name, task, TaskAct::Accept).await.unwrap();
        self.act(name, task, TaskAct::StartPicking).await.unwrap();
        for line in self.task_at(name, task).await.lines {
            self.act(name, task, TaskAct::Pick { line: line.line, quantity: line.quantity }).await.unwrap();
        }
        self.act(name, task, TaskAct::Pack).await.unwrap();
    }

    /// From the offer to the hand-over, with the sync that brings the release.
    pub async fn work(&mut self, name: &str, task: &str) {
        self.pack(name, task).await;
        self.sync(name).await;
        self.act(name, task, TaskAct::HandOver { to: None }).await.unwrap();
    }

    pub async fn sell(&mut self, name: &str, sku: &str, quantity: i64) {
        let sale = MovementRequest {
            kind: MovementKind::Sale,
            sku: world::sku(sku),
            quantity,
            peer: None,
            note: None,
        };
        self.say(name, Command::Move(vec![sale])).await.unwrap();
    }

    /// A customer's wish to cancel.
    pub async fn cancel(&mut self, order: &str) {
        let (order, actor, now) = (world::order_id(order), Actor::new("customer").unwrap(), self.now());
        let (store, poke) = (self.office.store(), &self.office.pokes);
        cancel_order(store, poke, &world::tenant(), &order, "changed my mind", &actor, now.utc)
            .await
            .unwrap();
    }

    /// A person at central moves work, whatever was released.
    pub async fn take_back(&mut self, task: &str, reason: &str) -> Result<TakenBack, FlowError> {
        let (task, actor, now) = (TaskId::new(task).unwrap(), Actor::new("key:ann").unwrap(), self.now());
        let (store, poke) = (self.office.store(), &self.office.pokes);
        take_back(store, poke, &world::tenant(), &task, (reason, &actor), now).await
    }

    // --- central ------------------------------------------------------------------------------

    /// Everything that central does by itself: judge, move, withdraw, route.
    pub async fn decide(&mut self) {
        let now = self.now();
        self.office.decide(now).await;
    }

    // --- what can be seen ---------------------------------------------------------------------

    /// The task as the box has it.
    pub async fn task_at(&mut self, name: &str, task: &str) -> TaskState {
        let ledger = self.shop(name).ledger().clone();
        let found = ledger.task(&TaskId::new(task).unwrap()).await.unwrap();
        found.unwrap_or_else(|| panic!("{name} does not know task {task}"))
    }

    pub async fn status_at(&mut self, name: &str, task: &str) -> Status {
        self.task_at(name, task).await.status()
    }

    /// The task as central has it.
    pub async fn task(&self, task: &str) -> TaskState {
        let found = self.office.store().task(&world::tenant(), &TaskId::new(task).unwrap()).await.unwrap();
        found.unwrap_or_else(|| panic!("central does not know task {task}"))
    }

    pub async fn the_order(&self, order: &str) -> Order {
        world::the_order(self.office.store(), order).await
    }

    pub async fn state(&self, order: &str) -> OrderState {
        self.the_order(order).await.state
    }

    /// On hand and reserved of a SKU at a store, as central has it.
    pub async fn position(&self, store: &str, sku: &str) -> StorePosition {
        let found = self.office.store().positions(&world::tenant(), &[world::sku(sku)]).await.unwrap();
        let here = found.into_iter().find(|position| position.store == world::store_id(store));
        here.unwrap_or_else(|| panic!("central has no {sku} at {store}"))
    }

    /// On hand of a SKU as the box has it.
    pub async fn on_hand_at(&mut self, name: &str, sku: &str) -> i64 {
        let ledger = self.shop(name).ledger().clone();
        ledger.positions(&[world::sku(sku)]).await.unwrap().first().map_or(0, |position| position.on_hand)
    }

    /// Details of the open exceptions, newest first.
    pub async fn exceptions(&self) -> Vec<String> {
        let page = PageRequest { cursor: None, limit: 100 };
        let found = self.office.store().exceptions(&world::tenant(), true, &page).await.unwrap();
        found.rows.into_iter().map(|exception| exception.detail).collect()
    }

    /// The order's timeline, in full.
    pub async fn events(&self, order: &str) -> Vec<OrderEvent> {
        self.office.store().timeline(&world::tenant(), &world::order_id(order)).await.unwrap()
    }

    /// How stores answered cancels, oldest first.
    pub async fn cancel_answers(&self) -> Vec<String> {
        let mut events = self.office.store().recent_events(&world::tenant(), 500).await.unwrap();
        events.reverse();
        let answers = events.into_iter().filter(|event| event.kind == "CancelAnswered");
        answers
            .map(|event| event.body.get("outcome").and_then(|outcome| outcome.as_str()).unwrap().to_owned())
            .collect()
    }

    /// The order's timeline in words.
    pub async fn timeline(&self, order: &str) -> Vec<String> {
        let told = self.office.store().timeline(&world::tenant(), &world::order_id(order)).await.unwrap();
        told.into_iter().map(|event| event.words).collect()
    }

    /// Nothing that must be zero is not.
    pub async fn sound(&self) -> Audit {
        let audit = self.office.store().audit(None).await.unwrap();
        let broken = audit.double_shipped
            + audit.oversold
            + audit.reserved_mismatch
            + audit.orphaned_holds
            + audit.baseline_mismatch;
        assert_eq!(broken, 0, "{audit:?}");
        audit
    }

    /// Box and central have the same documents and the same stock.
    pub async fn level(&mut self, name: &str) {
        let store = self.shop(name).identity.store.clone();
        let summary = self.shop(name).ledger().clone().summary().await.unwrap();
        let kept = self.office.store().digests(&world::tenant(), &store).await.unwrap();
        let central = kept.first().map(|pair| (pair.root.clone(), pair.stock_digest.clone()));
        assert_eq!(central, Some((summary.root, summary.stock_digest)), "{name} and central differ");
        assert_eq!(summary.unsynced, 0, "{name} has facts that central lacks");
    }
}
