//! Webhooks of carriers: into the inbox before they are acknowledged, out of it in any order. One that comes twice or late
//! changes nothing and stays to be seen. One that comes before its label is known waits for it, and is read again when the
//! label is made, also if that is after it counted as not ours.

use super::FlowError;
use super::gateways::CarrierGateways;
use crate::core::outside::notice::BadNotice;
use crate::core::parcel::fact::{Ask, AskId, Said, Source};
use crate::core::parcel::fold::Parcel;
use crate::core::parcel::notice::{LOOK_MS_MAX, NoticeOutcome, ReceivedTracking, Strange, stay};
use crate::ports::shipments::{NewParcelFact, Shipments, Written};
use holdfast_shared::error::Code;
use holdfast_shared::ids::{CarrierAccount, TenantId};
use holdfast_shared::limits::PARCEL_FACTS_MAX;
use holdfast_shared::time::UtcMs;
use std::collections::btree_map::{BTreeMap, Entry};

/// Webhooks that one run reads.
const NOTICES_MAX: u32 = 200;
/// How often one is tried while others write about the same parcel.
const TRIES_MAX: u32 = 8;
/// One that cannot be read is read again after this.
const TROUBLED_MS: i64 = 60_000;

/// How many wait of each account.
type Room = BTreeMap<(TenantId, CarrierAccount), u32>;

/// A webhook as it came in.
#[derive(Debug)]
pub struct IncomingTracking<'a> {
    pub carrier: &'a CarrierAccount,
    pub signature: Option<&'a str>,
    pub body: &'a [u8],
}

/// Checked and kept. Whether it is new.
pub async fn take_in_tracking<S: Shipments + ?Sized>(
    store: &S,
    carriers: &CarrierGateways,
    incoming: &IncomingTracking<'_>,
    now: UtcMs,
) -> Result<bool, FlowError> {
    let carrier = incoming.carrier;
    let unknown = || FlowError::refused(Code::NotFound, format!("there is no carrier account {carrier}"));
    let account = carriers.of(carrier).ok_or_else(unknown)?;
    let notice = account.port().read_notice(incoming.signature, incoming.body, now);
    let notice = notice.map_err(|bad: BadNotice| FlowError::refused(bad.code(), bad.to_string()))?;
    // Whose account it is, its configuration says; the body is not asked.
    let tenant = account.only_tenant().ok_or_else(unknown)?;
    Ok(store.take_in_tracking(tenant, carrier, &notice, now).await?)
}

/// Reads what waits in the inbox. How many. One that cannot be read keeps none behind it waiting.
pub async fn read_tracking<S: Shipments + ?Sized>(store: &S, now: UtcMs) -> Result<u32, FlowError> {
    let waiting = store.waiting_tracking(now, now.plus(LOOK_MS_MAX), NOTICES_MAX).await?;
    let (mut room, mut failed) = (Room::new(), None);
    for received in &waiting {
        if let Err(error) = read_one(store, received, &mut room, now).await {
            store.put_off_tracking(received, now.plus(TROUBLED_MS), false).await?;
            failed = Some(error);
        }
    }
    let read = u32::try_from(waiting.len()).unwrap_or(u32::MAX);
    failed.map_or(Ok(read), Err)
}

async fn read_one<S: Shipments + ?Sized>(
    store: &S,
    received: &ReceivedTracking,
    room: &mut Room,
    now: UtcMs,
) -> Result<(), FlowError> {
    let outcome = match apply(store, received, now).await? {
        Read::Settled(outcome) => outcome,
        Read::Busy => return Ok(()),
        Read::Strange => match stays_until(store, received, room, now).await? {
            Some(next_at) => {
                if received.next_at == received.at {
                    count("waits");
                }
                return Ok(store.put_off_tracking(received, next_at, true).await?);
            }
            None => NoticeOutcome::NotOurs,
        },
    };
    count(outcome.as_str());
    Ok(store.settle_tracking(received, outcome, now).await?)
}

fn count(outcome: &'static str) {
    metrics::counter!("holdfast_carrier_webhooks_total", "outcome" => outcome).increment(1);
}

/// Until when a scan waits for its label; none when it has waited for long enough, or as many wait as may.
async fn stays_until<S: Shipments + ?Sized>(
    store: &S,
    received: &ReceivedTracking,
    room: &mut Room,
    now: UtcMs,
) -> Result<Option<UtcMs>, FlowError> {
    let ReceivedTracking { tenant, carrier, at, .. } = received;
    let asked = store.label_asked_by(tenant, carrier, *at).await?;
    let others = match room.entry((tenant.clone(), carrier.clone())) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(new) => new.insert(store.scans_put_off(tenant, carrier, now).await?),
    };
    let next_at = stay(Strange { received_at: *at, asked, waiting: *others }, now);
    *others = others.saturating_add(u32::from(next_at.is_some()));
    Ok(next_at)
}

/// What came of looking at one.
enum Read {
    Settled(NoticeOutcome),
    /// Others write about the same parcel: it is read again at the next run.
    Busy,
    /// No label of its number is known.
    Strange,
}

async fn apply<S: Shipments + ?Sized>(
    store: &S,
    received: &ReceivedTracking,
    now: UtcMs,
) -> Result<Read, FlowError> {
    let notice = &received.notice;
    let Some(track) = &notice.track else { return Ok(Read::Settled(NoticeOutcome::NotOurs)) };
    for _ in 0..TRIES_MAX {
        let (tenant, carrier) = (&received.tenant, &received.carrier);
        let Some((key, run)) = store.parcel_of(tenant, carrier, &notice.tracking_number).await? else {
            return Ok(Read::Strange);
        };
        let Some(shipment) = store.shipment(&key).await? else { return Ok(Read::Busy) };
        let parcel = Parcel::fold(&shipment.facts);
        let older = parcel.track.as_ref().is_some_and(|known| !track.outranks(known));
        if older || shipment.facts.len() >= PARCEL_FACTS_MAX {
            return Ok(Read::Settled(NoticeOutcome::KnownBefore));
        }
        let fact = NewParcelFact {
            key,
            after: parcel.sequence,
            id: Some(AskId { ask: Ask::Label, run }),
            said: Said::Tracked { track: track.clone() },
            source: Source::Webhook,
            next_at: now,
        };
        if store.write_parcel(&fact, now).await? == Written::Yes {
            return Ok(Read::Settled(NoticeOutcome::Applied));
        }
    }
    Ok(Read::Busy)
}
