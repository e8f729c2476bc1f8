//! What is personal of orders: read, told to whom it is about, erased.

use super::{Page, PageRequest, StoreError};
use crate::core::order::OrderState;
use crate::core::personal::{Contact, CustomerId};
use async_trait::async_trait;
use holdfast_shared::ids::{Actor, OrderId, TenantId};
use holdfast_shared::time::UtcMs;

/// What is known of a customer from one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownOrder {
    pub order: OrderId,
    pub state: OrderState,
    pub placed_at: UtcMs,
    pub contact: Contact,
    /// It goes when the order is final.
    pub erase_asked_at: Option<UtcMs>,
}

/// What became of the wish to erase what is personal of one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erased {
    Now,
    /// The order is still on its way, and whoever brings it needs the address: it goes when the order is final.
    WhenFinal {
        asked_at: UtcMs,
    },
    Before {
        at: UtcMs,
    },
    /// Nothing personal was ever kept of it.
    NothingKept,
    Unknown,
}

/// Of all orders of one customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ErasedOfCustomer {
    pub erased: u32,
    pub when_final: u32,
    /// One call is bounded: ask again.
    pub more: bool,
}

#[async_trait]
pub trait Contacts: Send + Sync {
    async fn contact(&self, tenant: &TenantId, order: &OrderId) -> Result<Option<Contact>, StoreError>;
    /// Newest first.
    async fn known_of_customer(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        page: &PageRequest,
    ) -> Result<Page<KnownOrder>, StoreError>;
    /// The order stays. On record, without what was erased. Asking again changes nothing.
    async fn erase_contact(
        &self,
        tenant: &TenantId,
        order: &OrderId,
        actor: &Actor,
        now: UtcMs,
    ) -> Result<Erased, StoreError>;
    async fn erase_customer(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        actor: &Actor,
        now: UtcMs,
    ) -> Result<ErasedOfCustomer, StoreError>;
}
