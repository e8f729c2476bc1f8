//! How each store works, hour by hour, counted in the transaction that takes in a task's facts.

use super::Result;
use super::row::{one, run};
use super::sql::sql;
use crate::core::fleet::HourOfWork;
use crate::core::work_hours::count;
use holdfast_shared::domain::task::TaskState;
use holdfast_shared::ids::{StoreId, TenantId};
use holdfast_shared::limits::WORK_HOURS_KEPT;
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row, named_params};

/// One row of the database as the statements give it: a list of lists of numbers.
type Numbers = (i64, u32, u32, i64, u32, i64, i64);

pub(super) fn hours_of_work(row: &Row<'_>) -> rusqlite::Result<Vec<HourOfWork>> {
    let hours: Vec<Numbers> = super::row::from_json(row, "work")?;
    let hour = |(hour, given, accepted, accept_ms, declined, picked_units, short_units)| HourOfWork {
        hour,
        given,
        accepted,
        accept_ms,
        declined,
        picked_units,
        short_units,
    };
    Ok(hours.into_iter().map(hour).collect())
}

/// What is new in the task counts for this hour; hours that nobody looks back to are deleted.
pub(super) fn note(
    conn: &Connection,
    tenant: &TenantId,
    before: Option<&TaskState>,
    after: &TaskState,
    now: UtcMs,
) -> Result<()> {
    match count(before, after, now) {
        Some(counted) => add(conn, (tenant, &after.store), &counted),
        None => Ok(()),
    }
}

fn sum(counted: &HourOfWork) -> i64 {
    let HourOfWork { hour: _, given, accepted, accept_ms: _, declined, picked_units, short_units } = counted;
    let counts = [(*given).into(), (*accepted).into(), (*declined).into(), *picked_units, *short_units];
    counts.into_iter().fold(0, i64::saturating_add)
}

pub(super) fn add(
    conn: &Connection,
    (tenant, store): (&TenantId, &StoreId),
    counted: &HourOfWork,
) -> Result<()> {
    let (tenant, store) = (tenant.as_str(), store.as_str());
    let params = named_params! {
        ":tenant": tenant,
        ":store": store,
        ":hour": counted.hour,
        ":given": counted.given,
        ":accepted": counted.accepted,
        ":accept_ms": counted.accept_ms,
        ":declined": counted.declined,
        ":picked_units": counted.picked_units,
        ":short_units": counted.short_units,
    };
    let summed: Option<i64> = one(conn, sql!(HEALTH.count_work), params, |row| row.get("summed"))?;
    // Only the first of an hour finds hours that are over.
    if summed != Some(sum(counted)) {
        return Ok(());
    }
    let params = named_params! {
        ":tenant": tenant,
        ":store": store,
        ":before": counted.hour.saturating_sub(WORK_HOURS_KEPT),
        // Of a clock that was put back since.
        ":beyond": counted.hour.saturating_add(WORK_HOURS_KEPT),
    };
    run(conn, sql!(HEALTH.drop_work), params)?;
    Ok(())
}
