//! What is open of an order, as routing is asked about it.

use super::row::{from_json, list, parsed};
use super::sql::sql;
use super::{Result, gathering_rows, order_rows, substitution_rows};
use crate::core::fleet::Handling;
use crate::core::order::{OrderLine, OrderRequest, stands_in_for};
use crate::core::routing::decision::{Demand, DemandLine};
use crate::core::routing::gather::CHANNEL;
use crate::core::stock::class::Channel;
use holdfast_shared::ids::{OrderId, Sku, StoreId, TenantId};
use holdfast_shared::time::UtcMs;
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn demand(
    conn: &Connection,
    (tenant, order): (TenantId, OrderId),
    request: OrderRequest,
    assignments: u32,
    placed_at: UtcMs,
) -> Result<Demand> {
    let asked = substitution_rows::waiting(conn, &tenant, &order)?;
    let may_go = |line: &OrderLine| line.open > 0 && !asked.contains(&line.line);
    let open = order_rows::lines(conn, &tenant, &order)?.into_iter().filter(may_go);
    let (mut lines, mut prices) = (Vec::new(), BTreeMap::new());
    for line in open {
        prices.extend(line.unit_price.map(|price| (line.line, price)));
        lines.push(DemandLine { line: line.line, sku: line.sku, quantity: line.open });
    }
    let key = [tenant.as_str(), order.as_str()];
    let needs = list(conn, sql!(ORDERS.needs_of_order), key, |row| {
        Ok((parsed(row, "sku")?, from_json(row, "needs")?))
    })?;
    let mut needs: BTreeMap<Sku, BTreeSet<Handling>> = needs.into_iter().collect();
    for line in &lines {
        // What the customer was told of these goods, beside what the catalogue says of all of their kind.
        let asked = request.line(stands_in_for(line.line).unwrap_or(line.line));
        let more = asked.map(|asked| asked.needs.clone()).unwrap_or_default();
        if !more.is_empty() {
            needs.entry(line.sku.clone()).or_default().extend(more);
        }
    }
    // An order that no store was ever asked about has no tasks.
    let tried: Vec<(StoreId, bool)> = match assignments {
        0 => Vec::new(),
        _ => list(conn, sql!(WORK.tried), key, |row| Ok((parsed(row, "store")?, row.get("declined")?)))?,
    };
    let parts = match assignments {
        0 => Vec::new(),
        _ => list(conn, sql!(WORK.parts), key, |row| parsed(row, "store"))?,
    };
    let declined = tried.iter().filter(|(_, declined)| *declined).map(|(store, _)| store.clone()).collect();
    // Goods travel between stores in a channel of their own.
    let feeds = match request.channel.as_str() {
        CHANNEL => gathering_rows::fed_store(conn, &tenant, &order)?,
        _ => None,
    };
    Ok(Demand {
        tenant,
        order,
        kind: request.kind,
        channel: Channel::new(request.channel),
        brand: request.brand,
        destination: request.destination,
        pickup_store: request.pickup_store,
        lines,
        prices,
        needs,
        placed_at,
        promise_by: request.promise_by,
        note: request.note,
        tried: tried.into_iter().map(|(store, _)| store).collect(),
        declined,
        assignments,
        parts: Some(parts.into_iter().collect()),
        consolidate: request.consolidate,
        feeds,
    })
}
