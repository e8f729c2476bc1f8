//! How an agent gets its identity: a one-time code against a credential.

use crate::ids::{ReplicaId, StoreId, TenantId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `POST /v1/enroll`. The code is the only credential of this call.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrolRequest {
    #[schema(example = "K7Q4-M9TX")]
    pub code: String,
    /// What a person calls the box, shown in the console.
    pub box_name: Option<String>,
}

/// What an agent keeps as its identity. `secret` authenticates it to central and to the broker.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct EnrolResponse {
    pub tenant: TenantId,
    pub store: StoreId,
    pub store_name: String,
    pub replica: ReplicaId,
    pub secret: String,
    /// `host:port` of the broker; an empty host means the one that central was reached by.
    pub mqtt_address: String,
}

impl std::fmt::Debug for EnrolResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EnrolResponse")
            .field("store", &self.store)
            .field("replica", &self.replica)
            .finish_non_exhaustive()
    }
}
