//! Webhooks of carriers: into the inbox before they are acknowledged, out of it in any order. One that comes twice, late
//! or about nothing known changes nothing and stays to be seen.

use super::FlowError;
use super::gateways::CarrierGateways;
use crate::core::outside::notice::BadNotice;
use crate::core::parcel::fact::{Ask, AskId, Said, Source};
use crate::core::parcel::fold::Parcel;
use crate::core::parcel::notice::{NoticeOutcome, ReceivedTracking};
use crate::ports::shipments::{NewParcelFact, Shipments, Written};
use holdfast_shared::error::Code;
use holdfast_shared::ids::CarrierAccount;
use holdfast_shared::limits::PARCEL_FACTS_MAX;
use holdfast_shared::time::UtcMs;

/// Webhooks that one run reads.
const NOTICES_MAX: u32 = 200;
/// How often one is tried while others write about the same parcel.
const TRIES_MAX: u32 = 8;

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

/// Reads what waits in the inbox. How many.
pub async fn read_tracking<S: Shipments + ?Sized>(store: &S, now: UtcMs) -> Result<u32, FlowError> {
    let waiting = store.waiting_tracking(NOTICES_MAX).await?;
    for received in &waiting {
        let Some(outcome) = apply(store, received, now).await? else { continue };
        metrics::counter!("holdfast_carrier_webhooks_total", "outcome" => outcome.as_str()).increment(1);
        store.settle_tracking(received, outcome, now).await?;
    }
    Ok(u32::try_from(waiting.len()).unwrap_or(u32::MAX))
}

/// None while others write about the same parcel: it is read again at the next run.
async fn apply<S: Shipments + ?Sized>(
    store: &S,
    received: &ReceivedTracking,
    now: UtcMs,
) -> Result<Option<NoticeOutcome>, FlowError> {
    let notice = &received.notice;
    let Some(track) = &notice.track else { return Ok(Some(NoticeOutcome::NotOurs)) };
    for _ in 0..TRIES_MAX {
        let (tenant, carrier) = (&received.tenant, &received.carrier);
        let Some((key, run)) = store.parcel_of(tenant, carrier, &notice.tracking_number).await? else {
            return Ok(Some(NoticeOutcome::NotOurs));
        };
        let Some(shipment) = store.shipment(&key).await? else { return Ok(Some(NoticeOutcome::NotOurs)) };
        let parcel = Parcel::fold(&shipment.facts);
        let older = parcel.track.as_ref().is_some_and(|known| !track.outranks(known));
        if older || shipment.facts.len() >= PARCEL_FACTS_MAX {
            return Ok(Some(NoticeOutcome::KnownBefore));
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
            return Ok(Some(NoticeOutcome::Applied));
        }
    }
    Ok(None)
}
