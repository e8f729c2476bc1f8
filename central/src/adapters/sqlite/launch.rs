//! What a launch looks at.

use super::order_rows::{lines, payment_of, tasks_of};
use super::row::{count, from_json, list, one, parsed, run, unsigned, word};
use super::sql::sql;
use super::timeline::told_as;
use super::{Result, SqliteStore};
use crate::core::exception::Category;
use crate::core::launch::postlaunch::{Counts, Raised};
use crate::core::launch::preflight::{ChannelSeen, StoreSeen};
use crate::core::launch::reconcile::OrderFacts;
use crate::core::launch::rollback::Flight;
use crate::core::order::{OrderRequest, OrderState};
use crate::core::order_state::order_state;
use crate::core::policy::version::PolicyVersion;
use crate::ports::launch::{DecidedBy, Launch, OrdersSince, RollbackRecord};
use async_trait::async_trait;
use holdfast_shared::ids::{ApiKeyId, OrderId, TenantId};
use holdfast_shared::limits::{
    CHANNEL_ORDERS_MAX, IN_FLIGHT_ORDERS_MAX, LAUNCH_EVENTS_MAX, RECONCILED_ORDERS_MAX, ROLLOUT_MEASURED_MAX,
};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row, named_params};
use std::collections::{BTreeMap, BTreeSet};

fn read_flight(row: &Row<'_>) -> rusqlite::Result<Flight> {
    Ok(Flight {
        state: word(row, "state")?,
        policy: row.get("policy")?,
        orders: unsigned(row, "orders")?,
        released: unsigned(row, "released")?,
        open: unsigned(row, "open")?,
    })
}

fn read_rollback(row: &Row<'_>) -> rusqlite::Result<RollbackRecord> {
    Ok(RollbackRecord {
        from: PolicyVersion(row.get("from_version")?),
        from_policy: row.get("from_policy")?,
        to: PolicyVersion(row.get("to_version")?),
        to_policy: row.get("to_policy")?,
        actor: parsed(row, "actor")?,
        reason: row.get("reason")?,
        at: UtcMs(row.get("at")?),
        decisions_from: row.get("decisions_from")?,
    })
}

fn read_raised(row: &Row<'_>) -> rusqlite::Result<Raised> {
    Ok(Raised {
        category: word(row, "category")?,
        raised: unsigned(row, "raised")?,
        open: unsigned(row, "open")?,
        open_since: row.get::<_, Option<i64>>("open_since")?.map(UtcMs),
    })
}

#[async_trait]
impl Launch for SqliteStore {
    async fn in_flight(&self, tenant: &TenantId) -> Result<Vec<Flight>> {
        let tenant = tenant.clone();
        self.read(move |conn| {
            let params = named_params! { ":tenant": tenant.as_str(), ":rows": IN_FLIGHT_ORDERS_MAX };
            list(conn, sql!(LAUNCH.in_flight), params, read_flight)
        })
        .await
    }

    async fn decided_by(&self, tenant: &TenantId, policy: &str) -> Result<DecidedBy> {
        let (tenant, policy) = (tenant.clone(), policy.to_owned());
        self.read(move |conn| decided_by(conn, &tenant, &policy)).await
    }

    async fn record_rollback(&self, tenant: &TenantId, taken: &RollbackRecord) -> Result<()> {
        let (tenant, taken) = (tenant.clone(), taken.clone());
        self.write(move |conn, _| {
            let params = named_params! {
                ":tenant": tenant.as_str(),
                ":from_version": taken.from.0,
                ":from_policy": taken.from_policy,
                ":to_version": taken.to.0,
                ":to_policy": taken.to_policy,
                ":actor": taken.actor.as_str(),
                ":reason": taken.reason,
                ":now": taken.at.0,
            };
            run(conn, sql!(LAUNCH.record_rollback), params)?;
            Ok(())
        })
        .await
    }

    async fn newest_rollback(&self, tenant: &TenantId) -> Result<Option<RollbackRecord>> {
        let tenant = tenant.clone();
        self.read(move |conn| one(conn, sql!(LAUNCH.newest_rollback), [tenant.as_str()], read_rollback)).await
    }

