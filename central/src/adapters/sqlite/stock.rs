//! Positions and holds. Positions move by differences only, in one transaction with the holds
//! that the same facts name; `reserved` is never set, only taken from and added to.

use super::documents::Digests;
use super::holds::{Freed, Reserved, end_hold, hold_again};
use super::lessons;
use super::outbox::{NewEvent, append};
use super::rights::{self, Standing};
use super::row::{list, one, parsed, run};
use super::sql::sql;
use super::{Result, backorders};
use crate::core::events::key::Key;
use crate::core::events::kinds::stock::INVENTORY_ADJUSTED;
use crate::core::routing::decision::DemandLine;
use crate::core::stock::learned::Counts;
use holdfast_shared::domain::fact::{Body, Fact};
use holdfast_shared::domain::stock::Movement;
use holdfast_shared::guard::Guard;
use holdfast_shared::ids::{LineNo, Sku, StoreId, TaskId, TenantId};
use holdfast_shared::stamp::Receipt;
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, named_params};
use serde_json::json;
use std::collections::BTreeMap;

/// What a batch of facts does to one SKU.
#[derive(Debug, Clone, Copy, Default)]
struct Difference {
    on_hand: i64,
    rights: i64,
    freed: Freed,
    as_of: UtcMs,
    why: Why,
}

/// What moved it.
#[derive(Debug, Clone, Copy, Default)]
enum Why {
    #[default]
    Nothing,
    One(&'static str),
    Several,
}

impl Why {
    fn and(self, movement: &Movement) -> Self {
        // For whoever keeps stock, goods of an order that come back are returns like any other.
        let kind = match movement {
            Movement::BroughtBack { .. } => Movement::Return.kind(),
            movement => movement.kind(),
        };
        match self {
            Self::Nothing => Self::One(kind),
            Self::One(known) if known == kind => self,
            Self::One(_) | Self::Several => Self::Several,
        }
    }
}

/// Applies the facts of one store. Tells whether units became available.
pub(super) fn apply(
    conn: &Connection,
    tenant: &TenantId,
    store: &StoreId,
    facts: &[Fact],
    receipt: &Receipt,
) -> Result<bool> {
    lessons::heed(conn, (tenant, store), facts, receipt, Counts::Now)?;
    let mut differences: BTreeMap<&Sku, Difference> = BTreeMap::new();
    for fact in facts {
        let Body::Stock(stock) = &fact.body else { continue };
        let freed = match stock.ends_hold() {
            Some((hold, units)) => end_hold(conn, tenant, store, &stock.sku, &hold.task, hold.line, units)?,
            None => Freed::default(),
        };
        backorders::came(conn, tenant, store, stock)?;
        let difference = differences.entry(&stock.sku).or_default();
        difference.on_hand = difference.on_hand.saturating_add(stock.delta);
        difference.rights = difference.rights.saturating_add(stock.rights());
        difference.freed = difference.freed.and(freed);
        difference.as_of = difference.as_of.max(receipt.likely(fact.at.wall));
        difference.why = difference.why.and(&stock.movement);
    }
    let mut digests = Digests::read(conn, tenant, store)?;
    let mut grew = false;
    for (sku, difference) in differences {
        digest(conn, &mut digests, (tenant, store, sku), (difference.on_hand, difference.rights))?;
        grew |= move_position(conn, tenant, store, sku, difference, receipt.at)?;
    }
    digests.write(conn, tenant, store)?;
    Ok(grew)
}

/// Takes back what facts did that do not count any more. A hold that they ended stands again.
pub(super) fn undo(
    conn: &Connection,
    tenant: &TenantId,
    store: &StoreId,
    facts: &[Fact],
    receipt: &Receipt,
) -> Result<()> {
    lessons::heed(conn, (tenant, store), facts, receipt, Counts::NoMore)?;
    for fact in facts {
        let Body::Stock(stock) = &fact.body else { continue };
        let freed = match stock.ends_hold() {
            Some((hold, units)) => hold_again(conn, tenant, store, &stock.sku, hold, units)?,
            None => Freed::default(),
        };
        let (on_hand, rights) = (stock.delta.saturating_neg(), stock.rights().saturating_neg());
        let mut digests = Digests::read(conn, tenant, store)?;
        digest(conn, &mut digests, (tenant, store, &stock.sku), (on_hand, rights))?;
        digests.write(conn, tenant, store)?;
        let as_of = receipt.likely(fact.at.wall);
        let difference = Difference { on_hand, rights, freed, as_of, why: Why::Nothing };
        move_position(conn, tenant, store, &stock.sku, difference, receipt.at)?;
    }
    Ok(())
}

/// Moves what is on hand, and the rights to it, in the digest.
fn digest(
    conn: &Connection,
    digests: &mut Digests,
    (tenant, store, sku): (&TenantId, &StoreId, &Sku),
    (on_hand, rights): (i64, i64),
) -> Result<()> {
    let key = [tenant.as_str(), sku.as_str(), store.as_str()];
    let known = one(conn, sql!(STOCK.on_hand), key, |row| {
        Ok((row.get::<_, i64>("on_hand")?, row.get::<_, i64>("rights")?))
    })?;
    let before = known.unwrap_or_default();
    let after = (before.0.saturating_add(on_hand), before.1.saturating_add(rights));
    digests.move_stock(sku, before, after);
    Ok(())
}

fn move_position(
    conn: &Connection,
    tenant: &TenantId,
    store: &StoreId,
    sku: &Sku,
    difference: Difference,
    now: UtcMs,
) -> Result<bool> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":sku": sku.as_str(),
        ":store": store.as_str(),
        ":on_hand": difference.on_hand,
        ":rights": difference.rights,
        ":freed": difference.freed.units,
        ":freed_rights": difference.freed.rights,
        ":as_of": difference.as_of.0,
    };
    let told = one(conn, sql!(STOCK.move_position), params, |row| {
        Ok((row.get::<_, i64>("on_hand")?, row.get::<_, i64>("reserved")?, row.get::<_, i64>("rights")?))
    })?;
    let (on_hand, reserved, rights_now) = told.unwrap_or_default();
    let free = on_hand.saturating_sub(reserved);
    let free_before = free.saturating_sub(difference.on_hand).saturating_sub(difference.freed.units);
    lessons::note_oversold(conn, (tenant, store, sku), (free_before, free), now)?;
    if difference.rights != 0 && rights_now == 0 {
        rights::is_settled(conn, (tenant, store, sku), now)?;
    }
    let mut body = json!({
        "store": store, "sku": sku, "on_hand": on_hand, "reserved": reserved,
        "change": difference.on_hand,
    });
    if let (Why::One(reason), Some(fields)) = (difference.why, body.as_object_mut()) {
        fields.insert("reason".to_owned(), json!(reason));
    }
    let key = Key::StoreAndSku(store.clone(), sku.clone());
    append(conn, tenant, &NewEvent { kind: &INVENTORY_ADJUSTED, key: &key, at: now, body: &body })?;
    let Difference { on_hand: came, rights, freed, .. } = difference;
    // What is ceded may be promised, as goods that come in may.
    let grew = came.saturating_add(freed.units) > 0 || rights.saturating_add(freed.rights) > 0;
    if grew {
        grow(conn, tenant, sku, now)?;
    }
    Ok(grew)
}

