//! What each kind of exception is: its meaning, its owner, the causes that it is counted by, and the repairs
//! that one call carries out, the likeliest first. One row a kind.

use super::causes::RootCause as Cause;
use super::causes::Team;
use super::repairs::{Preview, RepairKind as Do, Scene, preview};
use super::{Category, Exception, ExceptionState};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    pub means: &'static str,
    pub owner: Team,
    /// Beside `planned`, `false_alarm` and `unknown`, which any may have.
    pub causes: &'static [Cause],
    pub repairs: &'static [Do],
}

/// What any exception may come from.
const ANY: [Cause; 4] = [Cause::Planned, Cause::FalseAlarm, Cause::Software, Cause::Unknown];

impl Kind {
    #[must_use]
    pub fn may_come_from(&self, cause: Cause) -> bool {
        ANY.contains(&cause) || self.causes.contains(&cause)
    }

    pub fn labels(&self) -> impl Iterator<Item = Cause> {
        self.causes.iter().chain(ANY.iter().filter(|cause| !self.causes.contains(cause))).copied()
    }
}

const fn row(means: &'static str, owner: Team, causes: &'static [Cause], repairs: &'static [Do]) -> Kind {
    Kind { means, owner, causes, repairs }
}

#[must_use]
pub const fn kind(category: Category) -> Kind {
    match category {
        Category::Backorder => BACKORDER,
        Category::ReleasedAtDarkStore => RELEASED_AT_DARK_STORE,
        Category::Contradiction => CONTRADICTION,
        Category::Drift => DRIFT,
        Category::DamagedSync => DAMAGED_SYNC,
        Category::FactConflict => FACT_CONFLICT,
        Category::ObserverFrozen => OBSERVER_FROZEN,
        Category::ForeignClaim => FOREIGN_CLAIM,
        Category::Sealing => SEALING,
        Category::LostFacts => LOST_FACTS,
        Category::ClonedBox => CLONED_BOX,
        Category::Override => OVERRIDE,
        Category::ReturnDue => RETURN_DUE,
        Category::CancelUnanswered => CANCEL_UNANSWERED,
        Category::WrongClock => WRONG_CLOCK,
        Category::Stuck => STUCK,
        Category::Restored => RESTORED,
        Category::Policy => POLICY,
        Category::PromiseMissed => PROMISE_MISSED,
        Category::Overdrawn => OVERDRAWN,
        Category::LabelFailed => LABEL_FAILED,
        Category::ParcelLost => PARCEL_LOST,
        Category::TrackingSilent => TRACKING_SILENT,
        Category::VoidFailed => VOID_FAILED,
        Category::ParcelMissing => PARCEL_MISSING,
        Category::PossibleDuplicate => POSSIBLE_DUPLICATE,
        Category::ShadowCritical => SHADOW_CRITICAL,
        Category::AwaitingPayment => AWAITING_PAYMENT,
        Category::PaymentUnclear => PAYMENT_UNCLEAR,
        Category::RefundFailed => REFUND_FAILED,
        Category::OutsideDown => OUTSIDE_DOWN,
        Category::BooksDiffer => BOOKS_DIFFER,
        Category::Undelivered => UNDELIVERED,
        Category::UnexpectedReturn => UNEXPECTED_RETURN,
        Category::ReturnWaits => RETURN_WAITS,
    }
}

