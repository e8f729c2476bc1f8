//! Events that a person must look at: each parks its key at its consumer, until it is tried again or let be.

use super::Result;
use super::consumer_marks::number;
use super::deliveries::{go_on_after, note_line, over};
use super::row::{count, one, run, unsigned};
use super::sql::sql;
use crate::ports::consumers::DeadLetter;
use crate::ports::deliveries::{Delivery, Outcome};
use holdfast_shared::ids::{Actor, ConsumerId, TenantId};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row, named_params};

/// A parked event, by its number.
fn dead_letter(
    conn: &Connection,
    (tenant, consumer): (&TenantId, &ConsumerId),
    sequence: u64,
) -> Result<Option<(String, u32)>> {
    let params = named_params! {
        ":tenant": tenant.as_str(), ":consumer": consumer.as_str(), ":sequence": number(sequence),
    };
    one(conn, sql!(CONSUMERS.dead_letter), params, |row| Ok((row.get("key")?, count(row, "tries")?)))
}

pub(super) fn retry(
    conn: &Connection,
    of: (&TenantId, &ConsumerId),
    sequence: u64,
    by: &Actor,
    now: UtcMs,
) -> Result<bool> {
    let Some((key, _)) = dead_letter(conn, of, sequence)? else { return Ok(false) };
    let params = named_params! {
        ":tenant": of.0.as_str(), ":consumer": of.1.as_str(), ":key": key, ":sequence": number(sequence),
        ":now": now.0,
    };
    run(conn, sql!(CONSUMERS.try_again), params)?;
    over(conn, of, &key, &format!("tried again by {by}"), now)?;
    Ok(true)
}

pub(super) fn skip(
    conn: &Connection,
    of: (&TenantId, &ConsumerId),
    sequence: u64,
    (by, why): (&Actor, &str),
    now: UtcMs,
) -> Result<bool> {
    let Some((key, tries)) = dead_letter(conn, of, sequence)? else { return Ok(false) };
    let params = named_params! { ":tenant": of.0.as_str(), ":sequence": number(sequence) };
    let event = one(conn, sql!(OUTBOX.event), params, super::outbox::read)?;
    let line = Delivery {
        delivery: 0,
        sequence,
        event: event.as_ref().map(|event| event.id.clone()).unwrap_or_default(),
        kind: event.map(|event| event.kind).unwrap_or_default(),
        key: key.clone(),
        try_number: tries,
        outcome: Outcome::Skipped,
        at: now,
        took_ms: 0,
        status: None,
        why: Some(why.to_owned()),
        asked: None,
        answered: None,
        backfill: false,
        by_hand: Some(by.to_string()),
    };
    note_line(conn, of, &line)?;
    go_on_after(conn, of, (sequence, &key), now)?;
    over(conn, of, &key, &format!("skipped by {by}: {why}"), now)?;
    Ok(true)
}

pub(super) fn read_dead_letter(row: &Row<'_>) -> rusqlite::Result<(i64, DeadLetter)> {
    let letter = DeadLetter {
        sequence: unsigned(row, "sequence")?,
        key: row.get("key")?,
        tries: count(row, "tries")?,
        first_at: row.get::<_, Option<i64>>("first_at")?.map(UtcMs),
        parked_at: UtcMs(row.get("parked_at")?),
        why: row.get::<_, Option<String>>("why")?.unwrap_or_default(),
        behind: count(row, "behind")?,
    };
    Ok((row.get("sequence")?, letter))
}
