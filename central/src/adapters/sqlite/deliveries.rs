//! What a consumer is sent next, what became of it, and whom a person is told of.

use super::consumer_backlog::full;
use super::consumer_marks::{FULL, number, set_state, undelivered_key};
use super::exceptions::{raise, set_failure, settle};
use super::outbox::{after_in, read as read_event};
use super::row::{below, count, fetch, list, one, paged, run, unsigned, word};
use super::sql::sql;
use super::{Result, SqliteStore};
use crate::core::events::consumer::{Consumer, ConsumerState, Criticality, Room, room};
use crate::core::events::key::is_of_exception;
use crate::core::exception::backlog::CONSUMER;
use crate::core::exception::clock::moment;
use crate::core::exception::{Category, Failure, NewException, Severity};
use crate::ports::deliveries::{Deliveries, Delivery, Done, Due, Stays, Waits, Work};
use crate::ports::{Page, PageRequest};
use async_trait::async_trait;
use holdfast_shared::ids::{ConsumerId, TenantId};
use holdfast_shared::limits::{DELIVERIES_KEPT_MAX, DELIVERY_WORDS_MAX};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row, named_params};
use std::collections::BTreeSet;

/// Lines of the log that one step drops at most; it writes fewer.
const DROPPED_MAX: u32 = 1_000;

/// Nobody has to look at what this key told any more.
pub(super) fn over(
    conn: &Connection,
    of: (&TenantId, &ConsumerId),
    key: &str,
    words: &str,
    now: UtcMs,
) -> Result<()> {
    if is_of_exception(key) {
        let names = [of.0.as_str(), of.1.as_str()];
        let waiting: Vec<String> = list(conn, sql!(CONSUMERS.keys_waiting), names, |row| row.get("key"))?;
        if waiting.iter().any(|key| is_of_exception(key)) {
            return Ok(());
        }
    }
    settle(conn, of.0, &undelivered_key(of.1, key), words, now)?;
    Ok(())
}

fn work(conn: &Connection, consumer: &Consumer, rows: u32, now: UtcMs) -> Result<Work> {
    let of = [consumer.tenant.as_str(), consumer.consumer.as_str()];
    let params = named_params! { ":tenant": of[0], ":consumer": of[1], ":now": now.0, ":rows": rows };
    let due = list(conn, sql!(CONSUMERS.due), params, |row| {
        let sequence: u64 = unsigned(row, "sequence")?;
        let tries = (count(row, "tries")?, count(row, "refusals")?);
        let key: String = row.get("key")?;
        Ok((sequence, key, tries, row.get::<_, Option<i64>>("first_at")?.map(UtcMs)))
    })?;
    let mut again = Vec::with_capacity(due.len());
    for (sequence, _, (tries, refusals), first_at) in due {
        let params = named_params! { ":tenant": of[0], ":sequence": number(sequence) };
        // One that is kept no more cannot be sent; it is let go when the log says so, by a person.
        if let Some(event) = one(conn, sql!(OUTBOX.event), params, read_event)? {
            again.push(Due { event, waited: true, tries, refusals, first_at });
        }
    }
    let keys: Vec<String> = list(conn, sql!(CONSUMERS.keys_waiting), of, |row| row.get("key"))?;
    let waiting = one(conn, sql!(CONSUMERS.how_many_wait), of, |row| count(row, "waiting"))?.unwrap_or(0);
    let full = room(waiting, rows) == Room::Full;
    let next = if full { Vec::new() } else { after_in(conn, &consumer.tenant, consumer.position, rows)? };
    let next_due =
        one(conn, sql!(CONSUMERS.next_due), of, |row| row.get::<_, Option<i64>>("due_at"))?.flatten();
    Ok(Work {
        again,
        next,
        keys_waiting: keys.into_iter().collect(),
        waiting,
        next_due: next_due.map(UtcMs).filter(|due| *due > now),
    })
}

fn note(conn: &Connection, consumer: &Consumer, done: &Done, now: UtcMs) -> Result<bool> {
    let of = (&consumer.tenant, &consumer.consumer);
    let params = named_params! {
        ":tenant": of.0.as_str(), ":consumer": of.1.as_str(),
        ":position": number(done.position.unwrap_or(consumer.position)),
        ":delivered_at": done.delivered.then_some(now.0), ":version": consumer.version,
    };
    if run(conn, sql!(CONSUMERS.come_to), params)? == 0 {
        return Ok(false);
    }
    for waits in &done.waits {
        wait(conn, consumer, waits, now)?;
    }
    let mut freed: BTreeSet<&str> = BTreeSet::new();
    for (sequence, key) in &done.gone {
        go_on_after(conn, of, (*sequence, key), now)?;
        freed.insert(key);
    }
    for key in freed {
        over(conn, of, key, "it got through", now)?;
    }
    for line in &done.log {
        note_line(conn, of, line)?;
    }
    if let Some(why) = &done.ended {
        set_state(conn, of, ConsumerState::Ended, why)?;
        let detail = format!("{}, of {}, is sent nothing any more: {why}", of.1, consumer.terms.owner);
        tell(conn, consumer, "", (detail, Failure::new("consumer_ended", None, &[("why", why)])), now)?;
    }
    drop_old_lines(conn, of)?;
    Ok(true)
}

