//! The queue of exceptions as people work it.

use super::exception_acts::{note, note_act};
use super::exceptions::{changed, page, read, resolve, told};
use super::row::{count, list, one, parsed, run, unsigned, word};
use super::sql::sql;
use super::timeline::central;
use super::{Result, SqliteStore, exception_repairs, exception_trend, stock, timeline};
use crate::core::exception::clock::Breach;
use crate::core::exception::repairs::{Attempt, RepairOutcome};
use crate::core::exception::{Exception, ExceptionEvent, Resolution};
use crate::ports::exceptions::{
    BeginOutcome, ExceptionQueue, OpenCount, QueueFilter, RepairWish, TakeOutcome, TrendRows, WaitOutcome,
};
use crate::ports::{Page, PageRequest};
use async_trait::async_trait;
use holdfast_shared::ids::{Actor, ExceptionId, OrderId, TaskId, TenantId};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, named_params};

#[async_trait]
impl ExceptionQueue for SqliteStore {
    async fn exception_page(
        &self,
        tenant: &TenantId,
        filter: &QueueFilter,
        request: &PageRequest,
    ) -> Result<Page<Exception>> {
        let (tenant, filter, request) = (tenant.clone(), filter.clone(), request.clone());
        self.read(move |conn| page(conn, &tenant, &filter, &request)).await
    }

    async fn exception(&self, tenant: &TenantId, exception: &ExceptionId) -> Result<Option<Exception>> {
        let (tenant, exception) = (tenant.clone(), exception.clone());
        self.read(move |conn| told(conn, &tenant, &exception)).await
    }

    async fn exception_record(
        &self,
        tenant: &TenantId,
        exception: &ExceptionId,
    ) -> Result<(Vec<ExceptionEvent>, Vec<Attempt>)> {
        let (tenant, exception) = (tenant.clone(), exception.clone());
        self.read(move |conn| {
            let attempts = exception_repairs::attempts(conn, &tenant, &exception)?;
            Ok((events(conn, &tenant, &exception)?, attempts))
        })
        .await
    }

    async fn take_exception(
        &self,
        tenant: &TenantId,
        exception: &ExceptionId,
        actor: &Actor,
        from_others: bool,
        now: UtcMs,
    ) -> Result<TakeOutcome> {
        let (tenant, exception, actor) = (tenant.clone(), exception.clone(), actor.clone());
        self.write(move |conn, _| take(conn, (&tenant, &exception), &actor, from_others, now)).await
    }

    async fn wait_exception(
        &self,
        tenant: &TenantId,
        exception: &ExceptionId,
        on: Option<&str>,
        actor: &Actor,
        now: UtcMs,
    ) -> Result<WaitOutcome> {
        let (tenant, exception, actor) = (tenant.clone(), exception.clone(), actor.clone());
        let on = on.map(str::to_owned);
        self.write(move |conn, _| wait(conn, (&tenant, &exception), on.as_deref(), &actor, now)).await
    }

    async fn resolve_exceptions(
        &self,
        tenant: &TenantId,
        exceptions: &[(ExceptionId, Resolution)],
        now: UtcMs,
    ) -> Result<Vec<ExceptionId>> {
        let (tenant, exceptions) = (tenant.clone(), exceptions.to_vec());
        self.write(move |conn, _| {
            let mut ended = Vec::new();
            for (exception, resolution) in &exceptions {
                if resolve(conn, &tenant, exception, resolution, now)? {
                    let words = (&*resolution.words, "resolved");
                    note(conn, (&tenant, exception), &resolution.by, words, now)?;
                    ended.push(exception.clone());
                }
            }
            Ok(ended)
        })
        .await
    }

    async fn begin_repair(&self, tenant: &TenantId, wish: &RepairWish, now: UtcMs) -> Result<BeginOutcome> {
        let (tenant, wish) = (tenant.clone(), wish.clone());
        self.write(move |conn, _| exception_repairs::begin(conn, &tenant, &wish, now)).await
    }

