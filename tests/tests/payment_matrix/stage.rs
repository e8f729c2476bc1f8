//! One order of two units at 5.00, and a network of cards.

use async_trait::async_trait;
use holdfast_central::adapters::payments::simulator::{Rates, Simulator};
use holdfast_central::core::order::OrderState;
use holdfast_central::core::order_terms::{Payment, PaymentToken};
use holdfast_central::core::outside::gate::GateTerms;
use holdfast_central::core::returns::policy::{ReturnPolicy, ReturnRules};
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
use holdfast_central::ports::orders::{Orders, Placed};
use holdfast_central::ports::payments::{Answer, BadNotice, Known, Payments, Question};
use holdfast_central::ports::returns::Returns;
use holdfast_central::ports::sagas::{SagaKey, Sagas};
use holdfast_central::ports::work::Work;
use holdfast_platform::secret::Secret;
use holdfast_shared::domain::bring_back::{Condition, ReturnRef};
use holdfast_shared::domain::task::{FulfilmentKind, TaskEvent};
use holdfast_shared::ids::{Actor, IdempotencyKey, PaymentProvider};
use holdfast_shared::money::Money;
use holdfast_shared::time::{MonoMs, UtcMs};
use holdfast_tests::conformance::world::{LINE, demand, new_order, order_id, request, tenant};
use holdfast_tests::matrix::{Line, ORDER, Point, Scene, listed};
use std::sync::Arc;

const PRICE: i64 = 500;
const UNITS: i64 = 2;

/// The cards, behind a line that can be held up.
#[derive(Debug)]
struct Cards(Line<Simulator>);

#[async_trait]
impl Payments for Cards {
    fn can(&self) -> Capabilities {
        self.0.to.can()
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

    fn read_notice(&self, signature: Option<&str>, body: &[u8], now: UtcMs) -> Result<Notice, BadNotice> {
        self.0.to.read_notice(signature, body, now)
    }
}

pub(crate) struct Stage {
    pub(crate) scene: Scene,
    pub(crate) cards: Arc<Simulator>,
    line: Arc<Cards>,
    gateways: Gateways,
}

fn cards() -> PaymentProvider {
    PaymentProvider::new("cards").unwrap()
}

fn gateways(line: &Arc<Cards>) -> Gateways {
    let port: Arc<dyn Payments> = line.clone();
    let gateway = Gateway::new(port, GateTerms::default(), [tenant()].into(), MonoMs(0));
    Gateways::new([(cards(), gateway)].into())
}

impl Stage {
    pub(crate) async fn new() -> Self {
        let cards = Arc::new(Simulator::new(1, Rates::default(), Secret::new("whsec")));
        let line = Arc::new(Cards(Line::new(cards.clone())));
        let gateways = gateways(&line);
        Self { scene: Scene::new().await, cards, line, gateways }
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
        assert_eq!(self.scene.storage.place(new).await.unwrap(), Placed::New);
        assert!(!self.is_routed().await, "nothing is routed that is not paid for");
    }

    pub(crate) async fn is_routed(&self) -> bool {
        demand(&self.scene.storage, ORDER).await.is_some()
    }

    pub(crate) async fn advance(&self) -> Advanced {
        let clock = || self.scene.tick();
        self.advance_returns().await;
        advance_sagas(&self.scene.storage, &self.gateways, &cards(), &clock).await.unwrap()
    }

    async fn advance_returns(&self) {
        let (now, policy) = (self.scene.tick().utc, ReturnPolicy::default());
        for (tenant, id) in self.scene.storage.due_returns(now, UtcMs(i64::MAX), 9).await.unwrap() {
            self.scene.storage.advance_return(&tenant, &id, &policy, now).await.unwrap();
        }
    }

    pub(crate) async fn ask_return(&self, units: i64) {
        let lines =
            vec![ReturnLineRequest { line: LINE, quantity: units, reason: ReturnReason::ChangedMind }];
        let (asked_by, wished, note) = (AskedBy::Customer, Wished::Refund, None);
        let request = ReturnRequest { lines, asked_by, wished, note };
        let (order, rules, now) = (order_id(ORDER), ReturnRules::default(), self.scene.tick().utc);
        for replayed in [false, true] {
            let key = (IdempotencyKey::new("return-1").unwrap(), Actor::new("storefront").unwrap());
            let of = (&tenant(), &order);
            let asked = ask_return(&self.scene.storage, of, request.clone(), key, &rules, now).await.unwrap();
            assert_eq!((asked.0.state, asked.1), (ReturnState::Approved, replayed));
        }
    }

