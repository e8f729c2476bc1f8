//! Escrow of scarce SKUs: what central wants of each, what stores have ceded, and what central gives back.
//!
//! A store with two boxes has two tills that do not hear of each other: what one of them cedes the other
//! sells. So only a box that is alone in its store is told what to cede, and of what another store ceded
//! before nothing is promised.

use super::documents::Digests;
use super::exceptions::{raise, settle};
use super::rights::{Boxes, boxes, is_compared};
use super::row::{list, one, parsed, run};
use super::sql::sql;
use super::state::State;
use super::{Result, SqliteStore, error, escrow_classes, own_stock, stock, store_row, window};
use crate::core::exception::{Category, NewException, Severity};
use crate::ports::access::ReplicaIdentity;
use crate::ports::escrow::{ClassInEscrow, Escrowed, Escrows, InEscrow, PutOutcome};
use async_trait::async_trait;
use holdfast_shared::domain::rights::{Ceded, Shelf};
use holdfast_shared::domain::stock::{Movement, StockFact};
use holdfast_shared::ids::{Actor, Sku, SkuClass, StoreId, TenantId};
use holdfast_shared::limits::ESCROW_SKUS_MAX;
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::sync::{EscrowTarget, EscrowTargets, SyncRequest};
use rusqlite::{Connection, Row, named_params};

fn set_compared(conn: &Connection, from: &ReplicaIdentity, compared: bool) -> Result<()> {
    let params = named_params! {
        ":tenant": from.tenant.as_str(), ":store": from.store.as_str(), ":compared": compared,
    };
    run(conn, sql!(ESCROW.set_compared), params)?;
    Ok(())
}

/// What a store has ceded of one SKU.
struct CededRow {
    sku: Sku,
    shelf: Shelf,
    ceded: Ceded,
    target: i64,
}

fn read_ceded(row: &Row<'_>) -> rusqlite::Result<CededRow> {
    let (rights, held) = (row.get("rights")?, row.get("rights_held")?);
    Ok(CededRow {
        sku: parsed(row, "sku")?,
        shelf: Shelf { on_hand: row.get("on_hand")?, rights, ..Shelf::default() },
        ceded: Ceded { rights, held },
        target: row.get("target")?,
    })
}

/// A store has spoken: whether its rights count, what it gets back of them, and what a person must see.
pub(super) fn hear(
    conn: &Connection,
    state: &mut State,
    from: &ReplicaIdentity,
    request: &SyncRequest,
    behind: bool,
    now: UtcMs,
) -> Result<()> {
    let digests = Digests::read(conn, &from.tenant, &from.store)?;
    let level = digests.root == request.root && digests.stock == request.stock_digest;
    if behind || request.rehydrating {
        // Its disk was put back: what it sells from now on it may have ceded.
        return set_compared(conn, from, false);
    }
    if !level || request.more || window::is_replaying(conn, from)? {
        return Ok(());
    }
    set_compared(conn, from, true)?;
    let params = named_params! { ":tenant": from.tenant.as_str(), ":store": from.store.as_str() };
    let ceded = list(conn, sql!(ESCROW.ceded), params, read_ceded)?;
    let can_cede = boxes(conn, &from.tenant, &from.store)?.can_cede();
    for row in ceded {
        tell_overdrawn(conn, from, &row, now)?;
        let asked = request.asked_back.iter().find(|asked| asked.sku == row.sku);
        let wanted = if can_cede { row.target } else { 0 };
        let wanted = asked.map_or(wanted, |asked| wanted.min(asked.units.max(0)));
        let units = row.ceded.to_return(wanted);
        if units > 0 {
            let movement = Movement::Returned { units };
            let said = StockFact { sku: row.sku, delta: 0, movement, note: None };
            own_stock::say(conn, state, (&from.tenant, &from.store), said, now)?;
        }
    }
    Ok(())
}

/// The till sold what was not its to sell. It happened, so it is told and not refused.
fn tell_overdrawn(conn: &Connection, from: &ReplicaIdentity, row: &CededRow, now: UtcMs) -> Result<()> {
    let key = format!("overdrawn/{}/{}", from.store, row.sku);
    let units = row.shelf.overdrawn();
    if units == 0 {
        settle(conn, &from.tenant, &key, "what was ceded is there again", now)?;
        return Ok(());
    }
    let known = named_params! { ":tenant": from.tenant.as_str(), ":key": key };
    if one(conn, sql!(ESCROW.is_told), known, |_| Ok(()))?.is_some() {
        return Ok(());
    }
    let exception = NewException {
        key,
        category: Category::Overdrawn,
        severity: if units > row.ceded.unheld() { Severity::High } else { Severity::Medium },
        order: None,
        task: None,
        store: Some(from.store.clone()),
        detail: format!(
            "{} ceded {} of {} to central and has {}: {units} of them were sold or went missing there",
            from.store,
            row.ceded.rights,
            row.sku,
            row.shelf.on_hand.max(0)
        ),
        suggestion: format!("Count {} at the store; orders that hold it may have to go elsewhere.", row.sku),
    };
    raise(conn, &from.tenant, &exception, now)
}

