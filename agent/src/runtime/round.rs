//! One round with central: cut, ask, absorb.

use crate::ports::central::{Central, CentralError};
use crate::ports::ledger::{LedgerError, Replica};
use holdfast_shared::ids::TaskId;
use holdfast_shared::time::{Now, UtcMs};
use holdfast_shared::wire::sync::{SYNC_VERSION, SyncRequest};
use std::time::Duration;

#[derive(Debug, thiserror::Error)]
pub(super) enum RoundError {
    #[error(transparent)]
    Central(#[from] CentralError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// What a round brought.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) tasks: Vec<TaskId>,
    pub(super) problems: Vec<String>,
    pub(super) central_time: UtcMs,
    pub(super) next_sync: Duration,
    /// One of the sides has more than fitted.
    pub(super) more: bool,
}

pub(super) async fn round(
    replica: &(impl Replica + ?Sized),
    central: &(impl Central + ?Sized),
    now: Now,
    health: Option<String>,
) -> Result<Round, RoundError> {
    let cut = replica.cut(now).await?;
    let more_here = cut.more;
    let request = SyncRequest {
        version: SYNC_VERSION,
        store: cut.identity.store,
        replica: cut.identity.replica,
        boot: cut.identity.boot,
        incarnation: cut.incarnation,
        cursor: cut.cursor,
        root: cut.root,
        stock_digest: cut.stock_digest,
        unsynced: cut.unsynced,
        sent_at: cut.sent_at,
        documents: cut.documents,
        asks: cut.asks,
        health,
        more: more_here,
    };
    let response = central.sync(&request).await?;
    let absorbed = replica.absorb(&response, now).await?;
    Ok(Round {
        tasks: absorbed.tasks,
        problems: absorbed.problems,
        central_time: response.central_time,
        next_sync: Duration::from_millis(response.next_sync_ms),
        more: more_here || response.more,
    })
}
