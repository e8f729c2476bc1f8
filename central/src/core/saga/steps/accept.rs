//! The store takes the work on.

use crate::core::saga::terms::{Compensation, INSIDE, OnTimeout, Step, StepTerms, Verification};

pub(super) const TERMS: StepTerms = StepTerms {
    step: Step::Accept,
    timeout_ms: 5 * 60 * 1_000,
    on_timeout: OnTimeout::Compensate,
    at_the_end: OnTimeout::Compensate,
    retries: INSIDE,
    verify: Verification::TaskFacts,
    compensation: Compensation::Recall,
    recovery: "a store that goes dark loses unreleased work when its lease has ended",
};
