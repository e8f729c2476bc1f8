//! What comes from outside of the stores in a step: customers and storefronts, and those who decide on old
//! news.

use super::kind::Kind;
use super::outside::{customer, paying};
use super::people::{self, Before, Wants};
use super::watcher::Moment;
use super::world::World;
use anyhow::Result;
use holdfast_central::core::order::Consent;
use holdfast_central::flows::place_order::PlaceOrder;

impl World {
    pub(super) async fn customers(&mut self) -> Result<()> {
        let now = self.now();
        if let Some(wish) = self.unsure.pop() {
            self.order(wish, Before::Unknown).await?;
        }
        if let Some(dice) = self.fate.strikes(Kind::Ordered, 0) {
            let n = self.orders;
            self.orders += 1;
            let wants = self.wants()?;
            let wish = people::order(&self.tenant, n, (&self.skus, &self.shops), &dice, wants)?;
            self.order(wish, Before::No).await?;
        }
        if let Some(dice) = self.fate.strikes(Kind::OrderedAgain, 0)
            && let Some(wish) = dice.pick(&self.wishes).cloned()
        {
            self.order_again(&wish).await?;
        }
        if let Some(dice) = self.fate.strikes(Kind::Cancelled, 0)
            && let Some(wish) = dice.pick(&self.wishes)
        {
            people::cancel(&self.office, wish, &self.fate, now).await?;
        }
        let asked = |wish: &&PlaceOrder| wish.request.substitution == Some(Consent::Ask);
        if let Some(wish) = self.wishes.iter().rev().find(asked) {
            people::answer(&self.office, wish, &self.fate.dice("answer", 0), &self.fate, now).await?;
        }
        self.give_back().await?;
        self.wish_for_labels().await?;
        self.rivals().await?;
        self.know_better().await?;
        if let Some(dice) = self.fate.strikes(Kind::ForeignClaim, 0) {
            self.claim_foreign(&dice).await?;
        }
        // What a rival gave away is noted before a slow disk lets time pass.
        self.look_at_events(Moment::Other)
    }

    /// What this customer says beside what is ordered.
    fn wants(&self) -> Result<Wants> {
        let other_goods = self.fate.strikes(Kind::OtherGoods, 0);
        let paid = self.fate.strikes(Kind::Paid, 0);
        let labelled = self.office.carrier.is_open();
        let odd = labelled && self.fate.strikes(Kind::OddAddress, 0).is_some();
        Ok(Wants {
            consent: other_goods.map(|dice| if dice.happens(500) { Consent::Allow } else { Consent::Ask }),
            one_parcel: self.fate.strikes(Kind::OneParcel, 0).is_some(),
            payment: paid.map(|dice| paying(&dice)).transpose()?,
            customer: labelled.then(|| customer(&self.fate.dice("customer", 0), odd)),
        })
    }

    async fn rivals(&mut self) -> Result<()> {
        let now = self.now();
        if let Some(dice) = self.fate.strikes(Kind::RivalRecalls, 0)
            && let Some(seen) = dice.pick(&self.rivals_view)
        {
            let fence = self.checks.watcher.eye.fence(&seen.state.task)?;
            people::rival_recalls(&self.office, seen, fence, &self.fate, now).await?;
        }
        if let Some(dice) = self.fate.strikes(Kind::RivalAssigns, 0) {
            people::rival_assigns(&self.office, &self.shops, &dice, &self.fate, now).await?;
        }
        Ok(())
    }

    async fn order(&mut self, wish: PlaceOrder, before: Before) -> Result<()> {
        self.checks.ordered(&wish);
        match people::place(&self.office, &wish, before, &self.fate, self.now()).await? {
            Some(true) => self.wishes.push(wish),
            Some(false) => self.unsure.push(wish),
            None if before == Before::Unknown => self.unsure.push(wish),
            None => {}
        }
        Ok(())
    }
}
