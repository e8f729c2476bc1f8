//! How routing does, counted by day in the transaction that writes what is counted.

use super::row::{list, one, parsed_or_none, run, word};
use super::sql::sql;
use super::{Result, SqliteStore};
use crate::core::kpis::{By, Dims, Slice, Tally};
use crate::core::stock::class::Channel;
use crate::core::stock::report::Day;
use crate::ports::kpis::RoutingKpis;
use crate::ports::work::Assignment;
use async_trait::async_trait;
use holdfast_shared::domain::task::{FulfilmentKind, TaskState};
use holdfast_shared::ids::{OrderId, RegionId, StoreId, TaskId, TenantId};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row, named_params};

/// Where an order counts. None of an order that is not known.
fn about(
    conn: &Connection,
    tenant: &TenantId,
    order: &OrderId,
    node: Option<&StoreId>,
) -> Result<Option<Dims>> {
    let params = named_params! {
        ":tenant": tenant.as_str(), ":order": order.as_str(), ":store": node.map(StoreId::as_str),
    };
    one(conn, sql!(KPIS.about_order), params, |row| {
        Ok(Dims {
            channel: Channel::new(row.get::<_, String>("channel")?),
            kind: word::<FulfilmentKind>(row, "kind")?,
            policy: None,
            node: node.cloned(),
            region: parsed_or_none(row, "region")?,
        })
    })
}

/// What an order is, and where it went, apart: so that each stays as few rows as there are names.
fn add(conn: &Connection, tenant: &TenantId, dims: &Dims, tally: &Tally, now: UtcMs) -> Result<()> {
    add_order(conn, tenant, dims, tally, now)?;
    match &dims.node {
        Some(node) => add_node(conn, (tenant, node), dims.region.as_ref(), tally, now),
        None => Ok(()),
    }
}

pub(super) fn add_order(
    conn: &Connection,
    tenant: &TenantId,
    dims: &Dims,
    tally: &Tally,
    now: UtcMs,
) -> Result<()> {
    let policy = dims.policy.as_deref().unwrap_or_default();
    count(conn, tenant, [dims.channel.as_str(), dims.kind.as_str(), policy, "", ""], tally, now)
}

pub(super) fn add_node(
    conn: &Connection,
    (tenant, node): (&TenantId, &StoreId),
    region: Option<&RegionId>,
    tally: &Tally,
    now: UtcMs,
) -> Result<()> {
    let region = region.map_or("", |region| region.as_str());
    count(conn, tenant, ["", "", "", region, node.as_str()], tally, now)
}

fn count(
    conn: &Connection,
    tenant: &TenantId,
    [channel, kind, policy, region, node]: [&str; 5],
    tally: &Tally,
    now: UtcMs,
) -> Result<()> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":of_nodes": !node.is_empty(),
        ":day": Day::of(now).0,
        ":channel": channel,
        ":kind": kind,
        ":policy": policy,
        ":region": region,
        ":node": node,
        ":assigned": tally.assigned,
        ":best": tally.best,
        ":split": tally.split,
        ":parcels": tally.parcels,
        ":unplaced": tally.unplaced,
        ":units": tally.units,
        ":best_units": tally.best_units,
        ":fulfilled_units": tally.fulfilled_units,
        ":fulfilled_best_units": tally.fulfilled_best_units,
        ":rerouted": tally.rerouted,
        ":moved": tally.moved,
        ":declined": tally.declined,
        ":cancelled": tally.cancelled,
        ":short_units": tally.short_units,
        ":withheld_units": tally.withheld_units,
        ":promises": tally.promises,
        ":promises_kept": tally.promises_kept,
        ":reserved": tally.reserved,
        ":reserve_ms": tally.reserve_ms,
        ":accepted": tally.accepted,
        ":accept_ms": tally.accept_ms,
    };
    run(conn, sql!(KPIS.count_routing), params)?;
    Ok(())
}

/// What a parcel that has its node counts as.
#[derive(Debug)]
pub(super) struct Assigned {
    pub(super) tally: Tally,
    pub(super) routed: Routed,
    units: i64,
    waited_ms: Option<i64>,
    is_best: bool,
}

/// What a task keeps: by which policy it was given, and whether its units were the best node's, the first that was
/// asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Routed {
    pub(super) is_best: bool,
}

