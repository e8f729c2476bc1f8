//! Consumers of events: registered, moved, given other secrets, and sent one event by hand.

use super::FlowError;
use super::deliver::Courier;
use crate::core::events::cloud::Naming;
use crate::core::events::consumer::{Consumer, ConsumerTerms, From, Progress};
use crate::core::events::signing::SECRET_PREFIX;
use crate::ports::Storage;
use crate::ports::consumers::{ConsumerMade, ConsumerSecret, SecretAdded, SecretDropped};
use crate::ports::deliveries::{Delivery, Due};
use crate::ports::sinks::Sinks;
use data_encoding::{BASE32_DNSSEC, BASE64};
use holdfast_shared::error::Code;
use holdfast_shared::ids::{ConsumerId, TenantId};
use holdfast_shared::limits::{EVENT_CONSUMERS_MAX, EVENTS_PER_SECOND_MAX};
use holdfast_shared::time::UtcMs;

/// Random bytes of a secret, passed in.
pub const SECRET_BYTES: usize = 32;

/// A secret as people see it, with a name that tells which of two signed.
#[must_use]
pub fn secret_of(random: &[u8; SECRET_BYTES], now: UtcMs) -> ConsumerSecret {
    let named = blake3::hash(random);
    let short = named.as_bytes().first_chunk::<5>().copied().unwrap_or_default();
    ConsumerSecret {
        key_id: format!("k-{}", BASE32_DNSSEC.encode(&short)),
        secret: format!("{SECRET_PREFIX}{}", BASE64.encode(random)),
        made_at: now,
    }
}

/// Registers a consumer, or gives one other terms. The secret is told when it is a new one's.
pub async fn put(
    storage: &dyn Storage,
    sinks: &dyn Sinks,
    (tenant, consumer): (&TenantId, &ConsumerId),
    (terms, from): (ConsumerTerms, From),
    random: &[u8; SECRET_BYTES],
    now: UtcMs,
) -> Result<(ConsumerMade, Option<ConsumerSecret>), FlowError> {
    let refused = |what| FlowError::refused(Code::InvalidRequest, what);
    let terms = terms.checked().map_err(refused)?;
    sinks.check(&terms).map_err(refused)?;
    let secret = terms.sink.signs().then(|| secret_of(random, now));
    let made = storage.put_consumer(tenant, consumer, &terms, (from, secret.clone()), now).await?;
    match made {
        ConsumerMade::TooMany => Err(FlowError::refused(
            Code::AlreadyExists,
            format!(
                "there are {EVENT_CONSUMERS_MAX} consumers, which is as many as there may be; remove one first"
            ),
        )),
        ConsumerMade::Made => Ok((made, secret)),
        ConsumerMade::Changed => {
            // One that was not signed for before has no secret yet.
            let lacks = terms.sink.signs() && storage.consumer_secrets(tenant, consumer).await?.is_empty();
            let Some(secret) = secret.filter(|_| lacks) else { return Ok((made, None)) };
            storage.add_consumer_secret(tenant, consumer, secret.clone()).await?;
            Ok((made, Some(secret)))
        }
    }
}

pub async fn find(
    storage: &dyn Storage,
    tenant: &TenantId,
    consumer: &ConsumerId,
    now: UtcMs,
) -> Result<(Consumer, Progress), FlowError> {
    storage.consumer(tenant, consumer, now).await?.ok_or_else(|| unknown(consumer))
}

fn unknown(consumer: &ConsumerId) -> FlowError {
    FlowError::refused(Code::NotFound, format!("there is no consumer {consumer}"))
}

/// Hears again, or goes on, from there.
pub async fn replay(
    storage: &dyn Storage,
    (tenant, consumer): (&TenantId, &ConsumerId),
    (from, rate_per_s): (From, Option<u32>),
    now: UtcMs,
) -> Result<Consumer, FlowError> {
    if rate_per_s.is_some_and(|rate| !(1..=EVENTS_PER_SECOND_MAX).contains(&rate)) {
        let what = format!("rate_per_s: expected 1 to {EVENTS_PER_SECOND_MAX}");
        return Err(FlowError::refused(Code::InvalidRequest, what));
    }
    let moved = storage.replay_consumer(tenant, consumer, (from, rate_per_s), now).await?;
    moved.ok_or_else(|| unknown(consumer))
}

/// A second secret: both sign until the first is dropped.
pub async fn add_secret(
    storage: &dyn Storage,
    (tenant, consumer): (&TenantId, &ConsumerId),
    random: &[u8; SECRET_BYTES],
    now: UtcMs,
) -> Result<ConsumerSecret, FlowError> {
    let (found, _) = find(storage, tenant, consumer, now).await?;
    if !found.terms.sink.signs() {
        let what = format!("{consumer} is sent nothing that is signed");
        return Err(FlowError::refused(Code::InvalidRequest, what));
    }
    let secret = secret_of(random, now);
    match storage.add_consumer_secret(tenant, consumer, secret.clone()).await? {
        SecretAdded::Added => Ok(secret),
        SecretAdded::UnknownConsumer => Err(unknown(consumer)),
        SecretAdded::TooMany => {
            let what = "two secrets sign already: drop the old one first";
            Err(FlowError::refused(Code::AlreadyExists, what))
        }
    }
}

pub async fn drop_secret(
    storage: &dyn Storage,
    (tenant, consumer): (&TenantId, &ConsumerId),
    key_id: &str,
) -> Result<(), FlowError> {
    match storage.drop_consumer_secret(tenant, consumer, key_id).await? {
        SecretDropped::Dropped => Ok(()),
        SecretDropped::Unknown => Err(FlowError::refused(Code::NotFound, "there is no such secret")),
        SecretDropped::Last => {
            let what = "it is the only secret: add another first, and let the receiver learn it";
            Err(FlowError::refused(Code::AlreadyExists, what))
        }
    }
}

/// Sends one event to one consumer now, whatever became of it before.
pub async fn redeliver(
    storage: &dyn Storage,
    sinks: &dyn Sinks,
    naming: &Naming,
    (tenant, consumer, sequence): (&TenantId, &ConsumerId, u64),
    by: &str,
    now: UtcMs,
) -> Result<Delivery, FlowError> {
    let (found, _) = find(storage, tenant, consumer, now).await?;
    let event = storage.event(tenant, sequence).await?;
    let event = event.filter(|event| found.terms.filter.passes(&event.kind, &event.key));
    let Some(event) = event else {
        let what = format!("there is no event {sequence} for {consumer}; it may be older than what is kept");
        return Err(FlowError::refused(Code::NotFound, what));
    };
    let secrets = storage.consumer_secrets(tenant, consumer).await?;
    let refused = |what: String| FlowError::refused(Code::InvalidRequest, what);
    let sink = sinks.open(&found, &secrets).await.map_err(refused)?;
    let due = Due { event, waited: false, tries: 0, refusals: 0, first_at: None };
    let line = Courier::once(&*sink, naming, &due, by).await;
    storage.note_redelivery(tenant, consumer, line.clone()).await?;
    Ok(line)
}
