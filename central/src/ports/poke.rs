//! Tells a store that there is something to sync. Nothing depends on its arrival.

use holdfast_shared::ids::{StoreId, TenantId};

pub trait Poke: Send + Sync {
    fn poke(&self, tenant: &TenantId, store: &StoreId, why: &str);
}
