//! What people want of a parcel: another label, or none.

use super::FlowError;
use crate::core::parcel::fact::{Said, Source};
use crate::core::parcel::fold::Parcel;
use crate::ports::shipments::{NewParcelFact, ParcelKey, Shipments, Written};
use holdfast_shared::error::Code;
use holdfast_shared::ids::Actor;
use holdfast_shared::limits::NOTE_CHARS_MAX;
use holdfast_shared::time::UtcMs;

/// How often it is tried while others write about the same parcel.
const TRIES_MAX: u32 = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelWish {
    /// A label once more; one that there is becomes void.
    Again,
    /// No label of ours: one that there is becomes void, and the store makes its own.
    None,
}

/// It is on record; the carrier is asked next.
pub async fn wish_label<S: Shipments + ?Sized>(
    store: &S,
    key: &ParcelKey,
    wish: LabelWish,
    (reason, by): (&str, &Actor),
    now: UtcMs,
) -> Result<(), FlowError> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > NOTE_CHARS_MAX {
        let what = format!("reason has 1 to {NOTE_CHARS_MAX} characters: it stands in the order's timeline");
        return Err(FlowError::refused(Code::InvalidRequest, what));
    }
    for _ in 0..TRIES_MAX {
        let Some(shipment) = store.shipment(key).await? else {
            let what =
                format!("{} has no parcel with a carrier's label: no account makes labels for it", key.task);
            return Err(FlowError::refused(Code::UnknownTask, what));
        };
        let parcel = Parcel::fold(&shipment.facts);
        if parcel.left_at.is_some() {
            let what =
                format!("the parcel of {} is {}: its label is as it is", key.task, parcel.state().as_str());
            return Err(FlowError::refused(Code::IllegalTransition, what));
        }
        let (by, reason) = (by.to_string(), reason.to_owned());
        let said = match wish {
            LabelWish::Again => Said::TryAgain { by, reason },
            LabelWish::None => Said::Withdrawn { by, reason },
        };
        let (key, after, source) = (key.clone(), parcel.sequence, Source::Person);
        let fact = NewParcelFact { key, after, id: None, said, source, next_at: now };
        if store.write_parcel(&fact, now).await? == Written::Yes {
            return Ok(());
        }
    }
    let what = format!("others write about the parcel of {} just now: ask again", key.task);
    Err(FlowError::refused(Code::Busy, what))
}