/// Orders that wait for units of it are tried again.
pub(super) fn grow(conn: &Connection, tenant: &TenantId, sku: &Sku, now: UtcMs) -> Result<()> {
    let params = named_params! { ":tenant": tenant.as_str(), ":sku": sku.as_str(), ":at": now.0 };
    run(conn, sql!(STOCK.stock_grew), params)?;
    Ok(())
}

/// Ends all holds of a task whose goods nobody has touched.
pub(super) fn end_holds(conn: &Connection, tenant: &TenantId, task: &TaskId, now: UtcMs) -> Result<()> {
    let key = [tenant.as_str(), task.as_str()];
    let holds = list(conn, sql!(STOCK.holds_of_task), key, |row| {
        let line = LineNo(row.get("line")?);
        Ok((line, parsed::<StoreId>(row, "store")?, parsed::<Sku>(row, "sku")?, row.get("quantity")?))
    })?;
    for (line, store, sku, quantity) in holds {
        let freed = end_hold(conn, tenant, &store, &sku, task, line, quantity)?;
        give_back(conn, tenant, &store, &sku, freed, now)?;
    }
    Ok(())
}

/// Units that were set aside may be sold again, and whoever waits for them may ask.
pub(super) fn give_back(
    conn: &Connection,
    tenant: &TenantId,
    store: &StoreId,
    sku: &Sku,
    freed: Freed,
    now: UtcMs,
) -> Result<()> {
    free(conn, tenant, store, sku, freed)?;
    grow(conn, tenant, sku, now)
}

pub(super) fn free(
    conn: &Connection,
    tenant: &TenantId,
    store: &StoreId,
    sku: &Sku,
    freed: Freed,
) -> Result<()> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":sku": sku.as_str(),
        ":store": store.as_str(),
        ":freed": freed.units,
        ":freed_rights": freed.rights,
    };
    run(conn, sql!(STOCK.free), params)?;
    Ok(())
}

/// Sets units aside if the position allows it now. Of a SKU in escrow that is what its store has ceded.
pub(super) fn reserve(
    conn: &Connection,
    tenant: &TenantId,
    store: &StoreId,
    line: &DemandLine,
) -> Result<Option<Reserved>> {
    let standing = rights::standing(conn, tenant, store, &line.sku)?;
    let told = match standing {
        Standing::Open => reserve_on_hand(conn, tenant, store, line)?,
        Standing::Ceded => rights::reserve(conn, tenant, store, line)?,
        Standing::InDoubt => None,
    };
    Ok(told.map(|available| Reserved { available, ceded: standing == Standing::Ceded }))
}

/// The same where no SKU of the tenant is in escrow.
pub(super) fn reserve_open(
    conn: &Connection,
    tenant: &TenantId,
    store: &StoreId,
    line: &DemandLine,
) -> Result<Option<Reserved>> {
    let told = reserve_on_hand(conn, tenant, store, line)?;
    Ok(told.map(|available| Reserved { available, ceded: false }))
}

/// The same, where so many of the units came here for one order alone: they are not the buffer's.
pub(super) fn reserve_gathered(
    conn: &Connection,
    tenant: &TenantId,
    store: &StoreId,
    line: &DemandLine,
    gathered: i64,
) -> Result<Option<Reserved>> {
    let ordinary = reserve(conn, tenant, store, line)?;
    let open = gathered > 0 && rights::standing(conn, tenant, store, &line.sku)? == Standing::Open;
    if ordinary.is_some() || !open {
        return Ok(ordinary);
    }
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":sku": line.sku.as_str(),
        ":store": store.as_str(),
        ":quantity": line.quantity,
        ":gathered": gathered,
    };
    let told = one(conn, sql!(STOCK.reserve_gathered), params, |row| row.get("available"))?;
    Ok(told.map(|available| Reserved { available, ceded: false }))
}

fn reserve_on_hand(
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
    };
    let told = one(conn, sql!(STOCK.reserve), params, |row| row.get("available"))?;
    if told.is_some() || Guard::ConditionalReserve.stands() {
        return Ok(told);
    }
    one(conn, sql!(STOCK.reserve_whatever), params, |row| row.get("available"))
}
