//! Events beside the state that they tell of.

use super::row::{from_json, list, parsed, parsed_or_none, run, to_json, unsigned};
use super::sql::sql;
use super::{Result, SqliteStore};
use crate::ports::outbox::{Outbox, OutboxEvent};
use async_trait::async_trait;
use holdfast_shared::ids::TenantId;
use holdfast_shared::limits::PAGE_ROWS_MAX;
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row, named_params};

/// Of one key, in the order written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Create,
    Update,
    Compensate,
    Confirm,
}

impl Class {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Compensate => "compensate",
            Self::Confirm => "confirm",
        }
    }
}

pub(super) struct NewEvent<'a> {
    pub(super) kind: &'a str,
    pub(super) key: &'a str,
    pub(super) class: Class,
    pub(super) at: UtcMs,
    pub(super) body: &'a serde_json::Value,
}

pub(super) fn append(conn: &Connection, tenant: &TenantId, event: &NewEvent<'_>) -> Result<()> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":kind": event.kind,
        ":key": event.key,
        ":class": event.class.as_str(),
        ":at": event.at.0,
        ":body": to_json(event.body)?,
    };
    run(conn, sql!(OUTBOX.append), params)?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<OutboxEvent> {
    Ok(OutboxEvent {
        sequence: unsigned(row, "sequence")?,
        tenant: parsed(row, "tenant")?,
        kind: row.get("kind")?,
        key: row.get("key")?,
        class: row.get("class")?,
        at: UtcMs(row.get("at")?),
        body: from_json(row, "body")?,
        root_key: parsed_or_none(row, "root_key")?,
    })
}

#[async_trait]
impl Outbox for SqliteStore {
    async fn unpublished(&self, limit: u32) -> Result<Vec<OutboxEvent>> {
        self.read(move |conn| list(conn, sql!(OUTBOX.unpublished), [limit.min(PAGE_ROWS_MAX)], read)).await
    }

    async fn published(&self, up_to: u64, now: UtcMs) -> Result<()> {
        self.write(move |conn, _| {
            let up_to = i64::try_from(up_to).unwrap_or(i64::MAX);
            run(conn, sql!(OUTBOX.published), named_params! { ":up_to": up_to, ":now": now.0 })?;
            Ok(())
        })
        .await
    }

    async fn recent_events(&self, tenant: &TenantId, limit: u32) -> Result<Vec<OutboxEvent>> {
        let tenant = tenant.clone();
        self.read(move |conn| {
            let params = named_params! { ":tenant": tenant.as_str(), ":rows": limit.min(PAGE_ROWS_MAX) };
            list(conn, sql!(OUTBOX.recent), params, read)
        })
        .await
    }
}
