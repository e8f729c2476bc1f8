//! Classes of SKUs in escrow: each SKU of such a class is, also one that joins it later, unless something else was said
//! of that SKU alone.

use super::rights::boxes;
use super::row::{list, one, parsed, run};
use super::sql::sql;
use super::{Result, error, stock, store_row};
use crate::ports::escrow::{ClassInEscrow, PutOutcome};
use holdfast_shared::ids::{Actor, Sku, SkuClass, StoreId, TenantId};
use holdfast_shared::limits::{ESCROW_CLASSES_MAX, ESCROW_SKUS_MAX};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, named_params};

type Of<'a> = (&'a TenantId, &'a StoreId);

pub(super) fn put(
    conn: &Connection,
    (tenant, store): Of<'_>,
    (class, target_units): (&SkuClass, i64),
    actor: &Actor,
    now: UtcMs,
) -> Result<PutOutcome> {
    if store_row::record(conn, tenant, store)?.is_none() {
        return Ok(PutOutcome::NoSuchStore);
    }
    let boxes = boxes(conn, tenant, store)?;
    if !boxes.can_cede() {
        return Ok(PutOutcome::CannotCede { enrolled: boxes.enrolled, able: boxes.able });
    }
    let named = named_params! {
        ":tenant": tenant.as_str(), ":store": store.as_str(), ":class": class.as_str(),
    };
    let skus: i64 = one(conn, sql!(ESCROW_CLASSES.count_with), named, |row| row.get("skus"))?.unwrap_or(0);
    let others = listed(conn, (tenant, store))?.iter().filter(|known| known.class != *class).count();
    if skus > i64::try_from(ESCROW_SKUS_MAX).map_err(error::unreadable)? || others >= ESCROW_CLASSES_MAX {
        return Ok(PutOutcome::TooMany);
    }
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":store": store.as_str(),
        ":class": class.as_str(),
        ":target": target_units,
        ":now": now.0,
        ":actor": actor.as_str(),
    };
    run(conn, sql!(ESCROW_CLASSES.put), params)?;
    run(conn, sql!(ESCROW_CLASSES.put_skus), params)?;
    Ok(PutOutcome::Put)
}

/// Whether it was in escrow.
pub(super) fn end(conn: &Connection, (tenant, store): Of<'_>, class: &SkuClass, now: UtcMs) -> Result<bool> {
    let params = named_params! {
        ":tenant": tenant.as_str(), ":store": store.as_str(), ":class": class.as_str(),
    };
    if run(conn, sql!(ESCROW_CLASSES.end), params)? == 0 {
        return Ok(false);
    }
    let ended: Vec<Sku> = list(conn, sql!(ESCROW_CLASSES.end_skus), params, |row| parsed(row, "sku"))?;
    for sku in ended {
        stock::grow(conn, tenant, &sku, now)?;
    }
    Ok(true)
}

pub(super) fn listed(conn: &Connection, (tenant, store): Of<'_>) -> Result<Vec<ClassInEscrow>> {
    let params = named_params! { ":tenant": tenant.as_str(), ":store": store.as_str() };
    list(conn, sql!(ESCROW_CLASSES.listed), params, |row| {
        Ok(ClassInEscrow {
            class: parsed(row, "class")?,
            target_units: row.get("target")?,
            skus: row.get("skus")?,
            left_out: row.get("left_out")?,
        })
    })
}

/// Nothing is said of the SKU alone any more: what is said of its class holds.
pub(super) fn join_again(conn: &Connection, (tenant, store): Of<'_>, sku: &Sku) -> Result<bool> {
    let params = named_params! {
        ":tenant": tenant.as_str(), ":store": store.as_str(), ":sku": sku.as_str(),
    };
    Ok(run(conn, sql!(ESCROW_CLASSES.joins_again), params)? > 0)
}

pub(super) fn any(conn: &Connection, tenant: &TenantId) -> Result<bool> {
    Ok(one(conn, sql!(ESCROW_CLASSES.any), [tenant.as_str()], |_| Ok(()))?.is_some())
}

/// The catalogue says something else of a SKU. A store that has as many in escrow as it may takes no further one; how many
/// are left out, the list says.
pub(super) fn follow(conn: &Connection, tenant: &TenantId, sku: &Sku, class: Option<&str>) -> Result<()> {
    let named = named_params! {
        ":tenant": tenant.as_str(), ":sku": sku.as_str(), ":class": class,
    };
    run(conn, sql!(ESCROW_CLASSES.leaves), named)?;
    let Some(class) = class else { return Ok(()) };
    let joining = named_params! {
        ":tenant": tenant.as_str(),
        ":sku": sku.as_str(),
        ":class": class,
        ":most": i64::try_from(ESCROW_SKUS_MAX).map_err(error::unreadable)?,
    };
    run(conn, sql!(ESCROW_CLASSES.joins), joining)?;
    Ok(())
}
