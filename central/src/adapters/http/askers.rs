//! Who asks, once the door has looked at the credential.

use super::answer::{Answer, Refused, internal};
use crate::ports::access::{ApiKey, ReplicaIdentity, Scope};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use holdfast_shared::error::Code;
use holdfast_shared::ids::{Actor, OrderId, TenantId};

/// Who asks, as their API key says.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) key: ApiKey,
}

impl Caller {
    pub(super) const fn tenant(&self) -> &TenantId {
        &self.key.tenant
    }

    pub(super) fn may(&self, scope: Scope) -> bool {
        self.key.scopes.contains(&scope) || self.key.scopes.contains(&Scope::Admin)
    }

    pub(super) fn actor(&self) -> Answer<Actor> {
        Actor::new(format!("key:{}", self.key.key)).map_err(|bad| internal("an actor", bad))
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Refused> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| Refused::new(Code::Unauthenticated, "no API key"))
    }
}

/// The replica that asks, as its secret says.
#[derive(Debug, Clone)]
pub(super) struct Replicating(pub(super) ReplicaIdentity);

impl<S: Sync> FromRequestParts<S> for Replicating {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Refused> {
        let found = parts.extensions.get::<Self>().cloned();
        found.ok_or_else(|| Refused::new(Code::Unauthenticated, "no replica's secret"))
    }
}

/// The customer of one order, as their token says.
#[derive(Debug, Clone)]
pub(super) struct Customer {
    pub(super) tenant: TenantId,
    pub(super) order: OrderId,
}

/// Who may read an order's timeline.
#[derive(Debug, Clone)]
pub(super) enum Asker {
    Key(Caller),
    Customer(Customer),
}

impl<S: Sync> FromRequestParts<S> for Asker {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        if let Some(customer) = parts.extensions.get::<Customer>() {
            return Ok(Self::Customer(customer.clone()));
        }
        Caller::from_request_parts(parts, state).await.map(Self::Key)
    }
}
