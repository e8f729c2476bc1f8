//! Whether the rights of a store count, and what central promises out of them.

use super::Result;
use super::exceptions::settle;
use super::row::{count, one, run};
use super::sql::sql;
use crate::core::routing::decision::DemandLine;
use holdfast_shared::guard::Guard;
use holdfast_shared::ids::{Sku, StoreId, TenantId};
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::sync::ESCROW_SINCE;
use rusqlite::{Connection, named_params};

/// Out of what central promises units of a SKU at a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Of what is there: the SKU is not in escrow.
    Open,
    /// Of what the store has ceded.
    Ceded,
    /// Of nothing: rights count as none until both sides have compared them, and while the store has
    /// more than one box, or one that does not know of rights.
    InDoubt,
}

pub(super) fn standing(conn: &Connection, tenant: &TenantId, store: &StoreId, sku: &Sku) -> Result<Standing> {
    let params = named_params! {
        ":tenant": tenant.as_str(), ":store": store.as_str(), ":sku": sku.as_str(),
    };
    if one(conn, sql!(ESCROW.target), params, |_| Ok(()))?.is_none() {
        return Ok(Standing::Open);
    }
    let stands = boxes(conn, tenant, store)?.can_cede() && is_compared(conn, tenant, store)?;
    Ok(if stands { Standing::Ceded } else { Standing::InDoubt })
}

/// Sets ceded units aside if no order holds them. Tells what the rights allowed before, or nothing.
pub(super) fn reserve(
    conn: &Connection,
    tenant: &TenantId,
    store: &StoreId,
    line: &DemandLine,
) -> Result<Option<i64>> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":sku": line.sku.as_str(),
        ":store": store.as_str(),
        ":quantity": line.quantity,
        ":conditional": Guard::ConditionalReserve.stands(),
        ":floor": Guard::RightsFloor.stands(),
    };
    one(conn, sql!(STOCK.reserve_ceded), params, |row| row.get("available"))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Boxes {
    pub(super) enrolled: u32,
    pub(super) able: u32,
}

impl Boxes {
    pub(super) const fn can_cede(self) -> bool {
        self.enrolled == 1 && self.able == 1
    }
}

pub(super) fn boxes(conn: &Connection, tenant: &TenantId, store: &StoreId) -> Result<Boxes> {
    let params = named_params! {
        ":tenant": tenant.as_str(), ":store": store.as_str(), ":version": ESCROW_SINCE,
    };
    let found = one(conn, sql!(ESCROW.boxes), params, |row| {
        Ok(Boxes { enrolled: count(row, "boxes")?, able: count(row, "able")? })
    })?;
    Ok(found.unwrap_or(Boxes { enrolled: 0, able: 0 }))
}

pub(super) fn is_compared(conn: &Connection, tenant: &TenantId, store: &StoreId) -> Result<bool> {
    let params = named_params! { ":tenant": tenant.as_str(), ":store": store.as_str() };
    Ok(one(conn, sql!(ESCROW.compared), params, |row| row.get("rights_compared"))?.unwrap_or(false))
}

/// A restored central may have given units back that it does not know of, and promised others.
pub(super) fn doubt_all(conn: &Connection) -> Result<()> {
    run(conn, sql!(ESCROW.none_is_compared), [])?;
    Ok(())
}

/// Nothing is ceded any more, so nothing is overdrawn.
pub(super) fn is_settled(
    conn: &Connection,
    (tenant, store, sku): (&TenantId, &StoreId, &Sku),
    now: UtcMs,
) -> Result<()> {
    settle(conn, tenant, &format!("overdrawn/{store}/{sku}"), "nothing of it is ceded any more", now)?;
    Ok(())
}
