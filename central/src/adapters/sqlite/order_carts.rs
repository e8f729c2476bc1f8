//! What is set aside for an order that waits for a node: it is asked for beside the position, and spent when
//! the order is given to a store.

use super::holds::{Freed, Reserved};
use super::promises::{ORDER_KEEPS_MS, end, of_order, read_units, take_over};
use super::row::{list, one, run};
use super::sql::sql;
use super::{Result, stock};
use crate::core::routing::decision::DemandLine;
use crate::ports::promises::{CartUnits, PromiseEnd};
use crate::ports::work::Assignment;
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::{LineNo, OrderId, PromiseId, Sku, StoreId, TenantId};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, named_params};
use std::collections::BTreeMap;

/// Units of a cart that came to the store for its order alone.
pub(super) type Gathered = BTreeMap<Sku, i64>;

/// The order takes over what was set aside for it, beside what its own cart has already.
pub(super) fn give_to_order(
    conn: &Connection,
    tenant: &TenantId,
    promise: &PromiseId,
    order: &OrderId,
    now: UtcMs,
) -> Result<()> {
    let Some(cart) = of_order(conn, tenant, order)? else {
        if take_over(conn, tenant, promise, order, now)? {
            return Ok(());
        }
        return end(conn, tenant, promise, PromiseEnd::GivenBack, now);
    };
    let open = list(conn, sql!(PROMISES.open_cart_holds), [tenant.as_str(), promise.as_str()], read_units)?;
    for CartUnits { store, sku, quantity, .. } in open {
        free_sku(conn, (tenant, promise, &store), &sku)?;
        add_to_cart(conn, (tenant, &cart), &store, &DemandLine { line: LineNo(0), sku, quantity }, now)?;
    }
    let expires_at = now.plus(ORDER_KEEPS_MS).0;
    let params = named_params! {
        ":tenant": tenant.as_str(), ":promise": cart.as_str(), ":expires_at": expires_at,
    };
    run(conn, sql!(PROMISES.keep_longer), params)?;
    end(conn, tenant, promise, PromiseEnd::Order, now)
}

/// Units that were free a moment ago, on top of what the cart has there. Those that a till has sold
/// meanwhile are nobody's.
fn add_to_cart(
    conn: &Connection,
    cart: (&TenantId, &PromiseId),
    store: &StoreId,
    more: &DemandLine,
    now: UtcMs,
) -> Result<()> {
    let (tenant, promise) = cart;
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":promise": promise.as_str(),
        ":store": store.as_str(),
        ":sku": more.sku.as_str(),
    };
    let had: i64 = one(conn, sql!(PROMISES.cart_units), params, |row| row.get("quantity"))?.unwrap_or(0);
    let gathered = free_sku(conn, (tenant, promise, store), &more.sku)?;
    let both = DemandLine { quantity: had.saturating_add(more.quantity), ..more.clone() };
    for wanted in [both, DemandLine { quantity: had, ..more.clone() }] {
        if wanted.quantity < 1 {
            continue;
        }
        if let Some(reserved) = stock::reserve_gathered(conn, tenant, store, &wanted, gathered)? {
            return add_units(conn, cart, store, &wanted, (reserved, gathered));
        }
    }
    stock::grow(conn, tenant, &more.sku, now)
}

/// Frees what the cart of this order has of these SKUs at this store, for the same transaction to
/// reserve anew what the lines need: so the position is asked again, and a unit that was sold meanwhile
/// is not promised. None when it has no cart.
pub(super) fn free_for(conn: &Connection, assignment: &Assignment) -> Result<Option<Gathered>> {
    let Assignment { tenant, order, store, .. } = assignment;
    let Some(promise) = of_order(conn, tenant, order)? else { return Ok(None) };
    let mut gathered = Gathered::new();
    for line in &assignment.lines {
        let units = free_sku(conn, (tenant, &promise, store), &line.sku)?;
        gathered.insert(line.sku.clone(), units);
    }
    Ok(Some(gathered))
}

/// Tells how many of them came there for the order alone.
pub(super) fn free_sku(
    conn: &Connection,
    (tenant, promise, store): (&TenantId, &PromiseId, &StoreId),
    sku: &Sku,
) -> Result<i64> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":promise": promise.as_str(),
        ":store": store.as_str(),
        ":sku": sku.as_str(),
    };
    let held = one(conn, sql!(PROMISES.cart_units), params, |row| {
        Ok((row.get::<_, i64>("quantity")?, row.get::<_, bool>("ceded")?, row.get::<_, i64>("gathered")?))
    })?;
    let Some((units, ceded, gathered)) = held.filter(|(units, ..)| *units > 0) else { return Ok(0) };
    run(conn, sql!(PROMISES.empty_cart), params)?;
    stock::free(conn, tenant, store, sku, Freed::of(units, ceded))?;
    Ok(gathered)
}

/// The cart of an order, made when it has none.
pub(super) fn cart_of_order(
    conn: &Connection,
    (tenant, order): (&TenantId, &OrderId),
    kind: FulfilmentKind,
    until: UtcMs,
    now: UtcMs,
) -> Result<PromiseId> {
    if let Some(promise) = of_order(conn, tenant, order)? {
        return Ok(promise);
    }
    let promise = PromiseId::new(format!("g-{order}"))?;
    // Nobody asked for it by a request that could be repeated.
    let request_hash: [u8; 32] = blake3::hash(promise.as_str().as_bytes()).into();
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":promise": promise.as_str(),
        ":request_hash": request_hash,
        ":kind": kind.as_str(),
        ":options": "[]",
        ":made_at": now.0,
        ":expires_at": until.max(now.plus(1)).0,
    };
    run(conn, sql!(PROMISES.add_promise), params)?;
    take_over(conn, tenant, &promise, order, now)?;
    Ok(promise)
}

/// As many units as the line says, those that the cart has there already among them. Whether there were.
pub(super) fn set_aside(
    conn: &Connection,
    (tenant, promise): (&TenantId, &PromiseId),
    store: &StoreId,
    line: &DemandLine,
) -> Result<bool> {
    free_sku(conn, (tenant, promise, store), &line.sku)?;
    let Some(reserved) = stock::reserve(conn, tenant, store, line)? else { return Ok(false) };
    add_units(conn, (tenant, promise), store, line, (reserved, 0))?;
    Ok(true)
}

/// Units that came for this order alone: the store's buffer is not taken from them. Whether they are there.
pub(super) fn set_aside_arrived(
    conn: &Connection,
    (tenant, order): (&TenantId, &OrderId),
    (store, sku): (&StoreId, &Sku),
    units: i64,
) -> Result<bool> {
    let Some(promise) = of_order(conn, tenant, order)? else { return Ok(false) };
    let line = DemandLine { line: LineNo(0), sku: sku.clone(), quantity: units };
    let Some(reserved) = stock::reserve_gathered(conn, tenant, store, &line, units)? else {
        return Ok(false);
    };
    add_units(conn, (tenant, &promise), store, &line, (reserved, units))?;
    Ok(true)
}

fn add_units(
    conn: &Connection,
    (tenant, promise): (&TenantId, &PromiseId),
    store: &StoreId,
    line: &DemandLine,
    (reserved, gathered): (Reserved, i64),
) -> Result<()> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":promise": promise.as_str(),
        ":store": store.as_str(),
        ":sku": line.sku.as_str(),
        ":quantity": line.quantity,
        ":available": reserved.available,
        ":ceded": reserved.ceded,
        ":gathered": gathered,
    };
    run(conn, sql!(PROMISES.set_aside), params)?;
    Ok(())
}
