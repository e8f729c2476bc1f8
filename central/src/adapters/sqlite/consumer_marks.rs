//! What all that is written of consumers shares: numbers, states, and under which name a person is told.

use super::Result;
use super::row::run;
use super::sql::sql;
use crate::core::events::consumer::ConsumerState;
use crate::core::events::key::is_of_exception;
use holdfast_shared::ids::{ConsumerId, TenantId};
use rusqlite::{Connection, named_params};

/// Stands for a key where a person is told that as much waits as may.
pub(super) const FULL: &str = "full";

pub(super) fn number(of: u64) -> i64 {
    i64::try_from(of).unwrap_or(i64::MAX)
}

pub(super) fn set_state(
    conn: &Connection,
    (tenant, consumer): (&TenantId, &ConsumerId),
    state: ConsumerState,
    why: &str,
) -> Result<bool> {
    let params = named_params! {
        ":tenant": tenant.as_str(), ":consumer": consumer.as_str(), ":state": state.as_str(), ":why": why,
    };
    Ok(run(conn, sql!(CONSUMERS.set_state), params)? > 0)
}

/// Under which a person is told of a key that is parked; without a key, of the consumer as a whole. All exceptions
/// that a consumer is not told of are one: else each would be news that it is not told of either.
pub(super) fn undelivered_key(consumer: &ConsumerId, key: &str) -> String {
    let key = if is_of_exception(key) { "exceptions" } else { key };
    format!("undelivered/{consumer}/{key}")
}
