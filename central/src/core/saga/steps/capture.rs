//! The money of what left is taken.

use crate::core::saga::terms::{ANSWER_MS, Compensation, OUTSIDE, OnTimeout, Step, StepTerms, Verification};

pub(super) const TERMS: StepTerms = StepTerms {
    step: Step::Capture,
    timeout_ms: ANSWER_MS,
    on_timeout: OnTimeout::Confirm,
    at_the_end: OnTimeout::Review,
    retries: OUTSIDE,
    verify: Verification::LookUp,
    compensation: Compensation::Refund,
    recovery: "an exception asks a person to get the money another way; the order is not complete until then",
};
