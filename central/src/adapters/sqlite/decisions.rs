//! Saved decisions: what explains an order afterwards.

use super::Result;
use super::order_rows::order_of;
use super::row::{from_json, one, run, to_json};
use super::sql::sql;
use super::timeline::{Happened, central, note, refresh};
use crate::core::routing::decision::{Choice, Decision, Demand};
use holdfast_shared::ids::{OrderId, TenantId};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, named_params};

/// Of backorders in a row the newest stands for all, so that a long wait does not fill the disk.
pub(super) fn record(
    conn: &Connection,
    tenant: &TenantId,
    order: &OrderId,
    decision: &Decision,
) -> Result<()> {
    let key = [tenant.as_str(), order.as_str()];
    let last: Option<Decision> = one(conn, sql!(ORDERS.last_decision), key, |row| from_json(row, "record"))?;
    let is_wait = |decision: &Decision| matches!(decision.choice, Choice::Backorder { .. });
    let again = is_wait(decision) && last.as_ref().is_some_and(is_wait);
    let params = named_params! {
        ":tenant": tenant.as_str(), ":order": order.as_str(), ":record": to_json(decision)?,
    };
    run(conn, if again { sql!(ORDERS.replace_decision) } else { sql!(ORDERS.record_decision) }, params)?;
    Ok(())
}

pub(super) fn backorder(conn: &Connection, demand: &Demand, decision: &Decision, now: UtcMs) -> Result<()> {
    let Demand { tenant, order, .. } = demand;
    let (assignments, cancelling, _) = order_of(conn, tenant, order)?;
    if cancelling || assignments != demand.assignments {
        return Ok(());
    }
    let mut waiting = 0;
    for line in &demand.lines {
        let params = named_params! {
            ":tenant": tenant.as_str(), ":order": order.as_str(), ":line": line.line.0,
        };
        waiting += run(conn, sql!(ORDERS.mark_backordered), params)?;
    }
    if waiting == 0 {
        return Ok(());
    }
    record(conn, tenant, order, decision)?;
    // As of the decision, not of this write: stock that grew in between brings the order back.
    let params = named_params! {
        ":tenant": tenant.as_str(), ":order": order.as_str(), ":at": decision.at.0, ":now": now.0,
    };
    let first = run(conn, sql!(ORDERS.first_backorder), params)? > 0;
    run(conn, sql!(ORDERS.backordered_at), params)?;
    if first {
        let happened = Happened {
            kind: "backordered",
            at: now,
            actor: &central()?,
            store: None,
            task: None,
            words: &decision.words,
        };
        note(conn, tenant, order, &happened)?;
    }
    refresh(conn, tenant, order, now)
}