    async fn decisions_since(&self, tenant: &TenantId, after: i64) -> Result<BTreeMap<String, u64>> {
        let tenant = tenant.clone();
        self.read(move |conn| {
            let params =
                named_params! { ":tenant": tenant.as_str(), ":from": after, ":most": ROLLOUT_MEASURED_MAX };
            let read = |row: &Row<'_>| Ok((row.get("policy")?, unsigned(row, "decisions")?));
            Ok(list(conn, sql!(LAUNCH.decisions_since), params, read)?.into_iter().collect())
        })
        .await
    }

    async fn channels_seen(&self, tenant: &TenantId) -> Result<Vec<ChannelSeen>> {
        let tenant = tenant.clone();
        self.read(move |conn| {
            let params = named_params! { ":tenant": tenant.as_str(), ":rows": CHANNEL_ORDERS_MAX };
            list(conn, sql!(LAUNCH.channels_seen), params, |row| {
                Ok(ChannelSeen {
                    channel: row.get("channel")?,
                    actor: row.get("actor")?,
                    orders: unsigned(row, "orders")?,
                    last_at: UtcMs(row.get("last_at")?),
                })
            })
        })
        .await
    }

    async fn note_key_use(&self, tenant: &TenantId, key: &ApiKeyId, now: UtcMs) -> Result<()> {
        let (tenant, key) = (tenant.clone(), key.clone());
        self.write(move |conn, _| {
            let params = named_params! { ":tenant": tenant.as_str(), ":key": key.as_str(), ":now": now.0 };
            run(conn, sql!(LAUNCH.note_key_use), params)?;
            Ok(())
        })
        .await
    }

    async fn key_uses(&self, tenant: &TenantId) -> Result<BTreeMap<ApiKeyId, UtcMs>> {
        let tenant = tenant.clone();
        self.read(move |conn| {
            let read = |row: &Row<'_>| Ok((parsed(row, "key")?, UtcMs(row.get("used_at")?)));
            Ok(list(conn, sql!(LAUNCH.key_uses), [tenant.as_str()], read)?.into_iter().collect())
        })
        .await
    }

    async fn store_boxes(&self, tenant: &TenantId) -> Result<Vec<StoreSeen>> {
        let tenant = tenant.clone();
        self.read(move |conn| {
            list(conn, sql!(LAUNCH.store_boxes), [tenant.as_str()], |row| {
                Ok(StoreSeen {
                    store: parsed(row, "store")?,
                    boxes: count(row, "boxes")?,
                    level: row.get("level")?,
                    sync_version: count(row, "version")?,
                })
            })
        })
        .await
    }

    async fn open_exceptions(&self, tenant: &TenantId, category: Option<Category>) -> Result<u64> {
        let tenant = tenant.clone();
        self.read(move |conn| {
            let params = named_params! {
                ":tenant": tenant.as_str(),
                ":category": category.map(Category::as_str),
                ":rows": LAUNCH_EVENTS_MAX,
            };
            let open = one(conn, sql!(LAUNCH.open_exceptions_of), params, |row| unsigned(row, "open"))?;
            Ok(open.unwrap_or_default())
        })
        .await
    }

    async fn orders_since(&self, tenant: &TenantId, since: UtcMs) -> Result<OrdersSince> {
        let tenant = tenant.clone();
        self.read(move |conn| orders_since(conn, &tenant, since)).await
    }

    async fn raised_since(&self, tenant: &TenantId, since: UtcMs) -> Result<Vec<Raised>> {
        let tenant = tenant.clone();
        self.read(move |conn| {
            let params =
                named_params! { ":tenant": tenant.as_str(), ":since": since.0, ":rows": LAUNCH_EVENTS_MAX };
            list(conn, sql!(LAUNCH.raised_since), params, read_raised)
        })
        .await
    }
}

fn decided_by(conn: &Connection, tenant: &TenantId, policy: &str) -> Result<DecidedBy> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":policy": policy,
        ":most": ROLLOUT_MEASURED_MAX,
        ":rows": RECONCILED_ORDERS_MAX,
    };
    let rows: Vec<(OrderId, u64, u64)> = list(conn, sql!(LAUNCH.decided_by), params, |row| {
        Ok((parsed(row, "order_id")?, unsigned(row, "orders")?, unsigned(row, "gone")?))
    })?;
    let mut decided = DecidedBy::default();
    for (order, orders, left) in rows {
        (decided.orders, decided.left) = (orders, left);
        decided.facts.extend(facts(conn, tenant, &order)?);
    }
    Ok(decided)
}

