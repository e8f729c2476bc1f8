//! Orders that come together at one store: how that begins, and how it ends when not everything came.

use super::arrivals::missing_key;
use super::cancel::cancel;
use super::decisions::Saved;
use super::exceptions::raise;
use super::gathering_rows::{end, find, on_the_way, publish};
use super::order_rows::{lines, order_of};
use super::orders::place;
use super::rights::{self, Standing};
use super::row::{list, parsed, run, to_json};
use super::savepoint::{Stop, attempt};
use super::sql::sql;
use super::state::State;
use super::timeline::{Happened, central, note, refresh};
use super::{Result, SqliteStore, decisions, order_carts, parcels, window};
use crate::core::events::kinds::gatherings::ORDER_GATHERING;
use crate::core::exception::{Category, NewException, Severity};
use crate::core::gathering::{Gathering, GatheringEnd, GatheringNow};
use crate::core::routing::decision::{Demand, DemandLine};
use crate::core::routing::gather::{child_of, child_request};
use crate::ports::StoreError;
use crate::ports::gatherings::{GatherOutcome, Gatherings, GatheringsEnded, NewGathering};
use crate::ports::orders::{NewOrder, Placed};
use async_trait::async_trait;
use holdfast_shared::ids::{IdempotencyKey, OrderId, PromiseId, Sku, StoreId, TenantId};
use holdfast_shared::limits::{CLOCK_STEP_FORGIVEN_MS, GATHER_WITHIN_MS_MAX, GATHERINGS_MAX};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, named_params};
use std::collections::BTreeMap;

#[async_trait]
impl Gatherings for SqliteStore {
    async fn gather(&self, new: &NewGathering, now: UtcMs) -> Result<GatherOutcome> {
        let new = new.clone();
        self.write(move |conn, _| attempt(conn, || begin(conn, &new, now))).await
    }

    async fn gathering(&self, tenant: &TenantId, order: &OrderId) -> Result<Option<Gathering>> {
        let (tenant, order) = (tenant.clone(), order.clone());
        self.read(move |conn| find(conn, &tenant, &order)).await
    }

    async fn gatherings_now(
        &self,
        tenant: &TenantId,
        store: Option<&StoreId>,
        now: UtcMs,
    ) -> Result<Vec<GatheringNow>> {
        let (tenant, store) = (tenant.clone(), store.cloned());
        self.read(move |conn| match &store {
            Some(store) => parcels::at_store(conn, &tenant, store, now),
            None => parcels::open(conn, &tenant),
        })
        .await
    }

    async fn end_gatherings_over(&self, now: UtcMs) -> Result<GatheringsEnded> {
        self.write(move |conn, state| end_over(conn, state, now)).await
    }

    async fn gathering_stores(&self) -> Result<Vec<(TenantId, StoreId)>> {
        self.read(|conn| {
            list(conn, sql!(GATHERINGS.gathering_stores), [], |row| {
                Ok((parsed(row, "tenant")?, parsed(row, "store")?))
            })
        })
        .await
    }

    async fn end_gatherings_at(
        &self,
        tenant: &TenantId,
        store: &StoreId,
        now: UtcMs,
    ) -> Result<GatheringsEnded> {
        let (tenant, store) = (tenant.clone(), store.clone());
        self.write(move |conn, state| end_at(conn, state, (&tenant, &store), now)).await
    }
}

type Attempt<T> = std::result::Result<T, Stop<GatherOutcome>>;

fn begin(conn: &Connection, new: &NewGathering, now: UtcMs) -> Attempt<GatherOutcome> {
    let NewGathering { demand, gather, .. } = new;
    let Demand { tenant, order, .. } = demand;
    if !is_as_read(conn, demand)? || window::store_recovers(conn, tenant, &gather.store)? {
        return Err(Stop::Refused(GatherOutcome::OrderMoved));
    }
    // What came would be the till's first, and central's only when the store cedes it.
    let sold_there = |line: &DemandLine| -> Result<bool> {
        Ok(rights::standing(conn, tenant, &gather.store, &line.sku)? == Standing::Open)
    };
    for line in gather.feeders.iter().flat_map(|parcel| &parcel.lines) {
        if !sold_there(line)? {
            return Err(Stop::Refused(GatherOutcome::Refused));
        }
    }
    if find(conn, tenant, order)?.is_some() {
        return Err(Stop::Refused(GatherOutcome::Refused));
    }
    let child = place_child(conn, new, now)?;
    keep(conn, new, &child, now)?;
    set_aside(conn, new, &child, now)?;
    decisions::record(conn, tenant, order, &Saved::of(&new.decision)?)?;
    let actor = central().map_err(StoreError::from)?;
    let happened = Happened {
        kind: "gathering",
        at: now,
        actor: &actor,
        store: Some(&gather.store),
        task: None,
        words: &gather.words,
    };
    note(conn, tenant, order, &happened)?;
    publish(conn, (tenant, order), &ORDER_GATHERING, None, now)?;
    refresh(conn, tenant, order, now)?;
    Ok(GatherOutcome::Begun { child })
}

