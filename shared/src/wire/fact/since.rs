//! Since which version of sync a kind of fact is understood. A replica refuses a document in which
//! stands a kind that it does not know, so nobody is sent one that came after the version it speaks.
//! Whoever adds a kind says here which version brings it, and raises that version.

use crate::domain::fact::Body;
use crate::domain::stock::Movement;
use crate::domain::task::TaskEvent;

const FIRST: u16 = 1;
/// Work is given back, people override, documents end.
const THIRD: u16 = 3;

#[must_use]
pub const fn since(body: &Body) -> u16 {
    match body {
        Body::Stock(stock) => match stock.movement {
            Movement::Opening
            | Movement::Sale
            | Movement::Return
            | Movement::Receipt
            | Movement::Adjustment
            | Movement::Count { .. }
            | Movement::TransferOut { .. }
            | Movement::TransferIn { .. }
            | Movement::HandOver { .. }
            | Movement::PutBack { .. }
            | Movement::ShortPick { .. } => FIRST,
        },
        Body::Task(said) => event_since(&said.event),
        Body::Epoch(_) => THIRD,
    }
}

#[must_use]
pub const fn event_since(event: &TaskEvent) -> u16 {
    match event {
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
