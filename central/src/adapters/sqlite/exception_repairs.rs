//! Repairs on record: one of a kind at a time, and once unless it is asked for anew.

use super::Result;
use super::exception_acts::note_act;
use super::exceptions::{changed, resolve, told};
use super::findings::accept_told;
use super::row::{count, list, one, parsed, run, word};
use super::sql::sql;
use super::timeline::{Happened, note};
use crate::core::exception::Resolution;
use crate::core::exception::repairs::{Attempt, RepairKind, RepairOutcome};
use crate::ports::exceptions::{BeginOutcome, RepairWish};
use holdfast_shared::ids::{Actor, ExceptionId, TenantId};
use holdfast_shared::limits::EXCEPTION_REPAIRS_MAX;
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, named_params};

pub(super) fn attempts(
    conn: &Connection,
    tenant: &TenantId,
    exception: &ExceptionId,
) -> Result<Vec<Attempt>> {
    let params = named_params! { ":tenant": tenant.as_str(), ":exception": exception.as_str() };
    list(conn, sql!(EXCEPTIONS.repairs), params, |row| {
        Ok(Attempt {
            attempt: count(row, "attempt")?,
            repair: word(row, "repair")?,
            actor: parsed(row, "actor")?,
            reason: row.get("reason")?,
            began_at: UtcMs(row.get("began_at")?),
            outcome: word(row, "outcome")?,
            words: row.get("words")?,
            ended_at: row.get::<_, Option<i64>>("ended_at")?.map(UtcMs),
        })
    })
}

pub(super) fn begin(
    conn: &Connection,
    tenant: &TenantId,
    wish: &RepairWish,
    now: UtcMs,
) -> Result<BeginOutcome> {
    let Some(stands) = told(conn, tenant, &wish.exception)? else { return Ok(BeginOutcome::Unknown) };
    let before = attempts(conn, tenant, &wish.exception)?;
    let same = before.iter().rev().find(|attempt| attempt.repair == wish.repair);
    match same.map(|attempt| (attempt.outcome, attempt)) {
        Some((RepairOutcome::Done, attempt)) if !wish.again => {
            return Ok(BeginOutcome::Before(attempt.clone()));
        }
        Some((RepairOutcome::Begun, attempt)) if attempt.began_at >= wish.lost_before => {
            return Ok(BeginOutcome::Busy(attempt.clone()));
        }
        Some((
            RepairOutcome::Done | RepairOutcome::Begun | RepairOutcome::Moot | RepairOutcome::Refused,
            _,
        ))
        | None => {}
    }
    if stands.resolved_at.is_some() {
        return Ok(BeginOutcome::Over);
    }
    let number = u32::try_from(before.len()).unwrap_or(u32::MAX).saturating_add(1);
    if number > EXCEPTION_REPAIRS_MAX {
        return Ok(BeginOutcome::TooMany);
    }
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":exception": wish.exception.as_str(),
        ":attempt": number,
        ":repair": wish.repair.as_str(),
        ":actor": wish.actor.as_str(),
        ":reason": wish.reason,
        ":now": now.0,
    };
    run(conn, sql!(EXCEPTIONS.begin_repair), params)?;
    Ok(BeginOutcome::Begun { attempt: number })
}

/// Also the order's people see what was done, and why.
pub(super) fn end(
    conn: &Connection,
    (tenant, exception): (&TenantId, &ExceptionId),
    attempt: u32,
    (outcome, words): (RepairOutcome, &str),
    now: UtcMs,
) -> Result<()> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":exception": exception.as_str(),
        ":attempt": attempt,
        ":outcome": outcome.as_str(),
        ":words": words,
        ":now": now.0,
    };
    let ended = one(conn, sql!(EXCEPTIONS.end_repair), params, |row| {
        Ok((
            word::<RepairKind>(row, "repair")?,
            parsed::<Actor>(row, "actor")?,
            row.get::<_, String>("reason")?,
        ))
    })?;
    let Some((repair, actor, reason)) = ended else { return Ok(()) };
    let did = format!("{} ({reason}): {words}", repair.as_str().replace('_', " "));
    note_act(conn, (tenant, exception), &actor, (&did, "repaired"), now)?;
    let Some(stands) = told(conn, tenant, exception)? else { return Ok(()) };
    if let Some(order) = &stands.order
        && one(conn, sql!(ORDERS.head), [tenant.as_str(), order.as_str()], |_| Ok(()))?.is_some()
    {
        let happened = Happened {
            kind: "repair",
            at: now,
            actor: &actor,
            store: stands.store.as_ref(),
            task: stands.task.as_ref(),
            words: &did,
        };
        note(conn, tenant, order, &happened)?;
    }
    if outcome == RepairOutcome::Done && repair == RepairKind::AcceptAsIs {
        let key = one(conn, sql!(EXCEPTIONS.key_of), [tenant.as_str(), exception.as_str()], |row| {
            row.get::<_, String>("key")
        })?;
        accept_told(conn, tenant, &key.unwrap_or_default(), &format!("accepted by {actor}: {reason}"))?;
    }
    if outcome == RepairOutcome::Done && repair.ends_it() {
        let resolution = Resolution { words: did, by: actor, root_cause: None, minutes: None };
        resolve(conn, tenant, exception, &resolution, now)?;
    }
    changed(conn, tenant, exception, "repaired", now)
}
