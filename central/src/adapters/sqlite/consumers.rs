//! Those who are sent events, their secrets, and what a person must look at.

use super::consumer_marks::{FULL, number, set_state, undelivered_key};
use super::dead_letters::{read_dead_letter, retry, retry_all, skip};
use super::exceptions::settle;
use super::outbox::{before_time, outline};
use super::row::{below, count, fetch, from_json, list, one, paged, parsed, run, to_json, unsigned, word};
use super::savepoint::{Stop, attempt};
use super::sql::sql;
use super::{Result, SqliteStore};
use crate::core::events::consumer::{Consumer, ConsumerState, ConsumerTerms, From, Progress};
use crate::ports::consumers::{
    ConsumerMade, ConsumerSecret, Consumers, DeadLetter, SecretAdded, SecretDropped, TriedAgain,
};
use crate::ports::{Page, PageRequest};
use async_trait::async_trait;
use holdfast_shared::ids::{Actor, ConsumerId, TenantId};
use holdfast_shared::limits::{CONSUMER_SECRETS_MAX, EVENT_CONSUMERS_MAX};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row, named_params};

/// Events behind a consumer are counted up to here.
const COUNTED_MAX: i64 = 10_000;

fn read(row: &Row<'_>) -> rusqlite::Result<(Consumer, Option<UtcMs>)> {
    let consumer = Consumer {
        consumer: parsed(row, "consumer")?,
        tenant: parsed(row, "tenant")?,
        terms: from_json(row, "terms")?,
        state: word(row, "state")?,
        state_why: row.get("state_why")?,
        position: unsigned(row, "position")?,
        backfill_until: unsigned(row, "backfill_until")?,
        backfill_rate_per_s: row.get("backfill_rate_per_s")?,
        made_at: UtcMs(row.get("made_at")?),
        version: count(row, "version")?,
    };
    Ok((consumer, row.get::<_, Option<i64>>("delivered_at")?.map(UtcMs)))
}

fn progress(
    conn: &Connection,
    (consumer, delivered_at): (Consumer, Option<UtcMs>),
    now: UtcMs,
) -> Result<(Consumer, Progress)> {
    let params = named_params! {
        ":tenant": consumer.tenant.as_str(), ":consumer": consumer.consumer.as_str(),
        ":position": number(consumer.position), ":counted": COUNTED_MAX,
    };
    let found = one(conn, sql!(CONSUMERS.consumer_stands), params, |row| {
        let since: Option<i64> = row.get("behind_since")?;
        Ok(Progress {
            behind: unsigned(row, "behind")?,
            behind_ms: since.map_or(0, |since| now.since(UtcMs(since)).max(0)),
            waiting: count(row, "waiting")?,
            parked: count(row, "parked")?,
            delivered_at,
        })
    })?;
    Ok((consumer, found.unwrap_or_default()))
}

pub(super) fn find(conn: &Connection, tenant: &TenantId, consumer: &ConsumerId) -> Result<Option<Consumer>> {
    let found = one(conn, sql!(CONSUMERS.consumer), [tenant.as_str(), consumer.as_str()], read)?;
    Ok(found.map(|(consumer, _)| consumer))
}

fn position_of(conn: &Connection, tenant: &TenantId, from: From) -> Result<u64> {
    match from {
        From::Now => Ok(outline(conn, tenant)?.newest),
        From::Sequence(after) => Ok(after.min(outline(conn, tenant)?.newest)),
        From::Time(at) => before_time(conn, tenant, at),
    }
}

fn put(
    conn: &Connection,
    (tenant, consumer): (&TenantId, &ConsumerId),
    terms: &ConsumerTerms,
    (from, secret): (From, Option<&ConsumerSecret>),
    now: UtcMs,
) -> Result<ConsumerMade> {
    let written = to_json(terms)?;
    let params = named_params! {
        ":tenant": tenant.as_str(), ":consumer": consumer.as_str(), ":terms": written,
    };
    if run(conn, sql!(CONSUMERS.change_consumer), params)? > 0 {
        return Ok(ConsumerMade::Changed);
    }
    let there =
        one(conn, sql!(CONSUMERS.how_many_consumers), [tenant.as_str()], |row| unsigned(row, "count"))?;
    if there.unwrap_or(0) >= u64::try_from(EVENT_CONSUMERS_MAX).unwrap_or(u64::MAX) {
        return Ok(ConsumerMade::TooMany);
    }
    let params = named_params! {
        ":tenant": tenant.as_str(), ":consumer": consumer.as_str(), ":terms": written,
        ":position": number(position_of(conn, tenant, from)?),
        ":backfill_until": number(outline(conn, tenant)?.newest), ":now": now.0,
    };
    run(conn, sql!(CONSUMERS.make_consumer), params)?;
    if let Some(secret) = secret {
        add_secret(conn, (tenant, consumer), secret)?;
    }
    Ok(ConsumerMade::Made)
}

