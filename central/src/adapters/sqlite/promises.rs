//! Units that are set aside for carts. They are part of a position's `reserved` as the holds of
//! tasks are, and are taken by the same conditional write.

use super::holds::Freed;
use super::promise_changes::{self, About};
use super::promise_outcomes::{accuracy, count_outcomes};
use super::row::{from_json, list, one, parsed, parsed_or_none, run, to_json, word};
use super::savepoint::{Stop, attempt_or};
use super::sql::sql;
use super::{Result, SqliteStore, error, stock};
use crate::core::fleet::Handling;
use crate::core::promise::PromiseChange;
use crate::core::routing::decision::DemandLine;
use crate::ports::promises::{
    Accuracy, CartHeld, CartPromise, CartUnits, GivenBack, NewCart, PromiseEnd, Promises, Swept,
};
use async_trait::async_trait;
use holdfast_shared::ids::{LineNo, OrderId, PromiseId, Sku, TenantId};
use holdfast_shared::limits::{CART_HOLD_S_MAX, HOUSEKEEPING_ROWS_MAX};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row, named_params};
use std::collections::{BTreeMap, BTreeSet};

/// As long as the longest hold: by then an order that can be routed is.
pub(super) const ORDER_KEEPS_MS: i64 = CART_HOLD_S_MAX * 1_000;

#[async_trait]
impl Promises for SqliteStore {
    async fn needs_of(&self, tenant: &TenantId, skus: &[Sku]) -> Result<BTreeMap<Sku, BTreeSet<Handling>>> {
        let (tenant, skus) = (tenant.clone(), skus.to_vec());
        self.read(move |conn| {
            let mut needs = BTreeMap::new();
            for sku in skus {
                let key = [tenant.as_str(), sku.as_str()];
                if let Some(of_sku) = one(conn, sql!(PROMISES.needs_of), key, |row| from_json(row, "needs"))?
                {
                    needs.insert(sku, of_sku);
                }
            }
            Ok(needs)
        })
        .await
    }

    async fn hold_cart(&self, cart: NewCart) -> Result<CartHeld> {
        self.write(move |conn, _| {
            let held = attempt_or(conn, || hold(conn, &cart))?;
            Ok(held.unwrap_or_else(|sku| CartHeld::StockGone { sku }))
        })
        .await
    }

    async fn cart_promise(&self, tenant: &TenantId, promise: &PromiseId) -> Result<Option<CartPromise>> {
        let (tenant, promise) = (tenant.clone(), promise.clone());
        self.read(move |conn| find(conn, &tenant, &promise)).await
    }

    async fn give_back_cart(&self, tenant: &TenantId, promise: &PromiseId, now: UtcMs) -> Result<GivenBack> {
        let (tenant, promise) = (tenant.clone(), promise.clone());
        self.write(move |conn, _| give_back(conn, &tenant, &promise, now)).await
    }

    async fn carts_of_orders(&self, tenant: &TenantId) -> Result<BTreeMap<OrderId, Vec<CartUnits>>> {
        let tenant = tenant.clone();
        self.read(move |conn| {
            let rows = list(conn, sql!(PROMISES.carts_of_orders), [tenant.as_str()], |row| {
                Ok((parsed::<OrderId>(row, "order_id")?, read_units(row)?))
            })?;
            let mut carts: BTreeMap<OrderId, Vec<CartUnits>> = BTreeMap::new();
            for (order, units) in rows {
                carts.entry(order).or_default().push(units);
            }
            Ok(carts)
        })
        .await
    }

    async fn sweep_promises(&self, now: UtcMs, kept_ms: i64) -> Result<Swept> {
        self.write(move |conn, _| sweep(conn, now, kept_ms)).await
    }

    async fn promise_lost(&self, tenant: &TenantId, order: &OrderId, why: &str, now: UtcMs) -> Result<bool> {
        let (tenant, order, why) = (tenant.clone(), order.clone(), why.to_owned());
        self.write(move |conn, _| {
            let about = About { task: None, store: None, why: &why };
            promise_changes::tell(conn, (&tenant, &order), None, about, now)
        })
        .await
    }

