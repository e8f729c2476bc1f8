//! What becomes of each kind of finding, and why; and which system it points to. Nothing that moves goods or
//! money is done without a person.

use super::finding::{Difference, FindingKind};
use crate::core::exception::{Category, Severity};
use serde::Serialize;
use utoipa::ToSchema;

mod parcels;

/// How central mends something by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mend {
    /// The order's state is derived anew from lines and tasks.
    FoldOrder,
    /// The task's row is written anew from its facts.
    FoldTask,
    /// Units set aside for work that has ended are free again.
    EndHold,
    /// `reserved` is what holds add up to.
    SumHolds,
    /// The store is asked to fetch what waits for it.
    Poke,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Treatment {
    Mend(Mend),
    Escalate(Category, Severity),
    /// It is told in the report of the day.
    Tell,
}

/// Who has to look where a finding comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum System {
    /// Central's own books.
    Central,
    /// The store's box, its line, or the people at it.
    Store,
    /// Whoever decides where orders go, and how fast.
    Routing,
    /// Whoever brings parcels.
    Carrier,
}

impl System {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Central => "central",
            Self::Store => "store",
            Self::Routing => "routing",
            Self::Carrier => "carrier",
        }
    }
}

/// A kind, what is done about it, and why that is safe or why it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    pub treatment: Treatment,
    pub why: &'static str,
    pub system: System,
}

type Terms = (Treatment, &'static str, System);

const STUCK_ORDER: Terms = (
    Treatment::Escalate(Category::Stuck, Severity::Medium),
    "to move it or to refund it is for a person",
    System::Routing,
);
const RETURN_UNITS: Terms = (
    Treatment::Escalate(Category::UnexpectedReturn, Severity::High),
    "goods are on a shelf or are not: a person asks the store, and money follows",
    System::Store,
);
const RETURN_MONEY: Terms = (
    Treatment::Escalate(Category::ReturnWaits, Severity::High),
    "money moves only by a person where the rules did not move it",
    System::Central,
);
const PAYMENT_SUMS: Terms = (
    Treatment::Escalate(Category::PaymentUnclear, Severity::High),
    "what the provider says is the truth, and a person asks it",
    System::Central,
);

#[must_use]
pub const fn row(kind: FindingKind) -> Row {
    let (treatment, why, system) = match kind {
        FindingKind::OrderState => (
            Treatment::Mend(Mend::FoldOrder),
            "a state is derived from lines and tasks, and no goods move by it; where the order is final money may, \
             so that goes to a person",
            System::Central,
        ),
        FindingKind::LineUnits | FindingKind::LeftUnits => (
            Treatment::Escalate(Category::BooksDiffer, Severity::High),
            "open units are routed, and finished ones are paid for: only a person knows where the goods are",
            System::Central,
        ),
        FindingKind::TaskFold | FindingKind::TaskRow => (
            Treatment::Mend(Mend::FoldTask),
            "the ledger is the truth, and the row is made of it",
            System::Central,
        ),
        FindingKind::TaskStrange => (
            Treatment::Escalate(Category::BooksDiffer, Severity::High),
            "somebody works on what nobody ordered, or the order lost a line",
            System::Store,
        ),
        FindingKind::HoldUnits => (
            Treatment::Escalate(Category::BooksDiffer, Severity::Medium),
            "to set aside units anew may take them from another order",
            System::Central,
        ),
        FindingKind::OrphanedHold => (
            Treatment::Mend(Mend::EndHold),
            "the work has ended and its store has told all: no fact can name the hold any more",
            System::Central,
        ),
        FindingKind::ReservedUnits => (
            Treatment::Mend(Mend::SumHolds),
            "holds are the record, and the sum of them is one number",
            System::Central,
        ),
        FindingKind::OnHand => (
            Treatment::Escalate(Category::Drift, Severity::Medium),
            "either side may be wrong; a count at the store decides",
            System::Central,
        ),
        FindingKind::MissingAnswer => (
            Treatment::Mend(Mend::Poke),
            "to ask again changes nothing; when that does not help, a person hears of it",
            System::Store,
        ),
        FindingKind::StuckOrder => STUCK_ORDER,
        FindingKind::StaleStock => (
            Treatment::Tell,
            "the health of stores acts on silence; this is for whoever asks why orders fail there",
            System::Store,
        ),
        FindingKind::ReturnUnits => RETURN_UNITS,
        FindingKind::ReturnMoney => RETURN_MONEY,
        FindingKind::PaymentSums => PAYMENT_SUMS,
        FindingKind::ParcelUnknown => return parcels::UNKNOWN,
        FindingKind::ParcelStrange => return parcels::STRANGE,
        FindingKind::ParcelRow => return parcels::ROW,
        FindingKind::ParcelUntold => return parcels::UNTOLD,
        FindingKind::ParcelUnlabelled => return parcels::UNLABELLED,
        FindingKind::LabelNeedless => return parcels::NEEDLESS,
        FindingKind::ParcelSilent => return parcels::SILENT,
    };
    Row { treatment, why, system }
}

/// What is done about this one.
#[must_use]
pub const fn treatment(difference: &Difference) -> Treatment {
    match (difference.kind, row(difference.kind).treatment) {
        // Money may follow from it.
        (FindingKind::OrderState, Treatment::Mend(_)) if difference.harm => {
            Treatment::Escalate(Category::BooksDiffer, Severity::High)
        }
        (_, Treatment::Escalate(category, _)) if difference.harm => {
            Treatment::Escalate(category, Severity::High)
        }
        (_, treatment) => treatment,
    }
}

/// Where a person goes on when mending did not help.
#[must_use]
pub const fn beyond(kind: FindingKind) -> (Category, Severity) {
    match kind {
        FindingKind::MissingAnswer | FindingKind::StuckOrder => (Category::Stuck, Severity::Medium),
        FindingKind::OnHand | FindingKind::StaleStock => (Category::Drift, Severity::Medium),
        FindingKind::ReturnUnits => (Category::UnexpectedReturn, Severity::High),
        FindingKind::ReturnMoney => (Category::ReturnWaits, Severity::High),
        FindingKind::PaymentSums => (Category::PaymentUnclear, Severity::High),
        FindingKind::ParcelSilent => (Category::TrackingSilent, Severity::Medium),
        FindingKind::LabelNeedless => (Category::VoidFailed, Severity::Medium),
        FindingKind::ParcelUnlabelled => (Category::LabelFailed, Severity::High),
        FindingKind::ParcelUntold => (Category::Contradiction, Severity::High),
        FindingKind::OrderState
        | FindingKind::LineUnits
        | FindingKind::LeftUnits
        | FindingKind::TaskFold
        | FindingKind::TaskRow
        | FindingKind::TaskStrange
        | FindingKind::HoldUnits
        | FindingKind::OrphanedHold
        | FindingKind::ParcelUnknown
        | FindingKind::ParcelStrange
        | FindingKind::ParcelRow
        | FindingKind::ReservedUnits => (Category::BooksDiffer, Severity::Medium),
    }
}

/// The key of the exception that tells of it.
#[must_use]
pub fn exception_key(kind: FindingKind, subject: &str) -> String {
    format!("reconcile/{}/{subject}", kind.as_str())
}
