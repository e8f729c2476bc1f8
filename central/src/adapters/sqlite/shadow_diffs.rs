//! Differences that were found: told in pages, settled by people, summed up, and dropped when they are old.

use super::row::{below, fetch, from_json, list, one, paged, parsed, parsed_or_none, run, unsigned, word};
use super::shadow_book::{Booked, count, read_booked, read_counted, uncount};
use super::sql::sql;
use super::{Result, shadow_alarms, shadow_page};
use crate::core::shadow::judge::Finding;
use crate::core::shadow::words::{Against, DiffClass, DiffSeverity, Triage};
use crate::core::stock::report::Day;
use crate::ports::shadow::{Diff, DiffFilter, Judgement, Tally, Top, Tops, Triaged};
use crate::ports::{Page, PageRequest};
use holdfast_shared::ids::{DecisionId, TenantId};
use holdfast_shared::limits::{HOUSEKEEPING_ROWS_MAX, SHADOW_TOLD_MAX, SHADOW_TRIAGED_MAX};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row, named_params};
use serde::de::DeserializeOwned;

const DAY_MS: i64 = 86_400_000;

fn json_or_none<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<T>> {
    let kept = row.get_ref(column)?.as_str_or_null()?.is_some();
    if kept { from_json(row, column).map(Some) } else { Ok(None) }
}

fn read_diff(row: &Row<'_>) -> rusqlite::Result<(i64, Diff)> {
    let decision: String = row.get("decision")?;
    let triaged = match parsed_or_none(row, "triaged_by")? {
        Some(by) => {
            Some(Triaged { by, at: UtcMs(row.get("triaged_at")?), reason: row.get("triage_reason")? })
        }
        None => None,
    };
    let diff = Diff {
        diff: unsigned(row, "diff")?,
        against: parsed(row, "against")?,
        order: parsed(row, "order_name")?,
        line: holdfast_shared::ids::LineNo(row.get("line")?),
        decision: DecisionId::new(decision).ok(),
        sku: parsed_or_none(row, "sku")?,
        finding: Finding {
            class: word(row, "class")?,
            severity: word(row, "severity")?,
            rule: row.get("rule")?,
            words: row.get("words")?,
        },
        here: json_or_none(row, "here")?,
        there: json_or_none(row, "there")?,
        found_at: UtcMs(row.get("found_at")?),
        triage: word(row, "triage")?,
        triaged,
    };
    Ok((row.get("diff")?, diff))
}

pub(super) fn page(
    conn: &Connection,
    tenant: &TenantId,
    filter: &DiffFilter,
    page: &PageRequest,
) -> Result<Page<Diff>> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":below": below(page)?,
        ":day": filter.day.map(|day| day.0),
        ":against": filter.against.map(|against| against.to_string()),
        ":class": filter.class.map(DiffClass::as_str),
        ":severity": filter.severity.map(DiffSeverity::as_str),
        ":triage": filter.triage.map(Triage::as_str),
        ":rows": fetch(page),
    };
    Ok(paged(list(conn, sql!(SHADOW.diffs), params, read_diff)?, page))
}

pub(super) fn triage(
    conn: &Connection,
    tenant: &TenantId,
    judgement: &Judgement,
    now: UtcMs,
) -> Result<Option<u32>> {
    let Ok(number) = i64::try_from(judgement.diff) else { return Ok(None) };
    let named = one(conn, sql!(SHADOW.diff), (number, tenant.as_str()), |row| {
        Ok((read_booked(row)?, parsed::<Against>(row, "against")?, row.get::<_, Option<String>>("rule")?))
    })?;
    let Some((named, against, rule)) = named else { return Ok(None) };
    let mut settled = Vec::new();
    if judgement.alike {
        let params = named_params! {
            ":tenant": tenant.as_str(), ":against": against.to_string(), ":class": named.class.as_str(),
            ":rule": rule, ":rows": SHADOW_TRIAGED_MAX,
        };
        settled = list(conn, sql!(SHADOW.diffs_alike), params, read_booked)?;
        settled.retain(|other| other.diff != named.diff);
    }
    settled.push(named);
    for booked in &settled {
        settle(conn, (tenant, against), booked, judgement, now)?;
    }
    Ok(Some(u32::try_from(settled.len()).unwrap_or(u32::MAX)))
}

fn settle(
    conn: &Connection,
    (tenant, against): (&TenantId, Against),
    booked: &Booked,
    judgement: &Judgement,
    now: UtcMs,
) -> Result<()> {
    // Who opens one again gives no judgement that could be shown.
    let said = judgement.triage != Triage::Open;
    let params = named_params! {
        ":diff": booked.diff,
        ":triage": judgement.triage.as_str(),
        ":by": said.then(|| judgement.by.as_str()),
        ":now": said.then_some(now.0),
        ":reason": said.then_some(judgement.reason.as_str()),
    };
    run(conn, sql!(SHADOW.triage_diff), params)?;
    let page = shadow_page::Page { tenant, against, day: booked.day };
    uncount(conn, page, booked.counted(booked.triage))?;
    count(conn, page, booked.counted(judgement.triage))?;
    if booked.severity == DiffSeverity::Critical {
        shadow_alarms::end_if_none_is_left(conn, (tenant, against), booked.class, now)?;
    }
    Ok(())
}

pub(super) fn tally(conn: &Connection, tenant: &TenantId, (first, last): (Day, Day)) -> Result<Vec<Tally>> {
    let params = named_params! { ":tenant": tenant.as_str(), ":first": first.0, ":last": last.0 };
    list(conn, sql!(SHADOW.tally), params, |row| {
        Ok(Tally {
            day: Day(row.get("day")?),
            against: parsed(row, "against")?,
            counted: read_counted(row)?,
            lines: unsigned(row, "lines")?,
        })
    })
}

pub(super) fn tops(conn: &Connection, tenant: &TenantId, day: Day, against: Against) -> Result<Tops> {
    let most = |sql: &str| {
        let params = named_params! {
            ":tenant": tenant.as_str(), ":day": day.0, ":against": against.to_string(), ":rows": SHADOW_TOLD_MAX,
        };
        list(conn, sql, params, |row| Ok(Top { name: row.get("name")?, lines: unsigned(row, "lines")? }))
    };
    Ok(Tops {
        skus: most(sql!(SHADOW.top_skus))?,
        nodes: most(sql!(SHADOW.top_nodes))?,
        rules: most(sql!(SHADOW.top_rules))?,
    })
}

pub(super) fn sweep(conn: &Connection, before: Day) -> Result<bool> {
    let rows = i64::try_from(HOUSEKEEPING_ROWS_MAX).map_err(super::error::unreadable)?;
    let diffs = run(conn, sql!(SHADOW.drop_diffs), named_params! { ":before": before.0, ":rows": rows })?;
    run(conn, sql!(SHADOW.drop_tally), [before.0])?;
    let heard_before = before.0.saturating_mul(DAY_MS);
    let heard =
        run(conn, sql!(LEGACY.drop_legacy), named_params! { ":before": heard_before, ":rows": rows })?;
    Ok(diffs.max(heard) >= HOUSEKEEPING_ROWS_MAX)
}
