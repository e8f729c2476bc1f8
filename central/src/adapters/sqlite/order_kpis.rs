//! How orders did: sums that follow from the record of steps, beside how routing did with them and what people had to
//! do; and what waits.

use super::kpis::read_tally;
use super::row::{list, one, run, word};
use super::sql::sql;
use super::{Result, SqliteStore};
use crate::core::kpis::Tally;
use crate::core::kpis::flow::{Step, Sum};
use crate::core::kpis::orders::{MeasureKey, Measured, OrdersBy, Toil, WaitingIn, measures};
use crate::core::kpis::span::Span;
use crate::core::stock::report::Day;
use crate::ports::order_kpis::OrderKpis;
use async_trait::async_trait;
use holdfast_shared::ids::TenantId;
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row, named_params};

/// In the transaction that reads the steps, so that each counts once.
pub(super) fn add(conn: &Connection, steps: &[Step]) -> Result<()> {
    for (key, sum) in measures(steps) {
        let MeasureKey { tenant, day, channel, source, measure, span } = key;
        let params = named_params! {
            ":tenant": tenant.as_str(),
            ":day": day.0,
            ":channel": channel,
            ":source": source,
            ":measure": measure.as_str(),
            ":bucket": span.0,
            ":orders": sum.orders,
            ":ms": sum.ms,
        };
        run(conn, sql!(ORDER_KPIS.add_measure), params)?;
    }
    Ok(())
}

pub(super) fn forget(conn: &Connection) -> Result<()> {
    run(conn, sql!(ORDER_KPIS.forget_measures), [])?;
    Ok(())
}

pub(super) fn drop_before(conn: &Connection, day: Day, rows: i64) -> Result<usize> {
    run(conn, sql!(ORDER_KPIS.drop_measures), named_params! { ":before": day.0, ":rows": rows })
}

fn read_measured(row: &Row<'_>) -> rusqlite::Result<Measured> {
    Ok(Measured {
        name: row.get("name")?,
        measure: word(row, "measure")?,
        span: Span(row.get("bucket")?),
        sum: Sum { orders: row.get("orders")?, ms: row.get("ms")? },
    })
}

fn read_queue(row: &Row<'_>, queue: String) -> rusqlite::Result<WaitingIn> {
    Ok(WaitingIn {
        queue,
        waiting: row.get("waiting")?,
        oldest_since: row.get::<_, Option<i64>>("since")?.map(UtcMs),
        tries_max: row.get("tries")?,
        parked: row.get("parked")?,
    })
}

fn queues(conn: &Connection, tenant: &TenantId, now: UtcMs) -> Result<Vec<WaitingIn>> {
    let tenant = tenant.as_str();
    let mut found = Vec::new();
    let named = [
        ("routing", sql!(ORDER_KPIS.queue_of_routing)),
        ("outbox", sql!(ORDER_KPIS.queue_of_outbox)),
        ("notices", sql!(ORDER_KPIS.queue_of_notices)),
        ("exceptions", sql!(ORDER_KPIS.queue_of_exceptions)),
    ];
    for (queue, statement) in named {
        let read = |row: &Row<'_>| read_queue(row, queue.to_owned());
        found.extend(one(conn, statement, named_params! { ":tenant": tenant }, read)?);
    }
    let due = [
        ("payments", sql!(ORDER_KPIS.queue_of_payments)),
        ("labels", sql!(ORDER_KPIS.queue_of_labels)),
        ("tracking", sql!(ORDER_KPIS.queue_of_tracking)),
    ];
    for (queue, statement) in due {
        let read = |row: &Row<'_>| read_queue(row, queue.to_owned());
        found.extend(one(conn, statement, named_params! { ":tenant": tenant, ":now": now.0 }, read)?);
    }
    let read = |row: &Row<'_>| read_queue(row, row.get("queue")?);
    found.extend(list(
        conn,
        sql!(ORDER_KPIS.queues_of_consumers),
        named_params! { ":tenant": tenant },
        read,
    )?);
    Ok(found)
}

#[async_trait]
impl OrderKpis for SqliteStore {
    async fn order_measures(
        &self,
        tenant: &TenantId,
        by: OrdersBy,
        (first, last): (Day, Day),
    ) -> Result<Vec<Measured>> {
        let tenant = tenant.clone();
        self.read(move |conn| {
            let params = named_params! {
                ":tenant": tenant.as_str(), ":by": by.as_str(), ":first": first.0, ":last": last.0,
            };
            list(conn, sql!(ORDER_KPIS.measured), params, read_measured)
        })
        .await
    }

    async fn order_tallies(
        &self,
        tenant: &TenantId,
        by: OrdersBy,
        (first, last): (Day, Day),
    ) -> Result<Vec<(String, Tally)>> {
        let tenant = tenant.clone();
        self.read(move |conn| {
            let params = named_params! {
                ":tenant": tenant.as_str(),
                ":by": by.as_str(),
                ":of_nodes": by == OrdersBy::Source,
                ":first": first.0,
                ":last": last.0,
            };
            list(conn, sql!(ORDER_KPIS.tallied), params, |row| Ok((row.get("name")?, read_tally(row)?)))
        })
        .await
    }

    async fn order_toil(
        &self,
        tenant: &TenantId,
        by: OrdersBy,
        from: UtcMs,
        until: UtcMs,
    ) -> Result<Vec<Toil>> {
        let tenant = tenant.clone();
        self.read(move |conn| {
            let params = named_params! {
                ":tenant": tenant.as_str(), ":by": by.as_str(), ":from": from.0, ":until": until.0,
            };
            let mut toil = list(conn, sql!(ORDER_KPIS.mismatches), params, |row| {
                let (name, mismatches) = (row.get("name")?, row.get("mismatches")?);
                Ok(Toil { name, mismatches, ..Toil::default() })
            })?;
            toil.extend(list(conn, sql!(ORDER_KPIS.manual), params, |row| {
                let (exceptions, minutes) = (row.get("exceptions")?, row.get("minutes")?);
                Ok(Toil { name: row.get("name")?, mismatches: 0, exceptions, minutes })
            })?);
            Ok(toil)
        })
        .await
    }

    async fn what_waits(&self, tenant: &TenantId, now: UtcMs) -> Result<Vec<WaitingIn>> {
        let tenant = tenant.clone();
        self.read(move |conn| queues(conn, &tenant, now)).await
    }
}