fn is_as_read(conn: &Connection, demand: &Demand) -> Result<bool> {
    let Demand { tenant, order, .. } = demand;
    let (assignments, cancelling, _) = order_of(conn, tenant, order)?;
    if cancelling || assignments != demand.assignments || window::is_held(conn, tenant, order)? {
        return Ok(false);
    }
    let open: BTreeMap<_, _> =
        lines(conn, tenant, order)?.into_iter().map(|line| (line.line, line.open)).collect();
    Ok(demand.lines.iter().all(|line| open.get(&line.line) == Some(&line.quantity)))
}

/// The order by which the goods travel: an order like any other, to a place that is a store.
fn place_child(conn: &Connection, new: &NewGathering, now: UtcMs) -> Attempt<OrderId> {
    let NewGathering { demand, gather, place: to, .. } = new;
    let Demand { tenant, order, .. } = demand;
    let refused = || Stop::Refused(GatherOutcome::Refused);
    let child = child_of(order).map_err(|_| refused())?;
    let key = IdempotencyKey::new(format!("gather-{order}")).map_err(|_| refused())?;
    let (_, _, trace) = order_of(conn, tenant, order)?;
    let request = child_request(order, gather, *to);
    let placed = place(
        conn,
        &NewOrder {
            tenant: tenant.clone(),
            order: child.clone(),
            request_hash: *blake3::hash(to_json(&request)?.as_bytes()).as_bytes(),
            request,
            key,
            actor: central().map_err(StoreError::from)?,
            trace,
            upstream: None,
            duplicate_within_ms: 0,
            now,
        },
    )?;
    match placed {
        Placed::New => Ok(child),
        // A backup did not know of it: a store still has work for it.
        Placed::Replayed { .. } | Placed::KeyReused => Err(refused()),
    }
}

fn keep(conn: &Connection, new: &NewGathering, child: &OrderId, now: UtcMs) -> Result<()> {
    let NewGathering { demand, gather, .. } = new;
    let (tenant, order) = (demand.tenant.as_str(), demand.order.as_str());
    let params = named_params! {
        ":tenant": tenant,
        ":order": order,
        ":child": child.as_str(),
        ":store": gather.store.as_str(),
        ":now": now.0,
        ":due_at": gather.until.0,
        ":arrives_by": gather.arrives_by.map(|by| by.0),
    };
    run(conn, sql!(GATHERINGS.begin), params)?;
    for line in child_request(&demand.order, gather, new.place).lines {
        let params = named_params! {
            ":tenant": tenant, ":order": order, ":sku": line.sku.as_str(), ":wanted": line.quantity,
        };
        run(conn, sql!(GATHERINGS.await_units), params)?;
    }
    run(
        conn,
        sql!(GATHERINGS.set_order_waiting),
        named_params! { ":tenant": tenant, ":order": order, ":now": now.0 },
    )?;
    run(conn, sql!(GATHERINGS.set_lines_waiting), named_params! { ":tenant": tenant, ":order": order })?;
    Ok(())
}

/// What the store has, for the order; what others send, for the one by which it travels. What a checkout
/// set aside at these others goes over to it.
fn set_aside(conn: &Connection, new: &NewGathering, child: &OrderId, now: UtcMs) -> Attempt<()> {
    let NewGathering { demand, gather, .. } = new;
    let Demand { tenant, order, kind, .. } = demand;
    let cart = |of: &OrderId| order_carts::cart_of_order(conn, (tenant, of), *kind, gather.until, now);
    let (here, there) = (cart(order)?, cart(child)?);
    let take = |promise: &PromiseId, store: &StoreId, line: &DemandLine| -> Attempt<()> {
        if order_carts::set_aside(conn, (tenant, promise), store, line)? {
            return Ok(());
        }
        Err(Stop::Refused(GatherOutcome::StockGone { sku: line.sku.clone() }))
    };
    for parcel in &gather.feeders {
        for line in by_sku(&parcel.lines) {
            order_carts::free_sku(conn, (tenant, &here, &parcel.store), &line.sku)?;
            take(&there, &parcel.store, &line)?;
        }
    }
    by_sku(&gather.own).iter().try_for_each(|line| take(&here, &gather.store, line))
}