    /// At the counter of the store, which tells of it at once.
    pub(crate) async fn bring_back(&mut self, units: i64, condition: Condition) {
        self.scene.leeds.bring_back("A", units, &ReturnRef::Order(order_id(ORDER)), condition);
        self.scene.sync().await;
    }

    /// How each return stands, for the line.
    pub(crate) async fn returns(&self) -> String {
        let all = self.scene.storage.returns_of(&tenant(), &order_id(ORDER)).await.unwrap();
        let words = all.iter().map(|of| format!("{} {}", of.id, of.state.as_str()));
        words.collect::<Vec<_>>().join(", ")
    }

    /// Everything that happens by itself within some hours.
    pub(crate) async fn settle(&self) {
        self.scene
            .settle(&async || {
                self.advance().await;
            })
            .await;
    }

    pub(crate) async fn pass_hours(&self, hours: i64) {
        self.scene
            .pass_hours(hours, &async || {
                self.advance().await;
            })
            .await;
    }

    pub(crate) async fn crash_at(&mut self, point: Point) {
        self.line.0.hold_at(point);
        tokio::select! {
            biased;
            _ = self.advance() => panic!("it went past the point"),
            () = self.line.0.holds() => {}
        }
        self.reopen().await;
    }

    /// What was in memory is gone.
    pub(crate) async fn reopen(&mut self) {
        self.scene.reopen().await;
        self.gateways = gateways(&self.line);
    }

    pub(crate) async fn hear_webhooks(&self, times: u8) {
        let now = self.scene.now().utc;
        for (signature, body) in self.cards.webhooks(now) {
            for _ in 0..times {
                let incoming = Incoming { provider: &cards(), signature: Some(&signature), body: &body };
                take_in(&self.scene.storage, &self.gateways, &incoming, now).await.unwrap();
            }
        }
        read_notices(&self.scene.storage, now).await.unwrap();
    }

    pub(crate) async fn pick(&mut self) {
        let picked = TaskEvent::Picked { line: LINE, quantity: 1 };
        self.scene.say(&[TaskEvent::Accepted, TaskEvent::PickingStarted, picked]).await;
    }

    pub(crate) async fn pack(&mut self) {
        let task = self.scene.task();
        self.scene.leeds.pack(&task);
        self.scene.sync().await;
    }

    pub(crate) async fn ship(&mut self) {
        self.scene.assign().await;
        self.pack().await;
        self.scene.hand_over().await;
    }

    pub(crate) async fn refund(&self, units: i64) {
        let lines = vec![RefundLine { line: LINE, quantity: units }];
        let request = RefundRequest { lines, amount: None, reason: "broken".into() };
        let (key, by) = (IdempotencyKey::new("refund-1").unwrap(), Actor::new("support").unwrap());
        let now = self.scene.tick().utc;
        for replayed in [false, true] {
            let asked =
                ask_refund(&self.scene.storage, Self::key(), request.clone(), key.clone(), by.clone(), now)
                    .await;
            let (asked, again) = asked.unwrap();
            assert_eq!((asked.amount, again), (units * PRICE, replayed));
        }
    }

    /// What holds now; both sides' money must be the same.
    pub(crate) async fn line(&self) -> String {
        let saga = self.scene.storage.saga(&Self::key()).await.unwrap().unwrap();
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
        let order = self.scene.storage.order(&tenant(), &order_id(ORDER)).await.unwrap().unwrap();
        let left: i64 = order.lines.iter().map(|line| line.finished).sum();
        let open: Vec<String> =
            self.scene.exceptions().await.into_iter().map(|(category, _)| category).collect();
        let aside = account.available();
        assert!(aside == 0 || open == ["payment_unclear"], "{aside} stay set aside, and nobody knows");
        assert!(refunded <= captured && captured <= left * PRICE);
        if order.state != OrderState::Exception {
            assert_eq!(captured, left * PRICE, "what left is paid for");
        }
        let audit = self.scene.storage.audit(None).await.unwrap();
        assert_eq!(audit.oversold + audit.reserved_mismatch + audit.orphaned_holds, 0, "{audit:?}");
        format!(
            "    {}: authorized {authorized}, captured {captured}, voided {voided}, refunded {refunded}, set aside {aside}; {left} units left, \
             {} held; a person looks at: {}\n    told: {}\n",
            order.state.as_str(),
            audit.open_holds,
            listed(&open),
            self.scene.told().await.join(", ")
        )
    }
}
