//! Carts of the store in memory: those of orders are told, and what is held is kept.

use super::{Ram, not_here};
use crate::core::fleet::Handling;
use crate::core::promise::PromiseChange;
use crate::ports::StoreError;
use crate::ports::promises::{
    Accuracy, CartHeld, CartPromise, CartUnits, GivenBack, NewCart, Promises, Swept,
};
use async_trait::async_trait;
use holdfast_shared::ids::{OrderId, PromiseId, Sku, TenantId};
use holdfast_shared::time::UtcMs;
use std::collections::{BTreeMap, BTreeSet};

type Result<T> = std::result::Result<T, StoreError>;

#[async_trait]
impl Promises for Ram {
    async fn needs_of(&self, _: &TenantId, _: &[Sku]) -> Result<BTreeMap<Sku, BTreeSet<Handling>>> {
        Ok(BTreeMap::new())
    }
    async fn hold_cart(&self, cart: NewCart) -> Result<CartHeld> {
        self.done(|done| done.carts.push(cart));
        Ok(self.told(|told| told.cart_held.pop_front()).unwrap_or(CartHeld::New))
    }
    async fn cart_promise(&self, _: &TenantId, _: &PromiseId) -> Result<Option<CartPromise>> {
        Ok(None)
    }
    async fn give_back_cart(&self, _: &TenantId, _: &PromiseId, _: UtcMs) -> Result<GivenBack> {
        not_here()
    }
    async fn carts_of_orders(&self, _: &TenantId) -> Result<BTreeMap<OrderId, Vec<CartUnits>>> {
        Ok(self.told(|told| told.carts.clone()))
    }
    async fn sweep_promises(&self, _: UtcMs, _: i64) -> Result<Swept> {
        not_here()
    }
    async fn promise_lost(&self, _: &TenantId, order: &OrderId, why: &str, _: UtcMs) -> Result<bool> {
        self.done(|done| done.lost.push((order.clone(), why.to_owned())));
        Ok(true)
    }
    async fn promise_change(&self, _: &TenantId, _: &OrderId) -> Result<Option<PromiseChange>> {
        Ok(None)
    }
    async fn promise_accuracy(&self, _: &TenantId, _: UtcMs, _: UtcMs) -> Result<Vec<Accuracy>> {
        not_here()
    }
}
