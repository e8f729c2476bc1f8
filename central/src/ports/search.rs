//! Orders that are looked for.

use super::{PageRequest, StoreError};
use crate::core::exception::Exception;
use crate::core::order::Order;
use crate::core::search::OrderSearch;
use async_trait::async_trait;
use holdfast_shared::ids::{OrderId, StoreId, TenantId};
use holdfast_shared::time::UtcMs;

/// A page, newest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    pub orders: Vec<Order>,
    /// Goes on behind it.
    pub next: Option<String>,
    /// It was not full, and ended because enough was looked through: all that were placed since then.
    pub looked_back_to: Option<UtcMs>,
}

#[async_trait]
pub trait OrderSearching: Send + Sync {
    async fn find_orders(
        &self,
        tenant: &TenantId,
        search: &OrderSearch,
        page: &PageRequest,
    ) -> Result<Found, StoreError>;
    /// Those about the order, newest first, at most so many.
    async fn exceptions_of_order(
        &self,
        tenant: &TenantId,
        order: &OrderId,
        limit: u32,
    ) -> Result<Vec<Exception>, StoreError>;
    /// Whether the store has, or had, work of the order.
    async fn works_on(&self, tenant: &TenantId, store: &StoreId, order: &OrderId)
    -> Result<bool, StoreError>;
}
