//! Parcels as rows: their facts, the row that follows from them, and how work at stores begins and wakes them.

use super::Result;
use super::row::{from_json, list, one, parsed, run, to_json, word, word_or_none};
use super::sql::sql;
use crate::core::parcel::fact::{Ask, AskId, Label, ParcelFact, Said, Source};
use crate::core::parcel::fold::Parcel;
use crate::core::parcel::needs::begins;
use crate::core::parcel::plan::asked_since;
use crate::core::reconcile::book::ParcelBook;
use crate::ports::shipments::ParcelKey;
use holdfast_shared::domain::task::{Phase, TaskState};
use holdfast_shared::ids::{OrderId, StoreId, TaskId, TenantId};
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::sync::LabelMade;
use rusqlite::{Connection, Row, named_params};
use std::collections::BTreeSet;

fn read_fact(row: &Row<'_>) -> rusqlite::Result<ParcelFact> {
    let ask: Option<Ask> = word_or_none(row, "ask")?;
    let run: Option<u32> = row.get("run")?;
    Ok(ParcelFact {
        sequence: row.get("sequence")?,
        id: ask.zip(run).map(|(ask, run)| AskId { ask, run }),
        said: from_json(row, "said")?,
        source: word(row, "source")?,
        at: UtcMs(row.get("at")?),
    })
}

pub(super) fn facts_of(conn: &Connection, tenant: &TenantId, task: &TaskId) -> Result<Vec<ParcelFact>> {
    list(conn, sql!(SHIPMENTS.facts), [tenant.as_str(), task.as_str()], read_fact)
}

/// The fact, and the row that follows from it and all before.
pub(super) fn enter(
    conn: &Connection,
    key: &ParcelKey,
    fact: &ParcelFact,
    after: &Parcel,
    next_at: UtcMs,
) -> Result<()> {
    let params = named_params! {
        ":tenant": key.tenant.as_str(),
        ":task": key.task.as_str(),
        ":sequence": fact.sequence,
        ":ask": fact.id.map(|id| id.ask.as_str()),
        ":run": fact.id.map(|id| id.run),
        ":source": fact.source.as_str(),
        ":at": fact.at.0,
        ":said": to_json(&fact.said)?,
    };
    run(conn, sql!(SHIPMENTS.say), params)?;
    let good = after.live().filter(|made| !made.unwanted).last();
    let label = good.map(|made| to_json(made.label)).transpose()?;
    let params = named_params! {
        ":tenant": key.tenant.as_str(),
        ":task": key.task.as_str(),
        ":after": fact.sequence.saturating_sub(1),
        ":facts": fact.sequence,
        ":state": after.state().as_str(),
        ":label": label,
        ":labelled_at": good.map(|made| made.made_at.0),
        ":left_at": after.left_at.map(|at| at.0),
        ":arrived_at": after.arrived_at().map(|at| at.0),
        ":asked_at": asked_since(after).map(|at| at.0),
        ":next_at": next_at.0,
    };
    run(conn, sql!(SHIPMENTS.stand), params)?;
    Ok(())
}

/// Something of the parcel changed: it is looked at now.
pub(super) fn wake(conn: &Connection, tenant: &TenantId, task: &TaskId, now: UtcMs) -> Result<()> {
    let params = named_params! { ":tenant": tenant.as_str(), ":task": task.as_str(), ":now": now.0 };
    run(conn, sql!(SHIPMENTS.wake), params)?;
    Ok(())
}

/// The work of a store has gone on: its parcel begins, is looked at, or has left.
pub(super) fn follow(conn: &Connection, tenant: &TenantId, task: &TaskState, now: UtcMs) -> Result<()> {
    let key = [tenant.as_str(), task.task.as_str()];
    let stands = one(conn, sql!(SHIPMENTS.stands), key, |row| row.get::<_, Option<i64>>("left_at"))?;
    match stands {
        None if begins(task) => begin(conn, tenant, task, now),
        None => Ok(()),
        Some(None) if task.phase == Phase::HandedOver => leave(conn, tenant, task, now),
        Some(_) => wake(conn, tenant, &task.task, now),
    }
}

fn begin(conn: &Connection, tenant: &TenantId, task: &TaskState, now: UtcMs) -> Result<()> {
    let account = one(conn, sql!(SHIPMENTS.account), [tenant.as_str()], |row| row.get::<_, String>("name"))?;
    let Some(carrier) = account else { return Ok(()) };
    if feeds_a_store(conn, tenant, &task.order)? {
        return Ok(());
    }
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":task": task.task.as_str(),
        ":order": task.order.as_str(),
        ":store": task.store.as_str(),
        ":carrier": carrier,
        ":now": now.0,
    };
    run(conn, sql!(SHIPMENTS.begin_parcel), params)?;
    Ok(())
}

