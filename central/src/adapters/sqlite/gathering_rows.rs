//! What is kept of an order that comes together at one store, and the telling of it.

use super::Result;
use super::outbox::{NewEvent, append};
use super::row::{from_json, list, one, parsed, run, word};
use super::sql::sql;
use super::timeline::{Happened, central, note};
use crate::core::events::Kind;
use crate::core::events::key::Key;
use crate::core::events::kinds::gatherings::{ORDER_GATHERED, ORDER_GATHERING_ENDED};
use crate::core::gathering::{GatheredUnits, Gathering, GatheringEnd, OnTheWay};
use crate::core::order::OrderRequest;
use holdfast_shared::ids::{OrderId, StoreId, TenantId};
use holdfast_shared::limits::CART_HOLD_S_MAX;
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row, named_params};
use serde_json::json;

/// How long what came stays set aside after the end: by then an order that can be routed is.
const KEEPS_MS: i64 = CART_HOLD_S_MAX * 1_000;

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Gathering> {
    let ended_at: Option<i64> = row.get("ended_at")?;
    Ok(Gathering {
        order: parsed(row, "order_id")?,
        child: parsed(row, "child")?,
        store: parsed(row, "store")?,
        began_at: UtcMs(row.get("began_at")?),
        arrives_by: row.get::<_, Option<i64>>("arrives_by")?.map(UtcMs),
        due_at: UtcMs(row.get("due_at")?),
        ended_at: ended_at.map(UtcMs),
        ended_by: ended_at.map(|_| word(row, "ended_by")).transpose()?,
        units: Vec::new(),
    })
}

/// That of this order, or the one that its goods travel for.
pub(super) fn find(conn: &Connection, tenant: &TenantId, order: &OrderId) -> Result<Option<Gathering>> {
    let key = [tenant.as_str(), order.as_str()];
    let Some(mut found) = one(conn, sql!(GATHERINGS.gathering), key, read)? else { return Ok(None) };
    found.units = units_of(conn, tenant, &found.order)?;
    Ok(Some(found))
}

/// What others send, and what of it came.
pub(super) fn units_of(conn: &Connection, tenant: &TenantId, order: &OrderId) -> Result<Vec<GatheredUnits>> {
    let key = [tenant.as_str(), order.as_str()];
    list(conn, sql!(GATHERINGS.gathered_units), key, |row| {
        Ok(GatheredUnits {
            sku: parsed(row, "sku")?,
            wanted: row.get("wanted")?,
            arrived: row.get("arrived")?,
        })
    })
}

/// Whether the order waits until it has come together.
pub(super) fn is_open(conn: &Connection, tenant: &TenantId, order: &OrderId) -> Result<bool> {
    let key = [tenant.as_str(), order.as_str()];
    Ok(one(conn, sql!(GATHERINGS.is_open), key, |_| Ok(()))?.is_some())
}

/// The store that the goods of this order travel to, when they go to one.
pub(super) fn fed_store(conn: &Connection, tenant: &TenantId, order: &OrderId) -> Result<Option<StoreId>> {
    let key = [tenant.as_str(), order.as_str()];
    one(conn, sql!(GATHERINGS.fed_store), key, |row| parsed(row, "store"))
}

pub(super) fn on_the_way(conn: &Connection, tenant: &TenantId, order: &OrderId) -> Result<OnTheWay> {
    let key = [tenant.as_str(), order.as_str()];
    let found = one(conn, sql!(GATHERINGS.on_the_way), key, |row| {
        Ok(OnTheWay {
            wanted: row.get("wanted")?,
            arrived: row.get("arrived")?,
            left: row.get("left_feeder")?,
            open: row.get("open")?,
            in_work: row.get("in_work")?,
        })
    })?;
    Ok(found.unwrap_or_default())
}

/// Ends it once, so that its order is routed again. Tells the order by which goods still travel.
pub(super) fn end(
    conn: &Connection,
    (tenant, order): (&TenantId, &OrderId),
    by: GatheringEnd,
    now: UtcMs,
) -> Result<Option<(OrderId, StoreId)>> {
    let params = named_params! {
        ":tenant": tenant.as_str(), ":order": order.as_str(), ":by": by.as_str(), ":now": now.0,
    };
    let ended = one(conn, sql!(GATHERINGS.end_gathering), params, |row| {
        Ok((parsed::<OrderId>(row, "child")?, parsed::<StoreId>(row, "store")?))
    })?;
    let Some((child, store)) = ended else { return Ok(None) };
    let params = named_params! {
        ":tenant": tenant.as_str(), ":order": order.as_str(), ":expires_at": now.plus(KEEPS_MS).0,
    };
    run(conn, sql!(GATHERINGS.keep_cart), params)?;
    let params = named_params! { ":tenant": tenant.as_str(), ":order": order.as_str(), ":now": now.0 };
    run(conn, sql!(GATHERINGS.set_order_waiting), params)?;
    let (kind, event) = match by {
        GatheringEnd::Complete => ("gathered", &ORDER_GATHERED),
        GatheringEnd::Late | GatheringEnd::Short | GatheringEnd::StoreLost | GatheringEnd::Cancelled => {
            ("gathering_ended", &ORDER_GATHERING_ENDED)
        }
    };
    let words = format!("no longer gathered at {store}: {}", by.words());
    let told = Happened { kind, at: now, actor: &central()?, store: Some(&store), task: None, words: &words };
    note(conn, tenant, order, &told)?;
    publish(conn, (tenant, order), event, Some(by), now)?;
    Ok(Some((child, store)))
}

/// For the outside, without a word of stores.
pub(super) fn publish(
    conn: &Connection,
    (tenant, order): (&TenantId, &OrderId),
    kind: &'static Kind,
    by: Option<GatheringEnd>,
    now: UtcMs,
) -> Result<()> {
    let key = [tenant.as_str(), order.as_str()];
    let found = one(conn, sql!(ORDERS.state_of), key, |row| {
        Ok((from_json::<OrderRequest>(row, "request")?, row.get::<_, String>("trace")?))
    })?;
    let Some((request, trace)) = found else { return Ok(()) };
    let mut body = json!({
        "order": order, "reference": request.reference, "channel": request.channel, "trace_id": trace,
    });
    if let (Some(by), Some(fields)) = (by, body.as_object_mut()) {
        fields.insert("ended_by".to_owned(), json!(by));
    }
    append(conn, tenant, &NewEvent { kind, key: &Key::Order(order.clone()), at: now, body: &body })
}
