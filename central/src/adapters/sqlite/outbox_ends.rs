//! Which events are kept, and who is told when they are not.

use super::row::{list, one, parsed, run};
use super::sql::sql;
use super::{Result, consumers, deliveries};
use holdfast_shared::ids::{ConsumerId, TenantId};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, named_params};

/// Events that everybody has passed go when they are old. Those that somebody has not are kept as long again; then
/// they go too, and a person is told.
pub(super) fn drop_old(conn: &Connection, kept_ms: i64, rows: i64, now: UtcMs) -> Result<usize> {
    let number = |sql: &str| one(conn, sql, [], |row| row.get::<_, Option<i64>>(0)).map(Option::flatten);
    let needed = number(sql!(CONSUMERS.lowest_needed))?.unwrap_or(i64::MAX);
    let oldest = number(sql!(OUTBOX.oldest))?.unwrap_or(i64::MAX);
    let held_before = now.0.saturating_sub(kept_ms.saturating_mul(2));
    let over =
        one(conn, sql!(OUTBOX.held_long_enough), [held_before], |row| row.get::<_, Option<i64>>("floor"))?;
    let mut floor = needed;
    if let Some(over) = over.flatten().filter(|over| *over > needed) {
        tell_losses(conn, over, now)?;
        run(conn, sql!(OUTBOX.forget_lost), [over])?;
        floor = over;
    }
    if oldest >= floor {
        return Ok(0);
    }
    let before = now.0.saturating_sub(kept_ms);
    run(conn, sql!(OUTBOX.drop_passed), named_params! { ":before": before, ":floor": floor, ":rows": rows })
}

fn tell_losses(conn: &Connection, floor: i64, now: UtcMs) -> Result<()> {
    let lost: Vec<(TenantId, ConsumerId)> =
        list(conn, sql!(OUTBOX.lost_by), named_params! { ":floor": floor }, |row| {
            Ok((parsed(row, "tenant")?, parsed(row, "consumer")?))
        })?;
    for (tenant, consumer) in lost {
        let Some(found) = consumers::find(conn, &tenant, &consumer)? else { continue };
        deliveries::tell_lost(conn, &found, now)?;
        let params = named_params! {
            ":tenant": tenant.as_str(), ":consumer": consumer.as_str(), ":position": floor.saturating_sub(1),
            ":delivered_at": None::<i64>, ":version": found.version,
        };
        run(conn, sql!(CONSUMERS.come_to), params)?;
    }
    Ok(())
}
