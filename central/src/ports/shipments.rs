//! Parcels, the accounts at carriers by which they leave, and the inbox of what carriers tell.

pub use super::sagas::Written;
use super::{Page, PageRequest, StoreError};
use crate::core::parcel::fact::{AskId, ParcelFact, Said, Source};
use crate::core::parcel::notice::{NoticeOutcome, ReceivedTracking, TrackingNotice};
use crate::core::personal::Contact;
use async_trait::async_trait;
use holdfast_shared::domain::task::TaskState;
use holdfast_shared::ids::{CarrierAccount, IdempotencyKey, OrderId, TaskId, TenantId, TraceId};
use holdfast_shared::time::UtcMs;

/// Whose, and which: a task leaves in one parcel.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ParcelKey {
    pub tenant: TenantId,
    pub task: TaskId,
}

/// An account of a tenant. One who has none has its stores make their own labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub tenant: TenantId,
    pub name: CarrierAccount,
    /// The services of the policy that it takes; empty: any.
    pub services: Vec<String>,
}

/// A parcel with all that was written about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Shipment {
    pub key: ParcelKey,
    pub order: OrderId,
    /// Within its order.
    pub number: u32,
    pub carrier: CarrierAccount,
    /// The key under which the order was placed.
    pub root: IdempotencyKey,
    /// Of its order.
    pub trace: TraceId,
    pub task: TaskState,
    /// By which service it shall go, in the policy's word.
    pub service: Option<String>,
    /// Whether its account takes that service.
    pub served: bool,
    /// Who gets it, until it is erased.
    pub contact: Option<Contact>,
    pub facts: Vec<ParcelFact>,
    /// How often something of it had changed when it was read.
    pub changes: u32,
    pub held: bool,
}

/// A fact to be written after the newest that was read; not, when another was written meanwhile.
#[derive(Debug, Clone, PartialEq)]
pub struct NewParcelFact {
    pub key: ParcelKey,
    pub after: u32,
    pub id: Option<AskId>,
    pub said: Said,
    pub source: Source,
    /// When it is looked at next.
    pub next_at: UtcMs,
}

#[async_trait]
pub trait Shipments: Send + Sync {
    /// The accounts that there are from now on.
    async fn set_accounts(&self, accounts: &[Account]) -> Result<(), StoreError>;
    /// Those of this account at which it is time to look, the longest waiting first; also those that wait until after
    /// `beyond`, which only a clock that was put back since can have given.
    async fn due_parcels(
        &self,
        carrier: &CarrierAccount,
        now: UtcMs,
        beyond: UtcMs,
        limit: u32,
    ) -> Result<Vec<ParcelKey>, StoreError>;
    async fn shipment(&self, key: &ParcelKey) -> Result<Option<Shipment>, StoreError>;
    /// Of one order, in their order.
    async fn shipments(&self, tenant: &TenantId, order: &OrderId) -> Result<Vec<Shipment>, StoreError>;
    /// One transaction: the fact, the row that follows, the order's state, events, exceptions.
    async fn write_parcel(&self, fact: &NewParcelFact, now: UtcMs) -> Result<Written, StoreError>;
    /// Nothing is to be done before then, unless something of it changes; none: unless it changes.
    async fn rest_parcel(&self, shipment: &Shipment, next_at: Option<UtcMs>) -> Result<Written, StoreError>;

    /// Durable before it is acknowledged. Whether it is new.
    async fn take_in_tracking(
        &self,
        tenant: &TenantId,
        carrier: &CarrierAccount,
        notice: &TrackingNotice,
        now: UtcMs,
    ) -> Result<bool, StoreError>;
    /// Those whose time has come, the longest waiting first; also those that wait until after `beyond`, which only a clock
    /// that was put back since can have given.
    async fn waiting_tracking(
        &self,
        now: UtcMs,
        beyond: UtcMs,
        limit: u32,
    ) -> Result<Vec<ReceivedTracking>, StoreError>;
    /// How many of an account are looked at later, counted up to the limit.
    async fn scans_put_off(
        &self,
        tenant: &TenantId,
        carrier: &CarrierAccount,
        now: UtcMs,
    ) -> Result<u32, StoreError>;
    /// Whether a label had been asked for by then of which nobody knows yet whether it is made.
    async fn label_asked_by(
        &self,
        tenant: &TenantId,
        carrier: &CarrierAccount,
        at: UtcMs,
    ) -> Result<bool, StoreError>;
    /// It is read again then. A `strange` one, of a number that nobody knew, is read now when its label has come to be
    /// known meanwhile.
    async fn put_off_tracking(
        &self,
        notice: &ReceivedTracking,
        next_at: UtcMs,
        strange: bool,
    ) -> Result<(), StoreError>;
    /// The inbox of one tenant, newest first.
    async fn tracking(
        &self,
        tenant: &TenantId,
        page: &PageRequest,
    ) -> Result<Page<ReceivedTracking>, StoreError>;
    /// The parcel that has, or had, a label of this number, and which label.
    async fn parcel_of(
        &self,
        tenant: &TenantId,
        carrier: &CarrierAccount,
        tracking_number: &str,
    ) -> Result<Option<(ParcelKey, u32)>, StoreError>;
    /// One that is not ours is read again when a label of its number is made, and is not settled when there is one by now.
    async fn settle_tracking(
        &self,
        notice: &ReceivedTracking,
        outcome: NoticeOutcome,
        now: UtcMs,
    ) -> Result<(), StoreError>;
}