    async fn end_repair(
        &self,
        tenant: &TenantId,
        exception: &ExceptionId,
        attempt: u32,
        (outcome, words): (RepairOutcome, &str),
        now: UtcMs,
    ) -> Result<()> {
        let (tenant, exception, words) = (tenant.clone(), exception.clone(), words.to_owned());
        self.write(move |conn, _| {
            exception_repairs::end(conn, (&tenant, &exception), attempt, (outcome, &words), now)
        })
        .await
    }

    async fn untold_exceptions(&self, after: i64, limit: u32) -> Result<Vec<(i64, TenantId, Exception)>> {
        self.read(move |conn| {
            let params = named_params! { ":after": after, ":rows": limit };
            list(conn, sql!(EXCEPTIONS.untold), params, |row| {
                let (sequence, exception) = read(row)?;
                Ok((sequence, parsed(row, "tenant")?, exception))
            })
        })
        .await
    }

    async fn tell_breach(
        &self,
        tenant: &TenantId,
        exception: &ExceptionId,
        breach: Breach,
        now: UtcMs,
    ) -> Result<bool> {
        let (tenant, exception) = (tenant.clone(), exception.clone());
        self.write(move |conn, _| tell(conn, (&tenant, &exception), breach, now)).await
    }

    async fn count_open(&self) -> Result<Vec<OpenCount>> {
        self.read(|conn| {
            list(conn, sql!(EXCEPTIONS.count_open), [], |row| {
                Ok(OpenCount {
                    tenant: parsed(row, "tenant")?,
                    category: word(row, "category")?,
                    severity: word(row, "severity")?,
                    open: unsigned(row, "open")?,
                    late: unsigned(row, "late")?,
                })
            })
        })
        .await
    }

    async fn exception_trend(&self, tenant: &TenantId, from: UtcMs, until: UtcMs) -> Result<TrendRows> {
        let tenant = tenant.clone();
        self.read(move |conn| exception_trend::trend(conn, &tenant, from, until)).await
    }

    async fn route_again(&self, tenant: &TenantId, order: &OrderId, now: UtcMs) -> Result<bool> {
        let (tenant, order) = (tenant.clone(), order.clone());
        self.write(move |conn, _| {
            let params =
                named_params! { ":tenant": tenant.as_str(), ":order": order.as_str(), ":now": now.0 };
            Ok(run(conn, sql!(EXCEPTIONS.route_again), params)? > 0)
        })
        .await
    }

    async fn fold_again(&self, tenant: &TenantId, order: &OrderId, now: UtcMs) -> Result<bool> {
        let (tenant, order) = (tenant.clone(), order.clone());
        self.write(move |conn, _| {
            let key = [tenant.as_str(), order.as_str()];
            let state = || one(conn, sql!(ORDERS.state_of), key, |row| row.get::<_, String>("state"));
            let before = state()?;
            timeline::refresh(conn, &tenant, &order, now)?;
            Ok(state()? != before)
        })
        .await
    }

    async fn stuck_units(&self, tenant: &TenantId, task: &TaskId) -> Result<i64> {
        let (tenant, task) = (tenant.clone(), task.clone());
        self.read(move |conn| stuck_units(conn, &tenant, &task)).await
    }

    async fn release_hold(&self, tenant: &TenantId, task: &TaskId, now: UtcMs) -> Result<i64> {
        let (tenant, task) = (tenant.clone(), task.clone());
        self.write(move |conn, _| {
            let units = stuck_units(conn, &tenant, &task)?;
            if units > 0 {
                stock::end_holds(conn, &tenant, &task, now)?;
            }
            Ok(units)
        })
        .await
    }
}

