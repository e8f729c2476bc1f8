//! What waits in the window after a restore, and who has not told yet. How the window begins and ends
//! stands in `recovery.rs`.

use super::Result;
use super::row::one;
use super::sql::sql;
use crate::ports::access::ReplicaIdentity;
use holdfast_shared::guard::Guard;
use holdfast_shared::ids::{OrderId, StoreId, TenantId};
use rusqlite::{Connection, named_params};

/// Whether this replica may still bring back what central lost, central's own facts among it.
pub(super) fn is_replaying(conn: &Connection, from: &ReplicaIdentity) -> Result<bool> {
    let params = named_params! {
        ":tenant": from.tenant.as_str(),
        ":store": from.store.as_str(),
        ":replica": from.replica.as_str(),
    };
    Ok(one(conn, sql!(RECOVERY.replaying), params, |_| Ok(()))?.is_some())
}

/// Its positions are those of the backup: it gets no new work.
pub(super) fn store_recovers(conn: &Connection, tenant: &TenantId, store: &StoreId) -> Result<bool> {
    let key = [tenant.as_str(), store.as_str()];
    let recovers = one(conn, sql!(RECOVERY.store_recovers), key, |_| Ok(()))?.is_some();
    Ok(Guard::RecoveryBeforeRouting.stands() && recovers)
}

/// Whether a store has not told yet what it did before the restore.
pub(super) fn is_open(conn: &Connection, tenant: &TenantId) -> Result<bool> {
    let open = one(conn, sql!(RECOVERY.waits), [tenant.as_str()], |_| Ok(()))?.is_some();
    Ok(Guard::RecoveryBeforeRouting.stands() && open)
}

/// Whether this order stays as it is: another store may have worked on it in the lost window.
pub(super) fn is_held(conn: &Connection, tenant: &TenantId, order: &OrderId) -> Result<bool> {
    let held = one(conn, sql!(RECOVERY.held), [tenant.as_str(), order.as_str()], |_| Ok(()))?.is_some();
    Ok(Guard::RecoveryBeforeRouting.stands() && held)
}
