//! What a customer is told: what became of the goods, the money and the date; nothing of stores, people or attempts.

use crate::core::order::{OrderEvent, OrderState};
use crate::core::promise::PromiseChange;
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CustomerKind {
    Received,
    PaymentAuthorized,
    PaymentDeclined,
    Waiting,
    DateExpected,
    PromiseChanged,
    ComingTogether,
    Preparing,
    Packed,
    ReadyToCollect,
    OnItsWay,
    Collected,
    Delivered,
    ParcelHeld,
    ParcelLost,
    ParcelBack,
    Changed,
    PartCancelled,
    CancellationAsked,
    ReplacementProposed,
    ReplacementMade,
    ReplacementEnded,
    Charged,
    RefundArranged,
    Refunded,
    ReturnNoted,
    ReturnApproved,
    ReturnRefused,
    ReturnCancelled,
    ReturnExpired,
    ReturnReceived,
    DataErased,
}

/// The order that is told of.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub kind: FulfilmentKind,
    pub promise_by: Option<UtcMs>,
    /// What was told last of a date that cannot be kept.
    pub promise: Option<&'a PromiseChange>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CustomerEntry {
    pub sequence: u64,
    pub at: UtcMs,
    pub kind: CustomerKind,
    pub words: String,
    /// By when all of it is there, as it was told then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promise_by: Option<UtcMs>,
}

/// Kinds of the record, and what they are to a customer. What is not among them is not told.
const KINDS: &[(&str, CustomerKind)] = &[
    ("placed", CustomerKind::Received),
    ("payment_authorized", CustomerKind::PaymentAuthorized),
    ("payment_declined", CustomerKind::PaymentDeclined),
    ("payment_captured", CustomerKind::Charged),
    ("backordered", CustomerKind::Waiting),
    ("backorder_dated", CustomerKind::DateExpected),
    ("promise_changed", CustomerKind::PromiseChanged),
    ("gathering", CustomerKind::ComingTogether),
    ("picking_started", CustomerKind::Preparing),
    ("packed", CustomerKind::Packed),
    ("handed_over", CustomerKind::OnItsWay),
    ("delivered", CustomerKind::Delivered),
    ("parcel_held", CustomerKind::ParcelHeld),
    ("parcel_lost", CustomerKind::ParcelLost),
    ("parcel_returned", CustomerKind::ParcelBack),
    ("changed", CustomerKind::Changed),
    ("lines_cancelled", CustomerKind::PartCancelled),
    ("cancel_requested", CustomerKind::CancellationAsked),
    ("substitution_proposed", CustomerKind::ReplacementProposed),
    ("substituted", CustomerKind::ReplacementMade),
    ("substitution_declined", CustomerKind::ReplacementEnded),
    ("substitution_expired", CustomerKind::ReplacementEnded),
    ("substitution_withdrawn", CustomerKind::ReplacementEnded),
    ("refund_requested", CustomerKind::RefundArranged),
    ("refunded", CustomerKind::Refunded),
    ("return_asked", CustomerKind::ReturnNoted),
    ("return_approved", CustomerKind::ReturnApproved),
    ("return_refused", CustomerKind::ReturnRefused),
    ("return_cancelled", CustomerKind::ReturnCancelled),
    ("return_expired", CustomerKind::ReturnExpired),
    ("return_received", CustomerKind::ReturnReceived),
    ("personal_data_erased", CustomerKind::DataErased),
];

impl CustomerKind {
    fn of(event: &str, kind: FulfilmentKind) -> Option<Self> {
        let (_, told) = KINDS.iter().find(|(known, _)| *known == event)?;
        let collects = matches!(kind, FulfilmentKind::Pickup);
        let of_pickup = [(Self::Packed, Self::ReadyToCollect), (Self::OnItsWay, Self::Collected)];
        let instead = of_pickup.iter().find(|(sent, _)| collects && sent == told);
        Some(instead.map_or(*told, |(_, collected)| *collected))
    }