fn add_secret(
    conn: &Connection,
    (tenant, consumer): (&TenantId, &ConsumerId),
    secret: &ConsumerSecret,
) -> Result<()> {
    let params = named_params! {
        ":tenant": tenant.as_str(), ":consumer": consumer.as_str(), ":key_id": secret.key_id,
        ":secret": secret.secret, ":now": secret.made_at.0,
    };
    run(conn, sql!(CONSUMERS.add_secret), params)?;
    Ok(())
}

fn secrets(conn: &Connection, tenant: &TenantId, consumer: &ConsumerId) -> Result<Vec<ConsumerSecret>> {
    list(conn, sql!(CONSUMERS.secrets_of), [tenant.as_str(), consumer.as_str()], |row| {
        Ok(ConsumerSecret {
            key_id: row.get("key_id")?,
            secret: row.get("secret")?,
            made_at: UtcMs(row.get("made_at")?),
        })
    })
}

fn replay(
    conn: &Connection,
    (tenant, consumer): (&TenantId, &ConsumerId),
    (from, rate_per_s): (From, Option<u32>),
) -> Result<Option<Consumer>> {
    let position = number(position_of(conn, tenant, from)?);
    let params = named_params! {
        ":tenant": tenant.as_str(), ":consumer": consumer.as_str(), ":position": position,
        ":until": number(outline(conn, tenant)?.newest), ":rate": rate_per_s,
    };
    if run(conn, sql!(CONSUMERS.replay_from), params)? == 0 {
        return Ok(None);
    }
    let params = named_params! {
        ":tenant": tenant.as_str(), ":consumer": consumer.as_str(), ":position": position,
    };
    run(conn, sql!(CONSUMERS.forget_waiting), params)?;
    find(conn, tenant, consumer)
}

#[async_trait]
impl Consumers for SqliteStore {
    async fn put_consumer(
        &self,
        tenant: &TenantId,
        consumer: &ConsumerId,
        terms: &ConsumerTerms,
        (from, secret): (From, Option<ConsumerSecret>),
        now: UtcMs,
    ) -> Result<ConsumerMade> {
        let (tenant, consumer, terms) = (tenant.clone(), consumer.clone(), terms.clone());
        self.write(move |conn, _| put(conn, (&tenant, &consumer), &terms, (from, secret.as_ref()), now)).await
    }

    async fn consumer(
        &self,
        tenant: &TenantId,
        consumer: &ConsumerId,
        now: UtcMs,
    ) -> Result<Option<(Consumer, Progress)>> {
        let (tenant, consumer) = (tenant.clone(), consumer.clone());
        self.read(move |conn| {
            let found = one(conn, sql!(CONSUMERS.consumer), [tenant.as_str(), consumer.as_str()], read)?;
            found.map(|found| progress(conn, found, now)).transpose()
        })
        .await
    }

    async fn consumers(&self, tenant: Option<&TenantId>, now: UtcMs) -> Result<Vec<(Consumer, Progress)>> {
        let tenant = tenant.cloned();
        self.read(move |conn| {
            let found = match tenant {
                Some(tenant) => list(conn, sql!(CONSUMERS.consumers_of), [tenant.as_str()], read)?,
                None => list(conn, sql!(CONSUMERS.all_consumers), [], read)?,
            };
            found.into_iter().map(|found| progress(conn, found, now)).collect()
        })
        .await
    }

    async fn remove_consumer(&self, tenant: &TenantId, consumer: &ConsumerId, now: UtcMs) -> Result<bool> {
        let (tenant, consumer) = (tenant.clone(), consumer.clone());
        self.write(move |conn, _| {
            for whole in ["", FULL] {
                settle(conn, &tenant, &undelivered_key(&consumer, whole), "it is removed", now)?;
            }
            Ok(run(conn, sql!(CONSUMERS.remove_consumer), [tenant.as_str(), consumer.as_str()])? > 0)
        })
        .await
    }

    async fn set_consumer_state(
        &self,
        tenant: &TenantId,
        consumer: &ConsumerId,
        state: ConsumerState,
        why: &str,
        now: UtcMs,
    ) -> Result<bool> {
        let (tenant, consumer, why) = (tenant.clone(), consumer.clone(), why.to_owned());
        self.write(move |conn, _| {
            if state == ConsumerState::Active {
                settle(conn, &tenant, &undelivered_key(&consumer, ""), &why, now)?;
            }
            set_state(conn, (&tenant, &consumer), state, &why)
        })
        .await
    }

    async fn replay_consumer(
        &self,
        tenant: &TenantId,
        consumer: &ConsumerId,
        asked: (From, Option<u32>),
        _now: UtcMs,
    ) -> Result<Option<Consumer>> {
        let (tenant, consumer) = (tenant.clone(), consumer.clone());
        self.write(move |conn, _| replay(conn, (&tenant, &consumer), asked)).await
    }