fn wait(conn: &Connection, consumer: &Consumer, waits: &Waits, now: UtcMs) -> Result<()> {
    let (due_at, parked_at) = match waits.stays {
        Stays::Until(at) => (Some(at.0), None),
        Stays::Behind => (None, None),
        Stays::Parked(at) => (None, Some(at.0)),
    };
    let params = named_params! {
        ":tenant": consumer.tenant.as_str(), ":consumer": consumer.consumer.as_str(), ":key": waits.key,
        ":sequence": number(waits.sequence), ":tries": waits.tries, ":refusals": waits.refusals,
        ":first_at": waits.first_at.map(|at| at.0), ":due_at": due_at, ":parked_at": parked_at,
        ":why": waits.why.as_deref().map(shortened),
    };
    run(conn, sql!(CONSUMERS.wait), params)?;
    if parked_at.is_some() {
        let why = waits.why.as_deref().unwrap_or("no reason was given");
        let detail = format!(
            "event {} of {} does not get through to {} ({}): {why}",
            waits.sequence, waits.key, consumer.consumer, consumer.terms.owner,
        );
        let (sequence, tries) = (waits.sequence.to_string(), waits.tries.to_string());
        let values = [("event", &*sequence), ("key", &waits.key), ("tries", &tries), ("why", why)];
        let failure = Failure::new("event_put_aside", Some("event_waiting"), &values);
        tell(conn, consumer, &waits.key, (detail, failure), now)?;
    }
    Ok(())
}

/// A person is told once, and again with what waits by then when it was left so.
fn note_full(conn: &Connection, consumer: &Consumer, is_full: bool, now: UtcMs) -> Result<()> {
    if is_full {
        return tell(conn, consumer, FULL, full(conn, consumer)?, now);
    }
    let key = undelivered_key(&consumer.consumer, FULL);
    settle(conn, &consumer.tenant, &key, "it has caught up: what is new is sent again", now)?;
    Ok(())
}

/// A person is told of a key, or of the consumer as a whole, and of which consumer: what can be done goes by that.
fn tell(
    conn: &Connection,
    consumer: &Consumer,
    key: &str,
    (detail, mut failure): (String, Failure),
    now: UtcMs,
) -> Result<()> {
    let told = undelivered(consumer, key, detail);
    raise(conn, &consumer.tenant, &told, now)?;
    failure.values.insert(CONSUMER.to_owned(), consumer.consumer.to_string());
    set_failure(conn, &consumer.tenant, &told.key, &failure)
}

fn undelivered(consumer: &Consumer, key: &str, detail: String) -> NewException {
    NewException {
        key: undelivered_key(&consumer.consumer, key),
        category: Category::Undelivered,
        severity: match consumer.terms.criticality {
            Criticality::Critical => Severity::High,
            Criticality::Ordinary => Severity::Medium,
            Criticality::Minor => Severity::Low,
        },
        order: key.parse().ok().filter(|_| !is_of_exception(key) && key != FULL),
        task: None,
        store: key.split_once('/').and_then(|(store, _)| store.parse().ok()),
        detail,
        suggestion: format!(
            "Tell {}. When the cause is gone, have it tried again; skip it only when nobody needs it.",
            consumer.terms.contact
        ),
    }
}

/// What it has not been sent is kept no more.
pub(super) fn tell_lost(conn: &Connection, consumer: &Consumer, now: UtcMs) -> Result<()> {
    let detail = format!(
        "events that {}, of {}, has not been sent are kept no more: it lacks what was told after number {}",
        consumer.consumer, consumer.terms.owner, consumer.position,
    );
    let told =
        NewException { severity: Severity::High, order: None, ..undelivered(consumer, "lost", detail) };
    raise(conn, &consumer.tenant, &told, now)
}

/// It waits no more, and the next of its key is tried.
pub(super) fn go_on_after(
    conn: &Connection,
    (tenant, consumer): (&TenantId, &ConsumerId),
    (sequence, key): (u64, &str),
    now: UtcMs,
) -> Result<()> {
    let params = named_params! {
        ":tenant": tenant.as_str(), ":consumer": consumer.as_str(), ":key": key, ":sequence": number(sequence),
    };
    run(conn, sql!(CONSUMERS.waits_no_more), params)?;
    let params = named_params! {
        ":tenant": tenant.as_str(), ":consumer": consumer.as_str(), ":key": key, ":now": now.0,
    };
    run(conn, sql!(CONSUMERS.next_of_key), params)?;
    Ok(())
}

fn shortened(words: &str) -> String {
    words.chars().take(DELIVERY_WORDS_MAX).collect()
}

