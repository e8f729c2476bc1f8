//! What a carrier tells by itself, by webhook: late, twice, or out of order.

use super::tracking::Track;
pub use crate::core::saga::notice::NoticeOutcome;
use holdfast_shared::ids::{CarrierAccount, TenantId};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};

/// A webhook as far as it is kept: what personal things its body may hold is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackingNotice {
    /// The carrier's own id of the event: the same one is taken in once.
    pub event: String,
    /// In the carrier's words.
    pub kind: String,
    pub tracking_number: String,
    /// None: of no kind that is known here.
    pub track: Option<Track>,
}

/// A webhook in the inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedTracking {
    pub tenant: TenantId,
    pub carrier: CarrierAccount,
    pub notice: TrackingNotice,
    pub at: UtcMs,
    pub outcome: Option<NoticeOutcome>,
}