fn events(conn: &Connection, tenant: &TenantId, exception: &ExceptionId) -> Result<Vec<ExceptionEvent>> {
    let params = named_params! { ":tenant": tenant.as_str(), ":exception": exception.as_str() };
    list(conn, sql!(EXCEPTIONS.events), params, |row| {
        Ok(ExceptionEvent {
            number: count(row, "number")?,
            at: UtcMs(row.get("at")?),
            actor: parsed(row, "actor")?,
            kind: row.get("kind")?,
            words: row.get("words")?,
        })
    })
}

fn take(
    conn: &Connection,
    (tenant, exception): (&TenantId, &ExceptionId),
    actor: &Actor,
    from_others: bool,
    now: UtcMs,
) -> Result<TakeOutcome> {
    let Some(stands) = told(conn, tenant, exception)? else { return Ok(TakeOutcome::Unknown) };
    if stands.resolved_at.is_some() {
        return Ok(TakeOutcome::Over);
    }
    let words = match &stands.taken_by {
        Some(holder) if holder == actor => return Ok(TakeOutcome::Already),
        Some(holder) if !from_others => return Ok(TakeOutcome::HeldBy(holder.clone())),
        Some(holder) => format!("taken over from {holder}"),
        None => "taken".to_owned(),
    };
    let params = named_params! {
        ":tenant": tenant.as_str(), ":exception": exception.as_str(), ":actor": actor.as_str(), ":now": now.0,
    };
    run(conn, sql!(EXCEPTIONS.take), params)?;
    note_act(conn, (tenant, exception), actor, (&words, "taken"), now)?;
    changed(conn, tenant, exception, "taken", now)?;
    Ok(TakeOutcome::Taken)
}

fn wait(
    conn: &Connection,
    (tenant, exception): (&TenantId, &ExceptionId),
    on: Option<&str>,
    actor: &Actor,
    now: UtcMs,
) -> Result<WaitOutcome> {
    let Some(stands) = told(conn, tenant, exception)? else { return Ok(WaitOutcome::Unknown) };
    if stands.resolved_at.is_some() {
        return Ok(WaitOutcome::Over);
    }
    let id = (tenant.as_str(), exception.as_str());
    let rows = match on {
        Some(on) => {
            let params = named_params! { ":tenant": id.0, ":exception": id.1, ":on": on, ":now": now.0 };
            run(conn, sql!(EXCEPTIONS.wait), params)?
        }
        None => {
            let params = named_params! { ":tenant": id.0, ":exception": id.1, ":now": now.0 };
            run(conn, sql!(EXCEPTIONS.go_on), params)?
        }
    };
    if rows == 0 {
        return Ok(WaitOutcome::Already);
    }
    let said = on.map_or(("its clock goes on", "resumed"), |on| (on, "waiting"));
    note_act(conn, (tenant, exception), actor, said, now)?;
    changed(conn, tenant, exception, said.1, now)?;
    Ok(WaitOutcome::Done)
}

fn tell(
    conn: &Connection,
    (tenant, exception): (&TenantId, &ExceptionId),
    breach: Breach,
    now: UtcMs,
) -> Result<bool> {
    let params = named_params! { ":tenant": tenant.as_str(), ":exception": exception.as_str() };
    let (rows, words) = match breach {
        Breach::Look => (run(conn, sql!(EXCEPTIONS.tell_look), params)?, "nobody has taken it in its time"),
        Breach::End => (run(conn, sql!(EXCEPTIONS.tell_end), params)?, "it was not over in its time"),
    };
    if rows > 0 {
        note(conn, (tenant, exception), &central()?, (words, breach.as_str()), now)?;
        changed(conn, tenant, exception, breach.as_str(), now)?;
    }
    Ok(rows > 0)
}

fn stuck_units(conn: &Connection, tenant: &TenantId, task: &TaskId) -> Result<i64> {
    let params = named_params! { ":tenant": tenant.as_str(), ":task": task.as_str() };
    Ok(one(conn, sql!(EXCEPTIONS.stuck_units), params, |row| row.get("units"))?.unwrap_or_default())
}
