//! Which way orders went: steps, written with each change of an order's state, and their sums by day, which
//! follow behind.

use super::row::{list, parsed, run, to_json, unsigned, word};
use super::sql::sql;
use super::{Result, SqliteStore, order_kpis};
use crate::core::kpis::flow::{Before, FlowBy, Nodes, Stage, Standing, Step, Sum, SumKey, Summed, sums};
use crate::core::kpis::span::Span;
use crate::core::order::OrderState;
use crate::core::stock::report::Day;
use crate::ports::flow::OrderFlow;
use async_trait::async_trait;
use holdfast_shared::domain::task::TaskState;
use holdfast_shared::ids::{OrderId, TenantId};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row, named_params};

/// The order is in another state now.
pub(super) fn step(
    conn: &Connection,
    (tenant, order): (&TenantId, &OrderId),
    (was, is): (Option<OrderState>, OrderState),
    tasks: &[TaskState],
    at: UtcMs,
) -> Result<()> {
    let (nodes, node) = match Nodes::of(tasks) {
        Nodes::None => (0, None),
        Nodes::One(node) => (1, Some(node)),
        Nodes::Several => (2, None),
    };
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":order": order.as_str(),
        ":was": was.map(OrderState::as_str),
        ":state": is.as_str(),
        ":nodes": nodes,
        ":node": node.map(|node| node.as_str()),
        ":at": at.0,
    };
    run(conn, sql!(FLOW.step), params)?;
    Ok(())
}

fn read_step(row: &Row<'_>) -> rusqlite::Result<(i64, Step)> {
    let was = match row.get_ref("was")? {
        rusqlite::types::ValueRef::Null => None,
        _ => Some(word(row, "was")?),
    };
    let step = Step {
        tenant: parsed(row, "tenant")?,
        channel: row.get("channel")?,
        kind: word(row, "kind")?,
        source: row.get("source")?,
        was,
        is: word(row, "state")?,
        at: UtcMs(row.get("at")?),
        since: row.get::<_, Option<i64>>("since")?.map(UtcMs),
        placed_at: UtcMs(row.get("placed_at")?),
        before: Before {
            reserved: row.get("had_node")?,
            acknowledged: row.get("had_answer")?,
            fulfilled: row.get("had_left")?,
            cancelled: row.get("had_ended")?,
        },
        gathered: row.get("gathered")?,
    };
    Ok((row.get("entry")?, step))
}

fn sum_up(conn: &Connection, limit: u32) -> Result<Vec<Step>> {
    let unread = list(conn, sql!(FLOW.unread), named_params! { ":rows": limit }, read_step)?;
    let Some((last, _)) = unread.last() else { return Ok(Vec::new()) };
    run(conn, sql!(FLOW.read_up_to), named_params! { ":entry": last })?;
    let steps: Vec<Step> = unread.into_iter().map(|(_, step)| step).collect();
    for (key, sum) in sums(&steps) {
        let SumKey { tenant, day, channel, kind, source, was, is, span } = key;
        let params = named_params! {
            ":tenant": tenant.as_str(),
            ":day": day.0,
            ":channel": channel,
            ":kind": kind,
            ":source": source,
            ":was": was.map_or("", OrderState::as_str),
            ":state": is.as_str(),
            ":bucket": span.0,
            ":orders": sum.orders,
            ":ms": sum.ms,
        };
        run(conn, sql!(FLOW.sum), params)?;
    }
    order_kpis::add(conn, &steps)?;
    Ok(steps)
}

fn read_sum(row: &Row<'_>) -> rusqlite::Result<Summed> {
    let placed = row.get_ref("was")?.as_str().is_ok_and(str::is_empty);
    Ok(Summed {
        name: row.get("name")?,
        was: if placed { None } else { Some(word(row, "was")?) },
        is: word(row, "state")?,
        span: Span(row.get("bucket")?),
        sum: Sum { orders: row.get("orders")?, ms: row.get("ms")? },
    })
}

/// Steps and sums of before that day: of the same days, so that the sums can always be made anew.
pub(super) fn drop_before(conn: &Connection, day: Day, rows: i64) -> Result<usize> {
    let begins = day.begins().0;
    let steps = run(conn, sql!(FLOW.drop_steps), named_params! { ":before": begins, ":rows": rows })?;
    let sums = run(conn, sql!(FLOW.drop_sums), named_params! { ":before": day.0, ":rows": rows })?;
    Ok(steps.max(sums).max(order_kpis::drop_before(conn, day, rows)?))
}

#[async_trait]
impl OrderFlow for SqliteStore {
    async fn sum_up_steps(&self, limit: u32) -> Result<Vec<Step>> {
        self.write(move |conn, _| sum_up(conn, limit)).await
    }

    async fn forget_flow(&self) -> Result<()> {
        self.write(|conn, _| {
            run(conn, sql!(FLOW.forget_sums), [])?;
            order_kpis::forget(conn)?;
            run(conn, sql!(FLOW.read_up_to), named_params! { ":entry": 0 })?;
            Ok(())
        })
        .await
    }

    async fn flow(&self, tenant: &TenantId, by: FlowBy, (first, last): (Day, Day)) -> Result<Vec<Summed>> {
        let tenant = tenant.clone();
        self.read(move |conn| {
            let params = named_params! {
                ":tenant": tenant.as_str(), ":by": by.as_str(), ":first": first.0, ":last": last.0,
            };
            list(conn, sql!(FLOW.sums), params, read_sum)
        })
        .await
    }

    async fn orders_now(
        &self,
        tenant: &TenantId,
        states: &[OrderState],
        placed_before: UtcMs,
    ) -> Result<Vec<Standing>> {
        let tenant = tenant.clone();
        let states = to_json(&states)?;
        self.read(move |conn| {
            let params = named_params! {
                ":tenant": tenant.as_str(), ":states": states, ":placed_before": placed_before.0,
            };
            list(conn, sql!(FLOW.now), params, |row| {
                let state: OrderState = word(row, "state")?;
                Ok(Standing {
                    state,
                    stage: Stage::of(state),
                    orders: unsigned(row, "orders")?,
                    oldest_since: UtcMs(row.get("since")?),
                    late: unsigned(row, "late")?,
                })
            })
        })
        .await
    }
}
