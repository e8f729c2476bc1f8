//! What was counted and kept of comparisons. Counts and single differences change together.

use super::row::{list, one, run, to_json, word};
use super::shadow_page::Page;
use super::sql::sql;
use super::{Result, shadow_alarms};
use crate::core::policy::version::PolicyVersion;
use crate::core::shadow::gate::Shown;
use crate::core::shadow::report::{Counted, summary};
use crate::core::shadow::words::{Against, DiffClass, DiffSeverity, Triage};
use crate::core::shadow::{Compared, Outcome};
use crate::core::stock::report::Day;
use holdfast_shared::ids::{DecisionId, Sku, TenantId};
use holdfast_shared::limits::SHADOW_DIFFS_A_DAY_MAX;
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row, named_params};

const EQUAL: &str = "equal";
const NOT_COMPARED: &str = "not_compared";

pub(super) fn read_counted(row: &Row<'_>) -> rusqlite::Result<Counted> {
    match row.get_ref("outcome")?.as_str()? {
        EQUAL => Ok(Counted::Equal),
        NOT_COMPARED => Ok(Counted::NotCompared),
        _ => Ok(Counted::Differs {
            class: word::<DiffClass>(row, "outcome")?,
            severity: word::<DiffSeverity>(row, "severity")?,
            triage: word::<Triage>(row, "triage")?,
        }),
    }
}

const fn columns(counted: Counted) -> (&'static str, &'static str, &'static str) {
    match counted {
        Counted::Equal => (EQUAL, "", ""),
        Counted::NotCompared => (NOT_COMPARED, "", ""),
        Counted::Differs { class, severity, triage } => (class.as_str(), severity.as_str(), triage.as_str()),
    }
}

pub(super) fn count(conn: &Connection, page: Page<'_>, counted: Counted) -> Result<()> {
    let (outcome, severity, triage) = columns(counted);
    let against = page.against.to_string();
    let params = named_params! {
        ":tenant": page.tenant.as_str(), ":against": against, ":day": page.day.0,
        ":outcome": outcome, ":severity": severity, ":triage": triage,
    };
    run(conn, sql!(SHADOW.count_line), params)?;
    Ok(())
}

pub(super) fn uncount(conn: &Connection, page: Page<'_>, counted: Counted) -> Result<()> {
    let (outcome, severity, triage) = columns(counted);
    let against = page.against.to_string();
    let params = named_params! {
        ":tenant": page.tenant.as_str(), ":against": against, ":day": page.day.0,
        ":outcome": outcome, ":severity": severity, ":triage": triage,
    };
    run(conn, sql!(SHADOW.uncount_line), params)?;
    Ok(())
}

/// A difference by its number, with what it was counted as.
pub(super) struct Booked {
    pub(super) diff: i64,
    pub(super) day: Day,
    pub(super) class: DiffClass,
    pub(super) severity: DiffSeverity,
    pub(super) triage: Triage,
}

impl Booked {
    pub(super) const fn counted(&self, triage: Triage) -> Counted {
        Counted::Differs { class: self.class, severity: self.severity, triage }
    }
}

pub(super) fn read_booked(row: &Row<'_>) -> rusqlite::Result<Booked> {
    Ok(Booked {
        diff: row.get("diff")?,
        day: Day(row.get("day")?),
        class: word(row, "class")?,
        severity: word(row, "severity")?,
        triage: word(row, "triage")?,
    })
}

/// Counts each line, and keeps those that differ while the day has room. What was found of the same line
/// before counts no more.
pub(super) fn note(
    conn: &Connection,
    tenant: &TenantId,
    against: Against,
    compared: &[Compared],
    now: UtcMs,
) -> Result<()> {
    let page = Page { tenant, against, day: Day::of(now) };
    let kept: Option<u32> =
        one(conn, sql!(SHADOW.diffs_of_day), (tenant.as_str(), page.day.0), |row| row.get("diffs"))?;
    let mut room = SHADOW_DIFFS_A_DAY_MAX.saturating_sub(kept.unwrap_or_default());
    for line in compared {
        forget(conn, page, line)?;
        count(conn, page, Counted::of(line))?;
        if let Outcome::Differs(found) = &line.outcome {
            shadow_alarms::tell(conn, page, line, found, now)?;
        }
        if let (Outcome::Differs(_), Some(left)) = (&line.outcome, room.checked_sub(1)) {
            room = left;
            keep(conn, page, line, now)?;
        }
    }
    Ok(())
}

fn key(line: &Compared) -> &str {
    line.decision.as_ref().map_or("", DecisionId::as_str)
}

fn forget(conn: &Connection, page: Page<'_>, line: &Compared) -> Result<()> {
    let params = named_params! {
        ":tenant": page.tenant.as_str(), ":against": page.against.to_string(),
        ":order": line.order.as_str(), ":line": line.line.0, ":decision": key(line),
    };
    if let Some(before) = one(conn, sql!(SHADOW.diff_of_line), params, read_booked)? {
        run(conn, sql!(SHADOW.forget_diff), [before.diff])?;
        uncount(conn, Page { day: before.day, ..page }, before.counted(before.triage))?;
    }
    Ok(())
}

fn keep(conn: &Connection, page: Page<'_>, line: &Compared, now: UtcMs) -> Result<()> {
    let Outcome::Differs(found) = &line.outcome else { return Ok(()) };
    let params = named_params! {
        ":tenant": page.tenant.as_str(),
        ":against": page.against.to_string(),
        ":day": page.day.0,
        ":now": now.0,
        ":order": line.order.as_str(),
        ":line": line.line.0,
        ":decision": key(line),
        ":sku": line.sku.as_ref().map(Sku::as_str),
        ":class": found.class.as_str(),
        ":severity": found.severity.as_str(),
        ":rule": found.rule,
        ":words": found.words,
        ":here": line.here.as_ref().map(to_json).transpose()?,
        ":there": line.there.as_ref().map(to_json).transpose()?,
    };
    run(conn, sql!(SHADOW.keep_diff), params)?;
    Ok(())
}

/// What the shadow of a version has shown from that day on.
pub(super) fn shown(
    conn: &Connection,
    tenant: &TenantId,
    version: PolicyVersion,
    from: Day,
) -> Result<Shown> {
    let against = Against::Version(version).to_string();
    let params = named_params! { ":tenant": tenant.as_str(), ":against": against, ":from": from.0 };
    let counts = list(conn, sql!(SHADOW.shown), params, |row| {
        Ok((read_counted(row)?, super::row::unsigned(row, "lines")?))
    })?;
    Ok(summary(counts).shown())
}
