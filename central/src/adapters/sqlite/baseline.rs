//! What the facts of sealed documents add up to, and what a replica that lacks them is told.

use super::documents::heads_of;
use super::row::{list, one, parsed, run, unsigned};
use super::sql::sql;
use super::{Result, error};
use crate::ports::access::ReplicaIdentity;
use holdfast_shared::ids::{DocumentId, FactId, Sku, StoreId, TenantId};
use holdfast_shared::limits::{BASELINE_POSITIONS_MAX, SEALS_MAX};
use holdfast_shared::set_hash::SetHash;
use holdfast_shared::wire::sync::{Baseline, BaselineAsk, BaselinePosition, Seal};
use rusqlite::{Connection, named_params};

/// A fact that the ledger knows came in another document, too. It counts with the one that is
/// sealed last, so that a replica that has the baseline and the open documents counts it once.
pub(super) fn stands_again(
    conn: &Connection,
    tenant: &TenantId,
    store: &StoreId,
    document: &DocumentId,
    fact: &FactId,
) -> Result<()> {
    let key = named_params! { ":tenant": tenant.as_str(), ":store": store.as_str(), ":fact": fact.as_str() };
    let found = one(conn, sql!(SEALS.stands_in), key, |row| {
        let stands: DocumentId = parsed(row, "document")?;
        let sku: Option<String> = row.get("sku")?;
        let moved = (row.get::<_, Option<i64>>("units")?, row.get::<_, i64>("rights")?);
        Ok((stands, row.get::<_, bool>("sealed")?, sku, moved))
    })?;
    let Some((stands, sealed, sku, (units, rights))) = found.filter(|(stands, ..)| stands != document) else {
        return Ok(());
    };
    let text = document.to_string();
    let params = named_params! {
        ":tenant": tenant.as_str(), ":store": store.as_str(), ":fact": fact.as_str(), ":document": text,
    };
    if !sealed {
        run(conn, sql!(SEALS.add_again), params)?;
        return Ok(());
    }
    run(conn, sql!(SEALS.move_fact), params)?;
    if let (DocumentId::Stock { .. }, Some(sku), Some(units)) = (&stands, sku, units) {
        let params = named_params! {
            ":tenant": tenant.as_str(), ":store": store.as_str(), ":sku": sku,
            ":units": units.saturating_neg(), ":rights": rights.saturating_neg(),
        };
        run(conn, sql!(SEALS.add_to_baseline), params)?;
    }
    Ok(())
}

/// One piece of a store's baseline.
pub(super) fn piece(conn: &Connection, from: &ReplicaIdentity, ask: &BaselineAsk) -> Result<Baseline> {
    let params = named_params! {
        ":tenant": from.tenant.as_str(),
        ":store": from.store.as_str(),
        ":after": ask.after.as_ref().map_or("", Sku::as_str),
        ":rows": i64::try_from(BASELINE_POSITIONS_MAX).map_err(error::unreadable)?,
    };
    let positions = list(conn, sql!(SEALS.baseline_after), params, |row| {
        Ok(BaselinePosition {
            sku: parsed(row, "sku")?,
            units: row.get("units")?,
            rights: row.get("rights")?,
        })
    })?;
    let full = positions.len() >= BASELINE_POSITIONS_MAX;
    let next = positions.last().filter(|_| full).map(|position| position.sku.clone());
    Ok(Baseline { sealed_root: sealed_root(conn, &from.tenant, &from.store)?, positions, next })
}

pub(super) fn sealed_root(conn: &Connection, tenant: &TenantId, store: &StoreId) -> Result<SetHash> {
    let key = [tenant.as_str(), store.as_str()];
    one(conn, sql!(SEALS.sealed_root), key, |row| Ok(SetHash::from_bytes(row.get("sealed_root")?)))?
        .ok_or_else(|| error::missing("replication"))
}

/// Seals that a replica has not heard of, in their order, each with its number.
pub(super) fn seals_above(conn: &Connection, from: &ReplicaIdentity, above: i64) -> Result<Vec<(i64, Seal)>> {
    let params = named_params! {
        ":tenant": from.tenant.as_str(),
        ":store": from.store.as_str(),
        ":above": above,
        ":rows": i64::try_from(SEALS_MAX).map_err(error::unreadable)?,
    };
    let rows = list(conn, sql!(SEALS.seals_above), params, |row| {
        let document: DocumentId = parsed(row, "document")?;
        Ok((row.get("sequence")?, document, row.get::<_, Vec<u8>>("heads")?, unsigned(row, "facts")?))
    })?;
    rows.into_iter()
        .map(|(sequence, document, heads, facts)| {
            Ok((sequence, Seal::new(&document, &heads_of(&heads)?, facts)))
        })
        .collect()
}
