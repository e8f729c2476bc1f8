//! Parties outside of the chain, each with books of its own, and those who deal with them: a payment provider, a carrier,
//! and the people of customer service. A further party has its line in each of these.

use super::cards::provider;
use super::dice::Dice;
use super::kind::Kind;
use super::world::World;
use anyhow::{Context, Result, ensure};
use holdfast_central::core::exception::Category;
use holdfast_central::core::order_terms::{Payment, PaymentToken};
use holdfast_central::core::personal::{Customer, Personal};
use holdfast_central::core::saga::refund::{RefundLine, RefundRequest};
use holdfast_central::flows::FlowError;
use holdfast_central::flows::parcel_acts::{LabelWish, wish_label};
use holdfast_central::flows::refund::{ask_refund, try_again};
use holdfast_central::ports::PageRequest;
use holdfast_central::ports::fleet::Fleet;
use holdfast_central::ports::sagas::SagaKey;
use holdfast_central::ports::shipments::ParcelKey;
use holdfast_shared::ids::{Actor, IdempotencyKey, LineNo, OrderId};
use holdfast_shared::money::Money;

const CLERK: &str = "key:cleo";

/// Money that customer service gave back.
#[derive(Debug, Clone)]
pub(super) struct Refund {
    order: OrderId,
    key: IdempotencyKey,
    request: RefundRequest,
    /// Whether central said that it will go back.
    promised: bool,
    /// Since the last fault.
    confirmed: bool,
}

/// How a customer pays: most have the money.
///
/// # Errors
/// Never: they are names.
pub(super) fn paying(dice: &Dice) -> Result<Payment> {
    let token = match dice.between(0, 20) {
        0 => "tok_no_funds",
        1 => "tok_soft",
        _ => "tok_visa",
    };
    Ok(Payment { provider: provider()?, token: PaymentToken::new(token)?, method: None })
}

/// Who the customer is, as a label wants it; an odd one is short of something, or lives where no carrier likes to go.
pub(super) fn customer(dice: &Dice, odd: bool) -> Personal<Customer> {
    let all = ["12 King Street", "Leeds", "LS1 4AP", "GB"].map(str::to_owned).to_vec();
    let at =
        |postcode: &str| vec!["1 Long Lane", "Farr", postcode, "GB"].into_iter().map(str::to_owned).collect();
    let (name, address) = match dice.between(0, 5) {
        _ if !odd => (Some("Ada"), all),
        0 => (None, all),
        1 => (Some("Ada"), vec![String::from("poste restante")]),
        2 | 3 => (Some("Ada"), at("NO1 1AA")),
        _ => (Some("Ada"), at("SOFT1 1AA")),
    };
    Personal::new(Customer { name: name.map(str::to_owned), address, ..Customer::default() })
}

impl World {
    pub(super) fn strike_outside(&mut self, step: u64) {
        self.office.cards.strike(step);
        self.office.carrier.strike(step);
    }

    pub(super) fn heal_outside(&self) {
        self.office.cards.heal();
        self.office.carrier.heal();
    }

    /// What they tell central, and what central asks of them.
    pub(super) async fn deal_with_outside(&mut self) -> Result<()> {
        let now = self.now();
        self.office.hear_cards(now).await?;
        self.office.pay(&self.fate, now).await?;
        self.scan();
        for notice in self.office.hear_carrier(now).await? {
            self.deliveries.acknowledged(notice);
        }
        self.office.label(&self.fate, now).await
    }

    /// Customer service gives money back for a unit, or for nothing but goodwill.
    pub(super) async fn give_back(&mut self) -> Result<()> {
        let Some(dice) = self.fate.strikes(Kind::RefundAsked, 0) else { return Ok(()) };
        let paid: Vec<_> = self.wishes.iter().filter(|wish| Self::is_paid_for(wish)).collect();
        let Some(wish) = dice.pick(&paid) else { return Ok(()) };
        let (lines, amount) = if dice.happens(600) {
            (vec![RefundLine { line: LineNo(1), quantity: 1 }], None)
        } else {
            (Vec::new(), Some(Money { minor: dice.between(1, 120), currency: "EUR".parse()? }))
        };
        let refund = Refund {
            order: wish.order.clone(),
            key: IdempotencyKey::new(format!("refund-{}", self.refunds.len()))?,
            request: RefundRequest { lines, amount, reason: String::from("arrived broken") },
            promised: false,
            confirmed: false,
        };
        let refund = self.ask_for(refund).await?;
        self.refunds.push(refund);
        Ok(())
    }