fn leave(conn: &Connection, tenant: &TenantId, task: &TaskState, now: UtcMs) -> Result<()> {
    let key = ParcelKey { tenant: tenant.clone(), task: task.task.clone() };
    let mut facts = facts_of(conn, tenant, &task.task)?;
    let sequence = facts.last().map_or(0, |fact| fact.sequence).saturating_add(1);
    // A store's clock that is ahead does not make it late.
    let said = Said::HandedOver { left_at: task.changed_at.wall.min(now) };
    let fact = ParcelFact { sequence, id: None, said, source: Source::Central, at: now };
    facts.push(fact.clone());
    enter(conn, &key, &fact, &Parcel::fold(&facts), now)?;
    wake(conn, tenant, &task.task, now)
}

/// Whether all that has left of the order is at the customer's, by the carriers' word.
pub(super) fn has_arrived(
    conn: &Connection,
    (tenant, order): (&TenantId, &OrderId),
    tasks: &[TaskState],
) -> Result<bool> {
    let mut left = tasks.iter().filter(|task| task.phase == Phase::HandedOver).peekable();
    if left.peek().is_none() {
        return Ok(false);
    }
    let key = [tenant.as_str(), order.as_str()];
    let arrived: BTreeSet<TaskId> =
        list(conn, sql!(SHIPMENTS.arrived), key, |row| parsed(row, "task"))?.into_iter().collect();
    Ok(left.all(|task| arrived.contains(&task.task)))
}

pub(super) fn last_arrival(conn: &Connection, tenant: &TenantId, order: &OrderId) -> Result<Option<UtcMs>> {
    let key = [tenant.as_str(), order.as_str()];
    let at = one(conn, sql!(SHIPMENTS.last_arrival), key, |row| row.get::<_, Option<i64>>("arrived_at"))?;
    Ok(at.flatten().map(UtcMs))
}

/// Labels that wait at a store to be printed.
pub(super) fn made_for(
    conn: &Connection,
    tenant: &TenantId,
    store: &StoreId,
    rows: i64,
) -> Result<Vec<LabelMade>> {
    let params = named_params! { ":tenant": tenant.as_str(), ":store": store.as_str(), ":rows": rows };
    list(conn, sql!(SHIPMENTS.at_store), params, |row| {
        let Label { carrier, service, tracking_number, url, .. } = from_json(row, "label")?;
        Ok(LabelMade {
            task: parsed(row, "task")?,
            carrier,
            service,
            tracking_number,
            url,
            made_at: UtcMs(row.get("labelled_at")?),
        })
    })
}

/// As they stand, for whoever compares them.
pub(super) fn books(conn: &Connection, tenant: &TenantId, order: &OrderId) -> Result<Vec<ParcelBook>> {
    let key = named_params! { ":tenant": tenant.as_str(), ":order": order.as_str() };
    let rows: Vec<(TaskId, ParcelBook)> = list(conn, sql!(SHIPMENTS.books), key, |row| {
        let task: TaskId = parsed(row, "task")?;
        let book = ParcelBook {
            task: task.clone(),
            state: word(row, "state")?,
            left_at: row.get::<_, Option<i64>>("left_at")?.map(UtcMs),
            arrived_at: row.get::<_, Option<i64>>("arrived_at")?.map(UtcMs),
            parcel: Parcel::default(),
        };
        Ok((task, book))
    })?;
    let mut books = Vec::with_capacity(rows.len());
    for (task, book) in rows {
        let parcel = Parcel::fold(&facts_of(conn, tenant, &task)?);
        books.push(ParcelBook { parcel, ..book });
    }
    Ok(books)
}

/// Whether the labels of an order's parcels are made here.
pub(super) fn is_labelled(conn: &Connection, tenant: &TenantId, order: &OrderId) -> Result<bool> {
    let account = one(conn, sql!(SHIPMENTS.account), [tenant.as_str()], |_| Ok(()))?;
    Ok(account.is_some() && !feeds_a_store(conn, tenant, order)?)
}

/// What one store sends to another goes with the chain's own van, under its own number.
fn feeds_a_store(conn: &Connection, tenant: &TenantId, order: &OrderId) -> Result<bool> {
    Ok(one(conn, sql!(GATHERINGS.fed_store), [tenant.as_str(), order.as_str()], |_| Ok(()))?.is_some())
}
