//! Work that leaves its store. The pace is counted from the record of the moves themselves, in the
//! transaction that adds to it: over restarts, and however many processes move, no minute has more.

use super::order_rows::lines as lines_of;
use super::outbox::{NewEvent, append};
use super::promise_changes::{self, About};
use super::recall::recall_unless_held;
use super::row::{from_json, list, one, parsed, run, to_json, word};
use super::sql::sql;
use super::state::State;
use super::tasks::load;
use super::timeline::{Happened, central, note};
use super::{Result, SqliteStore, demand, drills, kpis, window};
use crate::core::events::key::Key;
use crate::core::events::kinds::dates;
use crate::core::failover::plan::{Lately, Leaving, too_fast};
use crate::core::failover::policy::Pace;
use crate::core::failover::record::{Moved, Next};
use crate::core::order::OrderRequest;
use crate::core::routing::decision::{Demand, DemandLine};
use crate::ports::moves::{Departure, MoveOutcome, Moves, MovesOf, PACE_MS};
use crate::ports::work::{RecallOutcome, TaskRow};
use async_trait::async_trait;
use holdfast_shared::ids::{OrderId, StoreId, TaskId, TenantId};
use holdfast_shared::limits::MOVES_TOLD_MAX;
use holdfast_shared::time::{Now, UtcMs};
use rusqlite::{Connection, Row, named_params};
use serde_json::json;

#[async_trait]
impl Moves for SqliteStore {
    async fn move_away(&self, departure: &Departure, pace: Pace, now: Now) -> Result<MoveOutcome> {
        let departure = departure.clone();
        self.write(move |conn, state| move_away(conn, state, &departure, pace, now.utc)).await
    }

    async fn movable(&self, tenant: &TenantId, store: &StoreId, limit: u32) -> Result<Vec<TaskRow>> {
        let (tenant, store) = (tenant.clone(), store.clone());
        self.read(move |conn| {
            let params = named_params! {
                ":tenant": tenant.as_str(), ":store": store.as_str(), ":rows": limit,
            };
            list(conn, sql!(MOVES.movable), params, |row| {
                Ok(TaskRow { tenant: parsed(row, "tenant")?, state: from_json(row, "state")? })
            })
        })
        .await
    }

    async fn moved_lately(&self, tenant: &TenantId, now: UtcMs) -> Result<Lately> {
        let tenant = tenant.clone();
        self.read(move |conn| lately(conn, &tenant, now)).await
    }

    async fn open_demand(&self, tenant: &TenantId, order: &OrderId) -> Result<Option<Demand>> {
        let (tenant, order) = (tenant.clone(), order.clone());
        self.read(move |conn| open_demand(conn, &tenant, &order)).await
    }

    async fn demand_if_moved(&self, tenant: &TenantId, task: &TaskId) -> Result<Option<Demand>> {
        let (tenant, task) = (tenant.clone(), task.clone());
        self.read(move |conn| demand_if_moved(conn, &tenant, &task)).await
    }

    async fn refuse_plan_b(&self, tenant: &TenantId, task: &TaskId, why: &str) -> Result<()> {
        let (tenant, task, why) = (tenant.clone(), task.clone(), why.to_owned());
        self.write(move |conn, _| {
            let Some(state) = load(conn, &tenant, &task)? else { return Ok(()) };
            let params = named_params! {
                ":tenant": tenant.as_str(), ":order": state.order.as_str(), ":task": task.as_str(), ":why": why,
            };
            run(conn, sql!(MOVES.refuse_plan_b), params)?;
            Ok(())
        })
        .await
    }