    /// Told the first time only: work that goes elsewhere begins anew, and that is not the customer's to follow.
    const fn is_told_once(self) -> bool {
        matches!(
            self,
            Self::Received
                | Self::PaymentAuthorized
                | Self::Waiting
                | Self::ComingTogether
                | Self::Preparing
                | Self::CancellationAsked
        )
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::PaymentAuthorized => "payment_authorized",
            Self::PaymentDeclined => "payment_declined",
            Self::Waiting => "waiting",
            Self::DateExpected => "date_expected",
            Self::PromiseChanged => "promise_changed",
            Self::ComingTogether => "coming_together",
            Self::Preparing => "preparing",
            Self::Packed => "packed",
            Self::ReadyToCollect => "ready_to_collect",
            Self::OnItsWay => "on_its_way",
            Self::Collected => "collected",
            Self::Delivered => "delivered",
            Self::ParcelHeld => "parcel_held",
            Self::ParcelLost => "parcel_lost",
            Self::ParcelBack => "parcel_back",
            Self::Changed => "changed",
            Self::PartCancelled => "part_cancelled",
            Self::CancellationAsked => "cancellation_asked",
            Self::ReplacementProposed => "replacement_proposed",
            Self::ReplacementMade => "replacement_made",
            Self::ReplacementEnded => "replacement_ended",
            Self::Charged => "charged",
            Self::RefundArranged => "refund_arranged",
            Self::Refunded => "refunded",
            Self::ReturnNoted => "return_noted",
            Self::ReturnApproved => "return_approved",
            Self::ReturnRefused => "return_refused",
            Self::ReturnCancelled => "return_cancelled",
            Self::ReturnExpired => "return_expired",
            Self::ReturnReceived => "return_received",
            Self::DataErased => "data_erased",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Received => "We have your order.",
            Self::PaymentAuthorized => "Your payment is set aside. You are charged when goods leave.",
            Self::PaymentDeclined => "Your payment was declined, and the order has ended.",
            Self::Waiting => "Some of it is not there at the moment. We go on looking for it.",
            Self::DateExpected => "What we wait for has a new date.",
            Self::PromiseChanged => "The date changed.",
            Self::ComingTogether => "Your goods are brought together, so that they come at once.",
            Self::Preparing => "We are getting your order ready.",
            Self::Packed => "A parcel is packed.",
            Self::ReadyToCollect => "It is packed for you to collect.",
            Self::OnItsWay => "A parcel is on its way to you.",
            Self::Collected => "It was handed over to you.",
            Self::Delivered => "A parcel was delivered.",
            Self::ParcelHeld => "Something is in the way of a parcel. The carrier sees to it.",
            Self::ParcelLost => "The carrier has lost a parcel. We see to it.",
            Self::ParcelBack => "A parcel came back to us. We see to it.",
            Self::Changed => "Your order was changed as you asked.",
            Self::PartCancelled => "A part of your order was cancelled as you asked.",
            Self::CancellationAsked => "You asked to cancel. What has left already comes back by return.",
            Self::ReplacementProposed => "We propose something in place of what is not there. Please answer.",
            Self::ReplacementMade => "Something else comes in place of what is not there.",
            Self::ReplacementEnded => "The replacement that we proposed is not sent.",
            Self::Charged => "You were charged for what has left.",
            Self::RefundArranged => "Money goes back to you.",
            Self::Refunded => "Money went back to you.",
            Self::ReturnNoted => "It is noted that something comes back.",
            Self::ReturnApproved => "You can send it back.",
            Self::ReturnRefused => "What you wanted to send back is not taken back.",
            Self::ReturnCancelled => "The return was called off.",
            Self::ReturnExpired => "What you wanted to send back is no longer waited for.",
            Self::ReturnReceived => "We looked at what came back.",
            Self::DataErased => "Your personal data was erased.",
        }
    }
}

/// How the order stands, for its customer.
#[must_use]
pub const fn state_words(state: OrderState, kind: FulfilmentKind) -> &'static str {
    match state {
        OrderState::Placed | OrderState::Authorized => "We have your order.",
        OrderState::Backordered => "Some of it is not there at the moment. We go on looking for it.",
        OrderState::Allocated | OrderState::Accepted | OrderState::Picking => {
            "We are getting your order ready."
        }
        OrderState::Ready if matches!(kind, FulfilmentKind::Pickup) => "It is ready for you to collect.",
        OrderState::Ready => "It is packed, and leaves soon.",
        OrderState::Shipped => "All of it is on its way to you.",
        OrderState::Delivered => "All of it was delivered.",
        OrderState::Collected => "It was handed over to you.",
        OrderState::Returned => "All of it is back with us.",
        OrderState::Refunded => "Your money went back to you.",
        OrderState::Cancelled => "It is cancelled.",
        OrderState::Rejected => "It could not be paid, and has ended.",
        OrderState::Exception => "Somebody of ours is looking after it.",
    }
}

/// Oldest first.
#[must_use]
pub fn told_to_customer(events: &[OrderEvent], subject: Subject<'_>) -> Vec<CustomerEntry> {
    let mut told_once = BTreeSet::new();
    let mut entries = Vec::new();
    for event in events {
        let Some(kind) = CustomerKind::of(&event.kind, subject.kind) else { continue };
        if kind.is_told_once() && !told_once.insert(kind) {
            continue;
        }
        let (words, promise_by) = if kind == CustomerKind::PromiseChanged {
            promise_words(event.at, subject)
        } else {
            (kind.words(), subject.promise_by.filter(|_| kind == CustomerKind::Received))
        };
        let words = words.to_owned();
        entries.push(CustomerEntry { sequence: event.sequence, at: event.at, kind, words, promise_by });
    }
    entries
}

/// The record has the newest date alone; of older changes it is known that they were.
fn promise_words(at: UtcMs, subject: Subject<'_>) -> (&'static str, Option<UtcMs>) {
    let Some(change) = subject.promise.filter(|change| change.told_at == at) else {
        return ("The date that we promised changed.", None);
    };
    match change.new_by {
        Some(by) if by <= change.promised_by => ("What we promised can be kept after all.", Some(by)),
        Some(by) => ("What we promised can no longer be kept; this is the new date.", Some(by)),
        None => ("What we promised can no longer be kept; a new date follows.", None),
    }
}
