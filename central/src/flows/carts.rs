//! What is set aside for the carts of orders that wait for a node. To its own order such a unit is
//! there; to everybody else it is not.

use super::FlowError;
use crate::ports::promises::{CartUnits, Promises};
use holdfast_shared::ids::{OrderId, StoreId, TenantId};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Default)]
pub(super) struct Carts(BTreeMap<OrderId, Vec<CartUnits>>);

impl Carts {
    pub(super) async fn load<S: Promises + ?Sized>(store: &S, tenant: &TenantId) -> Result<Self, FlowError> {
        Ok(Self(store.carts_of_orders(tenant).await?))
    }

    pub(super) fn of(&self, order: &OrderId) -> &[CartUnits] {
        self.0.get(order).map_or(&[], Vec::as_slice)
    }

    /// The nodes that were planned for the cart; they come first.
    pub(super) fn nodes(&self, order: &OrderId) -> BTreeSet<&StoreId> {
        self.of(order).iter().map(|units| &units.store).collect()
    }

    /// These were set aside for the order since.
    pub(super) fn add(&mut self, order: &OrderId, units: &[CartUnits]) {
        self.0.entry(order.clone()).or_default().extend(units.iter().cloned());
    }

    /// The order was given units there: its cart has nothing of these any more.
    pub(super) fn spent(&mut self, order: &OrderId, store: &StoreId, spent: impl Fn(&CartUnits) -> bool) {
        if let Some(cart) = self.0.get_mut(order) {
            cart.retain(|units| units.store != *store || !spent(units));
        }
    }
}
