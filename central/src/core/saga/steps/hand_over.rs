//! The goods leave with the carrier or the customer.

use crate::core::saga::terms::{Compensation, INSIDE, OnTimeout, Step, StepTerms, Verification};

pub(super) const TERMS: StepTerms = StepTerms {
    step: Step::HandOver,
    timeout_ms: 24 * 60 * 60 * 1_000,
    on_timeout: OnTimeout::Review,
    at_the_end: OnTimeout::Review,
    retries: INSIDE,
    verify: Verification::TaskFacts,
    compensation: Compensation::Return,
    recovery: "goods that left come back as a return",
};
