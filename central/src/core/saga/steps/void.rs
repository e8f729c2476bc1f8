//! Money that was set aside and is not needed is released.

use crate::core::saga::terms::{ANSWER_MS, Compensation, OUTSIDE, OnTimeout, Step, StepTerms, Verification};

pub(super) const TERMS: StepTerms = StepTerms {
    step: Step::Void,
    timeout_ms: ANSWER_MS,
    on_timeout: OnTimeout::Wait,
    at_the_end: OnTimeout::Review,
    retries: OUTSIDE,
    verify: Verification::LookUp,
    compensation: Compensation::Person,
    recovery: "money that is not released lapses with its authorization at the latest",
};
