//! The parcels of an order, for the page of the order.

use super::words;
use crate::core::parcel::fold::{Parcel, ParcelState};
use crate::ports::shipments::Shipment;
use holdfast_shared::time::UtcMs;

pub(super) struct ParcelRow {
    pub(super) number: u32,
    pub(super) state: String,
    pub(super) tone: &'static str,
    pub(super) label: Option<LabelCell>,
    pub(super) task: String,
    pub(super) words: String,
}

pub(super) struct LabelCell {
    pub(super) carrier: String,
    pub(super) service: String,
    pub(super) tracking_number: String,
    /// Only what begins with https.
    pub(super) url: Option<String>,
    pub(super) cost: Option<String>,
}

pub(super) const fn tone(state: ParcelState) -> &'static str {
    match state {
        ParcelState::Wanted => "warn",
        ParcelState::Labelled | ParcelState::HandedOver | ParcelState::InTransit | ParcelState::Voided => {
            "calm"
        }
        ParcelState::Delivered => "good",
        ParcelState::Exception | ParcelState::Lost | ParcelState::Returned => "bad",
    }
}

pub(super) fn parcel_row(shipment: &Shipment, now: UtcMs) -> ParcelRow {
    let parcel = Parcel::fold(&shipment.facts);
    let good = parcel.live().filter(|made| !made.unwanted).last();
    let label = good.map(|made| LabelCell {
        carrier: made.label.carrier.clone(),
        service: made.label.service.clone(),
        tracking_number: made.label.tracking_number.clone(),
        url: made.label.url.clone().filter(|url| url.starts_with("https://")),
        cost: made.label.cost.map(|cost| cost.to_string()),
    });
    let state = parcel.state();
    ParcelRow {
        number: shipment.number,
        state: state.as_str().replace('_', " "),
        tone: tone(state),
        label,
        task: shipment.key.task.to_string(),
        words: said(&parcel, now),
    }
}

/// What is known last.
fn said(parcel: &Parcel, now: UtcMs) -> String {
    if parcel.silent {
        return String::from("the carrier has told nothing of it for too long");
    }
    match (&parcel.track, parcel.left_at) {
        (Some(track), _) => {
            let words = if track.words.is_empty() { String::new() } else { format!(": {}", track.words) };
            format!(
                "{} {}{words}",
                track.status.as_str().replace('_', " "),
                words::moment(track.happened_at, now)
            )
        }
        (None, Some(left_at)) => format!("left {}", words::moment(left_at, now)),
        (None, None) if parcel.open().is_some() => String::from("the carrier is asked"),
        (None, None) => String::new(),
    }
}
