//! Parcels beside their tasks: labels that could not be made, and goods that come from other stores.

use super::value::{id, json, to_json};
use crate::core::parcels::{Parcels, TakenIn, still_expected};
use crate::ports::ledger::Absorbed;
use holdfast_platform::sqlite::StorageError;
use holdfast_shared::domain::fact::{Body, Fact};
use holdfast_shared::domain::stock::Movement;
use holdfast_shared::ids::TaskId;
use holdfast_shared::limits::PARCELS_TOLD_MAX;
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::sync::{LabelReport, ParcelNews, SyncResponse};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeSet;

const NEWS: &str = include_str!("parcels/news.sql");
const NEWS_PUT: &str = include_str!("parcels/news_put.sql");
const REPORT: &str = include_str!("parcels/report.sql");
const REPORTS: &str = include_str!("parcels/reports.sql");
const NOTED: &str = include_str!("parcels/noted.sql");
const TAKE_IN: &str = include_str!("parcels/take_in.sql");
const TAKEN: &str = include_str!("parcels/taken.sql");
const TAKEN_FORGET: &str = include_str!("parcels/taken_forget.sql");

/// As central told it last.
pub(super) fn news(connection: &Connection) -> Result<ParcelNews, StorageError> {
    let text: Option<String> = connection.prepare_cached(NEWS)?.query_row([], |row| row.get(0)).optional()?;
    Ok(text.as_deref().map(json).transpose()?.unwrap_or_default())
}

/// What is to be told to central, oldest first.
pub(super) fn reports(connection: &Connection) -> Result<Vec<LabelReport>, StorageError> {
    let limit = i64::try_from(PARCELS_TOLD_MAX).map_err(StorageError::unreadable)?;
    let mut statement = connection.prepare_cached(REPORTS)?;
    let mut rows = statement.query([limit])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(LabelReport {
            id: row.get(0)?,
            task: id(&row.get::<_, String>(1)?)?,
            service: row.get(2)?,
            reason: row.get(3)?,
            by: id(&row.get::<_, String>(4)?)?,
            at: UtcMs(row.get(5)?),
        });
    }
    Ok(found)
}

pub(super) fn report(connection: &Connection, report: &LabelReport) -> Result<(), StorageError> {
    connection.prepare_cached(REPORT)?.execute(params![
        report.id,
        report.task.as_str(),
        report.service,
        report.reason,
        report.by.as_str(),
        report.at.0
    ])?;
    Ok(())
}

/// As people are shown it.
pub(super) fn shown(connection: &Connection) -> Result<Parcels, StorageError> {
    let ParcelNews { labels, expected, made } = news(connection)?;
    let expected = still_expected(expected, &taken(connection)?);
    Ok(Parcels { labels, reported: reports(connection)?, expected, made })
}

fn taken(connection: &Connection) -> Result<Vec<TakenIn>, StorageError> {
    let mut statement = connection.prepare_cached(TAKEN)?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let parcel: String = row.get(2)?;
        found.push(TakenIn {
            from: id(&row.get::<_, String>(0)?)?,
            sku: id(&row.get::<_, String>(1)?)?,
            parcel: (!parcel.is_empty()).then(|| id(&parcel)).transpose()?,
            units: row.get(3)?,
        });
    }
    Ok(found)
}

/// What was recorded in just now is expected no more, before central says so.
pub(super) fn after(connection: &Connection, facts: &[Fact]) -> Result<(), StorageError> {
    for fact in facts {
        let Body::Stock(stock) = &fact.body else { continue };
        let Movement::TransferIn { from } = &stock.movement else { continue };
        let expected = news(connection)?.expected;
        let mut awaited = expected
            .iter()
            .filter(|parcel| parcel.from == *from && parcel.lines.iter().any(|line| line.sku == stock.sku));
        let note = stock.note.as_deref().unwrap_or_default();
        let Some(first) = awaited.next() else { continue };
        let named =
            std::iter::once(first).chain(awaited).find(|parcel| note.contains(parcel.parcel.as_str()));
        let parcel = named.map(|parcel| parcel.parcel.as_str()).unwrap_or_default();
        connection.prepare_cached(TAKE_IN)?.execute(params![
            from.as_str(),
            stock.sku.as_str(),
            parcel,
            stock.delta
        ])?;
    }
    Ok(())
}

/// What central says of parcels from now on. Level with it, it has taken off what was recorded in here.
pub(super) fn take_over(
    connection: &Connection,
    response: &SyncResponse,
    absorbed: &mut Absorbed,
) -> Result<(), StorageError> {
    for id in &response.labels_noted {
        connection.prepare_cached(NOTED)?.execute([id])?;
    }
    if absorbed.level {
        connection.prepare_cached(TAKEN_FORGET)?.execute([])?;
    }
    let Some(told) = &response.parcels else { return Ok(()) };
    let before = news(connection)?;
    let mut now = told.clone();
    now.labels.truncate(PARCELS_TOLD_MAX);
    now.expected.truncate(PARCELS_TOLD_MAX);
    now.made.truncate(PARCELS_TOLD_MAX);
    connection.prepare_cached(NEWS_PUT)?.execute([to_json(&now)?])?;
    absorbed.parcels = now.expected != before.expected;
    let of = |news: &ParcelNews, other: &ParcelNews| -> BTreeSet<TaskId> {
        let changed = news.labels.iter().filter(|label| !other.labels.contains(label));
        let made = news.made.iter().filter(|label| !other.made.contains(label));
        changed.map(|label| label.task.clone()).chain(made.map(|label| label.task.clone())).collect()
    };
    absorbed.tasks.extend(of(&now, &before).union(&of(&before, &now)).cloned());
    Ok(())
}