    /// Central is asked for a refund, maybe not for the first time.
    async fn ask_for(&self, mut refund: Refund) -> Result<Refund> {
        let Some(store) = self.office.store().filter(|_| !self.office.is_paused(self.fate.step())) else {
            return Ok(refund);
        };
        let key = SagaKey { tenant: self.tenant.clone(), order: refund.order.clone() };
        let (request, idempotency, by) = (refund.request.clone(), refund.key.clone(), Actor::new(CLERK)?);
        let asked = ask_refund(store, key, request, idempotency, by, self.office.clock(self.now()).utc).await;
        match asked {
            Err(FlowError::Refused { what, .. }) => {
                self.fate.say(format_args!("{} is not refused back: {what}", refund.order));
                self.fate.mark("refund_refused");
            }
            other => {
                let Some((taken, replayed)) = self.office.excuse(other, &self.fate)? else {
                    return Ok(refund);
                };
                let forgets = self.fate.plan().permille(Kind::CentralRestored) > 0;
                ensure!(
                    replayed || forgets || !refund.promised,
                    "ONCE: {} of {} was taken in a second time",
                    refund.key,
                    refund.order
                );
                self.fate.say(format_args!("{} go back for {}, {}", taken.amount, refund.order, refund.key));
                self.fate.mark(if replayed { "refund_retried" } else { "refund_taken_in" });
                (refund.promised, refund.confirmed) = (true, !self.fate.is_cruel());
            }
        }
        Ok(refund)
    }

    /// Somebody has the label of a parcel made once more, or wants none of the carrier's.
    pub(super) async fn wish_for_labels(&mut self) -> Result<()> {
        let Some(dice) = self.fate.strikes(Kind::LabelWished, 0) else { return Ok(()) };
        let Some(store) = self.office.store().filter(|_| !self.office.is_paused(self.fate.step())) else {
            return Ok(());
        };
        let good: Vec<_> = self.office.carrier.book().into_iter().filter(|entry| !entry.voided).collect();
        let Some(task) = dice.pick(&good).map(|entry| entry.task.clone()) else { return Ok(()) };
        let wish = if dice.happens(600) { LabelWish::Again } else { LabelWish::None };
        let key = ParcelKey { tenant: self.tenant.clone(), task: task.clone() };
        let (why, now) = (("the printer smeared it", &Actor::new(CLERK)?), self.office.clock(self.now()).utc);
        match wish_label(store, &key, wish, why, now).await {
            Err(FlowError::Refused { what, .. }) => {
                self.fate.say(what);
                self.fate.mark("label_wish_refused");
            }
            other => {
                // Whoever gets no answer may have been heard.
                self.deliveries.wished.insert(task.clone());
                if self.office.excuse(other, &self.fate)?.is_some() {
                    self.fate.say(format_args!("a person wants of the label of {task}: {wish:?}"));
                    self.fate.mark(match wish {
                        LabelWish::Again => "label_wished_again",
                        LabelWish::None => "label_unwished",
                    });
                }
            }
        }
        Ok(())
    }

    /// At the end customer service asks again for what it was promised, and has what was refused tried once more.
    pub(super) async fn customer_service(&mut self) -> Result<()> {
        for place in 0..self.refunds.len() {
            let refund = self.refunds.get(place).context("a refund")?.clone();
            if refund.promised && !refund.confirmed && !self.lost.contains(&refund.order) {
                let asked = self.ask_for(refund).await?;
                self.refunds.get_mut(place).context("a refund")?.clone_from(&asked);
            }
        }
        let now = self.office.clock(self.now()).utc;
        let Some(store) = self.office.store() else { return Ok(()) };
        let page = PageRequest { cursor: None, limit: 500 };
        for raised in store.exceptions(&self.tenant, true, &page).await?.rows {
            let of_money = matches!(
                raised.category,
                Category::AwaitingPayment | Category::PaymentUnclear | Category::RefundFailed
            );
            let Some(order) = raised.order.filter(|_| of_money) else { continue };
            let key = SagaKey { tenant: self.tenant.clone(), order };
            match try_again(store, &key, "the bank says that it works now", &Actor::new(CLERK)?, now).await {
                Err(FlowError::Refused { what, .. }) => self.fate.say(what),
                other => {
                    other?;
                    self.fate.mark("payment_tried_again");
                }
            }
        }
        Ok(())
    }

    /// What was promised to go back and is not known any more.
    pub(super) fn refunds_unconfirmed(&self) -> Option<String> {
        let unknown = self
            .refunds
            .iter()
            .find(|refund| refund.promised && !refund.confirmed && !self.lost.contains(&refund.order))?;
        Some(format!("NO_LOST_ACK: {} of {} was promised and is gone", unknown.key, unknown.order))
    }
}
