//! Versions in shadow: started, asked about what was decided, ended. Their history is that of policies.

use super::decision_rows::DecisionRow;
use super::nodes_seen::Nodes;
use super::policy_rows::{note, stored};
use super::row::{from_json, list, one, parsed, parsed_or_none, run, to_json};
use super::shadow_book;
use super::sql::sql;
use super::{Result, SqliteStore, error, shadow_alarms, shadow_diffs};
use crate::core::policy::version::PolicyVersion;
use crate::core::replay::record::Past;
use crate::core::shadow::words::Against;
use crate::core::shadow::{Compared, Ended, NewShadow, Refusal, Shadow, may_start};
use crate::core::stock::report::Day;
use crate::ports::shadow::{
    Cursor, Decided, DecidedOrder, Diff, DiffFilter, Judgement, OpenShadow, ShadowStarted, Shadows, Tally,
    Tops,
};
use crate::ports::{Page, PageRequest};
use async_trait::async_trait;
use holdfast_shared::ids::{Actor, TenantId};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row, named_params};

fn read_shadow(row: &Row<'_>) -> rusqlite::Result<Shadow> {
    let at: Option<i64> = row.get("ended_at")?;
    let by: Option<Actor> = parsed_or_none(row, "ended_by")?;
    let reason: Option<String> = row.get("end_reason")?;
    let ended = at.zip(by).zip(reason).map(|((at, by), reason)| Ended { at: UtcMs(at), by, reason });
    Ok(Shadow {
        version: PolicyVersion(row.get("version")?),
        author: parsed(row, "author")?,
        owner: parsed(row, "owner")?,
        reason: row.get("reason")?,
        tolerance: from_json(row, "tolerance")?,
        started_at: UtcMs(row.get("started_at")?),
        ends_at: UtcMs(row.get("ends_at")?),
        ended,
    })
}

/// The newest of a tenant, with its number and how far it came.
struct Newest {
    id: i64,
    up_to: i64,
    shadow: Shadow,
}

fn newest(conn: &Connection, tenant: &TenantId) -> Result<Option<Newest>> {
    one(conn, sql!(SHADOW.newest_shadow), [tenant.as_str()], |row| {
        Ok(Newest { id: row.get("shadow")?, up_to: row.get("up_to")?, shadow: read_shadow(row)? })
    })
}

fn open(conn: &Connection, tenant: &TenantId) -> Result<Option<Newest>> {
    Ok(newest(conn, tenant)?.filter(|newest| newest.shadow.ended.is_none()))
}

#[async_trait]
impl Shadows for SqliteStore {
    async fn start_shadow(&self, tenant: &TenantId, new: &NewShadow, now: UtcMs) -> Result<ShadowStarted> {
        let (tenant, new) = (tenant.clone(), new.clone());
        self.write(move |conn, _| start(conn, &tenant, &new, now)).await
    }

    async fn stop_shadow(
        &self,
        tenant: &TenantId,
        by: &Actor,
        reason: &str,
        now: UtcMs,
    ) -> Result<Option<Shadow>> {
        let (tenant, by, reason) = (tenant.clone(), by.clone(), reason.to_owned());
        self.write(move |conn, _| stop(conn, &tenant, (&by, &reason), now)).await
    }

    async fn shadow(&self, tenant: &TenantId) -> Result<Option<Shadow>> {
        let tenant = tenant.clone();
        self.read(move |conn| Ok(newest(conn, &tenant)?.map(|newest| newest.shadow))).await
    }

    async fn shadows_open(&self) -> Result<Vec<OpenShadow>> {
        self.read(move |conn| {
            list(conn, sql!(SHADOW.shadows_open), [], |row| {
                Ok(OpenShadow {
                    tenant: parsed(row, "tenant")?,
                    shadow: read_shadow(row)?,
                    canonical: row.get("canonical")?,
                    compared_up_to: Cursor(row.get("up_to")?),
                })
            })
        })
        .await
    }

    async fn decided_after(&self, tenant: &TenantId, after: Cursor, limit: u32) -> Result<Decided> {
        let tenant = tenant.clone();
        self.read(move |conn| decided_after(conn, &tenant, after, limit)).await
    }

    async fn note_shadow(
        &self,
        open: &OpenShadow,
        compared: &[Compared],
        up_to: Cursor,
        now: UtcMs,
    ) -> Result<bool> {
        let (open, compared) = (open.clone(), compared.to_vec());
        self.write(move |conn, _| note_shadow(conn, &open, &compared, up_to, now)).await
    }

    async fn shadow_diffs(
        &self,
        tenant: &TenantId,
        filter: &DiffFilter,
        page: &PageRequest,
    ) -> Result<Page<Diff>> {
        let (tenant, filter, page) = (tenant.clone(), filter.clone(), page.clone());
        self.read(move |conn| shadow_diffs::page(conn, &tenant, &filter, &page)).await
    }