/// Before the task is written.
pub(super) fn assigned(
    conn: &Connection,
    assignment: &Assignment,
    placed_at: UtcMs,
    now: UtcMs,
) -> Result<Assigned> {
    let Assignment { tenant, order, store, decision, .. } = assignment;
    let lost = assignment.assignments > 0
        && one(conn, sql!(KPIS.was_lost), [tenant.as_str(), order.as_str()], |_| Ok(()))?.is_some();
    let units = assignment.lines.iter().map(|line| line.quantity).fold(0, i64::saturating_add);
    let mut tally = Tally::given(decision, store, units, lost);
    let waited_ms = (assignment.assignments == 0).then(|| now.since(placed_at).max(0));
    if let Some(waited) = waited_ms {
        (tally.reserved, tally.reserve_ms) = (1, waited);
    }
    let is_best = decision.missed.is_none();
    Ok(Assigned { tally, routed: Routed { is_best: is_best && !lost }, units, waited_ms, is_best })
}

impl Assigned {
    pub(super) fn tell_metrics(&self, tenant: &TenantId) {
        if let Some(waited) = self.waited_ms {
            metrics::histogram!("holdfast_reservation_seconds").record(seconds(waited));
        }
        let best = if self.is_best { "yes" } else { "no" };
        metrics::counter!("holdfast_routed_units_total", "best_node" => best, "tenant" => tenant.to_string())
            .increment(u64::try_from(self.units).unwrap_or_default());
    }
}

/// Of a task whose row was there before it was given.
pub(super) fn route_task(
    conn: &Connection,
    tenant: &TenantId,
    task: &TaskId,
    policy: &str,
    routed: Routed,
) -> Result<()> {
    let params = named_params! {
        ":tenant": tenant.as_str(), ":task": task.as_str(), ":policy": policy, ":best": routed.is_best,
    };
    run(conn, sql!(KPIS.route_task), params)?;
    Ok(())
}

fn seconds(ms: i64) -> f64 {
    crate::core::replay::number::float(ms) / 1_000.0
}

/// By which policy a task was given, and whether its units were the best node's.
fn routed(conn: &Connection, tenant: &TenantId, task: &TaskId) -> Result<(Option<String>, bool)> {
    let key = [tenant.as_str(), task.as_str()];
    let known =
        one(conn, sql!(KPIS.routed_task), key, |row| Ok((row.get("routed_by")?, row.get("routed_best")?)))?;
    Ok(known.unwrap_or_default())
}

fn of_task(conn: &Connection, tenant: &TenantId, task: &TaskState, tally: &Tally, now: UtcMs) -> Result<()> {
    let Some(dims) = about(conn, tenant, &task.order, Some(&task.store))? else {
        return Ok(());
    };
    let (policy, _) = routed(conn, tenant, &task.task)?;
    add(conn, tenant, &Dims { policy, ..dims }, tally, now)
}

/// What a task's new facts tell.
pub(super) fn told(
    conn: &Connection,
    tenant: &TenantId,
    before: Option<&TaskState>,
    after: &TaskState,
    now: UtcMs,
) -> Result<()> {
    if Tally::told(before, after, false, now).is_none() {
        return Ok(());
    }
    let (_, best) = routed(conn, tenant, &after.task)?;
    let Some(tally) = Tally::told(before, after, best, now) else { return Ok(()) };
    if tally.accepted > 0 {
        metrics::histogram!("holdfast_acknowledgement_seconds").record(seconds(tally.accept_ms));
    }
    of_task(conn, tenant, after, &tally, now)
}

/// A task left a store that fails.
pub(super) fn moved(conn: &Connection, tenant: &TenantId, task: &TaskState, now: UtcMs) -> Result<()> {
    of_task(conn, tenant, task, &Tally { moved: 1, ..Tally::default() }, now)
}

/// A promised date came out, with the last of these tasks.
pub(super) fn promise(
    conn: &Connection,
    (tenant, order): (&TenantId, &OrderId),
    tasks: &[TaskState],
    kept: bool,
    now: UtcMs,
) -> Result<()> {
    let tally = Tally { promises: 1, promises_kept: i64::from(kept), ..Tally::default() };
    match tasks.last() {
        Some(task) => of_task(conn, tenant, task, &tally, now),
        None => of_order(conn, (tenant, order), None, &tally, now),
    }
}

