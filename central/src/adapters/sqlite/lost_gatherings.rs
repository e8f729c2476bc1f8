//! Orders by which goods travelled to where another order was to come together, when a restored central knows
//! of that no more: nobody waits for them there.

use super::Result;
use super::cancel::cancel;
use super::exceptions::settle;
use super::row::{list, parsed};
use super::sql::sql;
use super::state::State;
use super::timeline::central;
use crate::core::recovery::adopted_key;
use holdfast_shared::ids::{OrderId, TenantId};
use holdfast_shared::time::UtcMs;
use rusqlite::Connection;

const FORGOTTEN: &str =
    "central was restored, and does not know any more that an order waits for these goods";

/// When every store has told: what has not left is put back, and what has left becomes stock of the store
/// where it comes. The order itself is routed anew.
pub(super) fn give_up(conn: &Connection, state: &mut State, tenant: &TenantId, now: UtcMs) -> Result<()> {
    let orphans: Vec<OrderId> =
        list(conn, sql!(GATHERINGS.orphans), [tenant.as_str()], |row| parsed(row, "order_id"))?;
    for order in orphans {
        cancel(conn, state, tenant, &order, FORGOTTEN, &central()?, now)?;
        settle(conn, tenant, &adopted_key(&order), FORGOTTEN, now)?;
    }
    Ok(())
}
