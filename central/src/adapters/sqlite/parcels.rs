//! What a store is told of its parcels, and what it tells of those for which it has no label.

use super::gathering_rows::{read, units_of};
use super::labels::report;
use super::row::{from_json, list, parsed, word};
use super::shipment_rows::made_for;
use super::sql::sql;
use super::tasks::load;
use super::{Result, error};
use crate::core::gathering::{Gathering, GatheringNow, parcels};
use crate::core::labels::LabelOutcome;
use crate::ports::access::ReplicaIdentity;
use crate::ports::labels::NewLabelFailure;
use holdfast_shared::domain::task::TaskState;
use holdfast_shared::ids::{StoreId, TaskId, TenantId};
use holdfast_shared::limits::{GATHER_WITHIN_MS_MAX, NOTE_CHARS_MAX, PARCELS_TOLD_MAX};
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::sync::{
    ExpectedLine, ExpectedParcel, LabelBecomes, LabelNews, LabelReport, ParcelNews, SyncRequest,
};
use rusqlite::{Connection, Row, named_params};

/// Longer ago nobody waits for a parcel any more.
const REMEMBERED_MS: i64 = 2 * GATHER_WITHIN_MS_MAX;
/// Characters of the name of a carrier's service.
const SERVICE_CHARS_MAX: usize = 64;

fn rows_max() -> Result<i64> {
    i64::try_from(PARCELS_TOLD_MAX).map_err(error::unreadable)
}

/// None for one that knows it already, and for one that shows nothing of it.
pub(super) fn news(
    conn: &Connection,
    from: &ReplicaIdentity,
    request: &SyncRequest,
    now: UtcMs,
) -> Result<Option<ParcelNews>> {
    let Some(known) = request.parcels.filter(|_| request.understands_escrow()) else { return Ok(None) };
    let news = ParcelNews {
        labels: labels(conn, &from.tenant, &from.store)?,
        expected: expected(conn, &from.tenant, &from.store, now)?,
        made: if request.shows_labels {
            made_for(conn, &from.tenant, &from.store, rows_max()?)?
        } else {
            Vec::new()
        },
    };
    Ok((news.digest() != known).then_some(news))
}

fn labels(conn: &Connection, tenant: &TenantId, store: &StoreId) -> Result<Vec<LabelNews>> {
    let params = named_params! {
        ":tenant": tenant.as_str(), ":store": store.as_str(), ":rows": rows_max()?,
    };
    list(conn, sql!(PARCELS.labels_of_store), params, |row| {
        let service: String = row.get("service")?;
        Ok(LabelNews {
            task: parsed(row, "task")?,
            service: (!service.is_empty()).then_some(service),
            reason: row.get("reason")?,
            reported_at: UtcMs(row.get("reported_at")?),
            becomes: becomes(row)?,
            instead: row.get("next_service")?,
            words: row.get("words")?,
        })
    })
}

fn becomes(row: &Row<'_>) -> rusqlite::Result<LabelBecomes> {
    if row.get::<_, Option<String>>("outcome")?.is_none() {
        return Ok(LabelBecomes::Waits);
    }
    Ok(match word(row, "outcome")? {
        LabelOutcome::AnotherService => LabelBecomes::AnotherService,
        LabelOutcome::Moved => LabelBecomes::Moves,
        LabelOutcome::Person => LabelBecomes::Person,
        LabelOutcome::Ended => LabelBecomes::Ended,
    })
}

fn expected(
    conn: &Connection,
    tenant: &TenantId,
    store: &StoreId,
    now: UtcMs,
) -> Result<Vec<ExpectedParcel>> {
    let mut expected = Vec::new();
    for GatheringNow { gathering, parcels } in at_store(conn, tenant, store, now)? {
        let late = gathering.ended_at.is_some();
        for parcel in parcels.into_iter().filter(|parcel| !late || parcel.left_at.is_some()) {
            if expected.len() >= PARCELS_TOLD_MAX {
                return Ok(expected);
            }
            let lines = parcel.lines.into_iter();
            expected.push(ExpectedParcel {
                parcel: gathering.child.clone(),
                order: gathering.order.clone(),
                from: parcel.from,
                lines: lines.map(|line| ExpectedLine { sku: line.sku, units: line.units }).collect(),
                left_at: parcel.left_at,
                due_by: gathering.arrives_by,
                late,
            });
        }
    }
    Ok(expected)
}

/// What comes together at a store, and what is late there.
pub(super) fn at_store(
    conn: &Connection,
    tenant: &TenantId,
    store: &StoreId,
    now: UtcMs,
) -> Result<Vec<GatheringNow>> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":store": store.as_str(),
        ":since": now.plus(-REMEMBERED_MS).0,
        ":rows": rows_max()?,
    };
    let found = list(conn, sql!(PARCELS.gatherings_at), params, read)?;
    found.into_iter().map(|gathering| with_parcels(conn, tenant, gathering)).collect()
}

/// What comes together anywhere, the one that is due first first.
pub(super) fn open(conn: &Connection, tenant: &TenantId) -> Result<Vec<GatheringNow>> {
    let params = named_params! { ":tenant": tenant.as_str(), ":rows": rows_max()? };
    let found = list(conn, sql!(PARCELS.gatherings_open), params, read)?;
    found.into_iter().map(|gathering| with_parcels(conn, tenant, gathering)).collect()
}

fn with_parcels(conn: &Connection, tenant: &TenantId, gathering: Gathering) -> Result<GatheringNow> {
    let units = units_of(conn, tenant, &gathering.order)?;
    let key = [tenant.as_str(), gathering.child.as_str()];
    let tasks: Vec<TaskState> = list(conn, sql!(PARCELS.tasks_of_order), key, |row| from_json(row, "state"))?;
    let parcels = parcels(&units, &tasks);
    Ok(GatheringNow { gathering: Gathering { units, ..gathering }, parcels })
}

/// What came of the reports of a store.
#[derive(Debug, Default)]
pub(super) struct Reported {
    /// Each is written down, or is about nothing that the store has.
    pub(super) noted: Vec<String>,
    /// Of which tasks something new is known.
    pub(super) tasks: Vec<TaskId>,
}

/// Labels that staff could not make. What becomes of the parcels the reconciler says.
pub(super) fn hear(
    conn: &Connection,
    from: &ReplicaIdentity,
    reports: &[LabelReport],
    now: UtcMs,
) -> Result<Reported> {
    let mut heard = Reported::default();
    for told in reports.iter().take(PARCELS_TOLD_MAX) {
        heard.noted.push(told.id.clone());
        let known = load(conn, &from.tenant, &told.task)?;
        let Some(state) = known.filter(|state| state.store == from.store) else {
            tracing::warn!(task = %told.task, store = %from.store, "a label was reported for no task of the store");
            continue;
        };
        if state.phase.is_final() {
            continue;
        }
        let short = |text: &str, chars: usize| text.chars().take(chars).collect::<String>();
        let failure = NewLabelFailure {
            tenant: from.tenant.clone(),
            task: told.task.clone(),
            service: told.service.as_deref().map(|name| short(name, SERVICE_CHARS_MAX)),
            reason: short(&told.reason, NOTE_CHARS_MAX),
            by: told.by.clone(),
        };
        if report(conn, &failure, now)?.is_some_and(|failure| failure.settled.is_none()) {
            heard.tasks.push(told.task.clone());
        }
    }
    Ok(heard)
}
