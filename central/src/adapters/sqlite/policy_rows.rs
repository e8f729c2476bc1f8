//! Rows of policies, for those who write them and for those who try them.

use super::Result;
use super::row::{one, parsed, parsed_or_none, run, word};
use super::sql::sql;
use crate::core::policy::version::{PolicyFreeze, PolicyRecord, PolicyVersion};
use crate::ports::StoreError;
use crate::ports::policies::StoredPolicy;
use holdfast_shared::ids::{Actor, TenantId};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row, named_params};

fn time(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<UtcMs>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(UtcMs))
}

pub(super) fn read_record(row: &Row<'_>) -> rusqlite::Result<PolicyRecord> {
    Ok(PolicyRecord {
        version: PolicyVersion(row.get("version")?),
        state: word(row, "state")?,
        hash: data_encoding::HEXLOWER.encode(&row.get::<_, [u8; 32]>("hash")?),
        author: parsed(row, "author")?,
        reason: row.get("reason")?,
        created_at: UtcMs(row.get("created_at")?),
        approved_by: parsed_or_none(row, "approved_by")?,
        approved_at: time(row, "approved_at")?,
        effective_at: time(row, "effective_at")?,
        activated_at: time(row, "activated_at")?,
        retired_at: time(row, "retired_at")?,
    })
}

fn read_stored(row: &Row<'_>) -> rusqlite::Result<StoredPolicy> {
    Ok(StoredPolicy { record: read_record(row)?, text: row.get("text")?, canonical: row.get("canonical")? })
}

fn read_freeze(row: &Row<'_>) -> rusqlite::Result<PolicyFreeze> {
    Ok(PolicyFreeze {
        by: parsed(row, "by")?,
        reason: row.get("reason")?,
        since: UtcMs(row.get("since")?),
        until: UtcMs(row.get("until")?),
    })
}

pub(super) fn stored(
    conn: &Connection,
    tenant: &TenantId,
    version: PolicyVersion,
) -> Result<Option<StoredPolicy>> {
    one(conn, sql!(POLICIES.policy), (tenant.as_str(), version.0), read_stored)
}

pub(super) fn freeze_of(conn: &Connection, tenant: &TenantId) -> Result<Option<PolicyFreeze>> {
    one(conn, sql!(POLICIES.policy_freeze), [tenant.as_str()], read_freeze)
}

pub(super) fn missing() -> StoreError {
    super::error::missing("policy_version")
}

pub(super) fn note(
    conn: &Connection,
    tenant: &TenantId,
    version: Option<PolicyVersion>,
    (act, actor, reason): (&str, &Actor, &str),
    now: UtcMs,
) -> Result<()> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":version": version.map(|version| version.0),
        ":now": now.0,
        ":actor": actor.as_str(),
        ":act": act,
        ":reason": reason,
    };
    run(conn, sql!(POLICIES.note_policy), params)?;
    Ok(())
}
