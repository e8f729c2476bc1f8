//! A central with one store, one order of two units at 5.00, and a network of cards.

use async_trait::async_trait;
use holdfast_central::adapters::payments::simulator::{Rates, Simulator};
use holdfast_central::adapters::sqlite::SqliteStore;
use holdfast_central::core::order::OrderState;
use holdfast_central::core::order_terms::{Payment, PaymentToken};
use holdfast_central::core::outside::gate::GateTerms;
use holdfast_central::core::returns::policy::ReturnPolicy;
use holdfast_central::core::returns::request::{
    AskedBy, ReturnLineRequest, ReturnReason, ReturnRequest, Wished,
};
use holdfast_central::core::returns::state::ReturnState;
use holdfast_central::core::saga::account::{Account, Sums};
use holdfast_central::core::saga::notice::Notice;
use holdfast_central::core::saga::plan::Capabilities;
use holdfast_central::core::saga::refund::{RefundLine, RefundRequest};
use holdfast_central::flows::advance_sagas::{Advanced, advance_sagas};
use holdfast_central::flows::gateways::{Gateway, Gateways};
use holdfast_central::flows::read_notices::{Incoming, read_notices, take_in};
use holdfast_central::flows::refund::ask_refund;
use holdfast_central::flows::returns::ask_return;
use holdfast_central::ports::PageRequest;
use holdfast_central::ports::fleet::Fleet;
use holdfast_central::ports::orders::{Orders, Placed};
use holdfast_central::ports::outbox::Outbox;
use holdfast_central::ports::payments::{Answer, BadNotice, Known, Payments, Question};
use holdfast_central::ports::returns::Returns;
use holdfast_central::ports::sagas::{SagaKey, Sagas};
use holdfast_central::ports::work::Work;
use holdfast_platform::secret::Secret;
use holdfast_platform::sqlite::{Options, Place};
use holdfast_shared::domain::bring_back::{Condition, ReturnRef};
use holdfast_shared::domain::task::{FulfilmentKind, TaskEvent};
use holdfast_shared::ids::{Actor, IdempotencyKey, PaymentProvider, TaskId};
use holdfast_shared::money::Money;
use holdfast_shared::time::{MonoMs, Now, UtcMs};
use holdfast_tests::conformance::agent::Agent;
use holdfast_tests::conformance::world::{
    LINE, assigned, at, demand, new_order, order_id, request, stocked, tenant,
};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::sync::Notify;

const ORDER: &str = "o1";
const PRICE: i64 = 500;
const UNITS: i64 = 2;

/// Where central stops for good while it asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Point {
    /// It is written down, and has not left.
    Before,
    /// It was done, and the answer is on its way.
    During,
}

/// The cards, behind a line that can be held up.
struct Line {
    cards: Arc<Simulator>,
    point: Mutex<Option<Point>>,
    reached: Notify,
}

#[async_trait]
impl Payments for Line {
    fn can(&self) -> Capabilities {
        self.cards.can()
    }

    async fn ask(&self, question: &Question) -> Answer {
        let point = self.point.lock().unwrap().take();
        match point {
            None => self.cards.ask(question).await,
            Some(point) => {
                if point == Point::During {
                    self.cards.ask(question).await;
                }
                self.reached.notify_one();
                std::future::pending().await
            }
        }
    }

    async fn look_up(&self, question: &Question) -> Known {
        self.cards.look_up(question).await
    }

    fn signature_header(&self) -> &'static str {
        self.cards.signature_header()
    }

    fn read_notice(&self, signature: Option<&str>, body: &[u8], now: UtcMs) -> Result<Notice, BadNotice> {
        self.cards.read_notice(signature, body, now)
    }
}

pub(crate) struct Stage {
    pub(crate) cards: Arc<Simulator>,
    line: Arc<Line>,
    gateways: Gateways,
    storage: SqliteStore,
    leeds: Agent,
    task: Option<TaskId>,
    now: AtomicI64,
    starts: u8,
    folder: TempDir,
}

fn cards() -> PaymentProvider {
    PaymentProvider::new("cards").unwrap()
}

fn open(folder: &TempDir, start: u8) -> SqliteStore {
    let place = Place::File(folder.path().join("central.db"));
    SqliteStore::open(&place, Options::default(), [start; 8]).unwrap()
}

fn gateways(line: &Arc<Line>) -> Gateways {
    let port: Arc<dyn Payments> = line.clone();
    let gateway = Gateway::new(port, GateTerms::default(), [tenant()].into(), MonoMs(0));
    Gateways::new([(cards(), gateway)].into())
}