    async fn acknowledge(
        &self,
        tenant: &TenantId,
        consumer: &ConsumerId,
        up_to: u64,
        now: UtcMs,
    ) -> Result<bool> {
        let (tenant, consumer) = (tenant.clone(), consumer.clone());
        self.write(move |conn, _| {
            let Some(found) = find(conn, &tenant, &consumer)? else { return Ok(false) };
            let up_to = up_to.min(outline(conn, &tenant)?.newest);
            let params = named_params! {
                ":tenant": tenant.as_str(), ":consumer": consumer.as_str(), ":position": number(up_to),
                ":delivered_at": now.0, ":version": found.version,
            };
            Ok(run(conn, sql!(CONSUMERS.come_to), params)? > 0)
        })
        .await
    }

    async fn consumer_secrets(
        &self,
        tenant: &TenantId,
        consumer: &ConsumerId,
    ) -> Result<Vec<ConsumerSecret>> {
        let (tenant, consumer) = (tenant.clone(), consumer.clone());
        self.read(move |conn| secrets(conn, &tenant, &consumer)).await
    }

    async fn add_consumer_secret(
        &self,
        tenant: &TenantId,
        consumer: &ConsumerId,
        secret: ConsumerSecret,
    ) -> Result<SecretAdded> {
        let (tenant, consumer) = (tenant.clone(), consumer.clone());
        self.write(move |conn, _| {
            let of = (&tenant, &consumer);
            let Some(found) = find(conn, of.0, of.1)? else { return Ok(SecretAdded::UnknownConsumer) };
            if secrets(conn, of.0, of.1)?.len() >= CONSUMER_SECRETS_MAX {
                return Ok(SecretAdded::TooMany);
            }
            add_secret(conn, of, &secret)?;
            // Whoever sends opens its way anew.
            put(conn, of, &found.terms, (From::Now, None), secret.made_at)?;
            Ok(SecretAdded::Added)
        })
        .await
    }

    async fn drop_consumer_secret(
        &self,
        tenant: &TenantId,
        consumer: &ConsumerId,
        key_id: &str,
    ) -> Result<SecretDropped> {
        let (tenant, consumer, key_id) = (tenant.clone(), consumer.clone(), key_id.to_owned());
        self.write(move |conn, _| {
            attempt(conn, || {
                let params = named_params! {
                    ":tenant": tenant.as_str(), ":consumer": consumer.as_str(), ":key_id": key_id,
                };
                let Some(found) = find(conn, &tenant, &consumer)? else { return Ok(SecretDropped::Unknown) };
                if run(conn, sql!(CONSUMERS.drop_secret), params)? == 0 {
                    return Ok(SecretDropped::Unknown);
                }
                if secrets(conn, &tenant, &consumer)?.is_empty() {
                    return Err(Stop::Refused(SecretDropped::Last));
                }
                put(conn, (&tenant, &consumer), &found.terms, (From::Now, None), found.made_at)?;
                Ok(SecretDropped::Dropped)
            })
        })
        .await
    }

    async fn dead_letters(
        &self,
        tenant: &TenantId,
        consumer: &ConsumerId,
        page: &PageRequest,
    ) -> Result<Page<DeadLetter>> {
        let (tenant, consumer, page) = (tenant.clone(), consumer.clone(), page.clone());
        self.read(move |conn| {
            let params = named_params! {
                ":tenant": tenant.as_str(), ":consumer": consumer.as_str(), ":below": below(&page)?,
                ":rows": fetch(&page),
            };
            Ok(paged(list(conn, sql!(CONSUMERS.dead_letters), params, read_dead_letter)?, &page))
        })
        .await
    }

    async fn retry_dead_letter(
        &self,
        tenant: &TenantId,
        consumer: &ConsumerId,
        sequence: u64,
        by: &Actor,
        now: UtcMs,
    ) -> Result<bool> {
        let (tenant, consumer, by) = (tenant.clone(), consumer.clone(), by.clone());
        self.write(move |conn, _| retry(conn, (&tenant, &consumer), sequence, &by, now)).await
    }

    async fn skip_dead_letter(
        &self,
        tenant: &TenantId,
        consumer: &ConsumerId,
        sequence: u64,
        (by, why): (&Actor, &str),
        now: UtcMs,
    ) -> Result<bool> {
        let (tenant, consumer) = (tenant.clone(), consumer.clone());
        let (by, why) = (by.clone(), why.to_owned());
        self.write(move |conn, _| skip(conn, (&tenant, &consumer), sequence, (&by, &why), now)).await
    }

    async fn deliver_again(
        &self,
        tenant: &TenantId,
        consumer: &ConsumerId,
        by: &Actor,
        now: UtcMs,
    ) -> Result<Option<TriedAgain>> {
        let (tenant, consumer, by) = (tenant.clone(), consumer.clone(), by.clone());
        self.write(move |conn, _| {
            let found = find(conn, &tenant, &consumer)?;
            found.map(|found| retry_all(conn, &found, &by, now)).transpose()
        })
        .await
    }
}
