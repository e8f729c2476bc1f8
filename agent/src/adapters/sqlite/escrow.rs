//! Scarce SKUs: what central wants of them, and what is ceded of them.
//!
//! A box cedes only when it has been level with central since it started. Before that it may be one whose
//! disk was put back, or that lacks what another box of the store said: what it takes for free may have
//! been ceded already. After that nobody but itself changes what is free here, connected or not: central
//! tells its targets to a box that is alone in its store, and to no other.

use super::hand::Hand;
use super::record::enter_new;
use super::value::id;
use super::view::Stored;
use super::{SqliteLedger, baseline, speaker, sql};
use crate::core::command::{Position, Refusal};
use crate::core::escrow::cede;
use crate::core::mint::Author;
use crate::core::view::View;
use crate::ports::ledger::LedgerError;
use holdfast_platform::sqlite::StorageError;
use holdfast_shared::domain::fact::{Body, Fact};
use holdfast_shared::ids::{Actor, Sku};
use holdfast_shared::limits::{ESCROW_SKUS_MAX, QUANTITY_MAX};
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::sync::{ESCROW_SINCE, EscrowTarget, EscrowTargets, SyncResponse};
use rusqlite::{Connection, OptionalExtension, Params, params};
use std::collections::BTreeSet;

fn listed(
    connection: &Connection,
    statement: &str,
    params: impl Params,
) -> Result<Vec<EscrowTarget>, StorageError> {
    let mut statement = connection.prepare_cached(statement)?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(EscrowTarget { sku: id(&row.get::<_, String>(0)?)?, units: row.get(1)? });
    }
    Ok(found)
}

/// What central is known to want.
pub(super) fn targets(connection: &Connection) -> Result<EscrowTargets, StorageError> {
    Ok(EscrowTargets { targets: listed(connection, sql::TARGETS, [])? })
}

/// Of what a manager wants units back, and how many central may keep.
pub(super) fn asked_back(connection: &Connection) -> Result<Vec<EscrowTarget>, StorageError> {
    let limit = i64::try_from(ESCROW_SKUS_MAX).map_err(StorageError::unreadable)?;
    listed(connection, sql::ASKED_BACK, [limit])
}

/// What central wants from now on. An older one wants nothing, and would refuse what is ceded.
pub(super) fn take_over(connection: &Connection, response: &SyncResponse) -> Result<(), StorageError> {
    let told = match &response.escrow {
        Some(told) if response.version >= ESCROW_SINCE => told.targets.as_slice(),
        None if response.version >= ESCROW_SINCE => return Ok(()),
        Some(_) | None => &[],
    };
    connection.prepare_cached(sql::TARGETS_FORGET)?.execute([])?;
    for EscrowTarget { sku, units } in told.iter().take(ESCROW_SKUS_MAX) {
        let units = (*units).clamp(0, QUANTITY_MAX);
        connection.prepare_cached(sql::TARGET_PUT)?.execute(params![sku.as_str(), units])?;
    }
    Ok(())
}

/// Central was heard, and this box is `level` with it.
pub(super) fn heard(
    connection: &Connection,
    hand: &mut Hand,
    level: bool,
    now: UtcMs,
) -> Result<bool, LedgerError> {
    hand.compared |= level;
    if !level {
        return Ok(false);
    }
    let wanted: BTreeSet<Sku> = targets(connection)?.targets.into_iter().map(|target| target.sku).collect();
    top_up(connection, hand, wanted, now)
}

/// Facts of this box may have made units free.
pub(super) fn after(
    connection: &Connection,
    hand: &Hand,
    facts: &[Fact],
    now: UtcMs,
) -> Result<(), LedgerError> {
    let moved = facts.iter().filter_map(|fact| match &fact.body {
        Body::Stock(stock) => Some(stock.sku.clone()),
        Body::Task(_) | Body::Epoch(_) => None,
    });
    top_up(connection, hand, moved.collect(), now)?;
    Ok(())
}

fn may_cede(connection: &Connection, hand: &Hand) -> Result<bool, StorageError> {
    let ready = speaker::readiness(connection)?;
    let whole = !ready.rehydrating && ready.quarantined.is_none() && !baseline::is_wanted(connection)?;
    Ok(whole && hand.compared && hand.identity.is_some())
}

/// Cedes what central wants of these SKUs and is free. Tells whether anything was ceded.
fn top_up(
    connection: &Connection,
    hand: &Hand,
    skus: BTreeSet<Sku>,
    now: UtcMs,
) -> Result<bool, LedgerError> {
    let mut said = Vec::new();
    for sku in skus {
        let mut statement = connection.prepare_cached(sql::TARGET)?;
        let target: Option<i64> = statement.query_row([sku.as_str()], |row| row.get(0)).optional()?;
        let Some(target) = target else { continue };
        if let Some(position) = Stored(connection).position(&sku)? {
            said.extend(cede(&position, target));
        }
    }
    if said.is_empty() || !may_cede(connection, hand)? {
        return Ok(false);
    }
    let actor = Actor::new("agent").map_err(StorageError::unreadable)?;
    let mut pen = hand.pen(connection)?;
    let facts = pen.mint.write(said, Author { actor: &actor, trace: None, given: None }, now)?;
    enter_new(&mut pen, &facts, now)?;
    pen.keep()?;
    Ok(true)
}

impl SqliteLedger {
    /// Leaves central no more than so many units of a SKU; none: as many as it wants.
    pub(super) async fn leave_central(
        &self,
        sku: &Sku,
        at_most: Option<i64>,
    ) -> Result<Position, LedgerError> {
        let sku = sku.clone();
        self.write(move |connection, _| leave_central(connection, &sku, at_most)).await
    }
}

fn leave_central(connection: &Connection, sku: &Sku, at_most: Option<i64>) -> Result<Position, LedgerError> {
    let position = Stored(connection).position(sku)?.ok_or_else(|| Refusal::UnknownSku(sku.clone()))?;
    let Some(units) = at_most else {
        connection.prepare_cached(sql::LIMIT_DROP)?.execute([sku.as_str()])?;
        return Ok(position);
    };
    if !(0..=QUANTITY_MAX).contains(&units) {
        let told = format!("central cannot keep {units} units: send 0 to {QUANTITY_MAX}");
        return Err(Refusal::Quantity(told).into());
    }
    let others: i64 =
        connection.prepare_cached(sql::LIMITS_COUNT)?.query_row([sku.as_str()], |row| row.get(0))?;
    if others >= i64::try_from(ESCROW_SKUS_MAX).map_err(StorageError::unreadable)? {
        let told = format!("{ESCROW_SKUS_MAX} SKUs have such a bound already; lift one of them first");
        return Err(Refusal::Invalid(told).into());
    }
    connection.prepare_cached(sql::LIMIT_PUT)?.execute(params![sku.as_str(), units])?;
    Ok(position)
}
