//! Money that was taken goes back.

use crate::core::saga::terms::{ANSWER_MS, Compensation, OUTSIDE, OnTimeout, Step, StepTerms, Verification};

pub(super) const TERMS: StepTerms = StepTerms {
    step: Step::Refund,
    timeout_ms: ANSWER_MS,
    on_timeout: OnTimeout::Confirm,
    at_the_end: OnTimeout::Review,
    retries: OUTSIDE,
    verify: Verification::LookUp,
    compensation: Compensation::Person,
    recovery: "a refund that the provider refuses is paid by another way, by a person",
};
