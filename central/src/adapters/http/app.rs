//! What the handlers stand on.

use super::answer::Answer;
use super::board::Board;
use super::console::Sessions;
use super::doors::Caller;
use crate::core::order::{OrderRequest, OrderState};
use crate::ports::Storage;
use crate::ports::access::ReplicaIdentity;
use crate::ports::demo::DemoControls;
use crate::ports::orders::CancelOutcome;
use crate::ports::outbox::OutboxEvent;
use async_trait::async_trait;
use holdfast_platform::clock::Clock;
use holdfast_shared::ids::{Actor, IdempotencyKey, OrderId, TenantId, TraceId};
use holdfast_shared::limits::STREAMS_MAX;
use holdfast_shared::wire::enrolment::EnrolResponse;
use holdfast_shared::wire::sync::{SyncRequest, SyncResponse};
use metrics_exporter_prometheus::PrometheusHandle;
use std::sync::Arc;
use tokio::sync::{Semaphore, broadcast, watch};
use tokio_util::sync::CancellationToken;

/// One at a time would let one slow disk lock everybody out; many would make guessing fast.
const ENROLMENTS_MAX: usize = 4;

/// An order that was taken, or had been.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) order: OrderId,
    pub(crate) state: OrderState,
    pub(crate) trace: TraceId,
    pub(crate) replayed: bool,
}

/// An order on its way in.
#[derive(Debug, Clone)]
pub(crate) struct Intake {
    pub(crate) tenant: TenantId,
    pub(crate) actor: Actor,
    pub(crate) key: IdempotencyKey,
    pub(crate) trace: TraceId,
    pub(crate) request: OrderRequest,
}

/// What changes something and wakes a reaction. Behind it are the flows, and the one task that
/// keeps the health of the stores.
#[async_trait]
pub(crate) trait Desk: Send + Sync {
    async fn place_order(&self, intake: Intake) -> Answer<Taken>;
    async fn cancel_order(
        &self,
        tenant: &TenantId,
        order: &OrderId,
        reason: &str,
        actor: &Actor,
    ) -> Answer<CancelOutcome>;
    async fn exchange(&self, replica: &ReplicaIdentity, request: SyncRequest) -> Answer<SyncResponse>;
    async fn enrol(&self, code: &str, box_name: Option<&str>) -> Answer<EnrolResponse>;
    /// A store or a closure changed: evaluate now, not at the next tick.
    fn fleet_changed(&self);
}

pub(crate) struct App {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) desk: Arc<dyn Desk>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) credential_key: [u8; 32],
    pub(crate) board: watch::Receiver<Arc<Board>>,
    pub(crate) events: broadcast::Sender<Arc<OutboxEvent>>,
    pub(crate) streams: Arc<Semaphore>,
    /// Enrolments that are answered at once.
    pub(crate) enrolments: Semaphore,
    pub(crate) sessions: Sessions,
    pub(crate) metrics: PrometheusHandle,
    pub(crate) demo: Option<Arc<dyn DemoControls>>,
    /// Ends the streams that would not end by themselves.
    pub(crate) stop: CancellationToken,
}

pub(crate) type Shared = Arc<App>;

impl App {
    /// The permits of the event streams, and those of enrolments.
    pub(crate) fn permits() -> (Arc<Semaphore>, Semaphore) {
        (Arc::new(Semaphore::new(STREAMS_MAX)), Semaphore::new(ENROLMENTS_MAX))
    }

    pub(super) async fn place_order(
        &self,
        caller: &Caller,
        request: OrderRequest,
        key: IdempotencyKey,
        trace: TraceId,
    ) -> Answer<Taken> {
        let (tenant, actor) = (caller.tenant().clone(), caller.actor()?);
        self.desk.place_order(Intake { tenant, actor, key, trace, request }).await
    }

    pub(super) async fn cancel_order(
        &self,
        caller: &Caller,
        order: &OrderId,
        reason: &str,
    ) -> Answer<CancelOutcome> {
        self.desk.cancel_order(caller.tenant(), order, reason, &caller.actor()?).await
    }

    pub(super) fn fleet_changed(&self) {
        self.desk.fleet_changed();
    }
}
