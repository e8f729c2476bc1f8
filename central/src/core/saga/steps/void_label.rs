//! A label that no parcel will carry is given back, so that nobody pays for it.

use crate::core::saga::terms::{ANSWER_MS, Compensation, OUTSIDE, OnTimeout, Step, StepTerms, Verification};

pub(super) const TERMS: StepTerms = StepTerms {
    step: Step::VoidLabel,
    timeout_ms: ANSWER_MS,
    on_timeout: OnTimeout::Wait,
    at_the_end: OnTimeout::Review,
    retries: OUTSIDE,
    verify: Verification::LookUp,
    compensation: Compensation::Person,
    recovery: "a label that the carrier does not take back is voided by a person, or its cost is claimed",
};