    async fn triage_diff(&self, tenant: &TenantId, judgement: &Judgement, now: UtcMs) -> Result<Option<u32>> {
        let (tenant, judgement) = (tenant.clone(), judgement.clone());
        self.write(move |conn, _| shadow_diffs::triage(conn, &tenant, &judgement, now)).await
    }

    async fn shadow_tally(&self, tenant: &TenantId, days: (Day, Day)) -> Result<Vec<Tally>> {
        let tenant = tenant.clone();
        self.read(move |conn| shadow_diffs::tally(conn, &tenant, days)).await
    }

    async fn shadow_tops(&self, tenant: &TenantId, day: Day, against: Against) -> Result<Tops> {
        let tenant = tenant.clone();
        self.read(move |conn| shadow_diffs::tops(conn, &tenant, day, against)).await
    }

    async fn sweep_shadow(&self, before: Day) -> Result<bool> {
        self.write(move |conn, _| shadow_diffs::sweep(conn, before)).await
    }
}

fn start(conn: &Connection, tenant: &TenantId, new: &NewShadow, now: UtcMs) -> Result<ShadowStarted> {
    let is_known = new.version == PolicyVersion::BUILT_IN || stored(conn, tenant, new.version)?.is_some();
    if !is_known {
        return Ok(ShadowStarted::Unknown);
    }
    let active: Option<u32> = one(conn, sql!(POLICIES.active_version), [tenant.as_str()], |row| row.get(0))?;
    if let Err(refusal) = may_start(new, PolicyVersion(active.unwrap_or_default()), now) {
        return Ok(ShadowStarted::Refused(refusal));
    }
    if let Some(other) = open(conn, tenant)? {
        return Ok(ShadowStarted::Refused(Refusal::Another(other.shadow.version)));
    }
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":version": new.version.0,
        ":author": new.author.as_str(),
        ":owner": new.owner.as_str(),
        ":reason": new.reason,
        ":tolerance": to_json(&new.tolerance)?,
        ":now": now.0,
        ":ends_at": new.ends_at.0,
    };
    run(conn, sql!(SHADOW.start_shadow), params)?;
    note(conn, tenant, Some(new.version), ("shadow_start", &new.author, &new.reason), now)?;
    let begun = newest(conn, tenant)?.ok_or_else(|| error::missing("shadow"))?;
    Ok(ShadowStarted::Done(begun.shadow))
}

fn stop(
    conn: &Connection,
    tenant: &TenantId,
    (by, reason): (&Actor, &str),
    now: UtcMs,
) -> Result<Option<Shadow>> {
    let Some(Newest { id, shadow, .. }) = open(conn, tenant)? else { return Ok(None) };
    let params = named_params! { ":shadow": id, ":now": now.0, ":by": by.as_str(), ":reason": reason };
    run(conn, sql!(SHADOW.end_shadow), params)?;
    note(conn, tenant, Some(shadow.version), ("shadow_stop", by, reason), now)?;
    shadow_alarms::end(conn, tenant, Against::Version(shadow.version), now)?;
    Ok(newest(conn, tenant)?.map(|newest| newest.shadow))
}

fn decided_after(conn: &Connection, tenant: &TenantId, after: Cursor, limit: u32) -> Result<Decided> {
    let bounds = one(conn, sql!(SHADOW.decided_up_to), (after.0, limit), |row| {
        Ok((row.get::<_, i64>("up_to")?, row.get::<_, u32>("decisions")?))
    })?;
    let (up_to, decisions) = bounds.unwrap_or((after.0, 0));
    let params = named_params! { ":after": after.0, ":up_to": up_to, ":tenant": tenant.as_str() };
    let read = list(conn, sql!(SHADOW.decided), params, |row| {
        Ok((Cursor(row.get("sequence")?), parsed(row, "order_id")?, DecisionRow::read(row)?))
    })?;
    let (mut rows, mut nodes) = (Vec::with_capacity(read.len()), Nodes::of(conn, tenant));
    for (cursor, order, row) in read {
        let Past { decision, inputs } = row.complete(&mut nodes)?;
        rows.push(DecidedOrder { cursor, order, decision, inputs });
    }
    Ok(Decided { rows, up_to: Cursor(up_to), more: decisions >= limit })
}

fn note_shadow(
    conn: &Connection,
    seen: &OpenShadow,
    compared: &[Compared],
    up_to: Cursor,
    now: UtcMs,
) -> Result<bool> {
    let Some(Newest { id, shadow, .. }) =
        open(conn, &seen.tenant)?.filter(|newest| newest.up_to == seen.compared_up_to.0)
    else {
        return Ok(false);
    };
    if shadow.started_at != seen.shadow.started_at || shadow.version != seen.shadow.version {
        return Ok(false);
    }
    let params = named_params! { ":shadow": id, ":up_to": up_to.0, ":was": seen.compared_up_to.0 };
    if run(conn, sql!(SHADOW.move_shadow), params)? == 0 {
        return Ok(false);
    }
    shadow_book::note(conn, &seen.tenant, Against::Version(shadow.version), compared, now)?;
    Ok(true)
}