pub(super) fn note_line(
    conn: &Connection,
    (tenant, consumer): (&TenantId, &ConsumerId),
    line: &Delivery,
) -> Result<()> {
    let params = named_params! {
        ":tenant": tenant.as_str(), ":consumer": consumer.as_str(), ":sequence": number(line.sequence),
        ":event_id": line.event, ":kind": line.kind, ":key": line.key, ":try": line.try_number,
        ":outcome": line.outcome.as_str(), ":at": line.at.0, ":took_ms": line.took_ms, ":status": line.status,
        ":why": line.why.as_deref().map(shortened), ":asked": line.asked.as_deref().map(shortened),
        ":answered": line.answered.as_deref().map(shortened), ":backfill": line.backfill,
        ":by_hand": line.by_hand,
    };
    run(conn, sql!(CONSUMERS.note_delivery), params)?;
    Ok(())
}

fn drop_old_lines(conn: &Connection, (tenant, consumer): (&TenantId, &ConsumerId)) -> Result<()> {
    let params = named_params! {
        ":tenant": tenant.as_str(), ":consumer": consumer.as_str(), ":kept": DELIVERIES_KEPT_MAX,
        ":rows": DROPPED_MAX,
    };
    run(conn, sql!(CONSUMERS.drop_deliveries), params)?;
    Ok(())
}

fn read_line(row: &Row<'_>) -> rusqlite::Result<(i64, Delivery)> {
    let line = Delivery {
        delivery: unsigned(row, "delivery")?,
        sequence: unsigned(row, "sequence")?,
        event: row.get("event_id")?,
        kind: row.get("kind")?,
        key: row.get("key")?,
        try_number: count(row, "try")?,
        outcome: word(row, "outcome")?,
        at: UtcMs(row.get("at")?),
        took_ms: row.get("took_ms")?,
        status: row.get("status")?,
        why: row.get("why")?,
        asked: row.get("asked")?,
        answered: row.get("answered")?,
        backfill: row.get::<_, u8>("backfill")? == 1,
        by_hand: row.get("by_hand")?,
    };
    Ok((row.get("delivery")?, line))
}

#[async_trait]
impl Deliveries for SqliteStore {
    async fn work_of(&self, consumer: &Consumer, rows: u32, now: UtcMs) -> Result<Work> {
        let consumer = consumer.clone();
        self.read(move |conn| work(conn, &consumer, rows, now)).await
    }

    async fn note_deliveries(&self, consumer: &Consumer, done: Done, now: UtcMs) -> Result<bool> {
        let consumer = consumer.clone();
        self.write(move |conn, _| note(conn, &consumer, &done, now)).await
    }

    async fn note_redelivery(&self, tenant: &TenantId, consumer: &ConsumerId, line: Delivery) -> Result<()> {
        let (tenant, consumer) = (tenant.clone(), consumer.clone());
        self.write(move |conn, _| note_line(conn, (&tenant, &consumer), &line)).await
    }

    async fn delivery_log(
        &self,
        tenant: &TenantId,
        consumer: &ConsumerId,
        of: Option<u64>,
        page: &PageRequest,
    ) -> Result<Page<Delivery>> {
        let (tenant, consumer, page) = (tenant.clone(), consumer.clone(), page.clone());
        self.read(move |conn| {
            let (tenant, consumer) = (tenant.as_str(), consumer.as_str());
            let (below, rows) = (below(&page)?, fetch(&page));
            let found = match of {
                None => {
                    let params = named_params! {
                        ":tenant": tenant, ":consumer": consumer, ":below": below, ":rows": rows,
                    };
                    list(conn, sql!(CONSUMERS.deliveries), params, read_line)?
                }
                Some(sequence) => {
                    let params = named_params! {
                        ":tenant": tenant, ":consumer": consumer, ":sequence": number(sequence), ":below": below,
                        ":rows": rows,
                    };
                    list(conn, sql!(CONSUMERS.deliveries_of_event), params, read_line)?
                }
            };
            Ok(paged(found, &page))
        })
        .await
    }

    async fn note_silence(&self, consumer: &Consumer, since: Option<UtcMs>, now: UtcMs) -> Result<()> {
        let consumer = consumer.clone();
        self.write(move |conn, _| {
            let Some(since) = since else {
                let key = undelivered_key(&consumer.consumer, "");
                settle(conn, &consumer.tenant, &key, "it gets through again", now)?;
                return Ok(());
            };
            let detail = format!(
                "nothing has got through to {}, of {}, for {} minutes",
                consumer.consumer,
                consumer.terms.owner,
                now.since(since) / 60_000,
            );
            let since = moment(since);
            let failure = Failure::new("consumer_silent", None, &[("since", &since)]);
            tell(conn, &consumer, "", (detail, failure), now)
        })
        .await
    }

    async fn note_full(&self, consumer: &Consumer, full: bool, now: UtcMs) -> Result<()> {
        let consumer = consumer.clone();
        self.write(move |conn, _| note_full(conn, &consumer, full, now)).await
    }
}
