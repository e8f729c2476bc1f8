//! What is on record of an order's trace: whose requests it came from, and what each step came of.

use super::decision_rows;
use super::error::unreadable;
use super::order_rows::{read_event, tasks_of};
use super::row::{list, one, parsed, parsed_or_none, run, unsigned, word};
use super::sagas::facts_of;
use super::sql::sql;
use super::{Result, SqliteStore, ledger, shipment_rows};
use crate::core::events::key::Key;
use crate::core::order::{OrderRequest, OrderState};
use crate::core::trace::record::{
    BroughtBack, Call, Cause, Decided, Labelled, OnRecord, PLACE, Published, Raised,
};
use crate::core::trace::spans;
use crate::ports::orders::NewOrder;
use crate::ports::sagas::SagaKey;
use crate::ports::traces::{Entry, Subject, ToldUpTo, Traces};
use async_trait::async_trait;
use holdfast_shared::ids::{CarrierAccount, FactId, OrderId, PaymentProvider, TaskId, TenantId, TraceId};
use holdfast_shared::limits::{TRACE_CALLS_MAX, TRACE_ENTRIES_READ_MAX, TRACE_STEPS_MAX};
use holdfast_shared::time::UtcMs;
use holdfast_shared::trace::{SpanId, TraceState, Upstream};
use holdfast_shared::wire::fact::decode;
use rusqlite::{Connection, Row, named_params};

#[async_trait]
impl Traces for SqliteStore {
    async fn note_call(&self, tenant: &TenantId, subject: &Subject, call: &Call) -> Result<()> {
        let (tenant, subject, call) = (tenant.clone(), subject.clone(), call.clone());
        self.write(move |conn, _| note(conn, &tenant, &subject, &call)).await
    }

    async fn on_record(&self, tenant: &TenantId, order: &OrderId) -> Result<Option<OnRecord>> {
        let (tenant, order) = (tenant.clone(), order.clone());
        self.read(move |conn| on_record(conn, &tenant, &order)).await
    }

    async fn told_up_to(&self) -> Result<ToldUpTo> {
        self.read(|conn| {
            let told = one(conn, sql!(TRACES.told_up_to), [], |row| {
                Ok(ToldUpTo { entry: unsigned(row, "up_to")?, newest: unsigned(row, "newest")? })
            })?;
            Ok(told.unwrap_or_default())
        })
        .await
    }

    async fn tell_up_to(&self, entry: u64) -> Result<()> {
        let up_to = i64::try_from(entry).unwrap_or(i64::MAX);
        self.write(move |conn, _| {
            run(conn, sql!(TRACES.tell_up_to), named_params! { ":up_to": up_to })?;
            Ok(())
        })
        .await
    }

    async fn entries_after(&self, entry: u64, limit: u32) -> Result<Vec<Entry>> {
        let after = i64::try_from(entry).unwrap_or(i64::MAX);
        let rows = limit.min(TRACE_ENTRIES_READ_MAX);
        self.read(move |conn| {
            list(conn, sql!(TRACES.entries_after), named_params! { ":after": after, ":rows": rows }, |row| {
                let (tenant, order) = (parsed(row, "tenant")?, parsed(row, "order_id")?);
                Ok(Entry { entry: unsigned(row, "entry")?, tenant, order })
            })
        })
        .await
    }
}

fn note(conn: &Connection, tenant: &TenantId, subject: &Subject, call: &Call) -> Result<()> {
    let upstream = call.upstream.as_ref();
    let state = upstream.and_then(|upstream| upstream.state.as_ref());
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":subject": subject.to_string(),
        ":act": call.act,
        ":at": call.at.0,
        ":actor": call.actor.as_str(),
        ":trace": call.trace.as_str(),
        ":span": call.span.to_string(),
        ":parent": upstream.map(|upstream| upstream.span.to_string()),
        ":sampled": upstream.is_none_or(|upstream| upstream.sampled),
        ":state": state.map(TraceState::as_str),
        ":calls_max": TRACE_CALLS_MAX,
    };
    run(conn, sql!(TRACES.note_call), params)?;
    Ok(())
}

/// The request that placed an order, in the order's own transaction. One that began the trace here says nothing
/// that the order does not say.
pub(super) fn placed(conn: &Connection, new: &NewOrder) -> Result<()> {
    if new.upstream.is_none() {
        return Ok(());
    }
    let call = Call {
        act: PLACE.to_owned(),
        at: new.now,
        actor: new.actor.clone(),
        trace: new.trace.clone(),
        span: spans::intake(&new.order),
        upstream: new.upstream.clone(),
    };
    note(conn, &new.tenant, &Subject::Order(new.order.clone()), &call)
}

fn calls(conn: &Connection, tenant: &TenantId, subject: &Subject) -> Result<Vec<Call>> {
    list(conn, sql!(TRACES.calls), [tenant.as_str(), &subject.to_string()], |row| {
        let parent: Option<SpanId> = parsed_or_none(row, "parent")?;
        let state: Option<TraceState> = parsed_or_none(row, "state")?;
        let sampled = row.get("sampled")?;
        Ok(Call {
            act: row.get("act")?,
            at: UtcMs(row.get("at")?),
            actor: parsed(row, "actor")?,
            trace: parsed(row, "trace")?,
            span: parsed(row, "span")?,
            upstream: parent.map(|span| Upstream { span, sampled, state }),
        })
    })
}

fn cause(row: &Row<'_>) -> rusqlite::Result<Cause> {
    Ok(row.get::<_, Option<i64>>("cause")?.and_then(|cause| u64::try_from(cause).ok()))
}