const BACKORDER: Kind = row(
    "No node can fulfil the order now: the customer waits, or money goes back.",
    Team::CustomerService,
    &[Cause::StockWrong, Cause::Configuration, Cause::Staffing],
    &[Do::RouteAgain, Do::AcceptSubstitution, Do::CancelOrder],
);
const RELEASED_AT_DARK_STORE: Kind = row(
    "Goods that may leave lie at a store that is not heard of: they may have left.",
    Team::Fulfilment,
    &[Cause::Network, Cause::Hardware],
    &[Do::TakeBack, Do::Resend],
);
const CONTRADICTION: Kind = row(
    "A store told of something that central had decided otherwise: what left may have left twice.",
    Team::Fulfilment,
    &[Cause::Network, Cause::StoreProcess, Cause::Hardware],
    &[Do::AcceptAsIs, Do::CancelOrder],
);
const DRIFT: Kind = row(
    "Both sides have the same facts and different stock: one of them adds up wrongly.",
    Team::Inventory,
    &[Cause::StockWrong, Cause::Hardware],
    &[Do::Resend, Do::AcceptAsIs],
);
const DAMAGED_SYNC: Kind = row(
    "Bytes of a store failed their check, and nothing of them was applied.",
    Team::Engineering,
    &[Cause::Hardware, Cause::Network],
    &[Do::Resend, Do::EnrolAnew],
);
const FACT_CONFLICT: Kind = row(
    "One fact came with two bodies: a cloned or mended device speaks.",
    Team::Engineering,
    &[Cause::Hardware, Cause::StoreProcess],
    &[Do::AcceptAsIs],
);
const OBSERVER_FROZEN: Kind = row(
    "Many stores fell silent at once: nothing is moved until it is known who is ill.",
    Team::Engineering,
    &[Cause::Network, Cause::Configuration],
    &[Do::LiftFreeze],
);
const FOREIGN_CLAIM: Kind = row(
    "A message claims to be from somebody else.",
    Team::Security,
    &[Cause::Configuration, Cause::Hardware, Cause::OtherSystem],
    &[Do::EnrolAnew],
);
const SEALING: Kind = row(
    "A day's book of a store cannot be closed as its writer closed it.",
    Team::Inventory,
    &[Cause::Hardware],
    &[Do::Resend, Do::AcceptAsIs],
);
const LOST_FACTS: Kind = row(
    "A store's disk lost what it had acknowledged.",
    Team::Inventory,
    &[Cause::Hardware],
    &[Do::AcceptAsIs, Do::EnrolAnew],
);
const CLONED_BOX: Kind = row(
    "Two boxes speak under one identity; one of them is kept apart.",
    Team::Engineering,
    &[Cause::Hardware, Cause::StoreProcess],
    &[Do::EnrolAnew],
);
const OVERRIDE: Kind = row(
    "A person let goods go, or took them back, against the rule: two parcels may be under way.",
    Team::Fulfilment,
    &[Cause::Network, Cause::StoreProcess, Cause::Carrier],
    &[Do::AcceptAsIs],
);
const RETURN_DUE: Kind = row(
    "The customer cancelled and the goods had left: they come back, and so does the money.",
    Team::CustomerService,
    &[Cause::Customer, Cause::Network],
    &[Do::AcceptAsIs],
);
const CANCEL_UNANSWERED: Kind = row(
    "A store has not answered the wish to cancel; the refund waits for it.",
    Team::Fulfilment,
    &[Cause::Network, Cause::Staffing, Cause::StoreProcess],
    &[Do::Resend, Do::TakeBack],
);
const WRONG_CLOCK: Kind = row(
    "A clock is far off: its times are marked, and not believed.",
    Team::Engineering,
    &[Cause::Hardware, Cause::Configuration],
    &[Do::AcceptAsIs],
);
const STUCK: Kind = row(
    "An order, a task or a hold stands still for longer than its state allows.",
    Team::Fulfilment,
    &[Cause::Network, Cause::Staffing, Cause::StoreProcess, Cause::Carrier, Cause::Customer],
    &[Do::Resend, Do::RouteAgain, Do::TakeBack, Do::ReleaseHold, Do::CancelOrder],
);
const RESTORED: Kind = row(
    "Central was restored from a backup, and waits for what the stores did meanwhile.",
    Team::Engineering,
    &[Cause::Hardware],
    &[Do::AnswerForStore, Do::RouteAgain],
);
const POLICY: Kind = row(
    "The policy in force says what has no effect, or cannot be read.",
    Team::Engineering,
    &[Cause::Configuration],
    &[Do::AcceptAsIs],
);
const PROMISE_MISSED: Kind = row(
    "Nobody can bring what was promised by its date.",
    Team::CustomerService,
    &[Cause::Carrier, Cause::StockWrong, Cause::Staffing, Cause::Network],
    &[Do::RouteAgain, Do::AcceptSubstitution, Do::CancelOrder],
);
const OVERDRAWN: Kind = row(
    "A till sold units that its store had ceded: an order may lack them.",
    Team::Inventory,
    &[Cause::StoreProcess, Cause::StockWrong],
    &[Do::Resend, Do::AcceptAsIs],
);
const LABEL_FAILED: Kind = row(
    "No carrier takes a parcel whose goods stay where they are.",
    Team::Fulfilment,
    &[Cause::Carrier, Cause::Configuration, Cause::OtherSystem],
    &[Do::LabelAgain, Do::TakeBack, Do::CancelOrder],
);
const PARCEL_LOST: Kind = row(
    "A parcel that left does not arrive: its carrier lost it, or brought it back.",
    Team::CustomerService,
    &[Cause::Carrier, Cause::Customer, Cause::GoodsLost],
    &[Do::AcceptAsIs],
);
const TRACKING_SILENT: Kind = row(
    "A carrier has told nothing of a parcel for days.",
    Team::Fulfilment,
    &[Cause::Carrier, Cause::GoodsLost, Cause::OtherSystem],
    &[Do::AcceptAsIs],
);
const VOID_FAILED: Kind = row(
    "A carrier does not take back a label that no parcel will carry: it costs money.",
    Team::Fulfilment,
    &[Cause::Carrier, Cause::OtherSystem],
    &[Do::LabelAgain, Do::AcceptAsIs],
);
const PARCEL_MISSING: Kind = row(
    "Goods that were to be gathered at one store have not come there.",
    Team::Fulfilment,
    &[Cause::Carrier, Cause::StoreProcess, Cause::GoodsLost],
    &[Do::AcceptAsIs],
);
const POSSIBLE_DUPLICATE: Kind = row(
    "The same customer ordered the same goods twice within a short time: one may be a mistake.",
    Team::CustomerService,
    &[Cause::Customer, Cause::OtherSystem],
    &[Do::AcceptAsIs, Do::CancelOrder],
);
const SHADOW_CRITICAL: Kind = row(
    "What a version in shadow, or another system, would have decided is worse for customers.",
    Team::Engineering,
    &[Cause::Configuration, Cause::OtherSystem],
    &[Do::AcceptAsIs],
);
const AWAITING_PAYMENT: Kind = row(
    "Goods left or are at work, and their money cannot be had.",
    Team::CustomerService,
    &[Cause::Customer, Cause::OtherSystem],
    &[Do::CancelOrder, Do::AcceptAsIs],
);
const PAYMENT_UNCLEAR: Kind = row(
    "Nobody knows what came of a payment, or it stands otherwise at the provider.",
    Team::CustomerService,
    &[Cause::OtherSystem, Cause::Network],
    &[Do::AcceptAsIs],
);
const REFUND_FAILED: Kind = row(
    "The provider refuses a refund: the customer waits for money that is theirs.",
    Team::CustomerService,
    &[Cause::OtherSystem, Cause::Customer],
    &[Do::AcceptAsIs],
);
const OUTSIDE_DOWN: Kind = row(
    "A system outside does not answer: what it is needed for waits.",
    Team::Engineering,
    &[Cause::OtherSystem, Cause::Network],
    &[Do::AcceptAsIs],
);
const BOOKS_DIFFER: Kind = row(
    "What central has written down does not agree with what it rests on.",
    Team::Engineering,
    &[Cause::Hardware, Cause::OtherSystem],
    &[Do::FoldAgain, Do::ReleaseHold, Do::AcceptAsIs],
);
const UNDELIVERED: Kind = row(
    "A consumer of events is not sent what it should hear: its books fall behind.",
    Team::Engineering,
    &[Cause::OtherSystem, Cause::Network, Cause::Configuration],
    &[Do::DeliverAgain, Do::AcceptAsIs],
);

