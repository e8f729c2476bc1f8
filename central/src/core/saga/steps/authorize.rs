//! The customer's bank sets the money aside. Nothing is routed before it did.

use crate::core::saga::terms::{ANSWER_MS, Compensation, OUTSIDE, OnTimeout, Step, StepTerms, Verification};

pub(super) const TERMS: StepTerms = StepTerms {
    step: Step::Authorize,
    timeout_ms: ANSWER_MS,
    on_timeout: OnTimeout::Confirm,
    at_the_end: OnTimeout::Review,
    retries: OUTSIDE,
    verify: Verification::LookUp,
    compensation: Compensation::Void,
    recovery: "a decline rejects the order; an authorization that nobody needs is voided",
};
