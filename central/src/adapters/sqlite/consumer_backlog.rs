//! What waits for a consumer, and in which words a person is told when no more may.

use super::Result;
use super::row::{count, one};
use super::sql::sql;
use crate::core::events::consumer::Consumer;
use crate::core::exception::Failure;
use crate::core::exception::clock::moment;
use holdfast_shared::ids::{ConsumerId, TenantId};
use holdfast_shared::limits::EVENTS_WAITING_MAX;
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, named_params};

/// What a consumer was not sent.
#[derive(Default)]
pub(super) struct Backlog {
    waiting: u32,
    keys: u32,
    pub(super) parked: u32,
    /// When the oldest of it happened.
    since: Option<UtcMs>,
}

pub(super) fn backlog(conn: &Connection, (tenant, consumer): (&TenantId, &ConsumerId)) -> Result<Backlog> {
    let params = named_params! { ":tenant": tenant.as_str(), ":consumer": consumer.as_str() };
    let found = one(conn, sql!(CONSUMERS.what_waits), params, |row| {
        Ok(Backlog {
            waiting: count(row, "waiting")?,
            keys: count(row, "keys")?,
            parked: count(row, "parked")?,
            since: row.get::<_, Option<i64>>("since")?.map(UtcMs),
        })
    })?;
    Ok(found.unwrap_or_default())
}

/// As a person is told, in words and in values.
pub(super) fn full(conn: &Connection, consumer: &Consumer) -> Result<(String, Failure)> {
    let Backlog { waiting, keys, parked, since } = backlog(conn, (&consumer.tenant, &consumer.consumer))?;
    let since = since.map_or_else(|| String::from("an unknown time"), moment);
    let (owner, contact) = (&consumer.terms.owner, &consumer.terms.contact);
    let detail = format!(
        "{}, of {owner} ({contact}), is sent nothing new: {waiting} events of {keys} keys wait for it since {since}, \
         which is as many as may; {parked} of them are put aside",
        consumer.consumer,
    );
    let values = [
        ("owner", owner.as_str()),
        ("contact", contact),
        ("waiting", &waiting.to_string()),
        ("limit", &EVENTS_WAITING_MAX.to_string()),
        ("keys", &keys.to_string()),
        ("parked", &parked.to_string()),
        ("since", &since),
    ];
    Ok((detail, Failure::new("events_full", Some("event_waiting"), &values)))
}
