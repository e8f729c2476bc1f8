//! Parcels that no carrier takes, and what became of them.

use super::exceptions::raise;
use super::promise_changes::{About, follow_plans};
use super::row::{list, one, parsed, run, word};
use super::shipment_rows::wake;
use super::sql::sql;
use super::tasks::load;
use super::timeline::{Happened, central, note};
use super::{Result, SqliteStore};
use crate::core::exception::{Category, NewException, Severity};
use crate::core::labels::{LabelFailure, LabelOutcome, Settled};
use crate::ports::labels::{Labels, NewLabelFailure, Settling};
use async_trait::async_trait;
use holdfast_shared::domain::task::TaskState;
use holdfast_shared::ids::{TaskId, TenantId};
use holdfast_shared::limits::PAGE_ROWS_MAX;
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row, named_params};

#[async_trait]
impl Labels for SqliteStore {
    async fn report_label(&self, failure: &NewLabelFailure, now: UtcMs) -> Result<Option<LabelFailure>> {
        let failure = failure.clone();
        self.write(move |conn, _| report(conn, &failure, now)).await
    }

    async fn label_failures(&self, tenant: &TenantId, task: &TaskId) -> Result<Vec<LabelFailure>> {
        let (tenant, task) = (tenant.clone(), task.clone());
        self.read(move |conn| of_task(conn, &tenant, &task)).await
    }

    async fn waiting_labels(&self, limit: u32) -> Result<Vec<LabelFailure>> {
        self.read(move |conn| list(conn, sql!(LABELS.waiting), [limit.min(PAGE_ROWS_MAX)], read)).await
    }

    async fn settle_label(&self, failure: &LabelFailure, settling: &Settling, now: UtcMs) -> Result<()> {
        let (failure, settling) = (failure.clone(), settling.clone());
        self.write(move |conn, _| settle(conn, &failure, &settling, now)).await
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<LabelFailure> {
    let service: String = row.get("service")?;
    let settled = row.get::<_, Option<String>>("outcome")?.map(|_| {
        Ok::<_, rusqlite::Error>(Settled {
            outcome: word(row, "outcome")?,
            next_service: row.get("next_service")?,
            words: row.get("words")?,
        })
    });
    Ok(LabelFailure {
        tenant: parsed(row, "tenant")?,
        task: parsed(row, "task")?,
        service: (!service.is_empty()).then_some(service),
        reason: row.get("reason")?,
        reported_at: UtcMs(row.get("reported_at")?),
        settled: settled.transpose()?,
    })
}

fn of_task(conn: &Connection, tenant: &TenantId, task: &TaskId) -> Result<Vec<LabelFailure>> {
    list(conn, sql!(LABELS.of_task), [tenant.as_str(), task.as_str()], read)
}

pub(super) fn report(conn: &Connection, new: &NewLabelFailure, now: UtcMs) -> Result<Option<LabelFailure>> {
    let NewLabelFailure { tenant, task, reason, by, .. } = new;
    let Some(state) = load(conn, tenant, task)? else { return Ok(None) };
    let before = of_task(conn, tenant, task)?.into_iter().max_by_key(|failure| failure.reported_at);
    if let Some(before) = before.filter(|_| new.service.is_none()) {
        // It may be the same report once more, and by now another service is planned, which has not failed.
        return Ok(Some(before));
    }
    let key = [tenant.as_str(), task.as_str()];
    let service = match &new.service {
        Some(named) => Some(named.clone()),
        None => one(conn, sql!(LABELS.planned_service), key, |row| row.get::<_, String>("service"))?,
    };
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":task": task.as_str(),
        ":service": service.as_deref().unwrap_or_default(),
        ":reason": reason,
        ":by": by.as_str(),
        ":now": now.0,
    };
    let is_new = run(conn, sql!(LABELS.report), params)? > 0;
    let found = of_task(conn, tenant, task)?.into_iter().find(|failure| failure.service == service);
    if let Some(failure) = found.as_ref().filter(|_| is_new) {
        let happened = Happened {
            kind: "label_failed",
            at: now,
            actor: by,
            store: Some(&state.store),
            task: Some(task),
            words: &failure.why(),
        };
        note(conn, tenant, &state.order, &happened)?;
    }
    Ok(found)
}

fn settle(conn: &Connection, failure: &LabelFailure, settling: &Settling, now: UtcMs) -> Result<()> {
    let LabelFailure { tenant, task, .. } = failure;
    let Some(state) = load(conn, tenant, task)? else { return Ok(()) };
    let next = settling.journey.as_ref().and_then(|journey| journey.service.as_ref());
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":task": task.as_str(),
        ":service": failure.service.as_deref().unwrap_or_default(),
        ":outcome": settling.outcome.as_str(),
        ":next_service": next,
        ":words": settling.words,
        ":now": now.0,
    };
    if run(conn, sql!(LABELS.settle), params)? == 0 {
        return Ok(());
    }
    let actor = central()?;
    let happened = |kind| Happened {
        kind,
        at: now,
        actor: &actor,
        store: Some(&state.store),
        task: Some(task),
        words: &settling.words,
    };
    match settling.outcome {
        LabelOutcome::AnotherService => {
            note(conn, tenant, &state.order, &happened("another_service"))?;
            wake(conn, tenant, task, now)?;
            plan_anew(conn, &state, failure, settling, now)
        }
        LabelOutcome::Person => {
            note(conn, tenant, &state.order, &happened("label_stuck"))?;
            raise(conn, tenant, &unlabelled(&state, settling), now)
        }
        // The move, or the end, stands in the timeline by itself.
        LabelOutcome::Moved | LabelOutcome::Ended => Ok(()),
    }
}

fn plan_anew(
    conn: &Connection,
    state: &TaskState,
    failure: &LabelFailure,
    settling: &Settling,
    now: UtcMs,
) -> Result<()> {
    // Nothing is compared where nothing was promised.
    let Some(journey) = settling.journey.as_ref().filter(|_| state.promise_by.is_some()) else {
        return Ok(());
    };
    let params = named_params! {
        ":tenant": failure.tenant.as_str(),
        ":task": failure.task.as_str(),
        ":service": journey.service,
        ":hand_over_by": journey.hand_over_by.0,
        ":arrives_by": journey.arrives_by.0,
    };
    run(conn, sql!(LABELS.plan_anew), params)?;
    let about = About { task: Some(&failure.task), store: Some(&state.store), why: &settling.words };
    follow_plans(conn, (&failure.tenant, &state.order), about, now)?;
    Ok(())
}

fn unlabelled(state: &TaskState, settling: &Settling) -> NewException {
    NewException {
        key: format!("label:{}", state.task),
        category: Category::LabelFailed,
        severity: Severity::High,
        order: Some(state.order.clone()),
        task: Some(state.task.clone()),
        store: Some(state.store.clone()),
        detail: settling.words.clone(),
        suggestion: String::from(
            "Ask the store where the goods are. Send them by another carrier, or take the work back.",
        ),
    }
}
