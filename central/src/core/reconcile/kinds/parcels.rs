//! What becomes of findings about parcels.

use super::{Row, System, Treatment};
use crate::core::exception::{Category, Severity};

pub(super) const UNKNOWN: Row = Row {
    treatment: Treatment::Tell,
    why: "a store that was cut off makes its own labels; the goods travel all the same",
    system: System::Store,
};
pub(super) const STRANGE: Row = Row {
    treatment: Treatment::Escalate(Category::BooksDiffer, Severity::Medium),
    why: "somebody pays for a label, and only a person finds out for what",
    system: System::Central,
};
pub(super) const ROW: Row = Row {
    treatment: Treatment::Escalate(Category::BooksDiffer, Severity::Medium),
    why: "the facts are the truth; that the row is not made of them, somebody has to explain",
    system: System::Central,
};
pub(super) const UNTOLD: Row = Row {
    treatment: Treatment::Escalate(Category::Contradiction, Severity::High),
    why: "goods are under way that the store still counts: only the store knows what left",
    system: System::Store,
};
pub(super) const UNLABELLED: Row = Row {
    treatment: Treatment::Escalate(Category::LabelFailed, Severity::High),
    why: "a carrier stops what has no good label, and a person has to call it",
    system: System::Carrier,
};
pub(super) const NEEDLESS: Row = Row {
    treatment: Treatment::Escalate(Category::VoidFailed, Severity::Medium),
    why: "it was to be given back by itself, and was not",
    system: System::Carrier,
};
pub(super) const SILENT: Row = Row {
    treatment: Treatment::Escalate(Category::TrackingSilent, Severity::Medium),
    why: "only the carrier knows where it is",
    system: System::Carrier,
};
