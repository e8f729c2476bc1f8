//! Units of a position are set aside, in the transaction that saves the decision.

use crate::core::saga::terms::{Compensation, INSIDE, OnTimeout, Step, StepTerms, Verification};

pub(super) const TERMS: StepTerms = StepTerms {
    step: Step::Reserve,
    timeout_ms: 0,
    on_timeout: OnTimeout::Confirm,
    at_the_end: OnTimeout::Review,
    retries: INSIDE,
    verify: Verification::OwnRows,
    compensation: Compensation::EndHolds,
    recovery: "units that are gone are looked for elsewhere; what cannot be had is backordered, and cancelled by a person",
};