/// A line may ask for the SKU that stands in for another one: what is set aside is that of both.
fn by_sku(lines: &[DemandLine]) -> Vec<DemandLine> {
    let mut units: BTreeMap<&Sku, DemandLine> = BTreeMap::new();
    for line in lines {
        let of_sku = units.entry(&line.sku).or_insert_with(|| DemandLine { quantity: 0, ..line.clone() });
        of_sku.quantity = of_sku.quantity.saturating_add(line.quantity);
    }
    units.into_values().collect()
}

fn end_over(conn: &Connection, state: &mut State, now: UtcMs) -> Result<GatheringsEnded> {
    let params = named_params! {
        ":now": now.0,
        ":beyond": now.plus(GATHER_WITHIN_MS_MAX).0,
        ":ahead": now.plus(CLOCK_STEP_FORGIVEN_MS).0,
        ":rows": GATHERINGS_MAX,
    };
    let perhaps = list(conn, sql!(GATHERINGS.perhaps_over), params, |row| {
        Ok((parsed::<TenantId>(row, "tenant")?, parsed::<OrderId>(row, "order_id")?))
    })?;
    let mut ended: u32 = 0;
    for (tenant, order) in &perhaps {
        let Some(found) = find(conn, tenant, order)? else { continue };
        // A clock that was put back since would let it wait for as long as it was put back.
        let due_at = if found.began_at > now.plus(CLOCK_STEP_FORGIVEN_MS) { now } else { found.due_at };
        if let Some(by) = on_the_way(conn, tenant, order)?.over(due_at, now) {
            stop(conn, state, (tenant, order), by, now)?;
            ended = ended.saturating_add(1);
        }
    }
    Ok(GatheringsEnded { ended, more: ended >= GATHERINGS_MAX })
}

fn end_at(
    conn: &Connection,
    state: &mut State,
    (tenant, store): (&TenantId, &StoreId),
    now: UtcMs,
) -> Result<GatheringsEnded> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":store": store.as_str(),
        ":since": now.plus(-GATHER_WITHIN_MS_MAX).0,
        ":rows": GATHERINGS_MAX,
    };
    let orders: Vec<OrderId> =
        list(conn, sql!(GATHERINGS.gathered_at), params, |row| parsed(row, "order_id"))?;
    for order in &orders {
        stop(conn, state, (tenant, order), GatheringEnd::StoreLost, now)?;
    }
    let ended = u32::try_from(orders.len()).unwrap_or(u32::MAX);
    Ok(GatheringsEnded { ended, more: ended >= GATHERINGS_MAX })
}

/// The order is routed with what is there. What has not left is asked back; what has left becomes stock of
/// the store when it comes.
fn stop(
    conn: &Connection,
    state: &mut State,
    (tenant, order): (&TenantId, &OrderId),
    by: GatheringEnd,
    now: UtcMs,
) -> Result<()> {
    let missing = on_the_way(conn, tenant, order)?.missing();
    let Some((child, store)) = end(conn, (tenant, order), by, now)? else { return Ok(()) };
    let reason = format!("order {order} is no longer gathered: {}", by.words());
    cancel(conn, state, tenant, &child, &reason, &central()?, now)?;
    refresh(conn, tenant, order, now)?;
    if missing == 0 {
        return Ok(());
    }
    let exception = NewException {
        key: missing_key(order),
        category: Category::ParcelMissing,
        severity: Severity::Medium,
        order: Some(order.clone()),
        task: None,
        store: Some(store.clone()),
        detail: format!(
            "{missing} units that others handed over for {order} have not come to {store} ({child})"
        ),
        suggestion:
            "Ask the carrier where the parcel is. When it comes, record it in as a transfer: it is stock of \
                     the store then."
                .to_owned(),
    };
    raise(conn, tenant, &exception, now)
}