impl Stage {
    pub(crate) async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let storage = open(&folder, 1);
        let leeds = stocked(&storage, "leeds", 5).await;
        let simulator = Arc::new(Simulator::new(1, Rates::default(), Secret::new("whsec")));
        let line =
            Arc::new(Line { cards: simulator.clone(), point: Mutex::new(None), reached: Notify::new() });
        let gateways = gateways(&line);
        let (task, now) = (None, AtomicI64::new(100));
        Self { cards: simulator, line, gateways, storage, leeds, task, now, starts: 1, folder }
    }

    fn now(&self) -> Now {
        at(self.now.load(Ordering::SeqCst))
    }

    /// A little later, each time.
    fn tick(&self) -> Now {
        at(self.now.fetch_add(10, Ordering::SeqCst))
    }

    fn key() -> SagaKey {
        SagaKey { tenant: tenant(), order: order_id(ORDER) }
    }

    pub(crate) async fn place(&self) {
        let mut wish = request(FulfilmentKind::Ship, &[("A", UNITS)]);
        let currency = "EUR".parse().unwrap();
        wish.lines.first_mut().unwrap().unit_price = Some(Money { minor: PRICE, currency });
        let token = PaymentToken::new("tok_visa").unwrap();
        wish.payment = Some(Payment { provider: cards(), token, method: None });
        let new = new_order(ORDER, "cart-1", wish);
        assert_eq!(self.storage.place(new).await.unwrap(), Placed::New);
        assert!(!self.is_routed().await, "nothing is routed that is not paid for");
    }

    pub(crate) async fn is_routed(&self) -> bool {
        demand(&self.storage, ORDER).await.is_some()
    }

    pub(crate) async fn advance(&self) -> Advanced {
        let now = &self.now;
        let clock = move || at(now.fetch_add(10, Ordering::SeqCst));
        self.advance_returns().await;
        advance_sagas(&self.storage, &self.gateways, &cards(), &clock).await.unwrap()
    }

    async fn advance_returns(&self) {
        let (now, policy) = (self.tick().utc, ReturnPolicy::default());
        for (tenant, id) in self.storage.due_returns(now, UtcMs(i64::MAX), 9).await.unwrap() {
            self.storage.advance_return(&tenant, &id, &policy, now).await.unwrap();
        }
    }

    pub(crate) async fn ask_return(&self, units: i64) {
        let lines =
            vec![ReturnLineRequest { line: LINE, quantity: units, reason: ReturnReason::ChangedMind }];
        let (asked_by, wished, note) = (AskedBy::Customer, Wished::Refund, None);
        let request = ReturnRequest { lines, asked_by, wished, note };
        let (order, policy, now) = (order_id(ORDER), ReturnPolicy::default(), self.tick().utc);
        for replayed in [false, true] {
            let key = (IdempotencyKey::new("return-1").unwrap(), Actor::new("storefront").unwrap());
            let of = (&tenant(), &order);
            let asked = ask_return(&self.storage, of, request.clone(), key, &policy, now).await.unwrap();
            assert_eq!((asked.0.state, asked.1), (ReturnState::Approved, replayed));
        }
    }

    /// At the counter of the store, which tells of it at once.
    pub(crate) async fn bring_back(&mut self, units: i64, condition: Condition) {
        self.leeds.bring_back("A", units, &ReturnRef::Order(order_id(ORDER)), condition);
        self.leeds.sync(&self.storage, self.tick()).await;
    }

    /// How each return stands, for the line.
    pub(crate) async fn returns(&self) -> String {
        let all = self.storage.returns_of(&tenant(), &order_id(ORDER)).await.unwrap();
        let words = all.iter().map(|of| format!("{} {}", of.id, of.state.as_str()));
        words.collect::<Vec<_>>().join(", ")
    }

    /// Everything that happens by itself within some hours.
    pub(crate) async fn settle(&self) {
        for _ in 0..40 {
            self.advance().await;
            self.now.fetch_add(20_000, Ordering::SeqCst);
        }
        self.pass_hours(3).await;
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
            _ = self.advance() => panic!("it went past the point"),
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

    pub(crate) async fn hear_webhooks(&self, times: u8) {
        let now = self.now().utc;
        for (signature, body) in self.cards.webhooks(now) {
            for _ in 0..times {
                let incoming = Incoming { provider: &cards(), signature: Some(&signature), body: &body };
                take_in(&self.storage, &self.gateways, &incoming, now).await.unwrap();
            }
        }
        read_notices(&self.storage, now).await.unwrap();
    }

    pub(crate) async fn assign(&mut self) {
        let (task, _) = assigned(&self.storage, ORDER, "leeds").await;
        self.leeds.sync(&self.storage, self.tick()).await;
        self.task = Some(task);
    }

    fn task(&self) -> TaskId {
        self.task.clone().unwrap()
    }

    pub(crate) async fn pick(&mut self) {
        let task = self.task();
        for event in
            [TaskEvent::Accepted, TaskEvent::PickingStarted, TaskEvent::Picked { line: LINE, quantity: 1 }]
        {
            self.leeds.say(&task, event);
        }
        self.leeds.sync(&self.storage, self.tick()).await;
    }

    pub(crate) async fn pack(&mut self) {
        let task = self.task();
        self.leeds.pack(&task);
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

    pub(crate) async fn ship(&mut self) {
        self.assign().await;
        self.pack().await;
        self.hand_over().await;
    }

    pub(crate) async fn cancel(&self) {
        let actor = Actor::new("support").unwrap();
        let (tenant, order, now) = (tenant(), order_id(ORDER), self.tick().utc);
        self.storage.cancel(&tenant, &order, "changed my mind", &actor, now).await.unwrap();
    }

    pub(crate) async fn refund(&self, units: i64) {
        let lines = vec![RefundLine { line: LINE, quantity: units }];
        let request = RefundRequest { lines, amount: None, reason: "broken".into() };
        let (key, by) = (IdempotencyKey::new("refund-1").unwrap(), Actor::new("support").unwrap());
        let now = self.tick().utc;
        for replayed in [false, true] {
            let asked =
                ask_refund(&self.storage, Self::key(), request.clone(), key.clone(), by.clone(), now).await;
            let (asked, again) = asked.unwrap();
            assert_eq!((asked.amount, again), (units * PRICE, replayed));
        }
    }

    /// Those that are open, with how often each was raised.
    pub(crate) async fn exceptions(&self) -> Vec<(String, u32)> {
        let page = PageRequest { cursor: None, limit: 99 };
        let open = self.storage.exceptions(&tenant(), true, &page).await.unwrap().rows;
        open.into_iter().map(|exception| (exception.category.as_str().to_owned(), exception.times)).collect()
    }

    /// What holds now; both sides' money must be the same.
    pub(crate) async fn line(&self) -> String {
        let saga = self.storage.saga(&Self::key()).await.unwrap().unwrap();
        let account = Account::fold(&saga.facts);
        let Sums { authorized, captured, voided, refunded } = account.sums();
        let theirs = self.cards.money(&order_id(ORDER));
        let ours = (authorized, captured, voided, refunded);
        assert_eq!(
            ours,
            (theirs.authorized, theirs.captured, theirs.voided, theirs.refunded),
            "central's books and the provider's: {:#?}",
            saga.facts
        );
        assert!(account.open().is_none(), "nobody knows what came of {:?}", account.open());
        let order = self.storage.order(&tenant(), &order_id(ORDER)).await.unwrap().unwrap();
        let left: i64 = order.lines.iter().map(|line| line.finished).sum();
        let open: Vec<String> = self.exceptions().await.into_iter().map(|(category, _)| category).collect();
        let aside = account.available();
        assert!(aside == 0 || open == ["payment_unclear"], "{aside} stay set aside, and nobody knows");
        assert!(refunded <= captured && captured <= left * PRICE);
        if order.state != OrderState::Exception {
            assert_eq!(captured, left * PRICE, "what left is paid for");
        }
        let audit = self.storage.audit(None).await.unwrap();
        assert_eq!(audit.oversold + audit.reserved_mismatch + audit.orphaned_holds, 0, "{audit:?}");
        let mut events = self.storage.recent_events(&tenant(), 99).await.unwrap();
        events.reverse();
        let told: Vec<String> =
            events.iter().filter(|event| event.key == ORDER).map(|event| event.kind.clone()).collect();
        format!(
            "    {}: authorized {authorized}, captured {captured}, voided {voided}, refunded {refunded}, set aside {aside}; {left} units left, \
             {} held; a person looks at: {}\n    told: {}\n",
            order.state.as_str(),
            audit.open_holds,
            if open.is_empty() { String::from("nothing") } else { open.join(", ") },
            told.join(", ")
        )
    }
}
