//! The window after a restore as it is told: whom central waits for, and what is lost.

use super::Result;
use super::row::{list, one, parsed, parsed_or_none, unsigned};
use super::sql::sql;
use super::timeline::CENTRAL;
use crate::core::recovery::{UNKNOWABLE, gaps};
use crate::ports::recovery::{Lost, RecoveringStore, Recovery};
use holdfast_shared::ids::TenantId;
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row, named_params};

/// One row of `recovery`.
struct Window {
    incarnation: u32,
    before: u32,
    began_at: UtcMs,
    cause: String,
    orders_up_to: u64,
    known: Numbers,
    /// What the marker had seen.
    given: Option<Numbers>,
    given_orders: Option<u64>,
}

#[derive(Clone, Copy)]
struct Numbers {
    fence: u64,
    fact: u64,
}

fn read_window(row: &Row<'_>) -> rusqlite::Result<Window> {
    let given = |column: &str| -> rusqlite::Result<Option<u64>> {
        let number: Option<i64> = row.get(column)?;
        Ok(number.and_then(|number| u64::try_from(number).ok()))
    };
    let marked = given("given_fence")?.zip(given("given_fact")?);
    Ok(Window {
        incarnation: row.get("incarnation")?,
        before: row.get("before")?,
        began_at: UtcMs(row.get("began_at")?),
        cause: row.get("cause")?,
        orders_up_to: unsigned(row, "orders_up_to")?,
        known: Numbers { fence: unsigned(row, "known_fence")?, fact: unsigned(row, "known_fact")? },
        given: marked.map(|(fence, fact)| Numbers { fence, fact }),
        given_orders: given("given_orders")?,
    })
}

fn read_replica(row: &Row<'_>) -> rusqlite::Result<RecoveringStore> {
    Ok(RecoveringStore {
        store: parsed(row, "store")?,
        replica: parsed(row, "replica")?,
        replayed_at: row.get::<_, Option<i64>>("replayed_at")?.map(UtcMs),
        overridden_at: row.get::<_, Option<i64>>("overridden_at")?.map(UtcMs),
        overridden_by: parsed_or_none(row, "overridden_by")?,
        reason: row.get("reason")?,
    })
}

fn newest(conn: &Connection) -> Result<Option<Window>> {
    one(conn, sql!(RECOVERY.newest), [], read_window)
}

pub(super) fn recovery(conn: &Connection, tenant: &TenantId) -> Result<Option<Recovery>> {
    let Some(window) = newest(conn)? else { return Ok(None) };
    let stores = list(conn, sql!(RECOVERY.replicas), [tenant.as_str()], read_replica)?;
    let over = !stores.iter().any(RecoveringStore::is_waited_for);
    let held = if over {
        0
    } else {
        one(conn, sql!(RECOVERY.count_held), [tenant.as_str()], |row| unsigned(row, "orders"))?.unwrap_or(0)
    };
    let adopted = one(conn, sql!(RECOVERY.count_adopted), [tenant.as_str()], |row| unsigned(row, "orders"))?;
    let lost = lost(conn, &window)?;
    Ok(Some(Recovery {
        incarnation: window.incarnation,
        began_at: window.began_at,
        cause: window.cause,
        over,
        stores,
        held_orders: held,
        adopted_orders: adopted.unwrap_or(0),
        lost,
    }))
}

/// Orders that this restore lost and stores brought back, over all tenants.
fn reported(conn: &Connection, window: &Window) -> Result<u64> {
    let params = named_params! {
        ":orders_up_to": i64::try_from(window.orders_up_to).unwrap_or(i64::MAX),
        ":of_central": format!("{CENTRAL}.{}.*", window.before),
        ":known_fact": i64::try_from(window.known.fact).unwrap_or(i64::MAX),
    };
    Ok(one(conn, sql!(RECOVERY.count_reported), params, |row| unsigned(row, "orders"))?.unwrap_or(0))
}

fn lost(conn: &Connection, window: &Window) -> Result<Lost> {
    let missing = |kind: &str, known: u64, given: Option<u64>| -> Result<Vec<String>> {
        let known_signed = i64::try_from(known).unwrap_or(i64::MAX);
        let params = named_params! { ":kind": kind, ":incarnation": window.before, ":above": known_signed };
        let seen: Vec<u64> = list(conn, sql!(RECOVERY.seen), params, |row| unsigned(row, "number"))?;
        let up_to = given.unwrap_or(0).max(seen.last().copied().unwrap_or(known));
        Ok(gaps(window.before, known, up_to, &seen))
    };
    let reported = reported(conn, window)?;
    Ok(Lost {
        fences: missing("fence", window.known.fence, window.given.map(|given| given.fence))?,
        facts: missing("fact", window.known.fact, window.given.map(|given| given.fact))?,
        orders: window
            .given_orders
            .map(|given| given.saturating_sub(window.orders_up_to).saturating_sub(reported)),
        unknowable: UNKNOWABLE.to_owned(),
    })
}

/// None when no number is missing.
pub(super) fn lost_in_words(conn: &Connection, tenant: &TenantId) -> Result<Option<String>> {
    let Some(recovery) = recovery(conn, tenant)? else { return Ok(None) };
    let Lost { fences, facts, orders, .. } = recovery.lost;
    let mut told = Vec::new();
    if let Some(orders) = orders.filter(|orders| *orders > 0) {
        told.push(format!("up to {orders} orders that no store reported"));
    }
    if !fences.is_empty() {
        told.push(format!("assignments {}", fences.join(", ")));
    }
    if !facts.is_empty() {
        told.push(format!("central's facts {}", facts.join(", ")));
    }
    if told.is_empty() {
        return Ok(None);
    }
    Ok(Some(format!("the restore lost, of all tenants: {}", told.join("; "))))
}