/// Nobody takes it, for the first time since it last had a node.
pub(super) fn unplaced(conn: &Connection, of: (&TenantId, &OrderId), policy: &str, now: UtcMs) -> Result<()> {
    of_order(conn, of, Some(policy.to_owned()), &Tally { unplaced: 1, ..Tally::default() }, now)
}

pub(super) fn cancelled(conn: &Connection, of: (&TenantId, &OrderId), now: UtcMs) -> Result<()> {
    let policy = policy_of(conn, of)?;
    of_order(conn, of, policy, &Tally { cancelled: 1, ..Tally::default() }, now)
}

/// A nearer node kept units back.
pub(super) fn withheld(
    conn: &Connection,
    (tenant, order): (&TenantId, &OrderId),
    node: &StoreId,
    units: i64,
    now: UtcMs,
) -> Result<()> {
    let Some(dims) = about(conn, tenant, order, Some(node))? else { return Ok(()) };
    let policy = policy_of(conn, (tenant, order))?;
    let tally = Tally { withheld_units: units, ..Tally::default() };
    add(conn, tenant, &Dims { policy, ..dims }, &tally, now)
}

/// Of its newest decision.
fn policy_of(conn: &Connection, (tenant, order): (&TenantId, &OrderId)) -> Result<Option<String>> {
    let key = [tenant.as_str(), order.as_str()];
    Ok(one(conn, sql!(KPIS.policy_of_order), key, |row| row.get("policy"))?.flatten())
}

fn of_order(
    conn: &Connection,
    (tenant, order): (&TenantId, &OrderId),
    policy: Option<String>,
    tally: &Tally,
    now: UtcMs,
) -> Result<()> {
    let Some(dims) = about(conn, tenant, order, None)? else { return Ok(()) };
    add(conn, tenant, &Dims { policy, ..dims }, tally, now)
}

pub(super) fn read_tally(row: &Row<'_>) -> rusqlite::Result<Tally> {
    Ok(Tally {
        assigned: row.get("assigned")?,
        best: row.get("best")?,
        split: row.get("split")?,
        parcels: row.get("parcels")?,
        unplaced: row.get("unplaced")?,
        units: row.get("units")?,
        best_units: row.get("best_units")?,
        fulfilled_units: row.get("fulfilled_units")?,
        fulfilled_best_units: row.get("fulfilled_best_units")?,
        rerouted: row.get("rerouted")?,
        moved: row.get("moved")?,
        declined: row.get("declined")?,
        cancelled: row.get("cancelled")?,
        short_units: row.get("short_units")?,
        withheld_units: row.get("withheld_units")?,
        promises: row.get("promises")?,
        promises_kept: row.get("promises_kept")?,
        reserved: row.get("reserved")?,
        reserve_ms: row.get("reserve_ms")?,
        accepted: row.get("accepted")?,
        accept_ms: row.get("accept_ms")?,
    })
}

#[async_trait]
impl RoutingKpis for SqliteStore {
    async fn routing_slices(
        &self,
        tenant: &TenantId,
        by: By,
        (first, last): (Day, Day),
        limit: u32,
    ) -> Result<Vec<Slice>> {
        let tenant = tenant.clone();
        self.read(move |conn| {
            let params = named_params! {
                ":tenant": tenant.as_str(),
                ":by": by.as_str(),
                ":of_nodes": by.is_of_nodes(),
                ":first": first.0,
                ":last": last.0,
                ":rows": limit,
            };
            list(conn, sql!(KPIS.routing_slices), params, |row| {
                let name: String = row.get("name")?;
                Ok(Slice { name: (!name.is_empty()).then_some(name), tally: read_tally(row)? })
            })
        })
        .await
    }

    async fn routing_days(&self, tenant: &TenantId, (first, last): (Day, Day)) -> Result<Vec<(Day, Tally)>> {
        let tenant = tenant.clone();
        self.read(move |conn| {
            let params = named_params! { ":tenant": tenant.as_str(), ":first": first.0, ":last": last.0 };
            list(conn, sql!(KPIS.routing_days), params, |row| Ok((Day(row.get("day")?), read_tally(row)?)))
        })
        .await
    }
}