    async fn promise_change(&self, tenant: &TenantId, order: &OrderId) -> Result<Option<PromiseChange>> {
        let (tenant, order) = (tenant.clone(), order.clone());
        self.read(move |conn| promise_changes::told(conn, &tenant, &order)).await
    }

    async fn promise_accuracy(&self, tenant: &TenantId, from: UtcMs, to: UtcMs) -> Result<Vec<Accuracy>> {
        let tenant = tenant.clone();
        self.read(move |conn| accuracy(conn, &tenant, from, to)).await
    }
}

pub(super) fn read_units(row: &Row<'_>) -> rusqlite::Result<CartUnits> {
    Ok(CartUnits {
        store: parsed(row, "store")?,
        sku: parsed(row, "sku")?,
        quantity: row.get("quantity")?,
        ceded: row.get("ceded")?,
        gathered: row.get("gathered")?,
    })
}

fn find(conn: &Connection, tenant: &TenantId, promise: &PromiseId) -> Result<Option<CartPromise>> {
    one(conn, sql!(PROMISES.promise), [tenant.as_str(), promise.as_str()], |row| {
        let ended: Option<i64> = row.get("ended_at")?;
        Ok(CartPromise {
            request_hash: row.get("request_hash")?,
            promise: parsed(row, "promise")?,
            kind: word(row, "kind")?,
            options: from_json(row, "options")?,
            made_at: UtcMs(row.get("made_at")?),
            expires_at: UtcMs(row.get("expires_at")?),
            order: parsed_or_none(row, "order_id")?,
            ended: ended.map(|_| word(row, "ended_by")).transpose()?,
        })
    })
}

pub(super) fn hold(conn: &Connection, cart: &NewCart) -> std::result::Result<CartHeld, Stop<Sku>> {
    let NewCart { tenant, promise, .. } = cart;
    if let Some(found) = find(conn, tenant, promise)? {
        let same = found.request_hash == cart.request_hash;
        return Ok(if same { CartHeld::Replayed(found) } else { CartHeld::KeyReused });
    }
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":promise": promise.as_str(),
        ":request_hash": cart.request_hash,
        ":kind": cart.kind.as_str(),
        ":options": to_json(&cart.options)?,
        ":made_at": cart.made_at.0,
        ":expires_at": cart.expires_at.0,
    };
    run(conn, sql!(PROMISES.add_promise), params)?;
    for units in &cart.units {
        let line = DemandLine { line: LineNo(0), sku: units.sku.clone(), quantity: units.quantity };
        let gone = || Stop::Refused(units.sku.clone());
        let reserved = stock::reserve(conn, tenant, &units.store, &line)?.ok_or_else(gone)?;
        let params = named_params! {
            ":tenant": tenant.as_str(),
            ":promise": promise.as_str(),
            ":store": units.store.as_str(),
            ":sku": units.sku.as_str(),
            ":quantity": units.quantity,
            ":available": reserved.available,
            ":ceded": reserved.ceded,
        };
        run(conn, sql!(PROMISES.add_cart_hold), params)?;
    }
    Ok(CartHeld::New)
}

fn give_back(conn: &Connection, tenant: &TenantId, promise: &PromiseId, now: UtcMs) -> Result<GivenBack> {
    let Some(found) = find(conn, tenant, promise)? else { return Ok(GivenBack::Unknown) };
    if let Some(order) = found.order {
        return Ok(GivenBack::TakenOver(order));
    }
    end(conn, tenant, promise, PromiseEnd::GivenBack, now)?;
    Ok(find(conn, tenant, promise)?.map_or(GivenBack::Unknown, GivenBack::Ended))
}