const UNEXPECTED_RETURN: Kind = row(
    "Goods came back to a store that nobody had announced, or more than are known to have left.",
    Team::CustomerService,
    &[Cause::Customer, Cause::StoreProcess, Cause::Carrier],
    &[Do::SettleReturn, Do::AcceptAsIs],
);
const RETURN_WAITS: Kind = row(
    "A return cannot go on before a person approves it, or says whether damaged goods are paid back.",
    Team::CustomerService,
    &[Cause::Customer, Cause::GoodsLost, Cause::Carrier],
    &[Do::SettleReturn, Do::AcceptAsIs],
);

/// What can be done about it now, the likeliest first.
#[must_use]
pub fn previews(exception: &Exception, scene: &Scene) -> Vec<Preview> {
    let mut suggested = exception.state == ExceptionState::Resolved;
    let kinds = kind(exception.category).repairs;
    kinds
        .iter()
        .map(|repair| {
            let mut told = preview(*repair, exception, scene);
            told.suggested = !suggested && told.not_now.is_none();
            suggested |= told.suggested;
            told
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::exception::repairs::OrderStands;
    use crate::core::exception::test_support::exception;
    use std::collections::BTreeSet;

    const BACKORDERED: Option<OrderStands> = Some(OrderStands { state: "backordered", is_final: false });

    #[test]
    fn each_kind_says_what_it_means_and_offers_a_repair_and_a_cause() {
        for category in Category::ALL {
            let kind = kind(category);
            assert!(kind.means.ends_with('.') && kind.means.len() > 30, "{category:?}");
            assert!(!kind.repairs.is_empty(), "{category:?} offers nothing");
            assert!(!kind.causes.is_empty(), "{category:?} has no cause of its own");
            let repairs: BTreeSet<_> = kind.repairs.iter().collect();
            assert_eq!(repairs.len(), kind.repairs.len(), "{category:?} offers a repair twice");
            let labels: Vec<Cause> = kind.labels().collect();
            assert!(labels.iter().all(|cause| kind.may_come_from(*cause)), "{category:?}");
            assert_eq!(labels.iter().collect::<BTreeSet<_>>().len(), labels.len(), "{category:?}");
        }
    }

    #[test]
    fn a_cause_of_another_kind_is_no_label_of_it() {
        assert!(!kind(Category::WrongClock).may_come_from(Cause::Customer));
        assert!(kind(Category::ReturnDue).may_come_from(Cause::Customer));
    }

    #[test]
    fn every_repair_is_offered_by_some_kind() {
        let offered: BTreeSet<Do> =
            Category::ALL.iter().flat_map(|category| kind(*category).repairs).copied().collect();
        assert_eq!(offered, Do::ALL.into_iter().collect());
    }

    #[test]
    fn the_first_that_is_possible_is_suggested() {
        let stuck = Exception { category: Category::Backorder, ..exception() };
        let told = previews(&stuck, &Scene { order: BACKORDERED, ..Scene::default() });
        let suggested: Vec<Do> = told.iter().filter(|told| told.suggested).map(|told| told.repair).collect();
        assert_eq!(suggested, [Do::CancelOrder], "no unit is open, and nothing was proposed");
        let open = Scene { open_units: 2, order: BACKORDERED, ..Scene::default() };
        assert!(previews(&stuck, &open)[0].suggested);
    }

    #[test]
    fn nothing_is_suggested_for_what_is_over() {
        let over = Exception {
            state: ExceptionState::Resolved,
            resolved_at: Some(exception().raised_at),
            ..exception()
        };
        assert!(
            previews(&over, &Scene::default()).iter().all(|told| !told.suggested && told.not_now.is_some())
        );
    }
}
