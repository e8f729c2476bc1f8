//! What the work of a store asks of its parcel.

use holdfast_shared::domain::task::{FulfilmentKind, Phase, TaskState};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// The store picks or has packed: the label has to be there when it is done.
    Label,
    /// Nothing is asked for, and what there is stays: the work waits, or goods that may leave were asked back.
    Wait,
    /// The goods do not leave by it.
    Nothing,
    /// They have left.
    Left,
}

/// `served`: the carrier takes the service by which it shall go.
#[must_use]
pub fn needs(task: &TaskState, served: bool) -> Needs {
    match (task.phase, task.recall.is_some(), task.cleared()) {
        (Phase::HandedOver, ..) => Needs::Left,
        (Phase::Declined | Phase::PutBack, ..) | (_, true, false) => Needs::Nothing,
        // They may have left already, and the answer to the recall is on its way.
        (_, true, true) | (Phase::Offered | Phase::Accepted, ..) => Needs::Wait,
        (Phase::Picking | Phase::Packed, false, _) if served => Needs::Label,
        (Phase::Picking | Phase::Packed, false, _) => Needs::Nothing,
    }
}

/// Whether this work begins a parcel.
#[must_use]
pub fn begins(task: &TaskState) -> bool {
    match task.kind {
        FulfilmentKind::Ship => needs(task, true) == Needs::Label,
        // Nobody prints labels for a shelf, nor for the chain's own people.
        FulfilmentKind::Pickup | FulfilmentKind::Delivery => false,
    }
}

/// What of it goes into the box.
#[must_use]
pub fn units(task: &TaskState) -> i64 {
    task.lines.iter().map(|line| line.quantity.saturating_sub(line.short).max(0)).fold(0, i64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::test_support::task;
    use holdfast_shared::domain::task::{Recall, Release};

    #[test]
    fn a_label_is_wanted_when_picking_begins_and_not_before() {
        for (phase, wanted) in [
            (Phase::Offered, Needs::Wait),
            (Phase::Accepted, Needs::Wait),
            (Phase::Picking, Needs::Label),
            (Phase::Packed, Needs::Label),
            (Phase::HandedOver, Needs::Left),
            (Phase::PutBack, Needs::Nothing),
            (Phase::Declined, Needs::Nothing),
        ] {
            assert_eq!(needs(&task("leeds", phase), true), wanted, "{phase:?}");
        }
        assert_eq!(needs(&task("leeds", Phase::Packed), false), Needs::Nothing, "another carrier's service");
    }

    #[test]
    fn what_may_have_left_keeps_its_label_until_the_store_answers() {
        let mut recalled = task("leeds", Phase::Packed);
        recalled.recall = Some(Recall { reason: String::new(), cancel: true });
        assert_eq!(needs(&recalled, true), Needs::Nothing);
        let replica = "leeds-a".parse().unwrap();
        recalled.release = Some(Release { fence: recalled.fence, replica, fact: None });
        assert_eq!(needs(&recalled, true), Needs::Wait);
    }

    #[test]
    fn only_what_a_carrier_takes_becomes_a_parcel() {
        for kind in [FulfilmentKind::Ship, FulfilmentKind::Delivery, FulfilmentKind::Pickup] {
            let picking = TaskState { kind, ..task("leeds", Phase::Picking) };
            assert_eq!(begins(&picking), kind == FulfilmentKind::Ship);
        }
    }
}