/// Ends a promise once, and gives back what of it is still set aside.
pub(super) fn end(
    conn: &Connection,
    tenant: &TenantId,
    promise: &PromiseId,
    by: PromiseEnd,
    now: UtcMs,
) -> Result<()> {
    let params = named_params! {
        ":tenant": tenant.as_str(), ":promise": promise.as_str(), ":by": by.as_str(), ":now": now.0,
    };
    if run(conn, sql!(PROMISES.end_promise), params)? == 0 {
        return Ok(());
    }
    let left = list(conn, sql!(PROMISES.open_cart_holds), [tenant.as_str(), promise.as_str()], read_units)?;
    let params = named_params! { ":tenant": tenant.as_str(), ":promise": promise.as_str() };
    run(conn, sql!(PROMISES.end_cart_holds), params)?;
    for CartUnits { store, sku, quantity, ceded, .. } in left {
        stock::give_back(conn, tenant, &store, &sku, Freed::of(quantity, ceded), now)?;
    }
    Ok(())
}

/// The order takes the promise over, if it still stands.
pub(super) fn take_over(
    conn: &Connection,
    tenant: &TenantId,
    promise: &PromiseId,
    order: &OrderId,
    now: UtcMs,
) -> Result<bool> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":promise": promise.as_str(),
        ":order": order.as_str(),
        ":expires_at": now.plus(ORDER_KEEPS_MS).0,
        ":now": now.0,
    };
    Ok(run(conn, sql!(PROMISES.promise_to_order), params)? > 0)
}

/// The one whose units are set aside for this order.
pub(super) fn of_order(conn: &Connection, tenant: &TenantId, order: &OrderId) -> Result<Option<PromiseId>> {
    one(conn, sql!(PROMISES.promise_of_order), [tenant.as_str(), order.as_str()], |row| {
        parsed(row, "promise")
    })
}

/// When no unit of the order waits for a node, what is left of its cart goes back to the shelf.
pub(super) fn settle(conn: &Connection, tenant: &TenantId, order: &OrderId, now: UtcMs) -> Result<()> {
    let Some(promise) = of_order(conn, tenant, order)? else { return Ok(()) };
    let key = [tenant.as_str(), order.as_str()];
    let open: Option<i64> = one(conn, sql!(ORDERS.open_units), key, |row| row.get("units"))?;
    if open.unwrap_or(0) > 0 {
        return Ok(());
    }
    end(conn, tenant, &promise, PromiseEnd::Order, now)
}

fn sweep(conn: &Connection, now: UtcMs, kept_ms: i64) -> Result<Swept> {
    let rows = i64::try_from(HOUSEKEEPING_ROWS_MAX).map_err(error::unreadable)?;
    let read = |row: &Row<'_>| Ok((parsed(row, "tenant")?, parsed(row, "promise")?));
    let params = named_params! {
        ":now": now.0, ":beyond": now.plus(2 * ORDER_KEEPS_MS).0, ":rows": rows,
    };
    let due: Vec<(TenantId, PromiseId)> = list(conn, sql!(PROMISES.due_promises), params, read)?;
    for (tenant, promise) in &due {
        end(conn, tenant, promise, PromiseEnd::Expired, now)?;
    }
    let params = named_params! { ":before": now.plus(kept_ms.saturating_neg()).0, ":rows": rows };
    let old: Vec<(TenantId, PromiseId)> = list(conn, sql!(PROMISES.old_promises), params, read)?;
    for (tenant, promise) in &old {
        let key = [tenant.as_str(), promise.as_str()];
        run(conn, sql!(PROMISES.drop_cart_holds), key)?;
        run(conn, sql!(PROMISES.drop_promise), key)?;
    }
    let outcomes = count_outcomes(conn, rows)?;
    let full = due.len().max(old.len()).max(outcomes.len()) >= HOUSEKEEPING_ROWS_MAX;
    let count = |rows: usize| u32::try_from(rows).unwrap_or(u32::MAX);
    Ok(Swept { expired: count(due.len()), dropped: count(old.len()), outcomes, more: full })
}

#[cfg(test)]
mod tests;
