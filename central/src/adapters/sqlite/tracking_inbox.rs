//! The inbox of what carriers tell: kept once, read in time, and read again when the label of a scan comes to be known.

use super::Result;
use super::counters::next as next_number;
use super::error::unreadable;
use super::row::{below, count, fetch, from_json, list, one, paged, parsed, run, to_json, word_or_none};
use super::sql::sql;
use crate::core::parcel::notice::{NoticeOutcome, ReceivedTracking, TrackingNotice};
use crate::ports::{Page, PageRequest};
use holdfast_shared::guard::Guard;
use holdfast_shared::ids::{CarrierAccount, TenantId};
use holdfast_shared::limits::{PAGE_ROWS_MAX, SCANS_WAITING_MAX};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row, named_params};

fn read(row: &Row<'_>) -> rusqlite::Result<(i64, ReceivedTracking)> {
    let received = ReceivedTracking {
        tenant: parsed(row, "tenant")?,
        carrier: parsed(row, "carrier")?,
        notice: from_json(row, "notice")?,
        at: UtcMs(row.get("at")?),
        next_at: UtcMs(row.get("next_at")?),
        outcome: word_or_none(row, "outcome")?,
    };
    Ok((row.get("number")?, received))
}

pub(super) fn take_in(
    conn: &Connection,
    (tenant, carrier): (&TenantId, &CarrierAccount),
    notice: &TrackingNotice,
    now: UtcMs,
) -> Result<bool> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":carrier": carrier.as_str(),
        ":event": notice.event,
        ":notice": to_json(notice)?,
        ":at": now.0,
        ":number": i64::try_from(next_number(conn, "tracking")?).map_err(unreadable)?,
    };
    Ok(run(conn, sql!(SHIPMENTS.take_in), params)? > 0)
}

pub(super) fn waiting(
    conn: &Connection,
    now: UtcMs,
    beyond: UtcMs,
    limit: u32,
) -> Result<Vec<ReceivedTracking>> {
    let params = named_params! { ":now": now.0, ":beyond": beyond.0, ":rows": limit.min(PAGE_ROWS_MAX) };
    let found = list(conn, sql!(SHIPMENTS.waiting_notices), params, read)?;
    Ok(found.into_iter().map(|(_, received)| received).collect())
}

pub(super) fn put_off_so_far(
    conn: &Connection,
    (tenant, carrier): (&TenantId, &CarrierAccount),
    now: UtcMs,
) -> Result<u32> {
    let params = named_params! {
        ":tenant": tenant.as_str(), ":carrier": carrier.as_str(), ":now": now.0,
        ":counted": SCANS_WAITING_MAX,
    };
    Ok(one(conn, sql!(SHIPMENTS.scans_put_off), params, |row| count(row, "waiting"))?.unwrap_or(0))
}

pub(super) fn asked_by(
    conn: &Connection,
    (tenant, carrier): (&TenantId, &CarrierAccount),
    at: UtcMs,
) -> Result<bool> {
    let params = named_params! { ":tenant": tenant.as_str(), ":carrier": carrier.as_str(), ":at": at.0 };
    Ok(one(conn, sql!(SHIPMENTS.label_asked_by), params, |_| Ok(()))?.is_some())
}

pub(super) fn put_off(
    conn: &Connection,
    received: &ReceivedTracking,
    next_at: UtcMs,
    strange: bool,
) -> Result<()> {
    let params = named_params! {
        ":tenant": received.tenant.as_str(),
        ":carrier": received.carrier.as_str(),
        ":event": received.notice.event,
        ":next_at": next_at.0,
        ":strange": strange,
    };
    run(conn, sql!(SHIPMENTS.put_off_notice), params)?;
    Ok(())
}

pub(super) fn settle(
    conn: &Connection,
    received: &ReceivedTracking,
    outcome: NoticeOutcome,
    now: UtcMs,
) -> Result<()> {
    let (tenant, carrier) = (received.tenant.as_str(), received.carrier.as_str());
    let event = &received.notice.event;
    // What tells nothing is not ours whether its number is known or not.
    if outcome == NoticeOutcome::NotOurs && received.notice.track.is_some() {
        let params = named_params! { ":tenant": tenant, ":carrier": carrier, ":event": event, ":now": now.0 };
        run(conn, sql!(SHIPMENTS.settle_strange), params)?;
        return Ok(());
    }
    let params = named_params! {
        ":tenant": tenant,
        ":carrier": carrier,
        ":event": event,
        ":outcome": outcome.as_str(),
        ":now": now.0,
    };
    run(conn, sql!(SHIPMENTS.settle_notice), params)?;
    Ok(())
}

/// The label of this number is known now: what was said of it before is read.
pub(super) fn read_again(
    conn: &Connection,
    (tenant, carrier): (&TenantId, &CarrierAccount),
    tracking_number: &str,
    now: UtcMs,
) -> Result<()> {
    if !Guard::ScanWaits.stands() {
        return Ok(());
    }
    let params = named_params! {
        ":tenant": tenant.as_str(), ":carrier": carrier.as_str(), ":tracking_number": tracking_number,
        ":now": now.0,
    };
    run(conn, sql!(SHIPMENTS.read_strange_again), params)?;
    Ok(())
}

pub(super) fn page(
    conn: &Connection,
    tenant: &TenantId,
    page: &PageRequest,
) -> Result<Page<ReceivedTracking>> {
    let params = named_params! { ":tenant": tenant.as_str(), ":below": below(page)?, ":rows": fetch(page) };
    Ok(paged(list(conn, sql!(SHIPMENTS.notices), params, read)?, page))
}