fn targets(conn: &Connection, tenant: &TenantId, store: &StoreId) -> Result<EscrowTargets> {
    let params = named_params! { ":tenant": tenant.as_str(), ":store": store.as_str() };
    let targets = list(conn, sql!(ESCROW.targets), params, |row| {
        Ok(EscrowTarget { sku: parsed(row, "sku")?, units: row.get("target")? })
    })?;
    Ok(EscrowTargets { targets })
}

/// What this replica is to cede, unless that is what it said that it knows.
pub(super) fn news(
    conn: &Connection,
    from: &ReplicaIdentity,
    request: &SyncRequest,
) -> Result<Option<EscrowTargets>> {
    if !request.understands_escrow() {
        return Ok(None);
    }
    let wanted = targets(conn, &from.tenant, &from.store)?;
    let alone = wanted.targets.is_empty() || boxes(conn, &from.tenant, &from.store)?.can_cede();
    let wanted = if alone { wanted } else { EscrowTargets::default() };
    Ok((wanted.digest() != request.escrow).then_some(wanted))
}

#[async_trait]
impl Escrows for SqliteStore {
    async fn put_escrow(
        &self,
        tenant: &TenantId,
        store: &StoreId,
        target: &EscrowTarget,
        actor: &Actor,
        now: UtcMs,
    ) -> Result<PutOutcome> {
        let (tenant, store) = (tenant.clone(), store.clone());
        let (target, actor) = (target.clone(), actor.clone());
        self.write(move |conn, _| put(conn, (&tenant, &store), &target, &actor, now)).await
    }

    async fn drop_escrow(&self, tenant: &TenantId, store: &StoreId, sku: &Sku, now: UtcMs) -> Result<bool> {
        let (tenant, store, sku) = (tenant.clone(), store.clone(), sku.clone());
        self.write(move |conn, _| {
            let params = named_params! {
                ":tenant": tenant.as_str(), ":store": store.as_str(), ":sku": sku.as_str(),
            };
            let dropped = run(conn, sql!(ESCROW.drop_target), params)? > 0;
            if dropped && !escrow_classes::join_again(conn, (&tenant, &store), &sku)? {
                stock::grow(conn, &tenant, &sku, now)?;
            }
            Ok(dropped)
        })
        .await
    }

    async fn escrows(&self, tenant: &TenantId, store: &StoreId) -> Result<InEscrow> {
        let (tenant, store) = (tenant.clone(), store.clone());
        self.read(move |conn| {
            let params = named_params! { ":tenant": tenant.as_str(), ":store": store.as_str() };
            let rows = list(conn, sql!(ESCROW.listed), params, read_ceded)?;
            let Boxes { enrolled, able } = boxes(conn, &tenant, &store)?;
            Ok(InEscrow {
                enrolled_replicas: enrolled,
                able_replicas: able,
                compared: is_compared(conn, &tenant, &store)?,
                skus: rows.into_iter().map(escrowed).collect(),
            })
        })
        .await
    }

    async fn put_class_escrow(
        &self,
        tenant: &TenantId,
        store: &StoreId,
        (class, target_units): (&SkuClass, i64),
        actor: &Actor,
        now: UtcMs,
    ) -> Result<PutOutcome> {
        let (tenant, store) = (tenant.clone(), store.clone());
        let (class, actor) = (class.clone(), actor.clone());
        self.write(move |conn, _| {
            escrow_classes::put(conn, (&tenant, &store), (&class, target_units), &actor, now)
        })
        .await
    }

    async fn drop_class_escrow(
        &self,
        tenant: &TenantId,
        store: &StoreId,
        class: &SkuClass,
        now: UtcMs,
    ) -> Result<bool> {
        let (tenant, store, class) = (tenant.clone(), store.clone(), class.clone());
        self.write(move |conn, _| escrow_classes::end(conn, (&tenant, &store), &class, now)).await
    }

    async fn classes_in_escrow(&self, tenant: &TenantId, store: &StoreId) -> Result<Vec<ClassInEscrow>> {
        let (tenant, store) = (tenant.clone(), store.clone());
        self.read(move |conn| escrow_classes::listed(conn, (&tenant, &store))).await
    }
}

fn escrowed(row: CededRow) -> Escrowed {
    Escrowed {
        target_units: row.target,
        rights: row.ceded.rights,
        held: row.ceded.held,
        overdrawn: row.shelf.overdrawn(),
        sku: row.sku,
    }
}

fn put(
    conn: &Connection,
    (tenant, store): (&TenantId, &StoreId),
    target: &EscrowTarget,
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
        ":tenant": tenant.as_str(), ":store": store.as_str(), ":sku": target.sku.as_str(),
    };
    let others: i64 = one(conn, sql!(ESCROW.count_targets), named, |row| row.get("skus"))?.unwrap_or(0);
    if others >= i64::try_from(ESCROW_SKUS_MAX).map_err(error::unreadable)? {
        return Ok(PutOutcome::TooMany);
    }
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":store": store.as_str(),
        ":sku": target.sku.as_str(),
        ":target": target.units,
        ":now": now.0,
        ":actor": actor.as_str(),
    };
    run(conn, sql!(ESCROW.put_target), params)?;
    Ok(PutOutcome::Put)
}