    async fn moves(&self, tenant: &TenantId, of: &MovesOf, limit: u32) -> Result<Vec<Moved>> {
        let (tenant, of, rows) = (tenant.clone(), of.clone(), limit.min(MOVES_TOLD_MAX));
        self.read(move |conn| match of {
            MovesOf::All => {
                let params = named_params! { ":tenant": tenant.as_str(), ":since": i64::MIN, ":rows": rows };
                list(conn, sql!(MOVES.newest_moves), params, read)
            }
            MovesOf::Drill(drill) => {
                let Some(drill) = drills::number(&drill) else { return Ok(Vec::new()) };
                let params = named_params! { ":tenant": tenant.as_str(), ":drill": drill, ":rows": rows };
                list(conn, sql!(MOVES.moves_of_drill), params, read)
            }
        })
        .await
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Moved> {
    let next = row.get::<_, Option<i64>>("went_at")?.map(|at| {
        Ok::<_, rusqlite::Error>(Next {
            task: parsed(row, "next_task")?,
            store: parsed(row, "next_store")?,
            at: UtcMs(at),
        })
    });
    Ok(Moved {
        task: parsed(row, "task")?,
        order: parsed(row, "order_id")?,
        store: parsed(row, "store")?,
        phase: word(row, "phase")?,
        cause: word(row, "cause")?,
        words: row.get("words")?,
        moved_at: UtcMs(row.get("moved_at")?),
        promise_by: row.get::<_, Option<i64>>("promise_by")?.map(UtcMs),
        plan_b: match row.get::<_, Option<String>>("plan_b")? {
            Some(_) => from_json(row, "plan_b")?,
            None => Vec::new(),
        },
        plan_b_refused: row.get("plan_b_refused")?,
        next: next.transpose()?,
        drill: row.get::<_, Option<i64>>("drill")?.map(drills::id).transpose()?,
    })
}

fn lately(conn: &Connection, tenant: &TenantId, now: UtcMs) -> Result<Lately> {
    let params = named_params! {
        ":tenant": tenant.as_str(), ":since": now.plus(-PACE_MS).0, ":now": now.0,
    };
    let rows: Vec<(StoreId, u32)> =
        list(conn, sql!(MOVES.lately), params, |row| Ok((parsed(row, "store")?, row.get("moves")?)))?;
    Ok(rows.into_iter().collect())
}

fn open_demand(conn: &Connection, tenant: &TenantId, order: &OrderId) -> Result<Option<Demand>> {
    // What was open before a restore waits for what the stores did meanwhile.
    if window::is_held(conn, tenant, order)? {
        return Ok(None);
    }
    let demand = demand_of(conn, tenant, order)?;
    Ok(demand.filter(|demand| !demand.lines.is_empty()))
}

fn demand_if_moved(conn: &Connection, tenant: &TenantId, task: &TaskId) -> Result<Option<Demand>> {
    let Some(state) = load(conn, tenant, task)? else { return Ok(None) };
    let Some(mut demand) = demand_of(conn, tenant, &state.order)? else { return Ok(None) };
    let lines = state.lines.iter().filter(|line| line.quantity > line.short).map(|line| DemandLine {
        line: line.line,
        sku: line.sku.clone(),
        quantity: line.quantity.saturating_sub(line.short),
    });
    demand.lines = lines.collect();
    let priced = lines_of(conn, tenant, &state.order)?.into_iter();
    demand.prices = priced.filter_map(|line| Some((line.line, line.unit_price?))).collect();
    if let Some(parts) = demand.parts.as_mut() {
        parts.remove(&state.store);
    }
    demand.tried.insert(state.store);
    Ok(Some(demand))
}

/// What is open of an order, if anything; none when nothing of it may be routed.
fn demand_of(conn: &Connection, tenant: &TenantId, order: &OrderId) -> Result<Option<Demand>> {
    let key = [tenant.as_str(), order.as_str()];
    let head = one(conn, sql!(MOVES.head), key, |row| {
        let request = from_json::<OrderRequest>(row, "request")?;
        Ok((request, row.get("assignments")?, UtcMs(row.get("placed_at")?)))
    })?;
    let Some((request, assignments, placed_at)) = head else { return Ok(None) };
    demand::demand(conn, (tenant.clone(), order.clone()), request, assignments, placed_at).map(Some)
}

fn move_away(
    conn: &Connection,
    state: &mut State,
    departure: &Departure,
    pace: Pace,
    now: UtcMs,
) -> Result<MoveOutcome> {
    let leaving = &departure.leaving;
    let Leaving { tenant, task, store, fence, .. } = leaving;
    if let Some(why) = too_fast(&lately(conn, tenant, now)?, store, pace) {
        return Ok(MoveOutcome::Waits(why));
    }
    match recall_unless_held(conn, state, tenant, task, *fence, &leaving.reason(), now)? {
        RecallOutcome::Moot => return Ok(MoveOutcome::Moot),
        RecallOutcome::ReleasedAlready => return Ok(MoveOutcome::ReleasedAlready),
        RecallOutcome::Recalled => {}
    }
    let why = leaving.reason();
    let about = About { task: Some(task), store: Some(store), why: &why };
    let over = departure.telling.promise_over
        && promise_changes::tell(conn, (tenant, &leaving.order), None, about, now)?;
    record(conn, departure, over, now)?;
    if let Some(state) = load(conn, tenant, task)? {
        kpis::moved(conn, tenant, &state, now)?;
    }
    let actor = central()?;
    let happened = Happened {
        kind: "moved",
        at: now,
        actor: &actor,
        store: Some(store),
        task: Some(task),
        words: &departure.words,
    };
    note(conn, tenant, &leaving.order, &happened)?;
    if departure.telling.delayed && !over {
        tell_delay(conn, leaving, now)?;
    }
    Ok(MoveOutcome::Moved)
}

fn record(conn: &Connection, departure: &Departure, promise_over: bool, now: UtcMs) -> Result<()> {
    let leaving = &departure.leaving;
    let plan_b = (!departure.plan_b.is_empty()).then(|| to_json(&departure.plan_b)).transpose()?;
    let params = named_params! {
        ":tenant": leaving.tenant.as_str(),
        ":task": leaving.task.as_str(),
        ":order": leaving.order.as_str(),
        ":store": leaving.store.as_str(),
        ":phase": leaving.phase.as_str(),
        ":cause": leaving.cause.as_str(),
        ":words": departure.words,
        ":now": now.0,
        ":promise_by": leaving.promise_by.map(|by| by.0),
        ":promise_over": promise_over,
        ":plan_b": plan_b,
    };
    run(conn, sql!(MOVES.record), params)?;
    Ok(())
}

/// Customers never learn of nodes: neither the store nor the task is in it.
fn tell_delay(conn: &Connection, leaving: &Leaving, now: UtcMs) -> Result<()> {
    let Leaving { tenant, order, promise_by, .. } = leaving;
    let key = [tenant.as_str(), order.as_str()];
    let known = one(conn, sql!(ORDERS.state_of), key, |row| {
        Ok((from_json::<OrderRequest>(row, "request")?, row.get::<_, String>("trace")?))
    })?;
    let Some((request, trace)) = known else { return Ok(()) };
    let body = json!({
        "order": order, "reference": request.reference, "channel": request.channel, "trace_id": trace,
        "words": "It is being prepared elsewhere, and may come later than usual.",
        "promised_by": promise_by, "promise_by": promise_by,
        "left_ms": promise_by.map(|by| by.since(now).max(0)),
    });
    let (kind, key) = (&dates::CUSTOMER_DELAYED, &Key::Order(order.clone()));
    append(conn, tenant, &NewEvent { kind, key, at: now, body: &body })
}

/// Another node has the order's open units: what had left has gone somewhere. Or its own store goes on
/// with a task that had left, and that task alone is meant.
pub(super) fn went(
    conn: &Connection,
    (tenant, order): (&TenantId, &OrderId),
    (task, store): (&TaskId, &StoreId),
    now: UtcMs,
) -> Result<()> {
    let key = [tenant.as_str(), order.as_str()];
    let waiting: Vec<(i64, Moved)> =
        list(conn, sql!(MOVES.nowhere_yet), key, |row| Ok((row.get("sequence")?, read(row)?)))?;
    let back = waiting.iter().any(|(_, moved)| moved.task == *task);
    for (sequence, mut moved) in waiting.into_iter().filter(|(_, moved)| !back || moved.task == *task) {
        let params = named_params! {
            ":sequence": sequence, ":next_task": task.as_str(), ":next_store": store.as_str(), ":now": now.0,
        };
        run(conn, sql!(MOVES.went), params)?;
        moved.next = Some(Next { task: task.clone(), store: store.clone(), at: now });
        let (actor, words) = (central()?, moved.went_on_words());
        let happened = Happened {
            kind: "moved_on",
            at: now,
            actor: &actor,
            store: Some(store),
            task: Some(task),
            words: &words,
        };
        note(conn, tenant, order, &happened)?;
    }
    Ok(())
}
