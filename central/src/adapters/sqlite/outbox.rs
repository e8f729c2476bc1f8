//! Events beside the state that they tell of.

use super::row::{from_json, list, one, parsed, parsed_or_none, run, to_json, unsigned, word};
use super::sql::sql;
use super::{Result, SqliteStore};
use crate::core::events::Kind;
use crate::core::events::key::Key;
use crate::core::events::stored::event_id;
use crate::ports::outbox::{Outbox, OutboxEvent, Outline};
use async_trait::async_trait;
use holdfast_shared::ids::TenantId;
use holdfast_shared::limits::PAGE_ROWS_MAX;
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row, named_params};

/// What is to be told, with the state that it tells of.
pub(super) struct NewEvent<'a> {
    pub(super) kind: &'static Kind,
    pub(super) key: &'a Key,
    pub(super) at: UtcMs,
    pub(super) body: &'a serde_json::Value,
}

pub(super) fn append(conn: &Connection, tenant: &TenantId, event: &NewEvent<'_>) -> Result<()> {
    #[cfg(test)]
    super::outbox_check::assert_as_published(event);
    let (key, body) = (event.key.to_string(), to_json(event.body)?);
    let params = named_params! { ":tenant": tenant.as_str(), ":key": key };
    let number = one(conn, sql!(OUTBOX.count_key), params, |row| unsigned(row, "last"))?.unwrap_or(1);
    let order = match event.key {
        Key::Order(order) => Some(order.as_str()),
        Key::StoreAndSku(..) | Key::Exception(_) => None,
    };
    // Of an exception too, where it is about an order.
    let about = order.or_else(|| event.body.get("order").and_then(serde_json::Value::as_str));
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":kind": event.kind.name,
        ":key": key,
        ":key_sequence": i64::try_from(number).unwrap_or(i64::MAX),
        ":id": event_id(tenant, (event.kind.name, &key), number, &body),
        ":class": event.kind.class.as_str(),
        ":at": event.at.0,
        ":order": order,
        ":about": about,
        ":body": body,
    };
    run(conn, sql!(OUTBOX.append), params)?;
    Ok(())
}

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<OutboxEvent> {
    Ok(OutboxEvent {
        sequence: unsigned(row, "sequence")?,
        id: row.get("event_id")?,
        tenant: parsed(row, "tenant")?,
        kind: row.get("kind")?,
        key: row.get("key")?,
        key_sequence: unsigned(row, "key_sequence")?,
        class: word(row, "class")?,
        at: UtcMs(row.get("at")?),
        root_key: parsed_or_none(row, "root_key")?,
        trace_id: parsed_or_none(row, "trace")?,
        body: from_json(row, "body")?,
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

    async fn events_after(&self, tenant: &TenantId, after: u64, limit: u32) -> Result<Vec<OutboxEvent>> {
        let tenant = tenant.clone();
        self.read(move |conn| after_in(conn, &tenant, after, limit.min(PAGE_ROWS_MAX))).await
    }

    async fn event(&self, tenant: &TenantId, sequence: u64) -> Result<Option<OutboxEvent>> {
        let tenant = tenant.clone();
        self.read(move |conn| {
            let sequence = i64::try_from(sequence).unwrap_or(i64::MAX);
            let params = named_params! { ":tenant": tenant.as_str(), ":sequence": sequence };
            one(conn, sql!(OUTBOX.event), params, read)
        })
        .await
    }

    async fn outline(&self, tenant: &TenantId) -> Result<Outline> {
        let tenant = tenant.clone();
        self.read(move |conn| outline(conn, &tenant)).await
    }
}

pub(super) fn after_in(
    conn: &Connection,
    tenant: &TenantId,
    after: u64,
    rows: u32,
) -> Result<Vec<OutboxEvent>> {
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let params = named_params! { ":tenant": tenant.as_str(), ":after": after, ":rows": rows };
    list(conn, sql!(OUTBOX.after), params, read)
}

pub(super) fn outline(conn: &Connection, tenant: &TenantId) -> Result<Outline> {
    let found = one(conn, sql!(OUTBOX.outline), [tenant.as_str()], |row| {
        let at = |column: &str| row.get::<_, Option<i64>>(column);
        let number = |found: Option<i64>| found.and_then(|found| u64::try_from(found).ok()).unwrap_or(0);
        Ok(Outline { first: number(at("first")?), newest: number(at("newest")?) })
    })?;
    Ok(found.unwrap_or_default())
}

/// The number before the first event of this time or later; that of the newest when there is none.
pub(super) fn before_time(conn: &Connection, tenant: &TenantId, at: UtcMs) -> Result<u64> {
    let params = named_params! { ":tenant": tenant.as_str(), ":at": at.0 };
    let first = one(conn, sql!(OUTBOX.since), params, |row| unsigned(row, "sequence"))?;
    match first {
        Some(first) => Ok(first.saturating_sub(1)),
        None => Ok(outline(conn, tenant)?.newest),
    }
}
