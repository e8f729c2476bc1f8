//! Central as the agent reaches it over HTTPS.

use async_trait::async_trait;
use holdfast_shared::error::Problem;
use holdfast_shared::wire::enrolment::{EnrolRequest, EnrolResponse};
use holdfast_shared::wire::sync::{SyncRequest, SyncResponse};

#[derive(Debug, thiserror::Error)]
pub enum CentralError {
    /// No answer: the network, or central itself, is down. Work goes on.
    #[error("central cannot be reached at {url}")]
    Unreachable {
        url: String,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Central answered, and refused.
    #[error("central refused: {}", .0.detail)]
    Refused(Box<Problem>),
    /// Central is loaded and asks to come back later.
    #[error("central asks to wait {retry_after_ms} ms")]
    Wait { retry_after_ms: i64 },
    #[error("central's answer cannot be read")]
    Unreadable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

#[async_trait]
pub trait Central: Send + Sync {
    async fn sync(&self, request: &SyncRequest) -> Result<SyncResponse, CentralError>;
    async fn enrol(&self, request: &EnrolRequest) -> Result<EnrolResponse, CentralError>;
}