fn when(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<UtcMs>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(UtcMs))
}

/// An order's own row.
struct Head {
    state: OrderState,
    trace: TraceId,
    request: OrderRequest,
    placed_at: UtcMs,
}

fn on_record(conn: &Connection, tenant: &TenantId, order: &OrderId) -> Result<Option<OnRecord>> {
    let names = [tenant.as_str(), order.as_str()];
    let head = one(conn, sql!(ORDERS.order), names, |row| {
        Ok(Head {
            state: word(row, "state")?,
            trace: parsed(row, "trace")?,
            request: super::row::from_json(row, "request")?,
            placed_at: UtcMs(row.get("placed_at")?),
        })
    })?;
    let Some(Head { state, trace, request, placed_at }) = head else { return Ok(None) };
    let promised = match request.promise {
        Some(promise) => calls(conn, tenant, &Subject::Promise(promise))?,
        None => Vec::new(),
    };
    let mut facts = Vec::new();
    for task in tasks_of(conn, tenant, order)? {
        facts.extend(ledger::facts_of(conn, tenant, &task.task)?);
    }
    let key = SagaKey { tenant: tenant.clone(), order: order.clone() };
    let causes = list(conn, sql!(TRACES.money_causes), names, cause)?;
    let provider =
        one(conn, sql!(TRACES.provider_asked), names, |row| parsed::<PaymentProvider>(row, "provider"))?;
    Ok(Some(OnRecord {
        tenant: tenant.clone(),
        order: order.clone(),
        state,
        trace,
        channel: request.channel,
        placed_at,
        calls: calls(conn, tenant, &Subject::Order(order.clone()))?,
        promised,
        timeline: list(conn, sql!(ORDERS.timeline), names, read_event)?,
        facts,
        returned: brought_back(conn, tenant, order)?,
        decisions: decided(conn, tenant, order)?,
        events: published(conn, tenant, order)?,
        provider,
        money: facts_of(conn, &key)?.into_iter().zip(causes).collect(),
        labels: labelled(conn, tenant, order)?,
        exceptions: raised(conn, tenant, order)?,
    }))
}

fn labelled(conn: &Connection, tenant: &TenantId, order: &OrderId) -> Result<Vec<Labelled>> {
    let names = [tenant.as_str(), order.as_str()];
    let parcels: Vec<(TaskId, CarrierAccount)> = list(conn, sql!(TRACES.parcels_of), names, |row| {
        Ok((parsed(row, "task")?, parsed(row, "carrier")?))
    })?;
    let with_facts = |(task, carrier)| {
        let facts = shipment_rows::facts_of(conn, tenant, &task)?;
        Ok(Labelled { task, carrier, facts })
    };
    parcels.into_iter().map(with_facts).collect()
}

fn brought_back(conn: &Connection, tenant: &TenantId, order: &OrderId) -> Result<Vec<BroughtBack>> {
    let rows = i64::try_from(TRACE_STEPS_MAX).unwrap_or(i64::MAX);
    let params = named_params! { ":tenant": tenant.as_str(), ":order": order.as_str(), ":rows": rows };
    let told = list(conn, sql!(TRACES.brought_back), params, |row| {
        let (fact, text): (FactId, String) = (parsed(row, "fact")?, row.get("text")?);
        Ok((fact, text, parsed(row, "store")?, UtcMs(row.get("at")?), row.get("number")?))
    })?;
    let read = |(fact, text, store, heard_at, number): (FactId, String, _, _, _)| {
        let fact = decode(&fact, &text).map_err(unreadable)?;
        Ok(BroughtBack { fact, store, heard_at, number })
    };
    told.into_iter().map(read).collect()
}

fn decided(conn: &Connection, tenant: &TenantId, order: &OrderId) -> Result<Vec<Decided>> {
    let causes = list(conn, sql!(TRACES.decision_causes), [tenant.as_str(), order.as_str()], cause)?;
    let decisions = decision_rows::decisions(conn, tenant, order)?.into_iter().zip(causes);
    Ok(decisions
        .map(|(made, cause)| Decided { decision: made.decision, at: made.at, words: made.words, cause })
        .collect())
}

fn published(conn: &Connection, tenant: &TenantId, order: &OrderId) -> Result<Vec<Published>> {
    let key = Key::Order(order.clone()).to_string();
    let rows = i64::try_from(TRACE_STEPS_MAX).unwrap_or(i64::MAX);
    let params = named_params! { ":tenant": tenant.as_str(), ":key": key, ":rows": rows };
    list(conn, sql!(TRACES.events_told), params, |row| {
        Ok(Published {
            id: row.get("event_id")?,
            kind: row.get("kind")?,
            at: UtcMs(row.get("at")?),
            published_at: when(row, "published_at")?,
            cause: cause(row)?,
        })
    })
}

fn raised(conn: &Connection, tenant: &TenantId, order: &OrderId) -> Result<Vec<Raised>> {
    let rows = i64::try_from(TRACE_STEPS_MAX).unwrap_or(i64::MAX);
    let params = named_params! { ":tenant": tenant.as_str(), ":order": order.as_str(), ":rows": rows };
    list(conn, sql!(TRACES.exceptions_raised), params, |row| {
        Ok(Raised {
            exception: parsed(row, "exception")?,
            category: row.get("category")?,
            store: parsed_or_none(row, "store")?,
            task: parsed_or_none(row, "task")?,
            raised_at: UtcMs(row.get("raised_at")?),
            resolved_at: when(row, "resolved_at")?,
            cause: cause(row)?,
        })
    })
}