/// None when the order went meanwhile.
fn facts(conn: &Connection, tenant: &TenantId, order: &OrderId) -> Result<Option<OrderFacts>> {
    let found = one(conn, sql!(LAUNCH.order_facts), [tenant.as_str(), order.as_str()], |row| {
        let request: OrderRequest = from_json(row, "request")?;
        let facts = OrderFacts {
            order: parsed(row, "order_id")?,
            state: word(row, "state")?,
            folded: OrderState::Placed,
            promise_by: request.promise_by,
            orphaned: row.get("orphaned")?,
            unheld: row.get("unheld")?,
        };
        Ok((request.kind, facts))
    })?;
    let Some((kind, facts)) = found else { return Ok(None) };
    let folded = order_state(
        kind,
        &lines(conn, tenant, order)?,
        &tasks_of(conn, tenant, order)?,
        payment_of(conn, tenant, order)?,
    );
    Ok(Some(OrderFacts { folded, ..facts }))
}

/// One order of a launch, before it is counted.
struct OrderAfter {
    order: OrderId,
    state: OrderState,
    asked_to_cancel: bool,
    told: BTreeSet<String>,
    has_task: bool,
    left_anyway: bool,
    unanswered: bool,
    cancelled: bool,
    return_due: bool,
}

fn read_after(row: &Row<'_>) -> rusqlite::Result<OrderAfter> {
    Ok(OrderAfter {
        order: parsed(row, "order_id")?,
        state: word(row, "state")?,
        asked_to_cancel: row.get("cancel_requested")?,
        told: from_json(row, "told")?,
        has_task: row.get("has_task")?,
        left_anyway: row.get("left_anyway")?,
        unanswered: row.get("unanswered")?,
        cancelled: row.get("cancelled")?,
        return_due: row.get("return_due")?,
    })
}

fn orders_since(conn: &Connection, tenant: &TenantId, since: UtcMs) -> Result<OrdersSince> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":since": since.0,
        ":events": LAUNCH_EVENTS_MAX,
        ":rows": RECONCILED_ORDERS_MAX,
    };
    let mut found = OrdersSince::default();
    for after in list(conn, sql!(LAUNCH.orders_since), params, read_after)? {
        add(&mut found.counts, &after);
        found.facts.extend(facts(conn, tenant, &after.order)?);
    }
    Ok(found)
}

fn add(counts: &mut Counts, after: &OrderAfter) {
    let worked = match after.state {
        OrderState::Placed
        | OrderState::Authorized
        | OrderState::Backordered
        | OrderState::Cancelled
        | OrderState::Rejected
        | OrderState::Exception => false,
        OrderState::Allocated
        | OrderState::Accepted
        | OrderState::Picking
        | OrderState::Ready
        | OrderState::Shipped
        | OrderState::Returned
        | OrderState::Refunded
        | OrderState::Collected
        | OrderState::Delivered => true,
    };
    let told_state = told_as(after.state).iter().any(|kind| after.told.contains(*kind));
    let cancelled = !after.left_anyway && (after.cancelled || after.state == OrderState::Cancelled);
    let asked = after.asked_to_cancel;
    for (count, is) in [
        (&mut counts.orders, true),
        (&mut counts.told_placed, after.told.contains("OrderPlaced")),
        (&mut counts.told_state, told_state),
        (&mut counts.worked, worked),
        (&mut counts.with_task, worked && after.has_task),
        (&mut counts.asked_to_cancel, asked),
        (&mut counts.left_anyway, asked && after.left_anyway),
        (&mut counts.returns, asked && after.left_anyway && after.return_due),
        (&mut counts.unanswered, asked && after.unanswered && !cancelled && !after.left_anyway),
        (&mut counts.cancelled, asked && cancelled),
    ] {
        *count = count.saturating_add(u64::from(is));
    }
}
