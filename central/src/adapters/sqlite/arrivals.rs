//! Goods of another store that are recorded in at the store where an order comes together.
//!
//! Units of a SKU are alike: whoever sends some to a gathering, the next ones recorded in from there are its
//! units, whatever number stands on the parcel. A number in the note only says whose they are first.

use super::exceptions::settle;
use super::gathering_rows::{end, on_the_way};
use super::row::{list, parsed, run};
use super::sql::sql;
use super::timeline::{Happened, central, note};
use super::{Result, order_carts};
use crate::core::gathering::GatheringEnd;
use holdfast_shared::domain::fact::{Body, Fact};
use holdfast_shared::domain::stock::{Movement, StockFact};
use holdfast_shared::ids::{OrderId, StoreId, TenantId};
use holdfast_shared::limits::GATHER_WITHIN_MS_MAX;
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, named_params};

/// Longer ago nobody waits for a parcel any more.
const REMEMBERED_MS: i64 = 2 * GATHER_WITHIN_MS_MAX;

struct Waiting {
    order: OrderId,
    open: bool,
    lacking: i64,
}

/// Sets aside what came for orders, in the transaction that takes the facts in.
pub(super) fn heed(
    conn: &Connection,
    (tenant, store): (&TenantId, &StoreId),
    facts: &[Fact],
    now: UtcMs,
) -> Result<()> {
    for fact in facts {
        if let Body::Stock(stock) = &fact.body
            && let Movement::TransferIn { from } = &stock.movement
        {
            came(conn, (tenant, store), (stock, from), now)?;
        }
    }
    Ok(())
}

fn came(
    conn: &Connection,
    (tenant, store): (&TenantId, &StoreId),
    (stock, from): (&StockFact, &StoreId),
    now: UtcMs,
) -> Result<()> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":store": store.as_str(),
        ":sku": stock.sku.as_str(),
        ":sender": from.as_str(),
        ":note": stock.note.as_deref().unwrap_or_default(),
        ":since": now.plus(-REMEMBERED_MS).0,
    };
    let waiting = list(conn, sql!(GATHERINGS.waiting_for), params, |row| {
        Ok(Waiting { order: parsed(row, "order_id")?, open: row.get("open")?, lacking: row.get("lacking")? })
    })?;
    let mut left = stock.delta;
    for Waiting { order, open, lacking } in waiting {
        let units = left.min(lacking);
        if units <= 0 {
            break;
        }
        left = left.saturating_sub(units);
        let params = named_params! {
            ":tenant": tenant.as_str(),
            ":order": order.as_str(),
            ":sku": stock.sku.as_str(),
            ":units": units,
        };
        run(conn, sql!(GATHERINGS.arrive), params)?;
        let way = on_the_way(conn, tenant, &order)?;
        if !open {
            if way.missing() == 0 {
                settle(conn, tenant, &missing_key(&order), "it has come after all", now)?;
            }
            continue;
        }
        let kept = order_carts::set_aside_arrived(conn, (tenant, &order), (store, &stock.sku), units)?;
        let lost = if kept { "" } else { ", and was sold there before it was set aside" };
        let words = format!("{units} x {} came to {store} from {from}{lost}", stock.sku);
        let actor = central()?;
        let happened = Happened {
            kind: "goods_arrived",
            at: now,
            actor: &actor,
            store: Some(store),
            task: None,
            words: &words,
        };
        note(conn, tenant, &order, &happened)?;
        if way.arrived >= way.wanted {
            end(conn, (tenant, &order), GatheringEnd::Complete, now)?;
        }
    }
    Ok(())
}

/// Of the exception about goods that left for a store and did not come.
pub(super) fn missing_key(order: &OrderId) -> String {
    format!("parcel_missing/{order}")
}
