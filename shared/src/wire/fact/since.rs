//! Since which version of sync a kind of fact is understood. A replica refuses a document in which
//! stands a kind that it does not know, so nobody is sent one that came after the version it speaks.
//! Whoever adds a kind says here which version brings it, and raises that version.

use crate::domain::fact::Body;
use crate::domain::stock::Movement;
use crate::domain::task::TaskEvent;

const FIRST: u16 = 1;
/// Work is given back, people override, documents end.
const THIRD: u16 = 3;
/// Stores cede units of scarce SKUs.
const FOURTH: u16 = 4;
/// Customers bring goods of orders back.
const FIFTH: u16 = 5;

#[must_use]
pub fn since(body: &Body) -> u16 {
    match body {
        Body::Stock(stock) => match stock.movement {
            Movement::Opening
            | Movement::Sale
            | Movement::Return
            | Movement::Receipt
            | Movement::Adjustment
            | Movement::Count { .. }
            | Movement::TransferOut { .. }
            | Movement::TransferIn { .. } => FIRST,
            Movement::HandOver { ref hold }
            | Movement::PutBack { ref hold, .. }
            | Movement::ShortPick { ref hold } => {
                if hold.ceded {
                    FOURTH
                } else {
                    FIRST
                }
            }
            Movement::Ceded { .. } | Movement::Returned { .. } => FOURTH,
            Movement::BroughtBack { .. } => FIFTH,
        },
        Body::Task(said) => event_since(&said.event),
        Body::Epoch(_) => THIRD,
    }
}

#[must_use]
pub fn event_since(event: &TaskEvent) -> u16 {
    match event {
        TaskEvent::Offered(offer) if offer.lines.iter().any(|line| line.ceded) => FOURTH,
        TaskEvent::Offered(_)
        | TaskEvent::Accepted
        | TaskEvent::Declined { .. }
        | TaskEvent::PickingStarted
        | TaskEvent::Picked { .. }
        | TaskEvent::Short { .. }
        | TaskEvent::Packed
        | TaskEvent::HandedOver { .. }
        | TaskEvent::PutBack
        | TaskEvent::Released { .. }
        | TaskEvent::Recalled { .. }
        | TaskEvent::CancelRequested { .. } => FIRST,
        TaskEvent::Readopted | TaskEvent::TakenBack { .. } | TaskEvent::LetGo { .. } => THIRD,
    }
}
