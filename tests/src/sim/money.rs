//! Money: what the payment provider has, against what central wrote down and what has left the stores.

use super::eye::CentralEye;
use super::left::as_ordered;
use super::world::World;
use anyhow::{Context, Result, ensure};
use holdfast_central::core::order::OrderLine;
use holdfast_central::core::saga::account::Account;
use holdfast_central::core::saga::fact::{SagaFact, Said};
use holdfast_central::flows::place_order::PlaceOrder;
use holdfast_central::ports::orders::Orders;
use holdfast_central::ports::sagas::{SagaKey, Sagas};
use holdfast_shared::ids::{LineNo, OrderId};
use std::collections::{BTreeMap, BTreeSet};

const FINISHED: &str = "SELECT order_id, line, finished FROM order_line WHERE finished > 0";

impl CentralEye {
    /// Units that have left, by order and line.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn finished(&self) -> Result<Vec<(OrderId, LineNo, i64)>> {
        let mut statement = self.connection.prepare_cached(FINISHED)?;
        let rows = statement.query_map([], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, u32>(1)?, row.get::<_, i64>(2)?))
        })?;
        rows.map(|row| {
            let (order, line, units) = row?;
            Ok((order.parse()?, LineNo(line), units))
        })
        .collect()
    }
}

/// What central was seen to know of goods that left, whatever it forgot since.
#[derive(Debug, Default)]
pub(super) struct Money {
    most_finished: BTreeMap<(OrderId, LineNo), i64>,
}

/// What a unit of a line costs, and of whatever comes in its place.
fn price(wish: &PlaceOrder, line: LineNo) -> i64 {
    let asked = wish.request.line(as_ordered(line));
    asked.and_then(|line| line.unit_price).map_or(0, |price| price.minor)
}

fn worth(wish: &PlaceOrder, lines: &[OrderLine], units: impl Fn(&OrderLine) -> i64) -> i64 {
    lines.iter().map(|line| price(wish, line.line) * units(line)).sum()
}

fn says_it_lapsed(fact: &SagaFact, run: u32) -> bool {
    fact.id.run == run && matches!(fact.said, Said::Lapsed { .. })
}

impl World {
    pub(super) fn is_paid_for(wish: &PlaceOrder) -> bool {
        wish.request.payment.is_some()
    }

    fn wish_of(&self, order: &OrderId) -> Option<&PlaceOrder> {
        self.wishes.iter().chain(&self.unsure).find(|wish| wish.order == *order)
    }

    /// `ONCE`: nothing is taken for goods that have not left, or twice for those that have, and nothing goes back that
    /// was not taken.
    ///
    /// # Errors
    /// What was.
    pub(super) fn look_at_money(&mut self) -> Result<()> {
        for (order, line, units) in self.checks.watcher.eye.finished()? {
            let most = self.money.most_finished.entry((order, line)).or_default();
            *most = units.max(*most);
        }
        let orders: BTreeSet<OrderId> =
            self.office.cards.intents().into_iter().map(|intent| intent.order).collect();
        for order in orders {
            let money = self.office.cards.money(&order);
            let wish = self.wish_of(&order).context("money of an order that nobody placed")?;
            let left = self.money.most_finished.iter().filter(|((of, _), _)| *of == order);
            let due: i64 = left.map(|((_, line), units)| price(wish, *line) * units).sum();
            ensure!(
                money.captured <= due,
                "ONCE: {} were taken for {order}, of which goods for {due} have left",
                money.captured
            );
            ensure!(
                money.refunded <= money.captured,
                "ONCE: {} went back for {order}, and {} were taken",
                money.refunded,
                money.captured
            );
        }
        Ok(())
    }

    /// At rest: what left is paid for, nothing else is, and nothing stays set aside that nobody wants.
    pub(super) async fn money_that_differs(&self) -> Result<Option<String>> {
        if self.office.cards.tells() {
            return Ok(Some(String::from("NO_ORPHAN: webhooks are on their way")));
        }
        for wish in self.wishes.iter().filter(|wish| Self::is_paid_for(wish)) {
            let order = &wish.order;
            // Central forgot it, and nobody has asked for it again: whose it is, only its provider knows.
            let forgotten = self.lost.contains(order) || self.checks.watcher.eye.adopted(order)? == Some(1);
            if forgotten {
                continue;
            }
            let unequal = self.money_of(wish).await.with_context(|| format!("the money of {order}"))?;
            if let Some(unequal) = unequal {
                return Ok(Some(format!("{unequal}: {order}")));
            }
        }
        Ok(None)
    }

    async fn money_of(&self, wish: &PlaceOrder) -> Result<Option<String>> {
        let store = self.office.store().context("central is down")?;
        let (tenant, order) = (wish.tenant.clone(), wish.order.clone());
        let known = store.order(&tenant, &order).await?.context("an order that central does not know")?;
        let saga = store.saga(&SagaKey { tenant, order }).await?.context("an order without its payment")?;
        let account = Account::fold(&saga.facts);
        if let Some(open) = account.open() {
            return Ok(Some(format!("NO_ORPHAN: nobody knows what came of {}", open.id)));
        }
        let (ours, theirs) = (account.sums(), self.office.cards.money(&wish.order));
        if (ours.captured, ours.refunded) != (theirs.captured, theirs.refunded) {
            return Ok(Some(format!("CONVERGE: central has {ours:?}, the provider {theirs:?}")));
        }
        let finished = worth(wish, &known.lines, |line| line.finished);
        let back: i64 = saga.refunds.iter().map(|refund| refund.amount).sum();
        let kept = theirs.captured - theirs.refunded;
        if kept != finished - back {
            return Ok(Some(format!(
                "PAID: {kept} were taken and kept; goods for {finished} left, {back} were given back"
            )));
        }
        let wanted = worth(wish, &known.lines, |line| line.quantity - line.cancelled - line.finished);
        // One that central held to be over, by a clock that was wrong then, ends by itself.
        let over = |reference: &str| {
            let known = account.authorizations.iter().find(|known| known.reference == reference);
            known.is_some_and(|known| saga.facts.iter().any(|fact| says_it_lapsed(fact, known.run)))
        };
        let intents = self.office.cards.intents();
        let held = intents.iter().filter(|intent| intent.order == wish.order && !over(&intent.reference));
        let aside: i64 = held.map(|intent| intent.amount - intent.captured - intent.voided).sum();
        if known.state.is_final() && aside != 0 {
            return Ok(Some(format!("NO_ORPHAN: {aside} stay set aside, and nobody wants them")));
        }
        if !known.state.is_final() && aside < wanted {
            return Ok(Some(format!("PAID: {aside} are set aside, and goods for {wanted} are waited for")));
        }
        Ok(None)
    }
}
