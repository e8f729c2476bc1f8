//! The work is offered to a store, which hears of it with its next sync. The policy says how long it may take.

use crate::core::saga::terms::{Compensation, INSIDE, OnTimeout, Step, StepTerms, Verification};

pub(super) const TERMS: StepTerms = StepTerms {
    step: Step::Offer,
    timeout_ms: 5 * 60 * 1_000,
    on_timeout: OnTimeout::Compensate,
    at_the_end: OnTimeout::Compensate,
    retries: INSIDE,
    verify: Verification::TaskFacts,
    compensation: Compensation::Recall,
    recovery: "an offer that nobody accepts is withdrawn and made elsewhere",
};
