//! Staff fetch the units from the shelf.

use crate::core::saga::terms::{Compensation, INSIDE, OnTimeout, Step, StepTerms, Verification};

pub(super) const TERMS: StepTerms = StepTerms {
    step: Step::Pick,
    timeout_ms: 4 * 60 * 60 * 1_000,
    on_timeout: OnTimeout::Review,
    at_the_end: OnTimeout::Review,
    retries: INSIDE,
    verify: Verification::TaskFacts,
    compensation: Compensation::PutBack,
    recovery: "units that are not found are routed again; the rest is put back when it is recalled",
};
