//! Events that a person must look at: each parks its key at its consumer, until it is tried again or let be.

use super::Result;
use super::consumer_backlog::backlog;
use super::consumer_marks::{number, set_state, undelivered_key};
use super::deliveries::{go_on_after, note_line, over};
use super::exceptions::settle;
use super::row::{count, list, one, run, unsigned};
use super::sql::sql;
use crate::core::events::consumer::{Consumer, ConsumerState};
use crate::ports::consumers::{DeadLetter, TriedAgain};
use crate::ports::deliveries::{Delivery, Outcome};
use holdfast_shared::ids::{Actor, ConsumerId, TenantId};
use holdfast_shared::limits::EVENTS_TRIED_AGAIN_MAX;
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

/// The oldest that are put aside, and whatever waits for its time; one that is ended is sent events again.
pub(super) fn retry_all(
    conn: &Connection,
    consumer: &Consumer,
    by: &Actor,
    now: UtcMs,
) -> Result<TriedAgain> {
    let of = (&consumer.tenant, &consumer.consumer);
    let (words, mut events) = (format!("tried again by {by}"), 0_u32);
    let params = named_params! {
        ":tenant": of.0.as_str(), ":consumer": of.1.as_str(), ":rows": EVENTS_TRIED_AGAIN_MAX,
    };
    let parked: Vec<u64> = list(conn, sql!(CONSUMERS.put_aside), params, |row| unsigned(row, "sequence"))?;
    for sequence in parked {
        events = events.saturating_add(u32::from(retry(conn, of, sequence, by, now)?));
    }
    let params = named_params! { ":tenant": of.0.as_str(), ":consumer": of.1.as_str(), ":now": now.0 };
    run(conn, sql!(CONSUMERS.try_now), params)?;
    if consumer.state == ConsumerState::Ended {
        settle(conn, of.0, &undelivered_key(of.1, ""), &words, now)?;
        set_state(conn, of, ConsumerState::Active, &words)?;
    }
    Ok(TriedAgain { events, left: backlog(conn, of)?.parked })
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
